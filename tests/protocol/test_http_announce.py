"""HTTP announces: the bytes that are sent, and every shape of reply."""

import contextlib
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackerwatch.bencoding import encode
from trackerwatch.errors import ProtocolError
from trackerwatch.outcome import AnnounceEvent, AnnounceRequest, FailureKind, SwarmCounts
from trackerwatch.protocol.http_announce import decode_announce, encode_announce_target
from trackerwatch.protocol.http_target import base_target, escape
from trackerwatch.tracker import parse_tracker

INFO_HASH = bytes.fromhex("e797b1908e6938957d0d5c4598e57abc9ee3a60b")
ESCAPED = b"%e7%97%b1%90%8e%69%38%95%7d%0d%5c%45%98%e5%7a%bc%9e%e3%a6%0b"


def request(**changes):
    values = {
        "info_hash": INFO_HASH,
        "peer_id": b"-TW0100-abcdefghijkl",
        "port": 43210,
        "key": 0x0BADF00D,
        "left": 11,
        "event": AnnounceEvent.STOPPED,
    }
    return AnnounceRequest(**{**values, **changes})


def target(url, **changes):
    return encode_announce_target(parse_tracker(url), request(**changes))


PARAMETERS = (
    b"info_hash=" + ESCAPED + b"&peer_id=-TW0100-abcdefghijkl&port=43210&uploaded=0&downloaded=0&left=11"
    b"&compact=1&numwant=0&key=0BADF00D&event=stopped"
)


@pytest.mark.parametrize(
    ("url", "start"),
    [
        ("http://t.example/announce", b"/announce?"),
        ("http://t.example", b"/?"),
        ("http://t.example?key=1", b"/?key=1&"),
        ("http://t.example/announce?passkey=AbC%2f+x", b"/announce?passkey=AbC%2f+x&"),
        ("http://t.example/announce?", b"/announce?&"),
        ("http://t.example/a/../b//announce.php?uk=%zz&x", b"/a/../b//announce.php?uk=%zz&x&"),
        ("http://t.example/announce?k=1#part", b"/announce?k=1&"),
        ("http://t.example/\u00e9", b"/%C3%A9?"),
    ],
)
def test_what_is_written_in_the_torrent_stays_in_front_byte_for_byte(url, start):
    assert target(url) == start + PARAMETERS


def test_fields_of_the_request():
    sent = target("http://t.example/a", event=AnnounceEvent.STARTED, numwant=50, peer_id=b"-TW0100-~_.!/ +&%\xff\x00a")
    assert b"&numwant=50&" in sent
    assert sent.endswith(b"&event=started")
    assert b"&peer_id=-TW0100-~_.%21%2F%20%2B%26%25%FF%00a&" in sent


@pytest.mark.parametrize(("left", "sent"), [(1, 1), (2**32 - 1, 2**32 - 1), (2**32, 2**32 + 1), (0, 1)])
def test_left_never_becomes_that_of_a_seeder(left, sent):
    assert b"&left=%d&" % sent in target("http://t.example/a", left=left)


@pytest.mark.parametrize(
    ("raw", "known"),
    [
        (bytes.fromhex("123456789abcdef123456789abcdef123456789a"), b"%124Vx%9A%BC%DE%F1%23Eg%89%AB%CD%EF%124Vx%9A"),
        (INFO_HASH, b"%E7%97%B1%90%8Ei8%95%7D%0D%5CE%98%E5z%BC%9E%E3%A6%0B"),
        (
            bytes.fromhex("040b6b563f5c7214a6b798ad43c3c92e402400b9"),
            b"%04%0bkV%3f%5cr%14%a6%b7%98%adC%c3%c9.%40%24%00%b9",
        ),
    ],
)
def test_escapes_mean_what_the_known_answers_mean(raw, known):
    assert unquote_to_bytes(escape(raw)) == unquote_to_bytes(known) == raw


@given(st.binary(min_size=20, max_size=20))
def test_an_escaped_hash_is_nothing_but_escapes(info_hash):
    assert len(escape(info_hash)) == 60
    assert unquote_to_bytes(escape(info_hash)) == info_hash


@given(st.text(max_size=40))
def test_a_target_can_always_be_sent(written):
    sent = base_target(written)
    assert sent.startswith(b"/")
    assert all(0x21 <= byte <= 0x7E for byte in sent)
    assert b"#" not in sent


def test_a_reply_with_everything():
    reply = decode_announce(
        b"d8:completei5e10:downloadedi50e10:incompletei3e8:intervali1800e12:min intervali900e5:peers12:iiiippjjjjqqe"
    )
    assert reply.counts == SwarmCounts(5, 3, 50)
    assert (reply.peers, reply.interval_s, reply.min_interval_s) == (2, 1800, 900)
    assert reply.failure is reply.warning is reply.warning_kind is None
    assert reply.findings == ()
    assert reply.in_words() == "complete 5, incomplete 3, downloaded 50, peers 2, interval 1800, min interval 900"


@pytest.mark.parametrize(
    ("body", "peers"),
    [
        (b"d8:intervali1800e5:peers6:iiiipp6:peers618:iiiiiiiiiiiiiiiippe", 2),
        (b"d8:intervali1800e6:peers618:iiiiiiiiiiiiiiiippe", 1),
        (b"d8:intervali1042e12:min intervali10e5:peers0:e", 0),
        (b"d8:intervali1800e5:peersdee", 0),
        (b"d8:intervali1800ee", None),
        (b"d5:peersld7:peer id20:aaaaaaaaaaaaaaaaaaaa2:ip11:example.com4:porti1eeee", 1),
        (b"d8:intervali1800e5:peers0:e\r\n", 0),
    ],
)
def test_peer_lists(body, peers):
    reply = decode_announce(body)
    assert reply.peers == peers
    assert reply.findings == ()


@pytest.mark.parametrize(
    ("peers", "count", "finding"),
    [
        (b"7:iiiippx", None, "peers of 7 bytes"),
        (b"i5e", None, "peers is no list"),
        (b"ld2:ip1:a4:porti-1eed2:ip1:b4:porti65536eed2:ip1:c4:porti80eee", 1, "2 of 3 peers"),
        (b"l1:ae", 0, "1 of 1 peers"),
    ],
)
def test_a_broken_peer_list_leaves_the_counts_standing(peers, count, finding):
    reply = decode_announce(b"d8:completei5e10:incompletei3e5:peers" + peers + b"e")
    assert reply.peers == count
    assert reply.counts == SwarmCounts(5, 3, None)
    assert finding in reply.findings[0]


@pytest.mark.parametrize(
    ("body", "interval", "minimum"),
    [
        (b"d8:intervali0e5:peers0:e", None, None),
        (b"d8:intervali-5e12:min intervali60e5:peers0:e", None, 60),
        (b"d8:intervali4294967296e5:peers0:e", 86400, None),
        (b"d8:interval4:18005:peers0:e", 1800, None),
        (b"d8:intervalle5:peers0:e", None, None),
        (b"d8:interval4:soon5:peers0:e", None, None),
    ],
)
def test_intervals(body, interval, minimum):
    reply = decode_announce(body)
    assert (reply.interval_s, reply.min_interval_s) == (interval, minimum)


@pytest.mark.parametrize("value", [b"i-1e", b"i4294967296e", b"1:5", b"le"])
def test_counts_that_make_no_sense_are_unknown(value):
    reply = decode_announce(b"d8:complete" + value + b"10:incompletei3ee")
    assert reply.counts == SwarmCounts(None, 3, None)
    assert reply.findings[0].startswith("complete makes no sense")


@pytest.mark.parametrize(
    ("body", "kind", "message", "wait", "never"),
    [
        (b"d14:failure reason12:test messagee", "failure_reason", "test message", None, False),
        (b"d5:peers0:14:failure reason12:test messagee", "failure_reason", "test message", None, False),
        (
            b"d14:failure reason63:Requested download is not authorized for use with this tracker.e",
            "unregistered",
            "Requested download is not authorized for use with this tracker.",
            None,
            False,
        ),
        (
            b"d14:failure reason17:TORRENT NOT FOUND8:retry in5:never8:intervali7200e12:min intervali7200ee",
            "unregistered",
            "TORRENT NOT FOUND",
            7200,
            True,
        ),
        (
            b"d14:failure reason17:Passkey not found12:min intervali5400e8:intervali5400ee",
            "unauthorized",
            "Passkey not found",
            5400,
            False,
        ),
        (b"d14:failure reason4:busy8:retry ini15ee", "failure_reason", "busy", 900, False),
        (b"d14:failure reason4:busy8:retry in2:15e", "failure_reason", "busy", 900, False),
        (b"d14:failure reason4:busy8:intervali60e8:retry in2:15e", "failure_reason", "busy", 900, False),
        (b"d14:failure reason4:busy8:retry ini99999999ee", "failure_reason", "busy", 604800, False),
        (b"d14:failure reason4:busy8:retry ini-1ee", "failure_reason", "busy", None, False),
        (b"d14:failure reason0:e", "failure_reason", "", None, False),
        (b"d14:failure reasoni5ee", "failure_reason", "5", None, False),
    ],
)
def test_failures(body, kind, message, wait, never):
    failure = decode_announce(body).failure
    assert (failure.kind, failure.message) == (kind, message)
    assert (failure.retry_in_s, failure.retry_never) == (wait, never)


def test_the_status_helps_where_the_words_do_not():
    body = b"d14:failure reason2:noe"
    assert decode_announce(body, http_status=429).failure.kind is FailureKind.RATE_LIMITED
    assert decode_announce(body, http_status=404).failure.kind is FailureKind.FAILURE_REASON
    assert decode_announce(body, http_status=404).failure.retry_never is False


def test_gone_is_for_ever_whatever_the_words():
    assert decode_announce(b"d14:failure reason2:noe", http_status=410).failure.retry_never is True


def test_the_slang_of_private_trackers_counts_in_failures_alone():
    failure = decode_announce(b"d14:failure reason7:trumpede", private=True).failure
    assert failure.kind is FailureKind.UNREGISTERED
    assert decode_announce(b"d5:peers0:15:warning message7:trumpede", private=True).warning_kind is None


def test_an_acknowledged_stop_is_no_failure():
    reply = decode_announce(b"d14:failure reason27:Stopped peer doesn't exist.e")
    assert reply.failure is None
    assert reply.in_words() == "Stopped peer doesn't exist."


def test_a_failure_sent_as_a_warning_is_told_apart():
    body = b"d8:intervali3030e12:min intervali3030e5:peers0:15:warning message22:Torrent not registerede"
    reply = decode_announce(body)
    assert reply.failure is None
    assert (reply.warning, reply.warning_kind) == ("Torrent not registered", FailureKind.UNREGISTERED)
    plain = decode_announce(b"d5:peers0:15:warning message12:test messagee")
    assert (plain.warning, plain.warning_kind) == ("test message", None)


def test_texts_come_clean_and_without_secrets():
    text = b"bad key s3cr3tkey \x1b[31m\nagain\xe2\x80\xae!\x00"
    failure = decode_announce(encode({b"failure reason": text}), secrets=("s3cr3tkey",)).failure
    assert failure.message == "bad key \u2026 again!"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html></html>",
        b"d3:cow3:mooe",
        b"de",
        b"le",
        b"d14:failure reason18:TORRENT NOT FOUND8:retry in5:never8:intervali7200e12:min intervali7200ee",
        b"\xef\xbb\xbfd5:peers0:e",
        b"Warning: x in y.php\nd5:peers0:e",
    ],
)
def test_what_is_no_reply(body):
    with pytest.raises(ProtocolError):
        decode_announce(body)


@given(st.binary(max_size=120))
def test_any_bytes_give_a_reply_or_a_protocol_error(body):
    for data in (body, b"d8:complete" + body + b"e", b"d14:failure reason" + body, b"d5:peers" + body + b"e"):
        with contextlib.suppress(ProtocolError):
            decode_announce(data)
