"""The report for people: what is wrong first, then a row for each torrent and tracker, worst first.

At most `Style.width` columns, so that it fits an e-mail and a CI log.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, TypeVar

from rich.cells import cell_len

from trackerwatch.failover.states import Role
from trackerwatch.health.states import Health
from trackerwatch.policy.rules import Problem, Rule, Severity, Verdict
from trackerwatch.reports import columns, wording
from trackerwatch.reports.rows import Subject

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from trackerwatch.engine.views import AnswerView, TorrentView, TrackerView
    from trackerwatch.reports.formats import Style
    from trackerwatch.reports.rows import Remembered, Report

Row = TypeVar("Row")

MAX_BLOCKS = 12
"""So many problems are told in full; the rows below name the rest."""
MAX_OK_ROWS = 20
SHOWN_OK_ROWS = 3
"""Rows that are well and still listed where there are more than `MAX_OK_ROWS`."""
MAX_ORDERS = 30
"""Trackers that are muted, switched off and the like, and named."""
MAX_NOTES = 5
"""Different notes on trackers that are told."""
MAX_REASONS = 5
"""Reasons for skipping inputs that are told."""
MAX_PARTS = 4
"""Pieces of evidence listed in one line."""
LABEL_CELLS = 14
"""Indent and label of the lines under a problem."""
MIN_WIDTH = 80
"""A narrower terminal breaks the lines itself; columns would say nothing any more."""

_TRACKER_ORDER = {Health.DOWN: 0, Health.DEGRADED: 1, Health.UNKNOWN: 2, Health.UP: 3}

_RESET = "\x1b[0m"
_COLORS = {"x": "\x1b[1;31m", "!": "\x1b[33m", "?": "\x1b[35m", "+": "\x1b[32m", "-": "\x1b[36m"}
_BOLD = "\x1b[1m"


def render(report: Report, style: Style) -> Iterator[str]:
    """The document, a line at a time."""
    for line in _Table(report, style).lines():
        yield line.rstrip() + "\n"


class _Table:
    """One rendering: the report and how it may look."""

    def __init__(self, report: Report, style: Style) -> None:
        self._report = report
        self._style = style
        self._width = max(MIN_WIDTH, style.width)
        self._trackers = {view.tracker.id: view for view in report.trackers}
        self._torrents = {view.torrent.info_hash_hex: view for view in report.torrents}

    def lines(self) -> Iterator[str]:
        report = self._report
        yield from self._headline()
        yield from self._problems()
        if report.torrents:
            yield ""
            yield from self._torrent_rows()
        if report.trackers:
            yield ""
            yield from self._tracker_rows()
        yield ""
        yield from self._notes()
        yield from self._footer()

    def _paint(self, text: str, glyph: str) -> str:
        color = _COLORS.get(glyph) if self._style.color else None
        return f"{color}{text}{_RESET}" if color else text

    def _bold(self, text: str) -> str:
        return f"{_BOLD}{text}{_RESET}" if self._style.color else text

    # -- what is wrong -----------------------------------------------------------------------------------------------

    def _headline(self) -> Iterator[str]:
        report = self._report
        word = report.verdict.value.upper()
        glyph = wording.VERDICT_MARKS[report.verdict][0]
        first, *more = columns.wrap(_sentence(report), self._width - len(word) - 2)
        yield f"{self._paint(word, glyph)}  {self._bold(first)}"
        for line in more:
            yield " " * (len(word) + 2) + line

    def _problems(self) -> Iterator[str]:
        blocks: dict[tuple[str, str], list[Problem]] = {}
        for problem in self._report.problems:
            if problem.severity is not Severity.INFO and problem.rule is not Rule.SKIPPED_INPUT:
                kind = "torrent" if problem.torrent else "tracker" if problem.tracker else problem.id
                blocks.setdefault((kind, problem.torrent or problem.tracker or ""), []).append(problem)
        shown = sorted(blocks.values(), key=_block_order)
        for block in shown[:MAX_BLOCKS]:
            yield ""
            yield from self._block(block)
        if left_out := shown[MAX_BLOCKS:]:
            rules = Counter(block[0].rule for block in left_out)
            told = ", ".join(f"{number:,} {rule}" for rule, number in rules.most_common())
            yield ""
            yield from self._wrapped(f"... {wording.many(len(left_out), 'more problem')}: {told}", "    ")
        if self._report.skipped:
            yield ""
            yield from self._skipped()

    def _skipped(self) -> Iterator[str]:
        """One block for all inputs that could not be used: however many there are, it hides no torrent's problem."""
        skipped = self._report.skipped
        glyph = wording.SEVERITY_GLYPHS[Severity.WARNING]
        head = f"{wording.many(len(skipped), 'input')} skipped"
        yield f"{self._paint(glyph, glyph)} {self._bold(head)}   {Rule.SKIPPED_INPUT}"
        alike: dict[str, list[str]] = {}
        for one in skipped:
            alike.setdefault(one.message, []).append(one.source)
        for message, sources in list(alike.items())[:MAX_REASONS]:
            source = sources[0] if len(sources) == 1 else f"{len(sources):,} inputs ({_listed(sources)})"
            yield from self._labelled("evidence", f"{source}: {message}")
        if len(alike) > MAX_REASONS:
            yield from self._labelled(
                "evidence", f"and {len(alike) - MAX_REASONS:,} more reasons (stderr, --format json)"
            )
        yield from self._labelled("effect", "not part of this report")
        yield from self._labelled("do", "repair these inputs or take them out")

    def _block(self, block: list[Problem]) -> Iterator[str]:
        first = block[0]
        name, evidence, effect = self._circumstances(first)
        glyph = wording.SEVERITY_GLYPHS[first.severity]
        told = f"{first.rule}: {first.message}"
        head = columns.elide_middle(name, self._width - 4)
        room = self._width - 2 - cell_len(head) - 3
        if head and cell_len(told) > room:
            yield f"{self._paint(glyph, glyph)} {self._bold(head)}"
            yield from self._wrapped(told, "    ")
        elif head:
            yield f"{self._paint(glyph, glyph)} {self._bold(head)}   {told}"
        else:
            line, *more = columns.wrap(told, self._width - 2)
            yield f"{self._paint(glyph, glyph)} {line}"
            yield from (f"    {text}" for line in more for text in columns.wrap(line, self._width - 4))
        for problem in block[1:]:
            yield from self._labelled("also", f"{problem.rule}: {problem.message}")
        yield from self._labelled("evidence", evidence)
        yield from self._labelled("effect", effect)
        for action in dict.fromkeys(problem.action for problem in block):
            yield from self._labelled("do", action)

    def _circumstances(self, problem: Problem) -> tuple[str, str, str]:
        """Name, evidence and effect of what a problem is about; empty where there is none."""
        if problem.torrent is not None:
            torrent = self._torrents.get(problem.torrent)
            if torrent is None:
                return problem.torrent, "", ""
            return torrent.torrent.name, _torrent_evidence(torrent), _torrent_effect(torrent)
        if problem.tracker is not None:
            tracker = self._trackers.get(problem.tracker)
            if tracker is None:
                return problem.tracker, "", ""
            effect = wording.effect(tracker.effect)
            told_already = effect.rpartition(": ")[2] in problem.message
            return tracker.tracker.shown_url, self._tracker_evidence(tracker), "" if told_already else effect
        return "", "", ""

    def _tracker_evidence(self, view: TrackerView) -> str:
        parts = []
        for endpoint in view.endpoints:
            told = wording.failure(endpoint.failure) if endpoint.failure else endpoint.state.value
            if endpoint.failure and endpoint.last_success_at:
                ago = (self._report.generated_at - endpoint.last_success_at).total_seconds()
                told += f", last answer {wording.duration(ago)} ago"
            parts.append(f"{endpoint.endpoint} {told}")
        if not parts and view.failure:
            parts.append(wording.failure(view.failure))
        return _listed(parts)

    def _labelled(self, label: str, text: str) -> Iterator[str]:
        if text:
            first, *more = columns.wrap(text, self._width - LABEL_CELLS)
            yield f"    {label:<10}{first}"
            for line in more:
                yield " " * LABEL_CELLS + line

    def _wrapped(self, text: str, indent: str) -> Iterator[str]:
        for line in columns.wrap(text, self._width - len(indent)):
            yield indent + line

    # -- rows --------------------------------------------------------------------------------------------------------

    def _torrent_rows(self) -> Iterator[str]:
        # VERDICT 9, SEED LEECH DONE 6 each, WORK 5, TIER 4, AGE 4, and a space between: names and trackers share the rest.
        free = self._width - (9 + 6 * 3 + 5 + 4 + 4 + 8)
        active_cells = min(26, free * 2 // 5)
        name_cells = free - active_cells
        yield self._bold(
            f"{'VERDICT':<9} {'TORRENT':<{name_cells}} {'SEED':>6} {'LEECH':>6} {'DONE':>6} {'WORK':>5} {'TIER':>4} "
            f"{columns.left(columns.elide_end('ACTIVE TRACKER', active_cells), active_cells)} {'AGE':>4}"
        )
        rows = sorted(self._report.torrents, key=lambda view: -view.verdict.badness)
        shown, folded = self._folded(rows, [view.verdict is Verdict.OK for view in rows])
        for view in shown:
            failover, counts = view.failover, view.counts
            mark = wording.VERDICT_MARKS[view.verdict]
            yield " ".join(
                (
                    self._paint(f"{mark:<9}", mark[0]),
                    columns.left(columns.elide_middle(view.torrent.name, name_cells), name_cells),
                    f"{wording.count(counts.seeders):>6}",
                    f"{wording.count(counts.leechers):>6}",
                    f"{wording.count(counts.completed):>6}",
                    f"{f'{failover.working}/{failover.total}':>5}",
                    f"{'-' if failover.active_tier is None else failover.active_tier:>4}",
                    columns.left(columns.elide_start(_active(view), active_cells), active_cells),
                    f"{self._age(view):>4}",
                )
            )
        yield from self._fold_line(folded, "ok")

    def _age(self, view: TorrentView) -> str:
        seen = [at for a in view.answers for at in (a.scrape.observed_at, a.announce.observed_at) if at is not None]
        return wording.duration((self._report.generated_at - max(seen)).total_seconds()) if seen else "-"

    def _tracker_rows(self) -> Iterator[str]:
        # STATE 10, PROTO 5, ADDR 5, TORR 6, LATENCY 7, and a space between.
        free = self._width - (10 + 5 + 5 + 6 + 7 + 6)
        reason_cells = free // 2
        name_cells = free - reason_cells
        yield self._bold(
            f"{'STATE':<10} {'TRACKER':<{name_cells}} {'PROTO':<5} {'ADDR':>5} {'TORR':>6} {'LATENCY':>7} REASON"
        )
        rows = sorted(self._report.trackers, key=lambda view: _TRACKER_ORDER[view.state])
        shown, folded = self._folded(rows, [view.state is Health.UP for view in rows])
        for view in shown:
            mark = wording.HEALTH_MARKS[view.state] if view.disabled is None else wording.SWITCHED_OFF_MARK
            addresses = f"{view.endpoints_up}/{len(view.endpoints)}" if view.endpoints else "-"
            yield " ".join(
                (
                    self._paint(f"{mark:<10}", mark[0]),
                    columns.left(columns.elide_start(view.tracker.host_port, name_cells), name_cells),
                    f"{view.tracker.protocol.value:<5}",
                    f"{addresses:>5}",
                    f"{wording.count(view.torrents):>6}",
                    f"{wording.latency(view.latency_s):>7}",
                    columns.elide_end(wording.reason(view), reason_cells),
                )
            )
        yield from self._fold_line(folded, "up")

    def _folded(self, rows: Sequence[Row], well: Sequence[bool]) -> tuple[Sequence[Row], int]:
        """The rows to show, and how many that are well are left out. Rows that are well come last."""
        number = sum(well)
        if self._style.all_rows or number <= MAX_OK_ROWS:
            return rows, 0
        left_out = number - SHOWN_OK_ROWS
        return rows[: len(rows) - left_out], left_out

    def _fold_line(self, folded: int, word: str) -> Iterator[str]:
        if folded:
            yield f"... {folded:,} more {word} (--all lists them)"

    # -- the rest ----------------------------------------------------------------------------------------------------

    def _notes(self) -> Iterator[str]:
        report = self._report
        rules = Counter((p.rule, p.torrent is not None) for p in report.problems if p.severity is Severity.INFO)
        for (rule, of_torrent), number in rules.most_common():
            told = wording.note(rule, number, "torrent" if of_torrent else "tracker")
            yield from self._noted("note", f"{told} (does not change the verdict)")
        remarks = Counter(view.note for view in report.trackers if view.note)
        for remark, number in remarks.most_common(MAX_NOTES):
            yield from self._noted("note", f"{wording.many(number, 'tracker')}: {remark}")
        yield from self._orders()
        if not_judged := _not_judged(report):
            yield from self._noted("not judged", not_judged)
        if report.remembered:
            yield from self._noted("from store", _from_store(report.remembered))

    def _orders(self) -> Iterator[str]:
        """What the user ordered of single trackers: or it would be forgotten."""
        trackers = self._report.trackers
        told = [("switched off", _disabled(view)) for view in trackers if view.disabled is not None]
        told += [("muted", _muted(view)) for view in trackers if view.muted is not None]
        told += [("interval", _own_interval(view)) for view in trackers if view.interval_wish_s is not None]
        told += [("added", f"{view.tracker.host_port} by hand, for this run") for view in trackers if view.added]
        for label, line in told[:MAX_ORDERS]:
            yield from self._noted(label, line)
        if len(told) > MAX_ORDERS:
            yield f"... {wording.many(len(told) - MAX_ORDERS, 'more order')} (--format json lists them)"

    def _noted(self, label: str, text: str) -> Iterator[str]:
        first, *more = columns.wrap(text, self._width - len(label) - 2)
        yield f"{label}  {first}"
        for line in more:
            yield " " * (len(label) + 2) + line

    def _footer(self) -> Iterator[str]:
        report = self._report
        ended = "left by you; " if report.is_parting else ""
        told = f"{report.vantage.name}, {report.duration_s:.1f} s, {ended}exit {report.exit_code}"
        yield from self._noted("seen from", told)


def _of_them_muted(report: Report, state: Health) -> str:
    of_state = [view for view in report.trackers if view.state is state]
    off = sum(view.disabled is not None for view in of_state)
    muted = sum(view.muted is not None and view.disabled is None for view in of_state)
    counts = ((off, "switched off"), (muted, "muted"))
    told = ", ".join(f"{number:,} {word}" for number, word in counts if number)
    return f" ({told})" if told and state is not Health.UP else ""


def _muted(view: TrackerView) -> str:
    """`tracker.example.org:6969 until 2026-12-01 00:00 UTC, out of every verdict: moves house`."""
    until = view.muted.until if view.muted else None
    why = view.muted.why if view.muted else ""
    for_how_long = f"until {until:%Y-%m-%d %H:%M} UTC" if until else "until that is taken back"
    whose = (
        {"hand": "", "config": " (config)", "window": " (a window of the config)"}[view.muted.source]
        if view.muted
        else ""
    )
    return f"{view.tracker.host_port} {for_how_long}{whose}, out of every verdict" + (f": {why}" if why else "")


def _disabled(view: TrackerView) -> str:
    """`tracker.example.org:6969 since 2026-12-01 00:00 UTC, asked nothing: moves house`."""
    disabled = view.disabled
    since = f" since {disabled.since:%Y-%m-%d %H:%M} UTC" if disabled and disabled.since else " (config)"
    why = f": {disabled.why}" if disabled and disabled.why else ""
    return f"{view.tracker.host_port}{since}, asked nothing and counted for nothing{why}"


def _own_interval(view: TrackerView) -> str:
    return f"{view.tracker.host_port} every {wording.duration(view.interval_wish_s or 0.0)}, by hand"


def _from_store(remembered: Remembered) -> str:
    """`the answers of 2 trackers are remembered, 4m to 12m old; --fresh asks again`."""
    youngest, oldest = wording.duration(remembered.youngest_s), wording.duration(remembered.oldest_s)
    age = oldest if youngest == oldest else f"{youngest} to {oldest}"
    of = wording.many(remembered.trackers, "tracker")
    return f"the answers of {of} are remembered, {age} old; --fresh asks again"


def _of_it_remembered(remembered: Remembered) -> str:
    """`3 trackers' answers are remembered, up to 14m old`: also whoever reads only the first line is to know."""
    whose = "1 tracker's" if remembered.trackers == 1 else f"{remembered.trackers:,} trackers'"
    return f"{whose} answers are remembered, up to {wording.duration(remembered.oldest_s)} old"


def _block_order(block: list[Problem]) -> tuple[bool, bool]:
    # Trackers and inputs first, however many torrents are critical: they are the causes of what torrents have.
    return (block[0].torrent is not None, block[0].severity is not Severity.CRITICAL)


def _sentence(report: Report) -> str:
    """The whole report in one sentence."""
    if report.remark:
        skipped = f"; {wording.many(len(report.skipped), 'input')} skipped" if report.skipped else ""
        return report.remark + skipped
    parts = [_torrent_sentence(report)] if report.torrents_judged else []
    states, total = report.trackers_by_state, wording.many(report.trackers_judged, "tracker")
    told = (Health.DOWN, Health.DEGRADED) if report.subject is Subject.TORRENTS else tuple(_TRACKER_ORDER)
    trackers = ", ".join(
        f"{states[state]:,} of {total} {wording.are(states[state])} {state}{_of_them_muted(report, state)}"
        for state in told
        if states[state]
    )
    if trackers:
        parts.append(trackers)
    if report.skipped:
        number = len(report.skipped)
        parts.append(f"{wording.many(number, 'input')} {'was' if number == 1 else 'were'} skipped")
    if report.remembered:
        parts.append(_of_it_remembered(report.remembered))
    return "; ".join(parts)


def _torrent_sentence(report: Report) -> str:
    verdicts, total = report.torrents_by_verdict, report.torrents_judged
    troubled = verdicts.get(Verdict.CRITICAL, 0) + verdicts.get(Verdict.WARNING, 0)
    well, unknown = verdicts.get(Verdict.OK, 0), verdicts.get(Verdict.UNKNOWN, 0)
    parts = []
    if troubled:
        parts.append(f"{troubled:,} of {wording.many(total, 'torrent')} {'has' if troubled == 1 else 'have'} a problem")
    for number, word in ((well, "well"), (unknown, "unknown")):
        if number:
            subject = f"{number:,}" if parts else wording.many(number, "torrent")
            parts.append(f"{subject} {wording.are(number)} {word}")
    return ", ".join(parts)


def _active(view: TorrentView) -> str:
    if view.failover.active is not None:
        return view.failover.active.host_port
    if any(problem.rule is Rule.PRIVATE_NOT_ASKED for problem in view.problems):
        return "private"
    return "- none -"


def _listed(parts: list[str]) -> str:
    more = len(parts) - MAX_PARTS
    return "; ".join(parts[:MAX_PARTS]) + (f"; and {more} more" if more > 0 else "")


def _torrent_evidence(view: TorrentView) -> str:
    def order(answer: AnswerView) -> bool:
        return answer.role is not Role.FAILED

    return _listed([_answer(answer) for answer in sorted(view.answers, key=order)])


def _answer(answer: AnswerView) -> str:
    name = answer.tracker.host_port
    cause = answer.scrape.failure or answer.announce.failure
    seeders, leechers = answer.counts.seeders, answer.counts.leechers
    if seeders is None and leechers is None:
        return f"{name} {wording.failure(cause) if cause else 'did not say'}"
    swarm = " (v2 swarm)" if answer.swarm == "v2" else ""
    return f"{name} {wording.counted(seeders, 'seeder')}, {wording.counted(leechers, 'leecher')}{swarm}"


def _torrent_effect(view: TorrentView) -> str:
    failover, counts = view.failover, view.counts
    if not failover.total:
        return "no tracker can bring peers together"
    works = "works" if 1 in (failover.working, failover.total) else "work"
    parts = [f"{failover.working} of {wording.many(failover.total, 'tracker')} {works}"]
    if failover.active is not None:
        parts.append(f"clients use {failover.active.host_port} (tier {failover.active_tier})")
    if counts.seeders is not None:
        parts.append(wording.counted(counts.seeders, "seeder"))
    return "; ".join(parts)


def _not_judged(report: Report) -> str:
    """What nothing is known of, with the reason where there is one."""
    parts = []
    if unknown := report.torrents_by_verdict.get(Verdict.UNKNOWN, 0):
        parts.append(wording.many(unknown, "torrent"))
    off = sum(view.disabled is not None for view in report.trackers)
    if unknown := report.trackers_by_state[Health.UNKNOWN] - off:
        kinds = Counter(v.failure.kind for v in report.trackers if v.state is Health.UNKNOWN and v.failure)
        parts.append(wording.many(unknown, "tracker") + _because(kinds))
    endpoints = [e for v in report.trackers if v.state is not Health.UNKNOWN for e in v.endpoints if not e.judged]
    if endpoints:
        kinds = Counter(endpoint.failure.kind for endpoint in endpoints if endpoint.failure)
        parts.append(wording.many(len(endpoints), "endpoint") + _because(kinds))
    return ", ".join(parts)


def _because(kinds: Iterable[str]) -> str:
    return f" ({', '.join(kinds)})" if kinds else ""
