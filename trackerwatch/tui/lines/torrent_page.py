"""The full screen of one torrent, as sections. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch import meanings
from trackerwatch.failover.states import Role
from trackerwatch.outside_text import redact_url
from trackerwatch.policy.rules import Verdict
from trackerwatch.tui.lines import states, words
from trackerwatch.tui.lines.ink import Ink, Line, Span, crop, labelled, line_width, safe
from trackerwatch.tui.lines.page import Row, Section, ToTracker
from trackerwatch.tui.lines.past import timeline_lines
from trackerwatch.tui.lines.timing import seeder_lines
from trackerwatch.tui.lines.titles import section_rule
from trackerwatch.tui.lines.torrent_detail import (
    answer_blocks,
    failover_lines,
    last_seeder_lines,
    problem_lines,
)
from trackerwatch.tui.lines.tracker_page import rows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from trackerwatch.engine.views import Event, TorrentView, TrackerView
    from trackerwatch.tui.lines.past import TorrentPast

STATE, TRACKERS, TIME, ABOUT = "state", "trackers", "time", "about"
"""Keys of the sections."""


def state_section(view: TorrentView, past: TorrentPast, now: datetime) -> Section:
    """The verdict and since when, counts, why it is where it is, and what to do."""
    state, counts = states.torrent_state(view), view.counts
    since = f" for {words.age(view.since, now)}" if view.since else ""
    why = f": {safe(view.why)}" if view.why else ""
    lines: list[Line] = [(Span(f" {state.text}", state.ink), Span(f" ({view.verdict})", Ink.DIM), Span(since + why))]
    if view.problems and view.verdict is not Verdict.OK:
        found = meanings.meaning(view.problems[0].rule)
        lines.append((Span(" means ", Ink.DIM), Span(found.means)))
    elif view.verdict is Verdict.UNKNOWN:
        lines.append((Span(" means ", Ink.DIM), Span(meanings.meaning(view.verdict).means)))
    lines += [
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
        *problem_lines(view),
        (),
        *failover_lines(view),
        (),
    ]
    return Section(STATE, [Row(line, indent=3) for line in lines])


def gone_section() -> Section:
    """Of a torrent that left while it was looked at."""
    return Section(STATE, rows([(Span(" this torrent is not watched any more: esc goes back", Ink.WAIT),)]))


def trackers_section(view: TorrentView, trackers: Sequence[TrackerView], now: datetime, width: int) -> Section:
    """The tiers as a tree: every tracker with its role, addresses, counts and answers. Enter opens a tracker."""
    title = (
        f"2 Trackers: {view.failover.working} of {view.failover.total} work" if view.failover.total else "2 Trackers"
    )
    found = [Row(section_rule(title, width))]
    if not view.answers:
        found += _unasked(view, trackers)
    tier = -1
    for answer, lines in answer_blocks(view, trackers, now):
        if answer.tier != tier:
            tier = answer.tier
            active = any(one.role is Role.ACTIVE and one.tier == tier for one in view.answers)
            told = "  in use" if active else ""
            if len(found) == 1:
                told += "  (counts are seeders/leechers/completed)"
            found.append(Row((Span(f" tier {tier}", Ink.HEAD), Span(told, Ink.DIM))))
        known = 0 <= answer.tracker_index < len(trackers)
        found.append(Row(lines[0], ToTracker(answer.tracker_index) if known else None, indent=8))
        found += [Row(line, indent=16) for line in lines[1:]]
    return Section(TRACKERS, [*found, Row(())])


def _unasked(view: TorrentView, trackers: Sequence[TrackerView]) -> list[Row]:
    """The tiers as they are listed, where nothing was asked."""
    if not view.torrent.placements:
        return [Row((Span("  it lists no tracker", Ink.DIM),))]
    known = {one.tracker: one.index for one in trackers}
    found = [Row((Span("  not asked yet", Ink.WAIT),))]
    for placement in view.torrent.placements:
        tracker = placement.tracker
        line = (Span(f"  tier {placement.tier}  "), Span(f"{tracker.protocol}://{safe(tracker.host_port)}", Ink.STRONG))
        found.append(Row(line, ToTracker(known[tracker]) if tracker in known else None))
    return found


def time_section(
    view: TorrentView, past: TorrentPast, events: Sequence[Event], now: datetime, *, width: int, height: int
) -> Section:
    """Seeders over time, and every move from tracker to tracker."""
    lines = [
        section_rule("3 Time", width),
        *seeder_lines(past, now, width, height),
        (),
        *timeline_lines(view.torrent, past, events, now),
        (),
    ]
    return Section(TIME, rows(lines))


def about_section(view: TorrentView, width: int) -> Section:
    """Hashes, size, where it came from."""
    torrent = view.torrent
    kind = "hybrid: two swarms, asked apart" if torrent.is_hybrid else "v2" if torrent.info_hash_v2 else "v1"
    lines: list[Line] = [
        section_rule("4 About", width),
        labelled("name", Span(safe(torrent.name), Ink.STRONG)),
        labelled("info hash", Span(torrent.info_hash_hex)),
    ]
    if torrent.info_hash_v2 is not None:
        lines.append(labelled("v2 hash", Span(torrent.info_hash_v2.hex())))
    size = words.size(torrent.size_bytes)
    exact = "" if torrent.size_bytes is None else f"  {torrent.size_bytes:,} bytes"
    privacy = "yes (BEP 27): asked only as far as you allow" if torrent.private else "no"
    lines += [
        labelled("size", Span(size), Span(exact, Ink.DIM)),
        labelled("kind", Span(kind)),
        labelled("private", Span(privacy)),
    ]
    if torrent.source_tag:
        lines.append(labelled("source tag", Span(safe(torrent.source_tag))))
    seeds = [Span(safe(redact_url(url))) for url in torrent.web_seeds] or [Span("none listed", Ink.DIM)]
    lines += [labelled("" if number else "web seeds", seed) for number, seed in enumerate(seeds)]
    lines += [labelled("" if number else "from", Span(safe(one))) for number, one in enumerate(torrent.sources)]
    lines += [labelled("unusable", Span(safe(text), Ink.WARN)) for text in torrent.unusable_trackers]
    return Section(ABOUT, rows(lines))


def title(view: TorrentView, now: datetime, width: int) -> Line:
    """The first line: name and state."""
    del now
    state = states.torrent_state(view)
    tail = f" {state.text} "
    name = safe(view.torrent.name)
    line: Line = (Span(f" {name} ", Ink.ACCENT),)
    if line_width(line) + len(tail) > width:
        line = (Span(f" {crop(name, max(4, width - len(tail) - 2))} ", Ink.ACCENT),)
    return (*line, Span(tail, state.ink))
