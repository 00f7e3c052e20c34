"""Help says of every word on the screen what it means and what to do."""

from __future__ import annotations

from tests.tui.screens import show
from trackerwatch.outcome import FailureKind
from trackerwatch.policy.rules import BUILT_IN, SEVERITIES, Rule, Severity
from trackerwatch.tui.lines import legend, states


def text() -> list[str]:
    return ["".join(span.text for span in line) for line in legend.lines()]


def test_every_failure_and_every_rule_that_counts_is_explained():
    told = text()
    for kind in FailureKind:
        assert any(line.startswith(f"  {states.failure_kind(kind)} ") for line in told), kind
    for rule in Rule:
        shown = rule in BUILT_IN and SEVERITIES[rule] is not Severity.INFO
        assert any(line.startswith(f"  {states.rule(rule)} ") for line in told) == shown, rule


def test_a_meaning_comes_with_what_to_do_unless_that_is_nothing():
    told = text()
    (up,) = [line for line in told if line.startswith("  UP ")]
    assert up.endswith("it answers as a tracker should")
    (muted,) = [line for line in told if line.startswith("  MUTED ")]
    assert "counts for no verdict and no alert -> `m` takes the mute back" in muted


async def test_help_holds_it():
    async with show(size=(120, 290)) as s:
        await s.press("question_mark")
        for heading in (
            "States of trackers",
            "Why they are so",
            "What a tracker hits",
            "What is wrong with torrents",
            "In the top lines",
        ):
            assert heading in s.text
        assert "the machine is there, and nothing listens on that port" in s.text
