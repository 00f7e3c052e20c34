"""What was seen of this machine and its network, without any judgement. None is not known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from trackerwatch.outcome import Failure


@dataclass(frozen=True, slots=True)
class NameFound:
    """What the system's resolver says of one name."""

    name: str
    addresses: tuple[str, ...]
    """Those that may be asked."""
    refused: tuple[str, ...]
    """Why others may not, a clean line each."""
    sinkhole: bool
    """One of those is where filters send blocked names."""
    failure: Failure | None


@dataclass(frozen=True, slots=True)
class NetworkFacts:
    """What came back from the net."""

    asked: bool
    """False: the user wanted nothing sent."""
    sentinels: int
    """How many are set."""
    local: bool = False
    """All of them are on this machine or its own network: they say nothing of the rest."""
    tcp: bool | None = None
    """Whether anything came back. None: no such sentinel is set, or time was up."""
    udp: bool | None = None
    ipv6_address: str | None = None
    """The address from which IPv6 would leave. None: there is no way out."""
    ipv6_heard: bool | None = None
    """Whether anything came back over IPv6. None: nobody was asked."""
    made_up: NameFound | None = None
    """A name that cannot exist. None: time was up."""
    names: tuple[NameFound, ...] = ()
    """Of trackers."""
    in_time: bool = True
    """False: something was not answered when time was up."""


@dataclass(frozen=True, slots=True)
class PlaceFacts:
    """A file that is written to."""

    path: str
    """Clean. Empty: there is to be none."""
    exists: bool
    problem: str
    """Why it cannot be used, one clean line. Empty: it can."""
    free_bytes: int | None = None
    """On its disk."""


@dataclass(frozen=True, slots=True)
class TerminalFacts:
    """What draws the screen."""

    is_terminal: bool
    name: str
    """TERM."""
    true_color: bool
    no_color: bool
    encoding: str
    columns: int | None
    rows: int | None
    multiplexer: str
    """`tmux`, `screen` or empty."""
    tmux_clipboard: str | None
    """tmux's option set-clipboard. None: no tmux, or it did not say."""
    clipboard: str
    """How a copy would go, in words."""
    clipboard_is_file: bool
    remote: bool
    """Over SSH."""


@dataclass(frozen=True, slots=True)
class MachineFacts:
    """The rest."""

    config_path: str
    config_exists: bool
    config_mistakes: tuple[str, ...]
    store: PlaceFacts
    state: PlaceFacts
    terminal: TerminalFacts
    now: datetime
    """By this machine's clock, with its zone."""
    newest_known: datetime
    """Something that is over for certain: this program's own files."""
    zone: str
    """Name of the zone, as the machine calls it."""
    open_files: int | None
    """How many this process may have open."""
    proxies: tuple[str, ...]
    """Variables that name one."""
    versions: tuple[tuple[str, str], ...]
    """Program or library, and its version."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything."""

    network: NetworkFacts
    machine: MachineFacts
