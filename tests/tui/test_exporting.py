"""Exports: every format escaped, no file overwritten, keys answered meanwhile; and pictures that fetch nothing."""

import asyncio
import csv
import io
import json
import os
import stat
from dataclasses import replace

import pytest

from tests.tui.feeds import NOW, rich_snapshot, snapshot, torrent, torrent_view, tracker
from tests.tui.screens import show
from trackerwatch.policy.rules import Verdict
from trackerwatch.tui.exporting import SLICE_ROWS, Format, export, rendered, without_fonts, write_new
from trackerwatch.tui.lines import sheets
from trackerwatch.tui.lines.sheets import Sheet
from trackerwatch.tui.preferences import Preferences

A = "https://a.example/0123456789abcdef0123456789abcdef/announce"
NASTY = ('=HYPERLINK("http://x")', "| [a](javascript:x) <b> *c* `d`", "[bold red]red[/]", "日本語 名", 'quo"te, comma')


def torrents(names=NASTY):
    views = [torrent_view(n, torrent(name, ((A,),)), Verdict.WARNING) for n, name in enumerate(names)]
    return snapshot((tracker(0, A),), views)


async def text_of(sheet: Sheet, form: Format) -> str:
    return "".join([piece async for piece in rendered(sheet, form)])


async def test_csv_is_whole_and_starts_no_formula():
    shown = torrents()
    text = await text_of(sheets.of_torrents(shown, range(len(NASTY))), Format.CSV)
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["name"] for row in rows] == [f"'{NASTY[0]}", f"'{NASTY[1]}", *NASTY[2:]]
    assert rows[0]["info_hash"] == shown.torrents.torrents[0].info_hash_hex
    assert list(rows[0]) == list(sheets.TORRENT_COLUMNS)


async def test_json_is_a_list_of_objects_with_numbers_as_numbers():
    text = await text_of(sheets.of_torrents(torrents(), [2, 0]), Format.JSON)
    rows = json.loads(text)
    assert [row["name"] for row in rows] == [NASTY[2], NASTY[0]]
    assert isinstance(rows[0]["working"], int)
    assert json.loads(await text_of(sheets.of_torrents(torrents(), []), Format.JSON)) == []


async def test_markdown_keeps_its_table_and_makes_no_link():
    text = await text_of(sheets.of_torrents(torrents(), range(len(NASTY))), Format.MARKDOWN)
    lines = text.splitlines()[2:]
    bars = [line.replace("\\|", "").count("|") for line in lines]
    assert set(bars) == {len(sheets.TORRENT_COLUMNS) + 1}
    assert "\\[a\\](javascript:x) \\<b\\> \\*c\\* \\`d\\`" in text


async def test_text_has_columns():
    text = await text_of(sheets.of_trackers(rich_snapshot(), range(3)), Format.TEXT)
    lines = text.splitlines()
    assert lines[0].split()[:3] == ["state", "tracker", "url"]
    assert len({line.index("://") for line in lines[1:]}) <= 3
    assert len(lines) == 4


async def test_no_secret_leaves():
    for form in Format:
        assert "0123456789abcdef" not in await text_of(sheets.of_trackers(torrents(), [0]), form)


async def test_groups_and_rows_that_are_gone_are_left_out():
    assert sheets.of_trackers(torrents(), [-1, 0, 99]).keys == (0,)
    assert sheets.of_torrents(torrents(), [-7, 1, 99]).keys == (1,)


async def test_ten_thousand_rows_let_others_in():
    sheet = Sheet("many", "Many", ("n",), range(10_000), lambda key: (int(key),))
    turns = 0

    async def other():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    text = await text_of(sheet, Format.CSV)
    task.cancel()
    assert text.count("\r\n") == 10_001
    assert turns >= 10_000 / SLICE_ROWS


async def test_files_have_names_of_their_own_and_are_the_users_alone(tmp_path):
    sheet = sheets.of_trackers(rich_snapshot(), [0])
    told = [await export(sheet, Format.CSV, tmp_path, NOW) for _ in range(3)]
    assert [path.name for path in sorted(tmp_path.iterdir())] == [
        "trackerwatch-trackers-20260314-140211-2.csv",
        "trackerwatch-trackers-20260314-140211-3.csv",
        "trackerwatch-trackers-20260314-140211.csv",
    ]
    assert told[0] == f"1 row of Trackers exported to {tmp_path}/trackerwatch-trackers-20260314-140211.csv"
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}


async def test_where_nothing_can_be_written_it_says_why(tmp_path):
    sheet = sheets.of_trackers(rich_snapshot(), [0])
    told = await export(sheet, Format.CSV, tmp_path / "gone", NOW)
    assert told == f"nothing was exported: {tmp_path}/gone: No such file or directory"


def test_a_link_is_not_followed(tmp_path):
    target = tmp_path / "precious"
    target.write_text("kept")
    (tmp_path / "x.txt").symlink_to(target)
    path, problem = write_new(tmp_path, "x.txt", "new")
    assert (path, problem) == (f"{tmp_path}/x-2.txt", "")
    assert target.read_text() == "kept"


def test_a_disk_that_is_full_leaves_no_half_file(tmp_path, monkeypatch):
    real = os.fdopen

    def full(descriptor, *args, **more):
        real(descriptor, *args, **more).close()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("trackerwatch.tui.exporting.os.fdopen", full)
    assert write_new(tmp_path, "x.txt", "new") == ("", f"{tmp_path}: No space left on device")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("keys", "name", "first"),
    [
        (("1",), "trackers", "state,tracker,url"),
        (("2",), "torrents", "state,failover,name"),
        (("4",), "events", "at,event,message"),
        (("3",), "detail", "line"),
        (("enter",), "detail", "line"),
        (("v",), "coverage", "name,info_hash,"),
    ],
)
async def test_each_pane_is_exported_as_it_is_shown(tmp_path, keys, name, first):
    async with show(preferences=Preferences(folder=tmp_path)) as s:
        await s.press(*keys, "e", "1")
        await s.app.workers.wait_for_complete()
        await s.settle()
        (path,) = tmp_path.glob("*.csv")
        assert path.name.startswith(f"trackerwatch-{name}-")
        lines = path.read_text(encoding="utf-8").splitlines()
        assert lines[0].startswith(first)
        assert len(lines) > 1
        assert "exported to" in s.lines[-1]


async def test_a_filter_and_a_sort_hold_for_the_export(tmp_path):
    async with show(preferences=Preferences(folder=tmp_path)) as s:
        await s.press("2", "slash", *"release-02", "enter", "s", "e", "2")
        await s.app.workers.wait_for_complete()
        (path,) = tmp_path.glob("*.json")
        names = [row["name"] for row in json.loads(path.read_text())]
        assert names == s.names()
        assert len(names) < 20
        assert all("release-02" in name for name in names)


async def test_keys_that_the_screen_reveals_stay_there(tmp_path):
    async with show(torrents(), preferences=Preferences(folder=tmp_path, reveal=True)) as s:
        await s.press("1", "enter")
        assert "0123456789abcdef" in "".join(s.app.screen.left.texts)
        await s.press("e", "4")
        await s.app.workers.wait_for_complete()
        (path,) = tmp_path.iterdir()
        text = path.read_text()
        assert "a.example" in text
        assert "0123456789abcdef" not in text.replace("\n", "").replace(" ", "")
        await s.press("E")
        assert "no picture was saved" in s.lines[-1]
        assert list(tmp_path.iterdir()) == [path]


async def test_a_picture_of_the_screen_fetches_nothing(tmp_path):
    async with show(preferences=Preferences(folder=tmp_path)) as s:
        await s.press("E")
        (path,) = tmp_path.glob("*.svg")
        svg = path.read_text()
        assert svg.startswith("<svg")
        assert "@font-face" not in svg
        assert "url(" not in svg.replace("url(#", "")
        assert "tracker.foo.org" in svg
        assert "saved to" in s.lines[-1]


def test_only_fonts_go():
    assert without_fonts('<style>@font-face { src: url("https://x/y") }\n.a { fill: red }</style>') == (
        "<style>.a { fill: red }</style>"
    )


def test_of_events_knows_their_trackers():
    base = rich_snapshot()
    sheet = sheets.of_events(base.events[:1])
    row = dict(zip(sheet.columns, sheet.row(0), strict=True))
    assert row["message"] == base.events[0].message
    muted = replace(base.trackers[0], p50_s=None)
    assert dict(zip(sheets.TRACKER_COLUMNS, sheets.tracker_row(muted), strict=True))["p50_s"] is None
