"""What a monitoring system reads: the text, the state and the figures, by a reader made from the plugin guidelines."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.reports import scenes
from tests.reports.test_building import HERE, down_problem, report_on, well_scene
from trackerwatch.health import Health
from trackerwatch.outcome import SwarmCounts
from trackerwatch.policy.rules import Rule, Verdict
from trackerwatch.reports import Style
from trackerwatch.reports.building import empty_report
from trackerwatch.reports.nagios import LABEL_CHARS, MAX_BYTES, MAX_TORRENTS, _labels, render
from trackerwatch.reports.rows import FailOn, PolicyNote, Remembered, SkippedInput, Subject

OK, WARNING, UNKNOWN = Verdict.OK, Verdict.WARNING, Verdict.UNKNOWN
WORDS = {0: "OK", 1: "WARNING", 2: "CRITICAL", 3: "UNKNOWN"}
FIGURE = re.compile(
    r"(?:'(?P<quoted>(?:[^'=|]|'')+)'|(?P<plain>[^\s'=|]+))="
    r"(?P<value>U|-?[0-9]+(?:\.[0-9]+)?)(?P<unit>s|us|ms|%|[KMGT]?B|c)?"
    r"(?:;[0-9.:@~-]*){0,4}(?:\s+|$)"
)


def split(text):
    """Text lines and figures, as the Nagios plugin API parts them.

    The first line is text, and figures after its bar. In the lines that follow, everything after the first bar is figures.
    """
    first, *rest = text.removesuffix("\n").split("\n")
    head, _, figures = first.partition("|")
    long_text, _, more = "\n".join(rest).partition("|")
    return [head, *long_text.split("\n")], f"{figures} {more}"


def figures_of(text):
    read, at = {}, 0
    text = text.strip()
    while at < len(text):
        found = FIGURE.match(text, at)
        assert found, f"no figure: {text[at : at + 60]!r}"
        label = found["plain"] or found["quoted"].replace("''", "'")
        assert label not in read
        value = found["value"]
        read[label] = (None if value == "U" else float(value), found["unit"] or "")
        at = found.end()
    return read


def output(report):
    text = "".join(render(report, Style()))
    assert text.endswith("\n")
    assert len(text.encode()) <= 4096
    lines = text.removesuffix("\n").split("\n")
    assert all(line for line in lines)
    assert all(cell_len(line) <= 80 for line in lines)
    assert text.count("|") <= 2
    told, figures = split(text)
    assert told[0].startswith(f"TRACKERWATCH {WORDS[report.exit_code]} - ")
    return told, figures_of(figures)


def test_a_warning():
    report = report_on(scenes.failed_over_scene(), skipped=[SkippedInput("bad.torrent", "not bencode")])
    told, figures = output(report)
    assert told == [
        "TRACKERWATCH WARNING - 1 warning of 3 torrents, 1 down of 3 trackers",
        "[WARNING] tracker.foo.org:6969 is down (refused): 1 torrent failed over",
        "[WARNING] dataset-imaging-v3: tier 0 failed (tracker.foo.org:6969 refused); cli~",
        "skipped bad.torrent: not bencode",
        "not judged: 1 torrent (private, not asked)",
        "not judged: 1 tracker",
        "seen from vps7, 7.4 s, all data fresh",
    ]
    assert figures == {
        "critical": (0, ""),
        "warning": (1, ""),
        "unknown": (1, ""),
        "ok": (1, ""),
        "down": (1, ""),
        "degraded": (0, ""),
        "up": (1, ""),
        "problems": (5, ""),
        "skipped": (1, ""),
        "time": (7.4, "s"),
        "tracker.foo.org:6969": (None, ""),
        "tracker.example.org:1337": (0.031, "s"),
        "private.example.net:443": (None, ""),
        "dataset-imaging-v3": (12, ""),
        "distro-13.2-netinst.iso": (41, ""),
        "secret": (None, ""),
    }


def test_all_is_well():
    told, figures = output(replace(report_on(well_scene()), title="release 13.2"))
    assert told == [
        "TRACKERWATCH OK - release 13.2: 1 torrent ready",
        "seen from vps7, 7.4 s, all data fresh",
    ]
    assert figures["ok"] == (1, "")
    assert figures["well"] == (5, "")


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ({OK: 12}, "OK - 0 of 12 torrents ready, 12 in grace"),
        ({OK: 15}, "OK - 3 of 15 torrents ready, 12 in grace"),
        ({OK: 15, WARNING: 1}, "OK - 1 warning of 16 torrents, 12 in grace"),
        ({OK: 15, UNKNOWN: 1}, "OK - 1 of 16 torrents not judged, 12 in grace"),
        # Of several vantages one may know of more than there are in the end.
        ({OK: 2}, "OK - 0 of 2 torrents ready, 2 in grace"),
    ],
)
def test_what_is_in_grace_is_not_ready(counts, told):
    report = replace(report_on(well_scene()), torrents_by_verdict=counts, policy=PolicyNote("p.toml", 12, 0))
    lines, _ = output(report)
    assert lines[0] == f"TRACKERWATCH {told}"


def test_the_first_line_has_what_fits_of_the_figures():
    first = "".join(render(report_on(well_scene()), Style())).split("\n")[0]
    assert first == "TRACKERWATCH OK - 1 torrent ready|critical=0 warning=0 unknown=0 ok=1 down=0"


def test_however_much_there_is_to_say_the_first_line_has_a_figure():
    first = "".join(render(replace(report_on(scenes.failed_over_scene()), title="a long title"), Style())).split("\n")[
        0
    ]
    assert first.endswith("|critical=0")
    assert len(first) <= 80


def test_the_age_of_what_is_remembered_is_in_the_first_line():
    report = replace(report_on(scenes.failed_over_scene()), remembered=Remembered(2, 61.0, 250.5), title="a title")
    told, figures = output(report)
    assert told[0] == "TRACKERWATCH WARNING - 1 warning of 3 torrents, cached 4m old"
    assert figures["age"] == (250.5, "s")


def test_a_long_headline_keeps_its_age():
    report = replace(
        report_on(scenes.failed_over_scene()),
        torrents_by_verdict={Verdict.CRITICAL: 123_456, Verdict.WARNING: 234_567, Verdict.OK: 1_000_000},
        remembered=Remembered(2, 61.0, 1e9),
        title="t" * 200,
    )
    told, _ = output(report)
    assert told[0].endswith(", cached 999d old")


def test_fail_on_decides_on_the_word():
    report = report_on(scenes.failed_over_scene(), fail_on=FailOn.CRITICAL)
    told, _ = output(report)
    assert told[0] == "TRACKERWATCH OK - 1 warning of 3 torrents, 1 down of 3 trackers"


def test_nothing_to_report():
    told, figures = output(empty_report("nothing stored of these trackers", vantage=HERE, duration_s=0.01))
    assert told[0] == "TRACKERWATCH UNKNOWN - nothing stored of these trackers"
    assert figures["time"] == (0.01, "s")


def test_a_check():
    scene = scenes.snapshot(
        [], [scenes.tracker(scenes.DEAD, Health.DOWN, failure=scenes.refused()), scenes.tracker(scenes.UP)]
    )
    told, figures = output(report_on(scene, subject=Subject.TRACKERS))
    assert told[0] == "TRACKERWATCH WARNING - 1 down of 2 trackers"
    assert "ok" not in figures
    assert (figures["down"], figures["up"]) == ((1, ""), (1, ""))
    told, _ = output(report_on(scenes.snapshot([], [scenes.tracker(scenes.UP)]), subject=Subject.TRACKERS))
    assert told[0] == "TRACKERWATCH OK - 1 tracker up"


def troubled(count: int, name: str = "distro-13.2-{}.iso"):
    views = []
    for n in range(count):
        listed = scenes.torrent(name.format(n), [scenes.UP])
        # Told one by one: no two say the same, of rules that are not alike.
        problem = scenes.problem(list(Rule)[n % 10], f"problem number {n} " + "x" * 100, "do", of=listed)
        counts = SwarmCounts(n, 0, 0)
        views.append(scenes.seen(listed, Verdict.CRITICAL, counts=counts, problems=(problem,)))
    return report_on(scenes.snapshot(views, [scenes.tracker(scenes.UP)]))


def test_a_great_many_problems_fit():
    told, figures = output(troubled(5000))
    assert told[0].startswith("TRACKERWATCH CRITICAL - 5,000 critical of 5,000 torrents")
    assert figures["critical"] == (5000, "")
    assert not any(label.startswith("distro") for label in figures)


def test_what_does_not_fit_is_counted():
    report = troubled(10)
    wide = [replace(p, message="界" * 200) for p in report.problems]
    crowd = [replace(wide[n % 10], torrent=None, id=f"p{n}", message=f"{n} {'界' * 200}") for n in range(60)]
    told, _ = output(replace(report, problems=tuple(crowd)))
    more = next(line for line in told if line.startswith("... "))
    shown = sum(line.startswith("[") for line in told)
    assert more == f"... {60 - shown} more problems"
    assert len("".join(told).encode()) <= MAX_BYTES


def test_figures_of_each_torrent_or_of_none():
    _, figures = output(troubled(MAX_TORRENTS))
    assert sum(label.startswith("distro") for label in figures) == MAX_TORRENTS
    _, figures = output(troubled(MAX_TORRENTS + 1))
    assert not any(label.startswith("distro") for label in figures)


def test_only_problems_leaves_no_hole_in_a_graph():
    listed = output(report_on(scenes.failed_over_scene()))[1]
    assert output(report_on(scenes.failed_over_scene(), only_problems=True))[1] == listed


@pytest.mark.parametrize(
    "name", ["ok", "time", "it's", "a=b", "a b", "a|b", "日本語", "x" * 100, "=cmd()", "", "a\nb", "$(reboot)"]
)
def test_labels_are_short_and_of_plain_characters(name):
    scene = scenes.snapshot(
        [scenes.seen(scenes.torrent(name, [scenes.UP]), counts=SwarmCounts(77, 0, 0))], [scenes.tracker(scenes.UP)]
    )
    _, figures = output(report_on(scene))
    (label,) = (label for label, (value, _) in figures.items() if value == 77)
    assert len(label) <= LABEL_CHARS
    assert re.fullmatch(r"[A-Za-z0-9_.:/@+()\[\]-]+", label)


def test_torrents_of_one_name_have_labels_of_their_own():
    first = scenes.torrent("same", [scenes.UP])
    second = replace(scenes.torrent("other", [scenes.UP]), name="same")
    views = [scenes.seen(first, counts=SwarmCounts(1, 0, 0)), scenes.seen(second, counts=SwarmCounts(2, 0, 0))]
    for order in (views, views[::-1]):
        _, figures = output(report_on(scenes.snapshot(order, [scenes.tracker(scenes.UP)])))
        told = {label: value for label, (value, _) in figures.items() if label.startswith("same")}
        # Neither has the name for itself: a third of another info hash would take it over.
        assert told == {f"same_{first.info_hash_hex[:8]}": 1, f"same_{second.info_hash_hex[:8]}": 2}


@pytest.mark.parametrize(
    ("named", "labels"),
    [
        ([("a", "1" * 40), ("b", "2" * 40)], ["a", "b"]),
        # Somebody calls a torrent like the label of another.
        ([("a b", "1" * 40), ("a_b_11111111", "2" * 40)], ["a_b_" + "1" * 20, "a_b_1111111_" + "2" * 20]),
        (
            [("x" * 40, "1" * 40), ("x" * 50, "1" * 8 + "2" * 32)],
            ["x" * 11 + "_" + "1" * 20, "x" * 11 + "_" + "1" * 8 + "2" * 12],
        ),
    ],
)
def test_labels_do_not_change_hands(named, labels):
    assert _labels(named) == labels
    assert _labels(named[::-1]) == labels[::-1]


@given(
    st.lists(st.tuples(st.text("ab _", max_size=40), st.binary(min_size=20, max_size=20)), unique_by=lambda one: one[1])
)
def test_each_label_is_there_once(named):
    labels = _labels([(name, key.hex()) for name, key in named])
    assert len(set(labels)) == len(labels)
    assert all(0 < len(label) <= LABEL_CHARS for label in labels)


@pytest.mark.parametrize(
    "text", ["a|b=1", "<script>x</script>", "`reboot`", "$(reboot)", "a\nb", "\x1b[31m", '"; rm', "\\n"]
)
def test_text_is_harmless(text):
    listed = scenes.torrent(text, [scenes.UP])
    problem = scenes.problem(Rule.NO_SEEDERS, text, "do", of=listed)
    scene = scenes.snapshot([scenes.seen(listed, Verdict.CRITICAL, problems=(problem,))], [scenes.tracker(scenes.UP)])
    report = replace(report_on(scene, skipped=[SkippedInput(text, text)]), title=text)
    told, _ = output(report)
    assert not set('|<>`$\\"&\x1b') & set("".join(told))


def test_the_worst_comes_first():
    listed = scenes.torrent("gone", [scenes.UP])
    none = scenes.problem(Rule.NO_SEEDERS, "nobody seeds it", "seed it", of=listed)
    view = scenes.seen(listed, Verdict.CRITICAL, counts=SwarmCounts(0, 1, 2), problems=(none,))
    scene = scenes.snapshot([view], [scenes.tracker(scenes.UP)], (down_problem(scenes.UP),))
    told, _ = output(report_on(scene))
    assert told[1:3] == ["[CRITICAL] gone: nobody seeds it", "[WARNING] is down"]


def test_a_long_last_line_is_broken():
    report = replace(report_on(well_scene()), remembered=Remembered(2, 61.0, 250.5))
    told, _ = output(report)
    assert told[1:] == [
        "seen from vps7, 7.4 s, answers of 2 trackers from the store, 61s to 4m old",
        "(--fresh asks again)",
    ]
