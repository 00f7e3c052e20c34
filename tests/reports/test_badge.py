from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from tests.reports import pages, scenes
from tests.reports.test_html import contrast
from trackerwatch.health import Health
from trackerwatch.policy.rules import Rule, Verdict
from trackerwatch.reports import badge, badge_json
from trackerwatch.reports.building import build_report, empty_report
from trackerwatch.reports.formats import Style
from trackerwatch.reports.rows import PolicyNote, Subject
from trackerwatch.reports.telling import badge_words

SVG = "{http://www.w3.org/2000/svg}"


def drawn(report) -> ET.Element:
    return ET.fromstring("".join(badge.render(report, Style())))


def report_of(*verdicts: Verdict, down: bool = False, **more):
    views = [scenes.seen(scenes.torrent(f"t{n}", [scenes.UP]), verdict) for n, verdict in enumerate(verdicts)]
    tracker = scenes.tracker(scenes.DEAD, Health.DOWN, failure=scenes.refused())
    problem = scenes.problem(Rule.TRACKER_DOWN, "it is down", "ask its operator", at=tracker.tracker)
    snapshot = scenes.snapshot(views, [tracker], (problem,) if down else ())
    return build_report(snapshot, vantage=pages.HERE, duration_s=1.0, **more)


OK, WARNING, CRITICAL, UNKNOWN = Verdict.OK, Verdict.WARNING, Verdict.CRITICAL, Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("report", "message", "color", "is_error"),
    [
        (report_of(OK, OK), "2 of 2 ready", "#17673a", False),
        (report_of(OK, WARNING, WARNING), "1 of 3 ready, 2 warning", "#8a4a00", False),
        (report_of(OK, WARNING, CRITICAL), "1 of 3 ready, 1 critical", "#ab1519", True),
        (report_of(OK, UNKNOWN), "1 of 2 ready, 1 unknown", "#5f3aa0", True),
        (replace(report_of(OK, OK, OK), policy=PolicyNote("", 2, 0)), "1 of 3 ready, 2 in grace", "#17673a", False),
        # Torrents are well and a tracker is not: the word is the run's.
        (report_of(OK, OK, down=True), "2 of 2 ready, warning", "#8a4a00", False),
        (report_of(down=True, subject=Subject.TRACKERS), "0 of 1 up, 1 down", "#ab1519", True),
        (pages.trackers_alone(), "1 of 2 up, 1 down", "#8a4a00", False),
        (empty_report("no usable input", vantage=pages.HERE, duration_s=0.1), "unknown: no usable input", "#5f3aa0", True),
    ],
)  # fmt: skip
def test_a_badge_says_the_verdict_in_words(report, message, color, is_error):
    told = json.loads("".join(badge_json.render(report, Style())))
    assert told["message"] == message
    assert told["color"] == color
    assert told["isError"] is is_error
    assert drawn(report).findall(f".//{SVG}text")[1].text == message


def test_the_json_is_what_badge_services_read():
    told = "".join(badge_json.render(report_of(OK, title="release 13.2"), Style()))
    assert told.endswith("\n")
    assert json.loads(told) == {
        "schemaVersion": 1,
        "label": "release 13.2",
        "message": "1 of 1 ready",
        "color": "#17673a",
        "labelColor": "#3a424c",
        "isError": False,
        "cacheSeconds": 300,
    }


def test_without_a_title_it_says_what_is_counted():
    assert badge_words.label(report_of(OK)) == "seeded"
    assert badge_words.label(pages.trackers_alone()) == "trackers"


def test_a_long_label_keeps_its_ends():
    report = report_of(OK, title="a" * 30 + "b" * 30)
    assert badge_words.label(report) == "a" * 20 + "\u2026" + "b" * 19
    assert len(badge_words.label(report)) == badge_words.MAX_LABEL_CHARS


def test_the_picture_has_words_for_those_who_do_not_see_it():
    root = drawn(pages.release())
    assert root.get("role") == "img"
    assert root.get("aria-label") == "release 13.2: 10 of 12 ready, 1 critical, 1 in grace"
    assert (
        root.find(f"{SVG}title").text == "release 13.2: 10 of 12 ready, 1 critical, 1 in grace (22 Nov 2026 14:02 UTC)"
    )


def test_texts_have_room():
    root = drawn(pages.release())
    label, message = root.findall(f".//{SVG}text")
    left = int(label.get("textLength")) + 2 * badge.SIDE
    assert int(message.get("x")) == left + badge.SIDE
    assert int(root.get("width")) == left + int(message.get("textLength")) + 2 * badge.SIDE
    assert root.get("viewBox") == f"0 0 {root.get('width')} 20"


@pytest.mark.parametrize(
    ("text", "pixels"), [("", 1), ("i", 4), ("m", 11), ("11 of 12 ready", 81), ("\u65e5\u672c", 23), ("e\u0301", 7)]
)
def test_widths(text, pixels):
    assert badge.width(text) == pixels


def test_foreign_text_stays_text():
    root = drawn(pages.hostile())
    assert {element.tag.removeprefix(SVG) for element in root.iter()} == {"svg", "title", "path", "g", "text"}
    assert root.findall(f".//{SVG}text")[0].text == badge_words.label(pages.hostile())
    assert badge_words.label(pages.hostile()).startswith("<script>alert(1)")
    drawn(report_of(OK, title="bell \x07, nul \x00, no character \uffff"))


def test_white_stands_out_on_every_ground():
    grounds = (*badge_words.COLORS.values(), badge.LABEL_GROUND)
    assert all(contrast("#ffffff", ground) >= 4.5 for ground in grounds)
