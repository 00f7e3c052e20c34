"""Rows in groups that fold: torrents by the collection they came from, trackers by host. Pure.

A group is made of an order that is ready: its rows stay in that order, and groups come in the order of their first rows,
which are their worst, or whatever the sort puts first. Keys of groups are below zero and belong to a name for good.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trackerwatch.tui.model.gathering import Grade, short_names
from trackerwatch.tui.model.natural import natural_key

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trackerwatch.engine.views import Snapshot
    from trackerwatch.tui.model.gathering import Sorter
    from trackerwatch.tui.model.ordering import Steps

PART = 1000
"""Rows of one step."""
NAMED = 40
"""So many of its worst rows a group knows."""


@dataclass(frozen=True, slots=True)
class Group:
    """The rows of one collection or host."""

    key: int
    """Below zero; belongs to the name as long as the program runs."""
    name: str
    members: Sequence[int]
    """Those that the filter and the selection leave, in order; never empty."""
    total: int
    """How many belong to it, shown or not."""
    grade: Grade
    """The worst of its shown members."""
    critical: int
    """Shown members that are down or critical."""
    warning: int
    """Shown members that are degraded, or no more than a warning."""
    unknown: int
    """Shown members of which nothing is known yet."""
    worst: Sequence[int]
    """Its worst rows, in order within each grade: a few of them, and at least one."""
    since: float | None
    """Unix time at which the first of those with the worst grade got into it. None: unknown, or a host."""
    fewest: int | None
    """The fewest seeders that one of them has. None: unknown, or a host."""


class Groups:
    """One table's groups, and which of them are folded."""

    def __init__(self, sorter: Sorter) -> None:
        self.on = False
        self.rows: Sequence[int] = ()
        """What the table shows: rows, and the keys of groups before theirs."""
        self.groups: list[Group] = []
        """In the order shown; also those of one row that stands alone."""
        self._sorter = sorter
        self._order: Sequence[int] = ()
        self._numbers: dict[str, int] = {}
        self._open: dict[str, bool] = {}
        self._totals: dict[str, int] = {}
        self._counted: tuple[int, int] | None = None
        self._by_key: dict[int, Group] = {}
        self._short: dict[str, str] = {}
        self._name: Callable[[int], str] | None = None
        self._length = 0

    # -- making --------------------------------------------------------------------------------------------------------

    def arrange(self, snapshot: Snapshot, order: Sequence[int], *, by_name: bool) -> None:
        """Put an order into groups; without grouping, the rows are the order itself.

        Args:
            snapshot: Of which the order is.
            order: All rows to show.
            by_name: The order is one by name: so is that of the groups.
        """
        for _ in self.steps(snapshot, order, by_name=by_name):
            pass

    def steps(self, snapshot: Snapshot, order: Sequence[int], *, by_name: bool) -> Steps[None]:
        """The same in steps, each telling how many rows it looked at; nothing of it shows before the last."""
        name, grade = self._sorter.namer(snapshot), self._sorter.grader(snapshot)
        found: list[Group] = []
        if self.on:
            members: dict[str, list[int]] = {}
            for start in range(0, len(order), PART):
                part = order[start : start + PART]
                for index in part:
                    members.setdefault(name(index), []).append(index)
                yield len(part)
            yield from self._count(snapshot, name)
            for known, rows in members.items():
                grades: list[Grade] = []
                for start in range(0, len(rows), PART):
                    part = rows[start : start + PART]
                    grades += map(grade, part)
                    yield len(part)
                found.append(self._group(snapshot, known, rows, grades))
            if by_name and found:
                backwards = len(found) > 1 and natural_key(found[0].name) > natural_key(found[-1].name)
                found.sort(key=lambda group: natural_key(group.name), reverse=backwards)
        self._order, self._name, self._length = order, name, self._sorter.length(snapshot)
        # It may have been switched off meanwhile.
        self.groups = found if self.on else []
        self._by_key = {group.key: group for group in self.groups}
        self._slice()

    def _count(self, snapshot: Snapshot, name: Callable[[int], str]) -> Steps[None]:
        mark, everything = self._sorter.everything(snapshot)
        if mark == self._counted:
            return
        totals: dict[str, int] = {}
        for start in range(0, len(everything), PART):
            part = everything[start : start + PART]
            for index in part:
                known = name(index)
                totals[known] = totals.get(known, 0) + 1
            yield len(part)
        self._counted = mark
        if totals.keys() != self._totals.keys():
            self._short = short_names(totals)
        self._totals = totals

    def _group(self, snapshot: Snapshot, name: str, rows: list[int], grades: list[Grade]) -> Group:
        critical, warning, unknown = (grades.count(g) for g in (Grade.CRITICAL, Grade.WARNING, Grade.UNKNOWN))
        if critical or warning:
            # What gets into trouble opens by itself; nothing but a user folds it.
            self._open.setdefault(name, True)
        key = -1 - self._numbers.setdefault(name, len(self._numbers))
        present = sorted(set(grades), reverse=True)
        by_grade = [[index for index, own in zip(rows, grades, strict=True) if own is grade] for grade in present]
        since, fewest = self._sorter.figures(snapshot, rows, by_grade[0])
        worst = [index for bucket in by_grade for index in bucket[:NAMED]][:NAMED]
        total = self._totals.get(name, len(rows))
        return Group(key, name, rows, total, present[0], critical, warning, unknown, worst, since, fewest)

    def _slice(self) -> None:
        if not self.on:
            self.rows = self._order
            return
        rows: list[int] = []
        for group in self.groups:
            if self._sorter.alone and group.total == 1:
                rows += group.members
                continue
            rows.append(group.key)
            if self.is_open(group):
                rows += group.members
        self.rows = rows

    # -- asking --------------------------------------------------------------------------------------------------------

    def group(self, key: int) -> Group | None:
        """The group of a key below zero. None: it is not shown."""
        return self._by_key.get(key)

    def short(self, group: Group) -> str:
        """The shortest name that tells it from all others."""
        return self._short.get(group.name, group.name)

    def heading_of(self, index: int) -> Group | None:
        """The group with a heading that a row is in. None: it is in none, or stands alone."""
        if not self.on or self._name is None or index < 0:
            return None
        if index >= self._length:
            # It came after the groups were made.
            return None
        number = self._numbers.get(self._name(index))
        group = None if number is None else self._by_key.get(-1 - number)
        return None if group is None or (self._sorter.alone and group.total == 1) else group

    # -- folding -------------------------------------------------------------------------------------------------------

    def is_open(self, group: Group) -> bool:
        """Whether its rows are shown."""
        return self._open.get(group.name, False)

    def fold(self, group: Group) -> None:
        """Show its rows, or hide them."""
        self._open[group.name] = not self.is_open(group)
        self._slice()

    def fold_all(self) -> bool:
        """Hide the rows of all groups; or show those of all, where none shows any.

        Returns:
            Whether they are shown now.
        """
        opened = not any(self.is_open(group) for group in self.groups)
        for group in self.groups:
            self._open[group.name] = opened
        self._slice()
        return opened

    @property
    def folds(self) -> dict[str, bool]:
        """Whether groups show their rows, by name: for the next run."""
        return dict(self._open)

    def keep_folds(self, folds: dict[str, bool]) -> None:
        """Fold as an earlier run did."""
        self._open.update(folds)

    def reveal(self, index: int) -> bool:
        """Unfold the group that hides a row.

        Returns:
            Whether one did.
        """
        group = self.heading_of(index)
        if group is None or self.is_open(group):
            return False
        self.fold(group)
        return True
