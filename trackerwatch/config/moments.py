"""Moments to come, as people write them: how long from now, until the end of a day, or until a time."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from trackerwatch.config.overrides import Muted
from trackerwatch.config.values import Duration, WrongValueError

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
    until = datetime.fromtimestamp(float(Muted().read(value)), UTC)
    if until <= now:
        raise WrongValueError("that is over already")
    return until
