import json
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.reports.scenes import NOW, UP, answer, problem, seen, snapshot, torrent, tracker
from trackerwatch.failover import Role
from trackerwatch.outcome import SwarmCounts
from trackerwatch.policy.rules import Rule, Severity, Verdict
from trackerwatch.reports.building import build_report
from trackerwatch.reports.diff import baseline_bytes
from trackerwatch.reports.diff.baseline import baseline_of, filled
from trackerwatch.reports.diff.baseline_bytes import BaselineError, from_bytes, to_bytes
from trackerwatch.reports.diff.lasting import lasting
from trackerwatch.reports.rows import Vantage

HERE = Vantage("5b8b2b52-0c35-4a4e-9a43-0f0f6a2f5a10", "vps7")
LISTED = torrent("a", [UP])
KEY = LISTED.info_hash_hex
HOUR = timedelta(hours=1)


def broken(rule, at):
    return replace(problem(rule, "seen", "to do", of=LISTED), since=at)


def report_at(at, *rules, seeders: int | None = 0, verdict=None):
    """A run at a time, which by itself says that everything began just then."""
    problems = tuple(broken(rule, at) for rule in rules)
    counts = SwarmCounts(seeders, None, None)
    worst = verdict or (max((p.severity.verdict for p in problems), key=lambda v: v.badness, default=Verdict.OK))
    view = replace(
        seen(
            LISTED, counts=counts, problems=problems, verdict=worst, answers=(answer(LISTED, UP, Role.ACTIVE, counts),)
        ),
        since=at,
    )
    return build_report(replace(snapshot([view], [tracker(UP)]), taken_at=at), vantage=HERE, duration_s=1.0)


def after(*reports):
    """What the last of these runs tells, each remembered by the one after it, by way of bytes."""
    last = None
    for report in reports:
        found = report if last is None else lasting(report, last)
        now = baseline_of(found)
        last = from_bytes(to_bytes(now if last is None else filled(now, last)))
    return found


def begun(report):
    return {one.rule: one.since for view in report.torrents for one in view.problems}


def test_what_was_broken_already_is_so_since_then():
    told = after(*(report_at(NOW + n * HOUR, Rule.NO_SEEDERS, Rule.FAILED_OVER) for n in range(4)))
    assert begun(told) == {Rule.NO_SEEDERS: NOW, Rule.FAILED_OVER: NOW}
    assert told.torrents[0].since == NOW
    assert [one.since for one in told.problems] == [NOW, NOW], "the list of the report says the same"


def test_each_rule_has_its_own_time():
    told = after(report_at(NOW, Rule.FAILED_OVER), report_at(NOW + HOUR, Rule.NO_SEEDERS, Rule.FAILED_OVER))
    assert begun(told) == {Rule.NO_SEEDERS: NOW + HOUR, Rule.FAILED_OVER: NOW}
    assert told.torrents[0].since == NOW + HOUR, "its worst rule is broken since"


def test_what_was_well_in_between_began_anew():
    told = after(
        report_at(NOW, Rule.FAILED_OVER), report_at(NOW + HOUR, seeders=3), report_at(NOW + 2 * HOUR, Rule.FAILED_OVER)
    )
    assert begun(told) == {Rule.FAILED_OVER: NOW + 2 * HOUR}


def test_what_was_not_known_in_between_goes_on():
    unknown = report_at(NOW + HOUR, seeders=None, verdict=Verdict.UNKNOWN)
    told = after(report_at(NOW, Rule.FAILED_OVER), unknown, unknown, report_at(NOW + 3 * HOUR, Rule.FAILED_OVER))
    assert begun(told) == {Rule.FAILED_OVER: NOW}


def test_seeders_that_nobody_told_of_were_not_back():
    silent = report_at(NOW + HOUR, Rule.FAILED_OVER, seeders=None)
    told = after(report_at(NOW, Rule.NO_SEEDERS), silent, report_at(NOW + 2 * HOUR, Rule.NO_SEEDERS, Rule.FAILED_OVER))
    assert begun(told) == {Rule.NO_SEEDERS: NOW, Rule.FAILED_OVER: NOW + HOUR}


def test_a_clock_that_was_set_back_has_no_say():
    told = after(report_at(NOW + HOUR, Rule.FAILED_OVER), report_at(NOW, Rule.FAILED_OVER))
    assert begun(told) == {Rule.FAILED_OVER: NOW}


def test_a_remark_that_becomes_a_warning_was_there_before():
    new = replace(broken(Rule.FAILED_OVER, NOW), severity=Severity.INFO)
    first = report_at(NOW, seeders=3)
    first = replace(first, torrents=(replace(first.torrents[0], problems=(new,)),), problems=(new,))
    assert begun(after(first, report_at(NOW + HOUR, Rule.FAILED_OVER))) == {Rule.FAILED_OVER: NOW}


def test_torrents_that_are_not_listed_are_remembered_as_well():
    report = report_at(NOW + HOUR, Rule.FAILED_OVER)
    report = replace(report, torrents=(), unlisted_torrents=report.torrents)
    told = lasting(report, baseline_of(report_at(NOW, Rule.FAILED_OVER)))
    assert [one.since for view in told.unlisted_torrents for one in view.problems] == [NOW]


def test_a_report_that_learns_nothing_stays_what_it_is():
    report = report_at(NOW + HOUR, Rule.FAILED_OVER)
    assert lasting(report, baseline_of(report_at(NOW, seeders=3))) is report


class TestBytes:
    def test_a_body_of_an_earlier_version_is_read(self):
        document = json.loads(to_bytes(baseline_of(report_at(NOW, Rule.FAILED_OVER))))
        del document["since"]
        read = from_bytes(json.dumps(document).encode())
        assert read.torrents[KEY].rules == (Rule.FAILED_OVER,)
        assert read.torrents[KEY].since == ()

    def test_a_body_that_would_be_too_large_goes_without_it(self, monkeypatch):
        now = baseline_of(report_at(NOW, Rule.FAILED_OVER))
        whole = to_bytes(now)
        monkeypatch.setattr(baseline_bytes, "MAX_BYTES", len(whole) - 1)
        read = from_bytes(to_bytes(now))
        assert read.torrents[KEY] == replace(now.torrents[KEY], since=())

    def test_torrents_that_stand_alike_share_what_is_written(self):
        now = baseline_of(report_at(NOW, Rule.FAILED_OVER))
        many = replace(now, torrents={f"{n:040x}": now.torrents[KEY] for n in range(100)})
        assert to_bytes(many).count(b"failed_over") == 100 + 1

    @pytest.mark.parametrize(
        "since",
        [
            [],
            [[], [0]],
            [[[]], []],
            [[[]], [True]],
            [[[]], [1]],
            [[["failed_over"]], [0]],
            [[["failed_over", "now"]], [0]],
            [[["failed_over", True]], [0]],
            [[["failed_over", -1]], [0]],
            [[["failed_over", 1e300]], [0]],
            [[["failed_over", 10**18]], [0]],
            [[["failed_over", 1] * 1000], [0]],
            [[[7, 7]], [0]],
            {"of": 1},
        ],
    )
    def test_nothing_in_it_is_believed(self, since):
        document = json.loads(to_bytes(baseline_of(report_at(NOW, Rule.FAILED_OVER))))
        document["since"] = since
        with pytest.raises(BaselineError, match="damaged"):
            from_bytes(json.dumps(document).encode())

    def test_a_rule_of_a_later_version_is_none(self):
        document = json.loads(to_bytes(baseline_of(report_at(NOW, Rule.FAILED_OVER))))
        document["since"] = [[["cursed", 5, "failed_over", 7000]], [0]]
        (known,) = from_bytes(json.dumps(document).encode()).torrents[KEY].since
        assert (known[0], known[1].timestamp()) == (Rule.FAILED_OVER, 7.0)
