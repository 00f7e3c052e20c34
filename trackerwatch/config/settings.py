"""Every setting, declared once: its key, kind, default and meaning; flags, variables, the file and its sample follow."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trackerwatch.config.values import (
    Choice,
    Duration,
    FilePath,
    HostModes,
    Kind,
    Line,
    Networks,
    Phrases,
    Switch,
    Whole,
)

if TYPE_CHECKING:
    from trackerwatch.config.values import FailurePhrase

# The values of these are enums of rooms that `--help` does not import; a test keeps them equal.
ANNOUNCE_MODES = ("never", "fallback", "sample", "always", "peers")
PRIVATE_MODES = ("connect", "scrape", "announce")
COLOR_WHEN = ("auto", "always", "never")
PHRASE_KINDS = ("unregistered", "unauthorized", "rate_limited", "failure_reason")

SHORTEST_HEARTBEAT_S = 60.0
"""A connect is the least there is, but nobody's tracker wants it every second."""

PREFIX = "TRACKERWATCH_"
"""Of every variable in the environment."""


def _setting(
    default: object,
    kind: Kind,
    about: str,
    *,
    flag: bool = False,
    default_words: str = "",
    example: str = "",
) -> Any:
    details = {"kind": kind, "about": about, "flag": flag, "default_words": default_words, "example": example}
    return dataclasses.field(default=default, metadata=details)


@dataclass(frozen=True, slots=True)
class Config:
    """What the user wants, settled. The text beside each default is its documentation; keys are the names without `_s`."""

    interval_s: float = _setting(
        900.0,
        Duration(),
        "Between two scrapes of a tracker. Public trackers are never asked more often than once a minute, nor more often "
        "than they allow.",
        flag=True,
    )
    timeout_s: float = _setting(10.0, Duration(), "Bounds one probe with its resends.", flag=True)
    deadline_s: float = _setting(
        60.0,
        Duration(),
        "Bounds a whole run of report and check; what was not finished then is not judged.",
        flag=True,
    )
    announce: str | None = _setting(
        None,
        Choice(ANNOUNCE_MODES),
        "When torrents are announced; no announce joins a swarm. never; fallback: where a scrape is unsupported, failed or "
        "ambiguous; sample: as fallback, and one public torrent a tracker and interval; always: every public torrent at "
        "its tracker's interval; peers: as fallback, with a peer list.",
        flag=True,
        default_words="fallback for report and check, sample for watch",
        example='"fallback"',
    )
    private: str = _setting(
        "connect",
        Choice(PRIVATE_MODES),
        "What the trackers of private torrents are asked. connect: a sign of life, without the key; scrape; announce.",
        flag=True,
    )
    private_hosts: tuple[tuple[str, str], ...] = _setting(
        (),
        HostModes(PRIVATE_MODES),
        "The same for single hosts, where it differs; the command line's --private holds for these as well.",
        default_words="none",
        example='{"tracker.example.org" = "scrape"}',
    )
    allow_private: bool = _setting(
        False,
        Switch(),
        "Ask loopback, private and link-local addresses too. A torrent from the net can then make requests in your network.",
        flag=True,
    )
    allowed_networks: tuple[str, ...] = _setting(
        (),
        Networks(),
        "Networks that may be asked although they are not public.",
        default_words="none",
        example='["192.168.1.0/24", "fd00::/8"]',
    )
    ca_file: str | None = _setting(
        None,
        FilePath(),
        "PEM file of certificate authorities to trust besides the system's; relative to the folder of this file.",
        flag=True,
        default_words="the system's alone",
        example='"own-ca.pem"',
    )
    color: str = _setting(
        "auto", Choice(COLOR_WHEN), "Colours. auto: on a terminal, unless NO_COLOR is set.", flag=True
    )
    vantage: str | None = _setting(
        None,
        Line(),
        "What the place from which you look is called in reports.",
        default_words="the name of this machine",
        example='"home"',
    )
    down_after: int = _setting(
        3,
        Whole(1, 100),
        "So many counted failures in a row make an endpoint down on the live screen; a report has its own rule.",
    )
    heartbeat_s: float = _setting(
        120.0,
        Duration(at_least_s=SHORTEST_HEARTBEAT_S),
        "Between two connects to a UDP endpoint, which find an outage sooner than scrapes do.",
    )
    failure_phrases: tuple[FailurePhrase, ...] = _setting(
        (),
        Phrases(PHRASE_KINDS),
        "What trackers mean by their failure texts: literal words, matched before the built-in ones, the first match wins. "
        f"kind is one of {', '.join(PHRASE_KINDS)}.",
        default_words="none",
        example='[{phrase = "torrent gone", kind = "unregistered"}]',
    )


@dataclass(frozen=True, slots=True)
class Setting:
    """What there is to know about one setting."""

    field: str
    """Its attribute of `Config`."""
    kind: Kind
    default: object
    about: str
    has_flag: bool
    default_words: str
    """Says what the default is where the value alone does not. Empty: the value does."""
    example: str
    """A value in TOML that shows how it is written. Empty: the default does."""

    @property
    def key(self) -> str:
        """Its key in the file: units are part of the value there."""
        return self.field.removesuffix("_s")

    @property
    def variable(self) -> str:
        """Its variable in the environment."""
        return PREFIX + self.key.upper()

    @property
    def flag(self) -> str | None:
        """Its option on the command line."""
        return f"--{self.key.replace('_', '-')}" if self.has_flag else None


SETTINGS: tuple[Setting, ...] = tuple(
    Setting(
        field.name,
        field.metadata["kind"],
        field.default,
        field.metadata["about"],
        field.metadata["flag"],
        field.metadata["default_words"],
        field.metadata["example"],
    )
    for field in dataclasses.fields(Config)
)
BY_KEY: dict[str, Setting] = {setting.key: setting for setting in SETTINGS}
DEFAULTS = Config()
