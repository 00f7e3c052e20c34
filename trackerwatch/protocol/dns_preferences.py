"""What a host says in DNS about the trackers it runs (BEP 34): TXT records to ports, or to none.

A record counts when its first word is `BITTORRENT`. The words after it name ports in the order in which to try them
(`UDP:1337 TCP:80`; TCP is http or https alike); other words mean nothing, so that a record without any port, such as
`BITTORRENT DENY ALL`, says that the host runs no tracker.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_RECORDS = 8
MAX_RECORD_BYTES = 2048
MAX_PREFERENCES = 32
"""More of each is left out: nobody tries that many ports."""

_FIRST_WORD = b"BITTORRENT"


class Transport(StrEnum):
    """What a port is of."""

    UDP = "UDP"
    TCP = "TCP"


@dataclass(frozen=True, slots=True)
class Preference:
    """One port at which trackers answer."""

    transport: Transport
    port: int
    """1 to 65535."""

    def __str__(self) -> str:
        """`UDP:1337`, as in the record."""
        return f"{self.transport}:{self.port}"


@dataclass(frozen=True, slots=True)
class TrackerPreferences:
    """What a host says of its trackers."""

    ports: tuple[Preference, ...]
    """In the order in which to try them, each once. Empty: it runs no tracker."""
    record: str
    """The first such record, as text: foreign, at most `MAX_RECORD_BYTES` characters."""

    @property
    def denied(self) -> bool:
        """Whether the host says that it runs no tracker."""
        return not self.ports

    def port_for(self, transport: Transport, port: int) -> int | None:
        """The port at which to ask a tracker whose URL says `port`.

        Returns:
            The same where it is listed, else the first listed of that transport. None: there is none, so that trackers of
            that kind are not to be asked.
        """
        listed = [preference.port for preference in self.ports if preference.transport is transport]
        return port if port in listed else next(iter(listed), None)


def read_preferences(records: Iterable[bytes]) -> TrackerPreferences | None:
    """Read what the TXT records of a host say of its trackers.

    Several records are taken together, sorted, since DNS has no order: a port that any of them names is one, and only
    where none names any is that a denial.

    Args:
        records: The bytes of each TXT record, its strings joined without a separator.

    Returns:
        None where they say nothing: no record begins with the word, or what names a port is broken throughout (`UDP:0`),
        which is a mistake and no denial.
    """
    ours = sorted({record for record in records if _is_ours(record)})[:MAX_RECORDS]
    words = [word for record in ours for word in _words(record)]
    named = dict.fromkeys(preference for preference in map(_preference, words) if preference is not None)
    if not ours or (not named and any(word.startswith((b"UDP:", b"TCP:")) for word in words)):
        return None
    return TrackerPreferences(tuple(named)[:MAX_PREFERENCES], ours[0][:MAX_RECORD_BYTES].decode("latin-1"))


def _is_ours(record: bytes) -> bool:
    return record == _FIRST_WORD or record.startswith(_FIRST_WORD + b" ")


def _words(record: bytes) -> list[bytes]:
    words = record[:MAX_RECORD_BYTES].split(b" ")
    if len(record) > MAX_RECORD_BYTES:
        # Half a word may be another port.
        words.pop()
    return [word for word in words if word]


def _preference(word: bytes) -> Preference | None:
    name, colon, digits = word.partition(b":")
    if name not in {b"UDP", b"TCP"} or not colon or not digits.isdigit() or len(digits) > 5:
        return None
    port = int(digits)
    return Preference(Transport(name.decode("ascii")), port) if 1 <= port <= 65535 else None
