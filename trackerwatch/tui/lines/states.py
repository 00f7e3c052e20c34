"""States, failures and events in the words of the screen: glyph, word and ink. Pure."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from trackerwatch.engine.views import AskState, EventKind
from trackerwatch.failover.states import FailoverState, Role
from trackerwatch.health.states import Health
from trackerwatch.outcome import FailureKind, Family
from trackerwatch.policy.rules import Rule, Severity, Verdict
from trackerwatch.tui.lines import words
from trackerwatch.tui.lines.ink import Ink, Span, safe
from trackerwatch.tui.model.gathering import refuses

if TYPE_CHECKING:
    from datetime import datetime

    from trackerwatch.engine.views import EndpointView, Event, Mute, TorrentView, TrackerView
    from trackerwatch.outcome import Failure

_HEALTH = {
    Health.UP: Span("+ UP", Ink.GOOD),
    Health.DEGRADED: Span("! DEGRADED", Ink.WARN),
    Health.DOWN: Span("x DOWN", Ink.BAD),
    Health.UNKNOWN: Span("? UNKNOWN", Ink.WAIT),
}


_SHORT = {Health.UP: "UP", Health.DEGRADED: "DEGR", Health.DOWN: "DOWN", Health.UNKNOWN: "UNKN"}
MUTED = Span("= MUTED", Ink.DIM)
DISABLED = Span("- DISABLED", Ink.DIM)
REFUSES = Span("! REFUSES", Ink.WARN)


def tracker_state(view: TrackerView) -> Span:
    """Glyph, word and ink of a tracker's state in at most ten characters.

    Disabled and muted come before everything; then what is only remembered, in brackets; then flapping (`xDOWN%FLAP`: its state says
    little), a failure that is not yet believed (a retry), and that it refuses most of its torrents.
    """
    if view.disabled is not None:
        return DISABLED
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
    return REFUSES if refuses(view) else _HEALTH[view.state]


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
    return f"until {words.clock(until)}" if same_day else f"until {until.day} {until:%b}"


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
    word = rule(worst.rule) if worst else ("CRITICAL" if bad else "WARNING")
    return Span(f"{'x' if bad else '!'} {word}", Ink.BAD if bad else Ink.WARN)


def rule(value: Rule) -> str:
    """A broken rule in at most eight characters."""
    return _RULES.get(value, value.upper()[:8])


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
    if view.disabled is not None:
        told = safe(view.disabled.why)
        return told or "not asked" if brief else f"not asked: {told or 'you disabled it'}"
    why = tracker_reason(view, brief=brief)
    if view.muted is not None:
        until = muted_until(view.muted, now)
        state = unmuted_state(view).text
        return until if brief else "; ".join(filter(None, (until, safe(view.muted.why), f"{state} {why}".rstrip())))
    if view.recalled_at is not None:
        told = f"from {words.coarse((now - view.recalled_at).total_seconds())} ago"
        return told if brief or not why else f"{told}: {why}"
    if view.flapping and not brief:
        return f"flapping; {why}" if why else "flapping: its state changes too often to say much"
    return why


def tracker_reason(view: TrackerView, *, brief: bool = False) -> str:
    """Why a tracker is not simply up, most telling first: `refused x5`, `v6 timeout; v4 fine`, `slow, packet loss`.

    With `brief` a word or two without details.
    """
    told = "" if view.pending else refusal(view, brief=brief)
    if view.state is Health.UP and not view.pending:
        return told
    why = _reason(view, brief=brief)
    return told if told and brief else ", ".join(filter(None, (told, why)))


def refusal(view: TrackerView, *, brief: bool = False) -> str:
    """What a tracker that answers refuses: `refuses 20/20: unregistered`; empty where it is not most of its torrents."""
    if not refuses(view):
        return ""
    kind = failure_kind(view.refused_kind) if view.refused_kind else ""
    if brief:
        return kind or "refuses"
    return f"refuses {view.refused:,}/{view.torrents:,}" + (f": {kind}" if kind else "")


def _reason(view: TrackerView, *, brief: bool) -> str:
    """`tracker_reason` of one that is not simply up, without what it refuses."""
    if view.state is Health.DEGRADED:
        split = _split_families(view, brief=brief)
        told = [split if code == "endpoint_down" and split else reason(code) for code in view.reasons]
        # The failure of the address that is down is among the reasons, and was just told.
        told = [text for text in told if text == split or not split or text not in split]
        if told:
            return told[0] if brief else ", ".join(told)
    if view.state is Health.DOWN and view.answers_in_row and not brief:
        # One answer after an outage is not believed yet, and the outage keeps its reason.
        why = f"{failure_kind(view.failure.kind)}; " if view.failure else ""
        enough = f" of {view.thresholds.up_after}" if view.thresholds else ""
        return f"{why}it answers again, {view.answers_in_row}{enough}"
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
