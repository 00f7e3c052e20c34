"""What the words on the screen mean and what to do, as lines of the help. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch.engine.views import LocalState
from trackerwatch.health.states import Health
from trackerwatch.meanings import Condition, meaning
from trackerwatch.outcome import FailureKind
from trackerwatch.policy.rules import BUILT_IN, SEVERITIES, Rule, Severity
from trackerwatch.tui.lines import states
from trackerwatch.tui.lines.ink import Ink, Line, Span

if TYPE_CHECKING:
    from trackerwatch.meanings import State

WORD_CELLS = 17
NOTHING = "nothing"

_OF_TRACKERS: tuple[tuple[str, State], ...] = (
    ("UP", Health.UP),
    ("DEGRADED", Health.DEGRADED),
    ("RETRY1/3", Condition.RETRY),
    ("REFUSES", Condition.REFUSES),
    ("DOWN", Health.DOWN),
    ("UNKNOWN", Health.UNKNOWN),
    ("%FLAP", Condition.FLAPPING),
    ("(x) DOWN", Condition.REMEMBERED),
    ("NOT JUDGED", Condition.NOT_JUDGED),
    ("MUTED", Condition.MUTED),
    ("DISABLED", Condition.DISABLED),
)
_OF_HITS: tuple[tuple[str, State], ...] = (("dead", Condition.DEAD), ("moved", Condition.MOVED))
_OF_THE_SCREEN: tuple[tuple[str, State], ...] = (
    ("OFFLINE", LocalState.OFFLINE),
    ("UDP blocked", LocalState.UDP_BLOCKED),
    ("no name resolves", LocalState.NO_NAMES),
    ("PAUSED", Condition.FROZEN),
    ("STALE", Condition.STALE),
    ("loading", Condition.LOADING),
    ("lag", Condition.LATE),
    ("not written down", Condition.STORE_TROUBLE),
)


def lines() -> list[Line]:
    """All words by where they stand, each with its meaning."""
    rules = [rule for rule in Rule if rule in BUILT_IN and SEVERITIES[rule] is not Severity.INFO]
    kinds = [(states.failure_kind(kind), kind) for kind in FailureKind]
    codes = [
        (states.reason(code), code)
        for code in (Condition.FAILING, Condition.SLOW, Condition.LOSS, Condition.ENDPOINT_DOWN, Condition.TLS_EXPIRY)
    ]
    return [
        *_section("States of trackers", _OF_TRACKERS),
        *_section("Why they are so", [*kinds, *codes]),
        *_section("What a tracker hits (HITS)", _OF_HITS),
        *_section("What is wrong with torrents", [(states.rule(rule), rule) for rule in rules]),
        *_section("In the top lines", _OF_THE_SCREEN),
    ]


def _section(title: str, words: list[tuple[str, State]] | tuple[tuple[str, State], ...]) -> list[Line]:
    found: list[Line] = [(), (Span(f" {title}", Ink.HEAD),)]
    for word, state in words:
        told = meaning(state)
        line: Line = (Span(f"  {word:<{WORD_CELLS}} ", Ink.KEY), Span(told.means))
        found.append(line if told.do == NOTHING else (*line, Span(f" -> {told.do}", Ink.DIM)))
    return found
