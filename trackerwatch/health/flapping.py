"""Flapping, as Nagios Core tells it (base/flapping.c): how much the last 21 states changed, late changes weighing more.

Of 21 states 20 neighbours may differ. A change between the two oldest weighs 0.75, one between the two newest 1.25, and those
between in even steps; the sum over 20 is the percent state change. Flapping starts at 30 % and stops at 20 %; in between it
stays what it was.

What a state is, is Nagios' rule too: hard states and recoveries. A counted answer is one, a counted failure is one only while
the endpoint is down; a failure that is still pending is recorded nowhere. A lost round among good ones is therefore no flap
(where there are many, the endpoint is degraded, `failing`); what flaps is an endpoint that keeps going down and coming back.
As in Nagios the history begins all equal: to its first state, so that neither an endpoint that was always up nor one that was
never up has changed.
"""

from __future__ import annotations

STATES = 21
START_PERCENT = 30.0
STOP_PERCENT = 20.0

_ALL = (1 << STATES) - 1
_WEIGHTS = tuple(57 + 2 * change for change in range(STATES - 1))
"""0.75 to 1.25 in steps of 0.5 / 19, oldest first, in units of 1/76: whole numbers, so that 30 % is 30 %."""
_UNITS = 76


def record(states: int | None, *, failed: bool) -> int:
    """One more state.

    Args:
        states: The last 21 as bits, the newest lowest, 1 is failed. None: there were none.
        failed: Whether the new one is.
    """
    if states is None:
        return _ALL if failed else 0
    return (states << 1 | failed) & _ALL


def percent(states: int | None) -> float:
    """The percent state change of these states, 0 to 100."""
    if states is None or states in (0, _ALL):
        return 0.0
    changes = (states ^ states >> 1) & (_ALL >> 1)
    newest = STATES - 2
    units = sum(weight for change, weight in enumerate(_WEIGHTS) if changes >> (newest - change) & 1)
    return 100.0 * units / (_UNITS * (STATES - 1))


def is_flapping(states: int | None, *, before: bool, start_percent: float, stop_percent: float) -> bool:
    """Whether these states flap, given whether they did before the newest one."""
    changed = percent(states)
    if changed >= start_percent:
        return True
    return before and changed > stop_percent
