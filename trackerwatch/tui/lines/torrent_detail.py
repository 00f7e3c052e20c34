"""What the detail pane says of one torrent, as lines. Pure."""

from __future__ import annotations

import math
from itertools import groupby
from typing import TYPE_CHECKING

from trackerwatch.engine.views import AskState, Source
from trackerwatch.failover.states import Role
from trackerwatch.health.states import Health
from trackerwatch.tui.lines import states, words
from trackerwatch.tui.lines.ink import Ink, Line, Span, labelled, safe
from trackerwatch.tui.lines.past import timeline_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from trackerwatch.engine.views import (
        AnnounceView,
        AnswerView,
        EndpointView,
        Event,
        ScrapeView,
        TorrentView,
        TrackerView,
    )
    from trackerwatch.tui.lines.past import TorrentPast


def torrent_title(view: TorrentView) -> str:
    """For the rule above the pane."""
    return safe(view.torrent.name)


def torrent_lines(
    view: TorrentView,
    trackers: Sequence[TrackerView],
    now: datetime,
    past: TorrentPast,
    events: Sequence[Event] = (),
) -> list[Line]:
    """Everything known of a torrent; `events` are those of this run, of any torrent."""
    torrent, counts = view.torrent, view.counts
    state = states.torrent_state(view)
    since = f" for {words.age(view.since, now)}" if view.since else ""
    lines: list[Line] = [
        (Span(f" {safe(torrent.name)}", Ink.STRONG),),
        (Span(f" {state.text}", state.ink), Span(since), Span(f": {safe(view.why)}" if view.why else "")),
        (
            Span(f" {words.count(counts.seeders)}", Ink.STRONG),
            Span(" seeders  "),
            Span(words.count(counts.leechers), Ink.STRONG),
            Span(" leechers  "),
            Span(words.count(counts.completed), Ink.STRONG),
            Span(" completed"),
            Span("  most that any tracker tells", Ink.DIM),
        ),
        *last_seeder_lines(view, past, now),
        (),
    ]
    lines += failover_lines(view)
    lines += _tiers(view, trackers, now)
    lines += problem_lines(view)
    lines += [(), *timeline_lines(view.torrent, past, events, now), ()]
    privacy = "private, " if torrent.private else ""
    kind = "hybrid, two swarms" if torrent.is_hybrid else "v2" if torrent.info_hash_v2 else "v1"
    lines += [
        labelled("info hash", Span(torrent.info_hash_hex)),
        labelled("about", Span(f"{privacy}{kind}, {words.size(torrent.size_bytes)}")),
    ]
    if torrent.info_hash_v2 is not None:
        lines.append(labelled("v2 hash", Span(torrent.info_hash_v2.hex())))
    if torrent.web_seeds:
        lines.append(labelled("web seeds", Span(str(len(torrent.web_seeds)))))
    if torrent.source_tag:
        lines.append(labelled("source", Span(safe(torrent.source_tag))))
    lines += [
        labelled("from" if not number else "", Span(safe(source))) for number, source in enumerate(torrent.sources)
    ]
    lines += [labelled("unusable", Span(safe(text), Ink.WARN)) for text in torrent.unusable_trackers]
    return lines


def last_seeder_lines(view: TorrentView, past: TorrentPast, now: datetime) -> list[Line]:
    """When there was a seeder last, where there is none now or nobody tells."""
    if view.counts.seeders:
        return []
    seen = [at for at in (view.last_seeder_at, past.last_seeder_at) if at is not None]
    if seen:
        return [(Span(f" last seeder seen {words.ago(max(seen), now)}", Ink.WARN),)]
    return [(Span(" no seeder was ever seen", Ink.WARN),)] if view.counts.seeders == 0 else []


def failover_lines(view: TorrentView) -> list[Line]:
    """Where it stands in its tiers, and why."""
    failover = view.failover
    state = states.failover(failover.state)
    line: list[Span] = [
        Span(f" {state.text}", state.ink),
        Span(
            f"; {failover.working} of {words.plural(failover.total, 'tracker')} "
            + ("works" if 1 in (failover.working, failover.total) else "work")
        ),
    ]
    if failover.client != words.USUAL_CLIENT:
        line.append(Span(f"; walked as {failover.client}", Ink.KEY))
    lines: list[Line] = [tuple(line)]
    lines += [(Span(f"   {safe(text)}"),) for text in failover.explanation]
    return lines


def _tiers(view: TorrentView, trackers: Sequence[TrackerView], now: datetime) -> list[Line]:
    lines: list[Line] = [()]
    if not view.answers:
        text = "no trackers" if not view.torrent.placements else "not asked yet"
        return [*lines, (Span(f" {text}", Ink.DIM),)]
    tier = -1
    for answer, block in answer_blocks(view, trackers, now):
        if answer.tier != tier:
            tier = answer.tier
            lines.append((Span(f" tier {tier}", Ink.HEAD),))
        lines += block
    return lines


def answer_blocks(
    view: TorrentView, trackers: Sequence[TrackerView], now: datetime
) -> Iterator[tuple[AnswerView, list[Line]]]:
    """Each answer in tier order with its lines, as branches of its tier."""
    for _, answers in groupby(view.answers, key=lambda answer: answer.tier):
        listed = list(answers)
        for number, answer in enumerate(listed):
            yield answer, _answer(answer, trackers, now, view.torrent.is_hybrid, last=number == len(listed) - 1)


def _answer(
    answer: AnswerView,
    trackers: Sequence[TrackerView],
    now: datetime,
    hybrid: bool,  # noqa: FBT001 - private
    *,
    last: bool,
) -> list[Line]:
    role = states.role(answer.role)
    stem, below = ("└ ", "  ") if last else ("├ ", "│ ")
    swarm = f" {answer.swarm}" if hybrid else ""
    shown = f"{answer.tracker.protocol}://{safe(answer.tracker.host_port)}{swarm}"
    ink = Ink.ACCENT if answer.role is Role.ACTIVE else Ink.STRONG
    counts = answer.counts
    numbers = f"  {words.count(counts.seeders)}/{words.count(counts.leechers)}/{words.count(counts.completed)}"
    lines: list[Line] = [
        (Span(f"  {stem}", Ink.RULE), Span(f"{role.text:<9}", role.ink), Span(shown, ink), Span(numbers)),
    ]
    margin = Span(f"  {below}  ", Ink.RULE)
    for name, asked in (("scrape", answer.scrape), ("announce", answer.announce)):
        if said := _asked(asked, now):
            lines.append((margin, Span(f"{name:<9}", Ink.DIM), *said))
    if answer.announce.warning:
        lines.append((margin, Span(f"{'warning':<9}", Ink.WARN), Span(f"“{safe(answer.announce.warning)}”")))
    if 0 <= answer.tracker_index < len(trackers):
        tracker = trackers[answer.tracker_index]
        lines += [(margin, *_endpoint_brief(endpoint, tracker.pending_limit)) for endpoint in tracker.endpoints]
        due = words.until(tracker.next_probe_at, now)
        if due != words.NO_TIME:
            lines.append((margin, Span(f"{'next try':<9}{words.due(due)}", Ink.DIM)))
    return lines


def _endpoint_brief(view: EndpointView, pending_limit: int) -> Line:
    state = states.endpoint_state(view, pending_limit)
    what = states.failure(view.failure) if view.failure else words.latency(view.latency_s)
    # What a failed probe said is told as its failure.
    repeated = view.failure is not None and view.said == view.failure.message
    said = f"  “{safe(view.said)}”" if view.said and not repeated else ""
    return (Span(f"{state.text[0]} ", state.ink), Span(f"{safe(str(view.endpoint))}  {what}"), Span(said, Ink.DIM))


def _asked(view: ScrapeView | AnnounceView, now: datetime) -> Line:
    if view.state is AskState.SKIPPED and view.failure is None:
        return ()
    spans: list[Span] = [Span(states.asked(view.state), Ink.GOOD if view.state is AskState.ANSWERED else Ink.WARN)]
    if view.failure is not None:
        spans.append(Span(f" {states.failure(view.failure)}", Ink.BAD if view.state is AskState.FAILED else Ink.DIM))
    extras = []
    if view.latency_s is not None:
        extras.append(words.latency(view.latency_s))
    if view.observed_at is not None:
        extras.append(words.ago(view.observed_at, now))
    if view.source is Source.STORE:
        extras.append("remembered")
    peers = getattr(view, "peers", None)
    if peers is not None:
        extras.append(words.plural(peers, "peer"))
    interval = getattr(view, "interval_s", None)
    if interval is not None:
        extras.append(f"interval {words.duration(interval)}")
    least = getattr(view, "min_interval_s", None)
    if least is not None:
        extras.append(f"min {words.duration(least)}")
    return (*spans, Span("  " + ", ".join(extras) if extras else "", Ink.DIM))


def problem_lines(view: TorrentView) -> list[Line]:
    """What is wrong with it, worst first, each with what to do."""
    lines: list[Line] = []
    for found in view.problems:
        mark = states.severity(found.severity)
        lines.append((Span(f" {mark.text} ", mark.ink), Span(safe(found.message))))
        if found.action:
            lines.append((Span("   do ", Ink.KEY), Span(safe(found.action), Ink.DIM)))
    return [(), *lines] if lines else []


def next_try(view: TorrentView, trackers: Sequence[TrackerView], now: datetime) -> Line:
    """What fails first, since when, and when it is tried next; where nothing fails, when its tracker is asked next.

    `tracker.foo.org:6969 refused since 13:48, next try in 38s`; empty where no tracker is known.
    """
    known = [answer for answer in view.answers if 0 <= answer.tracker_index < len(trackers)]
    failed = [answer for answer in known if answer.role is Role.FAILED]
    if view.failover.active is None:
        # Nothing works: what is tried soonest may end that.
        failed.sort(key=lambda answer: _due_s(trackers[answer.tracker_index], now))
    chosen = next(iter(failed), None) or next((answer for answer in known if answer.role is Role.ACTIVE), None)
    if chosen is None:
        return ()
    tracker = trackers[chosen.tracker_index]
    line: Line = (Span(f" {safe(chosen.tracker.host_port)}", Ink.STRONG),)
    if chosen.role is Role.FAILED:
        failure = tracker.failure or chosen.scrape.failure or chosen.announce.failure
        since = tracker.failing_since if tracker.pending else tracker.since if tracker.state is Health.DOWN else None
        what = states.failure_kind(failure.kind) if failure is not None else "failed"
        lasting = f" since {words.moment(since, now)}" if since is not None else ""
        line = (*line, Span(f" {what}{lasting}", Ink.BAD))
    if tracker.disabled is not None:
        return (*line, Span(", not asked: you disabled it", Ink.DIM))
    due = words.until(tracker.next_probe_at, now)
    again = "next try" if chosen.role is Role.FAILED else "asked" if due == "now" else "asked next"
    told = "asking now" if tracker.asking else "" if due == words.NO_TIME else f"{again} {words.due(due)}"
    return (*line, Span(f", {told}" if told else ""))


def _due_s(tracker: TrackerView, now: datetime) -> float:
    return math.inf if tracker.next_probe_at is None else (tracker.next_probe_at - now).total_seconds()


def torrent_strip(view: TorrentView, trackers: Sequence[TrackerView], now: datetime, height: int) -> list[Line]:
    """The few lines under a narrow table: why, what is tried next, what the model says, and the trackers in one line."""
    state = states.torrent_state(view)
    again = next_try(view, trackers, now)
    lines: list[Line] = [
        (Span(f" {state.text}", state.ink), Span(f": {safe(view.why)}" if view.why else "")),
        *([again] if again else []),
        *[(Span(f" {safe(text)}"),) for text in view.failover.explanation],
    ]
    names: list[Span] = [Span(" ")]
    tier = -1
    for answer in view.answers:
        if answer.tier != tier:
            tier = answer.tier
            names.append(Span(f" tier {tier} ", Ink.DIM))
        mark = states.role(answer.role)
        active = answer.role is Role.ACTIVE
        names += [
            Span(f"{mark.text[0]} ", mark.ink),
            Span(f"{safe(answer.tracker.host_port)} ", Ink.STRONG if active else Ink.PLAIN),
        ]
    lines = [*lines[: max(0, height - 1)], tuple(names)]
    return [*lines, *[()] * (height - len(lines))]
