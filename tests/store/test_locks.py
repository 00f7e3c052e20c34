"""Another program that comes and goes: nothing it does may take the log away under a store that writes and reads."""

from __future__ import annotations

import subprocess
import sys

from trackerwatch.engine.records import SampleRecord
from trackerwatch.store import Store
from trackerwatch.tracker import parse_tracker

TRACKER = parse_tracker("udp://127.0.0.1:1/announce")
VISITOR = """
import sqlite3, sys
visitor = sqlite3.connect(sys.argv[1])
print(visitor.execute("SELECT COUNT(*) FROM sample").fetchone()[0])
visitor.close()
"""


def seen_from_outside(path) -> int:
    done = subprocess.run([sys.executable, "-c", VISITOR, str(path)], capture_output=True, text=True, check=True)
    return int(done.stdout)


async def test_a_visitor_does_not_take_the_log_away(tmp_path):
    path = tmp_path / "history.db"
    stores = [Store.open(path, vantage_id=f"{0:032}", vantage_name="here", batch_s=0.0) for _ in range(2)]
    for number in range(1, 4):
        for store in stores:
            # Reads beside the writer of the same process, which opens the file once more.
            await store.recall(TRACKER, [])
        stores[0].record(SampleRecord(TRACKER, None, 1e9 + number, None, True, 0.1, 1.0))
        # Whoever waits for a claim has waited for what was recorded before it.
        while stores[0].figures.waiting:
            await stores[0].claim(TRACKER, 1e9, 1.0)
        assert seen_from_outside(path) == number
        assert (tmp_path / "history.db-wal").exists()
    for store in stores:
        assert store.close()
    assert seen_from_outside(path) == 3
