"""kill -9 in the middle of writing, again and again: the file opens, is whole, and misses at most the last batch."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from tests.store.making import NOON, TRACKER, VANTAGE, opened
from trackerwatch.health import Health
from trackerwatch.store.recalling import recall

ROOT = Path(__file__).parents[2]
TIMES = 50

CHILD = """
import sys
from pathlib import Path
from tests.store.making import NOON, memory, sample, scrape, VANTAGE
from trackerwatch.health import Health
from trackerwatch.store.lookups import Lookups
from trackerwatch.store.opening import open_writer
from trackerwatch.store.pending import Pending
from trackerwatch.store.recording import write_batch
from trackerwatch.store.rollups import roll
from trackerwatch.store.retention import Keeping, forget
import os

# One process forks a child for each life, so that a life costs no start of an interpreter.
path = Path(sys.argv[1])
for line in sys.stdin:
    round_ = int(line)
    child = os.fork()
    if child:
        print("born", child, flush=True)
        os.waitpid(child, 0)
        print("dead", flush=True)
        continue
    connection = open_writer(path)
    lookups = Lookups(connection, VANTAGE, "here")
    number = round_ * 1_000_000
    while True:
        pending = Pending()
        for i in range(50):
            number += 1
            pending.put(sample(NOON + number / 1000, covers_s=number % 3 * 1800))
        pending.put(memory(NOON + number, list(Health)[number // 50 % 4]))
        pending.put(scrape(NOON + number, *[(number % 7, 1, 1, 1)] * 30))
        write_batch(connection, lookups, pending.take())
        # Said only after the commit: what a parent has read was written.
        os.write(1, b"%d\\n" % number)
        if number % 400 == 0:
            for _ in roll(connection, lookups, NOON + number):
                break
"""


def lines_of(process) -> str:
    return process.stdout.readline().decode().strip()


def test_fifty_lives(tmp_path):
    path = tmp_path / "history.db"
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(path)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    seen_before = lives_that_wrote = 0
    try:
        for life in range(1, TIMES + 1):
            process.stdin.write(b"%d\n" % life)
            process.stdin.flush()
            born, pid = lines_of(process).split()
            assert born == "born"
            # Each dies at another point of its work: some while they open the file, most while they write.
            committed = int(lines_of(process)) if life % 5 else 0
            time.sleep(0.001 * (life % 17))
            os.kill(int(pid), signal.SIGKILL)
            while (line := lines_of(process)) != "dead":
                committed = max(committed, int(line))
            lives_that_wrote += committed > 0
            seen_before = check(path, committed, seen_before)
        assert lives_that_wrote >= TIMES * 4 // 5
    finally:
        process.stdin.close()
        process.wait(10)
        assert process.stdout is not None
        process.stdout.close()

    async def remembered():
        with opened(path, wall=lambda: NOON) as store:
            assert store.trouble == ""
            return await store.recall(TRACKER, [])

    assert asyncio.run(remembered()).memory is not None


def check(path: Path, committed: int, seen_before: int) -> int:
    """The file after a death: whole, with all that was said to be written, and at most one batch more.

    Returns:
        How many samples there are.
    """
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        count, newest = connection.execute("SELECT count(*), max(seq) FROM sample").fetchone()
        remembered = recall(connection, VANTAGE, TRACKER, [], NOON).memory
        if remembered is None:
            assert count == 0
            return 0
        number = round(remembered.at - NOON)
        if committed:
            assert number in (committed, committed + 50)
            # States are what was last committed, whole: no state ever comes of dying.
            assert remembered.state is list(Health)[number // 50 % 4]
        at = connection.execute("SELECT max(at) FROM sample").fetchone()[0]
        assert at == round((NOON + number / 1000) * 1000), "a batch is there whole or not at all"
        assert count % 50 == 0
        assert count >= seen_before
        assert newest is not None
        seqs = connection.execute(
            "SELECT seq FROM sample UNION ALL SELECT seq FROM latest UNION ALL SELECT seq FROM memory"
        )
        numbers = [row[0] for row in seqs]
        assert len(set(numbers)) == len(numbers)
        return count
    finally:
        connection.close()
