"""How moments, lengths of time and JSON values are written: the same wherever a program reads them."""

from __future__ import annotations

import json
import math
from datetime import UTC
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from datetime import datetime

Json: TypeAlias = "dict[str, Json] | list[Json] | str | float | bool | None"

_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, check_circular=False)
"""One for all rows: making an encoder costs as much as a small row."""


def text(value: Json) -> str:
    """A value as JSON on one line."""
    return _ENCODER.encode(value)


@lru_cache(maxsize=8192)
def _written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment(at: datetime | None) -> str | None:
    """RFC 3339 in UTC with milliseconds."""
    return None if at is None else _written(at)


def seconds(duration_s: float | None) -> float | None:
    """Float seconds, to the microsecond."""
    return None if duration_s is None or not math.isfinite(duration_s) else round(float(duration_s), 6)
