"""The BEP 15 conversation, by its timelines: datagrams and times in, datagrams and times out."""

import itertools
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackerwatch.protocol.udp import PROTOCOL_MAGIC, Action
from trackerwatch.protocol.udp_session import Ending, UdpSession

ID = 0x1122334455667788
BEP_15_OFFSETS = tuple(15 * (2**n - 1) for n in range(9))


def session(**changes):
    numbers = itertools.count(1)
    return UdpSession(**({"timeout_s": 10.0, "draw_transaction_id": lambda: next(numbers)} | changes))


def header(datagram):
    connection_id, action, transaction_id = struct.unpack_from(">QII", datagram)
    return connection_id, Action(action), transaction_id


def sent(conversation, now):
    return [header(datagram) for datagram in conversation.datagrams_to_send(now)]


def granted(transaction_id, connection_id=ID):
    return struct.pack(">IIQ", 0, transaction_id, connection_id)


def answer(action, transaction_id, body=b"body"):
    return struct.pack(">II", action, transaction_id) + body


def connected(now=0.0, **changes):
    """A session whose first connect was answered at once."""
    conversation = session(**changes)
    connect = conversation.connect()
    ((_, _, transaction_id),) = sent(conversation, now)
    conversation.receive_datagram(granted(transaction_id), now)
    assert conversation.take_finished() == [connect]
    return conversation


def timeline(conversation, until):
    """What is sent when, with nobody answering: the session's own alarms are the only clock."""
    seen = []
    while (at := conversation.next_deadline()) is not None and at <= until:
        seen += [(at, action) for _, action, _ in sent(conversation, at)]
    return seen


# BEP 15's own samples


def test_bep_15_sample_connect_lost():
    conversation = session(timeout_s=7680, resend_offsets_s=BEP_15_OFFSETS)
    conversation.submit(Action.ANNOUNCE, b"")
    assert sent(conversation, 0) == [(PROTOCOL_MAGIC, Action.CONNECT, 1)]
    assert timeline(conversation, 300) == [(at, Action.CONNECT) for at in (15, 45, 105, 225)]


def test_bep_15_sample_announce_lost_after_connect():
    conversation = session(timeout_s=7680, resend_offsets_s=BEP_15_OFFSETS, connection_id_lifetime_s=60)
    conversation.connect()
    assert sent(conversation, 0) == [(PROTOCOL_MAGIC, Action.CONNECT, 1)]
    conversation.receive_datagram(granted(1), 1)
    conversation.submit(Action.ANNOUNCE, b"")
    assert sent(conversation, 2) == [(ID, Action.ANNOUNCE, 2)]
    assert timeline(conversation, 300) == [
        (17, Action.ANNOUNCE),
        (47, Action.ANNOUNCE),
        (107, Action.CONNECT),
        (227, Action.CONNECT),
    ]


def test_bep_15_sample_announce_goes_on_after_the_second_connect():
    conversation = session(timeout_s=7680, resend_offsets_s=BEP_15_OFFSETS, connection_id_lifetime_s=60)
    conversation.connect()
    sent(conversation, 0)
    conversation.receive_datagram(granted(1), 1)
    announce = conversation.submit(Action.ANNOUNCE, b"")
    sent(conversation, 2)
    assert timeline(conversation, 110)[-1] == (107, Action.CONNECT)
    conversation.receive_datagram(granted(5, connection_id=77), 108)
    assert sent(conversation, 108) == [(77, Action.ANNOUNCE, 6)]
    conversation.receive_datagram(answer(Action.ANNOUNCE, 6), 109)
    assert (announce.ending, announce.rtt_s) == (Ending.ANSWERED, 1)


# Our own timetable


def test_sends_at_0_25_and_55_percent_and_gives_up_at_the_limit():
    conversation = connected()
    request = conversation.submit(Action.SCRAPE, b"")
    assert sent(conversation, 0) == [(ID, Action.SCRAPE, 2)]
    assert timeline(conversation, 60) == [(2.5, Action.SCRAPE), (5.5, Action.SCRAPE)]
    assert conversation.take_finished() == [request]
    assert (request.ending, request.sent, request.lost, request.rtt_s) == (Ending.TIMED_OUT, 3, 2, None)
    assert conversation.idle
    assert conversation.next_deadline() is None


def test_connect_has_a_limit_of_its_own_and_takes_the_queue_with_it():
    conversation = session()
    requests = [conversation.submit(Action.SCRAPE, bytes((n,))) for n in range(40)]
    assert len(sent(conversation, 0)) == 1
    assert timeline(conversation, 60) == [(2.5, Action.CONNECT), (5.5, Action.CONNECT)]
    assert conversation.take_finished() == requests
    assert {(r.ending, r.failed_in_connect, r.sent) for r in requests} == {(Ending.TIMED_OUT, True, 0)}
    assert conversation.idle


def test_the_limit_of_a_request_begins_when_it_is_sent():
    conversation = session()
    request = conversation.submit(Action.SCRAPE, b"")
    sent(conversation, 0)
    conversation.receive_datagram(granted(1), 9)
    sent(conversation, 9)
    assert timeline(conversation, 60) == [(11.5, Action.SCRAPE), (14.5, Action.SCRAPE)]
    assert request.ending is Ending.TIMED_OUT


def test_a_limit_for_the_whole_cuts_the_request_short():
    conversation = session(whole_timeout_s=10)
    conversation.submit(Action.ANNOUNCE, b"")
    sent(conversation, 0)
    conversation.receive_datagram(granted(1), 9)
    sent(conversation, 9)
    assert conversation.next_deadline() == 10
    assert sent(conversation, 10) == []
    assert conversation.idle


def test_connection_id_is_used_for_50_seconds():
    conversation = connected()
    conversation.submit(Action.SCRAPE, b"")
    assert sent(conversation, 49.9) == [(ID, Action.SCRAPE, 2)]
    conversation.receive_datagram(answer(Action.SCRAPE, 2), 49.9)
    conversation.submit(Action.SCRAPE, b"")
    assert sent(conversation, 50) == [(PROTOCOL_MAGIC, Action.CONNECT, 3)]
    conversation.receive_datagram(granted(3, connection_id=9), 50.1)
    assert sent(conversation, 50.1) == [(9, Action.SCRAPE, 4)]


# Which reply belongs to what


def test_round_trip_is_measured_from_the_sending_that_was_answered():
    conversation = connected()
    request = conversation.submit(Action.SCRAPE, b"")
    assert sent(conversation, 0) == [(ID, Action.SCRAPE, 2)]
    assert sent(conversation, 2.5) == [(ID, Action.SCRAPE, 3)]
    conversation.receive_datagram(answer(Action.SCRAPE, 3), 2.6)
    assert (request.ending, request.lost) == (Ending.ANSWERED, 1)
    assert request.rtt_s == pytest.approx(0.1)
    assert (conversation.sent, conversation.lost) == (3, 1)


def test_late_reply_to_an_earlier_sending_is_a_reply_and_nothing_was_lost():
    conversation = connected()
    request = conversation.submit(Action.SCRAPE, b"")
    sent(conversation, 0)
    sent(conversation, 2.5)
    conversation.receive_datagram(answer(Action.SCRAPE, 2, b"late"), 2.6)
    assert (request.ending, request.reply[8:], request.lost) == (Ending.ANSWERED, b"late", 0)
    assert request.rtt_s == pytest.approx(2.6)
    conversation.receive_datagram(answer(Action.SCRAPE, 3), 2.7)
    assert conversation.unmatched == 1


@pytest.mark.parametrize(
    "datagram",
    [
        answer(Action.SCRAPE, 99),
        answer(Action.ANNOUNCE, 2),
        answer(Action.CONNECT, 2, bytes(8)),
        answer(4, 2),
        answer(Action.ERROR, 99),
        answer(Action.ERROR, 0),
        b"",
        b"\0\0\0\2",
    ],
)
def test_what_matches_nothing_is_counted_and_dropped(datagram):
    conversation = connected()
    request = conversation.submit(Action.SCRAPE, b"")
    sent(conversation, 0)
    conversation.receive_datagram(datagram, 0.1)
    assert (conversation.unmatched, request.ending) == (1, None)
    conversation.receive_datagram(answer(Action.SCRAPE, 2), 0.2)
    assert request.ending is Ending.ANSWERED


def test_transaction_ids_are_never_zero_nor_used_twice():
    conversation = session(draw_transaction_id=lambda: 0)
    conversation.connect()
    assert sent(conversation, 0) == [(PROTOCOL_MAGIC, Action.CONNECT, 1)]
    assert sent(conversation, 2.5) == [(PROTOCOL_MAGIC, Action.CONNECT, 2)]


def test_magic_constant_is_a_connection_id_too():
    conversation = session()
    conversation.submit(Action.SCRAPE, b"")
    sent(conversation, 0)
    conversation.receive_datagram(granted(1, PROTOCOL_MAGIC), 0)
    assert sent(conversation, 0) == [(PROTOCOL_MAGIC, Action.SCRAPE, 2)]


# Errors


@pytest.mark.parametrize("code", [3, 0x03000000])
def test_error_ends_the_request_with_its_text(code):
    conversation = connected()
    request = conversation.submit(Action.ANNOUNCE, b"")
    sent(conversation, 0)
    conversation.receive_datagram(answer(code, 2, b"no such torrent\0"), 0.1)
    assert (request.ending, request.error_text, request.failed_in_connect) == (Ending.ERROR, b"no such torrent", False)


def test_error_to_the_connect_fails_what_waits_for_it():
    conversation = session()
    request = conversation.submit(Action.ANNOUNCE, b"")
    sent(conversation, 0)
    conversation.receive_datagram(answer(Action.ERROR, 1, b"go away"), 0.1)
    assert (request.ending, request.error_text, request.failed_in_connect) == (Ending.ERROR, b"go away", True)
    assert conversation.idle


def test_short_connect_reply_is_broken():
    conversation = session()
    connect = conversation.connect()
    sent(conversation, 0)
    conversation.receive_datagram(answer(Action.CONNECT, 1, bytes(7)), 0.1)
    assert conversation.take_finished() == [connect]
    assert (connect.ending, connect.failed_in_connect) == (Ending.BROKEN, True)
    assert b"15 bytes" in connect.error_text


def test_connection_id_error_costs_one_connect_for_all_who_met_it():
    conversation = connected()
    requests = [conversation.submit(Action.SCRAPE, bytes((n,))) for n in range(3)]
    assert [t for _, _, t in sent(conversation, 0)] == [2, 3, 4]
    for transaction_id in (2, 3, 4):
        conversation.receive_datagram(answer(Action.ERROR, transaction_id, b"Connection ID missmatch.\0"), 0.1)
    assert sent(conversation, 0.1) == [(PROTOCOL_MAGIC, Action.CONNECT, 5)]
    conversation.receive_datagram(granted(5, connection_id=9), 0.2)
    assert sent(conversation, 0.2) == [(9, Action.SCRAPE, 6), (9, Action.SCRAPE, 7), (9, Action.SCRAPE, 8)]
    for transaction_id in (6, 7, 8):
        conversation.receive_datagram(answer(Action.SCRAPE, transaction_id), 0.3)
    assert [request.ending for request in requests] == [Ending.ANSWERED] * 3


def test_late_connection_id_error_does_not_throw_the_new_id_away():
    conversation = connected()
    for body in (b"1", b"2"):
        conversation.submit(Action.SCRAPE, body)
    sent(conversation, 0)
    conversation.receive_datagram(answer(Action.ERROR, 2, b"bad connection ID"), 0.1)
    assert sent(conversation, 0.1) == [(PROTOCOL_MAGIC, Action.CONNECT, 4)]
    conversation.receive_datagram(granted(4, connection_id=9), 0.2)
    assert sent(conversation, 0.2) == [(9, Action.SCRAPE, 5)]
    conversation.receive_datagram(answer(Action.ERROR, 3, b"bad connection ID"), 0.3)
    assert sent(conversation, 0.3) == [(9, Action.SCRAPE, 6)]


def test_second_connection_id_error_is_the_answer():
    conversation = connected()
    request = conversation.submit(Action.ANNOUNCE, b"")
    sent(conversation, 0)
    conversation.receive_datagram(answer(Action.ERROR, 2, b"bad connection ID"), 0.1)
    sent(conversation, 0.1)
    conversation.receive_datagram(granted(3, connection_id=9), 0.2)
    sent(conversation, 0.2)
    conversation.receive_datagram(answer(Action.ERROR, 4, b"bad connection ID"), 0.3)
    assert (request.ending, request.error_text) == (Ending.ERROR, b"bad connection ID")
    assert conversation.idle


def test_retry_after_a_connection_id_error_keeps_the_limit():
    conversation = connected()
    request = conversation.submit(Action.ANNOUNCE, b"")
    sent(conversation, 0)
    conversation.receive_datagram(answer(Action.ERROR, 2, b"bad connection ID"), 1)
    sent(conversation, 1)
    conversation.receive_datagram(granted(3), 2)
    sent(conversation, 2)
    assert timeline(conversation, 60) == [(4.5, Action.ANNOUNCE), (7.5, Action.ANNOUNCE)]
    assert request.ending is Ending.TIMED_OUT
    assert conversation.next_deadline() is None


# The window


def test_window_holds_32_and_an_answer_makes_room():
    conversation = connected()
    for n in range(40):
        conversation.submit(Action.SCRAPE, bytes((n,)))
    assert len(sent(conversation, 0)) == 32
    assert sent(conversation, 0) == []
    assert conversation.room == -8
    conversation.receive_datagram(answer(Action.SCRAPE, 2), 0.1)
    assert sent(conversation, 0.1) == [(ID, Action.SCRAPE, 34)]


def test_first_window_without_any_answer_speaks_for_the_queue():
    conversation = connected()
    requests = [conversation.submit(Action.SCRAPE, bytes((n,))) for n in range(100)]
    sent(conversation, 0)
    timeline(conversation, 10)
    assert conversation.silent
    assert conversation.idle
    assert {request.ending for request in requests} == {Ending.TIMED_OUT}
    assert sum(request.sent for request in requests) == 32 * 3


def test_one_lost_request_among_answered_ones_is_no_silence():
    conversation = connected(window=2)
    lost = conversation.submit(Action.SCRAPE, b"lost")
    for n in range(20):
        conversation.submit(Action.SCRAPE, bytes((n,)))
    sent(conversation, 0)
    now = 0.0
    while lost.ending is None:
        now += 1
        for transaction_id in list(conversation._outstanding):
            if conversation._outstanding[transaction_id][0] is not lost:
                conversation.receive_datagram(answer(Action.SCRAPE, transaction_id), now)
        sent(conversation, now)
    assert lost.ending is Ending.TIMED_OUT
    assert not conversation.silent
    assert not conversation.idle


def test_abort_ends_everything():
    conversation = session()
    connect = conversation.connect()
    requests = [conversation.submit(Action.SCRAPE, b"") for _ in range(40)]
    sent(conversation, 0)
    conversation.abort()
    assert conversation.idle
    assert conversation.take_finished() == [connect, *requests]
    assert {r.ending for r in (connect, *requests)} == {Ending.ABORTED}
    assert requests[0].failed_in_connect
    assert conversation.next_deadline() is None


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 6), st.binary(max_size=20)), max_size=30))
def test_no_datagrams_keep_a_session_from_ending(datagrams):
    conversation = session()
    requests = [conversation.submit(Action.SCRAPE, bytes((n,))) for n in range(3)]
    now = 0.0
    conversation.datagrams_to_send(now)
    for action, transaction_id, body in datagrams:
        now += 0.01
        conversation.receive_datagram(answer(action, transaction_id, body), now)
        conversation.datagrams_to_send(now)
    for _ in range(200):
        if (at := conversation.next_deadline()) is None:
            break
        assert at <= 40
        conversation.datagrams_to_send(at)
    assert conversation.idle
    assert all(request.ending is not None for request in requests)
    assert sorted(map(id, conversation.take_finished())) == sorted(map(id, requests))
