"""What announce URLs give away or promise in vain: each rule's words, or None where nothing is to be said. Pure.

Only what a file itself proves is said. That a tracker on http has no https, or that a private tracker knows its members by their
address, cannot be seen in a torrent, so nothing is claimed of it.
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import TYPE_CHECKING

from trackerwatch.outside_text import clean
from trackerwatch.policy.words import some
from trackerwatch.tracker import Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trackerwatch.metainfo import Torrent
    from trackerwatch.tracker import Tracker

LOCAL_SUFFIXES = frozenset(
    {
        *("local", "localdomain", "lan", "home", "internal", "intranet", "corp", "private"),
        *("test", "invalid", "example", "home.arpa"),
    }
)
"""Names under these lead nowhere in public DNS (RFC 2606, 6761, 6762, 8375, and what ICANN keeps out of the root)."""

_LOOPBACK = "a loopback address, so each client asks itself"
_OVERLAYS = (".onion", ".i2p")
"""Whoever lists these knows what they are for; what goes there is encrypted on its way."""

_FOR_BROWSERS = ("unsupported announce URL 'wss://", "unsupported announce URL 'ws://")
"""WebTorrent's trackers: not asked here, and right where they are."""


def duplicate_words(torrent: Torrent) -> tuple[str, str] | None:
    """Message and action for trackers that are listed more than once. None: none is."""
    found = []
    if torrent.making and torrent.making.duplicates:
        found.append(f"listed more than once: {some([tracker.shown_url for tracker in torrent.making.duplicates])}")
    if twins := same_over_udp(torrent):
        found.append(f"one tracker over UDP: {some([f'{one.shown_url} and {twin.shown_url}' for one, twin in twins])}")
    return ("; ".join(found), "list each once: a copy is no backup, and may be asked twice") if found else None


def unusable_words(torrent: Torrent) -> tuple[str, str] | None:
    """Message and action for announce URLs that cannot be asked. None: there are none, but for those of browsers."""
    lines = [line for line in torrent.unusable_trackers if not line.startswith(_FOR_BROWSERS)]
    if not lines:
        return None
    rest = f"; and {len(lines) - 2:,} more" if len(lines) > 2 else ""
    message = clean("; ".join(lines[:2]), limit_chars=400) + rest
    return message, f"correct {'it' if len(lines) == 1 else 'them'}, or take {'it' if len(lines) == 1 else 'them'} out"


def unsafe_words(torrent: Torrent) -> tuple[str, str] | None:
    """Message and action for announce URLs that no published torrent should have. None: there are none."""
    found: dict[str, list[str]] = {}
    leaks = False
    listed = [placement.tracker for placement in torrent.placements]
    if torrent.making and torrent.making.announce_alone:
        listed.append(torrent.making.announce_alone)
    if listed and all(leads_nowhere(tracker) for tracker in listed):
        # Without names, so that a report says it once of all the torrents of a laboratory.
        return (
            "every tracker listed is local (loopback, a private network): nobody elsewhere reaches one",
            "list a tracker that everybody reaches, unless the torrent is for this network alone",
        )
    for tracker in listed:
        if where := leads_nowhere(tracker):
            found.setdefault(f"({where})", []).append(tracker.host_port)
        elif _has_user_info(tracker):
            leaks = True
            found.setdefault("with a user name or password in the URL", []).append(tracker.host_port)
        # A magnet link does not tell whether its torrent is private.
        elif has_key(tracker) and torrent.making and not torrent.private:
            leaks = True
            found.setdefault("with a key, and the torrent is not private", []).append(tracker.host_port)
    if not found:
        return None
    message = "lists " + "; ".join(f"{some(names)} {what}" for what, names in found.items())
    if leaks:
        return message, "publish it without the secret, and get a new one: whoever has the torrent has it"
    return message, "take it out before you publish: clients elsewhere wait for it in vain"


def cleartext_words(torrent: Torrent) -> tuple[str, str] | None:
    """Message and action for keys, or a private torrent's announces, that everybody on the way can read. None: there are none."""
    clear = [
        placement.tracker
        for placement in torrent.placements
        if placement.tracker.protocol is Protocol.HTTP
        and not leads_nowhere(placement.tracker)
        and not placement.tracker.host.endswith(_OVERLAYS)
    ]
    keyed = [tracker for tracker in clear if has_key(tracker) or _has_user_info(tracker)]
    if keyed:
        message = f"a key is sent in clear to {some(_hosts(keyed))}: everybody on the way can read it"
    elif clear and torrent.private:
        message = f"private, and announced in clear to {some(_hosts(clear))}: everybody on the way sees that"
    else:
        return None
    secured = {p.tracker.host for p in torrent.placements if p.tracker.protocol is Protocol.HTTPS}
    if secured.issuperset(tracker.host for tracker in keyed or clear):
        return message, "take the http one out: the same host is listed by https"
    return message, "list it by https, if it answers there (`trackerwatch check https://...`)"


def private_words(torrent: Torrent) -> tuple[str, str] | None:
    """Message and action for a private torrent with trackers that ask nobody for a key. None: no such thing is certain."""
    if not torrent.private:
        return None
    trackers = [placement.tracker for placement in torrent.placements if not leads_nowhere(placement.tracker)]
    keyed = [tracker for tracker in trackers if has_key(tracker) or _has_user_info(tracker)]
    closed = {site(tracker.host) for tracker in keyed}
    open_ones = [tracker for tracker in trackers if site(tracker.host) not in closed]
    if keyed and open_ones:
        message = f"private, with a key for {some(_hosts(keyed))} and none for {some(_hosts(open_ones))}"
        return message, "take out what asks for no key: whoever learns the info hash gets its peers there"
    operators = len({site(tracker.host) for tracker in trackers})
    if not keyed and operators > 1:
        message = f"private, with trackers of {operators} operators and a key for none: {some(_hosts(trackers))}"
        return message, "take the private flag out, if it is for all: it turns DHT and peer exchange off"
    return None


def site(host: str) -> str:
    """Whose a host is, as far as its name tells: the last two labels; an address stands for itself."""
    if _address(host) is not None:
        return host
    return ".".join(host.removesuffix(".").rsplit(".", 2)[-2:])


def _hosts(trackers: Iterable[Tracker]) -> list[str]:
    return list(dict.fromkeys(tracker.shown_host for tracker in trackers))


def same_over_udp(torrent: Torrent) -> list[tuple[Tracker, Tracker]]:
    """UDP trackers that differ in their path alone, of which UDP makes nothing; each later one with the first of its kind."""
    first: dict[tuple[str, int], Tracker] = {}
    pairs = []
    for placement in torrent.placements:
        tracker = placement.tracker
        if tracker.protocol is Protocol.UDP:
            known = first.setdefault((tracker.host, tracker.port), tracker)
            # BEP 41 has a way to send the path, for private trackers.
            if known is not tracker and not has_key(tracker) and not has_key(known):
                pairs.append((known, tracker))
    return pairs


@lru_cache(maxsize=16384)
def has_key(tracker: Tracker) -> bool:
    """Whether its URL surely carries a passkey: what is hidden from people to be safe may be a long word (`my-tracker-announce`)."""
    return any(
        (len(secret) >= 8 and sum(map(str.isdigit, secret)) >= 4) or (len(secret) >= 24 and secret.isalnum())
        for secret in tracker.secrets
    )


def _has_user_info(tracker: Tracker) -> bool:
    authority = tracker.url.partition("://")[2].removesuffix(tracker.target)
    return "@" in authority


@lru_cache(maxsize=16384)
def leads_nowhere(tracker: Tracker) -> str:
    """Why nobody elsewhere reaches it, as far as its name tells. Empty: that is not so."""
    address = _address(tracker.host)
    if address is None:
        labels = tracker.host.removesuffix(".").split(".")
        if labels[-1] == "localhost":
            return _LOOPBACK
        if len(labels) == 1 or labels[-1] in LOCAL_SUFFIXES or ".".join(labels[-2:]) in LOCAL_SUFFIXES:
            return "a name that only a local network knows"
        return ""
    if address.is_loopback:
        return _LOOPBACK
    if address.is_link_local:
        return "a link-local address, good on one wire alone"
    if address.is_global and not address.is_multicast:
        return ""
    if address.is_private and not address.is_unspecified:
        return "an address of a private network"
    return "no address that the internet routes"


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
