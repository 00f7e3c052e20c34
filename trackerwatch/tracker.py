"""What one announce URL names."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

from trackerwatch.errors import TrackerUrlError
from trackerwatch.outside_text import redact_url, url_secrets


class Protocol(StrEnum):
    """How a tracker is spoken to. Contract: the JSON value."""

    UDP = "udp"
    HTTP = "http"
    HTTPS = "https"


DEFAULT_PORTS = {Protocol.UDP: 80, Protocol.HTTP: 80, Protocol.HTTPS: 443}
"""UDP has no standard default; clients disagree (80 or 443), most take 80."""

MAX_URL_CHARS = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Tracker:
    """One announce URL, normalised: equal URLs are one object, so identity is equality.

    Made by `parse_tracker` alone.
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

    @property
    def host_port(self) -> str:
        """`tracker.example.org:6969`, `[::1]:6969`: the short name of a tracker on a screen."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


_FORBIDDEN = re.compile(r"[\x00-\x20\x7f-\x9f\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff\\<>\"^`{|}]")
_HOST_NAME = re.compile(r"(?=.{1,253}\.?$)([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.?)+")


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
        raise TrackerUrlError(f"announce URL without a scheme: {redact_url(url)!r}")
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
    return _tracker(normalised, protocol, host, port, target)


@lru_cache(maxsize=65536)
def _tracker(url: str, protocol: Protocol, host: str, port: int, target: str) -> Tracker:
    tracker_id = hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()[:10]
    return Tracker(tracker_id, url, protocol, host, port, target, redact_url(url), url_secrets(url))


def _split_host_port(host_port: str, protocol: Protocol, url: str) -> tuple[str, int]:
    if host_port.startswith("["):
        host, bracket, port_text = host_port[1:].partition("]")
        try:
            host = ipaddress.IPv6Address(host).compressed
        except ValueError:
            bracket = ""
        if not bracket or (port_text and not port_text.startswith(":")):
            raise TrackerUrlError(f"announce URL {redact_url(url)!r} has a broken IPv6 address")
        port_text = port_text[1:]
    else:
        host, _, port_text = host_port.partition(":")
        host = _host_name(host, url)
    if not port_text:
        return host, DEFAULT_PORTS[protocol]
    if not (port_text.isascii() and port_text.isdigit()) or len(port_text) > 5 or not 1 <= int(port_text) <= 65535:
        raise TrackerUrlError(f"announce URL {redact_url(url)!r} has no usable port (1 to 65535)")
    return host, int(port_text)


def _host_name(host: str, url: str) -> str:
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            raise TrackerUrlError(f"announce URL {redact_url(url)!r} has an unusable host name") from None
    if not _HOST_NAME.fullmatch(host):
        raise TrackerUrlError(f"announce URL {redact_url(url)!r} has no usable host name")
    return host.lower()
