"""How many trackers would have to die: those that share a host or an address die together."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def stands_on(host: str, port: int, addresses: Sequence[str]) -> tuple[str, ...]:
    """The host and the addresses that a tracker shares its fate with.

    On loopback everything shares one address and is a laboratory: there ports stand for machines.
    """
    names = (host, *addresses)
    loopback = all(address.startswith("127.") or address == "::1" for address in addresses)
    return tuple(f"{name} port {port}" for name in names) if addresses and loopback else names


def shared_fates(trackers: Sequence[Iterable[str]]) -> list[tuple[str, tuple[int, ...]]]:
    """What several trackers stand on: the name, and the trackers; each set of trackers once."""
    standing: dict[str, list[int]] = {}
    for i, names in enumerate(trackers):
        for name in dict.fromkeys(names):
            standing.setdefault(name, []).append(i)
    shared = {tuple(members): name for name, members in reversed(standing.items()) if len(members) > 1}
    return [(name, members) for members, name in reversed(shared.items())]


def independent_groups(trackers: Sequence[Iterable[str]]) -> tuple[int, ...]:
    """Group trackers that stand on one host or one address.

    Args:
        trackers: For each tracker the names it stands on: its host and its known addresses.

    Returns:
        A group number for each, in the same order: as many distinct numbers as there are independent trackers.
    """
    parent = list(range(len(trackers)))

    def root(i: int) -> int:
        while parent[i] != i:
            i = parent[i]
        return i

    owner: dict[str, int] = {}
    for i, names in enumerate(trackers):
        for name in names:
            first = owner.setdefault(name, i)
            parent[root(i)] = root(first)
    return tuple(root(i) for i in range(len(trackers)))
