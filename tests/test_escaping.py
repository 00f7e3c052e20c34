from __future__ import annotations

import csv
import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from trackerwatch.escaping import (
    harmless_cell,
    markdown_code,
    markdown_text,
    no_workflow_command,
    workflow_data,
    workflow_property,
)

RENDERER = MarkdownIt("gfm-like")
PLACES = ("{}", "# {}", "- {}", "| a |\n| --- |\n| {} |", "> {}", "words before {}")
HARMLESS = {"h1", "table", "thead", "tr", "th", "tbody", "td", "p", "ul", "li", "code", "blockquote"}

NASTY = [
    *("[a](javascript:x) <b> *c* `d`", "![x](http://y/z.png)", "<script>alert(1)</script>", "&amp; &lt;", "]]>"),
    *("1. list", "2) list", "- x", "+ y", "=== x", "---", "# head #", "> quote", "~~x~~ __y__ _z_", "\\", "a\\|b", "|"),
    *("@octocat please", "see #123, repo#5 and GH-12", "http://evil.example/x|y", "www.evil.com", "foo@bar.com"),
    *("$a b$ c", "`@x`", "``", "a|b@c|d`e", "@|", "| a | b |", "deadbeef12", ":smile:", "::error::x", "   x"),
]


def shown(markdown: str) -> tuple[str, set[str]]:
    """The text that a reader sees, and the tags around it."""
    page = RENDERER.render(markdown + "\n")
    tags = set(re.findall(r"<(\w+)", page)) - HARMLESS
    return html.unescape(re.sub(r"<[^>]+>", "", page)), tags


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("text", NASTY)
@pytest.mark.parametrize("escape", [markdown_text, markdown_code])
def test_markdown_shows_foreign_text_as_it_is(text, place, escape):
    seen, tags = shown(place.format(escape(text)))
    assert " ".join(text.split()) in seen
    assert tags == set()


@given(st.text(alphabet="ab1 `|\\*_#@[]()<>!&~$:/.-+=\n", max_size=30), st.sampled_from(PLACES))
def test_markdown_of_any_marks_is_that_text(text, place):
    seen, tags = shown(place.format(markdown_text(f"x{text}x")))
    assert " ".join(f"x{text}x".split()) in seen
    assert tags == set()


@pytest.mark.parametrize(
    "word",
    ["@octocat", "#123", "gitlab#1", "GH-7", "!4", "~bug", "$x$", "https://x.org", "0123abcd", "a@b.c"],
)
def test_what_becomes_a_link_only_later_is_code(word):
    assert markdown_text(f"so {word} it is") == f"so `{word}` it is"


def test_plain_words_stay_readable_in_the_source():
    text = "refused (61 % done), 2 of 3: fine - 2026-11-22 14:02 UTC, 192.0.2.7:6969 well-known!"
    assert markdown_text(text) == text


def test_hosts_and_files_are_code_without_what_follows_them():
    assert markdown_text(":tada: @me: (#1)") == "`:tada`: `@me`: (`#1`)"
    assert markdown_text("by foo.org:6969, a.iso (b.net): x") == "by `foo.org:6969`, `a.iso` (`b.net`): x"


def test_workflow_commands_are_escaped_as_the_runner_undoes_it():
    assert workflow_data("50 % done\r\nat: a,b") == "50 %25 done%0D%0Aat: a,b"
    assert workflow_property("a:b,c%0A\n") == "a%3Ab%2Cc%250A%0A"


@pytest.mark.parametrize(
    ("line", "harmless"),
    [
        ("::error::x", " :error::x"),
        ("   ::add-mask file=1::x", "    :add-mask file=1::x"),
        ("name ##[error]x ##vso[task]", "name # [error]x # vso[task]"),
        ("::1 6969 is an address", "::1 6969 is an address"),
        ("t1 ::error::x", "t1 ::error::x"),
        ("## heading", "## heading"),
    ],
)
def test_no_line_is_a_command_for_a_runner(line, harmless):
    assert no_workflow_command(line) == harmless
    assert len(harmless) == len(line)


@pytest.mark.parametrize("text", ["x;=1+1", 'x;"=1+1;y', 'x; " @SUM(A1)', "x\t=1"])
def test_no_part_of_a_cell_becomes_a_formula_where_semicolons_end_cells(text):
    written = f'"{harmless_cell(text).replace(chr(34), chr(34) * 2)}"'
    for separator in ";\t":
        for cell in next(csv.reader([written], delimiter=separator)):
            assert not cell.strip().startswith(("=", "@", "+", "-"))
