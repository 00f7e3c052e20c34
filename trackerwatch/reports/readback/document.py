"""A JSON document from outside, checked value by value. A wrong one raises `ReportError`, which names the place.

Nothing in it is believed: its size, its depth, the type and the range of every value, and its texts (`outside_text.clean`).
"""

from __future__ import annotations

import ipaddress
import json
import math
import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from trackerwatch.errors import ReportError
from trackerwatch.outside_text import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from enum import StrEnum

    Choice = TypeVar("Choice", bound=StrEnum)
    T = TypeVar("T")

MAX_BYTES = 64 << 20
"""5,000 torrents on three trackers each take nearly a quarter of it."""
MAX_VALUES = 4_000_000
"""So many commas and brackets at most: an empty list takes two bytes in a file, and thirty times as many in memory."""
MAX_NUMBER = 2**63 - 1
MAX_SECONDS = 1e12
FIRST_YEAR, LAST_YEAR = 1970, 9000
MAX_LINE_CHARS = 4000
"""Messages list trackers and may be long; a name has its own limit."""

_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
_LIST_OF_TYPE = {
    "tracker": "trackers",
    "torrent": "torrents",
    "problem": "problems",
    "skipped": "skipped",
    "change": "changes",
}
"""Where a row of JSON lines stands in the JSON report."""
_PLAIN = frozenset({str, int, float, type(None)})
"""Types of values by which rows can be told apart. A bool is none of them: it equals a number."""
_WORDS: dict[type, dict[str, Any]] = {}
_ZONE = re.compile(r"[A-Za-z0-9._-]{0,20}")
_QUOTED_CHARS = 40
_REMEMBERED_CHARS = 200
_MAX_ADDRESS_CHARS = 70
"""With a zone."""


class Fields:
    """One JSON object, and where it stands in the document."""

    __slots__ = ("_name", "_parent", "_values")

    def __init__(self, values: dict[str, object], parent: Fields | str, name: str) -> None:
        """Know the object.

        Args:
            values: Its keys and values.
            parent: The object around it; of the document itself: its source.
            name: Its place in that object, like `trackers[3]`.
        """
        self._values = values
        self._parent = parent
        self._name = name

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def key_of(self, key: str, inner: Sequence[str]) -> tuple[object, ...] | None:
        """The values of an object at a key, unchecked, to tell rows apart by. None: some of it is no single value."""
        value = self._values.get(key)
        if not isinstance(value, dict):
            return None
        values = tuple(map(value.get, inner))
        return values if _PLAIN.issuperset(map(type, values)) else None

    def word_or_none(self, key: str) -> str | None:
        """A text as it stands, unchecked; None where it is something else."""
        value = self._values.get(key)
        return value if isinstance(value, str) else None

    def wrong(self, key: str, reason: str) -> NoReturn:
        """The value at a key cannot be right.

        Raises:
            ReportError: Always.
        """
        if isinstance(self._parent, Fields):
            self._parent.wrong(f"{self._name}.{key}", reason)
        raise ReportError(self._parent, f"{key}: {reason}")

    def _get(self, key: str, wanted: str) -> object:
        try:
            return self._values[key]
        except KeyError:
            self.wrong(key, f"is missing; it should be {wanted}")

    def _refuse(self, key: str, value: object, wanted: str) -> NoReturn:
        self.wrong(key, f"{_shown(value)} is not {wanted}")

    def fields(self, key: str) -> Fields:
        """An object."""
        value = self._get(key, "an object")
        if not isinstance(value, dict):
            self._refuse(key, value, "an object")
        return Fields(value, self, key)

    def fields_or_none(self, key: str) -> Fields | None:
        """An object; None for null, or where the key is missing."""
        return None if self._values.get(key) is None else self.fields(key)

    def each(self, key: str) -> Iterator[Fields]:
        """The objects of a list."""
        values = self._get(key, "a list")
        if not isinstance(values, list):
            self._refuse(key, values, "a list")
        for index, value in enumerate(values):
            if not isinstance(value, dict):
                self._refuse(f"{key}[{index}]", value, "an object")
            yield Fields(value, self, f"{key}[{index}]")

    def each_if_there(self, key: str) -> Iterator[Fields]:
        """The objects of a list; none where it is missing or null."""
        return iter(()) if self._values.get(key) is None else self.each(key)

    def text(self, key: str, *, limit_chars: int = MAX_LINE_CHARS) -> str:
        """A text, clean."""
        value = self._get(key, "a text")
        if not isinstance(value, str):
            self._refuse(key, value, "a text")
        return _line(value, limit_chars)

    def texts(self, key: str, *, limit_chars: int = MAX_LINE_CHARS) -> tuple[str, ...]:
        """A list of texts, clean."""
        values = self._get(key, "a list of texts")
        if not isinstance(values, list):
            self._refuse(key, values, "a list of texts")
        for index, value in enumerate(values):
            if not isinstance(value, str):
                self._refuse(f"{key}[{index}]", value, "a text")
        return tuple([_line(value, limit_chars) for value in values])

    def matching(self, key: str, pattern: re.Pattern[str], wanted: str) -> str:
        """A text of one shape."""
        value = self._get(key, wanted)
        if not isinstance(value, str) or not pattern.fullmatch(value):
            self._refuse(key, value, wanted)
        return value

    def choice(self, key: str, choices: type[Choice]) -> Choice:
        """A word of a closed set."""
        value = self._values.get(key)
        choice = _words(choices).get(value) if isinstance(value, str) else None
        if choice is None:
            # Only now: a report holds a hundred thousand of these.
            wanted = f"one of {', '.join(choices)}"
            self._refuse(key, self._get(key, wanted), f"{wanted}; was it made by a newer trackerwatch?")
        return choice

    def whole(self, key: str, *, least: int = 0, most: int = MAX_NUMBER) -> int:
        """A whole number."""
        value = self._values.get(key)
        if type(value) is int and least <= value <= most:
            return value
        value = self._get(key, "a whole number")
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            self._refuse(key, value, f"a whole number from {least} to {most}")
        return value

    def seconds(self, key: str) -> float:
        """A length of time."""
        value = self._get(key, "a number of seconds")
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MAX_SECONDS:
            self._refuse(key, value, "a number of seconds")
        return float(value)

    def whole_or_none(self, key: str) -> int | None:
        """A whole number; None for null, or where the key is missing."""
        return None if self._values.get(key) is None else self.whole(key)

    def yes(self, key: str) -> bool:
        """Whether a key says true."""
        value = self._get(key, "true or false")
        if not isinstance(value, bool):
            self._refuse(key, value, "true or false")
        return value

    def moment(self, key: str) -> datetime:
        """A time, in UTC."""
        value = self._get(key, "a time")
        # What is longer would fill the cache before it is refused.
        at = _moment(value) if isinstance(value, str) and len(value) <= _QUOTED_CHARS else None
        if at is None:
            self._refuse(key, value, "a time like 2026-11-22T14:02:11Z")
        return at

    def address(self, key: str) -> str:
        """An IP literal."""
        value = self._get(key, "an IP address")
        if not isinstance(value, str) or len(value) > _MAX_ADDRESS_CHARS or not _is_address(value):
            self._refuse(key, value, "an IP address")
        return value

    def maybe(self, key: str, read: Callable[[str], T]) -> T | None:
        """What `read` gives for the key; None for null, or where it is missing."""
        return None if self._values.get(key) is None else read(key)


def parse_document(text: str | bytes, source: str) -> Fields:
    """Read a document that is one JSON object.

    Args:
        text: The whole of it; bytes in UTF-8, or in UTF-16 as some shells write files.
        source: What errors call it, safe to show.

    Raises:
        ReportError: It is too large, nested too deeply or no JSON object.
    """
    if len(text) > MAX_BYTES:
        raise ReportError(source, f"larger than {MAX_BYTES >> 20} MiB, which no report is")
    if isinstance(text, bytes):
        try:
            text = text.decode(json.detect_encoding(text))
        except UnicodeDecodeError:
            raise ReportError(source, "is no text (UTF-8)") from None
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise ReportError(source, "is empty: did the run that was to write it fail?")
    if sum(map(text.count, "[{,")) > MAX_VALUES:
        raise ReportError(source, f"holds more than {MAX_VALUES:,} values, which no report does")
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        raise ReportError(source, "is nested too deeply for a report") from None
    except json.JSONDecodeError as error:
        value = _of_lines(text, source) if error.msg == "Extra data" else None
        if value is None:
            raise ReportError(source, _why_no_json(text, error)) from None
    except ValueError as error:
        raise ReportError(source, f"is no JSON: {clean(str(error), limit_chars=100)}") from None
    if not isinstance(value, dict):
        raise ReportError(source, f"is no report: {_shown(value)} instead of an object")
    return Fields(value, source, "")


def _of_lines(text: str, source: str) -> dict[str, object] | None:
    """The document that JSON lines come to (`--format jsonl`); None: they are something else.

    Raises:
        ReportError: The last line is missing, or one is no JSON.
    """
    head: dict[str, object] = {}
    lists: dict[str, list[object]] = {key: [] for key in _LIST_OF_TYPE.values()}
    last: object = None
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line, parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            raise ReportError(source, f"line {number} is no JSON, or cut off") from None
        last = row.get("type") if isinstance(row, dict) else None
        if not head:
            if last != "report":
                return None
            head = row
        elif last in _LIST_OF_TYPE:
            lists[_LIST_OF_TYPE[last]].append(row)
    if last != "end":
        raise ReportError(source, "is cut off: its last line (end) is missing; write it again")
    items = lists.pop("changes")
    changes = head.get("changes")
    return {**head, **lists, "changes": {**changes, "items": items} if isinstance(changes, dict) else changes}


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number")


def _why_no_json(text: str, error: json.JSONDecodeError) -> str:
    if error.msg == "Extra data" and text.lstrip().startswith("{"):
        return "holds several JSON documents; give it one report, of --format json or jsonl"
    if not text.lstrip().startswith(("{", "[")):
        return "is no JSON; give it a report of --format json"
    if not text.rstrip().endswith(("}", "]")):
        return f"is cut off: its JSON ends in the middle (line {text.count(chr(10)) + 1}); write it again"
    return f"is no JSON: {error.msg} (line {error.lineno}, column {error.colno})"


def _shown(value: object) -> str:
    """A value as an error quotes it: short."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, str):
        return repr(clean(value, limit_chars=_QUOTED_CHARS))
    if isinstance(value, float) and not math.isfinite(value):
        return "a number without end"
    if isinstance(value, int) and not -MAX_NUMBER <= value <= MAX_NUMBER:
        return "a number that large"
    return json.dumps(value)


def _line(text: str, limit_chars: int) -> str:
    # What is longer is rarely said twice, and would fill the cache.
    return _cleaned(text, limit_chars) if len(text) <= _REMEMBERED_CHARS else clean(text, limit_chars=limit_chars)


@lru_cache(maxsize=8192)
def _cleaned(text: str, limit_chars: int) -> str:
    return clean(text, limit_chars=limit_chars)


def _words(choices: type[Choice]) -> Mapping[str, Choice]:
    """The members by their values: asking the enum itself takes five times as long."""
    words = _WORDS.get(choices)
    if words is None:
        words = _WORDS[choices] = {choice.value: choice for choice in choices}
    return words


@lru_cache(maxsize=65536)
def _moment(text: str) -> datetime | None:
    if not _MOMENT.fullmatch(text):
        return None
    try:
        at = datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    # Whoever adds or takes away a month must not leave what a datetime can hold.
    return at if FIRST_YEAR <= at.year <= LAST_YEAR else None


@lru_cache(maxsize=4096)
def _is_address(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    # A zone may be any text.
    return _ZONE.fullmatch(getattr(address, "scope_id", None) or "") is not None
