"""The facade: one process, threads as they are, files in every state of disrepair."""

import asyncio
import contextlib
import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.store.making import (
    DAY,
    HOUR,
    NOON,
    TRACKER,
    VANTAGE,
    all_rows,
    info_hash,
    memory,
    opened,
    sample,
    scrape,
    turned,
    until,
)
from trackerwatch.engine.keeper import Recalled, Waits
from trackerwatch.health import Health
from trackerwatch.outcome import Failure, FailureKind
from trackerwatch.store import Store
from trackerwatch.store import store as facade
from trackerwatch.store.opening import open_writer
from trackerwatch.store.schema import APPLICATION_ID, STEPS
from trackerwatch.tracker import parse_tracker

ROOT = Path(__file__).parents[2]


def written(store: Store, count: int) -> None:
    until(lambda: store.figures.written >= count)


async def told(store: Store, stretches: int = 2):
    return await store.tracker(TRACKER.id, since=NOON - DAY, until=NOON, stretches=stretches)


@pytest.mark.parametrize("on_disk", [True, False])
async def test_a_day_in_the_life(tmp_path, on_disk):
    with opened(tmp_path / "history.db" if on_disk else None) as store:
        assert store.trouble == ""
        store.record(sample(NOON - 60))
        store.record(memory(NOON))
        store.record(scrape(NOON, (3, 2, 1, 1)))
        store.record(turned(NOON - 30, "up", "degraded"))
        written(store, 4)
        recalled = await store.recall(TRACKER, [info_hash(0)])
        assert recalled.memory == memory(NOON)
        assert recalled.swarms[info_hash(0)].seeders == 3
        assert recalled.recent == (0.05,)
        history = await told(store)
        assert history is not None
        assert (history.uptime[0].counted, history.state, len(history.transitions)) == (1, "up", 1)
        assert len(await store.overview(since=NOON - DAY, until=NOON, stretches=2)) == 1
        torrent = await store.torrent(info_hash(0).hex(), since=NOON - DAY, until=NOON + 1)
        assert torrent.seeders == ((NOON, 3),)
        assert await store.failures(TRACKER.id) == []


async def test_a_restart_remembers(tmp_path):
    path = tmp_path / "history.db"
    with opened(path) as store:
        store.record(memory(NOON, Health.DOWN))
        assert await store.claim(TRACKER, NOON, 900) is None
    with opened(path, wall=lambda: NOON + 60) as store:
        recalled = await store.recall(TRACKER, [])
        assert recalled.memory == memory(NOON, Health.DOWN)
        assert recalled.waits == Waits(asked_at=NOON)
        assert await store.claim(TRACKER, NOON + 60, 900) == Waits(asked_at=NOON)


async def test_what_is_not_written_yet_is_recalled(tmp_path):
    with opened(tmp_path / "history.db", batch_s=3600.0) as store:
        store.record(memory(NOON))
        assert (await store.recall(TRACKER, [])).memory == memory(NOON)
        assert store.figures.waiting == 1


@pytest.mark.parametrize("on_disk", [True, False])
async def test_what_waits_is_written_at_once_where_somebody_looks_back(tmp_path, on_disk):
    # Long batches: by itself it would wait.
    with opened(tmp_path / "history.db" if on_disk else None, batch_s=3600.0) as store:
        store.record(sample(NOON - 60))
        store.record(memory(NOON))
        assert await store.settle()
        past = await told(store, stretches=1)
        assert past.stretches[0].counted == 1
        assert await store.settle()
    assert not await store.settle()


def test_closing_writes_what_waits(tmp_path):
    path = tmp_path / "history.db"
    with opened(path, batch_s=3600.0) as store:
        for i in range(12_000):
            store.record(sample(NOON + i))
        assert store.close(10.0) is True
        store.record(sample(NOON))
        assert store.close() is True
    assert len(all_rows(path)["sample"]) == 12_000
    assert [p.name for p in tmp_path.iterdir()] == ["history.db"]


async def test_a_closed_store_answers_and_remembers_nothing(tmp_path):
    with opened(tmp_path / "history.db") as store:
        store.record(memory(NOON))
    assert await store.recall(TRACKER, []) == Recalled()
    assert await told(store) is None
    assert await store.claim(TRACKER, NOON, 900) is None
    assert await store.claim(TRACKER, NOON + 1, 900) == Waits(asked_at=NOON)
    store.obey(TRACKER, Waits(not_before=NOON + 60))


async def test_obeying_is_for_claims_and_for_those_who_recall(tmp_path):
    gone = Failure(FailureKind.HTTP_STATUS, None, "410 Gone", None, retry_never=True)
    other = parse_tracker("udp://other.example.org:80")
    path = tmp_path / "history.db"
    with opened(path) as store:
        store.obey(TRACKER, Waits(not_before=NOON + 600))
        store.obey(TRACKER, Waits(not_before=NOON + 60, min_request_interval_s=1200))
        store.obey(other, Waits(never_again=gone))
        assert (await store.recall(TRACKER, [])).waits == Waits(not_before=NOON + 600, min_request_interval_s=1200)
        assert await store.claim(other, NOON, 60) == Waits(never_again=gone)
    with opened(path) as store:
        refused = await store.claim(TRACKER, NOON + 1, 60)
        assert refused == Waits(not_before=NOON + 600, min_request_interval_s=1200)
        assert await store.claim(TRACKER, NOON + 600, 60) is None
        assert await store.claim(TRACKER, NOON + 700, 60) is not None, (
            "the tracker's interval is longer than the window"
        )
        assert await store.claim(other, NOON + 29 * DAY, 60) == Waits(never_again=gone)
        assert await store.claim(other, NOON + 31 * DAY, 60) is None


def test_a_record_that_no_table_takes_takes_no_other_with_it(tmp_path):
    path = tmp_path / "history.db"
    with opened(path, batch_s=3600.0) as store:
        for record in (sample(NOON), sample(float("nan")), sample(NOON + 1), memory(NOON)):
            store.record(record)
    assert store.figures.dropped == 1
    rows = all_rows(path)
    assert (len(rows["sample"]), len(rows["memory"])) == (2, 1)


def test_roll_ups_and_retention_happen_by_themselves(tmp_path):
    path = tmp_path / "history.db"
    with opened(path) as store:
        store.record(sample(NOON - 40 * DAY, covers_s=0))
        store.record(sample(NOON - 2 * HOUR, covers_s=0))
        written(store, 2)
    with opened(path, wall=lambda: NOON + HOUR) as store:
        reader = sqlite3.connect(path)
        until(lambda: reader.execute("SELECT count(*) FROM sample").fetchone() == (1,))
        assert reader.execute("SELECT count(*) FROM hourly").fetchone() == (2,)
        reader.close()


# Trouble.


class Troubles:
    """What a listener heard."""

    def __init__(self, store: Store) -> None:
        self.heard: list[str] = []
        store.subscribe(self.heard.append)


async def still_works(store: Store) -> None:
    """In this process, whatever became of the file."""
    assert await store.claim(TRACKER, NOON, 900) is None
    assert await store.claim(TRACKER, NOON + 1, 900) == Waits(asked_at=NOON)
    store.obey(TRACKER, Waits(not_before=NOON + 5000))
    assert (await store.claim(TRACKER, NOON + 2000, 900)) == Waits(asked_at=NOON, not_before=NOON + 5000)
    store.record(memory(NOON, Health.DOWN))
    recalled = await store.recall(TRACKER, [])
    assert recalled.memory == memory(NOON, Health.DOWN)
    assert recalled.waits.not_before == NOON + 5000


def garbage(path: Path) -> None:
    path.write_bytes(b"\0garbage" * 1000)


def folder(path: Path) -> None:
    path.mkdir()


def newer(path: Path) -> None:
    open_writer(path, (*STEPS, "CREATE TABLE later (id INTEGER)")).close()


def strange(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE theirs (id INTEGER)")
    connection.commit()
    connection.close()


def cut_off(path: Path) -> None:
    open_writer(path).close()
    path.write_bytes(path.read_bytes()[:90])


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (garbage, "the file is damaged or no history; it was not touched"),
        (folder, "it is a folder"),
        (newer, "written by a newer trackerwatch"),
        (strange, "the file belongs to another program; it was not touched"),
        (cut_off, "the file is damaged or no history; it was not touched"),
    ],
)
async def test_a_file_that_cannot_be_used_is_named_left_alone_and_done_without(tmp_path, spoil, words):
    path = tmp_path / "history.db"
    spoil(path)
    before = None if path.is_dir() else path.read_bytes()
    with opened(path) as store:
        assert store.trouble.startswith(f"history {path}: {words}")
        assert "\n" not in store.trouble
        store.record(sample(NOON - 60))
        await still_works(store)
        until(lambda: store.figures.waiting == 0)
        history = await told(store)
        assert history is not None, "from what this process knows itself"
        assert history.uptime[0].counted == 1
    assert path.is_dir() or path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["history.db"]


async def test_a_folder_that_is_a_file_is_done_without(tmp_path):
    (tmp_path / "file").touch()
    with opened(tmp_path / "file" / "history.db") as store:
        assert "a part of the path is a file" in store.trouble
        await still_works(store)


async def test_when_the_path_becomes_free_everything_is_written(tmp_path):
    path = tmp_path / "history.db"
    path.mkdir()
    with opened(path, retry_s=0.05) as store:
        troubles = Troubles(store)
        await still_works(store)
        for i in range(10):
            store.record(sample(NOON + i))
        until(lambda: store.figures.waiting == 0)
        path.rmdir()
        until(lambda: store.trouble == "")
        assert path.is_file()
        await asyncio.sleep(0)
        until(lambda: store.figures.waiting == 0)
    assert troubles.heard == [""]
    rows = all_rows(path)
    assert (len(rows["sample"]), len(rows["memory"])) == (10, 1)
    with opened(path, wall=lambda: NOON) as store:
        assert await store.claim(TRACKER, NOON + 2000, 900) == Waits(asked_at=NOON, not_before=NOON + 5000)


def flip_pages(path: Path) -> None:
    """Damage every page of the file but the first, which says that it is a database."""
    content = bytearray(path.read_bytes())
    for start in range(4096, len(content), 4096):
        content[start : start + 64] = b"\xff" * 64
    path.write_bytes(content)


async def test_a_file_that_is_damaged_within_is_done_without(tmp_path):
    path = tmp_path / "history.db"
    with opened(path) as store:
        for i in range(1000):
            store.record(sample(NOON - i))
    flip_pages(path)
    with opened(path) as store:
        store.record(sample(NOON - 60))
        until(lambda: store.trouble != "")
        assert f"history {path}: the file is damaged" in store.trouble
        await still_works(store)
        until(lambda: store.figures.waiting == 0)
        history = await told(store)
        assert history is not None
        assert history.uptime[0].counted == 1


async def test_damage_that_a_reader_finds_stops_the_writing(tmp_path):
    path = tmp_path / "history.db"
    with opened(path) as store:
        for i in range(5000):
            store.record(sample(NOON - 10 * i))
        written(store, 5000)
    connection = sqlite3.connect(path)
    root = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'sample'").fetchone()[0]
    connection.close()
    content = bytearray(path.read_bytes())
    content[(root - 1) * 4096 : (root - 1) * 4096 + 100] = b"\xff" * 100
    path.write_bytes(content)
    with opened(path, wall=lambda: NOON - 300 * DAY) as store:
        assert store.trouble == "", "what opening reads is whole"
        await told(store)
        until(lambda: "damaged" in store.trouble)
        damaged = path.read_bytes()
        store.record(sample(NOON))
        until(lambda: store.figures.waiting == 0)
        assert path.read_bytes() == damaged


@contextlib.contextmanager
def locked(path: Path):
    """Another connection that does not let go."""
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        holder.execute("ROLLBACK")
        holder.close()


async def test_a_lock_that_lasts_is_told_and_nothing_is_lost(tmp_path, monkeypatch):
    monkeypatch.setattr("trackerwatch.store.writer.LOCKED_GRACE_S", 0.0)
    path = tmp_path / "history.db"
    with opened(path) as store:
        troubles = Troubles(store)
        with locked(path):
            store.record(sample(NOON))
            until(lambda: store.trouble != "")
            assert store.trouble == f"history {path}: another program has locked it"
            await still_works(store)
            assert store.figures.waiting == 2
        until(lambda: store.trouble == "")
        written(store, 2)
        await asyncio.sleep(0)
        assert troubles.heard == [f"history {path}: another program has locked it", ""]
    assert len(all_rows(path)["sample"]) == 1


async def test_a_claim_under_a_lock_is_answered_from_this_processs_memory(tmp_path):
    path = tmp_path / "history.db"
    with opened(path) as store:
        with locked(path):
            assert await store.claim(TRACKER, NOON, 900) is None
            assert await store.claim(TRACKER, NOON + 1, 900) == Waits(asked_at=NOON)
            assert "locked" in store.trouble
        until(lambda: store.trouble == "")
        # What was granted in the meantime gets into the file with the next claim.
        assert await store.claim(TRACKER, NOON + 2, 900) == Waits(asked_at=NOON)
    with opened(path) as store:
        assert await store.claim(TRACKER, NOON + 3, 900) == Waits(asked_at=NOON)


async def test_a_batch_waits_a_while_for_another_program_without_a_word(tmp_path):
    path = tmp_path / "history.db"
    with opened(path) as store:
        troubles = Troubles(store)
        with locked(path):
            store.record(sample(NOON))
            until(lambda: store.figures.errors > 0)
        written(store, 1)
        await asyncio.sleep(0)
        assert troubles.heard == []


async def test_a_store_that_is_locked_when_it_is_opened_is_used_later(tmp_path, monkeypatch):
    monkeypatch.setattr("trackerwatch.store.writer.OPEN_S", 0.1)
    path = tmp_path / "history.db"
    with opened(path) as store:
        store.record(memory(NOON - DAY))
    with locked(path), opened(path) as store:
        assert "locked" in store.trouble
        assert (await store.recall(TRACKER, [])).memory == memory(NOON - DAY), "reading is not in its way"
    with locked(path):
        store = Store.open(path, vantage_id=VANTAGE, vantage_name="here", wall=lambda: NOON, batch_s=0.0)
        store.record(sample(NOON))
        await still_works(store)
    until(lambda: store.trouble == "")
    until(lambda: store.figures.waiting == 0)
    assert store.close()
    assert len(all_rows(path)["sample"]) == 1


async def test_a_disk_that_hangs_holds_no_claim_up(tmp_path, monkeypatch):
    monkeypatch.setattr(facade, "CLAIM_S", 0.02)
    gate = threading.Event()
    with opened(tmp_path / "history.db") as store:
        stuck = store._writer.submit(lambda *_: gate.wait(10))
        assert await store.claim(TRACKER, NOON, 900) is None
        assert await store.claim(TRACKER, NOON + 1, 900) == Waits(asked_at=NOON)
        gate.set()
        assert stuck.result(10)


def can_mount() -> bool:
    return os.getuid() == 0 and sys.platform == "linux"


@contextlib.contextmanager
def mounted(folder: Path, options: str):
    """A file system of its own, or a skipped test."""
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("no right to mount")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@pytest.mark.skipif(not can_mount(), reason="mounting needs root")
async def test_a_disk_that_fills_up_loses_nothing_and_is_used_again(tmp_path):
    folder = tmp_path / "small"
    with mounted(folder, "size=700k"):
        path = folder / "history.db"
        filler = folder / "filler"
        with opened(path, retry_s=0.05) as store:
            troubles = Troubles(store)
            store.record(memory(NOON - DAY))
            written(store, 1)
            with contextlib.suppress(OSError), filler.open("wb") as file:
                while True:
                    file.write(bytes(4096))
                    file.flush()
            for i in range(3000):
                store.record(sample(NOON - 1000 - i))
            until(lambda: store.trouble != "")
            assert store.trouble == f"history {path}: the disk is full"
            assert (await store.recall(TRACKER, [])).memory == memory(NOON - DAY)
            await still_works(store)
            filler.unlink()
            until(lambda: store.trouble == "")
            until(lambda: store.figures.waiting == 0)
            await asyncio.sleep(0)
            assert troubles.heard == [f"history {path}: the disk is full", ""]
            assert store.figures.dropped == 0
            recalled = await store.recall(TRACKER, [])
            assert len(recalled.recent) == 60
        rows = all_rows(path)
        assert len(rows["sample"]) == 3000


@pytest.mark.skipif(not can_mount(), reason="mounting needs root")
async def test_a_read_only_file_system_is_read_and_not_written(tmp_path):
    folder = tmp_path / "fixed"
    with mounted(folder, "size=4m"):
        path = folder / "history.db"
        with opened(path) as store:
            store.record(memory(NOON - DAY))
            store.record(sample(NOON - 60))
        before = path.read_bytes()
        await asyncio.to_thread(subprocess.run, ["mount", "-o", "remount,ro", folder], check=True)
        with opened(path) as store:
            assert store.trouble.startswith(f"history {path}: ")
            assert (await store.recall(TRACKER, [])).memory == memory(NOON - DAY)
            history = await told(store)
            assert history is not None
            assert history.uptime[0].counted == 1
            await still_works(store)
        assert path.read_bytes() == before


LIMITED = """
import resource, sys, time
from tests.store.making import NOON, opened, sample, until
from pathlib import Path
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
with opened(Path(sys.argv[1])) as store:
    for i in range(20_000):
        store.record(sample(NOON - i))
    until(lambda: store.trouble != "")
    print(store.trouble)
    print(store.figures.written)
"""


def test_a_limit_on_the_size_of_files_is_a_full_disk(tmp_path):
    path = tmp_path / "history.db"
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(path)], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    trouble, count = done.stdout.splitlines()
    assert trouble.startswith(f"history {path}: ")
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert connection.execute("SELECT count(*) FROM sample").fetchone()[0] == int(count)
    assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    connection.close()


async def test_a_file_that_was_moved_away_is_missed_by_nobody_who_reads(tmp_path):
    path = tmp_path / "history.db"
    with opened(path) as store:
        store.record(memory(NOON))
        written(store, 1)
        assert (await store.recall(TRACKER, [])).memory == memory(NOON)
        path.rename(tmp_path / "elsewhere.db")
        assert (await store.recall(TRACKER, [])) == Recalled()


def test_listeners_without_a_loop_hear_on_the_stores_thread_until_they_end(tmp_path):
    path = tmp_path / "history.db"
    path.mkdir()
    with opened(path, retry_s=0.02) as store:
        heard, ended = [], []
        store.subscribe(heard.append)
        end = store.subscribe(ended.append)
        end()
        end()
        path.rmdir()
        until(lambda: heard == [""])
        assert ended == []
