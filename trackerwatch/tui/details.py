"""What the detail pane says of one tracker or torrent, as lines. Pure."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from trackerwatch.engine.views import AskState, Source
from trackerwatch.failover.states import Role
from trackerwatch.health.states import Health
from trackerwatch.tui import words
from trackerwatch.tui.ink import Ink, Line, Span, safe

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from trackerwatch.engine.views import (
        AnnounceView,
        AnswerView,
        Effect,
        EndpointView,
        ScrapeView,
        TorrentView,
        TrackerView,
    )
    from trackerwatch.outcome import PhaseTimes

LABEL_CELLS = 12
CHART_LINES = 3
CHART_MIN_ROUNDS = 3


def _row(label: str, *spans: Span) -> Line:
    return (Span(f"  {label:<{LABEL_CELLS}}", Ink.DIM), *spans)


# -- a tracker ---------------------------------------------------------------------------------------------------------


def tracker_title(view: TrackerView, now: datetime) -> str:
    """For the rule above the pane."""
    due = words.until(view.next_probe_at, now)
    asking = "asking now" if view.asking else "" if due == words.NO_TIME else f"next try {_in(due)}"
    return f"{safe(view.tracker.host_port)} {view.tracker.protocol}" + (f" | {asking}" if asking else "")


def _in(due: str) -> str:
    return "now" if due == "now" else f"in {due}"


def tracker_lines(view: TrackerView, now: datetime, width: int) -> list[Line]:
    """Everything known of a tracker."""
    state = words.tracker_state(view)
    since = f" for {words.age(view.since, now)}, since {words.moment(view.since, now)}" if view.since else ""
    lines: list[Line] = [(Span(f" {safe(view.tracker.shown_url)}", Ink.STRONG),)]
    reason = words.tracker_reason(view)
    lines.append((Span(f" {state.text}", state.ink), Span(since), Span(f": {reason}" if reason else "")))
    lines.append(_effect(view))
    lines.append(())
    for endpoint in view.endpoints:
        lines += _endpoint(endpoint, view.pending_limit, now)
    if not view.endpoints:
        lines.append((Span("  no address known yet", Ink.WAIT),))
    lines.append(())
    answers = "answers" if view.scrape_supported else "not supported"
    lines += [
        _row("latency", Span(f"p50 {words.latency(view.p50_s)}  p95 {words.latency(view.p95_s)}"), _uptime(view)),
        _row("last ok", Span(words.ago(view.last_success_at, now)), Span(_next(view, now), Ink.DIM)),
        _row(
            "interval",
            Span(f"{words.duration(view.interval_s)}  min {words.duration(view.min_interval_s)}"),
            Span("  as the tracker asks", Ink.DIM) if view.interval_s is not None else Span("  not said", Ink.DIM),
        ),
        _row("scrape", Span("not known yet" if view.scrape_supported is None else answers)),
    ]
    if view.tls_expires_at is not None:
        left = (view.tls_expires_at - now).total_seconds()
        text = f"ends {words.day(view.tls_expires_at)}"
        over = left <= 0
        told = f"EXPIRED {words.duration(-left)} ago" if over else f"in {words.duration(left)}"
        lines.append(_row("certificate", Span(f" {text}, "), Span(told, Ink.BAD if over else Ink.PLAIN)))
    lines += _history(view.recent, width)
    return lines


def _uptime(view: TrackerView) -> Span:
    return Span(f"  up {words.percent(view.uptime)} of this run" if view.uptime is not None else "", Ink.DIM)


def _next(view: TrackerView, now: datetime) -> str:
    if view.asking:
        return "  asking now"
    due = words.until(view.next_probe_at, now)
    return "" if due == words.NO_TIME else f"  next try {_in(due)}"


def _effect(view: TrackerView) -> Line:
    """`Hits 5,120 torrents: 5,076 unaffected, 41 failed over, 3 dead`."""
    effect: Effect = view.effect
    if not view.torrents:
        return (Span(" no torrent lists it", Ink.DIM),)
    if view.state is Health.DOWN or view.pending:
        head = "Hits"
    else:
        head = "Listed by" if view.state is Health.UNKNOWN else "Serves"
    parts = [
        Span(f"{number:,} {name}", ink)
        for number, name, ink in (
            (effect.unaffected, "unaffected", Ink.PLAIN),
            (effect.failed_over, "failed over", Ink.WARN),
            (effect.exhausted, "with no tracker left", Ink.BAD),
            (effect.unknown, "not known yet", Ink.WAIT),
        )
        if number
    ]
    line: list[Span] = [Span(f" {head} {words.plural(view.torrents, 'torrent')}"), Span(": " if parts else "")]
    for number, part in enumerate(parts):
        line += [Span(", "), part] if number else [part]
    return tuple(line)


def _endpoint(view: EndpointView, pending_limit: int, now: datetime) -> list[Line]:
    state = words.endpoint_state(view, pending_limit)
    head: list[Span] = [
        Span(f" {state.text:<13}", state.ink),
        Span(f"{safe(str(view.endpoint))}", Ink.STRONG),
        Span(f"  {words.failure(view.failure)}", state.ink) if view.failure else Span(""),
        Span(f"  for {words.age(view.since, now)}" if view.since else "", Ink.DIM),
    ]
    details = [f"last ok {words.ago(view.last_success_at, now)}"]
    if view.p50_s is not None:
        details.append(f"p50 {words.latency(view.p50_s)} p95 {words.latency(view.p95_s)}")
    if phases := _phases(view.phases):
        details.append(phases)
    if view.consecutive_failures:
        details.append(f"{view.consecutive_failures} failed in a row")
    if not view.judged:
        details.append("not counted against it")
    due = words.until(view.next_probe_at, now)
    if due != words.NO_TIME:
        details.append(f"next {_in(due)}")
    lines: list[Line] = [tuple(head), (Span(f"{'':14}{' | '.join(details)}", Ink.DIM),)]
    if view.said:
        lines.append((Span(f"{'':14}said ", Ink.DIM), Span(f"“{safe(view.said)}”")))
    return lines


def _phases(phases: PhaseTimes) -> str:
    named = (
        ("resolve", phases.resolve_s),
        ("connect", phases.connect_s),
        ("tls", phases.tls_s),
        ("answer", phases.exchange_s),
    )
    return " ".join(f"{name} {words.latency(seconds)}" for name, seconds in named if seconds is not None)


def _history(recent: Sequence[float | None], width: int) -> list[Line]:
    if len(recent) < CHART_MIN_ROUNDS:
        return []
    cells = max(8, min(len(recent), width - LABEL_CELLS - 4))
    best = max((seconds for seconds in recent[-cells:] if seconds is not None), default=None)
    height = 1 if best is None else CHART_LINES
    labels = [words.latency(best), *[""] * (height - 2), "0"][:height]
    lines: list[Line] = [(), _row("history", Span(f"last {min(cells, len(recent))} rounds, now at the right", Ink.DIM))]
    for label, spans in zip(labels, words.chart(recent, cells, height), strict=True):
        lines.append((Span(f"  {label:>{LABEL_CELLS - 1}} ", Ink.DIM), *spans))
    return lines


def tracker_strip(view: TrackerView, now: datetime, height: int) -> list[Line]:
    """The few lines under a narrow table: an address a line, and the effect last."""
    shown = list(view.endpoints[: max(1, height - 1)])
    lines: list[Line] = []
    for endpoint in shown:
        state = words.endpoint_state(endpoint, view.pending_limit)
        what = words.failure(endpoint.failure) if endpoint.failure else words.latency(endpoint.latency_s)
        misses = endpoint.consecutive_failures
        tail = f"  {misses} in a row" if misses > 1 else ""
        if not endpoint.judged:
            tail = "  not counted"
        lines.append(
            (
                Span(f" {state.text[0]} ", state.ink),
                Span(safe(str(endpoint.endpoint)), Ink.STRONG),
                Span(f"  {what}", state.ink if endpoint.failure else Ink.PLAIN),
                Span(f"  last ok {words.ago(endpoint.last_success_at, now)}{tail}", Ink.DIM),
            )
        )
    if not shown:
        what = words.failure(view.failure) or "no address known yet"
        lines.append((Span(f" ? {what}", Ink.WAIT),))
    return [*lines[: max(0, height - 1)], *[()] * max(0, height - 1 - len(lines)), _effect(view)]


# -- a torrent ---------------------------------------------------------------------------------------------------------


def torrent_title(view: TorrentView) -> str:
    """For the rule above the pane."""
    return safe(view.torrent.name)


def torrent_lines(view: TorrentView, trackers: Sequence[TrackerView], now: datetime) -> list[Line]:
    """Everything known of a torrent."""
    torrent, counts = view.torrent, view.counts
    state = words.torrent_state(view)
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
        (),
    ]
    lines += _failover(view)
    lines += _tiers(view, trackers, now)
    lines += _problems(view)
    lines.append(())
    privacy = "private, " if torrent.private else ""
    kind = "hybrid, two swarms" if torrent.is_hybrid else "v2" if torrent.info_hash_v2 else "v1"
    lines += [
        _row("info hash", Span(torrent.info_hash_hex)),
        _row("about", Span(f"{privacy}{kind}, {words.size(torrent.size_bytes)}")),
    ]
    if torrent.info_hash_v2 is not None:
        lines.append(_row("v2 hash", Span(torrent.info_hash_v2.hex())))
    if torrent.web_seeds:
        lines.append(_row("web seeds", Span(str(len(torrent.web_seeds)))))
    if torrent.source_tag:
        lines.append(_row("source", Span(safe(torrent.source_tag))))
    lines += [_row("from" if not number else "", Span(safe(source))) for number, source in enumerate(torrent.sources)]
    lines += [_row("unusable", Span(safe(text), Ink.WARN)) for text in torrent.unusable_trackers]
    return lines


def _failover(view: TorrentView) -> list[Line]:
    failover = view.failover
    state = words.failover(failover.state)
    line: list[Span] = [
        Span(f" {state.text}", state.ink),
        Span(
            f"; {failover.working} of {words.plural(failover.total, 'tracker')} "
            + ("works" if 1 in (failover.working, failover.total) else "work")
        ),
    ]
    lines: list[Line] = [tuple(line)]
    lines += [(Span(f"   {safe(text)}"),) for text in failover.explanation]
    return lines


def _tiers(view: TorrentView, trackers: Sequence[TrackerView], now: datetime) -> list[Line]:
    lines: list[Line] = [()]
    if not view.answers:
        text = "no trackers" if not view.torrent.placements else "not asked yet"
        return [*lines, (Span(f" {text}", Ink.DIM),)]
    for tier, answers in groupby(view.answers, key=lambda answer: answer.tier):
        lines.append((Span(f" tier {tier}", Ink.HEAD),))
        listed = list(answers)
        for number, answer in enumerate(listed):
            lines += _answer(answer, trackers, now, view.torrent.is_hybrid, last=number == len(listed) - 1)
    return lines


def _answer(
    answer: AnswerView,
    trackers: Sequence[TrackerView],
    now: datetime,
    hybrid: bool,  # noqa: FBT001 - private
    *,
    last: bool,
) -> list[Line]:
    role = words.role(answer.role)
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
            lines.append((margin, Span(f"{'next try':<9}{_in(due)}", Ink.DIM)))
    return lines


def _endpoint_brief(view: EndpointView, pending_limit: int) -> Line:
    state = words.endpoint_state(view, pending_limit)
    what = words.failure(view.failure) if view.failure else words.latency(view.latency_s)
    said = f"  “{safe(view.said)}”" if view.said else ""
    return (Span(f"{state.text[0]} ", state.ink), Span(f"{safe(str(view.endpoint))}  {what}"), Span(said, Ink.DIM))


def _asked(view: ScrapeView | AnnounceView, now: datetime) -> Line:
    if view.state is AskState.SKIPPED and view.failure is None:
        return ()
    spans: list[Span] = [Span(words.asked(view.state), Ink.GOOD if view.state is AskState.ANSWERED else Ink.WARN)]
    if view.failure is not None:
        spans.append(Span(f" {words.failure(view.failure)}", Ink.BAD if view.state is AskState.FAILED else Ink.DIM))
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
    return (*spans, Span("  " + ", ".join(extras) if extras else "", Ink.DIM))


def _problems(view: TorrentView) -> list[Line]:
    lines: list[Line] = []
    for found in view.problems:
        mark = words.severity(found.severity)
        lines.append((Span(f" {mark.text} ", mark.ink), Span(safe(found.message))))
        if found.action:
            lines.append((Span("   do ", Ink.KEY), Span(safe(found.action), Ink.DIM)))
    return [(), *lines] if lines else []


def torrent_strip(view: TorrentView, height: int) -> list[Line]:
    """The few lines under a narrow table: why, what the model says, and the tracker states in one line."""
    state = words.torrent_state(view)
    lines: list[Line] = [
        (Span(f" {state.text}", state.ink), Span(f": {safe(view.why)}" if view.why else "")),
        *[(Span(f" {safe(text)}"),) for text in view.failover.explanation],
    ]
    names: list[Span] = [Span(" ")]
    tier = -1
    for answer in view.answers:
        if answer.tier != tier:
            tier = answer.tier
            names.append(Span(f" tier {tier} ", Ink.DIM))
        mark = words.role(answer.role)
        active = answer.role is Role.ACTIVE
        names += [
            Span(f"{mark.text[0]} ", mark.ink),
            Span(f"{safe(answer.tracker.host_port)} ", Ink.STRONG if active else Ink.PLAIN),
        ]
    lines = [*lines[: max(0, height - 1)], tuple(names)]
    return [*lines, *[()] * (height - len(lines))]
