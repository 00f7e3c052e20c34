from dataclasses import replace

import pytest

from tests.tui.feeds import snapshot, torrent, torrent_view, tracker
from tests.tui.screens import show
from trackerwatch.engine.views import Effect, Mute
from trackerwatch.health.states import Health
from trackerwatch.policy.rules import Verdict
from trackerwatch.tui.lines.arrangement import Pane
from trackerwatch.tui.model.attention import hits, worst_pane

UP, DEGRADED, DOWN, UNKNOWN = Health.UP, Health.DEGRADED, Health.DOWN, Health.UNKNOWN


def of(state, verdict, **more):
    return snapshot(
        (tracker(0, "udp://a.example:6969/announce", state, **more),), [torrent_view(0, torrent("t"), verdict)]
    )


@pytest.mark.parametrize(
    ("state", "verdict", "pane"),
    [
        (UP, Verdict.OK, Pane.EVENTS),
        (UNKNOWN, Verdict.UNKNOWN, Pane.EVENTS),
        (UP, Verdict.WARNING, Pane.TORRENTS),
        (UP, Verdict.CRITICAL, Pane.TORRENTS),
        (DEGRADED, Verdict.CRITICAL, Pane.TORRENTS),
        (DEGRADED, Verdict.WARNING, Pane.TRACKERS),
        (DEGRADED, Verdict.OK, Pane.TRACKERS),
        (DOWN, Verdict.OK, Pane.TRACKERS),
        # Where both are as bad, the trackers are the cause.
        (DOWN, Verdict.CRITICAL, Pane.TRACKERS),
        (DOWN, Verdict.WARNING, Pane.TRACKERS),
    ],
)
def test_the_table_with_the_worse_trouble(state, verdict, pane):
    assert worst_pane(of(state, verdict), Pane.EVENTS) is pane


def test_a_retry_is_trouble_and_what_is_muted_is_none():
    here = Pane.TORRENTS
    assert worst_pane(of(UP, Verdict.OK, pending=1), here) is Pane.TRACKERS
    assert worst_pane(of(DOWN, Verdict.OK, muted=Mute(None, "")), here) is here
    assert worst_pane(of(DOWN, Verdict.WARNING, muted=Mute(None, "")), Pane.TRACKERS) is Pane.TORRENTS
    assert worst_pane(snapshot(), here) is here


def test_who_looks_at_torrents_stays_there_while_trackers_are_no_worse():
    assert worst_pane(of(DOWN, Verdict.CRITICAL), Pane.TORRENTS) is Pane.TORRENTS
    assert worst_pane(of(DOWN, Verdict.WARNING), Pane.TORRENTS) is Pane.TRACKERS


def test_what_a_tracker_hits_in_few_words():
    assert hits(Effect(5000, 41, 3, 0)) == "3 dead, 41 moved"
    assert hits(Effect(5000, 41, 0, 0)) == "41 moved"
    assert hits(Effect(5000, 0, 3, 0)) == "3 dead"
    assert hits(Effect(5000, 0, 0, 9)) == ""


async def test_the_screen_opens_on_the_table_that_is_in_trouble():
    async with show(of(UP, Verdict.CRITICAL)) as shown:
        assert shown.main.pane is Pane.TORRENTS
        assert shown.main.subject is Pane.TORRENTS
        assert "[2 Torrents 1]" in shown.text


@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
async def test_the_screen_follows_trouble_until_a_key_is_pressed(size):
    async with show(of(UP, Verdict.OK), size=size) as shown:
        assert shown.main.pane is Pane.TRACKERS
        await shown.post(replace(of(UP, Verdict.CRITICAL), version=2), later_s=2)
        assert shown.main.pane is Pane.TORRENTS
        await shown.post(replace(of(DOWN, Verdict.WARNING), version=3), later_s=2)
        assert shown.main.pane is Pane.TRACKERS
        # All is well again: nobody is led anywhere.
        await shown.post(replace(of(UP, Verdict.OK), version=4), later_s=2)
        assert shown.main.pane is Pane.TRACKERS
        await shown.press("j")
        await shown.post(replace(of(UP, Verdict.CRITICAL), version=5), later_s=2)
        assert shown.main.pane is Pane.TRACKERS


async def test_a_stranger_reads_it_all_from_the_first_screen():
    """What is broken, since when, what it hits, why, and when it is tried next; without a key, at 80x24."""
    async with show(size=(80, 24)) as shown:
        problem = shown.lines[1]
        assert problem.startswith(" x 1 torrent has NO")
        assert "tracker.foo.org:6969 refused" in problem
        row = next(line for line in shown.lines if line.startswith("x DOWN"))
        assert row.split()[2:4] == ["tracker.foo.org:6969", "udp"]
        assert row.split()[-2:] == ["14m", "refused"]
        assert "next try in 38s" in shown.text
        assert "Hits 5,120 torrents: 5,076 keep their tracker, 41 failed over, 3 with none left" in shown.text
        assert "5 in a row" in shown.text
