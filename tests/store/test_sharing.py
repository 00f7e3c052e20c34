"""Several programs on one store."""

import asyncio
import sqlite3
import subprocess
import sys
from pathlib import Path

from tests.store.making import NOON, OTHER, TRACKER, VANTAGE, all_rows, bench, memory, opened, sample, scrape, turned

ROOT = Path(__file__).parents[2]

CLAIMING = """
import asyncio, sys
from pathlib import Path
from tests.store.making import NOON, TRACKER, opened, sample

async def main():
    with opened(Path(sys.argv[1])) as store:
        print("ready", flush=True)
        # The time comes from outside: one clock for all programs.
        for line in sys.stdin:
            now = NOON + int(line)
            store.record(sample(now))
            granted = await store.claim(TRACKER, now, 10.0) is None
            print(int(granted), flush=True)
        assert store.trouble == "", store.trouble

asyncio.run(main())
"""


def test_four_programs_hammer_one_tracker_and_manners_hold(tmp_path):
    path = tmp_path / "history.db"
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", CLAIMING, str(path)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    assert [program.stdout.readline() for program in programs] == ["ready\n"] * 4
    grants = []
    for step in range(200):
        for program in programs:
            program.stdin.write(f"{step}\n")
            program.stdin.flush()
        grants.append(sum(int(program.stdout.readline()) for program in programs))
    for program in programs:
        program.communicate(timeout=30)
        assert program.returncode == 0
    assert grants == [1 if step % 10 == 0 else 0 for step in range(200)]
    rows = all_rows(path)
    assert len(rows["sample"]) == 4 * 200
    numbers = [row[4] for row in rows["sample"]]
    assert len(set(numbers)) == len(numbers)


async def test_claims_of_two_programs_interleave_with_their_batches(tmp_path):
    path = tmp_path / "history.db"
    with opened(path) as one, opened(path) as two:
        for i in range(100):
            for number, store in enumerate((one, two)):
                store.record(sample(NOON + i))
                store.record(scrape(NOON + i, *[(i % 5, 0, 0, 1)] * 50, first=10 * number))
            both = await asyncio.gather(*(store.claim(TRACKER, NOON + i, 1.0) for store in (one, two)))
            assert both.count(None) == 1
        assert one.figures.errors == two.figures.errors == 0
        assert one.trouble == two.trouble == ""
    assert len(all_rows(path)["sample"]) == 200


async def test_one_programs_state_is_the_others_memory(tmp_path):
    path = tmp_path / "history.db"
    with opened(path) as watch, opened(path) as report:
        watch.record(memory(NOON))
        watch.close()
        assert (await report.recall(TRACKER, [])).memory == memory(NOON)


def test_a_reader_is_in_nobodys_way(tmp_path):
    path = tmp_path / "history.db"
    with bench(path) as store:
        store.write(sample(NOON))
        reader = sqlite3.connect(path, isolation_level=None)
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM sample").fetchone() == (1,)
        store.write(*(sample(NOON + i) for i in range(1, 500)))
        assert reader.execute("SELECT count(*) FROM sample").fetchone() == (1,), "a picture of one moment"
        reader.execute("ROLLBACK")
        assert reader.execute("SELECT count(*) FROM sample").fetchone() == (500,)
        reader.close()


def test_stores_of_two_vantages_can_be_merged(tmp_path):
    """Facts are told apart by vantage and sequence number, so a merge is an insert that leaves out what is there."""
    for vantage in (VANTAGE, OTHER):
        with bench(tmp_path / vantage, vantage) as store:
            store.write(sample(NOON), turned(NOON, "up", "down"))
    with bench(tmp_path / VANTAGE) as store:
        connection = store.connection
        connection.execute("ATTACH ? AS other", (str(tmp_path / OTHER),))
        connection.execute("INSERT INTO vantage (uuid, name, seq) SELECT uuid, name, seq FROM other.vantage")
        number = store.value("SELECT id FROM vantage WHERE uuid = ?", OTHER)
        for _ in range(2):
            connection.execute(
                "INSERT OR IGNORE INTO sample SELECT tracker, endpoint, at, ?, seq, failure, answered, counted, latency_us,"
                " covers_ms, resolve_us, connect_us, tls_us, exchange_us, requests, lost FROM other.sample",
                (number,),
            )
        assert store.rows("SELECT vantage, seq FROM sample ORDER BY vantage") == [(1, 1), (number, 1)]


def test_two_that_watch_one_tracker_cover_each_moment_once(tmp_path):
    """Twice the samples, and not twice the time: half a day watched by two is no whole one."""
    with bench(tmp_path / "history.db") as one, bench(tmp_path / "history.db") as two:
        for round_ in range(10):
            at = NOON + 120 * round_
            one.write(sample(at, covers_s=120 if round_ else 0))
            two.write(sample(at + 30, covers_s=120 if round_ else 0))
        rows = one.rows("SELECT at, covers_ms FROM sample WHERE endpoint = 0 ORDER BY at")
        assert len(rows) == 20
        assert sum(covers for _, covers in rows) == (rows[-1][0] - rows[0][0]) - 30_000, (
            "the second's first covers nothing"
        )
        # A batch that was slow to be written overlaps what is there, and adds nothing.
        two.write(sample(NOON + 60, covers_s=30))
        assert one.rows("SELECT covers_ms FROM sample WHERE at = ?", (NOON + 60) * 1000) == [(0,)]


def test_what_two_saw_change_changed_once(tmp_path):
    with bench(tmp_path / "history.db") as one, bench(tmp_path / "history.db") as two:
        one.write(turned(NOON, "up", "down"))
        two.write(turned(NOON + 1, "up", "down"))
        one.write(turned(NOON + 60, "down", "up"), turned(NOON + 61, "down", "up"))
        two.write(turned(NOON + 61, "down", "up"))
        assert one.rows("SELECT at FROM transition ORDER BY at") == [(NOON * 1000,), ((NOON + 60) * 1000,)]
