"""The fields of the language, what each takes and what each means: the one table that parser, completion, help and docs read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from trackerwatch.engine.views import EventKind
from trackerwatch.failover.states import FailoverState
from trackerwatch.health.states import Health
from trackerwatch.outcome import FailureKind
from trackerwatch.policy.rules import BUILT_IN, Rule, Verdict
from trackerwatch.tracker import Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping


class Field(StrEnum):
    """What can be asked about."""

    NAME = "name"
    INFO_HASH = "info_hash"
    HOST = "host"
    TRACKER = "tracker"
    PROTOCOL = "protocol"
    PRIVATE = "private"
    SOURCE = "source"
    FOLDER = "folder"
    SIZE = "size"
    TRACKERS = "trackers"
    TIERS = "tiers"
    STATE = "state"
    VERDICT = "verdict"
    RULE = "rule"
    SINCE = "since"
    SEEDERS = "seeders"
    LEECHERS = "leechers"
    COMPLETED = "completed"
    WORKING = "working"
    ACTIVE = "active"
    TIER = "tier"
    KIND = "kind"
    WHY = "why"
    LATENCY = "latency"
    P95 = "p95"
    UPTIME = "uptime"
    TORRENTS = "torrents"
    AGE = "age"
    NEXT = "next"
    INTERVAL = "interval"
    TLS = "tls"
    ADDRESS = "address"
    FLAPPING = "flapping"
    PENDING = "pending"
    MUTED = "muted"
    DISABLED = "disabled"
    OWN = "own"
    ADDED = "added"
    TORRENT = "torrent"
    REASON = "reason"
    TEXT = "text"


class Comparison(StrEnum):
    """How a field is compared with a value."""

    EQUAL = "="
    CONTAINS = "~"
    LESS = "<"
    LESS_EQUAL = "<="
    GREATER = ">"
    GREATER_EQUAL = ">="


class Shape(StrEnum):
    """What a field's values look like."""

    TEXT = "text"
    CHOICE = "choice"
    """A word of a closed set."""
    COUNT = "count"
    SIZE = "size"
    """Bytes."""
    DURATION = "duration"
    SHARE = "share"
    """A part of a whole, in per cent."""


class Of(StrEnum):
    """What a field is a property of."""

    TORRENT = "torrents"
    """Of trackers it says nothing: it keeps them all."""
    BOTH = "both"
    TRACKER = "trackers"
    """Of a torrent: one of the trackers it lists is so."""
    EVENT = "events"


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """One field, as it is documented."""

    shape: Shape
    of: Of
    told: str
    """In a few words."""
    example: str
    choices: tuple[str, ...] = ()
    """The closed set, if it is one."""
    aliases: tuple[str, ...] = ()
    """Other names for it."""


@dataclass(frozen=True, slots=True)
class Language:
    """The fields that one kind of filter knows."""

    fields: Mapping[Field, FieldInfo]
    words: str
    """What a plain word is looked for in."""

    def named(self, name: str) -> Field | None:
        """The field of this name or alias. None: there is none."""
        name = name.casefold().replace("-", "_")
        for field, info in self.fields.items():
            if name == field or name in info.aliases:
                return field
        return None


NUMBERS = frozenset({Shape.COUNT, Shape.SIZE, Shape.DURATION, Shape.SHARE})
"""Shapes that have an order."""

YES_NO = ("yes", "no")
REASON_CODES = ("failing", "slow", "loss", "endpoint_down", "tls_expiry")
"""What else than a failure a tracker's state can be from (`TrackerView.reasons`)."""


def _text(of: Of, told: str, example: str, *aliases: str) -> FieldInfo:
    return FieldInfo(Shape.TEXT, of, told, example, (), aliases)


def _count(of: Of, told: str, example: str, *aliases: str) -> FieldInfo:
    return FieldInfo(Shape.COUNT, of, told, example, (), aliases)


def _duration(of: Of, told: str, example: str, *aliases: str) -> FieldInfo:
    return FieldInfo(Shape.DURATION, of, told, example, (), aliases)


def _yes_no(of: Of, told: str, example: str) -> FieldInfo:
    return FieldInfo(Shape.CHOICE, of, told, example, YES_NO)


def _choice(of: Of, told: str, example: str, choices: tuple[str, ...], *aliases: str) -> FieldInfo:
    return FieldInfo(Shape.CHOICE, of, told, example, tuple(dict.fromkeys(map(str, choices))), aliases)


TABLES = Language(
    {
        Field.NAME: _text(Of.TORRENT, "the torrent's name", "name~debian"),
        Field.STATE: _choice(
            Of.BOTH,
            "verdict, failover, or of a tracker (that it lists)",
            "state=down",
            (*Verdict, *FailoverState, *Health),
        ),
        Field.HOST: _text(Of.BOTH, "a tracker's host, with or without port", "host=tracker.example.org"),
        Field.TRACKER: _text(Of.BOTH, "a tracker's URL without secrets, host:port or id", "tracker~example.org:6969"),
        Field.SEEDERS: _count(Of.TORRENT, "peers that have all, of the tracker that tells most", "seeders<3"),
        Field.LEECHERS: _count(Of.TORRENT, "peers that do not have all yet", "leechers>10"),
        Field.COMPLETED: _count(Of.TORRENT, "downloads that trackers counted", "completed>1k"),
        Field.KIND: _choice(
            Of.BOTH, "why something failed", "kind=refused", (*FailureKind, *REASON_CODES), "reason", "failure"
        ),
        Field.SINCE: _duration(Of.BOTH, "how long the state, or the trouble, has lasted", "since>2h", "for"),
        Field.VERDICT: _choice(Of.TORRENT, "what the rules come to", "verdict=critical", tuple(Verdict)),
        Field.RULE: _choice(
            Of.TORRENT,
            "a rule that is broken",
            "rule=one_seeder",
            tuple(rule for rule in Rule if rule in BUILT_IN),
            "problem",
        ),
        Field.WORKING: _count(Of.TORRENT, "trackers that work for it", "working<2"),
        Field.TRACKERS: _count(Of.TORRENT, "trackers that it lists", "trackers=1", "total", "listed"),
        Field.TIERS: _count(Of.TORRENT, "tiers that it lists", "tiers>1"),
        Field.TIER: _count(Of.TORRENT, "tier of the tracker in use, from 0", "tier>0"),
        Field.ACTIVE: _text(Of.TORRENT, "the tracker in use; none", "active=none"),
        Field.WHY: _text(Of.BOTH, "what the screen says of the cause (looks at each row in full)", "why~expired"),
        Field.FOLDER: _text(
            Of.TORRENT, "the folder of its file: its name, or the whole path", "folder=linux", "collection"
        ),
        Field.SOURCE: _text(Of.TORRENT, "the file, list or link it came from", "source~watch"),
        Field.PRIVATE: _yes_no(Of.TORRENT, "whether it is private (BEP 27)", "private=yes"),
        Field.SIZE: FieldInfo(Shape.SIZE, Of.TORRENT, "of its content", "size>4GiB"),
        Field.INFO_HASH: _text(Of.TORRENT, "its info hash in hex", "info_hash~0a1b", "hash"),
        Field.PROTOCOL: _choice(Of.BOTH, "how a tracker is spoken to", "protocol=udp", tuple(Protocol)),
        Field.LATENCY: _duration(Of.TRACKER, "median time to an answer", "latency>200ms", "p50"),
        Field.P95: _duration(Of.TRACKER, "time within which 95 % of answers come", "p95>1s"),
        Field.UPTIME: FieldInfo(
            Shape.SHARE, Of.TRACKER, "rounds answered in 24 h, of this run where less is known", "uptime<99%"
        ),
        Field.TORRENTS: _count(Of.TRACKER, "torrents that list it", "torrents>100"),
        Field.AGE: _duration(Of.TRACKER, "how long ago it answered last", "age>30m", "answered"),
        Field.NEXT: _duration(Of.TRACKER, "time until it is asked next", "next<1m"),
        Field.INTERVAL: _duration(Of.TRACKER, "what it asks for between announces", "interval>=1h"),
        Field.TLS: _duration(Of.TRACKER, "time until its certificate ends", "tls<14d", "tls_expires", "certificate"),
        Field.ADDRESS: _text(Of.TRACKER, "an address behind its name", "address~2001:db8", "ip"),
        Field.FLAPPING: _yes_no(Of.TRACKER, "whether it changes too often to say", "flapping=yes"),
        Field.PENDING: _yes_no(Of.TRACKER, "whether it fails, not yet often enough to be down", "pending=yes"),
        Field.MUTED: _yes_no(Of.TRACKER, "whether it is out of verdicts and alerts", "muted=no"),
        Field.DISABLED: _yes_no(Of.TRACKER, "whether nothing is sent to it", "disabled=yes"),
        Field.OWN: _yes_no(Of.TRACKER, "whether you run it (own = true in the config)", "own=yes"),
        Field.ADDED: _yes_no(Of.TRACKER, "whether it is watched by hand, for this run", "added=yes"),
    },
    "name or host",
)
"""Of torrents and trackers, in the order in which completion offers them."""

EVENTS = Language(
    {
        Field.KIND: _choice(Of.EVENT, "what happened", "kind=failed_over", tuple(EventKind)),
        Field.TRACKER: _text(
            Of.EVENT, "the tracker's URL without secrets, host:port or id", "tracker~example.org:6969"
        ),
        Field.HOST: _text(Of.EVENT, "the tracker's host, with or without port", "host=tracker.example.org"),
        Field.TORRENT: _text(Of.EVENT, "the torrent's name or info hash", "torrent~debian", "name", "info_hash"),
        Field.REASON: _choice(Of.EVENT, "why", "reason=refused", tuple(FailureKind), "failure"),
        Field.STATE: _choice(Of.EVENT, "the state it came to", "state=down", (*Health, *FailoverState, *Verdict), "to"),
        Field.SINCE: _duration(Of.EVENT, "how long ago it was", "since<1h", "age", "ago"),
        Field.TEXT: _text(Of.EVENT, "its words", "text~certificate", "message"),
        Field.PROTOCOL: _choice(Of.EVENT, "how the tracker is spoken to", "protocol=udp", tuple(Protocol)),
    },
    "message, host or name",
)
"""Of events."""

_SPELLINGS = {"true": "yes", "1": "yes", "on": "yes", "false": "no", "0": "no", "off": "no"}


def choice(info: FieldInfo, text: str) -> str:
    """The canonical spelling of a value of a closed set; the text itself where it is none of them."""
    text = text.casefold()
    return _SPELLINGS.get(text, text) if info.choices == YES_NO else text.replace("-", "_")
