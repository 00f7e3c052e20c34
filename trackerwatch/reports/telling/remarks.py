"""What a report says beside its problems: the sentence, what was not judged, notes, orders, where it was seen from."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from trackerwatch.health.states import Health
from trackerwatch.outcome import FailureKind, Family
from trackerwatch.policy.rules import LINT, Rule, Severity, Verdict
from trackerwatch.policy.words import KIND_WORDS
from trackerwatch.reports.rows import Subject
from trackerwatch.reports.telling import unjudged, vantage_words, wording
from trackerwatch.reports.telling.evidence import bounded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from trackerwatch.engine.views import EndpointView, TrackerView
    from trackerwatch.policy.rules import Problem
    from trackerwatch.reports.rows import PolicyNote, Remembered, Report

MAX_NOTES = 5
"""Different notes on trackers that are told."""
MAX_LINT = 8
"""Different remarks of lint that are told."""
MAX_BECAUSE = 4
"""Different reasons why something was not judged that are told, the commonest first."""
MAX_NAMED = 3
"""Names of many of which the same is told."""

"""Worst first."""


def sentence(report: Report) -> str:
    """The whole report in one sentence, without the word of its verdict."""
    title = f"{report.title}: " if report.title else ""
    if report.remark:
        skipped = f"; {wording.many(len(report.skipped), 'input')} skipped" if report.skipped else ""
        return title + report.remark + skipped
    parts = [_of_torrents(report)] if report.torrents_judged else []
    if nothing := _nothing_judged(report):
        parts.append(nothing)
    elif trackers := _of_trackers(report):
        parts.append(trackers)
    if report.skipped:
        number = len(report.skipped)
        parts.append(f"{wording.many(number, 'input')} {'was' if number == 1 else 'were'} skipped")
    if report.remembered:
        parts.append(_of_it_remembered(report.remembered))
    if report.quorum:
        parts.append(vantage_words.seen_by(report.quorum))
    return title + "; ".join(parts)


def _of_torrents(report: Report) -> str:
    verdicts, total = report.torrents_by_verdict, report.torrents_judged
    troubled = verdicts.get(Verdict.CRITICAL, 0) + verdicts.get(Verdict.WARNING, 0)
    rest: list[str] = []
    unknown = verdicts.get(Verdict.UNKNOWN, 0)
    for number, word in ((report.ready, "ready"), (report.in_grace, "in grace"), (unknown, "unknown")):
        if number:
            subject = f"{number:,}" if rest or troubled else wording.many(number, "torrent")
            rest.append(f"{subject} {wording.are(number)} {word}")
    parts = [", ".join(rest)] if rest else []
    if troubled:
        has = "has" if troubled == 1 else "have"
        parts.insert(0, f"{troubled:,} of {wording.many(total, 'torrent')} {has} a problem")
    return "; ".join(parts)


def _nothing_judged(report: Report) -> str:
    """`none of 3 trackers could be judged (we are offline)`; empty where some could."""
    total = report.trackers_judged
    if not total or report.trackers_by_state[Health.UNKNOWN] < total or all(v.disabled for v in report.trackers):
        return ""
    kinds = [KIND_WORDS[view.failure.kind] for view in report.trackers if view.failure]
    who = "the only tracker could not" if total == 1 else f"none of {total:,} trackers could"
    return f"{who} be judged{_because(kinds)}"


def _of_trackers(report: Report) -> str:
    states, total = report.trackers_by_state, wording.many(report.trackers_judged, "tracker")
    told = (
        (Health.DOWN, Health.DEGRADED)
        if report.subject is Subject.TORRENTS
        else sorted(Health, key=lambda state: -state.badness)
    )
    return ", ".join(
        f"{states[state]:,} of {total} {wording.are(states[state])} {state}{_of_them_muted(report, state)}"
        for state in told
        if states[state]
    )


def _of_them_muted(report: Report, state: Health) -> str:
    of_state = [view for view in report.trackers if view.state is state]
    off = sum(view.disabled is not None for view in of_state)
    muted = sum(view.muted is not None and view.disabled is None for view in of_state)
    counts = ((off, "switched off"), (muted, "muted"))
    told = ", ".join(f"{number:,} {word}" for number, word in counts if number)
    return f" ({told})" if told and state is not Health.UP else ""


def _of_it_remembered(remembered: Remembered) -> str:
    """`3 trackers' answers are remembered, up to 14m old`: also whoever reads only the first line is to know."""
    whose = "1 tracker's" if remembered.trackers == 1 else f"{remembered.trackers:,} trackers'"
    return f"{whose} answers are remembered, up to {wording.duration(remembered.oldest_s)} old"


def not_judged(report: Report) -> Iterator[str]:
    """What nothing is known of, with the reason where there is one; but for what `seen_from` says."""
    if unknown := report.torrents_by_verdict.get(Verdict.UNKNOWN, 0):
        yield wording.many(unknown, "torrent") + _because(_reasons_of_torrents(report))
    off = sum(view.disabled is not None for view in report.trackers)
    if unknown := report.trackers_by_state[Health.UNKNOWN] - off:
        kinds = [v.failure.kind for v in report.trackers if v.state is Health.UNKNOWN and v.failure]
        yield wording.many(unknown, "tracker") + _because(KIND_WORDS[kind] for kind in kinds)
    unrouted = _without_family(report)
    endpoints = [e for e in _unjudged(report) if unrouted is None or e.endpoint.family is not unrouted]
    if endpoints:
        kinds = [endpoint.failure.kind for endpoint in endpoints if endpoint.failure]
        yield wording.many(len(endpoints), "endpoint") + _because(KIND_WORDS[kind] for kind in kinds)


def _reasons_of_torrents(report: Report) -> Iterator[str]:
    trackers = {view.tracker.id: view for view in (*report.trackers, *report.unlisted_trackers)}
    unknown = (view for view in report.torrents if view.verdict is Verdict.UNKNOWN)
    return (unjudged.reason(view, trackers, report.quorum) for view in unknown)


def _because(reasons: Iterable[str]) -> str:
    commonest = [reason for reason, _ in Counter(reasons).most_common()]
    told = "; ".join([*commonest[:MAX_BECAUSE], *(["..."] if len(commonest) > MAX_BECAUSE else [])])
    return f" ({told})" if told else ""


def _unjudged(report: Report) -> list[EndpointView]:
    return [e for v in report.trackers if v.state is not Health.UNKNOWN for e in v.endpoints if not e.judged]


def _without_family(report: Report) -> Family | None:
    """The address family to which nothing goes from here. None: both work, or there is nothing to tell by."""
    endpoints = [endpoint for view in report.trackers for endpoint in view.endpoints]
    for family, other in ((Family.IPV6, Family.IPV4), (Family.IPV4, Family.IPV6)):
        of_it = [endpoint for endpoint in endpoints if endpoint.endpoint.family is family]
        unrouted = [e for e in of_it if e.failure and e.failure.kind is FailureKind.NO_ROUTE and not e.judged]
        if of_it and len(unrouted) == len(of_it) and any(e.endpoint.family is other for e in endpoints):
            return family
    return None


def notes(report: Report) -> Iterator[str]:
    """Remarks that change no verdict."""
    yield from vantage_words.regional_notes(report)
    found = [p for p in report.problems if p.severity is Severity.INFO and p.rule is not Rule.REGIONAL]
    rules = Counter((p.rule, p.torrent is not None) for p in found if p.rule not in LINT)
    for (rule, of_torrent), number in rules.most_common():
        told = wording.note(rule, number, "torrent" if of_torrent else "tracker")
        named = "" if rule in wording.NOTES else f"{rule}: "
        yield f"{told} ({named}does not change the verdict)"
    yield from _lint(report, [problem for problem in found if problem.rule in LINT])
    remarks = Counter(view.note for view in report.trackers if view.note)
    for remark, number in remarks.most_common(MAX_NOTES):
        yield f"{wording.many(number, 'tracker')}: {remark}"
    if report.policy:
        yield from report.policy.notes


def _lint(report: Report, found: Sequence[Problem]) -> Iterator[str]:
    """What lint and drift found, in their own words; torrents of which the same holds are told together."""
    names = {view.torrent.info_hash_hex: view.torrent.name for view in report.torrents}
    alike: dict[tuple[Rule, str, str], list[str]] = {}
    for problem in found:
        name = names.get(problem.torrent or "", problem.torrent or problem.tracker or "")
        alike.setdefault((problem.rule, problem.message, problem.action), []).append(name)
    often = sorted(alike.items(), key=lambda item: -len(item[1]))
    for (rule, message, action), of in often[:MAX_LINT]:
        who = of[0] if len(of) == 1 else f"{wording.many(len(of), 'torrent')} ({', '.join(bounded(of, MAX_NAMED))})"
        yield f"{who}: {message}; {action} ({rule}: lint, does not change the verdict)"
    if left_out := often[MAX_LINT:]:
        rest = Counter(rule for (rule, _, _), of in left_out for _ in of)
        told = ", ".join(f"{number:,} {rule}" for rule, number in rest.most_common())
        yield f"more that lint found and that does not change the verdict: {told} (--format json tells each)"


def orders(trackers: Iterable[TrackerView]) -> Iterator[tuple[str, str]]:
    """(label, line) for what the user ordered of single trackers: or it would be forgotten."""
    trackers = tuple(trackers)
    yield from (("switched off", _disabled(view)) for view in trackers if view.disabled is not None)
    yield from (("muted", _muted(view)) for view in trackers if view.muted is not None)
    yield from (("interval", _own_interval(view)) for view in trackers if view.interval_wish_s is not None)
    yield from (("added", f"{view.tracker.host_port} by hand, for this run") for view in trackers if view.added)


def _muted(view: TrackerView) -> str:
    """`tracker.example.org:6969 until 2026-12-01 00:00 UTC, out of every verdict: moves house`."""
    until = view.muted.until if view.muted else None
    why = view.muted.why if view.muted else ""
    for_how_long = f"until {until:%Y-%m-%d %H:%M} UTC" if until else "until that is taken back"
    whose = (
        {"hand": "", "config": " (config)", "window": " (a window of the config)"}[view.muted.source]
        if view.muted
        else ""
    )
    return f"{view.tracker.host_port} {for_how_long}{whose}, out of every verdict" + (f": {why}" if why else "")


def _disabled(view: TrackerView) -> str:
    """`tracker.example.org:6969 since 2026-12-01 00:00 UTC, asked nothing: moves house`."""
    disabled = view.disabled
    since = f" since {disabled.since:%Y-%m-%d %H:%M} UTC" if disabled and disabled.since else " (config)"
    why = f": {disabled.why}" if disabled and disabled.why else ""
    return f"{view.tracker.host_port}{since}, asked nothing and counted for nothing{why}"


def _own_interval(view: TrackerView) -> str:
    return f"{view.tracker.host_port} every {wording.duration(view.interval_wish_s or 0.0)}, by hand"


def seen_from(report: Report) -> str:
    """`ci-eu, IPv4 only (no IPv6 route: 2 endpoints not judged), 7.4 s, all data fresh`."""
    if report.quorum is not None:
        return vantage_words.put_together(report, report.quorum)
    parts = [report.vantage.name] if report.vantage.name else []
    if (family := _without_family(report)) is not None:
        other = {Family.IPV6: "IPv4", Family.IPV4: "IPv6"}[family]
        missing = {Family.IPV6: "IPv6", Family.IPV4: "IPv4"}[family]
        number = sum(endpoint.endpoint.family is family for endpoint in _unjudged(report))
        counted = f": {wording.many(number, 'endpoint')} not judged" if number else ""
        parts.append(f"{other} only (no {missing} route{counted})")
    parts.append(f"{report.duration_s:.1f} s")
    if report.is_parting:
        parts.append("left by you")
    if report.remembered:
        parts.append(_from_store(report.remembered))
    elif not report.is_parting and (report.trackers_by_state[Health.UP] or report.trackers_by_state[Health.DEGRADED]):
        parts.append("all data fresh")
    return ", ".join(parts)


def _from_store(remembered: Remembered) -> str:
    """`answers of 2 trackers from the store, 4m to 12m old (--fresh asks again)`."""
    youngest, oldest = wording.duration(remembered.youngest_s), wording.duration(remembered.oldest_s)
    age = oldest if youngest == oldest else f"{youngest} to {oldest}"
    return f"answers of {wording.many(remembered.trackers, 'tracker')} from the store, {age} old (--fresh asks again)"


def policy(note: PolicyNote | None) -> str:
    """`policy release.toml: 2 torrents in grace`; empty: there is none."""
    if note is None:
        return ""
    told = []
    if note.in_grace:
        told.append(f"{wording.many(note.in_grace, 'torrent')} in grace")
    if note.overridden:
        told.append(f"an override holds for {wording.many(note.overridden, 'torrent')}")
    name = f"policy {note.source}" if note.source else "policy of the command line"
    return name + (f": {', '.join(told)}" if told else "")
