"""A made-up past for the panes, and a history that answers when a test says so."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.tui.feeds import NOW, uptimes
from trackerwatch.history import Gap, Outage, Stretch, TorrentHistory, TrackerHistory, Transition

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

AT = NOW.timestamp()


def stretches(marks: str, *, until: float = AT, span_s: float = 1800.0, p50_s: float = 0.05) -> tuple[Stretch, ...]:
    """One stretch for each character: `#` answered, `-` partly failed, `x` failed, ` ` a gap, `=` spoken for by the next."""
    made = []
    for number, mark in enumerate(marks):
        counted = 0 if mark in " =" else 10
        successes = {"#": 10, "-": 7}.get(mark, 0)
        answered = successes > 0
        made.append(
            Stretch(
                begin=until - (len(marks) - number) * span_s,
                span_s=span_s,
                successes=successes,
                counted=counted,
                covered_s=0.0 if mark == " " else span_s,
                p50_s=p50_s * (1 + number % 5 / 5) if answered else None,
                p95_s=p50_s * (2 + number % 7 / 5) if answered else None,
            )
        )
    return tuple(made)


def fill(marks: str, cells: int) -> str:
    """These marks, stretched or cut to so many cells."""
    return "".join(marks[n * len(marks) // cells] for n in range(cells))


def tracker_past(
    marks: str = "############--######xxxx#######          #######",
    *,
    tracker: str = "0123456789",
    since: float = AT - 86400,
    until: float = AT,
    cells: int = 48,
    outages: Iterable[Outage] = (),
    gaps: Iterable[Gap] = (),
) -> TrackerHistory:
    return TrackerHistory(
        tracker=tracker,
        url="udp://tracker.foo.org:6969/announce",
        host_port="tracker.foo.org:6969",
        protocol="udp",
        since=since,
        until=until,
        uptime=uptimes(0.99),
        stretches=stretches(fill(marks, cells), until=until, span_s=(until - since) / cells),
        outages=tuple(outages),
        gaps=tuple(gaps),
        transitions=(),
        p50_s=0.05,
        p95_s=0.1,
        p99_s=0.2,
        phases_p50_s=(("connect", 0.02), ("exchange", 0.05)),
        flaps=3,
        last_success_at=until,
        state="up",
        state_since=since,
    )


OUTAGES = (
    Outage("192.0.2.7:6969", AT - 9 * 86400, AT - 9 * 86400 + 3600, "timeout"),
    Outage(None, AT - 852, None, "refused"),
)
GAPS = (Gap("suspended", AT - 30000, AT - 12000, "this machine slept"),)


def moved(seconds_ago: float, kind: str, message: str) -> Transition:
    return Transition(AT - seconds_ago, kind, None, None, None, message, tracker=None)


def torrent_past(
    *transitions: Transition,
    last_seeder_ago_s: float | None = None,
    seeders: Sequence[tuple[float, int | None]] = (),
) -> TorrentHistory:
    """`seeders` are seconds ago and counts, oldest first."""
    at = None if last_seeder_ago_s is None else AT - last_seeder_ago_s
    told = tuple((AT - ago_s, count) for ago_s, count in seeders)
    return TorrentHistory("00" * 20, AT - 30 * 86400, AT, transitions, at, told)


class FakeHistory:
    """Answers at once, or, once `hold` was called, when `release` is."""

    def __init__(
        self,
        *transitions: Transition,
        last_seeder_ago_s: float | None = None,
        seeders: Sequence[tuple[float, int | None]] = (),
        known: bool = True,
    ) -> None:
        self.asked: list[tuple[str, str, int]] = []
        self.dropped = 0
        self._known = known
        self._torrent = torrent_past(*transitions, last_seeder_ago_s=last_seeder_ago_s, seeders=seeders)
        self._free = asyncio.Event()
        self._free.set()

    def hold(self) -> None:
        self._free.clear()

    def release(self) -> None:
        self._free.set()

    async def _wait(self, what: str, which: str, cells: int) -> None:
        self.asked.append((what, which, cells))
        try:
            await self._free.wait()
        except asyncio.CancelledError:
            self.dropped += 1
            raise

    async def tracker(self, tracker: str, *, since: float, until: float, stretches: int) -> TrackerHistory | None:
        await self._wait("tracker", tracker, stretches)
        if not self._known:
            return None
        return tracker_past(tracker=tracker, since=since, until=until, cells=stretches, outages=OUTAGES, gaps=GAPS)

    async def overview(self, *, since: float, until: float, stretches: int) -> Sequence[TrackerHistory]:
        from tests.tui.feeds import marked_trackers  # noqa: PLC0415 - only pictures and tests of the whole screen

        await self._wait("overview", "", stretches)
        return [
            tracker_past(tracker=view.tracker.id, since=since, until=until, cells=stretches)
            for view in marked_trackers()
        ]

    async def torrent(self, info_hash: str, *, since: float, until: float) -> TorrentHistory:
        del since, until
        await self._wait("torrent", info_hash, 0)
        return self._torrent
