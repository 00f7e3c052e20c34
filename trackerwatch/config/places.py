"""Kinds of values that name places on the net: networks, hosts, sentinels."""

from __future__ import annotations

from dataclasses import dataclass

from trackerwatch.config.values import MAX_ITEMS, Kind, WrongValueError, public, quoted, shown


class Networks(Kind):
    """IP networks. Gives a tuple of them in their usual spelling."""

    def read(self, value: object) -> tuple[str, ...]:
        """Take a list of networks."""
        if not isinstance(value, list) or len(value) > MAX_ITEMS:
            raise WrongValueError(f'{shown(value)} is no list of networks; write them like ["10.0.0.0/8", "fd00::/8"]')
        return tuple(dict.fromkeys(_network(item) for item in value))

    def read_text(self, text: str) -> tuple[str, ...]:
        """Take networks with commas between them."""
        return self.read([part.strip() for part in text.split(",") if part.strip()])

    def write(self, value: object) -> str:
        """Write a list."""
        return f"[{', '.join(quoted(str(item)) for item in value)}]" if isinstance(value, tuple) else "[]"


@dataclass(frozen=True, slots=True)
class HostModes(Kind):
    """A mode for each of some hosts. Gives a tuple of (host, mode)."""

    modes: tuple[str, ...]

    def read(self, value: object) -> tuple[tuple[str, str], ...]:
        """Take a table from host to mode."""
        if not isinstance(value, dict) or len(value) > MAX_ITEMS:
            raise WrongValueError(f'{shown(value)} is no table; write it like {{"tracker.example.org" = "scrape"}}')
        modes: dict[str, str] = {}
        for name, mode in value.items():
            host = _host(name)
            if mode not in self.modes:
                raise WrongValueError(
                    f"{shown(mode)} is no choice for {public(host)}; there are: {', '.join(self.modes)}"
                )
            if host in modes:
                raise WrongValueError(f"{public(host)} is named twice")
            modes[host] = str(mode)
        return tuple(modes.items())

    def read_text(self, text: str) -> tuple[tuple[str, str], ...]:
        """Take `host=mode` with commas between them."""
        modes: dict[str, object] = {}
        for part in filter(str.strip, text.split(",")):
            host, equals, mode = part.partition("=")
            if not equals:
                raise WrongValueError(f'{shown(part)} names no mode; write it like "tracker.example.org=scrape"')
            modes[host.strip()] = mode.strip()
        return self.read(modes)

    def write(self, value: object) -> str:
        """Write an inline table."""
        pairs = value if isinstance(value, tuple) else ()
        return f"{{{', '.join(f'{quoted(public(host))} = {quoted(mode)}' for host, mode in pairs)}}}"


class Sentinels(Kind):
    """Hosts that have nothing to do with trackers, which tell whether this machine is on the net. Gives a tuple of URLs."""

    def read(self, value: object) -> tuple[str, ...]:
        """Take a list of `tcp://host:port` and `udp://host:port`."""
        if not isinstance(value, list) or len(value) > MAX_SENTINELS:
            raise WrongValueError(
                f"{shown(value)} is no list of at most {MAX_SENTINELS} sentinels; write them like {SENTINELS_HINT}"
            )
        return tuple(dict.fromkeys(_sentinel(item) for item in value))

    def read_text(self, text: str) -> tuple[str, ...]:
        """Take sentinels with commas between them, or `none`."""
        if text.strip().lower() == "none":
            return ()
        return self.read([part.strip() for part in text.split(",") if part.strip()])

    def write(self, value: object) -> str:
        """Write a list."""
        return f"[{', '.join(quoted(str(item)) for item in value)}]" if isinstance(value, tuple) else "[]"


MAX_SENTINELS = 8
SENTINELS_HINT = '["tcp://192.0.2.1:443", "udp://192.0.2.1:53"]'


def host_maybe_port(name: str) -> str:
    """A key that names trackers: a host, or a host and port, in its usual spelling (`[fd00::1]:6969` with a port).

    Raises:
        WrongValueError: It is neither.
    """
    host, port = _host_and_port(name)
    if port is None:
        return host
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _host_and_port(name: str) -> tuple[str, int | None]:
    written = name.strip()
    hint = 'write it like "tracker.example.org" or "tracker.example.org:6969"'
    port = None
    if written.count(":") == 1 or "]:" in written:
        # An IPv6 literal without brackets has no port.
        written, _, digits = written.rpartition(":")
        if not (digits.isascii() and digits.isdigit()) or len(digits) > 5 or not 1 <= int(digits) <= 65535:
            raise WrongValueError(f"{shown(name)} is no host with a port; {hint}")
        port = int(digits)
    try:
        return _host(written), port
    except WrongValueError:
        raise WrongValueError(f"{shown(name)} is no host; {hint}") from None


def _sentinel(item: object) -> str:
    scheme, _, rest = item.partition("://") if isinstance(item, str) else ("", "", "")
    try:
        host, port = _host_and_port(rest)
    except WrongValueError:
        host, port = "", None
    if scheme.lower() not in {"tcp", "udp"} or port is None:
        raise WrongValueError(f"{shown(item)} is no sentinel; write it like {SENTINELS_HINT}")
    return f"{scheme.lower()}://[{host}]:{port}" if ":" in host else f"{scheme.lower()}://{host}:{port}"


def _network(item: object) -> str:
    import ipaddress  # noqa: PLC0415 - only where networks are given

    if not isinstance(item, str):
        raise WrongValueError(f'{shown(item)} is no network in quotes; write it like "10.0.0.0/8"')
    try:
        return str(ipaddress.ip_network(item))
    except ValueError:
        try:
            meant = f"; did you mean {ipaddress.ip_network(item, strict=False)}?"
        except ValueError:
            meant = '; write it like "10.0.0.0/8" or "192.168.1.5"'
    raise WrongValueError(f"{shown(item)} is no network{meant}")


def _host(name: object) -> str:
    from trackerwatch.errors import TrackerUrlError  # noqa: PLC0415 - with the next one
    from trackerwatch.tracker import parse_tracker  # noqa: PLC0415 - the rules for hosts; only where hosts are given

    text = str(name)
    literal = f"[{text}]" if text.count(":") > 1 and not text.startswith("[") else text
    # Whatever else a URL may hold would be left out in silence.
    alone = not set(literal) & set("/?#@") and (literal.endswith("]") or ":" not in literal)
    try:
        if alone:
            return parse_tracker(f"udp://{literal}").host
    except TrackerUrlError:
        alone = False
    raise WrongValueError(f'{shown(text)} is no host; write it like "tracker.example.org", without port and path')
