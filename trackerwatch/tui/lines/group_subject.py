"""What the detail says of a group: how many are how, and the worst of them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trackerwatch.engine.commands import ProbeNow
from trackerwatch.tui.lines import states, words
from trackerwatch.tui.lines.ink import Ink, Line, Span, fit, safe
from trackerwatch.tui.model.grouping import NAMED

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from trackerwatch.engine.commands import AnnounceNow
    from trackerwatch.engine.views import Snapshot
    from trackerwatch.tui.model.grouping import Group, Groups
    from trackerwatch.tui.model.lookback import Lookback
    from trackerwatch.tui.model.picture import Picture


@dataclass(frozen=True, slots=True)
class GroupSubject:
    """A collection of torrents, or a host with several trackers."""

    picture: Picture
    groups: Groups
    group: Group

    @property
    def of_trackers(self) -> bool:
        """Whether it is a host."""
        return self.groups is self.picture.hosts

    def title(self, now: datetime) -> str:
        """For the rule above."""
        name = safe(self.groups.short(self.group))
        if not self.of_trackers:
            return f"{name} | {words.plural(self.group.total, 'torrent')}"
        views = [view for index in self.group.members if (view := self.picture.tracker(index)) is not None]
        due = min((view.next_probe_at for view in views if view.next_probe_at is not None), default=None)
        told = f" | next try {words.due(words.until(due, now))}" if due is not None else ""
        return f"{name}, {words.plural(self.group.total, 'tracker')}{told}"

    def wish(self, width: int) -> None:
        """No part of history: that is of single ones."""
        del width

    def lines(self, now: datetime, width: int, lookback: Lookback) -> list[Line]:
        """How many are how, and each that is not well."""
        del width, lookback
        name: Line = (Span(f" {safe(self.group.name)}", Ink.STRONG),)
        return [name, self._summary(), (), *self._members(now, NAMED)]

    def strip(self, now: datetime, height: int) -> list[Line]:
        """The same in a few lines."""
        lines = [self._summary(), *self._members(now, max(0, height - 1))]
        return [*lines[:height], *[()] * (height - len(lines))]

    def _summary(self) -> Line:
        group = self.group
        noun = "tracker" if self.of_trackers else "torrent"
        bad, odd = ("down", "to look at") if self.of_trackers else ("critical", "warning")
        well = len(group.members) - group.critical - group.warning - group.unknown
        parts = [
            Span(f"{number:,} {word}", ink)
            for number, word, ink in (
                (group.critical, bad, Ink.BAD),
                (group.warning, odd, Ink.WARN),
                (group.unknown, "unknown", Ink.WAIT),
                (well, "other", Ink.DIM),
            )
            if number
        ]
        line: Line = (Span(f" {words.plural(group.total, noun)}: "), parts[0])
        for part in parts[1:]:
            line = (*line, Span(", "), part)
        left_out = group.total - len(group.members)
        return (*line, Span(f"; {left_out:,} not shown", Ink.DIM)) if left_out else line

    def _members(self, now: datetime, room: int) -> list[Line]:
        """The worst, a line each, in the order of the table."""
        lines = [self._member(index, now) for index in self.group.worst[:room]]
        rest = len(self.group.members) - room
        return [*lines[:-1], (Span(f"   and {rest + 1:,} more", Ink.DIM),)] if rest > 0 and lines else lines

    def _member(self, index: int, now: datetime) -> Line:
        if self.of_trackers:
            view = self.picture.tracker(index)
            if view is None:
                return ()
            state, name = states.tracker_state(view), f"{view.tracker.host_port} {view.tracker.protocol.value}"
            since, why = view.failing_since if view.pending else view.since, states.tracker_remark(view, now)
        else:
            found = self.picture.torrent(index)
            if found is None:
                return ()
            state, name, since, why = states.torrent_state(found), found.torrent.name, found.since, safe(found.why)
        told: tuple[Span, ...] = (Span(f"  {why}"),) if why else ()
        return (
            Span(f"  {fit(state.text, 11)}", state.ink),
            Span(f"{words.age(since, now):>4}  ", Ink.DIM),
            Span(safe(name), Ink.STRONG if told else Ink.PLAIN),
            *told,
        )

    @property
    def recheck(self) -> ProbeNow | None:
        """Asks its trackers, or those of its torrents, again. None: there are none."""
        snapshot = self.picture.snapshot
        if snapshot is None:
            return None
        trackers = tuple(self.group.members) if self.of_trackers else _trackers_of(self.group.members, snapshot)
        return ProbeNow(trackers) if trackers else None

    @property
    def announce(self) -> AnnounceNow | None:
        """None: only a single torrent is announced."""
        return None

    @property
    def copied(self) -> tuple[str, str]:
        """What is copied: its kind and the text."""
        return ("host" if self.of_trackers else "folder"), self.group.name


def _trackers_of(members: Iterable[int], snapshot: Snapshot) -> tuple[int, ...]:
    torrents = snapshot.torrents.torrents
    # Torrents with the same tiers share the tuple.
    tiers = {id(torrents[index].placements): torrents[index].placements for index in members}
    wanted = {placement.tracker for placements in tiers.values() for placement in placements}
    return tuple(view.index for view in snapshot.trackers if view.tracker in wanted)
