"""The report as JUnit XML, as Jenkins, GitLab and their like read it.

A suite for each collection (or folder) with a case for each torrent, a suite `trackers`, a suite `inputs` for what was
skipped, and a suite `run` for what belongs to none of them. A case fails by what `--fail-on` takes for a failure; what it
forgives is told in the case's output. What was not judged is skipped. So there is a failure or an error in the document
exactly where the exit code is not 0: a run whose verdict rests on none of its cases ends with an error in the suite `run`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC
from typing import TYPE_CHECKING

from trackerwatch.escaping import xml_text
from trackerwatch.health.states import Health
from trackerwatch.policy.rules import SEVERITIES, Rule, Severity, Verdict
from trackerwatch.reports.rows import NOT_PART, REPAIR, Subject, exit_code
from trackerwatch.reports.telling import unjudged, wording
from trackerwatch.reports.telling.account import account_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from trackerwatch.engine.views import TorrentView, TrackerView
    from trackerwatch.reports.formats import Style
    from trackerwatch.reports.rows import Report
    from trackerwatch.reports.telling.account import Account, Block

TORRENTS, TRACKERS, INPUTS, RUN = "torrents", "trackers", "inputs", "run"
"""Names of suites; the first where there is neither a title nor a collection."""


@dataclass(frozen=True, slots=True)
class _Case:
    """One testcase. At most one of `failure`, `error` and `skipped` is there."""

    name: str
    group: str
    time_s: float = 0.0
    failure: tuple[str, str, str] | None = None
    """Type, message and text."""
    error: tuple[str, str, str] | None = None
    skipped: str = ""
    output: str = ""
    key: str = ""
    """What tells it from others of its name."""


@dataclass(slots=True)
class _Suite:
    name: str
    cases: list[_Case] = field(default_factory=list)

    def distinct(self) -> Iterator[_Case]:
        """The cases, each by a name of its own: GitLab takes those of one name for one."""
        names = [case.name for case in self.cases]
        # Another one may be called like a name with its key behind it.
        for _ in range(2):
            times = Counter(map(xml_text, names))
            names = [
                f"{name} ({case.key})" if times[xml_text(name)] > 1 and case.key else name
                for name, case in zip(names, self.cases, strict=True)
            ]
        for name, case in zip(names, self.cases, strict=True):
            yield case if name == case.name else replace(case, name=name)

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """Tests, failures, errors, skipped."""
        return (
            len(self.cases),
            sum(case.failure is not None for case in self.cases),
            sum(case.error is not None for case in self.cases),
            sum(bool(case.skipped) for case in self.cases),
        )


def render(report: Report, style: Style) -> Iterator[str]:  # noqa: ARG001 - every format has this signature
    """The document, a case at a time."""
    account = account_of(report, folded=False)
    suites = _Suites(report, account).all()
    totals = [sum(numbers) for numbers in zip((0, 0, 0, 0), *(suite.counts for suite in suites), strict=True)]
    sentence = f"{report.verdict.value.upper()} {account.sentence}"
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f"<testsuites {_attributes(sentence, totals, report.duration_s)}>\n"
    at = report.generated_at.astimezone(UTC)
    for suite in suites:
        head = _attributes(suite.name, suite.counts, sum(case.time_s for case in suite.cases))
        yield f'  <testsuite {head} timestamp="{at:%Y-%m-%dT%H:%M:%S}" hostname="{xml_text(report.vantage.name)}">\n'
        yield from map(_written, suite.distinct())
        yield "  </testsuite>\n"
    yield "</testsuites>\n"


def _attributes(name: str, counts: Sequence[int], time_s: float) -> str:
    tests, failures, errors, skipped = counts
    return (
        f'name="{xml_text(name)}" tests="{tests}" failures="{failures}" errors="{errors}" skipped="{skipped}"'
        f' time="{time_s:.3f}"'
    )


def _written(case: _Case) -> str:
    head = f'    <testcase classname="{xml_text(case.group)}" name="{xml_text(case.name)}" time="{case.time_s:.3f}"'
    inside = [
        f'<{tag} type="{xml_text(told[0])}" message="{xml_text(told[1])}">{xml_text(told[2])}</{tag}>'
        for tag, told in (("failure", case.failure), ("error", case.error))
        if told is not None
    ]
    if case.skipped:
        inside.append(f'<skipped message="{xml_text(case.skipped)}"/>')
    if case.output:
        inside.append(f"<system-out>{xml_text(case.output)}</system-out>")
    if not inside:
        return f"{head}/>\n"
    return "".join((f"{head}>\n", *(f"      {line}\n" for line in inside), "    </testcase>\n"))


class _Suites:
    """Makes the suites of one report."""

    def __init__(self, report: Report, account: Account) -> None:
        self._report = report
        self._account = account
        self._trackers = {view.tracker.id: view for view in (*report.trackers, *report.unlisted_trackers)}
        self._of_torrent = {block.torrent: block for block in account.blocks if block.torrent is not None}
        self._of_tracker = {block.tracker: block for block in account.blocks if block.torrent is None}

    def all(self) -> list[_Suite]:
        report, account = self._report, self._account
        suites = []
        for section in account.sections:
            name = section.name or report.title or TORRENTS
            group = f"{name} ({TORRENTS})" if name in (TRACKERS, INPUTS, RUN) else name
            suites.append(_Suite(group, [self._torrent(view, group) for view in section.rows]))
        suites.append(_Suite(TRACKERS, [*map(self._tracker, account.trackers), *self._unlisted()]))
        suites.append(_Suite(INPUTS, list(self._inputs())))
        run = _Suite(RUN, [self._of_run(block) for block in account.blocks if not block.torrent and not block.tracker])
        suites.append(run)
        if report.exit_code and not any(sum(suite.counts[1:3]) for suite in suites):
            error = (report.verdict.value, account.sentence, "\n".join(account.not_judged))
            run.cases.append(_Case("verdict", RUN, error=error))
        elif not any(suite.cases for suite in suites):
            # A document without a case is taken for a run that broke.
            run.cases.append(_Case("verdict", RUN, output=account.sentence))
        return [suite for suite in suites if suite.cases]

    def _fails(self, severity: Severity) -> bool:
        return bool(self._report.exit_code and exit_code(severity.verdict, self._report.fail_on))

    def _torrent(self, view: TorrentView, group: str) -> _Case:
        times = [time for a in view.answers for time in (a.scrape.latency_s, a.announce.latency_s) if time is not None]
        key = view.torrent.info_hash_hex[:8]
        case = _Case(view.torrent.name, group, max(times, default=0.0), key=key)
        block = self._of_torrent.get(view.torrent.info_hash_hex)
        if block is not None:
            return self._troubled(case, block)
        if view.verdict is Verdict.UNKNOWN:
            why = unjudged.reason(view, self._trackers, self._report.quorum)
            return replace(case, skipped=f"not judged: {why}")
        # What the policy makes a remark, in a grace for one, is told as well.
        eased = [one for one in view.problems if SEVERITIES[one.rule] is not Severity.INFO]
        return replace(case, output="\n".join(f"{one.severity}: {one.rule}: {one.message}" for one in eased))

    def _tracker(self, view: TrackerView) -> _Case:
        case = _Case(view.tracker.shown_url, TRACKERS, view.latency_s or 0.0, key=view.tracker.id)
        block = self._of_tracker.get(view.tracker.id)
        if view.disabled is not None or view.muted is not None:
            why = "switched off by you" if view.disabled is not None else "muted by you"
            return replace(case, skipped=why)
        if block is not None:
            return self._troubled(case, block)
        if view.state in (Health.DOWN, Health.DEGRADED) and self._report.subject is Subject.TRACKERS:
            # Whoever checks trackers is told of a slow one too.
            reason = wording.reason(view)
            fails = self._fails(Severity.WARNING)
            failure = (view.state.value, reason, reason) if fails else None
            return replace(case, failure=failure, output="" if fails else reason)
        if view.state is Health.UNKNOWN:
            return replace(case, skipped=f"not judged: {wording.reason(view) or 'nothing is known of it'}")
        return case

    def _unlisted(self) -> Iterator[_Case]:
        """Trackers that are up and not listed, of which something is wrong all the same."""
        listed = {view.tracker.id for view in self._account.trackers}
        for tracker, block in self._of_tracker.items():
            if tracker is not None and tracker not in listed:
                yield self._troubled(_Case(block.subject, TRACKERS, key=tracker), block)

    def _inputs(self) -> Iterator[_Case]:
        fails = self._fails(self._severity_of_skipped())
        for number, skipped in enumerate(self._report.skipped, 1):
            text = f"{skipped.message}\nIt is {NOT_PART}: {REPAIR}."
            failure = (Rule.SKIPPED_INPUT.value, skipped.message, text)
            case = _Case(skipped.source, INPUTS, key=f"input {number}")
            yield replace(case, failure=failure) if fails else replace(case, output=text)

    def _severity_of_skipped(self) -> Severity:
        problems = (problem for problem in self._report.problems if problem.rule is Rule.SKIPPED_INPUT)
        return next((problem.severity for problem in problems), Severity.INFO)

    def _of_run(self, block: Block) -> _Case:
        return self._troubled(_Case(block.rule.value, RUN, key=block.message), block)

    def _troubled(self, case: _Case, block: Block) -> _Case:
        """A case of which something is wrong: failed, or forgiven by `--fail-on`."""
        text = "\n".join(self._lines(block))
        if not self._fails(block.severity):
            return replace(case, output=f"{block.severity}: {text}")
        return replace(case, failure=(block.rule.value, block.message, text))

    def _lines(self, block: Block) -> Iterator[str]:
        yield f"{block.rule}: {block.message}"
        yield from (f"{label}: {text}" for label, text in block.facts(self._report.generated_at))
