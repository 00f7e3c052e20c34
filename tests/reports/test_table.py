from __future__ import annotations

import re
import shlex
from dataclasses import replace
from datetime import timedelta

import pytest
from rich.cells import cell_len

from tests.reports import scenes
from tests.reports.test_building import HERE, down_problem, report_on
from trackerwatch.engine.views import Effect
from trackerwatch.health import Health
from trackerwatch.outcome import FailureKind, SwarmCounts
from trackerwatch.policy.rules import Rule, Verdict
from trackerwatch.policy.ruling import Judged
from trackerwatch.reports import Style
from trackerwatch.reports.building import empty_report
from trackerwatch.reports.diff.changes import Change, ChangeKind, Changes
from trackerwatch.reports.rows import PolicyNote, Remembered, SkippedInput, Subject
from trackerwatch.reports.table import render


def text_of(report, **style) -> str:
    text = "".join(render(report, Style(**style)))
    for line in text.splitlines():
        assert cell_len(re.sub(r"\x1b\[[0-9;]*m", "", line)) <= style.get("width", 100), line
    return text


FAILED_OVER = """\
WARNING  1 of 3 torrents has a problem; 1 is ready, 1 is unknown; 1 of 3 trackers is down; 1 input
         was skipped

! udp://tracker.foo.org:6969/announce
    tracker_down: tracker.foo.org:6969 is down (refused): 1 torrent failed over
    evidence  192.0.2.7:6969 connection refused
    do        ask its operator, or drop it from the torrents

! dataset-imaging-v3
    failed_over: tier 0 failed (tracker.foo.org:6969 refused); clients announce to
    tracker.example.org:1337 in tier 1
    evidence  tracker.foo.org:6969 connection refused; tracker.example.org:1337 12 seeders, 3
              leechers
    effect    1 of 2 trackers works; clients use tracker.example.org:1337 (tier 1); 12 seeders
    do        check tracker.foo.org:6969, or list a second tracker in tier 0

! 1 input skipped   skipped_input
    evidence  rel/broken.torrent: ends early
    effect    not part of this report
    do        repair this input or take it out

not judged  1 torrent (private, not asked), 1 tracker

VERDICT   TORRENT                            SEED  LEECH   DONE  WORK TIER ACTIVE TRACKER        AGE
! WARN    dataset-imaging-v3                   12      3   4811   1/2    1 ~er.example.org:1337   4s
? unknown secret                                ?      ?      ?   0/1    - private                 -
+ ok      distro-13.2-netinst.iso              41    212      ?   1/1    0 ~er.example.org:1337   4s

STATE      TRACKER                         PROTO  ADDR   TORR LATENCY REASON
x DOWN     tracker.foo.org:6969            udp     0/1      1       - connection refused
? unknown  private.example.net:443         https     -      1       - no answer in the time given
+ up       tracker.example.org:1337        udp     1/1      2    31ms

note  1 torrent lists a single independent tracker (does not change the verdict)
note  1 torrent is private and not asked about, which --private scrape would do (does not change the
      verdict)
seen from  vps7, 7.4 s, all data fresh
exit 1
"""


def test_one_torrent_on_its_backup():
    report = report_on(scenes.failed_over_scene(), skipped=[SkippedInput("rel/broken.torrent", "ends early")])
    assert text_of(report) == FAILED_OVER


def test_colours_change_nothing_but_colour():
    report = report_on(scenes.failed_over_scene(), skipped=[SkippedInput("rel/broken.torrent", "ends early")])
    colored = text_of(report, color=True)
    assert "\x1b[33mWARNING\x1b[0m" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == FAILED_OVER


@pytest.mark.parametrize("width", [80, 87, 100])
@pytest.mark.parametrize(
    "name",
    ["日本語の長い名前" * 20, "a" * 300, "e\u0301" * 200, "[red]markup[/red]", "👩‍👩‍👧‍👦" * 40, "", "a b " * 60],
)
def test_no_name_breaks_the_columns(name, width):
    listed = scenes.torrent(name, [scenes.UP])
    problem = scenes.problem(Rule.ONE_SEEDER, f"one seeder of {name}", f"start another one for {name}", of=listed)
    view = scenes.seen(listed, Verdict.WARNING, counts=SwarmCounts(1, 10**12, 10**18), problems=(problem,))
    lines = text_of(report_on(scenes.snapshot([view], [scenes.tracker(scenes.UP)])), width=width).splitlines()
    row = next(line for line in lines if line.startswith("! WARN "))
    header = next(line for line in lines if line.startswith("VERDICT"))
    assert row.endswith("-")
    assert cell_len(row) == len(header)


def many_well(number: int):
    listed = [scenes.torrent(f"t{n}", [scenes.UP]) for n in range(number)]
    return scenes.snapshot([scenes.seen(t, counts=SwarmCounts(5, 1, 2)) for t in listed], [scenes.tracker(scenes.UP)])


def test_rows_that_are_well_fold_above_twenty():
    assert text_of(report_on(many_well(20))).count("+ ok") == 20
    folded = text_of(report_on(many_well(25)))
    assert folded.count("+ ok") == 3
    assert "\n... 22 more ok (--all lists them)\n" in folded
    assert text_of(report_on(many_well(25)), all_rows=True).count("+ ok") == 25


def test_worst_first():
    views = [
        scenes.seen(scenes.torrent(name, [scenes.UP]), verdict)
        for name, verdict in [("fine", "ok"), ("odd", "unknown"), ("bad", "warning"), ("dead", "critical")]
        for verdict in [Verdict(verdict)]
    ]
    text = text_of(report_on(scenes.snapshot(views, [scenes.tracker(scenes.UP)])))
    marks = [line.split()[2] for line in text.splitlines() if line[:2] in ("x ", "! ", "? ", "+ ")]
    assert marks[:4] == ["dead", "bad", "odd", "fine"]
    assert text.startswith("CRITICAL  2 of 4 torrents have a problem; 1 is ready, 1 is unknown\n")


def ill(number: int, message, rule=Rule.ONE_SEEDER):
    views = []
    for n in range(number):
        listed = scenes.torrent(f"t{n}", [scenes.UP])
        problem = scenes.problem(rule, message(n), "start another", of=listed)
        views.append(scenes.seen(listed, Verdict.WARNING, problems=(problem,)))
    return scenes.snapshot(views, [scenes.tracker(scenes.UP)])


def ill_report(number: int):
    return report_on(ill(number, lambda _: "one seeder"))


def test_one_problem_of_many_is_one_block():
    text = text_of(report_on(ill(214, lambda _: "one seeder")))
    assert "! 214 torrents   one_seeder: one seeder\n    these     t0; t1; t2; and 211 more\n" in text
    assert text.count("one_seeder: ") == 1
    assert text_of(report_on(ill(3, lambda _: "one seeder"))).count("one_seeder: ") == 3


def test_many_problems_of_one_rule_are_one_block():
    text = text_of(report_on(ill(40, lambda n: f"{n // 3} seeders")))
    assert (
        "! 40 torrents   one_seeder: if the one seeder leaves, nobody can complete a download\n"
        "    these     t0; t1; t2; and 37 more\n"
        "    evidence  t0; t1; t2: 0 seeders\n"
        "    evidence  t3; t4; t5: 1 seeders\n"
        "    evidence  t6; t7; t8: 2 seeders\n"
        "    evidence  and 31 more\n"
        "    effect    1 of 1 tracker works\n"
        "    do        start another\n"
    ) in text


def test_thousands_of_skipped_inputs_are_one_block():
    skipped = [SkippedInput(f"f{n}.torrent", "empty file") for n in range(3000)]
    text = text_of(report_on(many_well(1), skipped=skipped))
    assert "! 3,000 inputs skipped   skipped_input\n" in text
    assert "    evidence  f0.torrent; f1.torrent; f2.torrent; and 2,997 more: empty file\n" in text
    assert len(text.splitlines()) < 20


def test_all_well_in_one_sentence():
    assert text_of(report_on(many_well(12))).startswith("OK  12 torrents are ready\n\nVERDICT")


def test_check_speaks_of_trackers():
    trackers = [
        scenes.tracker(scenes.UP, torrents=0),
        scenes.tracker(scenes.DEAD, Health.DOWN, failure=scenes.refused(), torrents=0),
    ]
    text = text_of(report_on(scenes.snapshot([], trackers, (down_problem(scenes.DEAD),)), subject=Subject.TRACKERS))
    assert text.startswith("WARNING  1 of 2 trackers is down, 1 of 2 trackers is up\n")
    assert "VERDICT" not in text


def rows_of(text: str) -> list[str]:
    return text.partition("VERDICT ")[2].partition("\n\n")[0].splitlines()[1:]


def collected(number: int, ill_every: int, folders: int, **more):
    listed = [scenes.torrent(f"t{n}", [scenes.UP]) for n in range(number)]
    views = [scenes.seen(t, Verdict.OK if n % ill_every else Verdict.WARNING) for n, t in enumerate(listed)]
    judged = Judged(tuple(views), {t.info_hash_hex: f"set {n % folders}" for n, t in enumerate(listed)})
    return report_on(scenes.snapshot(views, [scenes.tracker(scenes.UP)]), judged=judged, **more)


def test_above_fifty_torrents_there_is_a_line_for_each_collection():
    lines = rows_of(text_of(collected(60, 25, 2)))
    assert [line.split("  ")[0] for line in lines] == [
        "-- set 0: 2 warning, 28 ok",
        "! WARN",
        "! WARN",
        "-- set 1: 1 warning, 29 ok",
        "! WARN",
    ]
    assert [line.split()[2] for line in lines if line[0] == "!"] == ["t0", "t50", "t25"]
    flat = rows_of(text_of(collected(50, 25, 2)))
    assert len([line for line in flat if line.startswith("-- ")]) == 0
    assert len([line for line in rows_of(text_of(collected(60, 25, 2), all_rows=True)) if line[0] == "+"]) == 57


def test_collections_that_are_well_fold():
    lines = rows_of(text_of(collected(200, 1000, 40)))
    assert lines[0] == "-- set 0: 1 warning, 4 ok"
    assert sum(line.startswith("-- ") for line in lines) == 11
    assert lines[-1] == "... 29 more collections, all ok (--all lists them)"


def test_five_thousand_torrents_are_read_in_a_minute():
    text = text_of(collected(5000, 3, 300))
    lines = text.splitlines()
    assert len(lines) < 130
    assert "... 80 more collections, 1,327 torrents of them not ok (--all lists them)" in lines
    assert "... 14 more that are not ok (--all lists them)" in lines
    assert len(text_of(collected(5000, 3, 300), all_rows=True).splitlines()) > 5000


def test_what_is_not_ok_folds_too():
    lines = rows_of(text_of(ill_report(100)))
    assert len(lines) == 41
    assert lines[-1] == "... 60 more that are not ok (--all lists them)"


def test_the_command_is_one_that_a_shell_takes_from_its_lines():
    words = ["trackerwatch", "report", *(f"my files/{n} of many.torrent" for n in range(12)), "--policy", "p.toml"]
    text = text_of(replace(report_on(many_well(1)), command=shlex.join(words)))
    command = text.partition("\nagain  ")[2]
    assert "\\\n" in command
    assert shlex.split(command.replace("\\\n", "")) == words


def test_what_looks_again_stands_below_the_problems():
    text = text_of(replace(ill_report(2), command="trackerwatch report rel/ -o x.html"))
    [head, *_] = text.partition("VERDICT ")
    assert head.endswith(
        "    do        start another\n    then      trackerwatch report rel/ --fresh --only problems\n\n"
    )


def test_changes_are_told_after_the_problems():
    changes = Changes("the last run", scenes.NOW - timedelta(hours=1), (Change(ChangeKind.TORRENT_NEW, "t0 is new"),))
    text = text_of(replace(ill_report(1), changes=changes))
    assert "another\n\nchanges  since the last run, 13:02 UTC (60m ago)\n    t0 is new\n\nVERDICT" in text
    none = text_of(replace(ill_report(1), changes=replace(changes, items=())))
    assert "\nchanges  none since the last run, 13:02 UTC (60m ago)\n\nVERDICT" in none
    many = text_of(replace(ill_report(1), changes=replace(changes, items=changes.items * 500)))
    assert "\n    ... 488 more changes (--format json lists them)\n" in many


def test_policy_and_exit_code_end_it():
    text = text_of(replace(ill_report(1), policy=PolicyNote("release.toml", 2, 0)))
    assert text.endswith("\npolicy release.toml: 2 torrents in grace   exit 1\n")


@pytest.mark.parametrize("nasty", ["::error::x", "##[error]x", "x ##vso[task]y"])
@pytest.mark.parametrize("width", [80, 100])
def test_no_line_is_a_command_for_a_runner(nasty, width):
    report = report_on(ill(1, lambda _: f"{'a' * (width - 10)} {nasty} {nasty}"), title=nasty)
    text = text_of(report, width=width)
    assert not re.search(r"(?m)^\s*::\w+::|##\w*\[", text)
    assert nasty.rpartition("#")[2].strip(":") in text


def test_a_narrow_table_keeps_room_for_names():
    listed = scenes.torrent("distro-13.2-arm64-netinst.iso", [scenes.UP])
    report = report_on(scenes.snapshot([scenes.seen(listed)], [scenes.tracker(scenes.UP)]))
    assert "+ ok      distro-13.2-arm64-netinst.iso " in text_of(report, width=80)
    assert "TIER" in text_of(report, width=100)
    assert "TIER" not in text_of(report, width=80)


def test_the_effect_of_a_tracker_counts_torrents():
    dead = scenes.tracker(scenes.DEAD, Health.DOWN, failure=scenes.refused(), effect=Effect(5076, 41, 3, 0))
    text = text_of(report_on(scenes.snapshot([], [dead], (down_problem(scenes.DEAD),))))
    assert "    effect    of 5,120 torrents, 5,076 keep their tracker, 41 failed over, 3 exhausted\n" in text


def test_what_was_not_judged_is_named_with_its_reason():
    v4 = scenes.endpoint(Health.UP)
    v6 = scenes.endpoint(
        Health.UNKNOWN, address="2001:db8::7", failure=scenes.refused(FailureKind.NO_ROUTE, ""), judged=False
    )
    blocked = scenes.tracker(
        "udp://127.0.0.1:1/a", Health.UNKNOWN, endpoints=(), failure=scenes.refused(FailureKind.BLOCKED, "loopback")
    )
    scene = scenes.snapshot([], [scenes.tracker(scenes.UP, endpoints=(v4, v6)), blocked])
    assert "not judged  1 tracker (blocked, not public)\n" in text_of(report_on(scene))
    assert "seen from  vps7, IPv4 only (no IPv6 route: 1 endpoint not judged), 7.4 s" in text_of(report_on(scene))


def test_nothing_to_report():
    report = empty_report(
        "no usable input", vantage=HERE, duration_s=0.04, skipped=[SkippedInput("a.torrent", "truncated")]
    )
    assert text_of(report) == (
        "UNKNOWN  no usable input; 1 input skipped\n"
        "\n"
        "! 1 input skipped   skipped_input\n"
        "    evidence  a.torrent: truncated\n"
        "    effect    not part of this report\n"
        "    do        repair this input or take it out\n"
        "\n"
        "seen from  vps7, 0.0 s\n"
        "exit 3\n"
    )


def test_the_first_line_says_that_answers_are_remembered():
    told = replace(report_on(scenes.failed_over_scene()), remembered=Remembered(3, 61.0, 840.5))
    first = next(iter(render(told, Style(width=200))))
    assert first.endswith("; 3 trackers' answers are remembered, up to 14m old\n")
    one = next(iter(render(replace(told, remembered=Remembered(1, 4.0, 4.0)), Style(width=200))))
    assert one.endswith("; 1 tracker's answers are remembered, up to 4s old\n")
