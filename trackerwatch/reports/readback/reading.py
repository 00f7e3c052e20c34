"""A JSON report read back into a `Report`, so that any format can render it again. The file is foreign: nothing is believed.

Keys of later minor versions are ignored; of keys that came after the first version those that are missing are unknown, off
or empty.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from trackerwatch.errors import ReportError
from trackerwatch.health.states import Health
from trackerwatch.policy.rules import Problem, Rule, Severity, Verdict
from trackerwatch.reports.diff.changes import Change, ChangeKind, Changes
from trackerwatch.reports.readback.document import parse_document
from trackerwatch.reports.readback.reading_views import (
    INFO_HASH,
    MAX_NAME_CHARS,
    TRACKER_ID,
    TrackerReader,
    read_torrent,
)
from trackerwatch.reports.rows import (
    FailOn,
    PolicyNote,
    Quorum,
    Remembered,
    Report,
    SkippedInput,
    Subject,
    Vantage,
    Vote,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from trackerwatch.engine.views import TorrentView
    from trackerwatch.reports.readback.document import Fields

SCHEMA = re.compile(r"trackerwatch\.report/1(?:\.[0-9]{1,4})?")
ANY_SCHEMA = re.compile(r"trackerwatch\.[a-z]{1,20}/[0-9.]{1,9}")
VANTAGE_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def read_report(text: str | bytes, source: str) -> Report:
    """Read what `--format json` wrote.

    Args:
        text: The whole document.
        source: What errors call it; safe to show.

    Returns:
        The report. What JSON does not hold is unknown in its views, or worked out from what it does hold.

    Raises:
        ReportError: It is no report of this version, or a value in it is impossible: source, place, and what is wrong.
    """
    document = parse_document(text, source)
    _check_schema(document, source)
    summary = document.fields("summary")
    trackers = TrackerReader(document)
    problems = tuple(map(_problem, document.each("problems")))
    of_torrent: dict[str, list[Problem]] = {}
    for problem in problems:
        if problem.torrent is not None:
            of_torrent.setdefault(problem.torrent, []).append(problem)
    torrents: list[TorrentView] = []
    collection_of: dict[str, str] = {}
    for index, fields in enumerate(document.each("torrents")):
        view = read_torrent(fields, index, trackers, of_torrent)
        torrents.append(view)
        if (collection := fields.maybe("collection", fields.text)) is not None:
            collection_of[view.torrent.info_hash_hex] = collection
    if len({view.torrent.info_hash for view in torrents}) < len(torrents):
        raise ReportError(source, "torrents: two of them have the same info hash")
    by_verdict = Counter(view.verdict for view in torrents)
    # With `--only problems` those that are well are counted and not listed.
    by_verdict[Verdict.OK] += max(0, summary.whole("torrents") - len(torrents))
    quorum = _quorum(document.fields_or_none("quorum"), trackers.down_for)
    states = summary.fields("trackers_by_state")
    return Report(
        generated_at=document.moment("generated_at"),
        duration_s=document.seconds("duration_s"),
        vantage=_vantage(document.fields("vantage")),
        subject=_subject(torrents, summary.whole("torrents"), summary.whole("trackers")),
        verdict=summary.choice("verdict", Verdict),
        exit_code=summary.whole("exit_code", most=3),
        torrents=tuple(torrents),
        trackers=trackers.views(torrents),
        problems=problems,
        skipped=tuple(SkippedInput(row.text("source"), row.text("message")) for row in document.each("skipped")),
        torrents_by_verdict={verdict: number for verdict, number in by_verdict.items() if number},
        trackers_by_state={state: states.whole(state.value) for state in Health},
        not_judged=summary.whole("not_judged"),
        remark=_remark(summary, quorum),
        remembered=_remembered(summary.fields_or_none("remembered")),
        title=document.maybe("title", document.text) or "",
        command=document.maybe("command", document.text) or "",
        filter=document.maybe("filter", document.text) or "",
        collection_of=collection_of,
        collections=dict(map(_collection, document.each_if_there("collections"))),
        policy=_policy(document.fields_or_none("policy")),
        changes=_changes(document.fields_or_none("changes")),
        quorum=quorum,
        fail_on=_fail_on(summary),
    )


def _check_schema(document: Fields, source: str) -> None:
    if "schema" not in document:
        raise ReportError(source, "is JSON, but no report of trackerwatch: it has no schema")
    schema = document.text("schema", limit_chars=60)
    if SCHEMA.fullmatch(schema):
        return
    what = repr(schema) if ANY_SCHEMA.fullmatch(schema) else "of something else"
    raise ReportError(source, f"its schema is {what}; this version reads trackerwatch.report/1")


def _fail_on(summary: Fields) -> FailOn:
    """From which verdict on its exit code was not to be 0: as far as it makes a difference to this verdict."""
    if summary.whole("exit_code", most=3):
        return FailOn.WARNING
    return {Verdict.OK: FailOn.WARNING, Verdict.WARNING: FailOn.CRITICAL}.get(
        summary.choice("verdict", Verdict), FailOn.NONE
    )


def _remark(summary: Fields, quorum: Quorum | None) -> str:
    """Why there is nothing to report: it is not written down in so many words."""
    if quorum is not None and not quorum.reached:
        return "no verdict: too few vantages were fresh"
    return "" if summary.whole("torrents") or summary.whole("trackers") else "nothing was asked"


def _subject(torrents: Iterable[TorrentView], torrents_judged: int, trackers_judged: int) -> Subject:
    """What the run was about: `check` asks for trackers, and for one torrent at most, by its hash."""
    alone = not torrents_judged and trackers_judged
    by_hash = torrents_judged == 1 and any(view.torrent.sources == ("--info-hash",) for view in torrents)
    return Subject.TRACKERS if alone or by_hash else Subject.TORRENTS


def _vantage(fields: Fields) -> Vantage:
    return Vantage(
        fields.matching("id", VANTAGE_ID, "the UUID of a vantage"), fields.text("name", limit_chars=MAX_NAME_CHARS)
    )


def _remembered(fields: Fields | None) -> Remembered | None:
    if fields is None:
        return None
    return Remembered(fields.whole("trackers"), fields.seconds("youngest_s"), fields.seconds("oldest_s"))


def _problem(fields: Fields) -> Problem:
    return Problem(
        id=fields.text("id", limit_chars=MAX_NAME_CHARS),
        severity=fields.choice("severity", Severity),
        rule=fields.choice("rule", Rule),
        torrent=fields.maybe("torrent", lambda key: fields.matching(key, INFO_HASH, "40 hex digits")),
        tracker=fields.maybe("tracker", lambda key: fields.matching(key, TRACKER_ID, "the id of a tracker")),
        since=fields.maybe("since", fields.moment),
        message=fields.text("message"),
        action=fields.text("action"),
    )


def _collection(fields: Fields) -> tuple[str, Mapping[Verdict, int]]:
    by_verdict = fields.fields("by_verdict")
    numbers = {verdict: by_verdict.whole(verdict.value) for verdict in Verdict if verdict.value in by_verdict}
    return fields.text("name"), {verdict: number for verdict, number in numbers.items() if number}


def _policy(fields: Fields | None) -> PolicyNote | None:
    if fields is None:
        return None
    return PolicyNote(fields.text("file"), fields.whole("in_grace"), fields.whole("overridden"), fields.texts("notes"))


def _changes(fields: Fields | None) -> Changes | None:
    if fields is None:
        return None
    items = tuple(
        Change(
            kind=item.choice("kind", ChangeKind),
            message=item.text("message"),
            torrent=item.maybe("torrent", item.text),
            tracker=item.maybe("tracker", item.text),
            before=item.maybe("before", item.text),
            after=item.maybe("after", item.text),
        )
        for item in fields.each("items")
    )
    return Changes(fields.text("against"), fields.moment("at"), items)


def _quorum(fields: Fields | None, down_for: Mapping[str, tuple[str, ...]]) -> Quorum | None:
    if fields is None:
        return None
    votes = tuple(
        Vote(
            _vantage(vote.fields("vantage")),
            vote.moment("generated_at"),
            vote.yes("fresh"),
            vote.choice("verdict", Verdict),
        )
        for vote in fields.each("votes")
    )
    return Quorum(fields.whole("needed"), votes, down_for)
