"""Which addresses may be asked. A torrent from the net must not make us a scanner of somebody's own network.

Pure: it sees text and answers. It judges the resolved address, so that odd spellings of loopback (`127.1`, `0x7f000001`,
`2130706433`), which the system resolver understands, need no rule of their own.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache

from trackerwatch.outcome import Failure, FailureKind
from trackerwatch.outside_text import clean

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

_ALLOW_HINT = "--allow-private permits it"

_NAMED_NETWORKS: tuple[tuple[IPNetwork, str], ...] = tuple(
    (ipaddress.ip_network(network), what)
    for network, what in (
        # The first match names the address, so single addresses come before the ranges that hold them.
        ("169.254.169.254/32", "a cloud metadata address"),
        ("169.254.170.2/32", "a cloud metadata address"),
        ("100.100.100.200/32", "a cloud metadata address"),
        ("192.0.0.192/32", "a cloud metadata address"),
        ("168.63.129.16/32", "a cloud metadata address"),
        ("fd00:ec2::254/128", "a cloud metadata address"),
        ("fd20:ce::254/128", "a cloud metadata address"),
        ("0.0.0.0/32", "the unspecified address"),
        ("::/128", "the unspecified address"),
        ("127.0.0.0/8", "a loopback address"),
        ("::1/128", "a loopback address"),
        ("10.0.0.0/8", "a private address"),
        ("172.16.0.0/12", "a private address"),
        ("192.168.0.0/16", "a private address"),
        ("fc00::/7", "a private address"),
        ("fec0::/10", "a private address"),
        ("100.64.0.0/10", "a shared address of a provider's own network"),
        ("169.254.0.0/16", "a link-local address"),
        ("fe80::/10", "a link-local address"),
        ("255.255.255.255/32", "the broadcast address"),
        ("224.0.0.0/4", "a multicast address"),
        ("ff00::/8", "a multicast address"),
        ("192.0.2.0/24", "an address for documentation"),
        ("198.51.100.0/24", "an address for documentation"),
        ("203.0.113.0/24", "an address for documentation"),
        ("2001:db8::/32", "an address for documentation"),
        ("3fff::/20", "an address for documentation"),
        ("198.18.0.0/15", "an address for benchmarks"),
        ("0.0.0.0/8", "a reserved address"),
        ("192.0.0.0/24", "a reserved address"),
        ("192.88.99.0/24", "a reserved address"),
        ("240.0.0.0/4", "a reserved address"),
        ("100::/64", "a reserved address"),
        ("5f00::/16", "a reserved address"),
        ("64:ff9b:1::/48", "an address of a local NAT64 gateway"),
    )
)

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_IPV4_COMPATIBLE = ipaddress.IPv6Network("::/96")
_IPV4_TRANSLATED = ipaddress.IPv6Network("::ffff:0:0:0/96")

_NUMERIC_HOST = re.compile(r"(?:[^.]*\.)*(?:[0-9]+|0[xX][0-9A-Fa-f]*)\.?")
"""The last label is a number: no top-level domain is (RFC 3696), and inet_aton(3) reads it as an address."""

_LOCAL_NAMES = frozenset({"localhost", "ip6-localhost", "ip6-loopback"})
_LOCAL_SUFFIXES = (".localhost", ".localdomain")


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """Which addresses may be asked."""

    allow_private: bool = False
    """Any address goes, sinkholes included: the user knows the network."""
    allowed_networks: tuple[IPNetwork, ...] = ()
    """Networks which the config permits besides the public ones."""

    def refusal(self, address: str) -> Failure | None:
        """Judge one address.

        Args:
            address: An IP literal, without brackets, perhaps with a zone id.

        Returns:
            None where it may be asked, else a `blocked` failure whose message says what it is and which flag permits it.
        """
        if self.allow_private:
            return None
        what = describe_non_public(address)
        if what is None or self._allows(address):
            return None
        return Failure(FailureKind.BLOCKED, None, f"{_shown(address)} is {what}; {_ALLOW_HINT}")

    def refusal_of_resolved(self, host: str, address: str) -> Failure | None:
        """Judge an address which a host name resolved to.

        A name that leads to this very machine (0.0.0.0, 127.0.0.0/8, ::1, ::) was most often put there by a filtering
        resolver or a hosts file: that is `dns_blocked`, a finding about the name. Names which mean this machine, and
        every other refused address, are `blocked`.
        """
        refusal = self.refusal(address)
        if refusal is None or not is_sinkhole(address) or is_local_name(host) or is_numeric_host(host):
            return refusal
        message = f"the name resolves to {_shown(address)}: a resolver or a hosts file blocks it"
        return Failure(FailureKind.DNS_BLOCKED, None, message)

    def _allows(self, address: str) -> bool:
        parsed = _parsed(address)
        return parsed is not None and any(
            candidate in network
            for candidate in (parsed, *_embedded(parsed))
            for network in self.allowed_networks
            if network.version == candidate.version
        )


def is_local_name(host: str) -> bool:
    """Whether a host name means this machine by its very form (RFC 6761 `localhost` and what hosts files hold)."""
    name = host.rstrip(".").lower()
    return name in _LOCAL_NAMES or name.endswith(_LOCAL_SUFFIXES)


def is_numeric_host(host: str) -> bool:
    """Whether a host is an address in any spelling that inet_aton(3) takes, and so no name that somebody could block."""
    return _parsed(host) is not None or _NUMERIC_HOST.fullmatch(host) is not None


def is_sinkhole(address: str) -> bool:
    """Whether an address leads to this machine: where a blocked name is sent."""
    parsed = _parsed(address)
    return parsed is not None and any(
        candidate.is_loopback or candidate.is_unspecified for candidate in (parsed, *_embedded(parsed))
    )


@lru_cache(maxsize=4096)
def describe_non_public(address: str) -> str | None:
    """Say what keeps an address from being public (`a loopback address`). None: it is public."""
    if "%" in address:
        # A zone id only makes sense on one link of this machine.
        return "an address with a zone id"
    parsed = _parsed(address)
    if parsed is None:
        return "no IP address"
    # What is embedded is where the packet ends up: a gateway or this host's own stack takes the wrapping off.
    for embedded in _embedded(parsed):
        if (what := _describe(embedded)) is not None:
            return f"{what} ({embedded}) inside an IPv6 one"
    return _describe(parsed)


def _describe(address: IPAddress) -> str | None:
    for network, what in _NAMED_NETWORKS:
        if network.version == address.version and address in network:
            return what
    if isinstance(address, ipaddress.IPv6Address) and _embedded(address):
        # The wrapped forms lie in ranges that the registries call special; their IPv4 part was judged.
        return None
    return None if address.is_global and not address.is_multicast else "a reserved address"


def _embedded(address: IPAddress) -> tuple[ipaddress.IPv4Address, ...]:
    """The IPv4 addresses which an IPv6 address carries (mapped, compatible, translated, 6to4, Teredo, NAT64, ISATAP)."""
    if isinstance(address, ipaddress.IPv4Address):
        return ()
    packed = address.packed
    last = ipaddress.IPv4Address(packed[12:])
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    if address.sixtofour is not None:
        return (address.sixtofour,)
    if address.teredo is not None:
        return address.teredo
    if address in _NAT64 or address in _IPV4_TRANSLATED:
        return (last,)
    if address in _IPV4_COMPATIBLE and int(address) > 1:
        return (last,)
    if packed[8:12] in {b"\x00\x00\x5e\xfe", b"\x02\x00\x5e\xfe"}:
        return (last,)
    return ()


def _parsed(address: str) -> IPAddress | None:
    try:
        return ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None


def _shown(address: str) -> str:
    return clean(address, limit_chars=64)
