"""When a tracker may be scraped again, whoever asks: the rules, apart from where they are kept. Pure.

Every wait has an end, also when a clock was wrong: what lies in the future because the clock was set back counts from now,
and "never again" is believed for thirty days, since a tracker may change its mind.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from trackerwatch.engine.keeper import Waits

if TYPE_CHECKING:
    from trackerwatch.outcome import Failure

NEVER_S = 30 * 86400.0
"""So long "never" lasts."""
SKEW_S = 2.0
"""A time so little ahead is that of another program that was faster, not of a clock that was set back."""
LONGEST_WAIT_S = 30 * 86400.0
"""What a tracker asks for beyond is taken as that."""
INTERVAL_KEPT_S = 86400.0
"""So long a longer `min_request_interval` outlives a shorter one that came after it."""


@dataclass(frozen=True, slots=True)
class Manners:
    """What a tracker is owed. Times are wall times; each wish knows when it was said."""

    asked_at: float | None = None
    not_before: float | None = None
    not_before_said_at: float = 0.0
    never: Failure | None = None
    never_said_at: float = 0.0
    min_interval_s: float | None = None
    min_interval_said_at: float = 0.0


def settle(manners: Manners, now: float) -> Manners:
    """What holds now: expired wishes gone, and times that a clock set back has left in the future moved to now."""
    asked_at = manners.asked_at
    if asked_at is not None and asked_at - now > SKEW_S:
        asked_at = now
    not_before, said_at = manners.not_before, manners.not_before_said_at
    if not_before is not None:
        if said_at > now:
            not_before, said_at = now + (not_before - said_at), now
        not_before = min(not_before, said_at + LONGEST_WAIT_S)
        if not_before <= now:
            not_before, said_at = None, 0.0
    never, never_said_at = manners.never, min(manners.never_said_at, now)
    if never is not None and now - never_said_at >= NEVER_S:
        never = None
    min_interval_s, interval_said_at = manners.min_interval_s, min(manners.min_interval_said_at, now)
    if min_interval_s is not None and now - interval_said_at >= NEVER_S:
        min_interval_s = None
    return Manners(
        asked_at,
        not_before,
        said_at,
        never,
        0.0 if never is None else never_said_at,
        min_interval_s,
        interval_said_at,
    )


def claim(manners: Manners, now: float, window_s: float) -> tuple[Manners, Waits | None]:
    """Whether a scrape may begin now.

    Returns:
        What is to be kept, and None where it may, else the waits.
    """
    settled = settle(manners, now)
    window_s = max(window_s, settled.min_interval_s or 0.0)
    free = (
        settled.never is None
        and (settled.not_before is None or settled.not_before <= now)
        and (settled.asked_at is None or now - settled.asked_at >= window_s)
    )
    if free:
        return replace(settled, asked_at=now), None
    return settled, waits(settled)


def obey(manners: Manners, asked: Waits, now: float) -> Manners:
    """Note what a tracker asked for; what is longer stays."""
    settled = settle(manners, now)
    if asked.asked_at is not None:
        settled = replace(settled, asked_at=max(settled.asked_at or -math.inf, min(asked.asked_at, now)))
    wanted = min(asked.not_before, now + LONGEST_WAIT_S)
    if wanted > max(now, settled.not_before or 0.0):
        settled = replace(settled, not_before=wanted, not_before_said_at=now)
    if asked.never_again is not None:
        settled = replace(settled, never=asked.never_again, never_said_at=now)
    interval_s = asked.min_request_interval_s
    if interval_s is not None and interval_s > 0:
        outlived = now - settled.min_interval_said_at >= INTERVAL_KEPT_S
        if settled.min_interval_s is None or interval_s >= settled.min_interval_s or outlived:
            settled = replace(settled, min_interval_s=min(interval_s, LONGEST_WAIT_S), min_interval_said_at=now)
    return settled


def merge(one: Manners, other: Manners, now: float) -> Manners:
    """What two keepers know of one tracker: the stricter of each."""
    one, other = settle(one, now), settle(other, now)
    later = other if (other.not_before or 0.0) > (one.not_before or 0.0) else one
    never = other if one.never is None or other.never_said_at > one.never_said_at else one
    interval = other if other.min_interval_said_at > one.min_interval_said_at else one
    asked = [at for at in (one.asked_at, other.asked_at) if at is not None]
    return Manners(
        max(asked, default=None),
        later.not_before,
        later.not_before_said_at,
        never.never,
        never.never_said_at,
        interval.min_interval_s,
        interval.min_interval_said_at,
    )


def waits(manners: Manners) -> Waits:
    """As the engine sees them."""
    return Waits(manners.asked_at, manners.not_before or 0.0, manners.never, manners.min_interval_s)
