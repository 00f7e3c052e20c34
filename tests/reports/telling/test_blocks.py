from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape

import pytest

from tests.reports import scenes
from tests.reports.telling.test_account import breaking, exhausted_by_a_tracker, release
from tests.reports.test_building import report_on
from trackerwatch.policy.rules import Rule, Severity
from trackerwatch.reports import Style, markdown, renderer
from trackerwatch.reports.telling.account import account_of

SOME = (Rule.REDUNDANCY, Rule.MIN_SEEDERS)


def test_facts_come_in_the_order_of_reading():
    [block] = account_of(release()).blocks
    assert list(block.facts(scenes.NOW)) == [
        ("evidence", "tracker.example.org:1337 1 seeder, 14 leechers"),
        ("effect", "1 of 1 tracker works; clients use tracker.example.org:1337 (tier 0); 1 seeder"),
        ("since", "13:48 UTC (14m ago)"),
        ("do", "start 1 more on another machine"),
    ]


def test_many_together_say_who_they_are_and_what_else_is_wrong():
    [block] = account_of(breaking(lambda _: SOME, lambda rule, n: f"{rule} {n}", 40)).blocks
    labels = [label for label, _ in block.facts(scenes.NOW)]
    assert labels == ["these", "also", *["evidence"] * 4, "effect", "do", "do"]


def begun(*ages_s: float):
    """Torrents with one problem, so long ago."""
    report = breaking(lambda _: (Rule.REDUNDANCY,), lambda rule, _: rule, len(ages_s))
    problems = tuple(
        replace(problem, since=scenes.NOW - timedelta(seconds=age_s))
        for problem, age_s in zip(report.problems, ages_s, strict=True)
    )
    return replace(report, problems=problems)


@pytest.mark.parametrize(
    ("ages_s", "told"),
    [
        ((840, 840, 830, 800), "13:48 UTC (14m ago)"),
        ((840, 120, 600, 120), "13:48 UTC (14m ago); the latest 14:00 UTC (2m ago)"),
        # Of those that this run was the first to see nobody knows more.
        ((840, 1, 1, 1), "13:48 UTC (14m ago); the latest 14:02 UTC (0s ago)"),
    ],
)
def test_many_that_did_not_begin_at_once_are_not_told_so(ages_s, told):
    report = begun(*ages_s)
    [block] = account_of(report, folded=True).blocks
    assert dict(block.facts(scenes.NOW))["since"] == told
    assert all(time in "".join(renderer("html")(report, Style())) for time in re.findall(r"\d\d:\d\d UTC", told))


def test_many_that_this_run_was_the_first_to_see_have_no_time():
    [block] = account_of(begun(1, 2, 1, 2), folded=True).blocks
    assert "since" not in dict(block.facts(scenes.NOW))


@pytest.mark.parametrize("name", ["table", "markdown", "github", "junit", "html"])
@pytest.mark.parametrize(
    "report", [release(), report_on(scenes.failed_over_scene()), breaking(lambda _: SOME, lambda rule, _: rule, 40)]
)
def test_every_format_for_people_tells_every_fact(name, report):
    text = "".join(renderer(name)(report, Style()))
    said = " ".join(unescape(re.sub(r"<[^>]+>|[`\\]", " " if name == "html" else "", text)).split())
    said = said.replace("%0A", " ").replace("%25", "%")
    for block in account_of(report, folded=name != "junit").blocks:
        for label, fact in block.facts(scenes.NOW):
            # A page for a browser marks times for machines, and lists all names.
            if name != "html" or label not in ("since", "these"):
                assert " ".join(fact.split()) in said, (label, fact)
            if name != "html":
                assert re.search(rf"\b{label}:?\s+{re.escape(fact.split()[0])}", said)


@pytest.mark.parametrize("name", ["table", "markdown", "github", "nagios", "html"])
def test_every_format_tells_the_worst_first(name):
    text = "".join(renderer(name)(exhausted_by_a_tracker(severity=Severity.WARNING), Style()))
    places = [text.rindex(message) for message in ("no tracker is left", "is down", "tier 0 failed")]
    assert places == sorted(places)


def test_whatever_has_no_room_in_markdown_is_not_the_worst(monkeypatch):
    monkeypatch.setattr(markdown, "BLOCK_BYTES", 10)
    text = "".join(markdown.render(exhausted_by_a_tracker(severity=Severity.WARNING), Style()))
    assert "no tracker is left" in text
    assert "2 more problems" in text
