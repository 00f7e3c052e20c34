"""Which sections a full screen has, in one column or two. Knows no widget."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from trackerwatch.tui.lines import effect, torrent_page, tracker_page
from trackerwatch.tui.lines.ink import Line, Span
from trackerwatch.tui.lines.subject import TorrentSubject, TrackerSubject
from trackerwatch.tui.model.lookback import OfTorrent, OfTracker, full_cells_for

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from trackerwatch.tui.lines.page import Section
    from trackerwatch.tui.lines.subject import Subject
    from trackerwatch.tui.model.lookback import Lookback, Wish
    from trackerwatch.tui.model.picture import Picture

_TRACKER = (
    tracker_page.STATE,
    effect.TORRENTS,
    tracker_page.TIME,
    tracker_page.ANSWERS,
    tracker_page.SETTINGS,
)
_TORRENT = (torrent_page.STATE, torrent_page.TRACKERS, torrent_page.TIME, torrent_page.ABOUT)


class Room(NamedTuple):
    """How much there is room for."""

    left: int
    """Cells of the left column, or of the only one."""
    right: int
    """Cells of the right column; 0: there is none."""
    height: int
    """Lines of the screen."""

    @property
    def chart_lines(self) -> int:
        """How high charts are."""
        return 4 if self.height < 30 else 6 if self.height < 50 else 9


def numbered(subject: Subject, number: int) -> str:
    """The key of a section by its number from 1; empty: there is none."""
    keys = _TRACKER if isinstance(subject, TrackerSubject) else _TORRENT
    return keys[number - 1] if 0 < number <= len(keys) else ""


def folds(section: str) -> bool:
    """Whether a section can be folded."""
    return section.startswith(f"{effect.TORRENTS}:")


def wish(subject: Subject, width: int) -> Wish | None:
    """The part of history that is shown in a page of this width."""
    if isinstance(subject, TrackerSubject):
        return OfTracker(subject.view.tracker.id, *full_cells_for(width))
    return OfTorrent(subject.view.torrent.info_hash_hex) if isinstance(subject, TorrentSubject) else None


def title(subject: Subject, now: datetime, width: int) -> Line:
    """The first line of the screen."""
    if isinstance(subject, TrackerSubject):
        return tracker_page.title(subject.view, now, width)
    if isinstance(subject, TorrentSubject):
        return torrent_page.title(subject.view, now, width)
    return (Span(""),)


def sections(
    subject: Subject, picture: Picture, lookback: Lookback, room: Room, *, toggled: Collection[str] | None, reveal: bool
) -> tuple[Sequence[Section], Sequence[Section]]:
    """The left and the right page; with one column all is in the left.

    Args:
        subject: What it is about.
        picture: The model under the screen.
        lookback: What is known of the past.
        room: How much there is room for.
        toggled: Sections that are folded where they usually are not, or the other way. None: nothing is folded.
        reveal: Whether keys in URLs are shown.
    """
    if isinstance(subject, TrackerSubject):
        return _of_tracker(subject, picture, lookback, room, toggled=toggled, reveal=reveal)
    if isinstance(subject, TorrentSubject):
        return _of_torrent(subject, picture, lookback, room)
    return (), ()


def _of_tracker(
    subject: TrackerSubject,
    picture: Picture,
    lookback: Lookback,
    room: Room,
    *,
    toggled: Collection[str] | None,
    reveal: bool,
) -> tuple[list[Section], list[Section]]:
    view, now, width, snapshot = subject.view, picture.now, room.left, picture.snapshot
    wished = wish(subject, width)
    past = lookback.tracker(wished) if isinstance(wished, OfTracker) else lookback.tracker(OfTracker("", 0, 0))
    events = snapshot.events if snapshot else ()
    state = tracker_page.state_section(view, now, width)
    rest = [
        tracker_page.time_section(view, past, now, width, room.chart_lines),
        tracker_page.answers_section(view, past, events, now, width),
        tracker_page.settings_section(view, now, width, reveal=reveal),
    ]
    split = snapshot.torrents.torrents_of(view.index) if snapshot else {}
    torrents = effect.sections(
        view,
        split,
        picture.torrent,
        width=room.right or width,
        more=max(0, room.height - 28) // 2,
        unfolded=bool(room.right) or toggled is None,
        toggled=toggled or (),
    )
    return ([state, *rest], torrents) if room.right else ([state, *torrents, *rest], [])


def _of_torrent(
    subject: TorrentSubject, picture: Picture, lookback: Lookback, room: Room
) -> tuple[list[Section], list[Section]]:
    view, now, snapshot = subject.view, picture.now, picture.snapshot
    if snapshot is not None and view.index not in snapshot.torrents.listed:
        return [torrent_page.gone_section()], []
    past = lookback.torrent(OfTorrent(view.torrent.info_hash_hex))
    width = room.right or room.left
    first = [
        torrent_page.state_section(view, past, now),
        torrent_page.trackers_section(view, subject.trackers, now, room.left),
    ]
    rest = [
        torrent_page.time_section(view, past, subject.events, now, width=width, height=room.chart_lines),
        torrent_page.about_section(view, width),
    ]
    return (first, rest) if room.right else ([*first, *rest], [])
