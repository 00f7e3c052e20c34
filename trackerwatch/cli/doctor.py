"""`trackerwatch doctor [TRACKER...]`: what of this machine keeps trackers from being watched well."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from typing import TYPE_CHECKING

from trackerwatch.cli.arguments import add_config, file_name
from trackerwatch.errors import TrackerUrlError, UsageError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from trackerwatch.cli.arguments import Commands
    from trackerwatch.config.settings import Config
    from trackerwatch.doctor.facts import NetworkFacts
    from trackerwatch.outcome import Endpoint, Resolution, SentinelOutcome

NAME = "doctor"
FORMATS = ("text", "json")
REMEMBERED_WITHIN_S = 2.0


def register(commands: Commands) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        NAME,
        help="what here keeps trackers from being watched: UDP, IPv6, DNS, store, terminal",
        description="Look at this machine and its network, and say what to do. The exit code is the verdict. "
        "It sends a handful of packets to the sentinels of the config and looks names up; no tracker is asked.",
    )
    parser.add_argument(
        "trackers",
        nargs="*",
        metavar="TRACKER",
        help="URL or host whose name is looked up, beside those in config and store",
    )
    parser.add_argument("--offline", action="store_true", help="send nothing: look at this machine alone")
    parser.add_argument("--format", choices=FORMATS, default=FORMATS[0], help=f"(default: {FORMATS[0]})")
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--store", type=file_name, metavar="FILE", help="the store to look at (default: as settings say)"
    )
    where.add_argument("--no-store", action="store_const", const=False, dest="store", help="look at no store")
    add_config(parser)
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Examine, and say what was found."""
    import asyncio  # noqa: PLC0415 - only when a command runs

    from trackerwatch.cli.machine import look_around  # noqa: PLC0415 - as above
    from trackerwatch.cli.output import screen_width, to_stdout  # noqa: PLC0415 - as above
    from trackerwatch.cli.remembering import store_path  # noqa: PLC0415 - as above
    from trackerwatch.cli.surveying import SOMEWHERE_IPV6  # noqa: PLC0415 - as above
    from trackerwatch.config.loading import settle, which_file  # noqa: PLC0415 - as above
    from trackerwatch.doctor.facts import Facts, NetworkFacts  # noqa: PLC0415 - as above
    from trackerwatch.doctor.findings import judge, verdict  # noqa: PLC0415 - as above
    from trackerwatch.doctor.writing import as_json, as_text  # noqa: PLC0415 - as above
    from trackerwatch.locations import state_file  # noqa: PLC0415 - as above
    from trackerwatch.probe.ways import leaving_address  # noqa: PLC0415 - as above

    named = [_host(tracker) for tracker in arguments.trackers]
    flags = {} if arguments.store is None else {"store": arguments.store}
    # A config with mistakes is a finding here: what holds beside them is used.
    found = settle(flags, which_file(arguments.config, os.environ), os.environ)
    store = store_path(found.config)
    if arguments.offline:
        # Which way packets would take is asked of this machine alone.
        way = leaving_address(SOMEWHERE_IPV6)
        network = NetworkFacts(asked=False, sentinels=len(found.config.sentinels), ipv6_address=way)
    else:
        network = asyncio.run(_ask(found.config, named, store))
    findings = judge(Facts(network, look_around(found, store, state_file(), os.environ)))
    if arguments.format == "json":
        to_stdout([as_json(findings)], "utf-8")
    else:
        to_stdout(as_text(findings, min(120, screen_width(sys.stdout))))
    return verdict(findings).exit_code


def _host(tracker: str) -> str:
    from trackerwatch.config.places import host_maybe_port  # noqa: PLC0415 - only when a command runs
    from trackerwatch.config.values import WrongValueError  # noqa: PLC0415 - as above
    from trackerwatch.tracker import parse_tracker  # noqa: PLC0415 - as above

    try:
        return parse_tracker(tracker).host if "://" in tracker else _without_port(host_maybe_port(tracker))
    except (TrackerUrlError, WrongValueError) as error:
        raise UsageError(str(error)) from None


def _without_port(place: str) -> str:
    if place.startswith("["):
        return place[1:].partition("]")[0]
    host, colon, port = place.rpartition(":")
    return host if colon and ":" not in host and port.isdecimal() else place


async def _ask(config: Config, named: Sequence[str], store: Path | None) -> NetworkFacts:
    from trackerwatch.cli.surveying import survey  # noqa: PLC0415 - only when a command runs
    from trackerwatch.probe.addresses import is_local_name, is_numeric_host  # noqa: PLC0415 - as above

    configured = [_without_port(place) for place, _ in config.trackers]
    hosts = [*named, *configured, *await _remembered(store)]
    names = [host for host in hosts if not is_numeric_host(host) and not is_local_name(host)]
    with contextlib.closing(_Sockets(config)) as outside:
        return await survey(outside, config, names)


async def _remembered(store: Path | None) -> list[str]:
    """Hosts of the trackers in the store."""
    import asyncio  # noqa: PLC0415 - only when a command runs

    from trackerwatch.cli.remembering import open_past  # noqa: PLC0415 - as above

    if store is None:
        return []
    past = open_past(store)
    now = time.time()
    try:
        async with asyncio.timeout(REMEMBERED_WITHIN_S):
            known = await past.overview(since=now - 86400.0, until=now, stretches=1)
    except TimeoutError:
        return []
    finally:
        past.close()
    return list(_plain(_without_port(tracker.host_port) for tracker in known))


def _plain(hosts: Iterable[str]) -> Iterable[str]:
    """Those that are whole: of a host with a secret in it only a part is kept."""
    return (host for host in hosts if host and all(c.isalnum() or c in ".-_" for c in host))


class _Sockets:
    """Asks the net, through the room that may."""

    def __init__(self, config: Config) -> None:
        import ipaddress  # noqa: PLC0415 - only when a command runs

        from trackerwatch.probe.addresses import AddressPolicy  # noqa: PLC0415 - as above
        from trackerwatch.probe.resolve import Resolver  # noqa: PLC0415 - as above

        networks = tuple(ipaddress.ip_network(network) for network in config.allowed_networks)
        self._resolver = Resolver(AddressPolicy(allowed_networks=networks))

    async def sentinel(self, sentinels: Sequence[str]) -> SentinelOutcome:
        """See `surveying.Outside`."""
        from trackerwatch.cli.surveying import SENTINELS_WITHIN_S  # noqa: PLC0415 - only when a command runs
        from trackerwatch.probe.prober import SocketProber  # noqa: PLC0415 - as above

        prober = SocketProber(sentinels=sentinels)
        try:
            return await prober.sentinel(timeout_s=SENTINELS_WITHIN_S)
        finally:
            await prober.close()

    async def look_up(self, host: str) -> Resolution:
        """See `surveying.Outside`."""
        from trackerwatch.cli.surveying import PORT, WITHIN_S  # noqa: PLC0415 - only when a command runs

        return await self._resolver.resolve_host(host, PORT, timeout_s=WITHIN_S)

    def leaving_address(self, endpoint: Endpoint) -> str | None:
        """See `surveying.Outside`."""
        from trackerwatch.probe.ways import leaving_address  # noqa: PLC0415 - only when a command runs

        return leaving_address(endpoint)

    def close(self) -> None:
        """Let go of the threads."""
        self._resolver.close()
