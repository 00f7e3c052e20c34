from dataclasses import replace

import pytest

from tests.reports.scenes import DEAD, UP, refused, tracker
from trackerwatch.health import Health
from trackerwatch.outcome import FailureKind
from trackerwatch.policy.rules import Rule, Verdict
from trackerwatch.reports.diff import change_words

OK, WARNING, CRITICAL = Verdict.OK, Verdict.WARNING, Verdict.CRITICAL


@pytest.mark.parametrize(
    ("before", "warned", "failure", "line"),
    [
        (Health.UP, 0, None, "t is down now; it was up"),
        (Health.DEGRADED, 0, None, "t is down now; it was degraded"),
        (None, 0, None, "t is down now; it was not among the problems"),
        (
            Health.UP,
            1,
            refused(FailureKind.TIMEOUT, "no answer in 10 s"),
            "t is down now (timeout: no answer in 10 s); it was up; 1 torrent has a warning because of it",
        ),
        (Health.UP, 1200, None, "t is down now; it was up; 1,200 torrents have a warning because of it"),
    ],
)
def test_a_tracker_falls(before, warned, failure, line):
    view = tracker(DEAD, Health.DOWN, failure=failure)
    assert change_words.fallen("t", view, before, warned) == line


def test_a_tracker_rises():
    assert change_words.risen("t", tracker(UP), 0) == "t answers again; it was down"
    assert change_words.risen("t", tracker(UP), 1) == "t answers again; it was down; 1 torrent is better because of it"
    shaky = replace(tracker(UP, Health.DEGRADED), reasons=("slow", "loss"))
    assert change_words.risen("t", shaky, 2) == (
        "t answers again (degraded: slow, loss); it was down; 2 torrents are better because of it"
    )


@pytest.mark.parametrize(
    ("was", "now", "rules", "one", "many"),
    [
        (OK, WARNING, (Rule.ONE_SEEDER,), ("has a warning now (one seeder)", "was ok"), ("have a warning now (one seeder)", "were ok")),
        (WARNING, CRITICAL, (), ("is critical now", "had a warning"), ("are critical now", "had a warning")),
        (
            CRITICAL,
            WARNING,
            (Rule.NO_SEEDERS, Rule.EXHAUSTED),
            ("has only a warning now", "was critical (no seeders, exhausted)"),
            ("have only a warning now", "were critical (no seeders, exhausted)"),
        ),
        (CRITICAL, OK, (), ("is ok again", "was critical"), ("are ok again", "were critical")),
    ],
)  # fmt: skip
def test_a_verdict_changes(was, now, rules, one, many):
    assert change_words.judged(was, now, rules, 1) == one
    assert change_words.judged(was, now, rules, 7) == many


def test_some_of_many():
    assert change_words.some_of(["a"]) == "a"
    assert change_words.some_of(["a", "b", "c"]) == "a, b, c"
    assert change_words.some_of([str(number) for number in range(2003)]) == "0, 1, 2 and 2,000 more"


def test_numbers_that_dropped():
    assert change_words.dropped(12_000, 1) == "seeders 12,000 -> 1 (-99 %)"


def test_trackers_are_called_by_what_tells_them_apart():
    other = "http://tracker.example.org:1337/announce"
    names = change_words.names_of(map(tracker, (UP, other, DEAD)))
    assert list(names.values()) == [UP, other, "tracker.foo.org:6969"]
