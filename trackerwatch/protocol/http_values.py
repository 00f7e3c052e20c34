"""Reading the values of a tracker's HTTP reply: each is checked before it is believed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch.outcome import Failure, Phase
from trackerwatch.outside_text import clean
from trackerwatch.protocol.failures import PHRASES, classify

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from trackerwatch.protocol.failures import Phrase

MAX_COUNT = 0xFFFF_FFFF
"""What a UDP tracker can say at most. Whether a count below this is plausible is judged elsewhere."""

MAX_INTERVAL_S = 86_400.0
MAX_RETRY_IN_S = 7 * 86_400.0

NEVER = b"never"
"""BEP 31: the tracker wants never to be asked again."""

GONE = 410
"""The HTTP status that says the same."""


def text_of(value: object, secrets: Iterable[str]) -> str:
    """A text value as one clean line; of a list or dictionary the texts in it, one after the other."""
    return clean(value if isinstance(value, bytes) else b" ".join(_texts(value)), secrets=secrets)


def _texts(value: object) -> Iterator[bytes]:
    """Every text and number in a decoded value, as written. Its depth was bounded by whoever decoded it."""
    if isinstance(value, bytes):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from (key, *_texts(inner))
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    else:
        yield str(value).encode()


def count_of(
    reply: Mapping[bytes, object], key: bytes, findings: list[str], *, secrets: Iterable[str] = ()
) -> int | None:
    """A count of peers, or None where it is missing or makes no sense; the latter is a finding, without secrets."""
    value = reply.get(key)
    if value is None:
        return None
    if isinstance(value, int) and 0 <= value <= MAX_COUNT:
        return value
    findings.append(f"{key.decode()} makes no sense: {text_of(value, secrets)}")
    return None


def interval_of(
    reply: Mapping[bytes, object], key: bytes, findings: list[str], *, secrets: Iterable[str] = ()
) -> float | None:
    """Seconds to wait, at most a day, or None where they are missing or make no sense; the latter is a finding."""
    value = reply.get(key)
    if value is None:
        return None
    number = _decimal(value)
    if number is None or number <= 0:
        findings.append(f"{key.decode()} makes no sense: {text_of(value, secrets)}")
        return None
    if number > MAX_INTERVAL_S:
        findings.append(f"{key.decode()} of {number} s is taken as a day")
    return min(float(number), MAX_INTERVAL_S)


def failure_of(
    reply: Mapping[bytes, object],
    *,
    secrets: Iterable[str],
    http_status: int | None,
    private: bool = False,
    phrases: Sequence[Phrase] = PHRASES,
) -> Failure | None:
    """The failure a reply tells, with what the tracker wishes for the time until the next request.

    Args:
        reply: The decoded dictionary.
        secrets: Strings that must not be shown.
        http_status: As `failures.classify` takes it.
        private: As `failures.classify` takes it.
        phrases: As `failures.classify` takes its table.

    Returns:
        None where there is no `failure reason`. `retry_in_s` is the longest of `retry in` (BEP 31, minutes as a number or
        as its digits), `interval` and `min interval`, which Ocelot and UNIT3D put beside a failure. `retry_never` says
        `retry in: never`, or the status 410.
    """
    if b"failure reason" not in reply:
        return None
    message = text_of(reply[b"failure reason"], secrets)
    retry_in = reply.get(b"retry in")
    minutes = _decimal(retry_in)
    waits = [
        min(minutes * 60.0, MAX_RETRY_IN_S) if minutes is not None and minutes > 0 else None,
        interval_of(reply, b"interval", []),
        interval_of(reply, b"min interval", []),
    ]
    return Failure(
        classify(message, http_status=http_status, private=private, table=phrases),
        Phase.EXCHANGE,
        message,
        retry_in_s=max((wait for wait in waits if wait is not None), default=None),
        retry_never=http_status == GONE or (isinstance(retry_in, bytes) and retry_in.strip().lower() == NEVER),
    )


def _decimal(value: object) -> int | None:
    if isinstance(value, int):
        return value
    # Some PHP trackers send numbers as strings; BEP 31's own examples do.
    if isinstance(value, bytes) and len(value) <= 10 and value.isdigit():
        return int(value)
    return None
