"""Moments as people write them: how long from now, until the end of a day, or until a time. Pure."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

from trackerwatch.config.values import Duration, WrongValueError, shown

LONGEST_S = 3650 * 86400.0
_DURATION = re.compile(r"[0-9.]+\s*[smhd]?", re.IGNORECASE)
_DAY_CHARS = 10


def read_until(text: str, now: datetime) -> datetime:
    """A moment to come: a duration from now (`90m`, `3d`), a day (its end, by this machine's clock) or a time.

    Raises:
        WrongValueError: It is neither, or it is over.
    """
    text = text.strip()
    if _DURATION.fullmatch(text):
        return now + timedelta(seconds=Duration(at_most_s=LONGEST_S).read(text.lower().replace(" ", "")))
    try:
        value: date = date.fromisoformat(text) if len(text) <= _DAY_CHARS else datetime.fromisoformat(text)
    except ValueError:
        raise WrongValueError("write how long, like 90m or 3d, or until when, like 2026-12-31") from None
    until = datetime.fromtimestamp(end_of(value), UTC)
    if until <= now:
        raise WrongValueError("that is over already")
    return until


def end_of(value: object) -> float:
    """The Unix time of a moment as TOML gives it: of a date its end.

    Both are by the clock on the wall here, unless a time says its zone.

    Raises:
        WrongValueError: It is neither, or no calendar goes that far.
    """
    until = value
    try:
        if isinstance(value, date) and not isinstance(value, datetime):
            until = datetime.combine(value, time()) + timedelta(days=1)
        if isinstance(until, datetime):
            at = until.timestamp()
            # The zone that was written may lead out of the years that UTC has.
            datetime.fromtimestamp(at, UTC)
            return at
    except (ValueError, OverflowError, OSError):
        raise WrongValueError("no calendar goes that far") from None
    raise WrongValueError(f"{shown(value)} is no date; write it like 2026-12-31, unquoted")
