"""What one announce URL names."""

from __future__ import annotations

import hashlib
import ipaddress
import re
import threading
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from weakref import WeakValueDictionary

from trackerwatch.errors import TrackerUrlError
from trackerwatch.outside_text import redact_host, redact_url, url_secrets


class Protocol(StrEnum):
    """How a tracker is spoken to. Contract: the JSON value."""

    UDP = "udp"
    HTTP = "http"
    HTTPS = "https"


DEFAULT_PORTS = {Protocol.UDP: 80, Protocol.HTTP: 80, Protocol.HTTPS: 443}
"""UDP has no standard default; clients disagree (80 or 443), most take 80."""

MAX_URL_CHARS = 4096


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Tracker:
    """One announce URL, normalised: equal URLs are one object, so identity is equality.

    Made by `parse_tracker` alone, and by `tracker_from_report` where only a report tells of it.
    """

    id: str
    """Ten hex digits of the SHA-256 of the normalised URL: stable between runs, and it gives no passkey away."""
    url: str = field(repr=False)
    """The normalised URL with its secrets: for the wire only, never for people."""
    protocol: Protocol
    host: str
    """Lower case; an IPv6 literal without brackets."""
    port: int
    target: str = field(repr=False)
    """Path and query, byte for byte as in the torrent, starting with `/` (or `?` or empty as written)."""
    shown_url: str
    """The URL with its secrets replaced: this is what people and reports see."""
    secrets: tuple[str, ...] = field(repr=False)

    shown_host: str = field(init=False, repr=False)
    """The host as people and reports see it: without a passkey among its labels."""
    host_port: str = field(init=False, repr=False)
    """`tracker.example.org:6969`, `[::1]:6969`: the short name of a tracker on a screen."""

    def __post_init__(self) -> None:
        # Once, not whenever somebody looks: reports name a tracker once for each torrent that lists it.
        shown = redact_host(self.host)
        object.__setattr__(self, "shown_host", shown)
        object.__setattr__(
            self, "host_port", f"[{self.host}]:{self.port}" if ":" in self.host else f"{shown}:{self.port}"
        )


_FORBIDDEN = re.compile(
    # Surrogates too: they have no form on the wire.
    r"[\x00-\x20\x7f-\x9f\u200b-\u200f\u2028-\u202f\u2060-\u206f\ud800-\udfff\ufeff\\<>\"^`{|}]"
)
_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_MAX_HOST_CHARS = 253


@lru_cache(maxsize=65536)
def parse_tracker(url: str) -> Tracker:
    """Read an announce URL.

    Args:
        url: As written in a torrent; surrounding white space is ignored.

    Returns:
        The tracker it names. Two spellings of one tracker (scheme and host in other case, default port written out)
        give the same object.

    Raises:
        TrackerUrlError: It names no tracker that can be asked; the message says why.
    """
    url = url.strip()
    if len(url) > MAX_URL_CHARS:
        raise TrackerUrlError(f"announce URL of {len(url)} characters; the limit is {MAX_URL_CHARS}")
    scheme, separator, rest = url.partition("://")
    if not separator:
        raise TrackerUrlError(f"announce URL without a scheme (udp://, http:// or https://): {redact_url(url)!r}")
    try:
        protocol = Protocol(scheme.lower())
    except ValueError:
        raise TrackerUrlError(
            f"unsupported announce URL {redact_url(url)!r}: only udp, http and https trackers can be asked"
        ) from None
    if bad := _FORBIDDEN.search(rest):
        raise TrackerUrlError(f"announce URL {redact_url(url)!r} holds the character {bad.group()!r}")
    rest = rest.partition("#")[0]
    cut = min((i for i in (rest.find("/"), rest.find("?")) if i >= 0), default=len(rest))
    authority, target = rest[:cut], rest[cut:]
    user_info, at, host_port = authority.rpartition("@")
    host, port = _split_host_port(host_port, protocol, url)
    shown_host = f"[{host}]" if ":" in host else host
    default = port == DEFAULT_PORTS[protocol] and protocol is not Protocol.UDP
    normalised = f"{protocol}://{user_info}{at}{shown_host}{'' if default else f':{port}'}{target}"
    if len(normalised) > MAX_URL_CHARS:
        raise TrackerUrlError(f"announce URL of {len(normalised)} characters; the limit is {MAX_URL_CHARS}")
    return _tracker(normalised, protocol, host, port, target)


def at_port(tracker: Tracker, port: int) -> Tracker:
    """The same tracker at another port of its host."""
    if port == tracker.port:
        return tracker
    scheme, _, rest = tracker.url.partition("://")
    authority = rest[: len(rest) - len(tracker.target)]
    user_info, at, _ = authority.rpartition("@")
    host = f"[{tracker.host}]" if ":" in tracker.host else tracker.host
    return parse_tracker(f"{scheme}://{user_info}{at}{host}:{port}{tracker.target}")


_known: WeakValueDictionary[str, Tracker] = WeakValueDictionary()
"""Every tracker that somebody holds: identity is equality for as long as it matters, and no longer."""
_reported: WeakValueDictionary[str, Tracker] = WeakValueDictionary()
"""The same for those that reports tell of, by id: their URLs are shortened, and two may look alike."""
_known_lock = threading.Lock()


def _tracker(url: str, protocol: Protocol, host: str, port: int, target: str) -> Tracker:
    with _known_lock:
        tracker = _known.get(url)
        if tracker is None:
            tracker_id = hashlib.sha256(url.encode("utf-8")).hexdigest()[:10]
            tracker = Tracker(tracker_id, url, protocol, host, port, target, redact_url(url), url_secrets(url))
            _known[url] = tracker
        return tracker


def _split_host_port(host_port: str, protocol: Protocol, url: str) -> tuple[str, int]:
    if host_port.startswith("["):
        host, bracket, port_text = host_port[1:].partition("]")
        try:
            address = ipaddress.IPv6Address(host)
        except ValueError:
            address = None
        # A zone id names an interface of whoever wrote the torrent.
        if address is None or address.scope_id or not bracket or (port_text and not port_text.startswith(":")):
            raise TrackerUrlError(f"announce URL {redact_url(url)!r} has a broken IPv6 address")
        host, port_text = address.compressed, port_text[1:]
    else:
        host, _, port_text = host_port.partition(":")
        host = _host_name(host, url)
    if not port_text:
        return host, DEFAULT_PORTS[protocol]
    if not (port_text.isascii() and port_text.isdigit()) or len(port_text) > 5 or not 1 <= int(port_text) <= 65535:
        raise TrackerUrlError(f"announce URL {redact_url(url)!r} has no usable port (1 to 65535)")
    return host, int(port_text)


def _host_name(host: str, url: str) -> str:
    # Bounded first: IDNA takes time by the square of the length.
    if not host.isascii() and len(host) <= _MAX_HOST_CHARS:
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            raise TrackerUrlError(f"announce URL {redact_url(url)!r} has an unusable host name") from None
    labels = host.removesuffix(".").split(".")
    if len(host.removesuffix(".")) > _MAX_HOST_CHARS or not all(_LABEL.fullmatch(label) for label in labels):
        raise TrackerUrlError(f"announce URL {redact_url(url)!r} has no usable host name")
    return host.lower()


def tracker_from_report(tracker_id: str, shown_url: str, protocol: Protocol, host: str, port: int) -> Tracker:
    """A tracker that a report tells of. It can be shown and compared, never asked: the report holds no secrets.

    Args:
        tracker_id: Ten hex digits. Equal ids give one object, for as long as somebody holds it: the first that was told.
        shown_url: Its URL without secrets, clean.
        protocol: How it is spoken to.
        host: As shown.
        port: 1 to 65535.
    """
    with _known_lock:
        tracker = _reported.get(tracker_id)
        if tracker is None:
            tracker = Tracker(tracker_id, shown_url, protocol, host, port, "", shown_url, ())
            _reported[tracker_id] = tracker
        return tracker
