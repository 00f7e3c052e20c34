"""What the detail pane says of one tracker, as lines. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch import meanings
from trackerwatch.failover.states import FailoverState
from trackerwatch.health.states import Health
from trackerwatch.tui.lines import states, words
from trackerwatch.tui.lines.ink import Ink, Line, Span, labelled, line_width, safe
from trackerwatch.tui.lines.past import outage_lines, strip_lines
from trackerwatch.tui.model.gathering import refuses

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from trackerwatch.engine.views import Effect, EndpointView, TrackerView
    from trackerwatch.outcome import PhaseTimes
    from trackerwatch.tui.lines.past import TrackerPast


def tracker_title(view: TrackerView, now: datetime) -> str:
    """For the rule above the pane."""
    due = words.until(view.next_probe_at, now)
    asking = "asking now" if view.asking else "" if due == words.NO_TIME else f"next try {words.due(due)}"
    return f"{safe(view.tracker.host_port)} {view.tracker.protocol}" + (f" | {asking}" if asking else "")


def tracker_lines(
    view: TrackerView,
    now: datetime,
    width: int,
    past: TrackerPast,
    hit: Sequence[tuple[FailoverState, str]] = (),
) -> list[Line]:
    """Everything known of a tracker; `hit` are the names of the torrents that it hits worst."""
    lines: list[Line] = [(Span(f" {safe(view.tracker.shown_url)}", Ink.STRONG), Span("  your own" if view.own else ""))]
    lines += [state_line(view, now), effect_line(view), *_hit(view, hit)]
    if view.note:
        lines.append((Span(f" {safe(view.note)}", Ink.KEY),))
    for endpoint in view.endpoints:
        lines += _endpoint(endpoint, view.pending_limit, now)
    if not view.endpoints:
        lines.append((Span("  no address known yet", Ink.WAIT),))
    lines += [(), uptime_line(view, width), *strip_lines(view, past, now, width), ()]
    lines += outage_lines(past, now)
    answers = "answers" if view.scrape_supported else "not supported"
    latencies = ((50, view.p50_s), (95, view.p95_s), (99, view.p99_s))
    lines += [
        labelled("latency", Span("  ".join(f"p{share} {words.latency(seconds)}" for share, seconds in latencies))),
        labelled("last ok", Span(words.ago(view.last_success_at, now)), Span(_next(view, now), Ink.DIM)),
        labelled(
            "interval",
            Span(f"{words.duration(view.interval_s)}  min {words.duration(view.min_interval_s)}"),
            Span("  as the tracker asks", Ink.DIM) if view.interval_s is not None else Span("  not said", Ink.DIM),
            *_wish(view),
        ),
        labelled("scrape", Span("not known yet" if view.scrape_supported is None else answers)),
    ]
    if view.tls_expires_at is not None:
        left = (view.tls_expires_at - now).total_seconds()
        text = f"ends {words.day(view.tls_expires_at)}"
        over = left <= 0
        told = f"EXPIRED {words.duration(-left)} ago" if over else f"in {words.duration(left)}"
        lines.append(labelled("certificate", Span(f"{text}, "), Span(told, Ink.BAD if over else Ink.PLAIN)))
    return lines


def state_line(view: TrackerView, now: datetime) -> Line:
    """Its state, since when and why: `x DOWN for 14m, since 13:48: refused x5`; of a muted one first that, then what it is."""
    state = states.unmuted_state(view)
    since = f" for {words.age(view.since, now)}, since {words.moment(view.since, now)}" if view.since else ""
    line: Line = (Span(f" {state.text}", state.ink), Span(since))
    if view.recalled_at is not None:
        line = (*line, Span(f"; remembered from {words.ago(view.recalled_at, now)}, not seen again yet", Ink.WAIT))
    if view.flapping:
        line = (*line, Span("; flapping: it changes too often to be believed", Ink.WARN))
    reason = states.tracker_reason(view)
    line = (*line, Span(f": {reason}" if reason else ""))
    if view.disabled is not None:
        # What it was when it was last asked says nothing of now.
        since = f" since {words.moment(view.disabled.since, now)}" if view.disabled.since else ""
        why = f" ({safe(view.disabled.why)})" if view.disabled.why else ""
        return (Span(f" {states.DISABLED.text}{since}{why}:", Ink.KEY), Span(" nothing is sent to it; d asks it again"))
    if view.muted is None:
        return line
    why = f" ({safe(view.muted.why)})" if view.muted.why else ""
    return (Span(f" {states.MUTED.text} {states.muted_until(view.muted, now)}{why};", Ink.KEY), *line)


def uptime_line(view: TrackerView, width: int) -> Line:
    """Uptime of all windows: `1h 100%  24h 99.2% (n=96)  7d n/a (seen 31%)`; where that is too long, n of the day alone."""
    if not view.uptimes:
        known = view.uptime is not None
        return labelled("uptime", Span(f"{words.percent(view.uptime)} of this run" if known else "not known yet"))
    first = view.uptimes[0]
    if view.uptime is not None and all(figure.uptime is None for figure in view.uptimes):
        # Too little was watched for any window to say: what there is, and that it is little.
        counted = max(figure.counted for figure in view.uptimes)
        little = f"  {first.window} n/a (seen {_share(first.coverage)})"
        return labelled("uptime", Span(f"{words.percent(view.uptime)} so far (n={counted:,})"), Span(little, Ink.WAIT))
    for with_n in (tuple(figure.window for figure in view.uptimes), ("24h",)):
        spans: list[Span] = []
        for figure in view.uptimes:
            spans.append(Span(f"{'  ' if spans else ''}{figure.window} ", Ink.DIM))
            if figure.uptime is None:
                spans.append(Span(f"n/a (seen {_share(figure.coverage)})" if figure.counted else "n/a", Ink.WAIT))
                continue
            spans.append(Span(words.percent(figure.uptime), Ink.PLAIN if figure.uptime >= 1 else Ink.WARN))
            if figure.window in with_n:
                spans.append(Span(f" (n={figure.counted:,})", Ink.DIM))
        line = labelled("uptime", *spans)
        if line_width(line) <= width:
            break
    return line


def _wish(view: TrackerView) -> Line:
    """What of the user's wishes stands beside the intervals."""
    asked = (Span(f"; asked every {words.duration(view.interval_wish_s)} by your wish", Ink.KEY),)
    added = (Span("; watched for this run alone", Ink.KEY),)
    return (*(asked if view.interval_wish_s is not None else ()), *(added if view.added else ()))


def _share(coverage: float) -> str:
    return "<1%" if 0 < coverage < 0.01 else f"{int(coverage * 100)}%"


def _next(view: TrackerView, now: datetime) -> str:
    if view.asking:
        return "  asking now"
    due = words.until(view.next_probe_at, now)
    return "" if due == words.NO_TIME else f"  next try {words.due(due)}"


def effect_line(view: TrackerView) -> Line:
    """What its state does to torrents: `Hits 5,120 torrents: 5,076 keep their tracker, 41 failed over, 3 with none left`."""
    effect: Effect = view.effect
    if not view.torrents:
        return (Span(" no torrent lists it", Ink.DIM),)
    if refuses(view):
        return _refusal_line(view)
    unaffected = "unaffected"
    if view.state is Health.DOWN or view.pending:
        # They may have lost a backup, which is no nothing.
        head, unaffected = "Hits", "keeps its tracker" if effect.unaffected == 1 else "keep their tracker"
    else:
        head = "Listed by" if view.state is Health.UNKNOWN else "Serves"
    parts = [
        Span(f"{number:,} {name}", ink)
        for number, name, ink in (
            (effect.unaffected, unaffected, Ink.PLAIN),
            (effect.failed_over, "failed over", Ink.WARN),
            (effect.exhausted, "with none left" if head == "Hits" else "with no tracker left", Ink.BAD),
            (effect.unknown, "not known yet", Ink.WAIT),
        )
        if number
    ]
    line: list[Span] = [Span(f" {head} {words.plural(view.torrents, 'torrent')}"), Span(": " if parts else "")]
    for number, part in enumerate(parts):
        line += [Span(", "), part] if number else [part]
    return tuple(line)


def _refusal_line(view: TrackerView) -> Line:
    """`Refuses all 20 of its torrents (unregistered): 18 failed over, 2 with no tracker left`."""
    everything = view.refused >= view.torrents
    which = (
        f"all {view.refused:,} of its torrents" if everything else f"{view.refused:,} of its {view.torrents:,} torrents"
    )
    if view.torrents == 1:
        which = "its only torrent"
    why = f" ({states.failure_kind(view.refused_kind)})" if view.refused_kind else ""
    hit = [
        Span(f"{number:,} {name}", ink)
        for number, name, ink in (
            (view.effect.failed_over, "failed over", Ink.WARN),
            (view.effect.exhausted, "with no tracker left", Ink.BAD),
        )
        if number
    ]
    line: list[Span] = [Span(f" Refuses {which}{why}", Ink.WARN)]
    for number, part in enumerate(hit):
        line += [Span(", " if number else ": "), part]
    return tuple(line)


def _hit(view: TrackerView, hit: Sequence[tuple[FailoverState, str]]) -> list[Line]:
    """A few of the torrents that it hits, by name."""
    lines: list[Line] = []
    for state, name in hit:
        lost = state is FailoverState.EXHAUSTED
        mark = Span("   x none left   ", Ink.BAD) if lost else Span("   ! failed over ", Ink.WARN)
        lines.append((mark, Span(safe(name))))
    rest = view.effect.exhausted + view.effect.failed_over - len(hit)
    if hit and rest > 0:
        lines.append((Span(f"   and {rest:,} more: enter on the tracker lists them all", Ink.DIM),))
    return lines


def _endpoint(view: EndpointView, pending_limit: int, now: datetime) -> list[Line]:
    state = states.endpoint_state(view, pending_limit)
    head: list[Span] = [
        Span(f" {state.text:<13}", state.ink),
        Span(f"{safe(str(view.endpoint))}", Ink.STRONG),
        Span(f"  {states.failure(view.failure)}", state.ink) if view.failure else Span(""),
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
        details.append(f"next {words.due(due)}")
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


def tracker_strip(view: TrackerView, now: datetime, height: int) -> list[Line]:
    """The few lines under a narrow table: an address a line, the effect, and in what room is left what that means."""
    if view.disabled is not None:
        # Its addresses are those of when it was last asked.
        off = [state_line(view, now), effect_line(view)][:height]
        return [*off, *[()] * (height - len(off))]
    shown = list(view.endpoints[: max(1, height - 1)])
    lines: list[Line] = [] if view.muted is None else [state_line(view, now)]
    for endpoint in shown:
        state = states.endpoint_state(endpoint, view.pending_limit)
        what = states.failure(endpoint.failure) if endpoint.failure else words.latency(endpoint.latency_s)
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
        what = states.failure(view.failure) or "no address known yet"
        lines.append((Span(f" ? {what}", Ink.WAIT),))
    lines = [*lines[: max(0, height - 1)], effect_line(view)]
    room = height - len(lines)
    failing = view.failure.kind if view.failure is not None and (view.state is not Health.UP or view.pending) else None
    kind = failing or (view.refused_kind if refuses(view) else None)
    if room > 0 and kind is not None:
        found = meanings.meaning(kind)
        means, do = (Span(" means ", Ink.DIM), Span(found.means)), (Span(" do    ", Ink.KEY), Span(found.do))
        lines += [means, do] if room > 1 else [do]
    return [*lines, *[()] * (height - len(lines))]
