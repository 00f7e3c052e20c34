from dataclasses import replace
from datetime import timedelta

from tests.tui.feeds import NOW, tracker
from trackerwatch.engine.commands import MuteTrackers, WalkAs
from trackerwatch.engine.views import Mute
from trackerwatch.failover import CLIENTS
from trackerwatch.tui import choices

VIEW = tracker(7, "udp://a.example:6969/announce")
AT = NOW.timestamp()


def test_a_mute_is_for_an_hour_a_day_or_until_the_end():
    assert [choice.command for choice in choices.mutes(VIEW, NOW)] == [
        MuteTrackers((7,), AT + 3600, "muted by hand"),
        MuteTrackers((7,), AT + 86400, "muted by hand"),
        MuteTrackers((7,), None, "muted by hand"),
    ]
    assert [(choice.label, choice.told) for choice in choices.mutes(VIEW, NOW)] == [
        ("1 hour", "until 15:02 UTC"),
        ("24 hours", "until 15 Mar 14:02 UTC"),
        ("until you quit", 'to last, in the config: [trackers."a.example:6969"] muted = true'),
    ]


def test_of_a_muted_one_it_can_be_taken_back():
    muted = replace(VIEW, muted=Mute(NOW + timedelta(hours=2), "why"))
    first = choices.mutes(muted, NOW)[0]
    assert first.command == MuteTrackers((7,), None, "", muted=False)
    assert first.told == "muted until 16:02"
    assert len(choices.mutes(muted, NOW)) == 4


def test_every_client_can_be_chosen_and_says_what_it_does():
    offered = choices.clients("libtorrent")
    assert [choice.command for choice in offered] == [WalkAs(name) for name in CLIENTS]
    assert [choice.label for choice in offered if choice.current] == ["libtorrent"]
    assert all(choice.told for choice in offered)
    assert len(offered) <= 9
