"""The tables `[trackers."host"]`: what differs for single trackers."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trackerwatch.config.places import host_maybe_port
from trackerwatch.config.values import (
    LONGEST_CERTIFICATE_S,
    MAX_ITEMS,
    SHORTEST_HEARTBEAT_S,
    SHORTEST_INTERVAL_S,
    Duration,
    Kind,
    Line,
    Share,
    Switch,
    Whole,
    WrongValueError,
    near,
    public,
    quoted,
    shown,
    toml_value,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_HINT = 'write it like [trackers."tracker.example.org"] with keys below it'


MAX_WINDOWS = 50


@dataclass(frozen=True, slots=True)
class TrackerOverride:
    """What differs for one tracker. None: as for all. Keys are the names without `_s`."""

    own: bool = False
    """The user runs it: any interval goes."""
    interval_s: float | None = None
    heartbeat_s: float | None = None
    down_after: int | None = None
    up_after: int | None = None
    slow_s: float | None = None
    loss: float | None = None
    tls_expiry_s: float | None = None
    muted: bool | float = False
    """A number is the Unix time until which it is."""
    mute_windows: tuple[str, ...] = ()
    """Recurring windows in which it is, as `schedule.windows` writes them."""
    disabled: bool = False
    why: str | None = None


class Windows(Kind):
    """Recurring windows. Gives a tuple of them in their usual spelling."""

    def read(self, value: object) -> tuple[str, ...]:
        """Take a list of windows."""
        from trackerwatch.schedule.windows import HINT, parse_window  # noqa: PLC0415 - `--help` needs none

        if not isinstance(value, list) or len(value) > MAX_WINDOWS:
            raise WrongValueError(f"{shown(value)} is no list of windows; {HINT}, in brackets")
        windows = []
        for item in value:
            if not isinstance(item, str):
                raise WrongValueError(f"{shown(item)} is no window; {HINT}")
            try:
                windows.append(str(parse_window(item)))
            except ValueError as error:
                raise WrongValueError(f"{shown(item)} {error}") from None
        return tuple(dict.fromkeys(windows))

    def write(self, value: object) -> str:
        """Write a list."""
        return f"[{', '.join(quoted(str(item)) for item in value)}]" if isinstance(value, tuple) else "[]"


class Muted(Kind):
    """True, false, or until when. Gives a Unix time for a date or time."""

    def read(self, value: object) -> bool | float:
        """Take a truth, a date (its end, by the clock on the wall here) or a time (by that clock, unless it says its zone)."""
        import datetime as dt  # noqa: PLC0415 - `--help` needs none

        from trackerwatch.config.moments import end_of  # noqa: PLC0415 - as above

        if isinstance(value, bool):
            return value
        if isinstance(value, dt.date):
            return end_of(value)
        raise WrongValueError(
            f"{shown(value)} is neither true nor false nor a date; write it like 2026-12-31, unquoted"
        )

    def write(self, value: object) -> str:
        """Write a truth or a time in UTC."""
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return "true" if value else "false"
        import datetime as dt  # noqa: PLC0415 - `--help` needs none

        return f"{dt.datetime.fromtimestamp(value, dt.UTC):%Y-%m-%dT%H:%M:%SZ}"


_KINDS: Mapping[str, Kind] = {
    "own": Switch(),
    "interval": Duration(),
    "heartbeat": Duration(),
    "down_after": Whole(1, 100),
    "up_after": Whole(1, 100),
    "slow": Duration(),
    "loss": Share(),
    "tls_expiry": Duration(at_most_s=LONGEST_CERTIFICATE_S),
    "muted": Muted(),
    "mute_windows": Windows(),
    "disabled": Switch(),
    "why": Line(),
}
_FIELDS = {field.name.removesuffix("_s"): field.name for field in dataclasses.fields(TrackerOverride)}
_FLOORS_S = {"interval": SHORTEST_INTERVAL_S, "heartbeat": SHORTEST_HEARTBEAT_S}
"""Nobody's tracker wants to be asked more often, except by whoever runs it."""


class TrackerTables(Kind):
    """A table for each of some trackers. Gives a tuple of (host or host:port, `TrackerOverride`)."""

    def read(self, value: object) -> tuple[tuple[str, TrackerOverride], ...]:
        """Take a table from host or host:port to a table."""
        if not isinstance(value, dict) or len(value) > MAX_ITEMS:
            raise WrongValueError(f"{shown(value)} is no table; {_HINT}")
        overrides: dict[str, TrackerOverride] = {}
        for name, table in value.items():
            try:
                place = host_maybe_port(name)
            except WrongValueError as error:
                raise WrongValueError(str(error), at=(name,)) from None
            if place in overrides:
                raise WrongValueError(f"{public(place)} is named twice", at=(name,))
            overrides[place] = _override(name, table)
        return tuple(overrides.items())

    def read_text(self, text: str) -> tuple[tuple[str, TrackerOverride], ...]:
        """Take a TOML inline table."""
        try:
            value = toml_value(text)
        except ValueError:
            raise WrongValueError(
                f'{shown(text)} is no TOML table; write it like {{"tracker.example.org" = {{own = true}}}}'
            ) from None
        return self.read(value)

    def write(self, value: object) -> str:
        """Write an inline table."""
        rows = value if isinstance(value, tuple) else ()
        return f"{{{', '.join(f'{quoted(public(place))} = {_written(override)}' for place, override in rows)}}}"


def _whole(name: str, key: str, table: dict[str, object]) -> str:
    """The host that tables within tables are of, where TOML took its dots for such: `[trackers.tracker.example.org]`."""
    names = [name, key]
    while len(table) == 1:
        ((key, inner),) = table.items()
        if not isinstance(inner, dict):
            break
        names.append(key)
        table = inner
    return ".".join(names)


def _override(name: str, table: object) -> TrackerOverride:
    if not isinstance(table, dict):
        raise WrongValueError(f"{shown(table)} is no table; {_HINT}", at=(name,))
    values: dict[str, object] = {}
    for key, value in table.items():
        kind = _KINDS.get(key)
        if kind is None and isinstance(value, dict):
            hint = f"quote the host: [trackers.{quoted(public(_whole(name, key, value)))}]"
            raise WrongValueError(hint, at=(name, key))
        if kind is None:
            meant = near(key.lower().replace("-", "_"), _KINDS)
            hint = f"did you mean {meant}?" if meant else f"there are: {', '.join(_KINDS)}"
            raise WrongValueError(f"unknown key {shown(key)}; {hint}", at=(name, key))
        try:
            values[_FIELDS[key]] = kind.read(value)
        except WrongValueError as error:
            raise WrongValueError(str(error), at=(name, key)) from None
    override = TrackerOverride(**values)  # type: ignore[arg-type]  # each was read by its kind
    for key, floor_s in _FLOORS_S.items():
        wish_s = getattr(override, _FIELDS[key])
        if wish_s is not None and wish_s < floor_s and not override.own:
            message = f"{shown(table[key])} is too short; at least {floor_s:g}s, unless you run the tracker: own = true"
            raise WrongValueError(message, at=(name, key))
    return override


def _written(override: TrackerOverride) -> str:
    plain = TrackerOverride()
    told = (
        f"{key} = {_KINDS[key].write(getattr(override, field))}"
        for key, field in _FIELDS.items()
        if getattr(override, field) != getattr(plain, field)
    )
    return f"{{{', '.join(told)}}}"


def mutes_over(overrides: Iterable[tuple[str, TrackerOverride]], now: float) -> list[str]:
    """A remark on each mute that ended before `now` (Unix time): it mutes nobody any more."""
    return [
        f"trackers.{quoted(public(place))}.muted is over since {Muted().write(override.muted)}: it mutes nobody any more"
        for place, override in overrides
        if not isinstance(override.muted, bool) and override.muted <= now
    ]


def without_tracker(overrides: Iterable[tuple[str, TrackerOverride]], trackers: Iterable[tuple[str, int]]) -> list[str]:
    """The tables that are about none of some trackers.

    Args:
        overrides: By host or host:port.
        trackers: Host (an IPv6 literal without brackets) and port of each.
    """
    there: set[str] = set()
    for host, port in trackers:
        there |= {host, f"[{host}]:{port}" if ":" in host else f"{host}:{port}"}
    return [f"trackers.{quoted(public(place))}" for place, _ in overrides if place not in there]
