"""What the detail is about: one tracker or one torrent, and everything the screen says or asks of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trackerwatch.engine.commands import AnnounceNow, ProbeNow
from trackerwatch.tui.lines import effect, torrent_detail, tracker_detail
from trackerwatch.tui.lines.group_subject import GroupSubject
from trackerwatch.tui.model.lookback import OfTorrent, OfTracker, cells_for

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from trackerwatch.engine.views import Event, TorrentTable, TorrentView, TrackerView
    from trackerwatch.failover.states import FailoverState
    from trackerwatch.tui.lines.ink import Line
    from trackerwatch.tui.model.lookback import Lookback
    from trackerwatch.tui.model.picture import Picture

MOST_NAMED = 5
"""So many of the torrents that are hit worst are named in the pane; the full screen lists all."""


@dataclass(frozen=True, slots=True)
class TrackerSubject:
    """A tracker."""

    view: TrackerView
    table: TorrentTable | None = field(default=None, compare=False, repr=False)
    """Where its torrents are. None: they are not told by name."""

    def title(self, now: datetime) -> str:
        """For the rule above; a bar divides what goes to the right."""
        return tracker_detail.tracker_title(self.view, now)

    def wish(self, width: int) -> OfTracker:
        """The part of history that a pane of this width shows."""
        return OfTracker(self.view.tracker.id, *cells_for(width))

    def lines(self, now: datetime, width: int, lookback: Lookback) -> list[Line]:
        """Everything known of it."""
        hit = self._worst_hit() if self.view.effect.exhausted or self.view.effect.failed_over else ()
        return tracker_detail.tracker_lines(self.view, now, width, lookback.tracker(self.wish(width)), hit)

    def _worst_hit(self) -> Sequence[tuple[FailoverState, str]]:
        table = self.table
        if table is None:
            return ()
        torrents = table.torrents
        return effect.worst_names(table.torrents_of(self.view.index), lambda index: torrents[index].name, MOST_NAMED)

    def strip(self, now: datetime, height: int) -> list[Line]:
        """The same in a few lines."""
        return tracker_detail.tracker_strip(self.view, now, height)

    @property
    def recheck(self) -> ProbeNow | None:
        """Asks it again."""
        return ProbeNow((self.view.index,))

    @property
    def announce(self) -> AnnounceNow | None:
        """None: a tracker is nothing to announce."""
        return None

    @property
    def copied(self) -> tuple[str, str]:
        """What is copied: its kind and the text. Secrets are left out."""
        return "URL", self.view.tracker.shown_url


@dataclass(frozen=True, slots=True)
class TorrentSubject:
    """A torrent."""

    view: TorrentView
    trackers: Sequence[TrackerView]
    events: Sequence[Event]

    def title(self, now: datetime) -> str:
        """For the rule above."""
        del now
        return torrent_detail.torrent_title(self.view)

    def wish(self, width: int) -> OfTorrent:
        """The part of history that the detail shows."""
        del width
        return OfTorrent(self.view.torrent.info_hash_hex)

    def lines(self, now: datetime, width: int, lookback: Lookback) -> list[Line]:
        """Everything known of it."""
        past = lookback.torrent(self.wish(width))
        return torrent_detail.torrent_lines(self.view, self.trackers, now, past, self.events)

    def strip(self, now: datetime, height: int) -> list[Line]:
        """The same in a few lines."""
        return torrent_detail.torrent_strip(self.view, self.trackers, now, height)

    @property
    def recheck(self) -> ProbeNow | None:
        """Asks its trackers again. None: it has none."""
        trackers = tuple(dict.fromkeys(answer.tracker_index for answer in self.view.answers))
        return ProbeNow(trackers, self.view.index) if trackers else None

    @property
    def announce(self) -> AnnounceNow | None:
        """Announces it."""
        return AnnounceNow(self.view.index)

    @property
    def copied(self) -> tuple[str, str]:
        """What is copied: its kind and the text."""
        return "info hash", self.view.torrent.info_hash_hex


Subject = TrackerSubject | TorrentSubject | GroupSubject


def tracker_subject(picture: Picture, key: int | None) -> Subject | None:
    """The tracker under a cursor. None: there is none."""
    view = None if key is None else picture.tracker(key)
    if view is None:
        return None
    return TrackerSubject(view, picture.snapshot.torrents if picture.snapshot else None)


def torrent_subject(picture: Picture, key: int | None) -> Subject | None:
    """The torrent under a cursor. None: there is none."""
    view = None if key is None else picture.torrent(key)
    if view is None or picture.snapshot is None:
        return None
    return TorrentSubject(view, picture.snapshot.trackers, picture.snapshot.events)
