from dataclasses import replace
from datetime import timedelta

from tests.tui.feeds import NOW, rich_snapshot, tracker
from trackerwatch.engine.commands import MuteTrackers, WalkAs, WatchTracker
from trackerwatch.engine.views import Mute
from trackerwatch.failover import CLIENTS
from trackerwatch.health.states import Health
from trackerwatch.tui.model import choices

VIEW = tracker(7, "udp://a.example:6969/announce", torrents=5120)
SISTER = tracker(8, "https://a.example/announce", Health.DOWN, torrents=12)
OTHER = tracker(9, "udp://b.example:6969/announce")
AT = NOW.timestamp()
URL = "udp://new.example:1/announce"


def test_a_mute_is_for_an_hour_a_day_for_good_or_until_what_is_typed():
    offered = choices.mutes((VIEW,), NOW)
    assert [choice.command for choice in offered] == [
        MuteTrackers((7,), AT + 3600, ""),
        MuteTrackers((7,), AT + 86400, ""),
        MuteTrackers((7,), None, ""),
        None,
    ]
    assert [(choice.label, choice.told) for choice in offered] == [
        ("1 hour", "until 15:02 UTC"),
        ("24 hours", "until 15 Mar 14:02 UTC"),
        ("until it is taken back", "no end; m or u takes it back"),
        ("until ...", "type how long, like 3d, or a day, like 2026-12-31"),
    ]


def test_of_a_muted_one_it_can_be_taken_back():
    muted = replace(VIEW, muted=Mute(NOW + timedelta(hours=2), "why"))
    first = choices.mutes((muted,), NOW)[0]
    assert first.command == MuteTrackers((7,), None, "", muted=False)
    assert first.told == "muted until 16:02"
    assert len(choices.mutes((muted,), NOW)) == 5
    both = choices.mutes((muted, SISTER), NOW)[0]
    assert both.command == MuteTrackers((7, 8), None, "", muted=False)
    assert both.told == "1 of them are muted"


def test_trackers_are_named_by_what_they_share():
    assert choices.names((VIEW,)) == "a.example:6969"
    assert choices.names((VIEW, SISTER)) == "2 trackers of a.example"
    assert choices.names((VIEW, OTHER)) == "2 trackers"


def test_switching_off_says_what_it_hits():
    assert choices.disable_told((VIEW,)) == (
        "Nothing is sent to it any more, and it counts for nothing.",
        "5,120 torrents list it.",
        "It works now: torrents that use it go on with their next tracker, as far as they have one.",
    )
    assert choices.disable_told((OTHER,))[1:] == ("No torrent lists it.",)
    assert choices.disable_told((replace(SISTER, torrents=1),))[1:] == ("1 torrent lists it.",)
    assert choices.disable_told((VIEW, SISTER))[1:] == (
        "Up to 5,120 torrents list one of them.",
        "1 of them work now: torrents that use it go on with their next tracker, as far as they have one.",
    )


def test_an_interval_says_what_holds_now():
    assert choices.interval_told((VIEW,))[0] == "Empty: as the settings say."
    assert choices.interval_value((VIEW,)) == ""
    wished = replace(VIEW, interval_wish_s=7200.0, interval_s=1800.0, min_interval_s=900.0)
    assert choices.interval_told((wished,)) == (
        "Now every 2h, by your wish; empty: as the settings say.",
        "It tells clients to come every 30m, and never below 15m.",
    )
    assert choices.interval_value((wished,)) == "2h"
    # Two wishes are no common one.
    assert choices.interval_value((wished, VIEW)) == ""


def test_what_works_is_offered_to_be_watched_and_what_does_not_to_be_left():
    torrent = rich_snapshot().torrents.view(1)
    worked = choices.trial_choices(URL, watched=False, works=True, torrent=torrent)
    assert [choice.command for choice in worked] == [WatchTracker(URL), WatchTracker(URL, 1), None]
    assert torrent.torrent.name in worked[1].told
    failed = choices.trial_choices(URL, watched=False, works=False, torrent=None)
    assert [choice.command for choice in failed] == [None, WatchTracker(URL)]
    assert [choice.command for choice in choices.trial_choices(URL, watched=True, works=True, torrent=torrent)] == [
        None
    ]
    assert choices.trial_told(None) == "Watch it until you quit?"
    assert choices.trial_told(torrent) == f"Watch it until you quit, for itself or for {torrent.torrent.name}?"


def test_every_client_can_be_chosen_and_says_what_it_does():
    offered = choices.clients("libtorrent")
    assert [choice.command for choice in offered] == [WalkAs(name) for name in CLIENTS]
    assert [choice.label for choice in offered if choice.current] == ["libtorrent"]
    assert all(choice.told for choice in offered)
    assert len(offered) <= 9
