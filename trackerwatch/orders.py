"""What the user orders of single trackers by hand: muted, switched off, another interval. Pure.

Orders go before the config, outlive the run in the state file, and can be undone. Each is of one of three kinds that know
nothing of each other, so that two programs may order different things of one tracker.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Protocol, TypeAlias

    class OrderKeeper(Protocol):
        """Keeps orders from one run to the next."""

        def keep(self, orders: Mapping[str, TrackerOrder], *, what: str, undoes: bool = False) -> str:
            """Keep these instead of what was ordered of the same trackers.

            Args:
                orders: Those that changed alone; an empty one orders nothing any more.
                what: One clean line for people.
                undoes: They take the latest change back, and are none that could be taken back itself.

            Returns:
                One clean line where they could not be kept, else an empty one.
            """
            ...


class Aspect(StrEnum):
    """What an order is about."""

    MUTE = "mute"
    DISABLE = "disable"
    INTERVAL = "interval"


@dataclass(frozen=True, slots=True)
class TrackerOrder:
    """By hand, for one tracker or for all of a host. None: as the config says."""

    muted: bool | None = None
    """False takes back what the config mutes."""
    muted_until: float | None = None
    """Unix time from which `muted` holds no more. None: until it is taken back."""
    mute_why: str = ""
    disabled: bool | None = None
    """Nothing is sent to it; it counts for nothing."""
    disable_why: str = ""
    interval_s: float | None = None
    """Between two full scrapes."""
    given_at: float = 0.0
    """Unix time of the latest change."""
    name: str = ""
    """What people know the tracker by, without secrets. Empty: its key says it."""

    @property
    def is_empty(self) -> bool:
        """Whether it orders nothing any more."""
        return self.muted is None and self.disabled is None and self.interval_s is None

    def mutes(self, now: float) -> bool | None:
        """What it says of muting at a Unix time. None: nothing."""
        over = self.muted_until is not None and self.muted_until <= now
        return None if over else self.muted

    def at(self, now: float) -> TrackerOrder:
        """The same without what is over at a Unix time."""
        return self if self.muted is None or self.mutes(now) is not None else taken(self, NOTHING_ORDERED, Aspect.MUTE)


NOTHING_ORDERED = TrackerOrder()

Orders: TypeAlias = "Mapping[str, TrackerOrder]"
"""By tracker id (`Tracker.id`), `host:port` or host, spelled as `config.places.host_maybe_port` does; the more exact goes
before, each attribute for itself."""

_OF_ASPECT = {
    Aspect.MUTE: ("muted", "muted_until", "mute_why"),
    Aspect.DISABLE: ("disabled", "disable_why"),
    Aspect.INTERVAL: ("interval_s",),
}


def keys_of(tracker_id: str, host: str, port: int) -> tuple[str, str, str]:
    """The keys under which a tracker is ordered about, the most exact first.

    Args:
        tracker_id: `Tracker.id`.
        host: Its host, an IPv6 literal without brackets.
        port: Its port.
    """
    return tracker_id, f"[{host}]:{port}" if ":" in host else f"{host}:{port}", host


def taken(order: TrackerOrder, other: TrackerOrder, *aspects: Aspect) -> TrackerOrder:
    """An order with these aspects of another one."""
    changes = {name: getattr(other, name) for aspect in aspects for name in _OF_ASPECT[aspect]}
    return replace(order, **changes)


def differing(first: TrackerOrder, second: TrackerOrder) -> tuple[Aspect, ...]:
    """The aspects in which two orders differ."""
    return tuple(
        aspect for aspect, names in _OF_ASPECT.items() if any(getattr(first, n) != getattr(second, n) for n in names)
    )


def restored(current: TrackerOrder, before: TrackerOrder, after: TrackerOrder) -> TrackerOrder:
    """A tracker's order with one change taken back; what somebody else changed since stays.

    Args:
        current: As it is now.
        before: As it was before the change.
        after: As the change left it.
    """
    result = taken(current, before, *differing(before, after))
    return replace(result, given_at=before.given_at or current.given_at, name=before.name or current.name)


def order_of(orders: Orders, keys: tuple[str, ...], now: float) -> TrackerOrder:
    """What is ordered of one tracker at a Unix time.

    Args:
        orders: All orders.
        keys: As from `keys_of`.
        now: What is over by then is not ordered any more.
    """
    said = [order.at(now) for key in keys if (order := orders.get(key)) is not None]
    if not said:
        return NOTHING_ORDERED
    if len(said) == 1:
        return said[0]
    result = replace(NOTHING_ORDERED, given_at=max(order.given_at for order in said), name=said[0].name)
    for order in reversed(said):
        given = {Aspect.MUTE: order.muted, Aspect.DISABLE: order.disabled, Aspect.INTERVAL: order.interval_s}
        result = taken(result, order, *(aspect for aspect, value in given.items() if value is not None))
    return result
