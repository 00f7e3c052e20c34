"""The report as one page for a browser: nothing is loaded from elsewhere, and without script it is complete."""

from __future__ import annotations

from collections import Counter
from html import escape
from typing import TYPE_CHECKING

from trackerwatch import __version__
from trackerwatch.reports.page import tables as html_tables
from trackerwatch.reports.page.parts import GLYPHS, at_minute, fact, items, since, tag, tone, url
from trackerwatch.reports.page.style import DARK, LIGHT, POLICY, SCRIPT, STYLE
from trackerwatch.reports.rows import Subject
from trackerwatch.reports.telling import skipped, wording
from trackerwatch.reports.telling.account import account_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from trackerwatch.reports.formats import Style
    from trackerwatch.reports.rows import Report
    from trackerwatch.reports.telling.account import Account, Block

MAX_OPEN_CARDS = 30
"""So many problems stand open; the next are folded."""
MAX_CARDS = 300
"""So many are told in full; the tables tell of the rest."""
MAX_LINES = 100
"""Changes and remarks that stand open."""
MAX_MEMBERS = 500
"""Names that one card for many lists."""
MAX_SOURCES = 20
"""Inputs that one reason for skipping names."""


def render(report: Report, style: Style) -> Iterator[str]:
    """The page, piece by piece."""
    yield from _Page(report, style).pieces()


class _Page:
    """One rendering."""

    def __init__(self, report: Report, style: Style) -> None:
        self._report = report
        self._style = style
        self._now = report.generated_at
        self._account: Account = account_of(report)
        self._cards: dict[str, str] = {}
        for number, block in enumerate(self._account.blocks[:MAX_CARDS], 1):
            for key in (block.torrent, *(member for member, _ in block.members)):
                if key is not None:
                    self._cards.setdefault(key, f"p{number}")

    def pieces(self) -> Iterator[str]:
        yield from self._head()
        yield "<main>\n"
        yield from self._problems()
        yield from self._changes()
        yield from self._not_judged()
        yield from self._torrents()
        yield from self._trackers()
        yield from self._notes()
        yield from self._about()
        yield "</main>\n"
        yield f"<footer><p>trackerwatch {escape(__version__)}</p></footer>\n"
        yield f"<script>{SCRIPT}</script>\n</body>\n</html>\n"

    # -- the sentence ------------------------------------------------------------------------------------------------

    def _head(self) -> Iterator[str]:
        account = self._account
        word = account.verdict.value.upper()
        told = escape(account.sentence)
        yield (
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            f"<title>{word} {told}</title>\n"
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<meta name="referrer" content="no-referrer">\n<meta name="color-scheme" content="light dark">\n'
            f'<link rel="icon" href="{_icon(tone(account.verdict))}">\n'
            f"<style>{STYLE}</style>\n</head>\n<body>\n"
        )
        yield (
            f'<header class="verdict {tone(account.verdict)}">\n'
            f'<h1><span class="word"><span aria-hidden="true">{GLYPHS[tone(account.verdict)]}</span> {word}</span> '
            f"{told}</h1>\n"
            f'<p class="soft">{at_minute(self._now, None)}, {"put together at" if self._report.quorum else "seen from"} '
            f"{escape(self._report.vantage.name) or 'here'}</p>\n</header>\n"
        )
        yield from self._nav()

    def _nav(self) -> Iterator[str]:
        account = self._account
        torrents = sum(len(section.rows) for section in account.sections)
        places = (
            ("problems", "Problems", len(account.blocks) + bool(account.skipped)),
            ("changes", "Changes", len(account.changes)),
            ("not-judged", "Not judged", len(account.not_judged)),
            ("torrents", "Torrents", torrents),
            ("trackers", "Trackers", len(account.trackers)),
            ("notes", "Notes", len(self._all_notes())),
        )
        shown = [f'<a href="#{at}">{name} {number:,}</a>' for at, name, number in places if number]
        yield f'<nav aria-label="Sections">{"".join(shown)}<a href="#about">About this report</a></nav>\n'

    # -- what is wrong -----------------------------------------------------------------------------------------------

    def _problems(self) -> Iterator[str]:
        blocks = self._account.blocks
        yield '<h2 id="problems">Problems</h2>\n'
        if not blocks and not self._account.skipped:
            yield '<p class="soft">None.</p>\n'
            return
        for number, block in enumerate(blocks[:MAX_OPEN_CARDS], 1):
            yield self._card(number, block)
        if self._account.skipped:
            yield self._skipped()
        if folded := blocks[MAX_OPEN_CARDS:]:
            rules = Counter(block.rule for block in folded)
            told = ", ".join(f"{number:,} {rule}" for rule, number in rules.most_common())
            yield f"<details><summary>{wording.many(len(folded), 'more problem')}: {told}</summary>\n"
            for number, block in enumerate(blocks[MAX_OPEN_CARDS:MAX_CARDS], MAX_OPEN_CARDS + 1):
                yield self._card(number, block)
            if len(blocks) > MAX_CARDS:
                yield f'<p class="soft">and {len(blocks) - MAX_CARDS:,} more, which the tables below tell in short</p>\n'
            yield "</details>\n"

    def _card(self, number: int, block: Block) -> str:
        alone = not block.members
        subject = (escape if block.torrent else url)(block.subject) or "This run"
        collection = f" <small>in {escape(block.collection)}</small>" if block.collection else ""
        texts: dict[str, list[str]] = {"these": []}
        for label, text in block.facts(self._now):
            texts.setdefault(label, []).append(text)
        # What has more to it here than text: every name is listed, and machines read the time.
        of_its_own = {"these": _members(block), "since": _since(block, self._now)}
        facts = (
            *(
                fact(
                    label.capitalize(), of_its_own.get(label, "".join(f"<p>{escape(text)}</p>" for text in told)), label
                )
                for label, told in texts.items()
            ),
            fact("Info hash", f'<span class="mono">{escape(block.torrent)}</span>' if alone and block.torrent else ""),
        )
        told = "".join(facts)
        return (
            f'<article class="card {tone(block.severity)}" id="p{number}">\n'
            f"<header>{tag(tone(block.severity), block.severity.value)}<h3><bdi>{subject}</bdi>{collection}</h3>"
            f"<code>{block.rule}</code></header>\n<p>{escape(block.message)}</p>\n"
            + (f"<dl>{told}</dl>\n" if told else "")
            + "</article>\n"
        )

    def _skipped(self) -> str:
        """One card for all inputs that could not be used."""
        reasons = self._account.skipped
        texts: dict[str, list[str]] = {}
        for label, text in skipped.facts(reasons, MAX_LINES, MAX_SOURCES):
            texts.setdefault(label, []).append(text)
        facts = (
            fact(label.capitalize(), items(lines) if len(lines) > 1 else escape(lines[0]), label)
            for label, lines in texts.items()
        )
        return (
            f'<article class="card warning">\n<header>{tag("warning", "warning")}'
            f"<h3>{skipped.head(reasons)}</h3><code>skipped_input</code></header>\n"
            f"<dl>{''.join(facts)}</dl>\n</article>\n"
        )

    # -- what changed, what is not known -----------------------------------------------------------------------------

    def _changes(self) -> Iterator[str]:
        account = self._account
        if self._report.subject is Subject.TRACKERS and not account.compared:
            return
        yield '<h2 id="changes">Changes</h2>\n'
        if account.compared:
            yield f'<p class="soft">{escape(_capital(account.compared))}</p>\n'
            yield _boxed(account.changes) if account.changes else "<p>None.</p>\n"
        else:
            yield '<p class="soft">Not compared: no earlier run is known (<code>--against FILE</code> names a report).</p>\n'

    def _not_judged(self) -> Iterator[str]:
        account = self._account
        yield '<h2 id="not-judged">Not judged</h2>\n'
        if account.not_judged:
            yield _boxed(account.not_judged)
        else:
            yield '<p class="soft">Nothing was left out.</p>\n'

    # -- rows --------------------------------------------------------------------------------------------------------

    def _torrents(self) -> Iterator[str]:
        if any(section.rows or section.by_verdict for section in self._account.sections):
            yield '<h2 id="torrents">Torrents</h2>\n'
            yield from html_tables.torrents(self._account, self._report, self._style, self._cards)

    def _trackers(self) -> Iterator[str]:
        if self._account.trackers:
            yield '<h2 id="trackers">Trackers</h2>\n'
            yield from html_tables.trackers(self._account, self._report, self._style)

    # -- the rest, and how it was made ---------------------------------------------------------------------------------------------

    def _notes(self) -> Iterator[str]:
        if notes := self._all_notes():
            yield '<h2 id="notes">Notes</h2>\n'
            yield _boxed(notes)

    def _all_notes(self) -> tuple[str, ...]:
        account = self._account
        return (*account.notes, *(f"{label}: {line}" for label, line in account.orders))

    def _about(self) -> Iterator[str]:
        account, report = self._account, self._report
        made = f"{at_minute(self._now, None)}, in {report.duration_s:.1f} s"
        facts = (
            fact("Seen from", escape(account.seen_from)),
            fact("Made", made),
            fact("Vantages", items(account.votes)),
            fact("Policy", escape(account.policy)),
            fact("Exit code", f"{account.exit_code}"),
            fact("To make it again", f"<pre><code>{escape(account.command)}</code></pre>" if account.command else ""),
        )
        yield '<h2 id="about">About this report</h2>\n'
        yield f'<div class="plain"><dl class="facts">{"".join(facts)}</dl></div>\n'


def _since(block: Block, now: datetime) -> str:
    latest = f"; the latest {since(block.since_latest, now)}" if block.since_latest is not None else ""
    return since(block.since, now) + latest


def _members(block: Block) -> str:
    """Who has a problem that many have; a long list is folded."""
    if not block.members:
        return ""
    names = [name for _, name in block.members[:MAX_MEMBERS]]
    more = len(block.members) - len(names)
    if more > 0:
        names.append(f"and {more:,} more, which the tables below list")
    some = block.examples or wording.many(len(block.members), "name")
    return f"<details><summary>{escape(some)}</summary>{items(names)}</details>"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _boxed(lines: tuple[str, ...]) -> str:
    """Lines in a box; the end of a long list is folded."""
    shown, folded = lines[:MAX_LINES], lines[MAX_LINES:]
    more = f"<details><summary>{len(folded):,} more</summary>{items(folded)}</details>" if folded else ""
    return f'<div class="plain">{items(shown)}{more}</div>\n'


def _icon(tone_of_it: str) -> str:
    """The picture of the browser's tab: a disc in the colour of the verdict, with its glyph."""
    ground, ink = LIGHT[tone_of_it].replace("#", "%23"), DARK["ink"].replace("#", "%23")
    return (
        "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
        f"%3Ccircle cx='8' cy='8' r='8' fill='{ground}'/%3E"
        f"%3Ctext x='8' y='12' font-family='sans-serif' font-size='11' font-weight='700' text-anchor='middle' fill='{ink}'%3E"
        f"{GLYPHS[tone_of_it]}%3C/text%3E%3C/svg%3E"
    ).replace(" ", "%20")
