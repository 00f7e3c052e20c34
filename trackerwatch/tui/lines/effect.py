"""The torrents of a tracker, by what its state does to them, as sections of a full screen. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch.failover.states import FailoverState
from trackerwatch.health.states import Health
from trackerwatch.tui.lines import states, words
from trackerwatch.tui.lines.ink import Ink, Line, Span, fit, safe
from trackerwatch.tui.lines.page import Fold, Listing, Row, Section
from trackerwatch.tui.lines.titles import section_rule

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from trackerwatch.engine.views import TorrentView, TrackerView

ORDER = (FailoverState.EXHAUSTED, FailoverState.FAILED_OVER, FailoverState.PRIMARY, FailoverState.UNKNOWN)
BRIEF = {FailoverState.EXHAUSTED: 8, FailoverState.FAILED_OVER: 6}
"""Rows of a folded section; of the others `BRIEF_ELSE`."""
BRIEF_ELSE = 4

TORRENTS = "torrents"
"""The key of the section that says how many there are."""

WHERE_CELLS = 21
NARROW = 60
"""Below this width only state, name and seeders have room."""


def section_key(state: FailoverState) -> str:
    """The key of the section of torrents with this effect."""
    return f"{TORRENTS}:{state}"


def sections(
    view: TrackerView,
    split: Mapping[FailoverState, Sequence[int]],
    torrent: Callable[[int], TorrentView | None],
    *,
    width: int,
    more: int = 0,
    unfolded: bool,
    toggled: Collection[str],
) -> list[Section]:
    """All torrents of a tracker.

    Args:
        view: The tracker.
        split: Their indices by effect.
        torrent: A torrent by its index, made when looked at.
        width: Cells a line.
        more: So many more rows of each folded section there is room for.
        unfolded: Whether sections show everything unless they are folded; else a few lines each until unfolded.
        toggled: Keys of the sections that are the other way.
    """
    title = f"2 Torrents {view.torrents:,}"
    head = [Row(section_rule(title, width))]
    if not any(split.values()):
        return [Section(TORRENTS, [*head, Row((Span("  no torrent lists it: it is watched for itself", Ink.DIM),))])]
    found = [Section(TORRENTS, [*head, Row(column_line(width))])]
    single = sum(bool(split.get(state)) for state in ORDER) == 1
    for state in ORDER:
        indices = split.get(state)
        if not indices:
            continue
        key = section_key(state)
        whole = unfolded != (key in toggled)
        brief = more + (BRIEF.get(state, BRIEF_ELSE) if not single else 8)
        shown = indices if whole else indices[:brief]
        rest = len(indices) - len(shown)
        after = [Row((Span(f"   {rest:,} more: enter shows all", Ink.KEY),), Fold(key))] if rest else []
        folds = len(indices) > brief
        found.append(
            Section(
                key,
                [Row(_header(view, state, len(indices), whole=whole, folds=folds), Fold(key) if folds else None)],
                Listing(shown, lambda index, width: torrent_line(torrent(index), view, width)),
                [*after, Row(())],
            )
        )
    return found


def _header(view: TrackerView, state: FailoverState, number: int, *, whole: bool, folds: bool) -> Line:
    bad = view.state is Health.DOWN or bool(view.pending)
    one = number == 1
    name, ink, told = {
        FailoverState.EXHAUSTED: ("x exhausted", Ink.BAD, "no tracker of theirs works"),
        FailoverState.FAILED_OVER: ("! failed over", Ink.WARN, "this one failed, another one serves them"),
        FailoverState.PRIMARY: (
            "+ unaffected",
            Ink.GOOD,
            ("keeps its tracker" if one else "keep their tracker") + ", may have lost a backup"
            if bad
            else "it is no trouble to them"
            if view.state is not Health.UNKNOWN
            else "on their tracker",
        ),
        FailoverState.UNKNOWN: ("? unknown", Ink.WAIT, "not asked yet"),
    }[state]
    fold = ("▾ " if whole else "▸ ") if folds else "  "
    return (Span(f" {fold}", Ink.KEY), Span(f"{name} {number:,}", ink), Span(f"  {told}", Ink.DIM))


def _widths(width: int) -> tuple[int, int, int]:
    """Cells for name, where it went and why; 0: no room."""
    room = width - 20
    if width < NARROW:
        return max(4, room), 0, 0
    rest = room - WHERE_CELLS
    name = max(16, rest * 55 // 100)
    return name, WHERE_CELLS, max(0, rest - name - 1)


def column_line(width: int) -> Line:
    """What stands in the columns of `torrent_line`."""
    name, where, why = _widths(width)
    text = f"  {'STATE':<10} {fit('NAME', name)} {'SEED':>5}"
    if where:
        text += f" {fit('NOW ON', where)}" + (f" {fit('WHY', why)}" if why else "")
    return (Span(text, Ink.HEAD),)


def torrent_line(torrent: TorrentView | None, view: TrackerView, width: int) -> Line:
    """One torrent: state, name, seeders, the tracker and tier that it is on, why."""
    if torrent is None:
        return ()
    state = states.torrent_state(torrent)
    name, where, why = _widths(width)
    seeders = torrent.counts.seeders
    ink = Ink.WAIT if seeders is None else Ink.BAD if seeders == 0 else Ink.PLAIN
    line: list[Span] = [
        Span("  "),
        Span(fit(state.text, 10), state.ink),
        Span(f" {fit(safe(torrent.torrent.name), name)} "),
        Span(f"{words.short_count(seeders):>5} ", ink),
    ]
    if where:
        line.append(_where(torrent, view, where))
    if why:
        line.append(Span(f" {fit(safe(torrent.why), why)}", Ink.DIM))
    return tuple(line)


def _where(torrent: TorrentView, view: TrackerView, width: int) -> Span:
    failover = torrent.failover
    if failover.active is None:
        return Span(fit("- none -" if failover.state is FailoverState.EXHAUSTED else "-", width), Ink.DIM)
    tier = f"t{failover.active_tier} "
    if failover.active is view.tracker:
        return Span(fit(f"{tier}here", width), Ink.GOOD)
    return Span(tier + fit(safe(failover.active.host_port), width - len(tier), elide_left=True))


def worst_names(
    split: Mapping[FailoverState, Sequence[int]], name: Callable[[int], str], most: int
) -> list[tuple[FailoverState, str]]:
    """The names of the torrents that are hit worst; empty where none is."""
    hit = [(state, index) for state in ORDER[:2] for index in split.get(state, ())[:most]]
    return [(state, name(index)) for state, index in hit[:most]]
