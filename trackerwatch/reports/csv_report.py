"""The report as CSV (RFC 4180): a row for each torrent, tracker and swarm.

A torrent without trackers has one row, and so has a tracker that no row names (all those of `check`). Unknown is empty, never
0. A spreadsheet takes cells that begin like a formula for one: texts from outside get an apostrophe before that.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from itertools import chain
from typing import TYPE_CHECKING

from trackerwatch.escaping import harmless_cell
from trackerwatch.reports.values import moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from trackerwatch.engine.views import AnnounceView, AnswerView, ScrapeView, TorrentView, TrackerView
    from trackerwatch.policy.rules import Problem
    from trackerwatch.reports.formats import Style
    from trackerwatch.reports.rows import Report

COLUMNS = (
    *("verdict", "name", "info_hash", "private", "size_bytes", "collection"),
    *("tracker", "url", "tier", "position", "swarm", "role", "seeders", "leechers", "completed"),
    *("scrape", "scrape_failure", "announce", "announce_failure", "message", "observed_at", "source"),
    *("tracker_state", "problems"),
)
"""`tracker` is the id. `message` is what the tracker said: of a failure, else its warning. `problems` are rule ids."""

_TORRENT_CELLS = 6
_ANSWER_CELLS = 16

Cell = str | int | None


def render(report: Report, style: Style) -> Iterator[str]:  # noqa: ARG001 - every format has this signature
    """The document, a row at a time."""
    lines: list[str] = []
    # What the writer writes is yielded: a buffer of its own for each row costs more than the row.
    writer = csv.writer(_Sink(lines), lineterminator="\r\n")
    for row in chain((COLUMNS,), _rows(report)):
        writer.writerow(row)
        yield lines.pop()


class _Sink:
    """A file to `csv.writer`, which writes one row at a time."""

    def __init__(self, lines: list[str]) -> None:
        self.write = lines.append


def _rows(report: Report) -> Iterator[Sequence[Cell]]:
    trackers = {view.tracker.id: view for view in report.trackers}
    of_tracker: dict[str, list[Problem]] = defaultdict(list)
    for problem in report.problems:
        if problem.torrent is None and problem.tracker is not None:
            of_tracker[problem.tracker].append(problem)
    named = set()
    for view in report.torrents:
        told = _torrent(view, report.collection_of.get(view.torrent.info_hash_hex))
        if not view.answers:
            yield (*told, *[None] * _ANSWER_CELLS, None, _rules(view.problems))
        for answer in view.answers:
            key = answer.tracker.id
            named.add(key)
            own = (problem for problem in view.problems if problem.tracker in (None, key))
            yield (*told, *_answer(answer), _state(trackers.get(key)), _rules((*own, *of_tracker[key])))
    for key, tracker in trackers.items():
        if key not in named:
            yield (*[None] * _TORRENT_CELLS, *_tracker(tracker), _state(tracker), _rules(of_tracker[key]))


def _torrent(view: TorrentView, collection: str | None) -> tuple[Cell, ...]:
    torrent = view.torrent
    return (
        view.verdict.value,
        harmless_cell(torrent.name),
        torrent.info_hash_hex,
        "true" if torrent.private else "false",
        torrent.size_bytes,
        None if collection is None else harmless_cell(collection),
    )


def _answer(answer: AnswerView) -> tuple[Cell, ...]:
    scrape, announce, counts = answer.scrape, answer.announce, answer.counts
    latest = _latest(scrape, announce)
    failure = scrape.failure or announce.failure
    message = failure.message if failure is not None else announce.warning
    return (
        answer.tracker.id,
        harmless_cell(answer.tracker.shown_url),
        answer.tier,
        answer.position,
        answer.swarm.value,
        answer.role.value,
        counts.seeders,
        counts.leechers,
        counts.completed,
        scrape.state.value,
        None if scrape.failure is None else scrape.failure.kind.value,
        announce.state.value,
        None if announce.failure is None else announce.failure.kind.value,
        harmless_cell(message) if message else None,
        moment(latest.observed_at),
        None if latest.source is None else latest.source.value,
    )


def _latest(scrape: ScrapeView, announce: AnnounceView) -> ScrapeView | AnnounceView:
    """Which of the two was observed last."""
    if announce.observed_at is None:
        return scrape
    return scrape if scrape.observed_at is not None and scrape.observed_at >= announce.observed_at else announce


def _tracker(view: TrackerView) -> tuple[Cell, ...]:
    """The cells of an answer, for a tracker alone."""
    message = harmless_cell(view.failure.message) if view.failure is not None and view.failure.message else None
    return (
        view.tracker.id,
        harmless_cell(view.tracker.shown_url),
        *[None] * 11,
        message,
        moment(view.last_probe_at),
        None,
    )


def _state(view: TrackerView | None) -> str | None:
    return None if view is None else view.state.value


def _rules(problems: Iterable[Problem]) -> str:
    return " ".join(dict.fromkeys(problem.rule.value for problem in problems))
