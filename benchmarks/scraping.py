"""One scrape round of 10,000 torrents on one real tracker: ours, the floor, and what a user could install instead."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from statistics import median
from typing import TYPE_CHECKING

from benchmarks import bare
from benchmarks.field import Field, made_up_hashes
from benchmarks.ours import WrongCountsError, probe_round, scrape_round
from benchmarks.table import Figure
from tests.real.lab.places import NPM, ROOT, find_program

if TYPE_CHECKING:
    from collections.abc import Iterator

RUNS = 7
ALTERNATIVE_RUNS = 3
BUDGETS = {"udp": 6.0, "http": 5.0}
"""Times the floor."""


def figures(size: int) -> Iterator[Figure]:
    """Measure over UDP, then over HTTP."""
    with Field(made_up_hashes(size)) as field:
        before = field.tracker.counts()
        for protocol in ("udp", "http"):
            yield from _one_protocol(field, protocol)
        if field.tracker.counts() != before:
            raise WrongCountsError("the tracker's own counts changed while it was scraped")


def _one_protocol(field: Field, protocol: str) -> Iterator[Figure]:
    tracker, hashes = field.tracker, field.info_hashes
    url = tracker.udp_url if protocol == "udp" else tracker.http_url
    floor = bare.udp if protocol == "udp" else bare.http
    floors, rounds, probes, filings = [], [], [], []
    # The first of each is a warm-up. Alternating: what slows the machine for a while slows both.
    for run in range(RUNS + 1):
        floor_s = asyncio.run(floor(tracker.address, tracker.port, hashes))
        one_round = asyncio.run(scrape_round(url, hashes, field.truth))
        probe_s = asyncio.run(probe_round(url, hashes, field.truth))
        if run:
            probes.append(probe_s)
            floors.append(floor_s)
            rounds.append(one_round.seconds)
            filings.append(one_round.filing_s)
    floor_s, round_s = median(floors), median(rounds)
    budget = BUDGETS[protocol]
    shown = f"{protocol.upper()}, {len(hashes):,} torrents"
    yield Figure(
        f"scrape round, {shown}",
        f"{_ms(round_s)} ({_ms(min(rounds))} to {_ms(max(rounds))})",
        f"bare loop {_ms(floor_s)} ({_ms(min(floors))} to {_ms(max(floors))})",
        round_s / floor_s,
        f"at most {budget:g}x",
        round_s / floor_s <= budget,
    )
    yield Figure("  of it the prober alone", _ms(median(probes)), f"bare loop {_ms(floor_s)}", median(probes) / floor_s)
    yield Figure("  before it: filing the torrents in the engine", _ms(median(filings)))
    for name, command, environment in _alternatives(protocol, url):
        results = [_alternative(command, environment, field) for _ in range(ALTERNATIVE_RUNS)]
        seconds = median(result[0] for result in results)
        right = min(result[1] for result in results)
        note = "" if right == len(hashes) else f", {right:,} right"
        yield Figure(
            f"  {name}{note}",
            _ms(seconds),
            f"bare loop {_ms(floor_s)}",
            seconds / floor_s,
            "ours is faster",
            round_s < seconds,
        )


def _alternatives(protocol: str, url: str) -> Iterator[tuple[str, list[str], dict[str, str]]]:
    yield "libtorrent, 64 under way", [sys.executable, "-m", "benchmarks.libtorrent_scraper", url], {}
    node = find_program("node")
    if node and (NPM / "node_modules" / "bittorrent-tracker").is_dir():
        batch, under_way = ("74", "16") if protocol == "udp" else ("64", "8")
        script = str(ROOT / "benchmarks" / "npm_scraper.mjs")
        yield f"npm client, {batch} a request", [node, script, url, batch, under_way], {"LAB_NPM": str(NPM)}
    scrapeer = ROOT / ".lab" / "scrapeer"
    if protocol == "udp" and scrapeer.is_dir():
        script = str(ROOT / "benchmarks" / "scrapeer_scraper.py")
        yield "scrapeer, 64 a request", [sys.executable, script, url], {"PYTHONPATH": str(scrapeer)}


def _alternative(command: list[str], environment: dict[str, str], field: Field) -> tuple[float, int]:
    """Seconds as the scraper took them, and how many of its counts are right."""
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        input="\n".join(info_hash.hex() for info_hash in field.info_hashes),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    result = json.loads(done.stdout)
    right = sum(result["counts"].get(h.hex()) == list(counts[:2]) for h, counts in field.truth.items())
    return result["seconds"], right


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"
