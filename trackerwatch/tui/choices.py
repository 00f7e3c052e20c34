"""What a user chooses from before something is asked of the engine. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from trackerwatch.engine.commands import MuteTrackers, WalkAs
from trackerwatch.failover import CLIENTS
from trackerwatch.tui import states, words
from trackerwatch.tui.ink import safe

if TYPE_CHECKING:
    from datetime import datetime

    from trackerwatch.engine.commands import Command
    from trackerwatch.engine.views import TrackerView

BY_HAND = "muted by hand"
MUTES = (("1 hour", timedelta(hours=1)), ("24 hours", timedelta(hours=24)), ("until you quit", None))


@dataclass(frozen=True, slots=True)
class Choice:
    """One line to choose, and what it asks for."""

    label: str
    told: str
    command: Command
    current: bool = False
    """It is so already."""


def mute_title(view: TrackerView) -> str:
    """The question above `mutes`."""
    return f"Mute {safe(view.tracker.host_port)}: out of verdicts and alerts, not out of history"


def mutes(view: TrackerView, now: datetime) -> tuple[Choice, ...]:
    """For how long a tracker can be muted; of a muted one first that it is not to be so any more."""
    offered = []
    if view.muted is not None:
        told = states.muted_until(view.muted, now)
        offered.append(
            Choice("take the mute back", f"muted {told}", MuteTrackers((view.index,), None, "", muted=False))
        )
    for label, length in MUTES:
        until = None if length is None else now + length
        told = _for_good(view) if until is None else f"until {words.moment(until, now)} UTC"
        command = MuteTrackers((view.index,), None if until is None else until.timestamp(), BY_HAND)
        offered.append(Choice(label, told, command))
    return tuple(offered)


def _for_good(view: TrackerView) -> str:
    """What to write where a mute is to outlast this run."""
    return f'to last, in the config: [trackers."{safe(view.tracker.host_port)}"] muted = true'


def clients(current: str) -> tuple[Choice, ...]:
    """As which client failover can be walked."""
    return tuple(
        Choice(client.name, client.words, WalkAs(client.name), current=client.name == current)
        for client in CLIENTS.values()
    )
