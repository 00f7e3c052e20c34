"""Numbers, times, states and failures in the words of the screen. Pure; milliseconds exist only here.

Everything takes None for unknown and says so: `?` for a count, `-` for a time or a ratio that there cannot be yet.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from trackerwatch.engine.views import AskState, EventKind
from trackerwatch.failover.states import FailoverState, Role
from trackerwatch.health.states import Health
from trackerwatch.outcome import FailureKind, Family
from trackerwatch.policy.rules import Rule, Severity, Verdict
from trackerwatch.tui.ink import Ink, Span, safe

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trackerwatch.engine.views import EndpointView, Event, Mute, TorrentView, TrackerView
    from trackerwatch.outcome import Failure
    from trackerwatch.stats import UptimeFigure

NO_TIME = "-"
NO_COUNT = "?"
USUAL_CLIENT = "listed"
"""The client policy that need not be named."""

_UNITS = ((86400.0, "d"), (3600.0, "h"), (60.0, "m"), (1.0, "s"))


def duration(seconds: float | None) -> str:
    """`4s`, `14m`, `3h`, `22d`: one unit, at most four characters below 1,000 days."""
    if seconds is None:
        return NO_TIME
    seconds = max(0.0, seconds)
    # Two of the smaller unit still say more than one of the larger: 90s, 47h.
    for size, unit in _UNITS:
        if seconds >= 2 * size or unit == "s":
            return f"{int(seconds / size)}{unit}"
    raise AssertionError


def span(seconds: float) -> str:
    """A round length of time as a heading: `15 min`, `3 h`."""
    return f"{seconds / 3600:.0f} h" if seconds >= 3600 else f"{seconds / 60:.0f} min"


def age(at: datetime | None, now: datetime) -> str:
    """How long ago something was."""
    return duration(None if at is None else (now - at).total_seconds())


def ago(at: datetime | None, now: datetime) -> str:
    """`14m ago`, or `never`."""
    return "never" if at is None else f"{age(at, now)} ago"


def until(at: datetime | None, now: datetime) -> str:
    """How long until something: `38s`, `now` when it is due."""
    if at is None:
        return NO_TIME
    left = (at - now).total_seconds()
    return duration(left) if left >= 1 else "now"


def due(until_then: str) -> str:
    """What `until` says, in a sentence: `in 38s`, `now`."""
    return until_then if until_then == "now" else f"in {until_then}"


def clock(at: datetime | None, *, seconds: bool = False) -> str:
    """The time of day in UTC."""
    if at is None:
        return NO_TIME
    return at.astimezone(UTC).strftime("%H:%M:%S" if seconds else "%H:%M")


def moment(at: datetime | None, now: datetime, *, seconds: bool = False) -> str:
    """The time of day, with the date where that was not today."""
    if at is None:
        return NO_TIME
    same_day = at.astimezone(UTC).date() == now.astimezone(UTC).date()
    return clock(at, seconds=seconds) if same_day else at.astimezone(UTC).strftime("%d %b %H:%M")


def day(at: datetime) -> str:
    """A date."""
    return at.astimezone(UTC).strftime("%d %b %Y")


def short_day(at: datetime) -> str:
    """`14 Mar`."""
    return at.astimezone(UTC).strftime("%d %b")


def latency(seconds: float | None) -> str:
    """`48ms`, `1.2s`, `12s`."""
    if seconds is None:
        return NO_TIME
    if seconds < 0.0005:
        return "<1ms"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f}ms"
    return f"{seconds:.1f}s" if seconds < 9.95 else f"{seconds:.0f}s"


def count(number: int | None) -> str:
    """`7,990`, and `?` for what nobody told."""
    return NO_COUNT if number is None or number < 0 else f"{number:,}"


def short_count(number: int | None, width: int = 5) -> str:
    """A count in at most `width` (at least four) characters: `7990`, `12k`, `3.4M`."""
    if number is None or number < 0:
        return NO_COUNT
    if len(text := str(number)) <= width:
        return text
    for size, unit in ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            scaled = number / size
            return f"{int(scaled * 10) / 10:.1f}{unit}" if scaled < 10 else f"{int(scaled)}{unit}"
    return text


def percent(ratio: float | None) -> str:
    """`99.1%`; only a whole is 100%."""
    if ratio is None:
        return NO_TIME
    if ratio >= 1:
        return "100%"
    return f"{min(ratio * 100, 99.9):.1f}%"


def uptime(figure: UptimeFigure | None, *, width: int = 5) -> str:
    """An uptime in at most `width` characters; where too little was watched `n/a`, with how long was where that fits."""
    if figure is None:
        return NO_TIME
    if figure.uptime is not None:
        return percent(figure.uptime)
    known = f"n/a {coarse(figure.covered_s)}"
    return known if figure.counted and len(known) <= width else "n/a"


def coarse(seconds: float) -> str:
    """`59m`, `23h`, `9d`: one unit in three characters, for less room than `duration` takes."""
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{int(seconds / size)}{unit}"
    return "0s"


def window(uptimes: Iterable[UptimeFigure], name: str) -> UptimeFigure | None:
    """The figure of one window. None: there is none."""
    return next((figure for figure in uptimes if figure.window == name), None)


def size(size_bytes: int | None) -> str:
    """`4.4 GiB`."""
    if size_bytes is None:
        return "size unknown"
    scaled = float(size_bytes)
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if scaled < 1024 or unit == "TiB":
            break
        scaled /= 1024
    return f"{scaled:.0f} {unit}" if unit == "B" or scaled >= 100 else f"{scaled:.1f} {unit}"


def plural(number: int, noun: str) -> str:
    """`1 torrent`, `7,990 torrents`, `2 addresses`."""
    ending = "" if number == 1 else "es" if noun.endswith("s") else "s"
    return f"{number:,} {noun}{ending}"


# -- states ------------------------------------------------------------------------------------------------------------

_HEALTH = {
    Health.UP: Span("+ UP", Ink.GOOD),
    Health.DEGRADED: Span("! DEGRADED", Ink.WARN),
    Health.DOWN: Span("x DOWN", Ink.BAD),
    Health.UNKNOWN: Span("? UNKNOWN", Ink.WAIT),
}


_SHORT = {Health.UP: "UP", Health.DEGRADED: "DEGR", Health.DOWN: "DOWN", Health.UNKNOWN: "UNKN"}
MUTED = Span("= MUTED", Ink.DIM)


def tracker_state(view: TrackerView) -> Span:
    """Glyph, word and ink of a tracker's state in at most ten characters.

    Muted comes before everything; then what is only remembered, in brackets; then flapping (`xDOWN%FLAP`: its state says
    little), and a failure that is not yet believed (a retry).
    """
    if view.muted is not None:
        return MUTED
    return unmuted_state(view)


def unmuted_state(view: TrackerView) -> Span:
    """As `tracker_state`, as if it were not muted."""
    if view.recalled_at is not None:
        glyph, _, word = _HEALTH[view.state].text.partition(" ")
        return Span(f"({glyph}) {word if len(word) <= 6 else _SHORT[view.state]}", Ink.WAIT)
    if view.flapping:
        return _flapping(view.state)
    if view.pending and view.state is not Health.DOWN:
        return Span(f"~ RETRY{view.pending}/{view.pending_limit}", Ink.WARN)
    return _HEALTH[view.state]


def _flapping(state: Health) -> Span:
    text, ink, _ = _HEALTH[state]
    return Span(f"{text[0]}{_SHORT[state]}%FLAP", ink if state is Health.DOWN else Ink.WARN)


def endpoint_state(view: EndpointView, pending_limit: int) -> Span:
    """Glyph, word and ink of one address."""
    if view.flapping:
        return _flapping(view.state)
    if view.pending and view.state is not Health.DOWN:
        return Span(f"~ RETRY{view.pending}/{pending_limit}", Ink.WARN)
    if not view.judged:
        return Span("- NOT JUDGED", Ink.DIM)
    return _HEALTH[view.state]


def muted_until(mute: Mute, now: datetime) -> str:
    """`until 14:02`, `until 1 Dec`: the day where that is not today."""
    if mute.until is None:
        return "no end set"
    until = mute.until.astimezone(UTC)
    same_day = until.date() == now.astimezone(UTC).date()
    return f"until {clock(until)}" if same_day else f"until {until.day} {until:%b}"


_RULES = {
    Rule.EXHAUSTED: "EXHAUST",
    Rule.NO_SEEDERS: "NOSEED",
    Rule.FAILED_OVER: "BACKUP",
    Rule.REDUNDANCY: "LAST ONE",
    Rule.ONE_SEEDER: "1 SEED",
    Rule.NO_TRACKERS: "NO TRACK",
    Rule.UNREGISTERED: "UNREG",
    Rule.UNAUTHORIZED: "NO AUTH",
    Rule.TRACKER_DOWN: "DOWN",
    Rule.TLS_EXPIRY: "TLS END",
    Rule.IMPLAUSIBLE: "ODD",
    Rule.SKIPPED_INPUT: "SKIPPED",
    Rule.PRIVATE_NOT_ASKED: "PRIVATE",
}


def torrent_state(view: TorrentView) -> Span:
    """Glyph, word and ink of a torrent: its worst problem, else its verdict."""
    if view.verdict is Verdict.OK:
        return Span("+ OK", Ink.GOOD)
    worst = view.problems[0] if view.problems else None
    if view.verdict is Verdict.UNKNOWN:
        private = any(problem.rule is Rule.PRIVATE_NOT_ASKED for problem in view.problems)
        return Span("- PRIVATE", Ink.DIM) if private else Span("? UNKNOWN", Ink.WAIT)
    bad = view.verdict is Verdict.CRITICAL
    word = _RULES.get(worst.rule, worst.rule.upper()[:8]) if worst else ("CRITICAL" if bad else "WARNING")
    return Span(f"{'x' if bad else '!'} {word}", Ink.BAD if bad else Ink.WARN)


def severity(value: Severity) -> Span:
    """Glyph and ink of a severity."""
    return {
        Severity.CRITICAL: Span("x", Ink.BAD),
        Severity.WARNING: Span("!", Ink.WARN),
        Severity.INFO: Span("i", Ink.DIM),
    }[value]


def role(value: Role) -> Span:
    """Glyph, word and ink of what a tracker is to a torrent."""
    return {
        Role.ACTIVE: Span("+ ACTIVE", Ink.GOOD),
        Role.BACKUP: Span("+ backup", Ink.PLAIN),
        Role.FAILED: Span("x failed", Ink.BAD),
        Role.UNTRIED: Span("? untried", Ink.WAIT),
    }[value]


def failover(value: FailoverState) -> Span:
    """Where a torrent stands, in words."""
    return {
        FailoverState.PRIMARY: Span("on its first tracker", Ink.GOOD),
        FailoverState.FAILED_OVER: Span("running on a backup", Ink.WARN),
        FailoverState.EXHAUSTED: Span("no tracker works", Ink.BAD),
        FailoverState.UNKNOWN: Span("not known yet", Ink.WAIT),
    }[value]


def event_mark(event: Event) -> Span:
    """The glyph and ink of an event."""
    return kind_mark(event.kind, event.to_state)


_GOOD_KINDS = frozenset({"recovered", "promoted", "local_online", "problem_closed"})
_ODD_KINDS = frozenset({"failed_over", "problem_opened", "config_rejected", "store_degraded"})


def kind_mark(kind: str, to_state: str | None = None) -> Span:
    """The glyph and ink of what happened: an event kind, and the state it led to."""
    if kind in {EventKind.EXHAUSTED, EventKind.LOCAL_OFFLINE} or to_state == Health.DOWN:
        return Span("x", Ink.BAD)
    if kind in _GOOD_KINDS:
        return Span("+", Ink.GOOD)
    if kind == EventKind.STATE_CHANGED:
        good, waits = to_state == Health.UP, to_state == Health.UNKNOWN
        return Span("+", Ink.GOOD) if good else Span("?", Ink.WAIT) if waits else Span("!", Ink.WARN)
    return Span("!", Ink.WARN) if kind in _ODD_KINDS else Span("-", Ink.DIM)


KEY_NAMES = {
    "escape": "esc",
    "slash": "/",
    "question_mark": "?",
    "colon": ":",
    "space": "space",
    "pagedown": "pgdn",
    "pageup": "pgup",
    "up": "up",
    "down": "down",
}


def key_name(key: str) -> str:
    """A key as a footer names it."""
    return KEY_NAMES.get(key, key)


# -- failures ----------------------------------------------------------------------------------------------------------

_KINDS = {
    FailureKind.LOCAL_OFFLINE: "this machine is offline",
    FailureKind.DNS_NXDOMAIN: "no such host",
    FailureKind.DNS_ERROR: "dns error",
    FailureKind.DNS_TIMEOUT: "dns timeout",
    FailureKind.DNS_BLOCKED: "dns blocked",
    FailureKind.NO_ROUTE: "no route here",
    FailureKind.TLS: "tls",
    FailureKind.HTTP_STATUS: "http error",
    FailureKind.TOO_LARGE: "answer too large",
    FailureKind.CLOSED: "hung up",
    FailureKind.NOT_BENCODE: "not bencode",
    FailureKind.BAD_REPLY: "bad reply",
    FailureKind.FAILURE_REASON: "says no",
    FailureKind.RATE_LIMITED: "rate limited",
    FailureKind.SCRAPE_UNSUPPORTED: "no scrape",
    FailureKind.DENIED: "denied by dns",
    FailureKind.BLOCKED: "blocked here",
    FailureKind.INTERNAL: "internal error",
}

_REASONS = {
    "failing": "rounds fail",
    "slow": "slow",
    "loss": "packet loss",
    "endpoint_down": "address down",
    "tls_expiry": "certificate ends",
}


def failure_kind(kind: FailureKind) -> str:
    """A failure kind in words."""
    return _KINDS.get(kind, kind.value)


def failure(value: Failure | None) -> str:
    """What went wrong: kind, and the detail where it says more than the kind."""
    if value is None:
        return ""
    kind = failure_kind(value.kind)
    message = safe(value.message)
    if not message or message.lower() == kind:
        return kind
    return message if message.lower().startswith(kind) else f"{kind}: {message}"


def reason(code: str) -> str:
    """One of a tracker's reason codes in words."""
    if code in _REASONS:
        return _REASONS[code]
    try:
        return failure_kind(FailureKind(code))
    except ValueError:
        return safe(code.replace("_", " "))


def family(value: Family) -> str:
    """`v4` or `v6`."""
    return "v6" if value is Family.IPV6 else "v4"


def tracker_remark(view: TrackerView, now: datetime, *, brief: bool = False) -> str:
    """What stands beside a tracker's state: until when it is muted, how old a remembered state is, or why it is not up."""
    why = tracker_reason(view, brief=brief)
    if view.muted is not None:
        until = muted_until(view.muted, now)
        state = unmuted_state(view).text
        return until if brief else "; ".join(filter(None, (until, safe(view.muted.why), f"{state} {why}".rstrip())))
    if view.recalled_at is not None:
        told = f"from {coarse((now - view.recalled_at).total_seconds())} ago"
        return told if brief or not why else f"{told}: {why}"
    if view.flapping and not brief:
        return f"flapping; {why}" if why else "flapping: its state changes too often to say much"
    return why


def tracker_reason(view: TrackerView, *, brief: bool = False) -> str:
    """Why a tracker is not simply up, most telling first: `refused x5`, `v6 timeout; v4 fine`, `slow, packet loss`.

    With `brief` a word or two without details.
    """
    if view.state is Health.UP and not view.pending:
        return ""
    if view.state is Health.DEGRADED:
        split = _split_families(view, brief=brief)
        told = [split if code == "endpoint_down" and split else reason(code) for code in view.reasons]
        # The failure of the address that is down is among the reasons, and was just told.
        told = [text for text in told if text == split or not split or text not in split]
        if told:
            return told[0] if brief else ", ".join(told)
    if view.state is Health.DOWN and (view.failure is None or view.failure.kind.answered):
        # One answer after an outage is not believed yet.
        return "answers" if brief else "answers again; believed when it does so twice"
    if view.failure is None:
        return ", ".join(reason(code) for code in view.reasons)
    kind = failure_kind(view.failure.kind)
    if brief:
        return kind
    misses = max((endpoint.consecutive_failures for endpoint in view.endpoints), default=0)
    text = failure(view.failure)
    if view.state is Health.DOWN and misses > 1:
        text = f"{kind} x{misses}{text.removeprefix(kind)}"
    return text


def _split_families(view: TrackerView, *, brief: bool) -> str:
    down = [e for e in view.endpoints if e.state is Health.DOWN]
    fine = {family(e.endpoint.family) for e in view.endpoints if e.state is Health.UP}
    if not down:
        return ""
    bad = {family(e.endpoint.family) for e in down}
    first = down[0]
    what = failure_kind(first.failure.kind) if first.failure else "down"
    if len(bad) == 1 and not bad & fine:
        return f"{family(first.endpoint.family)} {what}" + (f"; {next(iter(fine))} fine" if fine and not brief else "")
    return f"{first.endpoint.address} {what}" + (f" (+{len(down) - 1})" if len(down) > 1 else "")


def asked(state: AskState) -> str:
    """What became of a question, in words."""
    return {AskState.ANSWERED: "answered", AskState.FAILED: "failed", AskState.SKIPPED: "not asked"}[state]
