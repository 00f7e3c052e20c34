"""The full screen of one tracker, as sections. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch import meanings
from trackerwatch.engine.views import NextAsk, OrderSource
from trackerwatch.health.states import Health
from trackerwatch.meanings import Condition
from trackerwatch.outcome import Family
from trackerwatch.tracker import Protocol
from trackerwatch.tui.lines import states, words
from trackerwatch.tui.lines.ink import Ink, Line, Span, crop_left, fit, labelled, line_width, safe
from trackerwatch.tui.lines.page import Row, Section
from trackerwatch.tui.lines.timing import happened_lines, tracker_time
from trackerwatch.tui.lines.titles import section_rule
from trackerwatch.tui.lines.tracker_detail import effect_line, state_line
from trackerwatch.tui.model.gathering import refuses

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from trackerwatch.engine.views import EndpointView, Event, TrackerView
    from trackerwatch.tui.lines.past import TrackerPast

STATE, TIME, ANSWERS, SETTINGS = "state", "time", "answers", "settings"
"""Keys of the sections; the torrents come from `effect`."""

WIDE = 96
"""From this width on the addresses show p50, p95 and when they are asked next."""


NARROW = 72
"""Below this width they show no phases."""


def rows(lines: Iterable[Line]) -> list[Row]:
    """Lines that lead nowhere."""
    return [Row(line) for line in lines]


def state_section(view: TrackerView, now: datetime, width: int) -> Section:
    """What it is, since when and why; what it hits; what is asked next; every address."""
    lines = [state_line(view, now), effect_line(view), *_meaning(view), _next(view, now)]
    if view.note:
        lines.append((Span(f" {safe(view.note)}", Ink.KEY),))
    lines += [()]
    about = [Row(line, indent=7 if width >= NARROW else 2) for line in lines]
    addresses = [Row(line) for line in (*_addresses(view, now, width), *_not_judged(view), ())]
    return Section(STATE, [*about, *addresses])


def time_section(view: TrackerView, past: TrackerPast, now: datetime, width: int, height: int) -> Section:
    """Latency and uptime over time."""
    lines = [section_rule("3 Time", width), *tracker_time(view, past, now, width, height)]
    return Section(TIME, rows(lines))


def answers_section(
    view: TrackerView, past: TrackerPast, events: Sequence[Event], now: datetime, width: int
) -> Section:
    """The latest answer of every address word for word, and what happened."""
    lines = [section_rule("4 Answers and what happened", width), *_answers(view, now), ()]
    return Section(ANSWERS, [*rows(lines), *rows(happened_lines(view, past, events, now)), Row(())])


def settings_section(view: TrackerView, now: datetime, width: int, *, reveal: bool) -> Section:
    """By what it is asked and judged, who ordered that, and what it is called."""
    url = labelled("URL", Span(safe(view.tracker.url if reveal else view.tracker.shown_url), Ink.STRONG))
    hidden = not reveal and view.tracker.secrets
    about = [
        url,
        *([labelled("", Span("its key is hidden; --reveal shows it here", Ink.DIM))] if hidden else []),
        labelled("id", Span(view.tracker.id), Span("  the same in every run; says nothing of the key", Ink.DIM)),
    ]
    lines = [
        section_rule("5 Settings", width),
        *_certificate(view, now),
        *_intervals(view),
        *_judged_by(view),
        *_orders(view, now),
        *about,
    ]
    return Section(SETTINGS, rows(lines))


# -- now ---------------------------------------------------------------------------------------------------------------


def _meaning(view: TrackerView) -> list[Line]:
    """What that means and what to do, where something is wrong or was ordered."""
    if view.disabled is not None:
        found = meanings.meaning(Condition.DISABLED)
        return _told(found.means, found.do)
    if refuses(view) and view.refused_kind is not None and not view.pending and not view.flapping and not view.retired:
        found = meanings.meaning(view.refused_kind)
        return _told(found.means, found.do)
    if (view.state is Health.UP and not view.pending and not view.flapping) or view.retired:
        return []
    if view.state is Health.DOWN and view.answers_in_row:
        # The reasons are of the outage, which may be over.
        return _told("it was down and has just answered; one answer may be luck", "nothing: it is asked again soon")
    if view.flapping:
        found = meanings.meaning(Condition.FLAPPING)
    elif view.failure is not None:
        found = meanings.meaning(view.failure.kind)
    elif view.reasons and (told := meanings.of_reason(view.reasons[0])) is not None:
        found = told
    else:
        found = meanings.meaning(view.state)
    return _told(found.means, found.do)


def _told(means: str, do: str) -> list[Line]:
    return [(Span(" means ", Ink.DIM), Span(means)), (Span(" do    ", Ink.KEY), Span(do))]


_ASKS = {
    NextAsk.FRESH: "a scrape of torrents that are new",
    NextAsk.ANNOUNCES: "the announces that are due",
}


def _next(view: TrackerView, now: datetime) -> Line:
    """`next  heartbeat (connects, asks for nothing) in 38s, at 14:02:49`."""
    if view.disabled is not None or view.retired:
        why = "it is switched off" if view.disabled is not None else "no torrent lists it any more"
        return (Span(" next  ", Ink.DIM), Span(f"nothing: {why}"))
    if view.asking:
        return (Span(" next  ", Ink.DIM), Span("it is being asked right now", Ink.KEY))
    if view.next_probe_at is None:
        return (Span(" next  ", Ink.DIM), Span("nothing is planned"))
    due = words.due(words.until(view.next_probe_at, now))
    at = words.clock(view.next_probe_at, seconds=True)
    return (Span(" next  ", Ink.DIM), Span(_what_next(view)), Span(f" {due}", Ink.STRONG), Span(f", at {at}", Ink.DIM))


def _what_next(view: TrackerView) -> str:
    """What it is asked for next."""
    if view.next_ask is NextAsk.MINIMAL:
        if view.pending and view.state is not Health.DOWN:
            return f"a small probe, to settle whether it is down ({view.pending} of {view.pending_limit} failed)"
        if view.state is Health.DOWN:
            return "a small probe, to see whether it is back"
        connects = view.tracker.protocol is Protocol.UDP
        return "heartbeat (connects, asks for nothing)" if connects else "a small probe"
    if view.next_ask in _ASKS:
        return _ASKS[view.next_ask]
    if view.next_ask is None:
        return "it is asked"
    if view.scrape_supported is False:
        return "whether it lives (it cannot be scraped)"
    return f"scrape of {words.plural(view.torrents, 'torrent')}" if view.torrents else "whether it lives"


def _addresses(view: TrackerView, now: datetime, width: int) -> list[Line]:
    if not view.endpoints:
        what = states.failure(view.failure) or "not resolved yet"
        return [(Span(" ADDRESS", Ink.HEAD),), (Span(f"  none known: {what}", Ink.WAIT),)]
    wide = width >= WIDE
    narrow = width < NARROW
    room = max(8, width - (77 if wide else 30 if narrow else 59))
    room = min(room, max(len(str(one.endpoint)) for one in view.endpoints) + 1)
    head = f" {'STATE':<13}{fit('ADDRESS', room)}"
    if not narrow:
        head += f"{'RESOLVE':>8}{'CONNECT':>8}{'TLS':>6}{'ANSWER':>7}"
    if wide:
        head += f"{'P50':>6}{'P95':>6}"
    head += f"{'LAST OK':>9}{'MISSED':>7}" + (f"{'NEXT':>6}" if wide else "")
    lines: list[Line] = [(Span(head, Ink.HEAD),)]
    for one in view.endpoints:
        state = states.endpoint_state(one, view.pending_limit)
        phases = one.phases
        text = ""
        if not narrow:
            text += f"{words.latency(phases.resolve_s):>8}{words.latency(phases.connect_s):>8}"
            text += f"{words.latency(phases.tls_s):>6}{words.latency(phases.exchange_s):>7}"
        if wide:
            text += f"{words.latency(one.p50_s):>6}{words.latency(one.p95_s):>6}"
        tail = f"{words.age(one.last_success_at, now) if one.last_success_at else 'never':>9}"
        missed = f"{one.consecutive_failures or '-':>7}"
        due = f"{words.until(one.next_probe_at, now):>6}" if wide else ""
        lines.append(
            (
                Span(f" {fit(state.text, 12)} ", state.ink),
                Span(fit(safe(str(one.endpoint)), room), Ink.STRONG),
                Span(text),
                Span(tail, Ink.WARN if one.failure else Ink.PLAIN),
                Span(missed, Ink.WARN if one.consecutive_failures else Ink.DIM),
                Span(due, Ink.DIM),
            )
        )
        why = _why(one, now)
        if why:
            lines.append((Span(f"{'':14}"), *why))
    return lines


def _why(one: EndpointView, now: datetime) -> Line:
    spans: list[Span] = []
    if one.failure is not None:
        spans.append(Span(states.failure(one.failure), Ink.BAD if one.judged else Ink.DIM))
        if one.failure.phase is not None:
            spans.append(Span(f", at {one.failure.phase}", Ink.DIM))
    if one.state is not Health.UP and one.since is not None:
        spans.append(Span(f"{'; ' if spans else ''}{one.state} for {words.age(one.since, now)}", Ink.DIM))
    return tuple(spans)


def _not_judged(view: TrackerView) -> list[Line]:
    """Families that say nothing of the tracker, and why."""
    lines: list[Line] = []
    families = {one.endpoint.family for one in view.endpoints}
    for family in Family:
        found = [one for one in view.endpoints if one.endpoint.family is family]
        unjudged = [one for one in found if not one.judged and one.failure is not None]
        name = states.family(family)
        if found and len(unjudged) == len(found):
            why = states.failure(unjudged[0].failure)
            lines.append((Span(f" {name} is not judged: {why}; that is no fault of the tracker", Ink.DIM),))
        elif not found and families:
            lines.append((Span(f" {name}: it has no such address", Ink.DIM),))
    return lines


# -- answers -----------------------------------------------------------------------------------------------------------


def _answers(view: TrackerView, now: datetime) -> list[Line]:
    lines: list[Line] = []
    for one in view.endpoints:
        lines.append((Span(f"  {safe(str(one.endpoint))}", Ink.STRONG),))
        if one.said:
            when = words.ago(one.last_success_at, now)
            lines.append((Span(f"    {'said':<10}", Ink.DIM), Span(f"“{safe(one.said)}”"), Span(f"  {when}", Ink.DIM)))
        if one.failure is not None:
            when = words.ago(one.last_probe_at, now)
            message = safe(one.failure.message)
            told = f"{states.failure_kind(one.failure.kind)}" + (f": “{message}”" if message else "")
            lines.append((Span(f"    {'failed':<10}", Ink.DIM), Span(told, Ink.BAD), Span(f"  {when}", Ink.DIM)))
            if one.failure.retry_never:
                lines.append((Span(f"{'':14}it wants never to be asked again", Ink.WARN),))
            elif one.failure.retry_in_s:
                wish = f"it asks to be left alone for {words.duration(one.failure.retry_in_s)}"
                lines.append((Span(f"{'':14}{wish}", Ink.WARN),))
        if not one.said and one.failure is None:
            lines.append((Span("    answers, and says nothing in words", Ink.DIM),))
    if not view.endpoints and view.failure is not None:
        lines.append((Span("  "), Span(states.failure(view.failure), Ink.BAD)))
    return lines or [(Span("  not asked yet", Ink.WAIT),)]


# -- settings ----------------------------------------------------------------------------------------------------------


def _certificate(view: TrackerView, now: datetime) -> list[Line]:
    if view.tls_expires_at is None:
        if view.tracker.protocol is not Protocol.HTTPS:
            return []
        return [labelled("certificate", Span("not seen yet", Ink.WAIT))]
    left_s = (view.tls_expires_at - now).total_seconds()
    ends = f"for {safe(view.tracker.shown_host)}, ends {words.day(view.tls_expires_at)} "
    ends += f"{words.clock(view.tls_expires_at)} UTC, "
    if left_s <= 0:
        return [labelled("certificate", Span(ends), Span(f"EXPIRED {words.duration(-left_s)} ago", Ink.BAD))]
    limit_s = view.thresholds.tls_expiry_s if view.thresholds else None
    soon = limit_s is not None and left_s < limit_s
    return [labelled("certificate", Span(ends), Span(f"in {words.duration(left_s)}", Ink.WARN if soon else Ink.PLAIN))]


def _intervals(view: TrackerView) -> list[Line]:
    def told(seconds: float | None) -> Span:
        return Span("not said", Ink.WAIT) if seconds is None else Span(words.duration(seconds))

    wish = view.interval_wish_s
    supported = {None: "not known yet", True: "answers", False: "not supported"}[view.scrape_supported]
    asked = []
    if view.every_s is not None:
        beat = f", and a small probe every {words.duration(view.heartbeat_s)}" if view.heartbeat_s else ""
        asked.append(labelled("asked", Span(f"every {words.duration(view.every_s)}{beat}"), Span("  by us", Ink.DIM)))
    return [
        *asked,
        labelled("announce", told(view.interval_s), Span("  min ", Ink.DIM), told(view.min_interval_s), _asks()),
        labelled("scrape", Span(f"{supported}; between scrapes "), told(view.min_request_interval_s), _asks()),
        labelled("your wish", Span("as the settings say" if wish is None else f"{words.duration(wish)}, by hand")),
    ]


def _asks() -> Span:
    return Span("  as the tracker asks", Ink.DIM)


def _judged_by(view: TrackerView) -> list[Line]:
    rules = view.thresholds
    if rules is None:
        return []
    own = "; your own: any interval goes" if view.own else ""
    loss = f"{rules.loss * 100:.0f}% of packets lost"
    return [
        labelled(
            "judged",
            Span(f"down after {words.plural(rules.down_after, 'failure')} in a row, "),
            Span(f"up again after {words.plural(rules.up_after, 'answer')}{own}"),
        ),
        labelled(
            "degraded",
            Span(f"slower than {words.latency(rules.slow_s)}, {loss}, "),
            Span(f"certificate under {words.duration(rules.tls_expiry_s)}"),
        ),
        labelled("in config", Span(f'[trackers."{safe(view.tracker.host_port)}"]'), Span(" changes this", Ink.DIM)),
    ]


_SOURCES = {
    OrderSource.HAND: "by hand, kept in the state file; u undoes",
    OrderSource.CONFIG: "by the config",
    OrderSource.WINDOW: "by a window in the config that is open now",
}


def _orders(view: TrackerView, now: datetime) -> list[Line]:
    """What the user ordered for it, and where."""
    told: list[Line] = []
    if (mute := view.muted) is not None:
        why = f" ({safe(mute.why)})" if mute.why else ""
        told.append((Span(f"muted {states.muted_until(mute, now)}{why}, {_SOURCES[mute.source]}"),))
    if (off := view.disabled) is not None:
        why = f" ({safe(off.why)})" if off.why else ""
        since = f" since {words.moment(off.since, now)}" if off.since else ""
        told.append((Span(f"disabled{since}{why}, {_SOURCES[off.source]}"),))
    if view.own:
        told.append((Span("your own, by the config"),))
    if view.added:
        told.append((Span("watched by hand, for this run alone"),))
    if not told:
        told = [(Span("none", Ink.DIM),)]
    return [labelled("" if number else "orders", *line) for number, line in enumerate(told)]


def title(view: TrackerView, now: datetime, width: int) -> Line:
    """The first line: name and state, at the right when it is asked next."""
    state = states.tracker_state(view)
    name = f"{safe(view.tracker.host_port)} {view.tracker.protocol}"
    # The end of a host name tells most, and the state goes before all.
    name = f" {crop_left(name, max(4, width - len(state.text) - 4))} "
    due = words.until(view.next_probe_at, now)
    asks = "asking now" if view.asking else "" if due == words.NO_TIME else f"next try {words.due(due)}"
    line: Line = (Span(name, Ink.ACCENT), Span(f" {state.text} ", state.ink))
    spare = width - line_width(line) - len(asks) - 1
    return (*line, Span(f"{'':{spare}}{asks} ", Ink.DIM)) if spare > 0 else line
