"""What a report holds: the views of one moment, the verdict on them, and what belongs to the run."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from trackerwatch.policy.rules import Problem, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from trackerwatch.engine.views import TorrentView, TrackerView
    from trackerwatch.health.states import Health
    from trackerwatch.history import TrackerHistory
    from trackerwatch.reports.diff.changes import Changes


class FailOn(StrEnum):
    """From which verdict on the exit code is not 0 (the value of `--fail-on`)."""

    WARNING = "warning"
    CRITICAL = "critical"
    NONE = "none"


NOT_PART = "not part of this report"
"""What follows of an input that could not be used."""
REPAIR = "repair this input or take it out"
"""What to do about it."""


class Subject(StrEnum):
    """What a report is about."""

    TORRENTS = "torrents"
    TRACKERS = "trackers"
    """`check`: trackers alone."""


@dataclass(frozen=True, slots=True)
class Vantage:
    """Where the report was made."""

    id: str
    """A UUID, stable for this installation."""
    name: str


@dataclass(frozen=True, slots=True)
class SkippedInput:
    """One input that could not be used, or several alike folded into one."""

    source: str
    message: str


@dataclass(frozen=True, slots=True)
class Remembered:
    """How much of a report was not asked: its answers are from the store."""

    trackers: int
    youngest_s: float
    oldest_s: float


@dataclass(frozen=True, slots=True)
class PolicyNote:
    """What a policy did to a report."""

    source: str
    """The file, safe to show; empty: the command line alone."""
    in_grace: int
    """Torrents that are ok because they are new."""
    overridden: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Vote:
    """One report of several that were put together."""

    vantage: Vantage
    generated_at: datetime
    fresh: bool
    """A stale one has no vote."""
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Quorum:
    """Several vantages, put together: what enough fresh ones say holds."""

    needed: int
    votes: tuple[Vote, ...]
    down_for: Mapping[str, tuple[str, ...]]
    """By tracker id: names of the fresh vantages from which it is down."""

    @property
    def reached(self) -> bool:
        """Whether enough vantages are fresh for any verdict."""
        return 0 < self.needed <= sum(vote.fresh for vote in self.votes)


@dataclass(frozen=True, slots=True)
class Report:
    """One report, ready for any format."""

    generated_at: datetime
    duration_s: float
    vantage: Vantage
    subject: Subject
    verdict: Verdict
    exit_code: int
    torrents: tuple[TorrentView, ...]
    """What to list, in input order."""
    trackers: tuple[TrackerView, ...]
    """What to list, in the order first seen."""
    problems: tuple[Problem, ...]
    """Of the run and of every torrent judged, worst first."""
    skipped: tuple[SkippedInput, ...]
    torrents_by_verdict: dict[Verdict, int]
    """Of all torrents judged, also those that are not listed."""
    trackers_by_state: dict[Health, int]
    """As above; every state is a key."""
    not_judged: int
    """Torrents and trackers of which nothing is known."""
    remark: str
    """Why there is nothing to report; empty where there is."""
    remembered: Remembered | None = None
    """What was not asked but remembered. None: all answers are this run's own."""
    is_parting: bool = False
    """It is told as somebody leaves a screen: the exit code is that of leaving, not of the verdict."""
    title: str = ""
    """What it is about: `--title`, or made from the inputs; clean."""
    command: str = ""
    """The command line that makes it again, without secrets."""
    filter: str = ""
    """`--filter`, without secrets: what it leaves out is not in the report. Empty: it is about all that was loaded."""
    collection_of: Mapping[str, str] = field(default_factory=dict)
    """Name of the collection by info hash in hex; those of none are not in it."""
    collections: Mapping[str, Mapping[Verdict, int]] = field(default_factory=dict)
    """Of each collection how many torrents came to what, also those that are not listed; in the order of the policy."""
    policy: PolicyNote | None = None
    changes: Changes | None = None
    """None: there was nothing to compare with."""
    quorum: Quorum | None = None
    """None: it is from one vantage."""
    pasts: Mapping[str, TrackerHistory] = field(default_factory=dict)
    """By tracker id, the last 30 days; for the formats of `WITH_PASTS` alone."""
    unlisted_torrents: tuple[TorrentView, ...] = ()
    """Those judged that `--only problems` leaves out of `torrents`: the next run is compared with all."""
    unlisted_trackers: tuple[TrackerView, ...] = ()
    unselected: tuple[str, ...] = ()
    """Info hashes in hex of torrents that are there and that the filter leaves out."""
    fail_on: FailOn = FailOn.WARNING
    """By which `exit_code` came of the verdict: formats that have passes and failures of their own go by it."""
    memo: dict[str, object] = field(init=False, repr=False, compare=False, default_factory=dict)
    """What formats made of it for each other, by name. A report that is replaced begins without."""

    @property
    def torrents_judged(self) -> int:
        """Torrents that the verdict is about."""
        return sum(self.torrents_by_verdict.values())

    @property
    def in_grace(self) -> int:
        """Torrents that are ok only because they are new to the policy: not ready, and not counted as a problem yet."""
        return min(self.policy.in_grace, self.torrents_by_verdict.get(Verdict.OK, 0)) if self.policy else 0

    @property
    def ready(self) -> int:
        """Torrents that are ok, whether they are new or not."""
        return self.torrents_by_verdict.get(Verdict.OK, 0) - self.in_grace

    @property
    def trackers_judged(self) -> int:
        """Trackers that the verdict is about."""
        return sum(self.trackers_by_state.values())


def exit_code(verdict: Verdict, fail_on: FailOn = FailOn.WARNING, *, blind: bool = False) -> int:
    """The exit code of a run that could be made and came to `verdict`.

    Args:
        verdict: The worst of all.
        fail_on: What is forgiven.
        blind: Nothing could be judged, see `building.is_blind`: there is nothing to forgive then.
    """
    if verdict not in _FORGIVEN[fail_on]:
        return verdict.exit_code
    return Verdict.UNKNOWN.exit_code if blind else 0


_FORGIVEN: Mapping[FailOn, tuple[Verdict, ...]] = {
    FailOn.WARNING: (),
    FailOn.CRITICAL: (Verdict.WARNING,),
    FailOn.NONE: (Verdict.WARNING, Verdict.CRITICAL, Verdict.UNKNOWN),
}
