"""One budget for everything of a run that waits for its store."""

import sqlite3

import pytest

from tests.store.making import NOON, info_hash, opened
from tests.store.test_runs import KEY, begun
from trackerwatch.store import store as facade
from trackerwatch.store.patience import Patience
from trackerwatch.store.writer import Writer


class Clock:
    """Goes on when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_everything_is_paid_from_one_budget():
    clock = Clock()
    patience = Patience(2.0, clock)
    with patience.spending():
        clock.now += 0.5
    assert patience.left_s == 1.5
    with patience.spending():
        clock.now += 9.0
    assert patience.left_s == 0.0


def test_who_gave_up_waits_for_nothing():
    patience = Patience(60.0, Clock())
    patience.give_up()
    assert patience.left_s == 0.0


@pytest.fixture
def submitted(monkeypatch):
    """Every job that the writer was given."""
    jobs = []
    submit = Writer.submit

    def counted(writer, job):
        jobs.append(job)
        return submit(writer, job)

    monkeypatch.setattr(Writer, "submit", counted)
    return jobs


async def test_a_lock_that_was_not_got_is_waited_for_once_in_a_run(tmp_path, monkeypatch, submitted):
    monkeypatch.setattr("trackerwatch.store.opening.BUSY_S", 0.01)
    monkeypatch.setattr(facade, "LOCK_LOOK_S", 0.01)
    path = await begun(tmp_path / "history.db")
    patience = Patience(0.1, Clock())
    with opened(path, patience=patience) as store:
        connection = sqlite3.connect(path)
        connection.execute("BEGIN IMMEDIATE")
        assert await store.first_seen([info_hash(1)], NOON) == {}
        assert patience.left_s == 0.0
        assert submitted
        submitted.clear()
        assert await store.first_seen([info_hash(1)], NOON) == {}
        assert await store.keep_run(KEY, NOON, b"x") is False
        assert submitted == []
        assert "locked" in store.trouble
        closed = []
        monkeypatch.setattr(
            store._writer, "close", lambda timeout_s: closed.append(timeout_s) or Writer.close(store._writer, timeout_s)
        )
        store.close()
        assert closed == [0.0]
        connection.rollback()
        connection.close()


async def test_opening_is_paid_from_it_too(tmp_path, monkeypatch):
    monkeypatch.setattr("trackerwatch.store.opening.BUSY_S", 0.01)
    path = await begun(tmp_path / "history.db")
    clock = Clock()
    waits = []
    wait = facade.Writer.__init__

    def slow(writer, *args, **more):
        waits.append(more["open_s"])
        wait(writer, *args, **more)
        clock.now += 0.4

    monkeypatch.setattr(facade.Writer, "__init__", slow)
    patience = Patience(1.0, clock)
    with opened(path, patience=patience, open_s=0.3):
        assert waits == [0.3]
        assert patience.left_s == pytest.approx(0.6)
