"""How many trackers would have to die: those that share a host or an address die together."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


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
