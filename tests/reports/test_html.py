from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from tests.conftest import give_up
from tests.real.lab.places import HTML_CHECKER, find_program
from tests.reports import pages
from trackerwatch.outcome import PhaseTimes
from trackerwatch.policy.rules import Verdict
from trackerwatch.reports.building import empty_report
from trackerwatch.reports.formats import Style
from trackerwatch.reports.html import render
from trackerwatch.reports.page import strips
from trackerwatch.reports.page.parts import GLYPHS
from trackerwatch.reports.page.style import DARK, LIGHT, READ_ON
from trackerwatch.reports.telling.account import account_of

VOID = {"meta", "link", "input", "br", "col", "wbr", "img"}


def html_of(report, **style) -> str:
    return "".join(render(report, Style(**style)))


class Page(HTMLParser):
    """What a browser would make of it: elements with their attributes and text."""

    def __init__(self, report, **style) -> None:
        super().__init__()
        self.source = html_of(report, **style)
        self.elements: list[tuple[str, dict[str, str | None], list[str]]] = []
        self._open: list[tuple[str, dict[str, str | None], list[str]]] = []
        self.feed(self.source)
        self.close()

    def handle_starttag(self, tag, attrs) -> None:
        element = (tag, dict(attrs), [])
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag) -> None:
        if tag not in VOID:
            assert self._open, f"</{tag}> without a beginning"
            assert self._open[-1][0] == tag, f"</{tag}> inside <{self._open[-1][0]}>"
            self._open.pop()

    def handle_data(self, data) -> None:
        for _, _, text in self._open:
            text.append(data)

    def texts(self, tag: str, of_class: str = "") -> list[str]:
        return [
            " ".join(" ".join(text).split())
            for name, attributes, text in self.elements
            if name == tag and (not of_class or of_class in (attributes.get("class") or "").split())
        ]


@pytest.fixture(scope="module")
def release() -> Page:
    return Page(pages.release())


def test_the_first_thing_is_the_sentence(release):
    sentence = "CRITICAL release 13.2: 1 of 12 torrents has a problem; 10 are ready, 1 is in grace"
    [title] = [text for text in release.texts("title") if "CRITICAL" in text]
    assert title.startswith(sentence)
    [heading] = release.texts("h1")
    assert heading.startswith("✕ " + sentence)
    assert release.source.startswith("<!DOCTYPE html>\n")
    assert release.source.endswith("</html>\n")


def test_sections_come_in_the_order_of_need(release):
    headings = [re.sub(r" \(.*", "", text) for text in release.texts("h2")]
    assert headings == ["Problems", "Changes", "Not judged", "Torrents", "Trackers", "About this report"]


def test_a_problem_says_all_there_is_to_it(release):
    [card] = release.texts("article", "critical")
    assert "critical distro-13.2-arm64-dvd.iso no_seeders" in card
    assert "no tracker knows a seeder; 14 leechers wait" in card
    assert "Evidence" in card
    assert "tracker.foo.org:6969" in card
    assert "Effect" in card
    assert "Since 22 Nov 12:02 UTC (2h)" in card
    assert "seed it from a second machine" in card


def test_what_is_ready_is_folded_beside_what_is_not(release):
    assert release.texts("summary") == ["✓ ok 11 torrents are ready or in grace"]
    [fold] = [attributes for name, attributes, _ in release.elements if name == "details"]
    assert "open" not in fold
    rows = [text for text in release.texts("th") if "distro" in text]
    assert rows[0] == "distro-13.2-arm64-dvd.iso no seeders, since 22 Nov 12:02 UTC (2h)"
    assert len(rows) == 12


def test_what_is_ready_stands_open_where_all_is_or_where_it_is_asked_for():
    well = replace(pages.release(), torrents=pages.release().torrents[:3], problems=(), verdict=Verdict.OK)
    assert "<details open>" in html_of(well)
    assert "<details open>" in html_of(pages.release(), all_rows=True)
    assert "<details open>" not in html_of(pages.release())


def test_numbers_of_a_torrent(release):
    row = next(text for text in release.texts("tr") if "arm64-dvd" in text)
    cells = re.search(r"<tr><td[^>]*>(?:(?!</tr>).)*arm64-dvd.*?</tr>", release.source)[0]
    numbers = re.findall(r'<td class="n"[^>]*>([^<]*)</td>', cells)
    assert numbers == ["0", "14", "3", "2/3", "4s"]
    assert "tracker.example.org:1337, tier 1" in row


def test_unknown_is_a_question_mark_and_never_0():
    page = Page(pages.hostile())
    row = re.search(r"<tr><td data-s.*?</tr>", page.source)[0]
    assert re.findall(r'<td class="n"[^>]*>([^<]*)</td>', row) == ["?", "?", "?", "0/2", "?"]


def test_a_tracker_shows_its_addresses_and_where_the_time_went(release):
    bodies = [" ".join(text.split()) for text in release.texts("tbody") if "announce" in text]
    assert len(bodies) == 3
    assert "udp:// tracker.foo.org:6969 /announce" in bodies[0]
    assert "down" in bodies[0]
    assert "resolve 4.0ms + connect 21ms + tls 44ms + exchange 38ms" in bodies[2]
    assert "not judged" in bodies[1]
    assert "[2001:db8::7]:1337" in bodies[1]
    assert "certificate to 2 Jan 2027, 14:02 UTC" in bodies[2]


def test_30_days_are_told_in_words_and_shapes(release):
    titles = [text for text in release.texts("title") if text.startswith("30 days")]
    assert titles == [
        "30 days to 22 Nov: 26 answered, 1 partly (21 Nov), 3 not at all (12 Nov, 13 Nov, 22 Nov)",
        "30 days to 22 Nov: 30 answered",
        "30 days to 22 Nov: 21 answered, 9 not known",
    ]
    strip = strips.strip(pages.past("x", "#!x.").stretches)
    shapes = dict(re.findall(r'<path class="(\w+)" d="([^"]*)"', strip))
    assert shapes == {
        "ok": "M0 1h5v21h-5z",
        "warning": "M6 11h5v11h-5z",
        "x": "M12 2l5 18m0-18l-5 18",
        "none": "M19.5 20h2v2h-2z",
    }
    assert "21 Nov: 0 of 2 answered" in strip


def test_what_failed_once_was_not_100_percent():
    report = pages.release()
    tracker = report.trackers[1].tracker.id
    days = [replace(day, successes=9_999, counted=10_000) for day in report.pasts[tracker].stretches]
    report = replace(report, pasts={tracker: replace(report.pasts[tracker], stretches=tuple(days))})
    assert "99.9 %" in html_of(report)
    assert "100 %" not in html_of(report)


def test_without_history_the_page_says_so():
    page = Page(replace(pages.release(), pasts={}))
    assert "30-day strips: no history yet" in page.texts("li")
    assert 'class="strip"' not in page.source
    known = pages.release()
    first = known.trackers[0].tracker.id
    some = html_of(replace(known, pasts={first: known.pasts[first]}))
    assert some.count("no history yet") == 2


def test_a_bar_has_a_part_for_each_phase_that_was_timed():
    drawn = strips.bar(PhaseTimes(0.01, None, 0.03, 0.06), 0.2, "a & b")
    assert re.findall(r'class="(\w+)" x="([\d.]+)" width="([\d.]+)"', drawn) == [
        ("p1", "0.0", "5.0"),
        ("p3", "5.0", "15.0"),
        ("p4", "20.0", "30.0"),
    ]
    assert "<title>a &amp; b</title>" in drawn
    assert strips.bar(PhaseTimes(), 0.2, "") == ""
    assert strips.bar(PhaseTimes(exchange_s=0.0), 0.0, "none").count("<rect") == 1


def test_one_slow_tracker_does_not_flatten_all_the_other_bars():
    assert strips.fit([0.02, 0.03, 0.03, 3.0]) == pytest.approx(0.15)
    assert strips.fit([0.02, 0.03]) == 0.03
    assert strips.fit([0.0001, 0.0002]) == 0.01
    assert strips.fit([]) == 0.0
    slow = strips.bar(PhaseTimes(exchange_s=3.0), 0.15, "")
    assert 'width="100.0"' in slow
    assert 'class="cut"' in slow
    assert 'class="cut"' not in strips.bar(PhaseTimes(exchange_s=0.15), 0.15, "")


def test_how_it_was_made(release):
    [about] = release.texts("dl", "facts")
    assert "ci-eu" in about
    assert "22 Nov 2026, 14:02 UTC , in 7.4 s" in about
    assert "release.toml" in about
    assert "Exit code 2" in about
    assert "trackerwatch report rel/ --policy release.toml --format html -o report.html" in about


def test_several_vantages_are_told():
    report = pages.several_vantages()
    page = Page(report)
    [about] = page.texts("dl", "facts")
    votes = account_of(report).votes
    assert len(votes) == 4
    assert all(vote in about for vote in votes)
    assert "down from ci-eu" in page.texts("tbody")[-3]


def test_trackers_alone_have_no_table_of_torrents():
    headings = Page(pages.trackers_alone()).texts("h2")
    assert headings == ["Problems", "Not judged", "Trackers", "About this report"]


def test_nothing_to_report_is_still_a_page():
    page = Page(empty_report("nothing matches the filter", vantage=pages.HERE, duration_s=0.1))
    assert page.texts("h1") == ["? UNKNOWN nothing matches the filter"]
    assert not page.texts("table")


def test_states_are_told_by_glyph_and_word(release):
    tags = set(release.texts("span", "tag"))
    assert tags == {"✕ critical", "! warning", "✓ ok", "✕ down", "✓ up", f"{GLYPHS['off']} not judged"}


def test_five_thousand_torrents_are_a_small_page_in_collections():
    page = Page(pages.many())
    assert len(page.source.encode()) < 3_000_000
    names = Counter(text for text in page.texts("th") if text.startswith("dataset"))
    assert len(names) == 5000
    assert [text.split()[0] for text in page.texts("h3") if "ok" in text] == [
        "mirrors",
        "archive",
        "imaging",
        "releases",
    ]
    summaries = [text for text in page.texts("summary") if "ready" in text]
    assert len(summaries) == 4
    assert "82 torrents" in page.texts("article")[0]
    assert 'id="find"' in page.source


def test_nothing_is_loaded_from_elsewhere_and_only_our_script_may_run(release):
    [policy] = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', release.source)
    [style] = re.findall(r"<style>(.*?)</style>", release.source, re.DOTALL)
    [script] = re.findall(r"<script>(.*?)</script>", release.source, re.DOTALL)
    for name, text in (("style-src", style), ("script-src", script)):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{name} 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    for name, attributes, _ in release.elements:
        assert "style" not in attributes, name
        for key, value in attributes.items():
            assert not key.startswith("on")
            if key in ("href", "src"):
                assert value.startswith(("#", "data:image/svg+xml,"))
    assert "url(" not in style
    assert "@import" not in style
    assert not re.search(r"fetch|XMLHttp|innerHTML|eval|document\.write", script)


def test_foreign_text_stays_text():
    page = Page(pages.hostile())
    names = Counter(name for name, _, _ in page.elements)
    assert names["script"] == 1
    assert names["img"] == 0
    ids = {attributes["id"] for _, attributes, _ in page.elements if "id" in attributes}
    assert all(re.fullmatch(r"p\d+|problems|changes|not-judged|notes|torrents|trackers|about|find", one) for one in ids)
    assert page.source.count("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#x27;&gt;&lt;img src=x") >= 10
    for where in ("h1", "th", "article", "pre"):
        assert any("<script>alert(1)</script>\"'><img src=x onerror=alert(2)>" in text for text in page.texts(where)), (
            where
        )
    links = [attributes["href"] for name, attributes, _ in page.elements if name == "a"]
    assert all(re.fullmatch(r"#[a-z0-9-]+", link) for link in links)


def test_every_link_leads_somewhere(release):
    ids = [attributes["id"] for _, attributes, _ in release.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = {attributes["href"][1:] for name, attributes, _ in release.elements if name == "a"}
    assert links <= set(ids)
    assert "p1" in links


def luminance(color: str) -> float:
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """By WCAG 2.2."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colors", [LIGHT, DARK], ids=["light", "dark"])
def test_text_stands_out(colors):
    assert LIGHT.keys() == DARK.keys()
    weak = [
        (a, b, round(contrast(colors[a], colors[b]), 2)) for a, b in READ_ON if contrast(colors[a], colors[b]) < 4.5
    ]
    assert not weak
    # Pictures need 3 against what they stand on.
    assert all(contrast(colors[name], colors["card"]) >= 3 for name in ("ok", "warning", "critical", "unknown", "soft"))


def test_an_independent_checker_finds_no_fault(tmp_path):
    node = find_program("node")
    if node is None or not HTML_CHECKER.is_dir():
        give_up("not installed: html-validate (.ci/install-lab installs it)")
    reports = {
        "release": pages.release(),
        "hostile": pages.hostile(),
        "several": pages.several_vantages(),
        "alone": pages.trackers_alone(),
        "many": pages.many(200),
        "empty": empty_report("nothing matches the filter", vantage=pages.HERE, duration_s=0.1),
    }
    for name, report in reports.items():
        (tmp_path / f"{name}.html").write_text(html_of(report), encoding="utf-8")
    # What a title may be long for is a search engine.
    rules = {"root": True, "extends": ["html-validate:standard", "html-validate:a11y"], "rules": {"long-title": "off"}}
    (tmp_path / ".htmlvalidate.json").write_text(json.dumps(rules))
    # A page with faults of its own shows that the checker looks.
    (tmp_path / "bad.html").write_text("<!DOCTYPE html><html lang=en><title>x</title><p><div></p></html>")
    program = HTML_CHECKER / "bin" / "html-validate.mjs"
    ran = subprocess.run(
        [node, str(program), "--formatter", "json", *(f"{name}.html" for name in (*reports, "bad"))],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    told = {result["filePath"].rpartition("/")[2]: result["messages"] for result in json.loads(ran.stdout)}
    assert told.pop("bad.html")
    assert told == {}, told
