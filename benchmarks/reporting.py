"""Reports: from the last answer of a tracker to the last byte in the last file, and a report from memory alone.

A child process runs the real command line, with a clock on what its sockets bring and on every file it writes.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.field import Field
from benchmarks.table import Figure
from tests.real.lab.places import ROOT, free_port, own_address

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

RUNS = 3
WRITTEN_WITHIN_S = 3.0
"""spec 12: 5,000 torrents, all formats, from the last answer on."""
CACHED_WITHIN_S = 1.0
"""spec 7: what monitoring asks every five minutes."""

_TIMED = """
import json, sys, time
from trackerwatch.cli import main, output
from trackerwatch.probe import prober
took, last = {}, [time.perf_counter()]
def noting(name):
    asked = getattr(prober.SocketProber, name)
    async def ask(*words, **more):
        answer = await asked(*words, **more)
        last[0] = time.perf_counter()
        return answer
    setattr(prober.SocketProber, name, ask)
for name in ("check", "scrape", "announce"):
    noting(name)
write = output.write_file
def timed_write(path, pieces):
    begun = time.perf_counter()
    write(path, pieces)
    took[path] = time.perf_counter() - begun
output.write_file = timed_write
emit = output.emit
def timed_emit(*words, **more):
    marks["emit"] = time.perf_counter()
    failures = emit(*words, **more)
    marks["end"] = time.perf_counter()
    return failures
marks = {}
output.emit = timed_emit
code = main.main(sys.argv[1:])
written_s = marks["end"] - last[0]
thinking_s = marks["emit"] - last[0]
print(json.dumps({"code": code, "written_s": written_s, "thinking_s": thinking_s, "files": took}), file=sys.stderr)
"""


def figures(size: int) -> Iterator[Figure]:
    """Measure.

    Args:
        size: Twice the number of torrents.
    """
    torrents = size // 2
    infos = [
        b"d6:lengthi%de4:name%d:%b12:piece lengthi16384e6:pieces20:%be"
        % (1000 + n, len(name), name, hashlib.sha1(name).digest())
        for n in range(torrents)
        for name in [b"benchmark-%05d.iso" % n]
    ]
    with (
        Field([hashlib.sha1(info).digest() for info in infos]) as field,
        tempfile.TemporaryDirectory() as folder,
    ):
        address = own_address()
        urls = [field.tracker.udp_url, field.tracker.http_url, f"udp://{address}:{free_port(address)}/announce"]
        inputs = Path(folder) / "torrents"
        inputs.mkdir()
        tiers = b"l%be" % b"".join(b"l%d:%be" % (len(url), url.encode()) for url in urls)
        for number, info in enumerate(infos):
            (inputs / f"{number:05}.torrent").write_bytes(
                b"d8:announce%d:%b13:announce-list%b4:info%be" % (len(urls[0]), urls[0].encode(), tiers, info)
            )
        home = Path(folder) / "home"
        yield from _all_formats(inputs, home, torrents)
        yield from _cached(inputs, home, torrents)


def _all_formats(inputs: Path, home: Path, torrents: int) -> Iterator[Figure]:
    from trackerwatch.reports.formats import FORMATS  # noqa: PLC0415 - beside what is measured

    out = home / "out"
    out.mkdir(parents=True)
    words: list[str] = ["report", str(inputs), "--allow-private", "--lint", "--min-seeders", "2"]
    for name in FORMATS:
        words += ["--format", name, "-o", str(out / f"report.{name}")]
    rows = [_run(["-c", _TIMED, *words], home) for _ in range(RUNS)]
    written_s = median(row["written_s"] for row in rows)
    yield Figure(
        f"{torrents:,} torrents on 3 trackers: last answer to last byte of {len(FORMATS)} formats",
        f"{written_s:.2f} s",
        budget=f"at most {WRITTEN_WITHIN_S:g} s",
        kept=written_s <= WRITTEN_WITHIN_S,
    )
    yield Figure("  of these until the first format begins", f"{median(row['thinking_s'] for row in rows):.2f} s")
    each = {name: median(row["files"][str(out / f"report.{name}")] for row in rows) for name in FORMATS}
    slowest = max(each.values())
    for name, took_s in each.items():
        size_mb = (out / f"report.{name}").stat().st_size / 1e6
        yield Figure(f"  {name}, {size_mb:.2f} MB", f"{took_s:.3f} s", "the slowest format", took_s / slowest)


def _cached(inputs: Path, home: Path, torrents: int) -> Iterator[Figure]:
    """What was just asked, reported from memory; whole processes."""
    floor_s = _whole(["-c", "pass"], home)
    few = home / "few"
    few.mkdir()
    for path in sorted(inputs.iterdir())[: torrents // 5]:
        (few / path.name).symlink_to(path)
    for folder, number in ((few, torrents // 5), (inputs, torrents)):
        words = ["-m", "trackerwatch", "report", str(folder), "--cached", "--format", "nagios"]
        took_s = _whole(words, home)
        yield Figure(
            f"report --cached of {number:,} torrents, nagios",
            f"{took_s:.2f} s",
            f"bare Python {floor_s:.3f} s",
            took_s / floor_s,
            f"at most {CACHED_WITHIN_S:g} s",
            took_s <= CACHED_WITHIN_S,
        )


def _whole(words: Sequence[str], home: Path) -> float:
    """Seconds of a whole process, as the one that starts it sees it."""
    import time  # noqa: PLC0415 - beside its use

    took = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        _process(words, home)
        took.append(time.perf_counter() - begun)
    return median(took)


def _run(words: Sequence[str], home: Path) -> dict[str, Any]:
    done = _process(words, home)
    row: dict[str, Any] = json.loads(done.stderr.strip().rpartition("\n")[2])
    return row


def _process(words: Sequence[str], home: Path) -> subprocess.CompletedProcess[str]:
    places = dict.fromkeys(("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"), str(home))
    quiet = {"TRACKERWATCH_SENTINELS": "none", "TRACKERWATCH_DNS_PREFERENCES": "false"}
    done = subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env={**os.environ, **places, **quiet},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if done.returncode not in (0, 1, 2) or "Traceback" in done.stderr:
        raise RuntimeError(f"ended {done.returncode}: {done.stderr[-1000:]}")
    return done
