"""Failover in words: why this tracker, why not the ones before it, and what if it dies now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trackerwatch.failover.states import FailoverState, Standing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackerwatch.failover.walk import Walk


@dataclass(frozen=True, slots=True)
class Step:
    """One tracker on the way."""

    name: str
    """`tracker.example.org:6969`."""
    tier: int
    standing: Standing
    reason: str
    """In words, clean; empty where it works."""


def explain(steps: Sequence[Step], result: Walk) -> tuple[str, ...]:
    """Say where a torrent stands in its tiers, one line a thought.

    Args:
        steps: The placements in the order they are tried.
        result: What `walk` made of them.
    """
    if not steps:
        return ("lists no tracker: peers can only be found by DHT, peer exchange or by hand",)
    lines = []
    if result.active >= 0:
        active = steps[result.active]
        verb = "fails over to" if result.state is FailoverState.FAILED_OVER else "uses"
        lines.append(f"a client {verb} {active.name} (tier {active.tier})")
        lines += [_why_not(step) for step in steps[: result.active]]
        lines.append(_if_it_dies(steps, result.active))
    elif result.state is FailoverState.EXHAUSTED:
        lines.append("no tracker is left")
        lines += [_why_not(step) for step in steps]
    else:
        lines.append("not known yet which tracker a client would use")
        lines += [_why_not(step) for step in steps]
    return tuple(lines)


def _why_not(step: Step) -> str:
    if step.standing is Standing.FAILED:
        return f"not {step.name} (tier {step.tier}): {step.reason or 'failed'}"
    if step.standing is Standing.NOT_COUNTED:
        return f"{step.name} (tier {step.tier}) is not counted: {step.reason or 'nothing was sent'}"
    return f"{step.name} (tier {step.tier}) is not known to work: {step.reason or 'nothing is known of it yet'}"


def _if_it_dies(steps: Sequence[Step], active: int) -> str:
    name = steps[active].name
    backups = [step for step in steps[active + 1 :] if step.standing is Standing.WORKS]
    if backups:
        behind = f", {len(backups) - 1} behind it" if len(backups) > 1 else ", and nothing behind it"
        return f"if {name} dies now: {backups[0].name} (tier {backups[0].tier}) takes over{behind}"
    untried = sum(step.standing is Standing.UNTRIED for step in steps)
    if untried:
        others = "one is not known" if untried == 1 else f"{untried} are not known"
        return f"if {name} dies now: no other tracker is known to work, {others}"
    return f"if {name} dies now: no tracker is left"
