"""BEP 34 records: which count, what they name, and what hostile ones may cost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackerwatch.protocol.dns_preferences import (
    MAX_PREFERENCES,
    MAX_RECORD_BYTES,
    Preference,
    Transport,
    read_preferences,
)

UDP, TCP = Transport.UDP, Transport.TCP


def ports(*records: bytes) -> list[tuple[Transport, int]] | None:
    """The ports named; empty for a denial, None where nothing is said."""
    said = read_preferences(records)
    return None if said is None else [(preference.transport, preference.port) for preference in said.ports]


@pytest.mark.parametrize(
    ("record", "named"),
    [
        (b"BITTORRENT", []),
        (b"BITTORRENT DENY ALL", []),
        (b"BITTORRENT UDP:1337 TCP:80", [(UDP, 1337), (TCP, 80)]),
        (b"BITTORRENT TCP:80 UDP:1337", [(TCP, 80), (UDP, 1337)]),
        (b"BITTORRENT  UDP:1337   TCP:443 ", [(UDP, 1337), (TCP, 443)]),
        (b"BITTORRENT SCTP:9 UDP:1 quic", [(UDP, 1)]),
        (b"BITTORRENT UDP:1 UDP:1 UDP:2", [(UDP, 1), (UDP, 2)]),
        (b"BITTORRENT UDP:65535", [(UDP, 65535)]),
        (b"bittorrent UDP:1", None),
        (b"v=spf1 include:example.org", None),
        (b"BITTORRENTS UDP:1", None),
        (b" BITTORRENT UDP:1", None),
        (b"BITTORRENT\tUDP:1", None),
        (b"", None),
    ],
)
def test_records(record, named):
    assert ports(record) == named


@pytest.mark.parametrize("word", [b"UDP:0", b"UDP:65536", b"TCP:", b"UDP:-1", b"UDP:+1", b"TCP:8o", b"UDP:000080"])
def test_a_broken_port_is_no_denial(word):
    assert ports(b"BITTORRENT " + word) is None
    assert ports(b"BITTORRENT " + word + b" TCP:7") == [(TCP, 7)]


def test_several_records_are_taken_together_in_one_order():
    assert ports(b"v=spf1", b"BITTORRENT UDP:2", b"BITTORRENT TCP:1") == [(TCP, 1), (UDP, 2)]
    assert ports(b"BITTORRENT TCP:1", b"BITTORRENT UDP:2", b"v=spf1") == [(TCP, 1), (UDP, 2)]
    assert ports(b"BITTORRENT DENY ALL", b"BITTORRENT UDP:2") == [(UDP, 2)]


def test_no_records_say_nothing():
    assert ports() is None


def test_denials_name_their_record():
    said = read_preferences([b"x", b"BITTORRENT DENY ALL"])
    assert said is not None
    assert (said.denied, said.record) == (True, "BITTORRENT DENY ALL")


def test_which_port_to_ask():
    said = read_preferences([b"BITTORRENT UDP:1337 UDP:80 TCP:8080"])
    assert said is not None
    assert not said.denied
    assert [said.port_for(UDP, port) for port in (80, 1337, 6969)] == [80, 1337, 1337]
    assert said.port_for(TCP, 443) == 8080
    only = read_preferences([b"BITTORRENT UDP:1337"])
    assert only is not None
    assert only.port_for(TCP, 1337) is None
    assert str(only.ports[0]) == "UDP:1337"


def test_half_a_word_at_the_limit_is_no_port():
    before = b"BITTORRENT UDP:7 ".ljust(MAX_RECORD_BYTES - 6, b"x") + b" UDP:1337"
    assert ports(before) == [(UDP, 7)]


def test_hostile_records_are_bounded():
    many = b"BITTORRENT " + b" ".join(b"UDP:%d" % port for port in range(1, 60000))
    said = read_preferences([many] + [b"BITTORRENT x" + b"y" * 60000 + b"%d" % n for n in range(200)])
    assert said is not None
    assert len(said.ports) == MAX_PREFERENCES
    assert len(said.record) <= MAX_RECORD_BYTES
    assert said.ports[0] == Preference(UDP, 1)


@given(st.lists(st.binary(max_size=60) | st.binary(max_size=60).map(lambda tail: b"BITTORRENT " + tail)))
def test_any_records_say_something_or_nothing(records):
    said = read_preferences(records)
    if said is not None:
        assert all(1 <= preference.port <= 65535 for preference in said.ports)
        assert any(record.startswith(b"BITTORRENT") for record in records)
