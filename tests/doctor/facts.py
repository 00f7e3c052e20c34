"""A machine on which all is well, to be made ill in one way each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from trackerwatch.doctor.facts import Facts, MachineFacts, NameFound, NetworkFacts, PlaceFacts, TerminalFacts
from trackerwatch.outcome import Failure, FailureKind, Phase

NOW = datetime(2026, 3, 14, 15, 2, tzinfo=UTC)
MISSING = NameFound("0123.invalid", (), (), sinkhole=False, failure=Failure(FailureKind.DNS_NXDOMAIN, Phase.RESOLVE))


def name(host: str, *addresses: str, refused: tuple[str, ...] = (), sinkhole: bool = False) -> NameFound:
    return NameFound(host, addresses, refused, sinkhole, None)


def network(**fields: object) -> NetworkFacts:
    well: dict[str, object] = {
        "asked": True,
        "sentinels": 2,
        "tcp": True,
        "udp": True,
        "ipv6_address": "2001:db8::5",
        "ipv6_heard": True,
        "made_up": MISSING,
        "names": (name("tracker.example.org", "192.0.2.9"),),
    }
    return NetworkFacts(**(well | fields))


def terminal(**fields: object) -> TerminalFacts:
    well: dict[str, object] = {
        "is_terminal": True,
        "name": "xterm-256color",
        "true_color": True,
        "no_color": False,
        "encoding": "utf-8",
        "columns": 120,
        "rows": 40,
        "multiplexer": "",
        "tmux_clipboard": None,
        "clipboard": "the terminal's clipboard (OSC 52)",
        "clipboard_is_file": False,
        "remote": False,
    }
    return TerminalFacts(**(well | fields))


def machine(**fields: object) -> MachineFacts:
    well: dict[str, object] = {
        "config_path": "/home/ada/config.toml",
        "config_exists": True,
        "config_mistakes": (),
        "store": PlaceFacts("/home/ada/history.db", exists=True, problem="", free_bytes=9 << 30),
        "state": PlaceFacts("/home/ada/state.json", exists=False, problem="", free_bytes=9 << 30),
        "terminal": terminal(),
        "now": NOW,
        "newest_known": NOW - timedelta(days=9),
        "zone": "UTC",
        "open_files": 1024,
        "proxies": (),
        "versions": (("trackerwatch", "1.0"), ("Python", "3.11.7")),
    }
    return MachineFacts(**(well | fields))


def facts(of_network: NetworkFacts | None = None, **of_machine: object) -> Facts:
    return Facts(of_network or network(), machine(**of_machine))
