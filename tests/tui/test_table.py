import pytest
from textual.app import App
from textual.events import MouseScrollDown
from textual.geometry import Region

from tests.tui.screens import settle
from trackerwatch.tui.lines.columns import Column, lay_out
from trackerwatch.tui.lines.ink import Ink, Span
from trackerwatch.tui.widgets.table import LineTable

COLUMNS = (Column("name", "NAME", 8, flex=1), Column("n", "N", 5, right=True), Column("wide", "WIDE", 6, at=30))


class TableApp(App):
    def __init__(self, rows=100):
        super().__init__()
        self.values = {key: key for key in range(rows)}
        self.asked = []
        self.heard = []

    def compose(self):
        yield LineTable(COLUMNS, self.row, empty="nothing here")

    def row(self, key):
        self.asked.append(key)
        return {"name": Span(f"row {key}"), "n": Span(str(self.values[key]), Ink.GOOD), "wide": Span("w")}

    def on_line_table_moved(self, message):
        self.heard.append(("moved", message.key))

    def on_line_table_opened(self, message):
        self.heard.append(("opened", message.key))

    def on_line_table_head_clicked(self, message):
        self.heard.append(("head", message.column))

    @property
    def table(self):
        return self.query_one(LineTable)

    @property
    def lines(self):
        return [strip.text.rstrip() for strip in self.screen._compositor.render_strips()]


@pytest.mark.parametrize("width", [0, 5, 14, 20, 29, 30, 80, 200])
def test_columns_fit_any_width_that_holds_their_least(width):
    laid = lay_out(COLUMNS, width)
    total = sum(w + column.gap for column, w in laid) - (laid[-1][0].gap if laid else 0)
    assert total == max(width, 14)
    assert ("wide" in [column.key for column, _ in laid]) == (width >= 30)


def test_flexible_columns_share_and_stop_at_their_most():
    columns = (Column("a", "A", 2, flex=1, most=4), Column("b", "B", 2, flex=1))
    assert [w for _, w in lay_out(columns, 21)] == [4, 16]


async def test_a_mark_leaves_a_title_whole():
    columns = (
        Column("n", "WORK", 4, right=True),
        Column("wide", "LEECH", 5),
        Column("m", "SEED", 6),
        Column("o", "Z", 1),
    )
    app = TableApp()
    heads = []
    async with app.run_test(size=(40, 4)) as pilot:
        app.table.set_columns(columns)
        for column in columns:
            app.table.mark(**{column.key: "*"})
            await settle(pilot)
            heads.append(app.lines[0])
    assert heads == ["WORK*LEECH SEED   Z", "WORK LEECH*SEED   Z", "WORK LEECH SEED*  Z", "WORK LEECH SEED   Z*"]


async def test_only_visible_rows_are_made():
    app = TableApp(rows=10_000)
    async with app.run_test(size=(40, 10)) as pilot:
        app.table.set_order(range(10_000))
        await settle(pilot)
        assert set(app.asked) == set(range(9))
        assert app.lines[0] == "NAME" + " " * 27 + "N WIDE"


async def test_a_change_asks_for_and_repaints_only_visible_changed_rows():
    app = TableApp()
    async with app.run_test(size=(40, 10)) as pilot:
        app.table.set_order(range(100))
        await settle(pilot)
        app.asked.clear()
        app.values[2] = app.values[50] = 777
        app.table.rows_changed({2, 50})
        await settle(pilot)
        assert app.asked == [2]
        assert "777" in app.lines[3]


async def test_cursor_and_scroll_stay_on_the_key_when_the_order_changes():
    app = TableApp()
    async with app.run_test(size=(40, 10)) as pilot:
        app.table.set_order(list(range(100)))
        await pilot.press(*["j"] * 40)
        await settle(pilot)
        assert app.table.cursor_key == 40
        offset = app.table.cursor - app.table.scroll_offset.y
        app.table.set_order(list(reversed(range(100))))
        await settle(pilot)
        assert app.table.cursor_key == 40
        assert app.table.cursor == 59
        assert app.table.cursor - app.table.scroll_offset.y == offset


async def test_an_untouched_cursor_stays_on_the_first_row():
    app = TableApp()
    async with app.run_test(size=(40, 10)) as pilot:
        app.table.set_order(list(range(100)))
        await settle(pilot)
        app.table.set_order(list(reversed(range(100))))
        assert app.table.cursor_key == 99


async def test_a_key_that_leaves_hands_the_cursor_to_its_place():
    app = TableApp()
    async with app.run_test(size=(40, 10)) as pilot:
        app.table.set_order(list(range(20)))
        await pilot.press("G")
        assert app.table.cursor_key == 19
        app.table.set_order([3, 4, 5])
        await settle(pilot)
        assert app.table.cursor_key == 5
        app.table.set_order([])
        await settle(pilot)
        assert app.table.cursor_key is None
        assert app.lines[1] == " nothing here"
        await pilot.press("j", "enter", "G", "g")


@pytest.mark.parametrize(
    ("keys", "cursor"),
    [
        (["j", "down", "k"], 1),
        (["ctrl+d"], 4),
        (["pagedown"], 8),
        (["pagedown", "pageup"], 0),
        (["pagedown", "ctrl+u"], 4),
        (["G"], 99),
        (["end", "up"], 98),
        (["G", "g"], 99),
        (["G", "g", "g"], 0),
        (["G", "g", "k", "g"], 98),
        (["G", "home"], 0),
        (["k"], 0),
        (["G", "j"], 99),
        (["space"], 0),
    ],
)
async def test_keys_move_the_cursor(keys, cursor):
    app = TableApp()
    async with app.run_test(size=(40, 10)) as pilot:
        app.table.set_order(range(100))
        await settle(pilot)
        await pilot.press(*keys)
        await settle(pilot)
        assert app.table.cursor == cursor
        top = app.table.scroll_offset.y
        assert top <= cursor < top + 9


async def test_mouse_selects_opens_sorts_and_scrolls():
    app = TableApp()
    async with app.run_test(size=(40, 10)) as pilot:
        app.table.set_order(range(100))
        await settle(pilot)
        await pilot.click(LineTable, offset=(3, 4))
        assert app.table.cursor_key == 3
        await pilot.click(LineTable, offset=(3, 4), times=2)
        assert ("opened", 3) in app.heard
        await pilot.click(LineTable, offset=(30, 0))
        assert app.heard[-1] == ("head", "n")
        await pilot._post_mouse_events([MouseScrollDown], LineTable, offset=(3, 4))
        await settle(pilot)
        assert app.table.scroll_offset.y > 0


async def test_wide_characters_keep_columns_in_line():
    app = TableApp()
    async with app.run_test(size=(40, 10)) as pilot:
        app.row = None
        app.table._row = lambda key: {"name": Span("日本語" * 20 if key else "🎬" * 200), "n": Span("5")}
        app.table.set_order(range(3))
        await settle(pilot)
        for strip in app.screen._compositor.render_strips()[:4]:
            assert strip.cell_length == 40
        assert app.lines[1].endswith("    5")


async def test_resizing_keeps_the_cursor_in_view():
    app = TableApp()
    async with app.run_test(size=(40, 30)) as pilot:
        app.table.set_order(range(100))
        await pilot.press(*["j"] * 25)
        await settle(pilot)
        await pilot.resize_terminal(20, 6)
        await settle(pilot)
        top = app.table.scroll_offset.y
        assert app.table.cursor == 25
        assert top <= 25 < top + 5


async def test_only_the_columns_that_differ_are_painted(monkeypatch):
    app = TableApp()
    async with app.run_test(size=(40, 10)) as pilot:
        app.table.set_order(range(100))
        await settle(pilot)
        painted = []
        monkeypatch.setattr(app.table, "refresh", lambda *regions, **_: painted.extend(regions))
        app.values[2] = app.values[50] = 7
        app.table.rows_changed()
        # 40 cells, one of them the scrollbar's: the name takes 26, the number stands behind it.
        assert painted == [Region(27, 3, 5, 1)]
        painted.clear()
        app.table.rows_changed()
        assert painted == []


async def test_a_column_that_is_not_shown_paints_nothing(monkeypatch):
    app = TableApp()
    async with app.run_test(size=(20, 10)) as pilot:
        app.table.set_order(range(100))
        await settle(pilot)
        painted = []
        monkeypatch.setattr(app.table, "refresh", lambda *regions, **_: painted.extend(regions))
        row = app.table._row
        app.table._row = lambda key: row(key) | {"wide": Span("other")}
        app.table.rows_changed()
        assert painted == []
