"""Loading 10,000 .torrent files: trackerwatch against libtorrent, whole process against whole process.

Run: python benchmarks/loading.py [--files N] [--runs N] [--cache-dir DIR] [--json]

Both processes walk the same folder and get, for every file, info hash, tiers and size; both print one digest over all info hashes,
and these must agree. They run alternately, so that a busy machine slows both.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BUDGET_RATIO = 2.0
"""spec 12: at most twice libtorrent's time."""

LAYOUT_VERSION = 1
"""Part of the folder's name, so that files of an older layout are not measured by mistake."""

OURS = """
import hashlib, sys
from trackerwatch.inputs import Loader
loader = Loader([sys.argv[1]])
for batch in loader.batches():
    pass
loaded = loader.loaded()
assert not loaded.skipped, loaded.skipped[:3]
hashes = sorted(torrent.info_hash for torrent in loaded.torrents)
placements = sum(len(torrent.placements) for torrent in loaded.torrents)
size_bytes = sum(torrent.size_bytes for torrent in loaded.torrents)
print(len(hashes), placements, size_bytes, hashlib.sha256(b"".join(hashes)).hexdigest())
"""

LIBTORRENT = """
import hashlib, os, sys
import libtorrent
hashes, placements, size_bytes = [], 0, 0
for folder, _, names in os.walk(sys.argv[1]):
    for name in names:
        info = libtorrent.torrent_info(os.path.join(folder, name))
        hashes.append(info.info_hashes().get_best().to_bytes())
        placements += len([(tracker.url, tracker.tier) for tracker in info.trackers()])
        size_bytes += info.total_size()
print(len(hashes), placements, size_bytes, hashlib.sha256(b"".join(sorted(hashes))).hexdigest())
"""


def bencode(value: object) -> bytes:
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, bytes):
        return b"%d:%b" % (len(value), value)
    if isinstance(value, list):
        return b"l" + b"".join(map(bencode, value)) + b"e"
    assert isinstance(value, dict)
    return b"d" + b"".join(bencode(key) + bencode(value[key]) for key in sorted(value)) + b"e"


def make_torrent(number: int, rng: random.Random) -> bytes:
    """A torrent like those of a large seedbox: five trackers; every 20th is 100 to 300 KB, one in five of these by its files."""
    if number % 20:
        piece_count, file_count = rng.randrange(20, 400), rng.choice((0, 0, 0, 2, 5, 12, 30))
    elif number % 100:
        piece_count, file_count = rng.randrange(5_000, 15_000), rng.choice((0, 3, 40))
    else:
        piece_count, file_count = rng.randrange(500, 1_500), rng.randrange(1_300, 3_800)
    info: dict[str, object] = {
        "name": f"collection {number:05d} of things people share",
        "piece length": 1 << 18,
        "pieces": rng.randbytes(20 * piece_count),
    }
    size_bytes = (piece_count << 18) - rng.randrange(1 << 18)
    if file_count:
        each = size_bytes // file_count
        lengths = [each] * (file_count - 1) + [size_bytes - each * (file_count - 1)]
        info["files"] = [
            {"length": length, "path": [f"folder {n // 50:03d}", f"file number {n:05d} {'x' * rng.randrange(24)}.dat"]}
            for n, length in enumerate(lengths)
        ]
    else:
        info["length"] = size_bytes
    if number % 7 == 0:
        info["private"] = 1
    trackers = [f"udp://tracker{(number + n) % 40}.example.org:6969/announce" for n in range(3)]
    trackers += [f"https://tracker{(number + n) % 40}.example.net/announce" for n in range(2)]
    return bencode(
        {
            "announce": trackers[0],
            "announce-list": [[url] for url in trackers],
            "comment": "made for a benchmark",
            "created by": "benchmarks/loading.py",
            "creation date": 1_700_000_000 + number,
            "info": info,
        }
    )


def prepare(folder: Path, files: int) -> None:
    """Write the files unless a whole set is there already."""
    done = folder / "done"
    if done.exists():
        return
    rng = random.Random(2026)
    for number in range(files):
        path = folder / "torrents" / f"{number // 1000:02d}" / f"{number:05d}.torrent"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(make_torrent(number, rng))
    done.touch()


def run(program: str, folder: Path) -> tuple[float, str]:
    """Wall-clock seconds of a whole process, and what it printed."""
    started = time.perf_counter()
    process = subprocess.run(
        [sys.executable, "-c", program, str(folder / "torrents")],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).resolve().parent.parent,
    )
    return time.perf_counter() - started, process.stdout.strip()


def measure(folder: Path, *, files: int, runs: int) -> dict[str, object]:
    """Prepare the files, run both sides alternately, compare their answers.

    Returns:
        Medians in seconds, their ratio, and the budget.

    Raises:
        SystemExit: The two sides disagree about what the files hold.
    """
    prepare(folder, files)
    times: dict[str, list[float]] = {"ours": [], "libtorrent": []}
    for number in range(runs + 1):
        taken = {}
        answers = {}
        for name, program in (("libtorrent", LIBTORRENT), ("ours", OURS)):
            taken[name], answers[name] = run(program, folder)
        if answers["ours"] != answers["libtorrent"]:
            raise SystemExit(f"the two disagree: ours {answers['ours']}, libtorrent {answers['libtorrent']}")
        # The first round fills the file cache and compiles modules.
        if number:
            for name, seconds in taken.items():
                times[name].append(seconds)
    ours_s, libtorrent_s = (statistics.median(times[name]) for name in ("ours", "libtorrent"))
    return {
        "what": f"load {files:,} .torrent files",
        "ours_s": round(ours_s, 3),
        "libtorrent_s": round(libtorrent_s, 3),
        "ratio": round(ours_s / libtorrent_s, 2),
        "ratio_range": [
            round(min(a / b for a, b in zip(times["ours"], times["libtorrent"], strict=True)), 2),
            round(max(a / b for a, b in zip(times["ours"], times["libtorrent"], strict=True)), 2),
        ],
        "budget_ratio": BUDGET_RATIO,
        "runs": runs,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--cache-dir", type=Path, help="keep the files here for the next time")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="trackerwatch-loading-") as temporary:
        base = arguments.cache_dir or Path(temporary)
        folder = base / f"torrents-{arguments.files}-v{LAYOUT_VERSION}"
        folder.mkdir(parents=True, exist_ok=True)
        row = measure(folder, files=arguments.files, runs=arguments.runs)
    if arguments.json:
        print(json.dumps(row))
        return
    low, high = row["ratio_range"]
    print("| what | trackerwatch | libtorrent | ratio (range) | budget |")
    print("| --- | --- | --- | --- | --- |")
    print(
        f"| {row['what']} | {row['ours_s']} s | {row['libtorrent_s']} s | "
        f"{row['ratio']}x ({low} to {high}) | {row['budget_ratio']}x |"
    )


if __name__ == "__main__":
    main()
