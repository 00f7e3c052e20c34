"""Start-up: whole processes, from their start to their end."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.field import Field
from benchmarks.table import Figure

if TYPE_CHECKING:
    from collections.abc import Iterator

RUNS = 7


def figures() -> Iterator[Figure]:
    """Measure `--help` and a headless report of one torrent."""
    floor_s = _whole([sys.executable, "-c", "pass"])
    beside = f"bare Python {floor_s:.3f} s"
    help_s = _whole([sys.executable, "-m", "trackerwatch", "--help"])
    yield Figure("--help", f"{help_s:.3f} s", beside, help_s / floor_s, "at most 0.15 s", help_s <= 0.15)
    info = b"d6:lengthi1e4:name3:one12:piece lengthi16384e6:pieces20:%be" % bytes(20)
    with Field([hashlib.sha1(info).digest()]) as field, tempfile.TemporaryDirectory() as folder:
        for protocol, url in (("UDP", field.tracker.udp_url), ("HTTP", field.tracker.http_url)):
            torrent = Path(folder) / f"{protocol}.torrent"
            torrent.write_bytes(b"d8:announce%d:%b4:info%be" % (len(url), url.encode(), info))
            command = [
                sys.executable,
                "-m",
                "trackerwatch",
                "report",
                str(torrent),
                "--format",
                "json",
                "--allow-private",
            ]
            report_s = _whole(command)
            yield Figure(
                f"report of one torrent over {protocol}",
                f"{report_s:.3f} s",
                beside,
                report_s / floor_s,
                "at most 0.6 s",
                report_s <= 0.6,
            )


def _whole(command: list[str]) -> float:
    took = []
    for run in range(RUNS + 1):
        started = time.perf_counter()
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
        )
        if run:
            took.append(time.perf_counter() - started)
        # A report's exit code is its verdict; a crash is something else.
        if (
            done.returncode not in (0, 1, 2, 3)
            or "Traceback" in done.stderr
            or (run and not done.stdout and command[1] != "-c")
        ):
            raise RuntimeError(f"{' '.join(command)} ended {done.returncode}: {done.stderr[-1000:]}")
    return median(took)
