"""One run of `report` or `check`: its arguments, checked, its clock, and what its reports have in common."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from trackerwatch.cli import naming
from trackerwatch.cli.output import planned, spare
from trackerwatch.cli.remembering import store_path
from trackerwatch.cli.stop_signal import StopSignal
from trackerwatch.cli.wiring import engine_settings, prober_of, settled
from trackerwatch.engine.settings import Freshness
from trackerwatch.engine.views import Source
from trackerwatch.errors import UsageError
from trackerwatch.filters import Filter, parse_filter
from trackerwatch.locations import vantage_id
from trackerwatch.reports.building import build_report, empty_report
from trackerwatch.reports.rows import FailOn, Report, SkippedInput, Subject, Vantage
from trackerwatch.state import StateFile

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable, Sequence

    from trackerwatch.cli.narration import Narrator
    from trackerwatch.cli.remembering import Memory
    from trackerwatch.engine.views import Snapshot
    from trackerwatch.inputs import Skipped
    from trackerwatch.policy.ruling import Judged
    from trackerwatch.reports.rows import PolicyNote

SHORTEST_ASK_S = 1.0
"""Asking gets so long at least, also where loading used up the deadline."""
PLUGIN_DEADLINE_S = 8.0
"""Without `--deadline`, where `--format nagios` goes to stdout: monitoring gives its plugins ten seconds and takes silence for critical."""

SHARE_OF_FETCHING = 0.5
"""Of the deadline, for inputs behind URLs: what asks the trackers keeps the rest."""

SHARE_OF_A_PROBE = 0.4
"""Of the deadline, where `--timeout` does not say otherwise: a silent tracker is asked twice before it is called down."""
SHORTEST_PROBE_S = 3.0
"""No less than that: whoever has less time for two of them learns that it is unknown, not that it is down."""


class Run:
    """One run: its arguments, checked, and its clock."""

    def __init__(self, arguments: Namespace, narrator: Narrator) -> None:
        """Check what can be checked before anything is sent.

        Raises:
            UsageError: A mistake in an option.
            ConfigError: A mistake in a setting.
        """
        self.arguments = arguments
        self.narrator = narrator
        self.outputs = planned(arguments.outputs)
        self.config = settled(arguments)
        store = store_path(self.config)
        inputs = getattr(arguments, "inputs", [])
        spare(self.outputs, (*inputs, self.config.policy, arguments.config, None if store is None else str(store)))
        if ("nagios", None) in self.outputs and arguments.deadline is None:
            self.config = replace(self.config, deadline_s=min(self.config.deadline_s, PLUGIN_DEADLINE_S))
        if arguments.timeout is None:
            self.config = replace(
                self.config,
                timeout_s=min(self.config.timeout_s, max(SHORTEST_PROBE_S, SHARE_OF_A_PROBE * self.config.deadline_s)),
            )
        self.filter: Filter = parse_filter(arguments.filter, dict(self.config.filters))
        self.prober = prober_of(self.config)
        kept = StateFile().orders
        self.settings = replace(engine_settings(self.config, kept.load()), freshness=freshness(arguments))
        if kept.trouble:
            narrator.say(kept.trouble)
        if self.settings.freshness is Freshness.CACHED and store is None:
            raise UsageError("--cached reports what is remembered, and there is no store")
        if self.settings.freshness is Freshness.CACHED and arguments.wait is not None:
            raise UsageError("--wait asks again, and --cached asks nobody: use one of them")
        self.memory: Memory | None = None
        self.stop = StopSignal()
        self.vantage = Vantage(vantage_id(), self.config.vantage or "")
        self._started_at = time.monotonic()

    @property
    def elapsed_s(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self._started_at

    @property
    def fetching_s(self) -> float:
        """Seconds until nothing is fetched any more that inputs name."""
        return SHARE_OF_FETCHING * self.config.deadline_s - self.elapsed_s

    @property
    def remaining_s(self) -> float:
        """Seconds until the deadline, never less than `SHORTEST_ASK_S`."""
        return max(SHORTEST_ASK_S, self.config.deadline_s - self.elapsed_s)

    def knows_nothing(self, snapshot: Snapshot) -> bool:
        """Whether nothing was to be asked, and nothing is remembered either."""
        if self.settings.freshness is not Freshness.CACHED or any(view.recalled_at for view in snapshot.trackers):
            return False
        views = map(snapshot.torrents.view, snapshot.torrents.listed)
        return not any(Source.STORE in (a.scrape.source, a.announce.source) for view in views for a in view.answers)

    def report(
        self,
        snapshot: Snapshot,
        subject: Subject,
        selected: Sequence[int] | None,
        skipped: Iterable[Skipped],
        *,
        judged: Judged | None = None,
        policy: PolicyNote | None = None,
    ) -> Report:
        """The report on what was found out, as a policy judges it where there is one."""
        return build_report(
            snapshot,
            vantage=self.vantage,
            duration_s=self.elapsed_s,
            subject=subject,
            selected=selected,
            skipped=_rows(skipped),
            only_problems=self.arguments.only == "problems",
            fail_on=FailOn(self.arguments.fail_on),
            judged=judged,
            policy=policy,
            title=naming.title_of(self.arguments),
            command=naming.command_line(),
            filter_text=naming.filter_of(self.arguments),
        )

    def nothing(self, remark: str, subject: Subject, skipped: Iterable[Skipped]) -> Report:
        """The report of a run that had nothing to ask; says so on stderr as well."""
        self.narrator.say(remark)
        report = empty_report(
            remark, vantage=self.vantage, duration_s=self.elapsed_s, subject=subject, skipped=_rows(skipped)
        )
        return replace(report, title=naming.title_of(self.arguments), command=naming.command_line())


def freshness(arguments: Namespace) -> Freshness:
    """How what is remembered is used: `--fresh`, `--cached` or neither."""
    if arguments.cached:
        return Freshness.CACHED
    return Freshness.FRESH if arguments.fresh else Freshness.INTERVAL


def _rows(skipped: Iterable[Skipped]) -> list[SkippedInput]:
    return [SkippedInput(one.source, one.message) for one in skipped]
