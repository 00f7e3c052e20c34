"""Names in the order in which people count: item2 before item10. Pure."""

from __future__ import annotations

import re

_DIGITS = re.compile("[0-9]+")
_WIDTH = 12
"""Numbers of up to so many digits compare as numbers, longer ones as text."""


def natural_key(name: str) -> str:
    """What to sort a name by: capitals count for nothing, and numbers as numbers."""
    return _DIGITS.sub(_padded, name.casefold())


def _padded(match: re.Match[str]) -> str:
    return match[0].zfill(_WIDTH)
