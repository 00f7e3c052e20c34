"""What a report that was put together from several vantages says of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch.policy.rules import Rule, Severity
from trackerwatch.reports.telling import wording

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from trackerwatch.reports.rows import Quorum, Report, Vote

MAX_REGIONAL = 10
"""Faults that too few vantages see, told one by one."""


def votes(quorum: Quorum | None, now: datetime) -> Iterator[str]:
    """What several vantages come to: the rule first, then who says what, and whose vote does not count."""
    if quorum is None:
        return
    fresh = sum(vote.fresh for vote in quorum.votes)
    if not fresh:
        yield "no report is fresh: nothing can be said"
    elif fresh < quorum.needed:
        yield f"{quorum.needed} fresh vantages must agree, and {fresh} {wording.are(fresh)} fresh: too few for a verdict"
    elif fresh == 1:
        yield "there is one fresh vantage alone: what it says holds"
    else:
        yield f"down is what {quorum.needed} of {fresh} fresh vantages call down; what fewer see is regional"
    for vote in quorum.votes:
        yield _vote(vote, quorum, now)


def _vote(vote: Vote, quorum: Quorum, now: datetime) -> str:
    age_s = (now - vote.generated_at).total_seconds()
    age = wording.duration(max(0.0, age_s))
    name = vote.vantage.name or vote.vantage.id
    if vote.fresh:
        return f"{name}: {vote.verdict}, {age} old"
    if any(_replaces(other, vote) for other in quorum.votes):
        return f"an earlier report of {name} ({age} old) does not count"
    if age_s < 0 and any(other.fresh and other.vantage.id == vote.vantage.id for other in quorum.votes):
        ahead = wording.duration(-age_s)
        return f"another report of {name} is from {ahead} in the future and does not count: look at the clocks"
    if age_s < 0:
        return f"{name} has no vote: its report is from {wording.duration(-age_s)} in the future, look at the clocks"
    return f"{name} is {age} old and has no vote"


def _replaces(other: Vote, vote: Vote) -> bool:
    return other is not vote and other.vantage.id == vote.vantage.id and other.generated_at >= vote.generated_at


def seen_by(quorum: Quorum) -> str:
    """`seen from 3 vantages`, `seen from 2 of 3 vantages`: also whoever reads only the first line is to know."""
    fresh = len({vote.vantage.id for vote in quorum.votes if vote.fresh})
    known = len({vote.vantage.id for vote in quorum.votes})
    return f"seen from {wording.many(known, 'vantage') if fresh == known else f'{fresh:,} of {known:,} vantages'}"


def put_together(report: Report, quorum: Quorum) -> str:
    """`vps7, which put 3 reports together, 20s to 3h old`."""
    ages = sorted(max(0.0, (report.generated_at - vote.generated_at).total_seconds()) for vote in quorum.votes)
    words = list(dict.fromkeys(wording.duration(age_s) for age_s in (*ages[:1], *ages[-1:])))
    name = report.vantage.name or "here"
    return f"{name}, which put {wording.many(len(ages), 'report')} together, {' to '.join(words)} old"


def regional_notes(report: Report) -> Iterator[str]:
    """Faults that too few vantages see to change the verdict, one by one as far as they are few."""
    told = list(
        dict.fromkeys(p.message for p in report.problems if p.rule is Rule.REGIONAL and p.severity is Severity.INFO)
    )
    yield from (f"regional: {message}" for message in told[:MAX_REGIONAL])
    if len(told) > MAX_REGIONAL:
        yield f"regional: {len(told) - MAX_REGIONAL:,} more faults that too few vantages see"
