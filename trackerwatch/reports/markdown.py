"""The report as Markdown that GitHub, GitLab and mail programs show alike: for release notes, comments and step summaries.

Always below `MAX_BYTES`: the limit of a comment is 64 KiB. What has no room is counted, and the HTML and JSON reports have it.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from trackerwatch.escaping import markdown_code, markdown_text
from trackerwatch.health.states import Health
from trackerwatch.policy.rules import Rule, Severity, Verdict
from trackerwatch.reports import columns
from trackerwatch.reports.telling import evidence, skipped, wording
from trackerwatch.reports.telling.account import SECTIONS_ABOVE, account_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from trackerwatch.engine.views import TorrentView, TrackerView
    from trackerwatch.reports.formats import Style
    from trackerwatch.reports.rows import Report
    from trackerwatch.reports.telling.account import Account, Block, Section

Row = TypeVar("Row")

MAX_BYTES = 60_000
"""Of the whole document, as UTF-8."""
MAX_TEXT_CHARS = 500
"""Of one message or name; escaped it takes up to five bytes a character."""
SHORT_TEXT_CHARS = 150
"""Of each text of the worst problem, where it has no room with longer ones."""
BLOCK_BYTES = 18_000
"""Room for what is wrong; the worst problem is told all the same."""
LIST_BYTES = 3_000
"""Room for each list: changes, what was not judged, notes, inputs that were skipped, votes."""
TRACKER_BYTES = 6_000
"""Room for the rows of trackers."""
MORE_BYTES = 400
"""Kept free for saying how much was left out."""
MAX_FACTS = 20
"""Lines below one problem."""
MAX_OPEN_ROWS = 20
"""Trackers that are up are folded where there are more."""
MAX_WELL_SECTIONS = 30
"""Collections of which all is well, and that are named."""
MAX_COMMAND_CHARS = 1_000

_TORRENT_HEAD = (
    "| | Torrent | Seeders | Leechers | Completed | Trackers | Tier | Active tracker | Age |\n"
    "| --- | --- | ---: | ---: | ---: | ---: | ---: | --- | ---: |\n"
)
_TRACKER_HEAD = (
    "| | Tracker | Protocol | Addresses | Torrents | Latency | Reason |\n"
    "| --- | --- | --- | ---: | ---: | ---: | --- |\n"
)
_FOLD_BYTES = 200
"""Of a fold with its heads."""


def render(report: Report, style: Style) -> Iterator[str]:
    """The document, a part at a time."""
    del style
    yield from _Page(report).parts()


class _Page:
    """One document, and the room that is left in it."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._account: Account = account_of(report)

    def parts(self) -> Iterator[str]:
        account = self._account
        head = [
            f"# {account.verdict.value.upper()}: {_text(account.sentence)}\n",
            *self._problems(),
            *self._changes(),
            *_list("Not judged", map(_text, account.not_judged)),
        ]
        orders = (f"{label}: {line}" for label, line in account.orders)
        tail = [*_list("Notes", map(_text, (*account.notes, *orders))), *self._footer()]
        trackers = [*self._trackers()]
        room = MAX_BYTES - MORE_BYTES - sum(map(_size, (*head, *trackers, *tail)))
        yield from head
        yield from self._torrents(room)
        yield from trackers
        yield from tail

    # -- what is wrong -----------------------------------------------------------------------------------------------

    def _problems(self) -> Iterator[str]:
        blocks = self._account.blocks
        if blocks or self._account.skipped:
            yield "\n## Problems\n"
        told, left_out = _fitting(map(self._block, blocks), BLOCK_BYTES)
        # Whatever it takes, the worst one is told.
        if blocks and not told:
            told, left_out = [self._block(blocks[0], SHORT_TEXT_CHARS)], left_out - 1
        yield from told
        if left_out:
            rest = sum(max(1, len(block.members)) for block in blocks[len(told) :])
            yield f"\n{_more(rest, 'problem')}\n"
        if self._account.check_again:
            yield f"\nThen check again: {_code(self._account.check_again)}\n"
        yield from self._skipped()

    def _block(self, block: Block, chars: int = MAX_TEXT_CHARS) -> str:
        """What is wrong, with texts of at most so many characters."""
        glyph = wording.SEVERITY_GLYPHS[block.severity]
        head = f"**{glyph}** {_code(block.subject, chars)} " if block.subject else f"**{glyph}** "
        if block.members:
            head = f"**{glyph} {_text(block.subject)}** "
        of = f" ({_text(block.collection, chars)})" if block.collection else ""
        lines = [f"\n{head}{_code(block.rule)}{of}: {_text(block.message, chars)}\n\n"]
        facts = islice(block.facts(self._report.generated_at), MAX_FACTS)
        return "".join([*lines, *(f"- {label}: {_text(text, chars)}\n" for label, text in facts)])

    def _skipped(self) -> Iterator[str]:
        alike = self._account.skipped
        if not alike:
            return
        glyph = wording.SEVERITY_GLYPHS[Severity.WARNING]
        yield f"\n**{glyph} {skipped.head(alike)}** {_code(Rule.SKIPPED_INPUT)}\n\n"
        facts = [f"- {label}: {_text(text)}\n" for label, text in skipped.facts(alike, len(alike))]
        lines, left_out = _fitting(facts[:-2], LIST_BYTES)
        yield from lines
        if left_out:
            yield f"- {_more(left_out, 'reason')}\n"
        yield from facts[-2:]

    def _changes(self) -> Iterator[str]:
        account = self._account
        if account.compared and account.changes:
            yield from _list(f"Changes {account.compared}", map(_text, account.changes), "change")
        elif account.compared:
            yield f"\nNo changes {_text(account.compared)}.\n"

    # -- rows --------------------------------------------------------------------------------------------------------

    def _torrents(self, room: int) -> Iterator[str]:
        account = self._account
        if not account.sections:
            return
        yield "\n## Torrents\n"
        sections: Sequence[Section | None] = (None,)
        if len(account.sections) > 1 and self._report.torrents_judged > SECTIONS_ABOVE:
            sections = account.sections
        room -= _size("\n## Torrents\n")
        bad: dict[int, Sequence[TorrentView]] = {}
        well: dict[int, Sequence[TorrentView]] = {}
        for number, section in enumerate(sections):
            rows = account.rows if section is None else section.rows
            bad[number] = [view for view in rows if view.verdict is not Verdict.OK]
            well[number] = [view for view in rows if view.verdict is Verdict.OK]
        # What is not well comes first, however many collections there are; what room is left is for the rest.
        heads = {number: _section_head(section) for number, section in enumerate(sections) if section is not None}
        shown: dict[int, str] = {}
        ill = sum(map(bool, bad.values()))
        for place, number in enumerate(sorted(bad, key=lambda number: not bad[number])):
            head = heads.get(number, "")
            if room < _size(head) + MORE_BYTES or place >= ill + MAX_WELL_SECTIONS:
                continue
            room -= _size(head)
            shown[number] = head
            if bad[number]:
                table = _table(_TORRENT_HEAD, map(self._torrent, bad[number]), room, "that are not ok")
                room -= _size(table)
                shown[number] += table
        folded = [number for number in shown if well[number]]
        for place, number in enumerate(folded):
            # Each collection has its share, and what the ones before it left.
            share = room // (len(folded) - place)
            lines = map(self._torrent, well[number])
            fold = _fold(f"{len(well[number]):,} ok", _TORRENT_HEAD, lines, share, "ok")
            room -= _size(fold)
            shown[number] += fold
        yield from (shown[number] for number in sorted(shown))
        if len(shown) < len(sections):
            yield f"\n{_more(len(sections) - len(shown), 'collection')}\n"

    def _torrent(self, view: TorrentView) -> str:
        failover, counts = view.failover, view.counts
        age_s = evidence.age_s(view, self._report.generated_at)
        active = failover.active
        return _row(
            wording.VERDICT_MARKS[view.verdict],
            _code(columns.elide_middle(view.torrent.name, 100)),
            wording.count(counts.seeders),
            wording.count(counts.leechers),
            wording.count(counts.completed),
            f"{failover.working}/{failover.total}",
            "-" if failover.active_tier is None else f"{failover.active_tier}",
            evidence.active(view) if active is None else _code(active.host_port),
            "-" if age_s is None else wording.duration(age_s),
        )

    def _trackers(self) -> Iterator[str]:
        views = self._account.trackers
        if not views:
            return
        yield "\n## Trackers\n"
        bad = [view for view in views if view.state is not Health.UP]
        well = [view for view in views if view.state is Health.UP]
        if len(well) <= MAX_OPEN_ROWS:
            bad, well = [*bad, *well], []
        room = TRACKER_BYTES
        if bad:
            table = _table(_TRACKER_HEAD, map(_tracker, bad), room, "trackers")
            room -= _size(table)
            yield table
        if well:
            yield _fold(f"{len(well):,} up", _TRACKER_HEAD, map(_tracker, well), room, "up")

    # -- the rest ----------------------------------------------------------------------------------------------------

    def _footer(self) -> Iterator[str]:
        account = self._account
        yield "\n## About this report\n\n"
        yield f"- seen from {_text(account.seen_from)}\n"
        yield f"- made {self._report.generated_at:%Y-%m-%d %H:%M:%S} UTC\n"
        votes, left_out = _fitting((f"- {_text(vote)}\n" for vote in account.votes), LIST_BYTES)
        yield from votes
        if left_out:
            yield f"- {_more(left_out, 'vote')}\n"
        if account.policy:
            yield f"- {_text(account.policy)}\n"
        yield f"- exit {account.exit_code}\n"
        if account.command:
            yield f"- again: {markdown_code(account.command[:MAX_COMMAND_CHARS])}\n"


def _size(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


def _cut(text: str, chars: int) -> str:
    return text if len(text) <= chars else text[: chars - 1] + "…"


def _text(text: str, chars: int = MAX_TEXT_CHARS) -> str:
    return markdown_text(_cut(text, chars))


def _code(text: str, chars: int = MAX_TEXT_CHARS) -> str:
    return markdown_code(_cut(text, chars))


def _more(number: int, noun: str) -> str:
    return f"{wording.many(number, f'more {noun}')}: in the HTML and JSON reports"


def _fitting(parts: Iterable[str], room: int) -> tuple[list[str], int]:
    """The first of them that have room, and how many are left out."""
    told: list[str] = []
    left_out = 0
    for part in parts:
        room -= _size(part)
        if left_out or room < 0:
            left_out += 1
        else:
            told.append(part)
    return told, left_out


def _list(title: str, lines: Iterable[str], noun: str = "line") -> Iterator[str]:
    told, left_out = _fitting((f"- {line}\n" for line in lines), LIST_BYTES)
    if told or left_out:
        yield f"\n## {_text(title)}\n\n"
    yield from told
    if left_out:
        yield f"- {_more(left_out, noun)}\n"


def _section_head(section: Section) -> str:
    return f"\n### {_text(section.name)}: {wording.verdicts(section.by_verdict)}\n"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |\n"


def _tracker(view: TrackerView) -> str:
    return _row(
        wording.HEALTH_MARKS[view.state] if view.disabled is None else wording.SWITCHED_OFF_MARK,
        _code(view.tracker.host_port),
        view.tracker.protocol.value,
        f"{view.endpoints_up}/{len(view.endpoints)}" if view.endpoints else "-",
        wording.count(view.torrents),
        wording.latency(view.latest_latency_s),
        markdown_text(columns.elide_end(wording.reason(view), 120)),
    )


def _table(head: str, rows: Iterable[str], room: int, what: str) -> str:
    told, left_out = _fitting(rows, room - _FOLD_BYTES)
    table = f"\n{head}{''.join(told)}" if told else ""
    more = f"\n{left_out:,} more {what}: in the HTML and JSON reports\n" if left_out else ""
    return table + more


def _fold(summary: str, head: str, rows: Iterable[str], room: int, what: str) -> str:
    """Rows that one click opens; their number alone, or nothing, where none has room."""
    table = _table(head, rows, room - _FOLD_BYTES, what)
    if not table.startswith(f"\n{head}"):
        return f"\n{summary}\n" if room > 0 else ""
    return f"\n<details><summary>{summary}</summary>\n{table}\n</details>\n"
