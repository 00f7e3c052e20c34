"""What a user types into a dialog: how it is read, and what is said of it while it is typed. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trackerwatch.config.moments import read_until
from trackerwatch.config.values import SHORTEST_INTERVAL_S, Duration, WrongValueError, duration
from trackerwatch.errors import TrackerUrlError
from trackerwatch.schedule.pace import LOCAL_WINDOW_S, MAX_TRACKER_WAIT_S, is_local
from trackerwatch.tracker import parse_tracker
from trackerwatch.tui.lines import words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from trackerwatch.engine.views import Snapshot, TrackerView

MAX_WHY_CHARS = 200


@dataclass(frozen=True, slots=True)
class Judged:
    """What a typed text is worth."""

    good: bool
    """Whether enter takes it."""
    told: str
    """What it means, or what is wrong with it and what would be right."""


def plain(text: str) -> str:
    """A text as a line to type into may show it: a blank for each character that cannot be seen or is more than one.

    As long as it was, so that places in it stay what they are. Nothing that is pasted may speak to the terminal.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else " " for c in text)


def pasted(text: str) -> str:
    """What of a pasted text goes into a line: its first line that says something."""
    return plain(next((line for line in text.splitlines() if line.strip()), ""))


def judge_until(text: str, now: datetime) -> Judged:
    """What a typed end of a mute is worth."""
    if not text.strip():
        return Judged(good=False, told="how long, like 90m or 3d, or until when, like 2026-12-31")
    try:
        until = read_until(text, now)
    except WrongValueError as error:
        return Judged(good=False, told=str(error))
    return Judged(good=True, told=f"until {until:%d %b %Y %H:%M} UTC, {words.duration((until - now).total_seconds())}")


def judge_why(text: str) -> Judged:
    """What a typed reason is worth: everything goes, nothing too."""
    if len(text) > MAX_WHY_CHARS:
        return Judged(good=False, told=f"too long by {len(text) - MAX_WHY_CHARS} characters")
    return Judged(good=True, told="" if text.strip() else "may stay empty")


def interval_floor_s(views: Sequence[TrackerView]) -> float:
    """The shortest interval that all of some trackers may be given."""
    return max((_floor_s(view) for view in views), default=SHORTEST_INTERVAL_S)


def _floor_s(view: TrackerView) -> float:
    near = view.own or is_local(endpoint.endpoint.address for endpoint in view.endpoints)
    return LOCAL_WINDOW_S if near else SHORTEST_INTERVAL_S


def read_interval(text: str, views: Sequence[TrackerView]) -> float | None:
    """Seconds between two full scrapes. None for an empty text: as the settings say.

    Raises:
        WrongValueError: It is no duration, or below what manners allow.
    """
    if not text.strip():
        return None
    floor_s = interval_floor_s(views)
    interval_s = Duration(at_most_s=MAX_TRACKER_WAIT_S).read(text.strip().lower().replace(" ", ""))
    if interval_s < floor_s:
        whose = ", unless you run the tracker (own = true in the config)" if floor_s >= SHORTEST_INTERVAL_S else ""
        raise WrongValueError(f"too often; at least {duration(floor_s)}{whose}")
    return interval_s


def judge_interval(text: str, views: Sequence[TrackerView]) -> Judged:
    """What a typed interval is worth."""
    try:
        interval_s = read_interval(text, views)
    except WrongValueError as error:
        return Judged(good=False, told=str(error))
    if interval_s is None:
        return Judged(good=True, told="as the settings say")
    own_s = max((view.min_interval_s or 0.0 for view in views), default=0.0)
    if interval_s < own_s:
        told = f"every {duration(interval_s)}; not below what the tracker allows, and it told of {duration(own_s)}"
        return Judged(good=True, told=told)
    return Judged(good=True, told=f"every {duration(interval_s)}")


def judge_url(text: str, snapshot: Snapshot | None) -> Judged:
    """Whether a typed text is a tracker's URL that is not watched yet; its secrets are not repeated."""
    if not text.strip():
        return Judged(good=False, told="like udp://tracker.example.org:6969/announce, or http://, or https://")
    try:
        tracker = parse_tracker(text)
    except TrackerUrlError as error:
        return Judged(good=False, told=str(error))
    watched = snapshot is not None and any(view.tracker is tracker and not view.retired for view in snapshot.trackers)
    told = f"{tracker.protocol} to {tracker.host_port}"
    return Judged(good=True, told=f"{told}; it is watched already" if watched else told)
