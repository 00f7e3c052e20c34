import time

import pytest

from tests.store.making import DAY, ENDPOINT, HOUR, NOON, announced, bench, failed, sample, scrape, turned
from trackerwatch.engine.records import GapKind, GapRecord
from trackerwatch.store.retention import Keeping, forget

LONG_AGO = NOON - 31 * DAY


def forget_all(store, now=NOON, **keeping) -> int:
    return sum(1 for _ in forget(store.connection, now, Keeping(**keeping)))


def ages(store, table="sample", column="at", unit=1000) -> list[float]:
    return [round(row[0] / unit - NOON) for row in store.rows(f"SELECT {column} FROM {table} ORDER BY 1")]


def test_raw_samples_stay_thirty_days():
    with bench() as store:
        for endpoint in (None, ENDPOINT):
            store.write(*(sample(NOON - DAY * days, endpoint=endpoint, covers_s=0) for days in (0, 29, 30, 31, 300)))
        store.roll(NOON)
        forget_all(store)
        assert ages(store) == sorted([0, 0, -29 * DAY, -29 * DAY, -30 * DAY, -30 * DAY])
        assert store.value("SELECT count(*) FROM hourly") == 8, "the running hour is not over"


def test_raw_samples_that_no_roll_up_holds_are_spared():
    with bench() as store:
        store.write(sample(LONG_AGO - 2 * HOUR, covers_s=0), sample(LONG_AGO, covers_s=0))
        store.roll(NOON)
        store.write(sample(LONG_AGO + 60, covers_s=0))
        forget_all(store)
        assert ages(store) == [LONG_AGO - NOON, LONG_AGO + 60 - NOON]
        store.roll(NOON)
        forget_all(store)
        assert ages(store) == []
        assert store.rows("SELECT counted FROM hourly ORDER BY hour") == [(1,), (2,)]


def test_roll_ups_stay_four_hundred_days():
    with bench() as store:
        store.write(*(sample(NOON - DAY * days, covers_s=0) for days in (1, 399, 401)))
        store.roll(NOON)
        forget_all(store)
        assert ages(store, "hourly", "hour", 1 / HOUR) == [-399 * DAY, -DAY]
        assert ages(store, "daily", "day", 1 / DAY) == [-399 * DAY - 12 * HOUR, -DAY - 12 * HOUR]


def test_the_latest_two_hundred_texts_of_an_endpoint_stay():
    with bench() as store:
        store.write(*(failed(NOON - 300 + i, endpoint=ENDPOINT, said=f"e{i}") for i in range(300)))
        store.write(*(failed(NOON - 300 + i, said=f"t{i}") for i in range(150)))
        forget_all(store)
        of_endpoint = [row[0] for row in store.rows("SELECT text FROM failure_text WHERE endpoint = 1 ORDER BY at")]
        assert of_endpoint == [f"e{i}" for i in range(100, 300)]
        assert store.value("SELECT count(*) FROM failure_text WHERE endpoint = 0") == 150
        assert store.value("SELECT count(*) FROM sample") == 450


def test_texts_of_one_moment_are_told_apart():
    with bench() as store:
        store.write(*(failed(NOON, said=f"{i}") for i in range(250)))
        forget_all(store)
        assert [row[0] for row in store.rows("SELECT text FROM failure_text ORDER BY seq")] == [
            str(i) for i in range(50, 250)
        ]


def test_counts_of_hours_become_those_of_days():
    with bench() as store:
        midnight = LONG_AGO - 12 * HOUR
        for hour, seeders in ((1, 1), (5, 2), (23, 3), (25, 4)):
            store.write(scrape(midnight + HOUR * hour, (seeders, 0, 0, 1), (1, seeders, 0, 1)))
        store.write(scrape(NOON, (7, 0, 0, 1), (1, 7, 0, 1)))
        forget_all(store)
        assert store.rows("SELECT seeders, leechers FROM swarm_day ORDER BY swarm, day") == [
            (3, 0),
            (4, 0),
            (1, 3),
            (1, 4),
        ]
        assert store.rows("SELECT seeders FROM swarm_hour ORDER BY swarm") == [(7,), (1,)]


def test_transitions_and_gaps_stay_for_ever():
    with bench() as store:
        store.write(turned(0.0, "up", "down"), GapRecord(GapKind.SUSPENDED, 1.0, 2.0, "slept"), sample(NOON))
        forget_all(store)
        assert store.value("SELECT count(*) FROM transition") == store.value("SELECT count(*) FROM gap") == 1


def test_what_nobody_asked_for_in_a_long_time_goes():
    with bench() as store:
        store.write(scrape(NOON - 401 * DAY, (1, 0, 0, 1), (1, 0, 0, 1)), announced(NOON - 401 * DAY, 7))
        # The second swarm is still asked for, and what was said of it never changed.
        store.write(scrape(NOON - 401 * DAY, (1, 0, 0, 1), first=1), scrape(NOON, (1, 0, 0, 1), first=1))
        forget_all(store)
        assert store.value("SELECT count(*) FROM latest") == 1
        assert store.value("SELECT count(*) FROM round") == 1
        assert store.value("SELECT count(*) FROM announced") == 0


@pytest.mark.parametrize("rows", [20_000])
def test_each_step_is_small_and_a_transaction_of_its_own(rows):
    deleted = []
    with bench() as store:
        store.write(*(sample(LONG_AGO - 30 * i, covers_s=0) for i in range(rows)))
        store.roll(NOON)
        left = rows
        for _ in forget(store.connection, NOON, Keeping()):
            assert not store.connection.in_transaction
            now_left = store.value("SELECT count(*) FROM sample")
            deleted.append(left - now_left)
            left = now_left
        assert left == 0
        assert 500 <= deleted[1] <= 500 + 120, "it begins with few rows, and learns what it can do"
        assert max(deleted) < rows / 2


def test_a_slow_disk_is_given_smaller_steps(monkeypatch):
    ticks = iter(range(10_000))
    monkeypatch.setattr(time, "monotonic", lambda: float(next(ticks)))
    with bench() as store:
        store.write(*(sample(LONG_AGO - 600 * i, covers_s=0) for i in range(2000)))
        store.connection.execute("DELETE FROM stale_hour")
        # 500, 250, 125, 62 and then 50 at a time, to the end of their hour.
        # By this clock each look at what there is takes long too: three more.
        assert 1 + 4 + 17 + 3 <= forget_all(store) <= 1 + 4 + 22 + 3


def test_nothing_to_forget_takes_one_step():
    with bench() as store:
        store.write(sample(NOON))
        assert forget_all(store) == 1
