"""Which rules a torrent breaks. The numbers in, the rules out; no words and no clock."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from trackerwatch.failover.states import FailoverState
from trackerwatch.policy.rules import SEVERITIES, Rule, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

SANE_COUNT = 10_000_000
"""No swarm is larger: what says so lies or overflows."""


@dataclass(frozen=True, slots=True)
class Standings:
    """What the walk and the independence of a torrent's trackers come to: shared by all torrents that stand alike."""

    state: FailoverState
    later_tier: bool
    listed: int
    """Trackers listed."""
    listed_independent: int
    hopeful_independent: int
    """Independent trackers that did not fail: they work, or nothing that counts is known of them."""
    works: bool
    """Some tracker works for it."""


@lru_cache(maxsize=65536)
def broken_rules(
    standings: Standings,
    seeders: int,
    *,
    unregistered: bool,
    unauthorized: bool,
    implausible: bool,
) -> tuple[Rule, ...]:
    """Rules that a torrent breaks and that can change its verdict, worst first.

    Args:
        standings: Where it stands in its tiers.
        seeders: The known maximum, -1: unknown. More than one are alike: pass 2.
        unregistered: Some tracker does not know it.
        unauthorized: Some tracker refuses its key, account or client.
        implausible: Some tracker told counts beyond sanity.
    """
    rules = []
    if not standings.listed:
        rules.append(Rule.NO_TRACKERS)
    if standings.state is FailoverState.EXHAUSTED:
        rules.append(Rule.EXHAUSTED)
    elif standings.listed_independent >= 2 and standings.hopeful_independent < 2:
        rules.append(Rule.REDUNDANCY)
    if seeders == 0:
        rules.append(Rule.NO_SEEDERS)
    elif seeders == 1:
        rules.append(Rule.ONE_SEEDER)
    if standings.state is FailoverState.FAILED_OVER and standings.later_tier:
        rules.append(Rule.FAILED_OVER)
    if unregistered:
        rules.append(Rule.UNREGISTERED)
    if unauthorized:
        rules.append(Rule.UNAUTHORIZED)
    if implausible:
        rules.append(Rule.IMPLAUSIBLE)
    return tuple(sorted(rules, key=_WORST_FIRST.__getitem__))


_WORST_FIRST = {rule: (-severity.badness, place) for place, (rule, severity) in enumerate(SEVERITIES.items())}


def worst_first(rules: Iterable[Rule]) -> list[Rule]:
    """Rules in the order people should read of them."""
    return sorted(rules, key=_WORST_FIRST.__getitem__)


def verdict_of(rules: Iterable[Rule], *, counts_known: bool) -> Verdict:
    """What broken rules come to: the worst of them; with none, ok where some tracker gave counts, else unknown."""
    worst = worst_verdict(SEVERITIES[rule].verdict for rule in rules)
    return Verdict.UNKNOWN if worst is Verdict.OK and not counts_known else worst


def worst_verdict(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst of several: critical, warning, unknown, ok. Of none: ok."""
    return max(verdicts, key=lambda verdict: verdict.badness, default=Verdict.OK)
