"""The two lines on top: what is wrong, with cause and effect, and the totals. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trackerwatch.engine.views import LocalState
from trackerwatch.health.states import Health
from trackerwatch.outcome import FailureKind
from trackerwatch.policy.rules import Rule, Severity, Verdict
from trackerwatch.tui.lines import states, words
from trackerwatch.tui.lines.ink import Ink, Line, Span, line_width, safe
from trackerwatch.tui.model.gathering import is_aside, refuses

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from trackerwatch.engine.views import OurselvesView, Snapshot, TrackerView

STALE_AFTER_S = 1200.0
"""No data newer than this: rounds come every 15 minutes, so something of ours hangs."""
LATE_AFTER_S = 30.0
"""A schedule this late is said in colour."""
LAG_AFTER_S = 2.0
"""A schedule less late than this is not late."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What the top lines need to know beside the snapshot."""

    now: datetime
    paused_at: datetime | None = None
    """Since when the picture is frozen. None: live."""
    filter_text: str = ""
    matched: int | None = None
    """Torrents that match the filter. None: no filter."""
    loading: str = ""
    """Progress while inputs are still read; empty when done."""
    unseen: int = 0
    """Events that came while no key was pressed."""
    worst_torrent: str = ""
    """Name and reason of the first torrent that needs attention, for when no tracker explains it."""
    broken: str = ""
    """What of ours has stopped, if something has."""
    read_only: bool = False
    """Whether nothing may be asked or changed from here."""


# -- the header line ---------------------------------------------------------------------------------------------------


def header(snapshot: Snapshot | None, situation: Situation, width: int) -> Line:
    """Vantage, totals, filter, lateness, age of data, and whether the picture is live; what matters least is left out."""
    if snapshot is None:
        return (Span(" trackerwatch", Ink.ACCENT), Span(f"  {situation.loading}" if situation.loading else "", Ink.DIM))
    totals, now = snapshot.totals, situation.now
    parts: list[tuple[int, Line]] = [(3, (Span(safe(snapshot.vantage), Ink.ACCENT),))]
    if situation.read_only:
        parts.append((0, (Span("read-only", Ink.KEY),)))
    if situation.paused_at is not None:
        goes_on = ", p goes on" if width >= 110 else ""
        parts.append((0, (Span(f"PAUSED {words.age(situation.paused_at, now)}{goes_on}", Ink.WARN),)))
    if snapshot.ourselves.state is LocalState.OFFLINE:
        parts.append((0, (Span(f"OFFLINE {words.age(snapshot.ourselves.since, now)}".removesuffix(" -"), Ink.BAD),)))
    stale = _stale(snapshot, now)
    if stale:
        parts.append((0, (Span("STALE", Ink.BAD),)))
    parts += [
        (1, _trackers(snapshot, short=width < 110)),
        (1, _torrents(totals.torrents_by_verdict, len(snapshot.torrents.listed), short=width < 110)),
    ]
    if situation.unseen:
        told = f"{situation.unseen:,} new" + (" since you looked" if width >= 110 else "")
        parts.append((1, (Span(told, Ink.KEY),)))
    if snapshot.client != words.USUAL_CLIENT:
        parts.append((1, (Span(f"as {safe(snapshot.client)}", Ink.KEY),)))
    if situation.matched is not None:
        text = f"filter {situation.matched:,}/{len(snapshot.torrents.listed):,}"
        parts.append((1, (Span(text, Ink.KEY),)))
    elif width >= 140:
        parts.append((5, (Span("filter none", Ink.DIM),)))
    if situation.loading:
        parts.append((0, (Span(situation.loading, Ink.WAIT),)))
    late = snapshot.lateness_s >= LATE_AFTER_S
    lag = f"lag {snapshot.lateness_s:.1f}s" if snapshot.lateness_s < 9.95 else f"lag {snapshot.lateness_s:.0f}s"
    if snapshot.lateness_s > LAG_AFTER_S:
        parts.append((1 if late else 4, (Span(lag, Ink.WARN if late else Ink.DIM),)))
    parts += [
        (2, (Span(_data_age(snapshot, now, long=width >= 110), Ink.BAD if stale else Ink.DIM),)),
    ]
    if width >= 130:
        parts.append((5, (Span(f"{words.clock(now, seconds=True)}Z", Ink.DIM),)))
    gap = "   " if width >= 130 else "  "
    while len(parts) > 1 and 1 + sum(line_width(line) for _, line in parts) + len(gap) * (len(parts) - 1) > width:
        parts.remove(max(reversed(parts), key=lambda part: part[0]))
    line: Line = (Span(" "), *parts[0][1])
    for _, part in parts[1:]:
        line = (*line, Span(gap), *part)
    return line


def _stale(snapshot: Snapshot, now: datetime) -> bool:
    newest = snapshot.newest_data_at
    return newest is not None and (now - newest).total_seconds() > STALE_AFTER_S


def _data_age(snapshot: Snapshot, now: datetime, *, long: bool) -> str:
    if snapshot.newest_data_at is None:
        return "no data yet"
    newest = words.age(snapshot.newest_data_at, now)
    if long:
        oldest = words.age(snapshot.oldest_data_at, now)
        return f"data {newest} old" if oldest in (newest, words.NO_TIME) else f"data {newest}..{oldest} old"
    return f"age {newest}"


def _trackers(snapshot: Snapshot, *, short: bool) -> Line:
    """How many there are in each state; those that are muted or switched off are counted as that alone."""
    watched = [view for view in snapshot.trackers if not view.retired]
    total = len(watched)
    off = sum(view.disabled is not None for view in watched)
    heard = [view for view in watched if view.disabled is None]
    muted = sum(view.muted is not None for view in heard)
    judged = [view for view in heard if view.muted is None]
    # As their rows say it: one that fails and is not believed to be down is no `up`.
    retrying = [view for view in judged if view.pending and view.state is not Health.DOWN]
    refusing = sum(refuses(view) and not view.pending for view in judged)
    by_state = Counter(view.state for view in judged)
    by_state.subtract(view.state for view in retrying)
    by_state.subtract(view.state for view in judged if refuses(view) and not view.pending)
    names = ((Health.DOWN, "down", Ink.BAD), (Health.DEGRADED, "degr" if short else "degraded", Ink.WARN))
    line: list[Span] = [Span(f"trackers {total:,}:" if total else "no trackers", Ink.PLAIN)]
    line += [Span(f" {by_state[h]:,} {name}", ink) for h, name, ink in names if by_state.get(h)]
    if refusing:
        line.append(Span(f" {refusing:,} {'refuse' if refusing > 1 else 'refuses'}", Ink.WARN))
    if retrying:
        line.append(Span(f" {len(retrying):,} {'retry' if short else 'retrying'}", Ink.WARN))
    for health, name, ink in ((Health.UNKNOWN, "unknown", Ink.WAIT), (Health.UP, "up", Ink.GOOD)):
        if number := by_state.get(health):
            line.append(Span(f" {number:,} {name}", ink))
    if muted:
        line.append(Span(f" {muted:,} muted", Ink.DIM))
    if off:
        line.append(Span(f" {off:,} disabled", Ink.DIM))
    return tuple(line)


def _torrents(by_verdict: dict[Verdict, int], total: int, *, short: bool) -> Line:
    bad, odd = by_verdict.get(Verdict.CRITICAL, 0), by_verdict.get(Verdict.WARNING, 0)
    line: list[Span] = [Span(f"torrents {total:,}" + (":" if bad or odd else ""))]
    if bad:
        line.append(Span(f" {bad:,} {'crit' if short else 'critical'}", Ink.BAD))
    if odd:
        line.append(Span(f" {odd:,} {'warn' if short else 'warning'}", Ink.WARN))
    return tuple(line)


# -- the problem line --------------------------------------------------------------------------------------------------


def problem(snapshot: Snapshot | None, situation: Situation, width: int) -> Line:
    """One line: what is wrong, what that does, and why; or that all is well; or that nothing is known yet."""
    if situation.broken:
        return (Span(f" x {safe(situation.broken)}", Ink.BAD),)
    if snapshot is None or not (len(snapshot.torrents.listed) or snapshot.trackers):
        return (Span(f" ? {situation.loading or 'nothing loaded yet'}", Ink.WAIT),)
    now = situation.now
    if snapshot.ourselves.state is LocalState.OFFLINE:
        return _offline(snapshot.ourselves, now, width)
    causes = [view for view in snapshot.trackers if view.state is Health.DOWN and not is_aside(view)]
    causes.sort(key=_damage)
    broken = snapshot.totals.broken
    dead, moved = broken.get(Rule.EXHAUSTED, 0), broken.get(Rule.FAILED_OVER, 0)
    seedless = broken.get(Rule.NO_SEEDERS, 0)
    by_verdict = snapshot.totals.torrents_by_verdict
    if dead or moved:
        hurting = (view for view in snapshot.trackers if view.effect.exhausted or view.effect.failed_over)
        guilty = sorted((view for view in hurting if not is_aside(view)), key=_damage)
        heads, apart = _effects(dead, moved, seedless), bool(seedless and not dead)
        line = _with_causes(heads, guilty, now, width, apart=apart)
        if seedless and dead:
            tail = Span(f"; {seedless:,} without a seeder", Ink.BAD)
            fitting = (*_with_causes(heads, guilty, now, width - line_width((tail,)), apart=apart), tail)
            return fitting if line_width(fitting) <= width else line
        return line
    if causes and seedless:
        down = f"; {words.plural(len(causes), 'tracker')} down"
        long = Span(f" x {_seedless(seedless)}{down}", Ink.BAD)
        short = Span(f" x {seedless:,} no seeder{down}", Ink.BAD)
        return _with_causes((long, long, short), causes, now, width, apart=True)
    bad, odd = by_verdict.get(Verdict.CRITICAL, 0), by_verdict.get(Verdict.WARNING, 0)
    if causes:
        down = f" x {words.plural(len(causes), 'tracker')} down"
        needing = f"{words.plural(bad + odd, 'torrent')} {'needs' if bad + odd == 1 else 'need'} attention"
        effect = needing if bad or odd else "no torrent is hit"
        full, short = Span(f"{down}; {effect}", Ink.BAD), Span(down, Ink.BAD)
        return _with_causes((full, full, short), causes, now, width)
    if not causes and (blocked := _blocked(snapshot.trackers)) is not None:
        return blocked
    if bad or odd:
        number = bad or odd
        verb = "needs" if number == 1 else "need"
        text = f" {'x' if bad else '!'} {words.plural(number, 'torrent')} {verb} attention"
        if seedless and seedless == bad:
            text = f" x {_seedless(seedless)}"
        if bad and odd:
            text += f", {odd:,} more to look at"
        detail = f". Worst: {situation.worst_torrent}" if situation.worst_torrent else ""
        if (refusing := _refusing(snapshot)) and not seedless:
            return (Span(text, Ink.BAD if bad else Ink.WARN), Span(". Cause: "), *refusing)
        return (Span(text, Ink.BAD if bad else Ink.WARN), Span(detail))
    return _minor(snapshot, now)


def _offline(ours: OurselvesView, now: datetime, width: int) -> Line:
    since = f" since {words.moment(ours.since, now)}" if ours.since else ""
    detail = f" ({safe(ours.message)})" if ours.message else ""
    line: Line = (Span(f" x OFFLINE here{since}: nothing is judged", Ink.BAD), Span(detail))
    longer = (*line, Span("; check your network, asking goes on by itself", Ink.DIM))
    return longer if line_width(longer) <= width else line


def ourselves(snapshot: Snapshot | None, now: datetime) -> list[Line]:
    """What is wrong with this machine, our store or our picture, a line each, beside whatever is wrong with trackers.

    That we are offline is not among it: then there is nothing else to say, and the problem line says it.
    """
    if snapshot is None:
        return []
    ours = snapshot.ourselves
    lines: list[Line] = []
    since = f" since {words.moment(ours.since, now)}" if ours.since else ""
    told = {
        LocalState.UDP_BLOCKED: f" ! UDP blocked here?{since}: udp trackers are not judged",
        LocalState.NO_NAMES: f" ! no name resolves here{since}: trackers are asked where they were last",
    }.get(ours.state)
    if told:
        lines.append((Span(told, Ink.WARN), Span(_DOCTOR, Ink.DIM)))
    if ours.store_trouble:
        trouble = Span(safe(ours.store_trouble))
        lines.append((Span(" ! history is not written down: ", Ink.WARN), trouble, Span(_DOCTOR, Ink.DIM)))
    if _stale(snapshot, now) and ours.state is not LocalState.OFFLINE:
        last = f"{words.moment(snapshot.newest_data_at, now)} ({words.age(snapshot.newest_data_at, now)})"
        lines.append(
            (Span(f" ! nothing was heard since {last}: this may be over", Ink.WARN), Span("; r asks now", Ink.DIM))
        )
    return lines


_DOCTOR = "; `trackerwatch doctor` tells more"


def _damage(view: TrackerView) -> tuple[int, int, int]:
    """Sorts whoever hurts most to the front."""
    return (-view.effect.exhausted, -view.effect.failed_over, -view.torrents)


def _seedless(number: int) -> str:
    return f"{words.plural(number, 'torrent')} without a seeder"


def _effects(dead: int, moved: int, seedless: int) -> tuple[Span, Span, Span]:
    """What is wrong with torrents, in three lengths; last what causes explain, and a lack of seeders is none of that."""
    runs = "runs" if moved == 1 else "run"
    if not dead and seedless:
        # Worse than what its trackers do, and not to be hidden behind it.
        first = f" x {_seedless(seedless)}; {moved:,}"
        return (
            Span(f"{first} {runs} on a backup", Ink.BAD),
            Span(f"{first} on a backup", Ink.BAD),
            Span(f" x {seedless:,} no seeder; {moved:,} on backup", Ink.BAD),
        )
    if not dead:
        text = f" ! {words.plural(moved, 'torrent')} {runs} on a backup"
        return (Span(f"{text} tracker", Ink.WARN), Span(text, Ink.WARN), Span(f" ! {moved:,} on a backup", Ink.WARN))
    text = f" x {words.plural(dead, 'torrent')} {'has' if dead == 1 else 'have'} NO working tracker"
    short = f" x {words.plural(dead, 'torrent')} {'has' if dead == 1 else 'have'} NO tracker"
    return (
        Span(f"{text}, {moved:,} run on a backup" if moved else text, Ink.BAD),
        Span(f"{text}, {moved:,} on a backup" if moved else text, Ink.BAD),
        Span(f"{short}, {moved:,} on backup" if moved else short, Ink.BAD),
    )


def _with_causes(
    heads: tuple[Span, Span, Span], causes: list[TrackerView], now: datetime, width: int, *, apart: bool = False
) -> Line:
    """The longest wording that fits: effect, then the first causes with their times, then how many more there are.

    Args:
        heads: The effect, ever shorter.
        causes: Worst first.
        now: The time.
        width: Of the line.
        apart: The causes explain only the end of the effect: they follow it closely.
    """
    full, shorter, short = heads
    if not causes:
        return (full if line_width((full,)) <= width else shorter,)
    wordings = (
        (full, ": " if apart else ".  Cause: ", 2),
        (full, ": " if apart else ".  Cause: ", 1),
        (shorter, ": " if apart else ". Cause: ", 1),
        (shorter, ": ", 0),
        (short, ": ", 1),
        (short, ": ", 0),
    )
    line: Line = ()
    for start, joint, detail in wordings:
        for number in range(min(3, len(causes)), 0, -1):
            told = ", ".join(_cause(view, now, detail) for view in causes[:number])
            rest = len(causes) - number
            more = f" +{rest} more" if rest else ""
            line = (start, Span(joint), Span(told, Ink.STRONG), Span(more))
            if line_width(line) <= width:
                return line
    return line


def _cause(view: TrackerView, now: datetime, detail: int) -> str:
    """A tracker and its failure; with `detail` 1 how long, with 2 since when too."""
    name = safe(view.tracker.host_port)
    if refuses(view) and not view.pending:
        return f"{name} {states.refusal(view)}"
    if view.state is Health.UP and not view.pending:
        return f"{name} refuses {words.plural(view.effect.failed_over + view.effect.exhausted, 'torrent')}"
    what = states.failure_kind(view.failure.kind) if view.failure else "no answer"
    if not detail or view.since is None or view.state is not Health.DOWN:
        return f"{name} {what}"
    lasting = words.age(view.since, now)
    if detail > 1:
        again = ", it answers again" if view.answers_in_row else ""
        return f"{name} {what} since {words.moment(view.since, now)} ({lasting}){again}"
    return f"{name} {what} {lasting}"


def _minor(snapshot: Snapshot, now: datetime) -> Line:
    trackers = [view for view in snapshot.trackers if not is_aside(view)]
    for view in trackers:
        if view.pending:
            what = states.failure_kind(view.failure.kind) if view.failure else "failure"
            text = (
                f" ~ {safe(view.tracker.host_port)}: {what}, {view.pending} of {view.pending_limit} before it is down"
            )
            again = words.until(view.next_probe_at, now)
            return (Span(text, Ink.WARN), Span(f"; asked again in {again}" if again not in ("now", "-") else ""))
    degraded = [view for view in trackers if view.state is Health.DEGRADED]
    if degraded:
        text = f" ! {words.plural(len(degraded), 'tracker')} degraded, no torrent is hit."
        worst = degraded[0]
        return (Span(text, Ink.WARN), Span(f" {safe(worst.tracker.host_port)}: {states.tracker_reason(worst)}"))
    if refusing := _refusing(snapshot):
        return (Span(" ! ", Ink.WARN), *refusing)
    for found in snapshot.tracker_problems:
        if found.severity is not Severity.INFO:
            mark = states.severity(found.severity)
            return (Span(f" {mark.text} ", mark.ink), Span(safe(found.message)))
    up = snapshot.totals.trackers_by_state.get(Health.UP, 0)
    well = snapshot.totals.torrents_by_verdict.get(Verdict.OK, 0)
    torrents = len(snapshot.torrents.listed)
    if not up and not well:
        asking = words.plural(len(trackers), "tracker")
        return (Span(f" ? asking {asking}, nothing known yet" if trackers else " ? no trackers to ask", Ink.WAIT),)
    if well < torrents:
        known = f"{well:,} of {words.plural(torrents, 'torrent')} known"
        return (Span(f" ? no problem so far: {known}, {words.plural(up, 'tracker')} up", Ink.WAIT),)
    listing = f"{words.plural(torrents, 'torrent')}, " if torrents else ""
    return (Span(f" + all is well: {listing}{words.plural(up, 'tracker')} up", Ink.GOOD),)


def _refusing(snapshot: Snapshot) -> Line:
    """The tracker that refuses most, and how many more there are; empty where none refuses most of its torrents."""
    found = sorted(
        (view for view in snapshot.trackers if refuses(view) and not is_aside(view)), key=lambda v: -v.refused
    )
    if not found:
        return ()
    more = f" +{len(found) - 1} more" if len(found) > 1 else ""
    return (Span(f"{safe(found[0].tracker.host_port)} {states.refusal(found[0])}", Ink.STRONG), Span(more))


def _blocked(trackers: Sequence[TrackerView]) -> Line | None:
    """Where our own policy keeps us from asking anybody: that, and what would allow it."""
    kept = [view for view in trackers if view.failure is not None and view.failure.kind in _OUR_POLICY]
    if not kept or len(kept) < len(trackers):
        return None
    text = f" ? {words.plural(len(kept), 'tracker')} not asked: their addresses are not public."
    return (Span(text, Ink.WAIT), Span(" --allow-private permits it"))


_OUR_POLICY = frozenset({FailureKind.BLOCKED, FailureKind.DNS_BLOCKED})
