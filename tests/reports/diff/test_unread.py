"""Runs in which an input could not be read: what was in it is neither gone nor new."""

import json
from dataclasses import replace

import pytest

from tests.reports.diff.test_comparing import lines, report_of, told, well
from tests.reports.scenes import UP, tracker
from trackerwatch.health import Health
from trackerwatch.policy.rules import Verdict
from trackerwatch.reports.diff.baseline import baseline_of, filled
from trackerwatch.reports.diff.baseline_bytes import BaselineError, from_bytes, to_bytes
from trackerwatch.reports.diff.comparing import changes
from trackerwatch.reports.rows import SkippedInput

ALPHA, BETA = well("alpha"), well("beta")
LIST = SkippedInput("https://host.example.org/beta.torrent", "HTTP 503")
BROKEN = SkippedInput("broken.torrent", "no torrent")


def run(*torrents, skipped=()):
    return report_of(torrents, [tracker(UP)], skipped=skipped)


class Runs:
    """Runs of one command, each compared with what is kept of those before."""

    def __init__(self) -> None:
        self.kept = None

    def __call__(self, *torrents, skipped=()) -> list[str]:
        report = run(*torrents, skipped=skipped)
        now = baseline_of(report)
        if self.kept is None:
            self.kept = to_bytes(now)
            return []
        before = from_bytes(self.kept)
        self.kept = to_bytes(filled(now, before))
        return [one.message for one in changes(before, now, report, "the last run").items if "beta" in one.message]


def test_what_may_be_behind_an_input_that_failed_is_neither_gone_nor_new_again():
    runs = Runs()
    runs(ALPHA, BETA)
    assert runs(ALPHA, skipped=[LIST]) == []
    assert runs(ALPHA, skipped=[LIST]) == []
    assert runs(ALPHA, BETA) == []
    assert runs(ALPHA) == ["beta is gone; it was ok"]


def test_it_is_gone_when_the_input_can_be_read_and_it_is_not_in_it():
    runs = Runs()
    runs(ALPHA, BETA)
    assert runs(ALPHA, skipped=[LIST]) == []
    assert runs(ALPHA) == ["beta is gone; it was ok"]
    assert runs(ALPHA) == []


def test_an_input_that_never_could_be_read_hides_nothing():
    runs = Runs()
    runs(ALPHA, BETA, skipped=[BROKEN])
    assert runs(ALPHA, skipped=[BROKEN]) == ["beta is gone; it was ok"]


def test_of_two_inputs_that_look_the_same_each_counts():
    runs = Runs()
    runs(ALPHA, BETA, skipped=[LIST])
    assert runs(ALPHA, skipped=[LIST, LIST]) == []


def test_one_of_the_same_name_takes_its_place():
    runs = Runs()
    runs(ALPHA, BETA)
    other = replace(BETA.torrent, info_hash=b"\1" * 20)
    renewed = replace(BETA, torrent=other)
    (line,) = runs(ALPHA, renewed, skipped=[LIST])
    assert line.startswith("beta is another torrent now")
    assert runs(ALPHA, renewed) == []


def test_against_a_file_the_same_holds():
    assert lines(run(ALPHA, BETA), run(ALPHA, skipped=[LIST])) == []
    assert lines(run(ALPHA, BETA), run(ALPHA)) == ["beta is gone; it was ok"]
    assert not told(run(ALPHA, BETA, skipped=[LIST]), run(ALPHA, BETA)).items


def test_a_file_that_a_filter_made_smaller_says_nothing_of_the_rest():
    part = replace(run(ALPHA), filter="alpha")
    now = run(ALPHA, BETA)
    assert changes(baseline_of(part), baseline_of(now), now, "old.json").items == ()
    # Not even where it lists what is not well alone.
    bad = replace(BETA, verdict=Verdict.WARNING)
    listed = replace(part, torrents_by_verdict={Verdict.OK: 5}, trackers=(), trackers_by_state={Health.UP: 3})
    now = report_of([ALPHA, bad], [tracker(UP, Health.DOWN)])
    assert changes(baseline_of(listed), baseline_of(now), now, "old.json").items == ()
    # A run before of the same command knows what its filter left out.
    last = replace(run(ALPHA), filter="alpha", unselected=("0" * 40,))
    now = replace(run(ALPHA, BETA), filter="alpha")
    told_ = changes(from_bytes(to_bytes(baseline_of(last))), baseline_of(now), now, "the last run", filtered=True)
    assert [one.message for one in told_.items] == ["beta is new"]


@pytest.mark.parametrize("key", ["skipped", "kept"])
@pytest.mark.parametrize("value", [[1], ["x"], "x", {}, [["0" * 12]]])
def test_nonsense_in_the_store_is_damage(key, value):
    document = json.loads(to_bytes(baseline_of(run(ALPHA))))
    document[key] = value
    with pytest.raises(BaselineError, match="damaged"):
        from_bytes(json.dumps(document).encode())


def test_what_was_written_before_is_read():
    document = json.loads(to_bytes(baseline_of(run(ALPHA))))
    del document["skipped"], document["kept"]
    assert from_bytes(json.dumps(document).encode()) == baseline_of(run(ALPHA))
