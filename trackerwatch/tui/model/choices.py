"""What a user chooses from before something is asked of the engine. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from trackerwatch.config.values import duration
from trackerwatch.engine.commands import MuteTrackers, WalkAs, WatchTracker
from trackerwatch.failover import CLIENTS
from trackerwatch.health.states import Health
from trackerwatch.tui.lines import states, words
from trackerwatch.tui.lines.ink import safe

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from trackerwatch.engine.commands import Command
    from trackerwatch.engine.views import TorrentView, TrackerView
    from trackerwatch.tracker import Tracker

MAX_TRACKERS = 9
"""So many trackers of a torrent are offered; all are in the trackers table."""
MUTES = (("1 hour", timedelta(hours=1)), ("24 hours", timedelta(hours=24)), ("until it is taken back", None))


@dataclass(frozen=True, slots=True)
class Choice:
    """One line to choose, and what it asks for."""

    label: str
    told: str
    command: Command | None
    """None: nothing yet, there is more to say first; or nothing at all."""
    current: bool = False
    """It is so already."""


def names(views: Sequence[TrackerView]) -> str:
    """One tracker by its name, several of one host by that, others by their number."""
    if len(views) == 1:
        return safe(views[0].tracker.host_port)
    hosts = {view.tracker.shown_host for view in views}
    of = f" of {safe(hosts.pop())}" if len(hosts) == 1 else ""
    return f"{words.plural(len(views), 'tracker')}{of}"


def of_torrent(views: Sequence[TrackerView], active: Tracker | None) -> list[Choice]:
    """The trackers of a torrent, in the order given; the first nine, which have a digit."""
    return [
        Choice(
            safe(view.tracker.host_port),
            f"{'active, ' if view.tracker == active else ''}{view.state.value}, {view.tracker.protocol.value}",
            None,
        )
        for view in views[:MAX_TRACKERS]
    ]


def mute_title(views: Sequence[TrackerView]) -> str:
    """The question above `mutes`."""
    return f"Mute {names(views)}: out of verdicts and alerts, not out of history. For how long?"


def mutes(views: Sequence[TrackerView], now: datetime) -> tuple[Choice, ...]:
    """For how long trackers can be muted; of muted ones first that they are not to be so any more.

    The one without a command is for an end that has to be typed.
    """
    indices = tuple(view.index for view in views)
    offered = []
    muted = [view.muted for view in views if view.muted is not None]
    if muted:
        told = f"muted {states.muted_until(muted[0], now)}" if len(views) == 1 else f"{len(muted)} of them are muted"
        offered.append(Choice("take the mute back", told, MuteTrackers(indices, None, "", muted=False)))
    for label, length in MUTES:
        until = None if length is None else now + length
        told = "no end; m or u takes it back" if until is None else f"until {words.moment(until, now)} UTC"
        offered.append(Choice(label, told, MuteTrackers(indices, None if until is None else until.timestamp(), "")))
    offered.append(Choice("until ...", "type how long, like 3d, or a day, like 2026-12-31", None))
    return tuple(offered)


def disable_told(views: Sequence[TrackerView]) -> tuple[str, ...]:
    """What switching trackers off hits."""
    lines = ["Nothing is sent to it any more, and it counts for nothing."]
    if len(views) > 1:
        lines = ["Nothing is sent to them any more, and they count for nothing."]
    listing = max(view.torrents for view in views)
    if len(views) == 1:
        verb = "lists" if listing == 1 else "list"
        lines.append(f"{words.plural(listing, 'torrent')} {verb} it." if listing else "No torrent lists it.")
    else:
        lines.append(f"Up to {words.plural(listing, 'torrent')} list one of them.")
    working = [view for view in views if view.state in (Health.UP, Health.DEGRADED)]
    if working and listing:
        what = "It works now" if len(views) == 1 else f"{len(working)} of them work now"
        lines.append(f"{what}: torrents that use it go on with their next tracker, as far as they have one.")
    return tuple(lines)


def interval_told(views: Sequence[TrackerView]) -> tuple[str, ...]:
    """How often trackers are asked now, and what they say of it themselves."""
    wish = interval_value(views)
    lines = [f"Now every {wish}, by your wish; empty: as the settings say." if wish else "Empty: as the settings say."]
    own = next((view for view in views if view.interval_s is not None), None)
    if own is not None and own.interval_s is not None:
        least = f", and never below {duration(own.min_interval_s)}" if own.min_interval_s else ""
        lines.append(f"It tells clients to come every {duration(own.interval_s)}{least}.")
    return tuple(lines)


def interval_value(views: Sequence[TrackerView]) -> str:
    """What stands in the line to be changed: the present wish."""
    wishes = {view.interval_wish_s for view in views}
    wish_s = wishes.pop() if len(wishes) == 1 else None
    return "" if wish_s is None else duration(wish_s)


def trial_told(torrent: TorrentView | None) -> str:
    """The question below what came of trying a tracker."""
    where = f", for itself or for {safe(torrent.torrent.name)}" if torrent is not None else ""
    return f"Watch it until you quit{where}?"


def trial_choices(url: str, *, watched: bool, works: bool, torrent: TorrentView | None) -> tuple[Choice, ...]:
    """What can be done with a tracker that was tried.

    Args:
        url: As typed.
        watched: It is watched already.
        works: It answered.
        torrent: The selected torrent. None: there is none.
    """
    leave = Choice("leave it", "nothing changes", None)
    if watched:
        return (leave,)
    offered = [Choice("watch it", "for this run, for itself", WatchTracker(url))]
    if torrent is not None:
        told = f"for this run, as its last tier: {safe(torrent.torrent.name)}"
        offered.append(Choice("with the torrent", told, WatchTracker(url, torrent.index)))
    return (*offered, leave) if works else (leave, *offered)


def clients(current: str) -> tuple[Choice, ...]:
    """As which client failover can be walked."""
    return tuple(
        Choice(client.name, client.words, WalkAs(client.name), current=client.name == current)
        for client in CLIENTS.values()
    )
