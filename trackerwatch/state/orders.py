"""The orders in the state file, and what they were before the latest changes, so that these can be taken back."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from trackerwatch.orders import NOTHING_ORDERED, TrackerOrder, differing, restored, taken
from trackerwatch.outside_text import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trackerwatch.state.file import Sections, StateFile

SECTION = "trackers"
UNDO_SECTION = "undo"
MAX_ORDERS = 5000
MAX_STEPS = 30
"""So many changes can be taken back."""
MAX_STEP_ORDERS = 500
"""In all of them: older ones make room, and a change of more trackers at once cannot be taken back from here."""
MAX_KEY_CHARS = 300
MAX_TEXT_CHARS = 200
_LONGEST_S = 400 * 86400.0
_LAST_MOMENT = 253_402_300_799.0
"""The end of the year 9999: a time behind it is no time."""


@dataclass(frozen=True, slots=True)
class _Step:
    """One change that can be taken back."""

    what: str
    before: dict[str, TrackerOrder]
    after: dict[str, TrackerOrder]


class KeptOrders:
    """The section of orders. It remembers what it saw last, so that what others ordered meanwhile is not lost."""

    def __init__(self, file: StateFile) -> None:
        self._file = file
        self._seen: dict[str, TrackerOrder] = {}
        self._kept = True
        self._unkept: dict[str, TrackerOrder] = {}
        """What could not be written: it holds for this run, and is tried again with the next change."""
        self.loaded_stamp: tuple[int, int, int] | None = None
        """`stamp` as it was when the file was last loaded."""

    def load(self) -> dict[str, TrackerOrder]:
        """All orders that are not over, by key (`trackerwatch.orders`). What cannot be understood is left out."""
        # Before reading: what is written meanwhile is then read again, and never missed.
        self.loaded_stamp = self._file.stamp()
        self._seen = {**self._known(self._file.read(), time.time()), **self._unkept}
        return {key: order for key, order in self._seen.items() if not order.is_empty}

    def _known(self, sections: Sections, now: float) -> dict[str, TrackerOrder]:
        """What the file orders. Where it says nothing of orders at all it was lost meanwhile, and what was seen in it holds."""
        return _read(sections if SECTION in sections else {SECTION: _rows(self._seen)}, now)

    @property
    def trouble(self) -> str:
        """Why nothing could be loaded, one clean line. Empty: it could."""
        return self._file.trouble

    @property
    def kept(self) -> bool:
        """Whether the latest change could be written."""
        return self._kept

    def stamp(self) -> tuple[int, int, int] | None:
        """Something that differs after each change of the file."""
        return self._file.stamp()

    def keep(self, orders: Mapping[str, TrackerOrder], *, what: str, undoes: bool = False) -> str:
        """Keep these instead of what was ordered of the same trackers (`trackerwatch.orders.OrderKeeper`)."""
        now = time.time()
        wanted = {**self._unkept, **orders}
        result: dict[str, TrackerOrder] = {}

        def put(sections: Sections) -> None:
            theirs = self._known(sections, now)
            merged = dict(theirs)
            for key, mine in wanted.items():
                old = theirs.get(key, NOTHING_ORDERED)
                # Only what changed here: another program may have ordered something else of the same tracker.
                base = NOTHING_ORDERED if key in self._unkept else self._seen.get(key, NOTHING_ORDERED)
                new = taken(old, mine, *differing(base, mine))
                merged[key] = replace(new, given_at=mine.given_at or now, name=mine.name or old.name)
            _write(sections, merged)
            steps = _read_steps(sections)
            before = {key: theirs.get(key, NOTHING_ORDERED) for key in orders}
            after = {key: merged[key] for key in orders}
            if undoes:
                steps = _without_latest(steps, before, after)
            else:
                steps.append(_Step(what, before, after))
            _write_steps(sections, steps)
            result.update(merged)

        kept, said = self._file.change(put)
        self._kept = kept
        self._unkept = {} if kept else wanted
        self._seen = result if kept else {**self._seen, **orders}
        return said

    def undo(self) -> tuple[str, str]:
        """Take the latest change back.

        Returns:
            What was taken back, empty where there was nothing; and one clean line where that could not be kept.
        """
        told: list[str] = []

        def put(sections: Sections) -> None:
            steps = _read_steps(sections)
            orders = self._known(sections, time.time())
            while steps and not told:
                step = steps.pop()
                for key, before in step.before.items():
                    current, after = orders.get(key, NOTHING_ORDERED), step.after.get(key, NOTHING_ORDERED)
                    orders[key] = restored(current, before, after)
                    # Elsewhere it may have been taken back already.
                    if differing(current, orders[key]):
                        told[:] = [step.what]
            _write(sections, orders)
            _write_steps(sections, steps)

        self._kept, said = self._file.change(put)
        return (told[0] if told else ""), said


def _without_latest(
    steps: list[_Step], before: Mapping[str, TrackerOrder], after: Mapping[str, TrackerOrder]
) -> list[_Step]:
    """The steps without the last one that was about the same of these trackers as what takes it back now."""
    taken_back = {key: differing(before[key], after[key]) for key in before}
    for number in reversed(range(len(steps))):
        step = steps[number]
        if {
            key: differing(step.before[key], step.after.get(key, NOTHING_ORDERED)) for key in step.before
        } == taken_back:
            return steps[:number] + steps[number + 1 :]
    return steps


# ---------------------------------------------------------------------- plain values


def _read(sections: Sections, now: float) -> dict[str, TrackerOrder]:
    return {key: order for key, order in _orders(sections.get(SECTION)).items() if not order.at(now).is_empty}


def _orders(value: object) -> dict[str, TrackerOrder]:
    if not isinstance(value, dict):
        return {}
    orders: dict[str, TrackerOrder] = {}
    for key, row in value.items():
        if isinstance(row, dict) and 0 < len(key) <= MAX_KEY_CHARS and key.isprintable() and len(orders) < MAX_ORDERS:
            orders[key] = _order(row)
    return orders


def _order(row: dict[str, object]) -> TrackerOrder:
    """An order from plain values; each that makes no sense is as if it were not there."""
    return TrackerOrder(
        muted=_truth(row.get("muted")),
        muted_until=_number(row.get("muted_until"), 0.0, _LAST_MOMENT),
        mute_why=_text(row.get("mute_why")),
        disabled=_truth(row.get("disabled")),
        disable_why=_text(row.get("disable_why")),
        interval_s=_number(row.get("interval_s"), 1.0, _LONGEST_S),
        given_at=_number(row.get("given_at"), 0.0, _LAST_MOMENT) or 0.0,
        name=_text(row.get("name")),
    )


def _write(sections: Sections, orders: Mapping[str, TrackerOrder]) -> None:
    rows = _rows(orders)
    if len(rows) > MAX_ORDERS:
        raise ValueError(f"there are more than {MAX_ORDERS} orders already")
    sections[SECTION] = rows


def _rows(orders: Mapping[str, TrackerOrder]) -> dict[str, object]:
    return {key: _row(order) for key, order in orders.items() if not order.is_empty}


def _row(order: TrackerOrder) -> dict[str, object]:
    row: dict[str, object] = {
        "name": order.name,
        "muted": order.muted,
        "muted_until": order.muted_until,
        "mute_why": order.mute_why,
        "disabled": order.disabled,
        "disable_why": order.disable_why,
        "interval_s": order.interval_s,
        "given_at": order.given_at,
    }
    return {name: value for name, value in row.items() if value not in (None, "")}


def _read_steps(sections: Sections) -> list[_Step]:
    rows = sections.get(UNDO_SECTION)
    steps = []
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict):
            before, after = _orders(row.get("before")), _orders(row.get("after"))
            if before:
                steps.append(_Step(_text(row.get("what")), before, after))
    return steps


def _write_steps(sections: Sections, steps: list[_Step]) -> None:
    sections[UNDO_SECTION] = [
        {
            "what": step.what,
            "before": {key: _row(order) for key, order in step.before.items()},
            "after": {key: _row(order) for key, order in step.after.items()},
        }
        for step in _latest(steps)
    ]


def _latest(steps: list[_Step]) -> list[_Step]:
    """As many of the latest steps as there is room for."""
    room, kept = MAX_STEP_ORDERS, 0
    for step in reversed(steps[-MAX_STEPS:]):
        room -= len(step.before)
        if room < 0:
            break
        kept += 1
    return steps[len(steps) - kept :]


def _truth(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _number(value: object, at_least: float, at_most: float) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    # What is no number at all is not between any two.
    return float(value) if at_least <= value <= at_most else None


def _text(value: object) -> str:
    return clean(value, limit_chars=MAX_TEXT_CHARS) if isinstance(value, str) else ""
