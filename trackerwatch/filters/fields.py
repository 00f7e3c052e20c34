"""The fields of the language and the values each takes."""

from __future__ import annotations

import re
from enum import Enum, StrEnum

from trackerwatch.failover.states import FailoverState
from trackerwatch.health.states import Health
from trackerwatch.outcome import FailureKind
from trackerwatch.policy.rules import Verdict
from trackerwatch.tracker import Protocol


class Field(StrEnum):
    """What can be asked about. Those up to `SIZE` are known before a packet is sent."""

    NAME = "name"
    INFO_HASH = "info_hash"
    HOST = "host"
    TRACKER = "tracker"
    PROTOCOL = "protocol"
    PRIVATE = "private"
    SOURCE = "source"
    SIZE = "size"
    STATE = "state"
    VERDICT = "verdict"
    SEEDERS = "seeders"
    LEECHERS = "leechers"
    COMPLETED = "completed"
    WORKING = "working"
    ACTIVE = "active"
    KIND = "kind"


class Comparison(StrEnum):
    """How a field is compared with a value."""

    EQUAL = "="
    CONTAINS = "~"
    LESS = "<"
    LESS_EQUAL = "<="
    GREATER = ">"
    GREATER_EQUAL = ">="


class Unknown(Enum):
    """The value of `seeders=unknown`."""

    UNKNOWN = "unknown"


NUMBERS = frozenset({Field.SIZE, Field.SEEDERS, Field.LEECHERS, Field.COMPLETED, Field.WORKING})

CHOICES: dict[Field, tuple[str, ...]] = {
    Field.PROTOCOL: tuple(Protocol),
    Field.PRIVATE: ("yes", "no"),
    Field.STATE: tuple(dict.fromkeys((*Verdict, *FailoverState, *Health))),
    Field.VERDICT: tuple(Verdict),
    Field.KIND: tuple(FailureKind),
}
"""Fields with a closed set of values."""

_SPELLINGS = {"true": "yes", "1": "yes", "on": "yes", "false": "no", "0": "no", "off": "no"}
_NUMBER = re.compile(r"(\d{1,18}(?:\.\d{1,9})?|\.\d{1,9})([kmgtp]i?)?b?", re.ASCII | re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}


def choice(field: Field, text: str) -> str:
    """The canonical spelling of a value of a closed set; the text itself where it is none of them."""
    text = text.casefold()
    return _SPELLINGS.get(text, text) if field is Field.PRIVATE else text


def number(text: str) -> float | Unknown | None:
    """Read a number with an optional unit (`3`, `1.5k`, `4GiB`; `k` is 1000, `Ki` 1024). None: it is none."""
    if text.casefold() in {"unknown", "?"}:
        return Unknown.UNKNOWN
    if not (match := _NUMBER.fullmatch(text)):
        return None
    unit = (match[2] or "").lower()
    base = 1024 if unit.endswith("i") else 1000
    return float(match[1]) * float(base ** _POWERS[unit.removesuffix("i")])
