"""What explains a torrent's failover: its trackers as steps, and the lines that they come to.

Torrents that stand alike share both: they are made once a table, however many torrents somebody looks at.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from trackerwatch.engine.views import AskState
from trackerwatch.failover import WORKING, Role, Standing, Step, explain, stands_on, walk
from trackerwatch.failover.clients import GivesUp
from trackerwatch.health import Health
from trackerwatch.health.rollup import ANSWERING
from trackerwatch.outcome import Failure, FailureKind
from trackerwatch.policy.words import failure_words
from trackerwatch.tracker import Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trackerwatch.engine.shapes import Shape, Stand
    from trackerwatch.engine.views import AnswerView, TrackerView
    from trackerwatch.failover import Client
    from trackerwatch.metainfo import Placement, Torrent
    from trackerwatch.tracker import Tracker

_REFUSED_BY_ANNOUNCE = {FailureKind.UNREGISTERED, FailureKind.UNAUTHORIZED, FailureKind.FAILURE_REASON}
_STANDING_OF_ROLE = {Role.ACTIVE: Standing.WORKS, Role.BACKUP: Standing.WORKS, Role.FAILED: Standing.FAILED}
_NO_WALK = walk((), b"")


class Explainer:
    """Explains the torrents of one table."""

    def __init__(
        self, trackers: Sequence[TrackerView], client: Client, private_scraped: Callable[[Tracker], bool]
    ) -> None:
        """Know the trackers as they are now.

        Args:
            trackers: By index.
            client: Who walks the tiers.
            private_scraped: Whether a tracker is scraped for private torrents.
        """
        self._trackers = trackers
        self._client = client
        self._private_scraped = private_scraped
        self._steps: dict[tuple[object, ...], Step] = {}
        self._lines: dict[tuple[object, ...], tuple[str, ...]] = {}

    def steps(
        self, torrent: Torrent, shape: Shape, roles: tuple[Role, ...], answers: tuple[AnswerView, ...]
    ) -> list[Step]:
        """The torrent's placements in the order of the file.

        Args:
            torrent: The torrent.
            shape: Its shape.
            roles: What each placement is to it.
            answers: One for each placement and swarm.
        """
        steps = []
        for place, role in enumerate(roles):
            swarms = answers[place * shape.swarms : (place + 1) * shape.swarms]
            view = self._trackers[swarms[0].tracker_index]
            standing = _STANDING_OF_ROLE.get(role, Standing.UNTRIED)
            failures = [failure for answer in swarms if (failure := answer_failure(answer, view)) is not None]
            reason = ""
            if standing is Standing.FAILED:
                reason = failure_words(failures[0] if failures else None) or "failed"
            elif standing is Standing.UNTRIED:
                if view.disabled is not None or (failures and not failures[0].kind.counted):
                    standing = Standing.NOT_COUNTED
                only_alive = torrent.private and not self._private_scraped(swarms[0].tracker)
                reason = _why_untried(swarms, view, failures, only_alive=only_alive)
            failure = failures[0] if failures and standing is Standing.FAILED else None
            noted = view.note or view.answers_in_row or len(swarms) > 1
            notes = _notes(swarms, view, standing) if noted else ()
            if view.disabled is not None and Role.ACTIVE in roles[:place]:
                # Nothing else is said of what stands behind the active one and does not work.
                notes = (*notes, reason)
            key = (place, id(shape), standing, reason, failure, notes)
            step = self._steps.get(key)
            if step is None:
                step = self._steps[key] = _step(
                    shape.placements, place, view, standing=standing, reason=reason, failure=failure, notes=notes
                )
            steps.append(step)
        return steps

    def explain(self, torrent: Torrent, shape: Shape, stand: Stand | None, steps: list[Step]) -> tuple[str, ...]:
        """Where a torrent stands in its tiers, in lines for people."""
        if stand is None and steps:
            return ("not asked yet",)
        # The steps live as long as this explainer: their identity is their value.
        key = (id(stand), id(shape), torrent.private, *map(id, steps))
        lines = self._lines.get(key)
        if lines is None:
            result = stand.walk if stand else _NO_WALK
            lines = explain(steps, result, self._client, tiers=shape.tiers, private=torrent.private)
            self._lines[key] = lines
        return lines


def _step(
    placements: tuple[Placement, ...],
    place: int,
    view: TrackerView,
    *,
    standing: Standing,
    reason: str,
    failure: Failure | None,
    notes: tuple[str, ...],
) -> Step:
    tracker, name = view.tracker, view.tracker.host_port
    twice = sum(placement.tracker.host_port == name for placement in placements) > 1
    addresses = [endpoint.endpoint.address for endpoint in view.endpoints]
    step = Step(
        name=f"{name} {tracker.protocol}" if twice else name,
        tier=placements[place].tier,
        standing=standing,
        reason=reason,
        next_probe_at=view.next_probe_at,
        stands_on=stands_on(tracker.shown_host, tracker.port, addresses),
        udp=tracker.protocol is Protocol.UDP,
        host=tracker.host,
        notes=notes,
        muted=view.muted is not None,
        pending=(view.pending, view.pending_limit),
    )
    return _with_failure(step, view, failure) if standing is Standing.FAILED else step


def _with_failure(step: Step, view: TrackerView, failure: Failure | None) -> Step:
    """A step with all that is known of how its tracker fails."""
    down = view.state is Health.DOWN
    since = view.since if down else view.failing_since
    failing_for_s = (view.last_probe_at - since).total_seconds() if since and view.last_probe_at else 0.0
    never = None
    if failure is not None and failure.retry_never:
        never = GivesUp.GONE if failure.kind is FailureKind.HTTP_STATUS else GivesUp.RETRY_NEVER
    elif failure is not None and failure.kind is FailureKind.UNREGISTERED:
        never = GivesUp.UNREGISTERED
    return replace(
        step,
        since=since,
        failures=max((e.consecutive_failures for e in view.endpoints), default=0) if down or view.pending else 0,
        failing_for_s=max(0.0, failing_for_s),
        retry_in_s=failure.retry_in_s if failure else None,
        retry_never=never,
        replied=failure is not None and failure.kind.answered,
        pending=(0, 0),
    )


def _notes(swarms: tuple[AnswerView, ...], view: TrackerView, standing: Standing) -> tuple[str, ...]:
    """What DNS says of a tracker, and which swarm of a hybrid it fails although it works for the other."""
    notes = (view.note,) if view.note else ()
    if view.answers_in_row:
        notes = (*notes, answers_again(view))
    if standing is not Standing.WORKS:
        return notes
    failed = (answer for answer in swarms if answer.role is Role.FAILED)
    return notes + tuple(f"not for the {a.swarm} swarm, {failure_words(answer_failure(a, view))}" for a in failed)


def answers_again(view: TrackerView) -> str:
    """`it answers again, 1 of 2 before it is believed`."""
    enough = f" of {view.thresholds.up_after}" if view.thresholds else ""
    return f"it answers again, {view.answers_in_row}{enough} before it is believed"


def _why_untried(
    swarms: tuple[AnswerView, ...], view: TrackerView, failures: list[Failure], *, only_alive: bool
) -> str:
    """Why nothing is known of a torrent at a tracker, in words."""
    if view.disabled is not None:
        return f"switched off by you{': ' if view.disabled.why else ''}{view.disabled.why}"
    if failures:
        return failure_words(failures[0])
    if only_alive and view.state in ANSWERING:
        return "private, seen alive only"
    if any(answer.scrape.state is AskState.ANSWERED for answer in swarms):
        return "its scrape says nothing of this torrent"
    if view.asking:
        return "being asked now"
    return "nothing is known of it yet"


def answer_failure(answer: AnswerView, tracker: TrackerView) -> Failure | None:
    """What best says why a tracker does not work for a torrent; None where it does or nothing is known."""
    if answer.role in WORKING:
        return None
    if tracker.state is Health.DOWN:
        return tracker.failure
    announce, scrape = answer.announce.failure, answer.scrape.failure
    if announce is not None and (announce.kind in _REFUSED_BY_ANNOUNCE or scrape is None):
        return announce
    if answer.announce.warning and answer.announce.state is AskState.ANSWERED and answer.role is Role.FAILED:
        return Failure(FailureKind.UNREGISTERED, None, answer.announce.warning)
    return scrape or tracker.failure
