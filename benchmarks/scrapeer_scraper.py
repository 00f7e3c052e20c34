"""scrapeer, 64 hashes a call: the quickest scraper over UDP that a user can install.

Run as `python benchmarks/scrapeer_scraper.py URL` with `scrapeer` on the path and the hashes in hex on standard input; prints
what `libtorrent_scraper` prints.
"""

from __future__ import annotations

import json
import sys
import time

from scrapeer import Scraper  # type: ignore[import-not-found]


def main() -> None:
    """Scrape and print."""
    info_hashes = sys.stdin.read().split()
    counts: dict[str, tuple[int, int]] = {}
    scraper = Scraper()
    started = time.perf_counter()
    for start in range(0, len(info_hashes), 64):
        answer = scraper.scrape(hashes=info_hashes[start : start + 64], trackers=[sys.argv[1]])
        counts.update({info_hash: (one["seeders"], one["leechers"]) for info_hash, one in answer.items()})
    seconds = time.perf_counter() - started
    json.dump({"seconds": seconds, "counts": counts, "failed": 0}, sys.stdout)


if __name__ == "__main__":
    main()
