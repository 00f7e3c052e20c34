"""Every setting, declared once: its key, kind, default and meaning; flags, variables, the file and its sample follow."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from trackerwatch.config.keys import Keys
from trackerwatch.config.overrides import TrackerTables
from trackerwatch.config.places import HostModes, Networks, Sentinels
from trackerwatch.config.tables import Filters
from trackerwatch.config.values import (
    LONGEST_CERTIFICATE_S,
    SHORTEST_HEARTBEAT_S,
    Choice,
    Duration,
    FilePath,
    Kind,
    Line,
    MaybeDuration,
    Phrases,
    Share,
    StorePath,
    Switch,
    Whole,
)

if TYPE_CHECKING:
    from trackerwatch.config.overrides import TrackerOverride
    from trackerwatch.config.values import FailurePhrase

# The values of these are enums of rooms that `--help` does not import; a test keeps them equal.
ANNOUNCE_MODES = ("never", "fallback", "sample", "always", "peers")
PRIVATE_MODES = ("connect", "scrape", "announce")
COLOR_WHEN = ("auto", "always", "never")
PHRASE_KINDS = ("unregistered", "unauthorized", "rate_limited", "failure_reason")

CLIENTS = ("listed", "bep12", "libtorrent", "transmission", "all-trackers")

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
    up_after: int = _setting(
        2,
        Whole(1, 100),
        "So many answers in a row make an endpoint that was down up again; one that was never seen needs one.",
    )
    slow_udp_s: float = _setting(
        2.0, Duration(), "Rounds of a UDP endpoint that take longer are slow; 3 slow ones of 10 make it degraded."
    )
    slow_http_s: float = _setting(5.0, Duration(), "The same for HTTP and HTTPS.")
    loss: float = _setting(
        0.1,
        Share(),
        "So large a share of lost datagrams makes a UDP endpoint degraded: a number up to 1, or a percentage.",
    )
    tls_expiry_s: float = _setting(
        14 * 86400.0,
        Duration(at_most_s=LONGEST_CERTIFICATE_S),
        "A certificate that ends so soon, or within a third of its life where that is less, makes an endpoint degraded.",
    )
    client: str = _setting(
        "listed",
        Choice(CLIENTS),
        "Whose way of choosing trackers failover is told by. listed: the order in the file; bep12: shuffled within tiers; "
        "libtorrent; transmission; all-trackers: every one at once.",
    )
    dns_preferences: bool = _setting(
        True,
        Switch(),
        "Obey what DNS says of a tracker's host (BEP 34): that it runs no tracker, or on which ports. One TXT lookup a host "
        "and hour.",
    )
    sentinels: tuple[str, ...] = _setting(
        ("tcp://1.1.1.1:443", "udp://9.9.9.9:53"),
        Sentinels(),
        "Who is asked whether this machine is on the net, when a tracker falls silent and nothing is heard from another. "
        "tcp: a connect; udp: one DNS query at port 53, else a BEP 15 connect. Addresses are better than names, which need a resolver. [] asks "
        "nobody; none in the environment.",
    )
    store: str | Literal[False] | None = _setting(
        None,
        StorePath(),
        "File of the history; relative to the folder of this file. false keeps none (--no-store).",
        flag=True,
        default_words="in the user's data folder",
        example='"history.sqlite"',
    )
    max_age_s: float | None = _setting(
        None,
        MaybeDuration(),
        "How old an answer in the store may be for a report to use it instead of asking.",
        flag=True,
        default_words="0.95 of the interval for public trackers that worked; others are asked again",
        example='"20m"',
    )
    policy: str | None = _setting(
        None,
        FilePath(),
        "Policy (TOML) by which report judges torrents; relative to the folder of this file. `--no-policy` goes without.",
        flag=True,
        default_words="none",
        example='"policy.toml"',
    )
    theme: str = _setting(
        "",
        Line(),
        "Colours of the live screen, by the name of a theme; `T` on the screen tries them.",
        flag=True,
        default_words="tokyo-night",
        example='"nord"',
    )
    ascii: bool = _setting(False, Switch(), "Draw the live screen with characters of ASCII alone.", flag=True)
    mouse: bool = _setting(True, Switch(), "Let the live screen have the mouse.", flag=True)
    slow_link: bool = _setting(
        False, Switch(), "Draw the live screen seldom and without animation, for SSH over a thin line.", flag=True
    )
    keys: tuple[tuple[str, str], ...] = _setting(
        (),
        Keys('{"main.sort" = "o", "main.mute" = "M,F6"}'),
        'Keys of the live screen by action; several with commas between them, "" for none. `?` on the screen names the actions.',
        default_words="those that `?` shows",
        example='{"main.sort" = "o"}',
    )
    filters: tuple[tuple[str, str], ...] = _setting(
        (),
        Filters('{starving = "seeders<3 & leechers>10"}'),
        "Filters saved by name, for `F` on the live screen and for --filter @name.",
        default_words="none",
        example='{starving = "seeders<3 & leechers>10"}',
    )
    failure_phrases: tuple[FailurePhrase, ...] = _setting(
        (),
        Phrases(PHRASE_KINDS),
        "What trackers mean by their failure texts: literal words, matched before the built-in ones, the first match wins. "
        f"kind is one of {', '.join(PHRASE_KINDS)}.",
        default_words="none",
        example='[{phrase = "torrent gone", kind = "unregistered"}]',
    )
    trackers: tuple[tuple[str, TrackerOverride], ...] = _setting(
        (),
        TrackerTables(),
        "What differs for single trackers, by host or by host:port, which goes before. own: you run it, so any interval "
        "goes; interval, heartbeat, down_after, up_after, slow, loss, tls_expiry: as above; muted: true, or until the end "
        "of a day, out of verdicts but not out of history; mute_windows: the same at times that come again; disabled: never "
        "asked, and counted for nothing; why: a word on these. Tables come last in the file.",
        default_words="none",
        example='[trackers."tracker.example.org"]\nown = true\ninterval = "30s"\n'
        '[trackers."other.example.org:6969"]\nmuted = 2026-12-31\nwhy = "moving house"\n'
        '[trackers."third.example.org"]\nmute_windows = ["sat 02:00-06:00", "mon,thu 22:00-01:00 Europe/Berlin"]',
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
    """A value in TOML that shows how it is written, or whole tables with their heads. Empty: the default does."""

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
