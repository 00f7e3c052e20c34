from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tests.reports import scenes
from tests.reports.telling.test_account import ill, release
from tests.reports.test_building import HERE, report_on
from trackerwatch.health import Health
from trackerwatch.outcome import SwarmCounts
from trackerwatch.outside_text import clean
from trackerwatch.policy.rules import Rule, Verdict
from trackerwatch.policy.ruling import Judged
from trackerwatch.reports import Style, markdown
from trackerwatch.reports.building import empty_report
from trackerwatch.reports.diff.changes import Change, ChangeKind, Changes
from trackerwatch.reports.markdown import MAX_BYTES, render
from trackerwatch.reports.rows import PolicyNote, Quorum, SkippedInput, Vantage, Vote

OURS = {
    *("h1", "h2", "h3", "p", "strong", "ul", "li", "code", "details", "summary"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}


def markdown_of(report) -> str:
    text = "".join(render(report, Style()))
    assert text.endswith("\n")
    assert len(text.encode("utf-8", "surrogatepass")) < MAX_BYTES
    return text


def page_of(report) -> str:
    """The document as an independent parser makes HTML of it."""
    page = MarkdownIt("gfm-like").render(markdown_of(report))
    assert set(re.findall(r"<(\w+)", page)) <= OURS
    return page


def told(part: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", part)).strip()


def headings(page: str) -> list[str]:
    return [told(part) for part in re.findall(r"<h[123]>(.*?)</h[123]>", page)]


def rows(page: str) -> list[list[str]]:
    found = re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL)
    return [[told(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)] for row in found]


def changed(report):
    change = Change(ChangeKind.PROBLEM_NEW, "distro-13.2-1.iso was ok and is critical now")
    return replace(report, changes=Changes("the last run", scenes.NOW - timedelta(hours=2), (change,)))


def test_the_parts_come_in_order():
    skipped = [SkippedInput("rel/broken.torrent", "ends early")]
    private = scenes.tracker(scenes.KEYED, Health.UNKNOWN, endpoints=())
    report = changed(release(skipped=skipped, policy=PolicyNote("release.toml", 0, 0)))
    report = replace(
        report,
        trackers=(*report.trackers, private),
        trackers_by_state={**report.trackers_by_state, Health.UNKNOWN: 1},
    )
    page = page_of(report)
    assert headings(page) == [
        "CRITICAL: release 13.2: 1 of 12 torrents has a problem; 11 are ready; 1 input was skipped",
        "Problems",
        "Changes since the last run, 12:02 UTC (2h ago)",
        "Not judged",
        "Torrents",
        "Trackers",
        "Notes",
        "About this report",
    ]
    problems = told(page.partition("<h2>Problems</h2>")[2].partition("<h2>")[0])
    assert [line for line in problems.split("\n") if line] == [
        "x distro-13.2-1.iso min_seeders: 1 seeder, 2 are asked for",
        "evidence: tracker.example.org:1337 1 seeder, 14 leechers",
        "effect: 1 of 1 tracker works; clients use tracker.example.org:1337 (tier 0); 1 seeder",
        "since: 13:48 UTC (14m ago)",
        "do: start 1 more on another machine",
        "Then check again: trackerwatch report rel/ --policy release.toml --fresh --only problems",
        "! 1 input skipped skipped_input",
        "evidence: rel/broken.torrent: ends early",
        "effect: not part of this report",
        "do: repair this input or take it out",
    ]
    about = told(page.partition("<h2>About this report</h2>")[2])
    assert "seen from vps7, IPv4 only (no IPv6 route: 1 endpoint not judged), 7.4 s, all data fresh" in about
    assert "policy release.toml" in about
    assert "exit 2" in about
    assert about.endswith("again: trackerwatch report rel/ --policy release.toml --format html -o report.html")


def test_what_is_not_ok_is_open_and_the_rest_is_folded():
    page = page_of(release())
    before, _, folded = page.partition("<details><summary>11 ok</summary>")
    assert [row[:5] for row in rows(before) if row] == [["x CRIT", "distro-13.2-1.iso", "1", "14", "200"]]
    folded, _, after = folded.partition("</details>")
    assert [row[1] for row in rows(folded) if row] == [f"distro-13.2-{n}.iso" for n in range(12) if n != 1]
    assert [row[:3] for row in rows(after) if row] == [["+ up", "tracker.example.org:1337", "udp"]]


def test_no_changes_are_told_as_well():
    report = replace(release(), changes=Changes("base.json", scenes.NOW - timedelta(minutes=5), ()))
    assert "No changes since base.json, 13:57 UTC (5m ago)." in told(page_of(report))
    assert "changes" not in page_of(release()).lower()


def test_nothing_to_report():
    report = empty_report("no usable input", vantage=HERE, duration_s=0.0, skipped=[SkippedInput("a", "empty file")])
    assert headings(page_of(report)) == [
        "UNKNOWN: no usable input; 1 input skipped",
        "Problems",
        "About this report",
    ]


NASTY = [
    "=cmd()|' /C calc'!A0",
    "<script>alert(1)</script>",
    "![p](https://evil.example/p.png)[x](javascript:y)",
    "@octocat fixes #1 and GH-2, see https://evil.example/ or www.evil.example or a@b.example",
    "`code` ``| <b>*bold*</b> ~~x~~ $x$ :tada: ]]> --- # x",
    "::error title=x::y ##[error]z",
    "\\`\\|\\",
    "- [ ] task",
    "日本語 | e\u0301",
]


@pytest.mark.parametrize("nasty", NASTY)
def test_foreign_text_is_text(nasty):
    listed = scenes.torrent(nasty, [scenes.UP])
    problem = scenes.problem(Rule.ONE_SEEDER, f"one seeder: {nasty}", f"do {nasty}", of=listed)
    view = scenes.seen(listed, Verdict.WARNING, counts=SwarmCounts(1, 1, 1), problems=(problem,))
    tracker = scenes.tracker(scenes.UP, Health.DOWN, failure=scenes.refused(message=nasty))
    judged = Judged((view,), {listed.info_hash_hex: nasty})
    report = report_on(
        scenes.snapshot([view], [tracker]),
        title=nasty,
        command=f"trackerwatch report {nasty}",
        skipped=[SkippedInput(nasty, nasty)],
        policy=PolicyNote(nasty, 0, 0, (nasty,)),
        judged=judged,
    )
    change = Change(ChangeKind.TORRENT_NEW, f"new: {nasty}")
    report = replace(report, changes=Changes(nasty, scenes.NOW, (change,)))
    page = page_of(report)
    said = " ".join(told(page).split())
    assert said.count(" ".join(nasty.split())) >= 8
    torrents = next(row for row in rows(page) if row and row[0] == "! WARN")
    assert (torrents[1], len(torrents)) == (nasty, 9)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60), st.text(max_size=150))
def test_any_text_is_text(name, message):
    name, message = clean(name), clean(message)
    listed = scenes.torrent(name, [scenes.UP])
    problem = scenes.problem(Rule.ONE_SEEDER, f"x {message} x", "do", of=listed)
    view = scenes.seen(listed, Verdict.WARNING, problems=(problem,))
    page = page_of(report_on(scenes.snapshot([view], [scenes.tracker(scenes.UP)]), title=name))
    assert " ".join(f"x {message} x".split()) in " ".join(told(page).split())
    row = next(row for row in rows(page) if row and row[0] == "! WARN")
    assert (" ".join(row[1].split()), len(row)) == (" ".join(name.split()), 9)


def test_what_links_later_is_code_in_the_source():
    for word in ("@octocat", "#1", "GH-2", "https://evil.example/", "www.evil.example", "a@b.example"):
        text = markdown_of(ill(1, lambda _: NASTY[3]))
        assert f"`{word}`" in text


def many(number: int, verdict: Verdict, name: str, **more):
    views = []
    for n in range(number):
        listed = scenes.torrent(f"{name}{n}", [scenes.UP])
        problems = ()
        if verdict is not Verdict.OK:
            problems = (scenes.problem(Rule.ONE_SEEDER, f"{name}{n % 400}", "start another", of=listed),)
        views.append(scenes.seen(listed, verdict, problems=problems))
    return report_on(scenes.snapshot(views, [scenes.tracker(scenes.UP)]), **more)


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("t", Verdict.OK),
        ("日本語" * 60, Verdict.WARNING),
        ("`|" * 100, Verdict.OK),
        ("\U0001f4a9" * 250, Verdict.OK),
        ("<&@" * 80, Verdict.WARNING),
    ],
)
def test_thousands_of_rows_keep_to_the_limit(name, verdict):
    page = page_of(many(1500, verdict, name))
    listed = [row for row in rows(page) if row and row[0] in ("+ ok", "! WARN")]
    [(left_out, word)] = re.findall(r"([\d,]+) more (ok|that are not ok): in the HTML and JSON reports", page)
    assert word == ("ok" if verdict is Verdict.OK else "that are not ok")
    assert len(listed) + int(left_out.replace(",", "")) == 1500
    assert listed
    assert headings(page)[-2:] == ["Trackers", "About this report"]


@pytest.mark.parametrize("piece", ["<\U0001f4a9|", "`|", "@\U0001f4a9|", "\\`@ "])
def test_everything_at_its_longest_keeps_to_the_limit(piece):
    long = piece * 1500
    report = many(
        300, Verdict.WARNING, "\U0001f4a9" * 400, skipped=[SkippedInput(f"{n}{long}", long) for n in range(90)]
    )
    trackers = tuple(
        scenes.tracker(f"udp://t{n}.example.org:1/a", Health.DOWN, failure=scenes.refused(message=long[:300]))
        for n in range(400)
    )
    report = replace(
        report,
        title=long,
        command=f"trackerwatch report {long}",
        trackers=trackers,
        policy=PolicyNote(long, 1, 1, tuple(f"{n}{long}" for n in range(99))),
        changes=Changes(long, scenes.NOW, tuple(Change(ChangeKind.TORRENT_NEW, f"{n}{long}") for n in range(500))),
        problems=tuple(
            replace(p, torrent=None, rule=rule, message=f"{n}{long}", action=f"{n}{long}")
            for n, (p, rule) in enumerate(zip(report.problems, [Rule.TRACKER_DOWN] * 20, strict=False))
        ),
        quorum=Quorum(1, tuple(Vote(Vantage("a", long), scenes.NOW, True, Verdict.OK) for _ in range(90)), {}),
    )
    page = page_of(report)
    assert headings(page)[-1] == "About this report"
    assert "more changes: in the HTML and JSON reports" in page


def test_problems_are_counted_after_those_that_have_room(monkeypatch):
    monkeypatch.setattr(markdown, "BLOCK_BYTES", 1000)
    page = page_of(ill(12, lambda n: f"cause {n}"))
    [left_out] = re.findall(r"(\d+) more problems: in the HTML and JSON reports", page)
    assert page.count("one_seeder") + int(left_out) == 12
    assert 1 <= int(left_out) < 12
    monkeypatch.setattr(markdown, "BLOCK_BYTES", 10)
    assert page_of(ill(12, lambda n: f"cause {n}")).count("one_seeder") == 1


def test_collections_above_fifty_torrents():
    listed = [scenes.torrent(f"t{n}", [scenes.UP]) for n in range(60)]
    views = [scenes.seen(one, Verdict.WARNING if n == 59 else Verdict.OK) for n, one in enumerate(listed)]
    judged = Judged(tuple(views), {one.info_hash_hex: "ab"[n % 2] for n, one in enumerate(listed)})
    scene = scenes.snapshot(views, [scenes.tracker(scenes.UP)])
    page = page_of(report_on(scene, judged=judged))
    assert headings(page)[1:4] == ["Torrents", "a: 30 ok", "b: 1 warning, 29 ok"]
    assert re.findall(r"<summary>(.*?)</summary>", page) == ["30 ok", "29 ok"]


def test_thousands_of_collections_keep_to_the_limit_and_the_bad_ones_come_first():
    listed = [scenes.torrent(f"t{n}", [scenes.UP]) for n in range(1000)]
    views = [scenes.seen(one, Verdict.WARNING if n == 999 else Verdict.OK) for n, one in enumerate(listed)]
    judged = Judged(tuple(views), {one.info_hash_hex: f"collection {n}" for n, one in enumerate(listed)})
    page = page_of(report_on(scenes.snapshot(views, [scenes.tracker(scenes.UP)]), judged=judged))
    assert "collection 999: 1 warning" in headings(page)
    assert "969 more collections: in the HTML and JSON reports" in page
