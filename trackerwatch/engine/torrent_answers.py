"""What trackers said of the torrents of one table, as faces see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch.engine.clock import at
from trackerwatch.engine.views import AnnounceView, AnswerView, AskState, ScrapeView, Source
from trackerwatch.failover import Role, Standing
from trackerwatch.health import Health
from trackerwatch.outcome import NOTHING_KNOWN, UNKNOWN_COUNT, Failure, FailureKind, SwarmAnswer, SwarmCounts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trackerwatch.engine.shapes import Shape
    from trackerwatch.engine.swarms import Published
    from trackerwatch.engine.views import TrackerView
    from trackerwatch.metainfo import Torrent
    from trackerwatch.tracker import Tracker

_NOT_SCRAPED = ScrapeView(AskState.SKIPPED)
_NOT_ANNOUNCED = AnnounceView(AskState.SKIPPED)


class Answers:
    """Makes the answers of one table. One round of a tracker says the same of most of its torrents: that is made once."""

    def __init__(
        self,
        trackers: Sequence[TrackerView],
        published: Sequence[Published | None],
        private_scraped: Callable[[Tracker], bool],
    ) -> None:
        """Know what trackers said.

        Args:
            trackers: By index.
            published: By tracker index.
            private_scraped: Whether a tracker is scraped for private torrents.
        """
        self._trackers = trackers
        self._published = published
        self._private_scraped = private_scraped
        self._scrapes: dict[tuple[int, int, Failure | None], ScrapeView] = {}

    def of(self, torrent: Torrent, shape: Shape, slots: Sequence[int], roles: Sequence[Role]) -> tuple[AnswerView, ...]:
        """The answers on one torrent, in tier order; where equal, the scrape sides of two answers are one object.

        Args:
            torrent: The torrent.
            shape: Its shape.
            slots: Its columns at the trackers.
            roles: What each placement is to it.
        """
        answers = []
        swarms = torrent.swarms
        many = len(swarms)
        for n, slot in enumerate(slots):
            place, swarm = divmod(n, many)
            placement, index = shape.placements[place], shape.trackers[place].index
            published, role = self._published[index], roles[place]
            counts, scrape, announce = NOTHING_KNOWN, _NOT_SCRAPED, _NOT_ANNOUNCED
            if published is not None:
                if slot < len(published.answers):
                    counts = counts_of(published.seeders[slot], published.leechers[slot], published.completed[slot])
                    if many > 1:
                        role = _of_swarm(role, published.standings[slot])
                    if not torrent.private or self._private_scraped(placement.tracker):
                        scrape = self._scrape(index, published, slot)
                if slot in published.announces:
                    announce = _announce_view(published, slot)
            answers.append(
                AnswerView(
                    placement.tracker,
                    index,
                    placement.tier,
                    placement.position,
                    swarms[swarm][0],
                    role,
                    counts,
                    scrape,
                    announce,
                )
            )
        return tuple(answers)

    def _scrape(self, index: int, published: Published, slot: int) -> ScrapeView:
        answer = published.answers[slot]
        own = published.failures.get(slot) if answer == SwarmAnswer.FAILED else None
        key = (index, answer, own)
        view = self._scrapes.get(key)
        if view is None:
            view = self._scrapes[key] = _scrape_view(self._trackers[index], published, answer, own)
        return view


def counts_of(seeders: int, leechers: int, completed: int) -> SwarmCounts:
    """Counts as columns have them (-1: unknown) as faces see them."""
    return SwarmCounts(
        None if seeders == UNKNOWN_COUNT else seeders,
        None if leechers == UNKNOWN_COUNT else leechers,
        None if completed == UNKNOWN_COUNT else completed,
    )


def _of_swarm(role: Role, own: int) -> Role:
    """What a tracker is to one swarm of a hybrid: it may work by the other alone."""
    if own == Standing.WORKS:
        return role
    return Role.FAILED if own == Standing.FAILED else Role.UNTRIED


def _scrape_view(view: TrackerView, published: Published, answer: int, own: Failure | None) -> ScrapeView:
    """What became of asking for one swarm: its own failure first, then the round's, then the tracker's."""
    failure: Failure | None
    if view.state is Health.DOWN:
        failure = view.failure
    elif answer == SwarmAnswer.FAILED:
        failure = own or published.scrape_failure
    else:
        failure = published.scrape_failure
        if failure is None and answer == SwarmAnswer.NOT_ASKED:
            failure = view.failure
    if failure is not None:
        if failure.kind is FailureKind.SCRAPE_UNSUPPORTED or not failure.kind.counted:
            return ScrapeView(AskState.SKIPPED, failure=failure)
        return ScrapeView(
            AskState.FAILED, None, failure, view.last_probe_at, _source(recalled=view.recalled_at is not None)
        )
    if answer == SwarmAnswer.NOT_ASKED:
        return _NOT_SCRAPED
    return ScrapeView(
        AskState.ANSWERED,
        published.scrape_latency_s,
        None,
        at(published.scraped_at),
        _source(recalled=published.recalled),
    )


def _announce_view(published: Published, slot: int) -> AnnounceView:
    record = published.announces[slot]
    outcome = record.outcome
    failure = outcome.probe.failure
    return AnnounceView(
        state=AskState.FAILED if failure else AskState.ANSWERED,
        latency_s=None if failure else outcome.probe.phases.exchange_s,
        peers=outcome.peers,
        interval_s=outcome.interval_s,
        min_interval_s=outcome.min_interval_s,
        warning=outcome.warning,
        failure=failure,
        observed_at=at(record.at),
        source=_source(recalled=record.recalled),
    )


def _source(*, recalled: bool) -> Source:
    return Source.STORE if recalled else Source.LIVE
