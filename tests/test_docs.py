"""What docs/ say of keys, fields and failures is what the program has; links lead somewhere."""

from __future__ import annotations

import re

import pytest

from tests.doc_tables import DOCS, TABLES_OF, renewed
from trackerwatch.actions import ACTIONS
from trackerwatch.filters import parse_event_filter, parse_filter
from trackerwatch.filters.fields import EVENTS, TABLES
from trackerwatch.policy.reading import read_policy
from trackerwatch.policy.rules import Rule, Severity

ROOT = DOCS.parent
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.glob("*.md"))]


@pytest.mark.parametrize("name", TABLES_OF)
def test_tables_are_as_the_program_would_write_them(name):
    text = (DOCS / name).read_text(encoding="utf-8")
    assert text == renewed(text, TABLES_OF[name]), "python -m tests.doc_tables writes them anew"


def test_no_key_is_undocumented():
    text = (DOCS / "screen.md").read_text(encoding="utf-8")
    assert {id_ for id_ in ACTIONS if id_.startswith("main.")} - set(re.findall(r"`(main\.[a-z-]+)`", text)) == set()


def test_every_example_of_a_field_is_a_filter():
    for info in TABLES.fields.values():
        assert not parse_filter(info.example).is_empty
    for info in EVENTS.fields.values():
        parse_event_filter(info.example)


def test_every_filter_in_the_page_is_one():
    text = (DOCS / "filters.md").read_text(encoding="utf-8")
    block = text.partition("<!-- examples -->")[2].partition("<!-- /examples -->")[0]
    found = [line.strip().split("   ")[0] for line in block.splitlines() if line.startswith("    ")]
    assert len(found) > 5
    for expression in found:
        assert not parse_filter(expression).is_empty, expression


def test_every_rule_is_told_once_and_the_example_is_a_policy():
    text = (DOCS / "rules.md").read_text(encoding="utf-8")
    table_rows = re.findall(r"^\| `(\w+)` \| (?:critical|warning|info) \|.+\|.+\|$", text, re.MULTILINE)
    assert sorted(table_rows) == sorted(Rule)
    (example,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    policy = read_policy(example, "rules.md", {})
    assert policy.defaults.severities[Rule.UNSAFE_TRACKER] is Severity.CRITICAL
    assert policy.defaults.severities[Rule.NO_WEB_SEEDS] is None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        if "://" not in target:
            assert (page.parent / target).exists(), target
