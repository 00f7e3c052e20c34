"""The two tables of the HTML report: torrents by collection, and trackers with their addresses. Pure."""

from __future__ import annotations

from collections import Counter
from html import escape
from typing import TYPE_CHECKING

from trackerwatch.health.states import Health
from trackerwatch.policy.rules import Verdict
from trackerwatch.reports.page import strips
from trackerwatch.reports.page.parts import at_minute, endpoint_tag, seconds, since, tag, tracker_tag, url
from trackerwatch.reports.telling import evidence, wording

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from trackerwatch.engine.views import EndpointView, TorrentView, TrackerView
    from trackerwatch.history import TrackerHistory
    from trackerwatch.reports.formats import Style
    from trackerwatch.reports.rows import Report
    from trackerwatch.reports.telling.account import Account, Section

MAX_OPEN_ROWS = 20
"""Rows that are well stand open where they are no more, and nothing else is to be seen."""
LONG_ROWS = 100
"""A section with more rows is laid out when it is looked at."""

_TORRENT_HEAD = (
    '<thead><tr><th scope="col">State</th><th scope="col">Torrent</th>'
    '<th scope="col" class="n">Seeders</th><th scope="col" class="n">Leechers</th><th scope="col" class="n">Completed</th>'
    '<th scope="col" class="n">Trackers</th><th scope="col">Active tracker, tier</th><th scope="col" class="n">Age</th></tr></thead>'
)
_TORRENT_COLUMNS = f"<colgroup>{'<col>' * 8}</colgroup>"


def torrents(account: Account, report: Report, style: Style, cards: Mapping[str, str]) -> Iterator[str]:
    """One row a torrent, by collection.

    Args:
        account: What to tell.
        report: Of what.
        style: Whether all stand open.
        cards: By info hash in hex: the id of the card that tells of its problems.
    """
    names = Counter(view.torrent.name for section in account.sections for view in section.rows)
    if sum(names.values()) > MAX_OPEN_ROWS:
        yield '<div id="find" class="find"></div>\n'
    for section in account.sections:
        yield from _section(section, report, style, cards, names)


def _section(
    section: Section, report: Report, style: Style, cards: Mapping[str, str], names: Mapping[str, int]
) -> Iterator[str]:
    rows = [(view.verdict is Verdict.OK, _torrent_row(view, report, cards, names)) for view in section.rows]
    well = [row for is_well, row in rows if is_well]
    troubled = [row for is_well, row in rows if not is_well]
    listed = sum(section.by_verdict.values()) - len(rows)
    told = [
        f"{section.by_verdict[verdict]:,} {verdict}"
        for verdict in sorted(section.by_verdict, key=lambda verdict: -verdict.badness)
        if section.by_verdict[verdict]
    ]
    if listed > 0:
        told.append(f"{listed:,} of them not listed")
    words = ", ".join(told)
    yield _group(len(rows))
    if section.name:
        picture = strips.shares(section.by_verdict, words)
        yield f"<h3>{escape(section.name)} {picture} <small>{words}</small></h3>\n"
    elif listed > 0:
        yield f'<p class="soft">{words}</p>\n'
    label = f"torrents of {section.name}" if section.name else "torrents"
    if troubled:
        yield from _table("torrents", label, _TORRENT_COLUMNS + _TORRENT_HEAD, troubled)
    if well:
        is_open = style.all_rows or (not troubled and len(well) <= MAX_OPEN_ROWS)
        yield f"<details{' open' if is_open else ''}><summary>{tag('ok', 'ok')} {_many_well(len(well), report)}</summary>\n"
        yield from _table("torrents", f"{label}: ok", _TORRENT_COLUMNS + _TORRENT_HEAD, well)
        yield "</details>\n"
    yield "</section>\n"


def _group(rows: int) -> str:
    # What is far below the screen is laid out when it comes near; of little that would be seen as a jump.
    return f'<section class="group{" long" if rows > LONG_ROWS else ""}">\n'


def _many_well(number: int, report: Report) -> str:
    how = "ready or in grace" if report.in_grace else "ready"
    return f"{wording.many(number, 'torrent')} {wording.are(number)} {how}"


def _table(group: str, label: str, head: str, rows: Sequence[str], *, in_bodies: bool = False) -> Iterator[str]:
    # It scrolls sideways on a phone: whoever has no pointer gets to it by Tab.
    yield f'<section class="wide" tabindex="0" aria-label="{escape(label)}">'
    yield f'<table class="{group}" data-group="{group}">{head}\n'
    if in_bodies:
        yield from rows
    else:
        yield "<tbody>\n"
        yield from rows
        yield "</tbody>"
    yield "</table></section>\n"


def _torrent_row(view: TorrentView, report: Report, cards: Mapping[str, str], names: Mapping[str, int]) -> str:
    counts, failover, torrent = view.counts, view.failover, view.torrent
    name = escape(torrent.name)
    if (card := cards.get(torrent.info_hash_hex)) is not None:
        name = f'<a href="#{card}">{name}</a>'
    if names[torrent.name] > 1:
        name += f' <small class="mono">{torrent.info_hash_hex[:10]}</small>'
    if view.verdict is not Verdict.OK and view.why:
        is_known = view.since is not None and evidence.is_older_than_run(view.since, report)
        begun = f", since {since(view.since, report.generated_at)}" if is_known else ""
        name += f"<small>{escape(view.why)}{begun}</small>"
    tier = "" if failover.active_tier is None else f", tier {failover.active_tier}"
    age_s = evidence.age_s(view, report.generated_at)
    return (
        f'<tr><td data-s="{view.verdict.badness}">{tag(view.verdict.value, view.verdict.value)}</td>'
        f'<th scope="row">{name}</th>'
        f'<td class="n">{_count(counts.seeders)}</td><td class="n">{_count(counts.leechers)}</td>'
        f'<td class="n">{_count(counts.completed)}</td>'
        f'<td class="n">{failover.working}/{failover.total}</td>'
        f"<td>{escape(evidence.active(view))}{tier}</td>"
        f'<td class="n"{seconds(age_s)}>{"?" if age_s is None else wording.duration(age_s)}</td></tr>\n'
    )


def _count(number: int | None) -> str:
    return "?" if number is None else f"{number:,}"


# -- trackers --------------------------------------------------------------------------------------------------------


def trackers(account: Account, report: Report, style: Style) -> Iterator[str]:
    """Each tracker with its addresses, where the time went, and its last 30 days."""
    views = account.trackers
    if not views:
        return
    table = _Trackers(report)
    yield table.legend()
    folded = [view for view in views if view.state is Health.UP] if len(views) > MAX_OPEN_ROWS else []
    shown = [view for view in views if view.state is not Health.UP] if folded else views
    yield _group(len(views))
    if shown:
        yield from _table("trackers", "trackers", table.head, [table.rows(view) for view in shown], in_bodies=True)
    if folded:
        up = f"{wording.many(len(folded), 'tracker')} {wording.are(len(folded))} up"
        yield f"<details{' open' if style.all_rows else ''}><summary>{tag('ok', 'up')} {up}</summary>\n"
        rows = [table.rows(view) for view in folded]
        yield from _table("trackers", "trackers that are up", table.head, rows, in_bodies=True)
        yield "</details>\n"
    yield "</section>\n"


class _Trackers:
    """Rows of one table: what is common to all of them."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._now = report.generated_at
        totals = [
            sum(span_s for _, _, span_s in strips.spent(endpoint.phases))
            for view in report.trackers
            for endpoint in view.endpoints
        ]
        self._longest_s = strips.fit([total_s for total_s in totals if total_s])
        past = next(iter(report.pasts.values()), None)
        self._days = past.stretches if past is not None else ()
        last = f" to {strips.day(self._days[-1].begin)}" if self._days else ""
        past_head = f'<th scope="col">{len(self._days)} days{last}</th>' if self._days else ""
        columns = "<col>" * 4 + ('<col><col class="days">' if self._days else '<col class="bars">') + "<col>" * 2
        self.head = (
            f"<colgroup>{columns}</colgroup>"
            '<thead><tr><th scope="col">State</th><th scope="col">Tracker</th><th scope="col" class="n">Torrents</th>'
            f'<th scope="col" class="n">Addresses</th><th scope="col">Latency</th>{past_head}<th scope="col">Since</th>'
            '<th scope="col">Why, and what it does</th></tr></thead>'
        )

    def legend(self) -> str:
        """What the pictures mean."""
        shades = "".join(
            f'<li><svg viewBox="0 0 8 8" aria-hidden="true"><rect class="p{index}" width="8" height="8"/></svg>{name}</li>'
            for index, name in enumerate(strips.PHASES, 1)
        )
        told = "<li>30-day strips: no history yet</li>"
        if self._report.quorum is not None:
            told = "<li>30-day strips: each vantage keeps a history of its own</li>"
        if self._days:
            keys = (
                ('<rect class="ok" width="5" height="22"/>', "answered all day"),
                ('<rect class="warning" y="11" width="5" height="11"/>', "in part"),
                ('<path class="x" d="M0 2l5 18m0-18l-5 18"/>', "not at all"),
                ('<rect class="none" y="19" x="1.5" width="2" height="2"/>', "not known"),
            )
            told = "".join(
                f'<li><svg class="key" viewBox="0 0 5 22" aria-hidden="true">{s}</svg>{word}</li>' for s, word in keys
            )
        return f'<ul class="legend">{shades}</ul>\n<ul class="legend">{told}</ul>\n'

    def rows(self, view: TrackerView) -> str:
        """One tracker, and a row for each of its addresses."""
        addresses = f"{view.endpoints_up}/{len(view.endpoints)}" if view.endpoints else "-"
        cells = [
            f'<td data-s="{view.state.badness}">{tracker_tag(view)}</td>',
            f'<th scope="row">{url(view.tracker.shown_url)}</th>',
            f'<td class="n">{view.torrents:,}</td>',
            f'<td class="n">{addresses}</td>',
            f'<td class="time"{seconds(view.latest_latency_s)}>{wording.latency(view.latest_latency_s)}</td>',
        ]
        if self._days:
            cells.append(self._past(self._report.pasts.get(view.tracker.id)))
        cells.append(self._begun(view.since))
        cells.append(f"<td>{self._why(view)}</td>")
        return f"<tbody>\n<tr>{''.join(cells)}</tr>\n{''.join(map(self._address, view.endpoints))}</tbody>\n"

    def _begun(self, begun_at: datetime | None) -> str:
        """The cell that says since when."""
        if begun_at is None:
            return '<td data-s="-1">?</td>'
        age_s = (self._now - begun_at).total_seconds()
        if not evidence.is_older_than_run(begun_at, self._report):
            return f'<td class="since"{seconds(age_s)}><small>this run</small></td>'
        told = f'{wording.duration(age_s)}<small class="of">{at_minute(begun_at, self._now)}</small>'
        return f'<td class="since"{seconds(age_s)}>{told}</td>'

    def _past(self, past: TrackerHistory | None) -> str:
        share = strips.share_answered(past.stretches) if past is not None else None
        if past is None or share is None:
            return '<td data-s=""><small>no history yet</small></td>'
        # Rounded down: what failed once was not 100 %.
        return (
            f'<td data-s="{share:.5f}">{strips.strip(past.stretches)} <small>{int(share * 1000) / 10:g} %</small></td>'
        )

    def _why(self, view: TrackerView) -> str:
        parts = [wording.reason(view), wording.effect(view.effect), view.note]
        quorum = self._report.quorum
        if quorum is not None and (names := quorum.down_for.get(view.tracker.id)):
            parts.append(f"down from {', '.join(names)}")
        if view.muted is not None:
            parts.append("muted by you")
        told = "<br>".join(escape(part) for part in parts if part)
        if view.tls_expires_at is not None:
            told += f"{'<br>' if told else ''}<small>certificate to {at_minute(view.tls_expires_at, self._now)}</small>"
        return told

    def _address(self, view: EndpointView) -> str:
        spent = strips.spent(view.phases)
        words = " + ".join(f"{name} {wording.latency(span_s)}" for _, name, span_s in spent)
        timed = f"{strips.bar(view.phases, self._longest_s, words)}<small>{words}</small>" if spent else "-"
        failure = escape(wording.failure(view.failure)) if view.failure is not None else ""
        if view.failure is not None and view.last_success_at is not None:
            failure += f"<br><small>last answer {at_minute(view.last_success_at, self._now)}</small>"
        wide = ' colspan="2"' if self._days else ""
        return (
            f'<tr class="e"><td>{endpoint_tag(view)}</td><td class="mono" colspan="3">{escape(str(view.endpoint))}</td>'
            f'<td class="time"{wide}>{timed}</td>{self._begun(view.since)}<td>{failure}</td></tr>\n'
        )
