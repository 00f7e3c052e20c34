"""Orders in the state file: what comes back, what two programs make of one tracker, and what is taken back."""

import json
import time

import pytest

from trackerwatch.orders import NOTHING_ORDERED, TrackerOrder
from trackerwatch.state import StateFile

A, B = "0123456789", "b.example:80"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state.json"


def orders(path):
    return StateFile(path).orders


def test_every_attribute_comes_back(path):
    later = time.time() + 1000
    order = TrackerOrder(
        muted=True,
        muted_until=later,
        mute_why="moving\u202e house",
        disabled=False,
        disable_why="x",
        interval_s=300.0,
        given_at=5.0,
        name="a.example:80",
    )
    assert orders(path).keep({A: order}, what="w") == ""
    back = orders(path).load()
    assert back[A].mute_why.isprintable()
    assert back == {A: TrackerOrder(**{**_fields(order), "mute_why": back[A].mute_why})}


def _fields(order):
    return {name: getattr(order, name) for name in TrackerOrder.__slots__}


def test_an_empty_order_takes_one_away(path):
    kept = orders(path)
    kept.keep({A: TrackerOrder(muted=True), B: TrackerOrder(disabled=True)}, what="w")
    kept.keep({A: NOTHING_ORDERED}, what="w")
    assert orders(path).load().keys() == {B}


def test_what_is_over_is_forgotten(path):
    orders(path).keep({A: TrackerOrder(muted=True, muted_until=5.0), B: TrackerOrder(muted=True)}, what="w")
    assert orders(path).load().keys() == {B}
    orders(path).keep({"c.example": TrackerOrder(muted=True)}, what="w")
    assert A not in json.loads(path.read_text())["trackers"]


def test_two_programs_order_different_things_of_one_tracker(path):
    first, second = orders(path), orders(path)
    assert first.load() == second.load() == {}
    first.keep({A: TrackerOrder(muted=True, mute_why="first")}, what="1")
    second.keep({A: TrackerOrder(interval_s=300.0)}, what="2")
    order = orders(path).load()[A]
    assert (order.muted, order.mute_why, order.interval_s) == (True, "first", 300.0)
    # The second has not seen the mute; what it takes back is its own.
    second.load()
    second.keep({A: TrackerOrder(muted=True, mute_why="first")}, what="2 back")
    order = orders(path).load()[A]
    assert (order.muted, order.interval_s) == (True, None)


def test_what_could_not_be_written_holds_and_is_tried_again(tmp_path):
    folder = tmp_path / "folder"
    folder.write_text("in the way")
    kept = orders(folder / "state.json")
    assert kept.keep({A: TrackerOrder(muted=True)}, what="w").startswith("not kept in")
    assert not kept.kept
    assert kept.load().keys() == {A}
    folder.unlink()
    assert kept.keep({B: TrackerOrder(disabled=True)}, what="w") == ""
    assert kept.kept
    assert orders(folder / "state.json").load().keys() == {A, B}


@pytest.mark.parametrize("lost", [None, "{", '{"schema": "trackerwatch.state/1", "screen": {"sort": "name"}}'])
def test_orders_outlive_the_loss_of_their_file(path, lost):
    kept = orders(path)
    kept.keep({A: TrackerOrder(muted=True)}, what="w")
    if lost is None:
        path.unlink()
    else:
        path.write_text(lost)
    assert kept.load().keys() == {A}
    kept.keep({B: TrackerOrder(disabled=True)}, what="w")
    assert kept.load().keys() == {A, B}
    assert orders(path).load().keys() == {A, B}


def test_that_nothing_is_ordered_any_more_is_no_loss(path):
    first = orders(path)
    first.keep({A: TrackerOrder(muted=True)}, what="w")
    orders(path).undo()
    assert first.load() == {}


@pytest.mark.parametrize(
    "row",
    [
        7,
        None,
        [],
        {"muted": "yes"},
        {"muted_until": 5},
        {"interval_s": -1},
        {"interval_s": "5m"},
        {"interval_s": 10**400},
        {"disabled": 1},
        {},
    ],
)
def test_rows_that_make_no_sense_are_left_out(path, row):
    path.write_text(json.dumps({"schema": "trackerwatch.state/1", "trackers": {A: row, B: {"muted": True}}}))
    kept = orders(path)
    assert kept.load() == {B: TrackerOrder(muted=True)}
    assert kept.trouble == ""


def test_sections_that_make_no_sense_are_empty(path):
    path.write_text(json.dumps({"schema": "trackerwatch.state/1", "trackers": [1], "undo": {"a": 1}}))
    assert orders(path).load() == {}
    assert orders(path).undo() == ("", "")


def test_texts_are_bounded_and_clean(path):
    row = {"muted": True, "mute_why": "x\x1b[31m" + "y" * 5000, "name": "n\n" * 400}
    path.write_text(json.dumps({"schema": "trackerwatch.state/1", "trackers": {A: row, "k\n": row, "k" * 400: row}}))
    (order,) = orders(path).load().values()
    for text in (order.mute_why, order.name):
        assert text.isprintable()
        assert len(text) <= 200


def test_no_more_orders_than_there_is_room_for(path, monkeypatch):
    monkeypatch.setattr("trackerwatch.state.orders.MAX_ORDERS", 3)
    kept = orders(path)
    assert kept.keep({str(n): TrackerOrder(muted=True) for n in range(3)}, what="w") == ""
    assert "more than 3 orders" in kept.keep({"x": TrackerOrder(muted=True)}, what="w")
    assert not kept.kept


class TestUndo:
    def test_the_latest_first_whoever_made_it(self, path):
        orders(path).keep({A: TrackerOrder(muted=True, mute_why="w", given_at=7.0, name="a")}, what="muted")
        orders(path).keep({A: TrackerOrder(disabled=True), B: TrackerOrder(interval_s=60.0)}, what="both")
        assert orders(path).undo() == ("both", "")
        assert orders(path).load() == {A: TrackerOrder(muted=True, mute_why="w", given_at=7.0, name="a")}
        assert orders(path).undo() == ("muted", "")
        assert orders(path).load() == {}
        assert orders(path).undo() == ("", "")

    def test_what_took_something_away_gives_it_back(self, path):
        kept = orders(path)
        kept.keep({A: TrackerOrder(muted=True, mute_why="w")}, what="muted")
        kept.keep({A: NOTHING_ORDERED}, what="heard")
        assert orders(path).undo() == ("heard", "")
        assert orders(path).load()[A].mute_why == "w"

    def test_what_others_changed_since_stays(self, path):
        orders(path).keep({A: TrackerOrder(muted=True)}, what="first")
        data = json.loads(path.read_text())
        data["trackers"][A]["interval_s"] = 60.0
        path.write_text(json.dumps(data))
        orders(path).undo()
        assert orders(path).load()[A].interval_s == 60.0
        assert orders(path).load()[A].muted is None

    def test_a_change_that_undoes_strikes_the_step_off(self, path):
        kept = orders(path)
        kept.keep({A: TrackerOrder(muted=True)}, what="one")
        kept.keep({B: TrackerOrder(muted=True)}, what="two")
        kept.keep({B: NOTHING_ORDERED}, what="taken back: two", undoes=True)
        assert orders(path).undo() == ("one", "")

    def test_large_steps_make_room_for_none(self, path, monkeypatch):
        monkeypatch.setattr("trackerwatch.state.orders.MAX_STEP_ORDERS", 3)
        kept = orders(path)
        kept.keep({A: TrackerOrder(muted=True)}, what="one")
        kept.keep({str(n): TrackerOrder(muted=True) for n in range(3)}, what="three")
        assert orders(path).undo() == ("three", "")
        assert orders(path).undo() == ("", "")
        kept.keep({str(n): TrackerOrder(muted=False) for n in range(4)}, what="four")
        assert orders(path).undo() == ("", "")
        assert len(orders(path).load()) == 5

    def test_steps_are_bounded(self, path):
        kept = orders(path)
        for n in range(40):
            kept.keep({A: TrackerOrder(interval_s=60.0 + n)}, what=str(n))
        undone = []
        while (what := orders(path).undo()[0]) != "":
            undone.append(what)
        assert undone == [str(n) for n in range(39, 9, -1)]
        assert orders(path).load()[A].interval_s == 69.0

    def test_it_strikes_off_what_was_about_the_same_and_nothing_else(self, path):
        screen = orders(path)
        screen.keep({A: TrackerOrder(muted=True)}, what="mute")
        orders(path).keep({A: TrackerOrder(interval_s=300.0)}, what="interval")
        screen.load()
        screen.keep({A: TrackerOrder(interval_s=300.0)}, what="taken back", undoes=True)
        assert orders(path).undo() == ("interval", "")
        assert orders(path).undo() == ("", "")

    def test_what_is_over_by_itself_is_passed_over(self, path):
        orders(path).keep({B: TrackerOrder(disabled=True)}, what="disable")
        orders(path).keep({A: TrackerOrder(muted=True, muted_until=5.0)}, what="mute")
        assert orders(path).undo() == ("disable", "")
        assert orders(path).load() == {}
