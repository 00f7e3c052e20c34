"""How many trackers would have to die: those that share a host or an address die together."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def independent_groups(trackers: Sequence[tuple[str, Iterable[str]]]) -> tuple[int, ...]:
    """Group trackers that stand on one host or one address.

    Args:
        trackers: The host name and the known addresses of each.

    Returns:
        A group number for each, in the same order: as many distinct numbers as there are independent trackers.
    """
    parent = list(range(len(trackers)))

    def root(i: int) -> int:
        while parent[i] != i:
            i = parent[i]
        return i

    owner: dict[str, int] = {}
    for i, (host, addresses) in enumerate(trackers):
        for name in (host, *addresses):
            first = owner.setdefault(name, i)
            parent[root(i)] = root(first)
    return tuple(root(i) for i in range(len(trackers)))
