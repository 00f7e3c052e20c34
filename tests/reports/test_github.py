from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tests.reports import scenes
from tests.reports.telling.test_account import ill, release
from tests.reports.test_building import HERE, report_on
from tests.reports.test_markdown import NASTY
from trackerwatch.policy.rules import Rule, Severity, Verdict
from trackerwatch.reports import Style
from trackerwatch.reports.building import empty_report
from trackerwatch.reports.github import MAX_OF_A_KIND, render
from trackerwatch.reports.rows import SkippedInput

UNDONE = {"data": {"%0D": "\r", "%0A": "\n"}, "property": {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ","}}


def undone(text: str, kind: str) -> str:
    """What the runner makes of an escaped text: its replacements, in its order."""
    for escaped, meant in {**UNDONE[kind], "%25": "%"}.items():
        text = text.replace(escaped, meant)
    return text


def as_the_runner(line: str) -> tuple[str, dict[str, str], str] | None:
    """Command, properties and message of a line, read as actions/runner reads it. None: it is plain text."""
    line = line.lstrip()
    if line.startswith("::") and (end := line.find("::", 2)) >= 0:
        command, _, given = line[2:end].partition(" ")
        pairs = (pair.partition("=") for pair in given.strip().split(",") if pair)
        return command, {name: undone(value, "property") for name, _, value in pairs}, undone(line[end + 2 :], "data")
    return None


def annotations(report) -> list[tuple[str, str, str]]:
    text = "".join(render(report, Style()))
    assert text.endswith("\n")
    found = []
    for line in text.removesuffix("\n").split("\n"):
        assert "##[" not in line
        assert re.match(r"::(notice|warning|error) title=[^:,]+::", line)
        command, properties, message = as_the_runner(line)
        assert set(properties) == {"title"}
        found.append((command, properties["title"], message))
    return found


def test_a_release_with_one_problem():
    assert annotations(release()) == [
        (
            "notice",
            "trackerwatch: CRITICAL",
            "release 13.2: 1 of 12 torrents has a problem; 11 are ready",
        ),
        (
            "error",
            "distro-13.2-1.iso: min_seeders",
            (
                "1 seeder, 2 are asked for\n"
                "evidence: tracker.example.org:1337 1 seeder, 14 leechers\n"
                "effect: 1 of 1 tracker works; clients use tracker.example.org:1337 (tier 0); 1 seeder\n"
                "since: 13:48 UTC (14m ago)\n"
                "do: start 1 more on another machine"
            ),
        ),
    ]


def test_inputs_that_were_skipped_are_one_warning():
    skipped = [SkippedInput(f"f{n}", "empty file") for n in range(9)] + [SkippedInput("x", "ends early")]
    report = empty_report("no usable input", vantage=HERE, duration_s=0.0, skipped=skipped)
    assert annotations(report) == [
        ("notice", "trackerwatch: UNKNOWN", "no usable input; 10 inputs skipped"),
        (
            "warning",
            "10 inputs skipped",
            (
                "evidence: f0; f1; f2; and 6 more: empty file\nevidence: x: ends early\n"
                "effect: not part of this report\ndo: repair these inputs or take them out"
            ),
        ),
    ]


def test_many_alike_are_one_annotation():
    [_, (command, title, message)] = annotations(ill(214, lambda _: "one seeder only"))
    assert (command, title) == ("warning", "214 torrents: one_seeder")
    assert message.split("\n")[:2] == ["one seeder only", "these: t0; t1; t2; and 211 more"]


def test_the_last_of_ten_counts_the_rest():
    rules = [rule for rule in Rule if rule is not Rule.SKIPPED_INPUT][:13]
    views = []
    for number, rule in enumerate(rules):
        listed = scenes.torrent(f"t{number}", [scenes.UP])
        problem = replace(scenes.problem(rule, f"m{number}", "do", of=listed), severity=Severity.WARNING)
        views.append(scenes.seen(listed, Verdict.WARNING, problems=(problem,)))
    report = report_on(scenes.snapshot(views, [scenes.tracker(scenes.UP)]))
    found = [(title, message) for command, title, message in annotations(report) if command == "warning"]
    assert len(found) == MAX_OF_A_KIND
    told = ", ".join(f"1 {rule}" for rule in rules[9:])
    assert found[-1] == ("4 more problems", f"{told}: the report has them all")
    fewer = report_on(scenes.snapshot(views[:10], [scenes.tracker(scenes.UP)]))
    assert [title for command, title, _ in annotations(fewer) if command == "warning"][-1] == f"t9: {rules[9]}"


@pytest.mark.parametrize("nasty", [*NASTY, "100 %0A::error::x", "a%25b", "##[add-mask]secret", "::stop-commands::x"])
def test_foreign_text_is_no_command(nasty):
    listed = scenes.torrent(nasty, [scenes.UP])
    problem = scenes.problem(Rule.ONE_SEEDER, nasty, nasty, of=listed)
    view = scenes.seen(listed, Verdict.WARNING, problems=(problem,))
    report = report_on(
        scenes.snapshot([view], [scenes.tracker(scenes.UP)]), title=nasty, skipped=[SkippedInput(nasty, nasty)]
    )
    found = annotations(report)
    assert [command for command, _, _ in found] == ["notice", "warning", "warning"]
    harmless = nasty.replace("##[", "# [").removeprefix("::")
    assert found[1][1].endswith(": one_seeder")
    assert harmless in found[0][2]
    assert found[1][2].endswith(harmless)


def test_a_flood_of_text_is_cut():
    [_, (_, title, message)] = annotations(ill(1, lambda _: "x" * 100_000))
    assert len(title) <= 250
    assert len(message) <= 3000
