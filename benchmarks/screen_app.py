"""The real screen on the real engine, and trackers that answer from a script: what `benchmarks.screen` drives in a pty.

Run: python -m benchmarks.screen_app --torrents N --trackers N --results N [--slow-link] [--notes FILE]

Every torrent lists five trackers. Trackers are asked in turn, so often that N results a second come (0: only when due, which
is every 15 minutes), and tell another number for each of their torrents each time, so that every result is one that has to be
drawn; a few are down, and a few go down and come back.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import time
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from trackerwatch.engine.commands import ProbeNow
from trackerwatch.engine.engine import Engine
from trackerwatch.engine.settings import EngineSettings
from trackerwatch.inputs import Batch, Progress
from trackerwatch.metainfo import Placement, Torrent
from trackerwatch.outcome import (
    AnnounceOutcome,
    Endpoint,
    Failure,
    FailureKind,
    Family,
    Operation,
    Phase,
    PhaseTimes,
    ProbeOutcome,
    Resolution,
    ScrapeColumns,
    ScrapeOutcome,
    SentinelOutcome,
    SwarmAnswer,
)
from trackerwatch.tracker import parse_tracker
from trackerwatch.tui.preferences import Preferences
from trackerwatch.tui.run import run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from trackerwatch.outcome import AnnounceRequest
    from trackerwatch.tracker import Tracker

LISTED = 5
"""Trackers of each torrent."""
DOWN_EACH = 25
"""One tracker in so many never answers."""
WAVERING_EACH = 40
"""One in so many is down for every other while."""
WHILE_S = 30.0
SETTLED_S = 3.0
"""After so long each tracker has been asked once."""


class Script:
    """A prober without sockets (`engine.prober.Prober`)."""

    def __init__(self, *, well: bool) -> None:
        """Args: whether every tracker always answers."""
        self._well = well
        self.results = 0
        """Answers for one torrent on one tracker, each tracker's first ones aside."""
        self.rounds = 0
        self._began = time.monotonic()
        self._known: set[Tracker] = set()

    def _number(self, tracker: Tracker) -> int:
        return tracker.port - 10_000

    def _dead(self, tracker: Tracker) -> Failure | None:
        number = self._number(tracker)
        wavers = number % WAVERING_EACH == 7 and int((time.monotonic() - self._began) / WHILE_S) % 2
        if not self._well and (number % DOWN_EACH == 3 or wavers):
            return Failure(FailureKind.REFUSED, Phase.CONNECT, "connection refused")
        return None

    async def resolve(self, tracker: Tracker, *, timeout_s: float) -> Resolution:
        """One loopback address each, so that any interval goes."""
        del timeout_s
        return Resolution((Endpoint(Family.IPV4, "127.0.0.1", tracker.port),), (), 0.001)

    def scrape_supported(self, tracker: Tracker) -> bool:
        """Everywhere."""
        del tracker
        return True

    async def check(
        self, tracker: Tracker, endpoint: Endpoint, *, timeout_s: float, with_key: bool = True
    ) -> ProbeOutcome:
        """A sign of life."""
        del timeout_s, with_key
        await asyncio.sleep(0.02)
        return self._probe(tracker, endpoint, Operation.LIVENESS)

    def _probe(self, tracker: Tracker, endpoint: Endpoint, operation: Operation) -> ProbeOutcome:
        self.rounds += 1
        return ProbeOutcome(endpoint, operation, PhaseTimes(0.001, 0.01, None, 0.02), self._dead(tracker))

    async def scrape(
        self,
        tracker: Tracker,
        endpoint: Endpoint,
        info_hashes: Sequence[bytes],
        *,
        timeout_s: float,
        columns: ScrapeColumns | None = None,
        on_progress: Callable[[], None] | None = None,
    ) -> ScrapeOutcome:
        """Another number each time."""
        del timeout_s, on_progress
        columns = ScrapeColumns.unknown(len(info_hashes)) if columns is None else columns
        await asyncio.sleep(0.02)
        probe = self._probe(tracker, endpoint, Operation.SCRAPE)
        if probe.failure is not None:
            columns.answers[:] = bytes([SwarmAnswer.FAILED]) * len(columns)
            columns.failures.update(dict.fromkeys(range(len(columns)), probe.failure))
            return ScrapeOutcome(probe, columns)
        self.results += len(info_hashes) * (tracker in self._known)
        self._known.add(tracker)
        for index, info_hash in enumerate(info_hashes):
            seeders = (info_hash[0] * 7 + self.rounds) % 900 if info_hash[1] > 2 else 0
            columns.seeders[index] = seeders
            columns.leechers[index] = info_hash[2] + self.rounds % 50
            columns.completed[index] = info_hash[3] * 100 + self.rounds
        columns.answers[:] = bytes([SwarmAnswer.ANSWERED]) * len(columns)
        return ScrapeOutcome(probe, columns, (0.02,))

    async def announce(
        self, tracker: Tracker, endpoint: Endpoint, request: AnnounceRequest, *, timeout_s: float
    ) -> AnnounceOutcome:
        """Answered without a peer."""
        del request, timeout_s
        await asyncio.sleep(0.02)
        return AnnounceOutcome(self._probe(tracker, endpoint, Operation.ANNOUNCE), peers=0, interval_s=1800.0)

    @property
    def sentinels_are_local(self) -> bool:
        """Everything is local here."""
        return True

    async def sentinel(self, *, timeout_s: float) -> SentinelOutcome:
        """We are always on the net."""
        del timeout_s
        return SentinelOutcome(tcp=True, udp=True, local=True)

    async def close(self) -> None:
        """Nothing is open."""


def torrents(number: int, trackers: int, *, udp: bool) -> Iterator[Torrent]:
    """So many torrents on five each of so many trackers, in the folders of a collection.

    Neighbours on the ring of trackers: each list of five is shared by several torrents, as announce lists are in real life.
    """
    listed = [
        parse_tracker(f"{'udp' if udp and n % 2 else 'http'}://tracker{n:04d}.test:{10_000 + n}/announce")
        for n in range(trackers)
    ]
    tiers = [
        tuple(Placement(listed[(first + place) % trackers], place, 0) for place in range(LISTED))
        for first in range(trackers)
    ]
    for n in range(number):
        name = f"collection {n * 7919 % number:05d} of things that people share.mkv"
        source = f"/srv/torrents/{('films', 'music', 'books', 'images')[n % 4]}/{n // 500:03d}/{n:05d}.torrent"
        yield Torrent(
            name, hashlib.sha1(b"%d" % n).digest(), None, private=False, size_bytes=n << 20, placements=tiers[n % trackers],
            sources=(source,),
        )  # fmt: skip


class Hang(StrEnum):
    """What never comes back."""

    ENGINE = "engine"
    """Neither stopping nor cancelling helps."""
    LOADING = "loading"
    """A thread that reads."""
    LOOP = "loop"
    """Everything."""


class Hurried(Engine):
    """The engine, and somebody who presses `r` on one tracker after the other."""

    hangs: Hang | None = None

    pause_s: float = 0.0
    """Between two trackers. 0: nobody does."""

    async def run(self) -> None:
        """Watch until stopped."""
        pressing = asyncio.create_task(self._press())
        if self.hangs is Hang.LOOP:
            await asyncio.sleep(SETTLED_S)
            while True:
                time.sleep(0.01)  # noqa: ASYNC251 - this is the point
        try:
            await super().run()
        finally:
            pressing.cancel()

    async def stop(self) -> None:
        """End soon, or never."""
        while self.hangs is Hang.ENGINE:
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(3600)
        await super().stop()

    async def _press(self) -> None:
        # Counted once: whoever asks the engine for a snapshot each time measures that.
        trackers = len(self.snapshot().trackers)
        number, at = 0, time.monotonic() + SETTLED_S
        while self.pause_s:
            # By the clock: a pause after each would be one after the work, and so a lower rate than was said.
            at += self.pause_s
            await asyncio.sleep(max(0.0, at - time.monotonic()))
            self.do(ProbeNow((number,)))
            number = (number + 1) % trackers


def never() -> Iterator[Batch]:
    """Inputs on a drive that is gone."""
    yield Batch((), (), Progress(0, None, 0))
    while True:
        time.sleep(3600)


def main() -> int:
    """Show the screen."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--torrents", type=int, default=10_000)
    parser.add_argument("--trackers", type=int, default=500)
    parser.add_argument("--results", type=float, default=500.0, help="answers a second for one torrent on one tracker")
    parser.add_argument("--well", action="store_true", help="every tracker answers, and none wants a heartbeat (UDP)")
    parser.add_argument("--slow-link", action="store_true")
    parser.add_argument("--notes", type=Path, help="write how many results there were here, when the screen is left")
    parser.add_argument("--hang", type=Hang, choices=Hang, help="this never comes back")
    parser.add_argument("--profile", type=Path, help="write a profile of the whole run here")
    arguments = parser.parse_args()
    script = Script(well=arguments.well)
    engine = Hurried(script, EngineSettings(), vantage="benchmark")
    engine.hangs = arguments.hang
    if arguments.results:
        engine.pause_s = arguments.torrents * LISTED / arguments.trackers / arguments.results
    engine.add_torrents(torrents(arguments.torrents, arguments.trackers, udp=not arguments.well))
    preferences = Preferences(slow_link=arguments.slow_link)
    began = time.monotonic()
    if arguments.profile:
        import cProfile  # noqa: PLC0415 - for whoever looks for the reason of a figure

        profile = cProfile.Profile()
        code = profile.runcall(run, engine, None, None, preferences)
        profile.dump_stats(arguments.profile)
    else:
        code = run(engine, never() if arguments.hang is Hang.LOADING else None, preferences=preferences)
    if arguments.notes:
        seconds = time.monotonic() - began - SETTLED_S
        arguments.notes.write_text(json.dumps({"seconds": seconds, "results": script.results, "rounds": script.rounds}))
    return code


if __name__ == "__main__":
    raise SystemExit(main())
