"""What reports leave for the next one: first seen, and last runs."""

import asyncio
import contextlib
import hashlib
import os
import sqlite3
import subprocess
import sys
import threading
import zlib
from pathlib import Path

import pytest

from tests.store.making import (
    DAY,
    HOUR,
    NOON,
    OTHER,
    VANTAGE,
    all_rows,
    announced,
    bench,
    info_hash,
    opened,
    scrape,
    until,
)
from tests.store.test_store import can_mount, mounted
from trackerwatch.engine.records import TransitionRecord
from trackerwatch.engine.views import EventKind
from trackerwatch.store import Past, runs
from trackerwatch.store import store as facade
from trackerwatch.store.opening import open_reader
from trackerwatch.store.schema import APPLICATION_ID, STEPS, version

ROOT = Path(__file__).parents[2]
KEY = "report " + "0" * 64


def old_file(path) -> None:
    """A file as the version before wrote it: two torrents, of which one was recorded for weeks."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript(STEPS[0])
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute("PRAGMA user_version = 1")
    connection.execute("INSERT INTO vantage VALUES (1, ?, 'here', 900)", (VANTAGE,))
    connection.execute("INSERT INTO word VALUES (1, 'recovered')")
    connection.executemany("INSERT INTO swarm VALUES (?, ?)", [(1, info_hash(1)), (2, info_hash(2)), (3, info_hash(3))])
    at = int((NOON - 20 * DAY) * 1000)
    connection.execute("INSERT INTO transition VALUES (?, 1, 5, 1, NULL, 1, NULL, '', NULL, NULL, 1, '')", (at,))
    connection.execute("INSERT INTO transition VALUES (?, 1, 6, 1, NULL, 1, NULL, '', NULL, NULL, 1, '')", (at + 9,))
    connection.execute(
        "INSERT INTO latest VALUES (1, 2, 1, 7, 3, 2, 1, 1, ?, NULL, ?)", (at + 500, int((NOON - 40 * DAY) * 1000))
    )
    connection.close()


async def begun(path):
    """A store that saw a torrent long ago: what it sees from now on is new."""
    with opened(path) as store:
        await store.first_seen([info_hash(999_999)], NOON - 400 * DAY)
    return path


def transition(at: float, number: int) -> TransitionRecord:
    return TransitionRecord(at, EventKind.RECOVERED, None, "primary", None, "well", None, None, info_hash(number))


def test_what_was_released_is_never_edited():
    assert [hashlib.sha256(step.encode()).hexdigest()[:16] for step in STEPS[:1]] == ["b27846ec1c60830e"]


async def test_a_torrent_is_first_seen_once(tmp_path):
    with opened(await begun(tmp_path / "history.db")) as store:
        assert await store.first_seen([info_hash(1), info_hash(1)], NOON) == {info_hash(1): NOON}
        assert await store.first_seen([info_hash(1), info_hash(2)], NOON + DAY) == {
            info_hash(1): NOON,
            info_hash(2): NOON + DAY,
        }
    with opened(tmp_path / "history.db", vantage=OTHER) as store:
        assert await store.first_seen([info_hash(2)], NOON + 9 * DAY) == {info_hash(2): NOON + DAY}
        assert await store.first_seen([], NOON) == {}


async def test_what_is_watched_is_first_seen_as_well(tmp_path):
    path = await begun(tmp_path / "history.db")
    with bench(path) as watch:
        watch.write_each(
            scrape(NOON, (3, 2, 1, 1), (0, 0, 0, 1)),
            scrape(NOON + HOUR, (3, 2, 1, 1), (0, 0, 0, 1), (1, 1, 1, 1)),
            announced(NOON + 2 * HOUR, 7),
            transition(NOON + 3 * HOUR, 8),
            transition(NOON + 4 * HOUR, 0),
        )
    with opened(path) as store:
        seen = await store.first_seen([info_hash(n) for n in (0, 1, 2, 7, 8, 9)], NOON + DAY)
    hours = {int.from_bytes(key, "big"): (at - NOON) / HOUR for key, at in seen.items()}
    assert hours == {0: 0, 1: 0, 2: 1, 7: 2, 8: 3, 9: 24}


async def test_what_the_first_run_on_a_store_finds_is_not_known_to_be_new(tmp_path):
    """Or each run on a fresh machine would forgive every torrent."""
    path = tmp_path / "history.db"
    with opened(path) as store:
        assert store.is_first_run
        # The rounds of the run note what they ask for, before anybody asks when it was seen.
        store.record(scrape(NOON, (3, 2, 1, 1), (0, 0, 0, 1)))
        assert await store.settle()
        assert await store.first_seen([info_hash(0), info_hash(8)], NOON + 5) == {info_hash(0): 0.0, info_hash(8): 0.0}
        assert await store.first_seen([info_hash(9)], NOON + 0.999 * HOUR) == {info_hash(9): 0.0}
        # A run that goes on for days knows what came meanwhile.
        assert await store.first_seen([info_hash(10)], NOON + HOUR) == {info_hash(10): NOON + HOUR}
        assert store.is_first_run
    with opened(path) as store:
        assert not store.is_first_run
        seen = await store.first_seen([info_hash(0), info_hash(8), info_hash(11)], NOON + 60)
        assert seen == {info_hash(0): 0.0, info_hash(8): 0.0, info_hash(11): NOON + 60}


async def test_an_older_file_is_migrated_and_its_torrents_are_not_new(tmp_path):
    path = tmp_path / "history.db"
    old_file(path)
    with opened(path) as store:
        seen = await store.first_seen([info_hash(1), info_hash(2), info_hash(3), info_hash(4)], NOON)
        assert seen == {
            info_hash(1): NOON - 20 * DAY,
            info_hash(2): NOON - 40 * DAY,
            info_hash(3): NOON,
            info_hash(4): NOON,
        }
        # It is written down, so that what is found does not hang on rows that are forgotten one day.
        later = await store.first_seen([info_hash(1), info_hash(3)], NOON + DAY)
        assert later == {info_hash(1): NOON - 20 * DAY, info_hash(3): NOON}
        assert await store.keep_run(KEY, NOON, b"body")
    rows = all_rows(path)
    assert [row[0] for row in rows["first_seen"]] == [1, 2, 3, 4]
    assert len(rows["transition"]) == 2
    connection = sqlite3.connect(path)
    assert version(connection) == len(STEPS)
    connection.close()


async def test_an_older_file_is_looked_at_as_it_is(tmp_path):
    path = tmp_path / "history.db"
    old_file(path)
    before = path.read_bytes()
    past = Past(path, VANTAGE)
    history = await past.torrent(info_hash(1).hex(), since=NOON - 30 * DAY, until=NOON)
    assert past.trouble == ""
    assert len(history.transitions) == 2
    past.close()
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["history.db"]


async def test_a_store_that_cannot_be_written_calls_nothing_new(tmp_path, monkeypatch):
    """Or a full disk would give every torrent its grace, at every run."""
    path = await begun(tmp_path / "history.db")
    with opened(path) as store:
        await store.first_seen([info_hash(1)], NOON)
        await store.keep_run(KEY, NOON, b"kept")
    connection = sqlite3.connect(path)
    monkeypatch.setattr("trackerwatch.store.opening.BUSY_S", 0.01)
    monkeypatch.setattr("trackerwatch.store.writer.OPEN_S", 0.0)
    connection.execute("BEGIN IMMEDIATE")
    with opened(path) as store:
        assert "locked" in store.trouble
        assert await store.first_seen([info_hash(1), info_hash(2)], NOON + DAY) == {info_hash(1): NOON}
        assert await store.last_run(KEY) == (NOON, b"kept")
        connection.rollback()
        connection.close()
    assert [row[0] for row in all_rows(path)["first_seen"]] == [1, 2]


async def test_a_run_waits_for_another_program_to_be_done(tmp_path, monkeypatch):
    monkeypatch.setattr("trackerwatch.store.opening.BUSY_S", 0.01)
    monkeypatch.setattr("trackerwatch.store.writer.LOCKED_RETRY_S", 0.02)
    monkeypatch.setattr(facade, "LOCK_LOOK_S", 0.01)
    path = await begun(tmp_path / "history.db")
    with opened(path) as store:
        connection = sqlite3.connect(path)
        connection.execute("BEGIN IMMEDIATE")
        keeping = asyncio.create_task(store.keep_run(KEY, NOON, b"late"))
        noting = asyncio.create_task(store.first_seen([info_hash(1)], NOON))
        await asyncio.to_thread(until, lambda: store.trouble != "")
        assert not keeping.done()
        connection.rollback()
        connection.close()
        assert await keeping is True
        assert await noting == {info_hash(1): NOON}
        assert await store.last_run(KEY) == (NOON, b"late")
        until(lambda: store.trouble == "")


async def test_a_disk_that_hangs_holds_no_report_up(tmp_path, monkeypatch):
    monkeypatch.setattr(facade, "RUN_S", 0.02)
    gate = threading.Event()
    with opened(tmp_path / "history.db") as store:
        stuck = store._writer.submit(lambda *_: gate.wait(10))
        assert await store.keep_run(KEY, NOON, b"x") is False
        assert await store.first_seen([info_hash(1)], NOON) == {}
        gate.set()
        assert stuck.result(10)


async def test_a_broken_file_calls_nothing_new_and_keeps_no_run(tmp_path):
    path = tmp_path / "history.db"
    path.write_bytes(b"no database" * 100)
    with opened(path) as store:
        assert await store.first_seen([info_hash(1)], NOON) == {}
        assert await store.last_run(KEY) is None
    assert path.read_bytes() == b"no database" * 100


async def test_without_a_file_it_holds_for_the_process():
    with opened(None) as store:
        assert store.is_first_run
        assert await store.first_seen([info_hash(1)], NOON) == {info_hash(1): 0.0}
        assert await store.first_seen([info_hash(2)], NOON + DAY) == {info_hash(2): NOON + DAY}
        assert await store.first_seen([info_hash(2)], NOON + DAY + 5) == {info_hash(2): NOON + DAY}
        assert await store.keep_run(KEY, NOON, b"x")
        assert await store.last_run(KEY) == (NOON, b"x")


async def test_a_clock_that_was_ahead_makes_nothing_newer_than_now(tmp_path):
    with opened(await begun(tmp_path / "history.db")) as store:
        await store.first_seen([info_hash(1)], NOON + DAY)
        assert await store.first_seen([info_hash(1)], NOON) == {info_hash(1): NOON}


async def test_thousands_are_asked_for_at_once(tmp_path):
    hashes = [info_hash(number) for number in range(3000)]
    with opened(await begun(tmp_path / "history.db")) as store:
        assert set((await store.first_seen(hashes[:2000], NOON)).values()) == {NOON}
        seen = await store.first_seen(hashes, NOON + 1)
        assert [seen[one] for one in (hashes[0], hashes[1999], hashes[2000])] == [NOON, NOON, NOON + 1]


async def test_the_last_run_of_a_key_takes_the_place_of_the_one_before(tmp_path):
    path = tmp_path / "history.db"
    with opened(path) as store:
        assert await store.last_run(KEY) is None
        await store.keep_run(KEY, NOON, b"first" * 1000)
        await store.keep_run("report other", NOON + 1, b"")
        await store.keep_run(KEY, NOON + 60, b"second" * 1000)
        assert await store.last_run(KEY) == (NOON + 60, b"second" * 1000)
    with opened(path, vantage=OTHER) as store:
        assert await store.last_run(KEY) is None
        await store.keep_run(KEY, NOON + 90, b"from elsewhere")
    with opened(path) as store:
        assert await store.last_run(KEY) == (NOON + 60, b"second" * 1000)
        assert await store.last_run("report other") == (NOON + 1, b"")
    rows = all_rows(path)["last_run"]
    assert len(rows) == 3
    assert max(len(row[-1]) for row in rows) < 100


async def test_what_is_too_large_is_not_kept_and_nor_is_what_was_before(tmp_path, monkeypatch):
    with opened(tmp_path / "history.db") as store:
        await store.keep_run(KEY, NOON, b"small")
        assert await store.keep_run(KEY, NOON + 1, os.urandom(runs.MAX_PACKED_BYTES + 1)) is False
        assert store.trouble == ""
        assert await store.last_run(KEY) is None
        monkeypatch.setattr(runs, "MAX_RUN_BYTES", 1000)
        assert await store.keep_run(KEY, NOON, bytes(1001)) is False
        assert await store.keep_run(KEY, NOON, bytes(1000)) is True
        assert await store.last_run(KEY) == (NOON, bytes(1000))


@pytest.mark.parametrize("body", [zlib.compress(bytes(5000)), b"no zlib", zlib.compress(b"cut" * 50)[:-3], b""])
async def test_a_damaged_run_or_one_that_swells_is_none(tmp_path, monkeypatch, body):
    monkeypatch.setattr(runs, "MAX_RUN_BYTES", 1000)
    path = tmp_path / "history.db"
    with opened(path) as store:
        await store.keep_run(KEY, NOON, b"x")
    connection = sqlite3.connect(path)
    connection.execute("UPDATE last_run SET body = ?", (body,))
    connection.commit()
    connection.close()
    with opened(path) as store:
        assert await store.last_run(KEY) is None
        assert store.trouble == ""


async def test_runs_are_bounded_in_number_age_and_size(tmp_path, monkeypatch):
    path = tmp_path / "history.db"
    monkeypatch.setattr(runs, "MAX_RUNS", 5)
    with opened(path) as store:
        for number in range(7):
            await store.keep_run(f"report {number}", NOON + number, b"x")
        # One from the future, of a clock that was set back, goes before those that are in time.
        await store.keep_run("report future", NOON + 9 * DAY, b"x")
        await store.keep_run("report 7", NOON + 7, b"x")
        kept = [key for (_, key, *_) in all_rows(path)["last_run"]]
        assert sorted(kept) == [f"report {number}" for number in (3, 4, 5, 6, 7)]
        await store.keep_run("report late", NOON + 401 * DAY, b"x")
        assert [key for (_, key, *_) in all_rows(path)["last_run"]] == ["report late"]
        monkeypatch.setattr(runs, "MAX_ALL_PACKED_BYTES", 300)
        for number in range(3):
            await store.keep_run(f"report {number}", NOON + 401 * DAY + number, os.urandom(120))
        assert [key for (_, key, *_) in all_rows(path)["last_run"]] == ["report 1", "report 2"]


WORKER = """
import asyncio, sys, time
from pathlib import Path
from tests.store.making import NOON, info_hash, opened

async def main(me):
    with opened(Path(sys.argv[1])) as store:
        for turn in range(40):
            assert await store.keep_run(f"report {turn % 4}", NOON + turn, bytes([me]) * 5000), store.trouble
            at, body = await store.last_run(f"report {turn % 4}")
            assert len(set(body)) == 1 and len(body) == 5000
            seen = await store.first_seen([info_hash(n) for n in range(turn * 10)], time.time())
            assert len(seen) == turn * 10
        seen = await store.first_seen([info_hash(n) for n in range(390)], time.time() + 60)
        print(",".join(str(seen[info_hash(n)]) for n in range(390)))

asyncio.run(main(int(sys.argv[2])))
"""


def test_programs_on_one_store_agree(tmp_path):
    path = tmp_path / "history.db"
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, str(path), str(number)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        for number in range(3)
    ]
    said = [worker.communicate(timeout=60)[0].strip() for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0, 0]
    assert said[0] == said[1] == said[2]
    assert len(all_rows(path)["last_run"]) == 4


async def test_a_read_only_file_is_read(tmp_path):
    path = tmp_path / "history.db"
    with opened(path) as store:
        await store.keep_run(KEY, NOON, b"kept")
    connection = open_reader(path, alone=True)
    assert runs.last_run(connection, VANTAGE, KEY) == (NOON, b"kept")
    assert runs.first_seen(connection, [info_hash(1)]) == {}
    connection.close()


@pytest.mark.skipif(not can_mount(), reason="mounting needs root")
async def test_a_full_disk_keeps_the_run_before_and_calls_nothing_new(tmp_path):
    with mounted(tmp_path / "small", "size=400k"):
        path, filler = tmp_path / "small" / "history.db", tmp_path / "small" / "filler"
        await begun(path)
        with opened(path) as store:
            await store.first_seen([info_hash(1)], NOON)
            await store.keep_run(KEY, NOON, b"kept")
        with opened(path) as store:
            with contextlib.suppress(OSError), filler.open("wb") as file:
                while True:
                    file.write(bytes(4096))
                    file.flush()
            assert await store.keep_run(KEY, NOON + 1, os.urandom(200_000)) is False
            assert store.trouble == f"history {path}: the disk is full"
            assert await store.last_run(KEY) == (NOON, b"kept")
            assert await store.first_seen([info_hash(1), info_hash(2)], NOON + DAY) == {info_hash(1): NOON}
        filler.unlink()
        with opened(path) as store:
            assert await store.keep_run(KEY, NOON + 2, b"again") is True


@pytest.mark.skipif(not can_mount(), reason="mounting needs root")
@pytest.mark.parametrize("old", [False, True])
async def test_a_read_only_file_system_is_read_whatever_the_version(tmp_path, old):
    with mounted(tmp_path / "fixed", "size=4m"):
        path = tmp_path / "fixed" / "history.db"
        if old:
            old_file(path)
        else:
            await begun(path)
            with opened(path) as store:
                await store.first_seen([info_hash(1)], NOON)
                await store.keep_run(KEY, NOON, b"kept")
        before = path.read_bytes()
        await asyncio.to_thread(subprocess.run, ["mount", "-o", "remount,ro", tmp_path / "fixed"], check=True)
        with opened(path) as store:
            assert store.trouble.startswith(f"history {path}: ")
            seen = await store.first_seen([info_hash(1), info_hash(9)], NOON + DAY)
            assert seen == ({} if old else {info_hash(1): NOON})
            assert await store.last_run(KEY) == (None if old else (NOON, b"kept"))
            assert await store.keep_run(KEY, NOON, b"new") is False
            history = await store.torrent(info_hash(1).hex(), since=NOON - 30 * DAY, until=NOON)
            assert len(history.transitions) == (2 if old else 0)
        assert path.read_bytes() == before


async def test_rows_that_no_version_writes_are_let_go(tmp_path):
    path = tmp_path / "history.db"
    with opened(path) as store:
        await store.keep_run(KEY, NOON, b"x")
    connection = sqlite3.connect(path)
    connection.execute("UPDATE last_run SET at = 'yesterday'")
    connection.commit()
    connection.close()
    with opened(path) as store:
        assert await store.last_run(KEY) is None
        assert await store.keep_run("report other", NOON, b"y") is True
        assert store.trouble == ""
    assert [row[1] for row in all_rows(path)["last_run"]] == ["report other"]


async def test_runs_and_records_interleave(tmp_path):
    with opened(tmp_path / "history.db") as store:
        for turn in range(30):
            store.record(scrape(NOON + turn, *[(turn, 1, 1, 1)] * 50))
            kept, seen = await asyncio.gather(
                store.keep_run(KEY, NOON + turn, b"%d" % turn), store.first_seen([info_hash(1)], NOON + DAY)
            )
            assert kept
            assert seen[info_hash(1)] <= NOON + DAY
        assert await store.last_run(KEY) == (NOON + 29, b"29")
        assert store.trouble == ""


async def test_a_key_is_short(tmp_path):
    with opened(tmp_path / "history.db") as store:
        with pytest.raises(ValueError, match="no key"):
            await store.keep_run("x" * 201, NOON, b"")
        assert store.trouble == ""
