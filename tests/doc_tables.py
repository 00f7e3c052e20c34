"""The tables in docs/ that are made from the program: `python -m tests.doc_tables` writes them anew.

Each stands between `<!-- NAME -->` and `<!-- /NAME -->`; a test keeps them as they would be written.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from tests.doctor.facts import facts
from tests.policy.makings import EXAMPLES
from trackerwatch.actions import ACTIONS, shown_key
from trackerwatch.doctor.findings import judge
from trackerwatch.filters.fields import EVENTS, TABLES, Language, Of
from trackerwatch.meanings import meaning
from trackerwatch.outcome import FailureKind
from trackerwatch.policy.lint import lint
from trackerwatch.policy.rules import BUILT_IN, LINT, SEVERITIES, Rule, Severity
from trackerwatch.tui.app import TrackerwatchApp
from trackerwatch.tui.screens.main import MainScreen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

DOCS = Path(__file__).parent.parent / "docs"
MOVES = {
    "table.down": "Next row",
    "table.up": "Previous row",
    "table.half-down": "Half a page down",
    "table.half-up": "Half a page up",
    "table.page-down": "One page down",
    "table.page-up": "One page up",
    "table.first": "First row",
    "table.top": "First row, pressed twice",
    "table.last": "Last row",
    "table.open": "Open the full screen of the row",
}
"""Keys of tables, which panes of text and full screens have as well."""


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    return "\n".join([_row(*heads), _row(*("---" for _ in heads)), *(_row(*row) for row in rows)])


def _keys(written: str) -> str:
    return " ".join(f"`{shown_key(key)}`" for key in written.split(","))


def keys() -> str:
    """Every action of the main screen and of the program, by its live binding."""
    told = {
        binding.id: binding.tooltip
        for screen in (MainScreen, TrackerwatchApp)
        for bindings in screen._merge_bindings().key_to_bindings.values()
        for binding in bindings
        if binding.id and binding.tooltip
    }
    named = {**MOVES, **told}
    rows = [(_keys(ACTIONS[id_]), named[id_], f"`{id_}`") for id_ in (*MOVES, *sorted(told))]
    return _table(("key", "does", "id"), rows)


def _fields(language: Language, of: Of) -> str:
    rows = []
    for field, info in language.fields.items():
        if info.of is of:
            names = ", ".join(f"`{name}`" for name in (str(field), *info.aliases))
            rows.append((names, info.told, f"`{info.example}`"))
    return _table(("field", "is", "like"), rows)


def failures() -> str:
    """Every failure kind with its meaning."""
    return _table(
        ("kind", "means", "do"), [(f"`{kind}`", meaning(kind).means, meaning(kind).do) for kind in FailureKind]
    )


def questions() -> str:
    """What doctor answers, where nothing is wrong."""
    rows = [(f"`{finding.id}`", finding.question) for finding in judge(facts(proxies=("https_proxy",)))]
    return _table(("id", "question"), rows)


def _rules(rules: Iterable[Rule]) -> str:
    rows = [(f"`{rule}`", SEVERITIES[rule], meaning(rule).means, meaning(rule).do) for rule in rules]
    return _table(("rule", "severity", "means", "do"), rows)


def _of_engine(severity: Severity) -> str:
    return _rules(rule for rule in Rule if rule in BUILT_IN and SEVERITIES[rule] is severity)


def lint_examples() -> str:
    """What lint says of one torrent for each of its rules."""
    rows = []
    for rule, torrent in EXAMPLES.items():
        told = next(problem for problem in lint(torrent) if problem.rule is rule)
        rows.append((f"`{rule}`", told.message, told.action))
    return _table(("rule", "says", "do"), rows)


DRIFT = (Rule.NEW_INFO_HASH, Rule.PUBLISHED_DIFFERS)
TABLES_OF: dict[str, dict[str, Callable[[], str]]] = {
    "screen.md": {"keys": keys},
    "filters.md": {
        "fields-both": lambda: _fields(TABLES, Of.BOTH),
        "fields-torrents": lambda: _fields(TABLES, Of.TORRENT),
        "fields-trackers": lambda: _fields(TABLES, Of.TRACKER),
        "fields-events": lambda: _fields(EVENTS, Of.EVENT),
    },
    "doctor.md": {"questions": questions},
    "failures.md": {"failures": failures},
    "rules.md": {
        "rules-critical": lambda: _of_engine(Severity.CRITICAL),
        "rules-warning": lambda: _of_engine(Severity.WARNING),
        "rules-info": lambda: _of_engine(Severity.INFO),
        "rules-policy": lambda: _rules((Rule.MIN_SEEDERS, Rule.MIN_WORKING_TRACKERS, Rule.DEAD_TRACKER, Rule.REGIONAL)),
        "rules-lint": lambda: _rules(rule for rule in Rule if rule in LINT and rule not in {*DRIFT, Rule.DEAD_TRACKER}),
        "lint-examples": lint_examples,
        "rules-drift": lambda: _rules(DRIFT),
    },
}
"""By file: each table's name and what writes it."""


def renewed(text: str, tables: dict[str, Callable[[], str]]) -> str:
    """A document with its tables as they are now.

    Raises:
        ValueError: It has no place for one of them.
    """
    for name, write in tables.items():
        place = re.compile(rf"<!-- {name} -->\n.*?<!-- /{name} -->", re.DOTALL)
        if len(place.findall(text)) != 1:
            raise ValueError(f"there must be one place for the table {name}")
        begin, end = place.search(text).span()
        text = f"{text[:begin]}<!-- {name} -->\n{write()}\n<!-- /{name} -->{text[end:]}"
    return text


def main() -> None:
    """Write all of them anew."""
    for name, tables in TABLES_OF.items():
        path = DOCS / name
        path.write_text(renewed(path.read_text(encoding="utf-8"), tables), encoding="utf-8")


if __name__ == "__main__":
    main()
