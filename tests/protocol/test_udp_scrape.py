"""Scrape rounds without a socket: batches, the order test, learnt limits, and which count belongs to which swarm."""

import random
import struct
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackerwatch.errors import ProtocolError
from trackerwatch.outcome import Failure, FailureKind, Phase, ScrapeColumns, SwarmAnswer, SwarmCounts
from trackerwatch.protocol.udp_scrape import Order, ScrapeHabits, UdpScrapeRound

LOST = Failure(FailureKind.TIMEOUT, Phase.EXCHANGE, "lost")


def info_hash(number):
    return number.to_bytes(20, "big")


def distinct(size):
    """Swarms whose counts all differ: hash -> (seeders, completed, leechers)."""
    return {info_hash(n): (n + 1, 3 * n, n % 5) for n in range(size)}


class Server:
    """What a tracker makes of a request, as the answer's bytes. None: the datagram is lost."""

    def __init__(self, swarms, *, limit=1000, order=list, loses=()):
        self.swarms = swarms
        self.limit = limit
        self.order = order
        self.loses = loses
        self.asked = []

    def __call__(self, body):
        hashes = [body[at : at + 20] for at in range(0, len(body), 20)]
        self.asked.append(hashes)
        if len(self.asked) in self.loses:
            return None
        hashes = self.order(hashes)[: self.limit]
        return b"\0\0\0\2tidx" + b"".join(struct.pack(">III", *self.swarms.get(h, (0, 0, 0))) for h in hashes)

    @property
    def sizes(self):
        return [len(hashes) for hashes in self.asked]


def shuffled(seed):
    dice = random.Random(seed)
    return lambda hashes: dice.sample(hashes, len(hashes))


def run(server, hashes=None, habits=None, window=32):
    """One round: up to `window` batches under way, answered in the order of asking."""
    hashes = list(server.swarms) if hashes is None else hashes
    columns = ScrapeColumns.unknown(len(hashes))
    round_ = UdpScrapeRound(hashes, columns, habits if habits is not None else ScrapeHabits())
    under_way = deque()
    while True:
        while len(under_way) < window and (batch := round_.next_batch()) is not None:
            under_way.append((batch, server(batch.body)))
        if not under_way:
            return columns, round_
        batch, reply = under_way.popleft()
        if reply is None:
            round_.failed(batch, LOST)
            continue
        try:
            round_.answered(batch, reply)
        except ProtocolError as error:
            round_.failed(batch, Failure(FailureKind.BAD_REPLY, Phase.EXCHANGE, str(error)))


def told(columns):
    return [(columns.seeders[n], columns.completed[n], columns.leechers[n]) for n in range(len(columns))]


def assert_true(columns, server):
    assert told(columns) == list(server.swarms.values())
    assert set(columns.answers) <= {SwarmAnswer.ANSWERED, SwarmAnswer.AMBIGUOUS}
    assert not columns.failures


def test_a_thousand_swarms_take_15_batches_and_one_in_reverse():
    server, habits = Server(distinct(1000)), ScrapeHabits()
    columns, round_ = run(server, habits=habits)
    assert_true(columns, server)
    assert sorted(server.sizes) == [20] + [70] * 15
    assert server.asked.count(server.asked[0][::-1]) == 1
    assert round_.filled == 1000
    assert habits == ScrapeHabits(70, Order.KEPT)


def test_the_order_test_is_not_repeated():
    habits = ScrapeHabits()
    run(Server(distinct(1000)), habits=habits)
    again = Server(distinct(1000))
    columns, _ = run(again, habits=habits)
    assert_true(columns, again)
    assert len(again.asked) == 15


def test_columns_are_filled_only_once_the_order_is_proved():
    server = Server(distinct(140))
    columns = ScrapeColumns.unknown(140)
    round_ = UdpScrapeRound(list(server.swarms), columns, ScrapeHabits())
    first, second = round_.next_batch(), round_.next_batch()
    round_.answered(first, server(first.body))
    round_.answered(second, server(second.body))
    assert (round_.filled, columns.answers.count(SwarmAnswer.NOT_ASKED)) == (0, 140)
    reverse = round_.next_batch()
    assert round_.next_batch() is None
    round_.answered(reverse, server(reverse.body))
    assert round_.filled == 140
    assert_true(columns, server)


def test_equal_entries_need_no_test_and_prove_nothing():
    server, habits = Server({info_hash(n): (0, 0, 0) for n in range(200)}), ScrapeHabits()
    columns, _ = run(server, habits=habits)
    assert server.sizes == [70, 70, 60]
    assert habits.order is Order.UNKNOWN
    assert columns.answers == bytes([SwarmAnswer.AMBIGUOUS]) * 200


def test_the_first_batch_with_differing_entries_is_the_one_that_is_reversed():
    swarms = {info_hash(n): (0, 0, 0) for n in range(210)}
    swarms[info_hash(100)] = (7, 8, 9)
    server, habits = Server(swarms), ScrapeHabits()
    columns, _ = run(server, habits=habits)
    assert_true(columns, server)
    assert len(server.asked) == 4
    assert server.asked[3] == list(swarms)[70:140][::-1]
    assert habits.order is Order.KEPT


def test_ties_are_fine_as_long_as_the_mirror_holds():
    server = Server({info_hash(n): (n % 3, 0, n % 2) for n in range(70)})
    habits = ScrapeHabits()
    columns, _ = run(server, habits=habits)
    assert_true(columns, server)
    assert (server.sizes, habits.order) == ([70, 70], Order.KEPT)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 8, 70, 150])
@pytest.mark.parametrize("seed", range(6))
def test_a_shuffling_tracker_is_asked_singly(size, seed):
    server, habits = Server(distinct(size), order=shuffled(seed)), ScrapeHabits()
    columns, _ = run(server, habits=habits)
    assert_true(columns, server)
    assert server.sizes.count(1) == size
    if size > 3:
        assert habits.order is Order.SHUFFLED
    again = Server(server.swarms, order=shuffled(seed))
    columns, _ = run(again, habits=habits)
    assert_true(columns, again)
    assert again.sizes == [1] * size


@pytest.mark.parametrize("order", [sorted, lambda hashes: sorted(hashes, reverse=True)])
def test_a_tracker_that_sorts_is_asked_singly(order):
    hashes = random.Random(3).sample(list(distinct(100)), 100)
    swarms = {h: distinct(100)[h] for h in hashes}
    server, habits = Server(swarms, order=order), ScrapeHabits()
    columns, _ = run(server, habits=habits)
    assert_true(columns, server)
    assert habits.order is Order.SHUFFLED


def test_counts_that_change_between_the_two_requests_get_a_second_test():
    server, habits = Server(distinct(70)), ScrapeHabits()
    changed = dict(server.swarms)

    def order(hashes):
        if len(server.asked) == 2:
            server.swarms = changed
            changed[info_hash(5)] = (1000, 0, 0)
        return hashes

    server.order = order
    columns, _ = run(server, habits=habits)
    assert server.sizes == [70] * 4
    assert habits.order is Order.KEPT
    assert told(columns)[6] == (7, 18, 1)


def test_a_single_hash_needs_no_test():
    server = Server({info_hash(1): (0xFFFFFFFF, 0x80000000, 3)})
    columns, _ = run(server)
    assert server.sizes == [1]
    assert columns.counts(0) == SwarmCounts(0xFFFFFFFF, 3, 0x80000000)


def test_luck_is_no_proof_for_few_hashes():
    # Four hashes of which one differs: a shuffled reply looks mirrored one time in four.
    swarms = {info_hash(n): (0, 0, n // 3) for n in range(4)}
    server, habits = Server(swarms), ScrapeHabits()
    columns, _ = run(server, habits=habits)
    assert_true(columns, server)
    assert (server.sizes, habits.order) == ([4] * 4, Order.KEPT)


def test_entries_that_read_the_same_both_ways_prove_nothing():
    swarms = {info_hash(n): (abs(n - 2), 0, 0) for n in range(5)}
    server, habits = Server(swarms), ScrapeHabits()
    columns, _ = run(server, habits=habits)
    assert_true(columns, server)
    assert (server.sizes, habits.order) == ([5, 1, 1, 1, 1, 1], Order.UNKNOWN)


# Limits


@pytest.mark.parametrize("limit", [1, 2, 7, 50, 69])
def test_a_short_reply_teaches_the_limit_and_the_rest_is_asked_again(limit):
    server, habits = Server(distinct(200), limit=limit), ScrapeHabits()
    columns, _ = run(server, habits=habits)
    assert_true(columns, server)
    assert habits.limit == limit
    again = Server(server.swarms, limit=limit)
    columns, _ = run(again, habits=habits)
    assert_true(columns, again)
    assert max(again.sizes) == limit


def test_the_rest_of_short_replies_is_gathered_into_full_batches():
    server, habits = Server(distinct(1000), limit=50), ScrapeHabits()
    columns, _ = run(server, habits=habits)
    assert_true(columns, server)
    # 15 short replies tell 50 each (the last 20), the 280 left over fill six batches, and one is the order test.
    assert len(server.asked) == 15 + 6 + 1


def test_more_entries_than_hashes_are_cut():
    server = Server({info_hash(1): (1, 2, 3)})
    columns = ScrapeColumns.unknown(1)
    round_ = UdpScrapeRound([info_hash(1)], columns, ScrapeHabits())
    batch = round_.next_batch()
    round_.answered(batch, server(batch.body) + bytes(12 * 5 + 3))
    assert told(columns) == [(1, 2, 3)]


# Failures


def test_a_lost_batch_fails_alone():
    server = Server(distinct(280), loses={2})
    columns, round_ = run(server, habits=ScrapeHabits(order=Order.KEPT))
    assert columns.answers[70:140] == bytes([SwarmAnswer.FAILED]) * 70
    assert columns.failures == dict.fromkeys(range(70, 140), LOST)
    assert columns.counts(100) == SwarmCounts(None, None, None)
    assert round_.filled == 210
    assert told(columns)[140:] == list(server.swarms.values())[140:]


def test_a_lost_order_test_is_tried_on_another_batch():
    server, habits = Server(distinct(140), loses={3}), ScrapeHabits()
    columns, _ = run(server, habits=habits)
    assert_true(columns, server)
    assert server.asked[2] == server.asked[0][::-1]
    assert server.asked[3] == server.asked[1][::-1]
    assert habits.order is Order.KEPT


def test_counts_whose_order_cannot_be_proved_are_not_told():
    server = Server(distinct(140), loses=range(3, 100))
    columns, round_ = run(server)
    assert columns.answers == bytes([SwarmAnswer.FAILED]) * 140
    assert set(columns.failures.values()) == {LOST}
    assert (round_.filled, len(server.asked)) == (0, 5)


def test_an_empty_reply_is_a_failure():
    server = Server(distinct(10), limit=0)
    columns, _ = run(server)
    assert columns.answers == bytes([SwarmAnswer.FAILED]) * 10
    assert columns.failures[9].kind is FailureKind.BAD_REPLY


def test_stop_fails_what_was_not_sent():
    server = Server(distinct(210))
    columns = ScrapeColumns.unknown(210)
    round_ = UdpScrapeRound(list(server.swarms), columns, ScrapeHabits(order=Order.KEPT))
    first, second = round_.next_batch(), round_.next_batch()
    round_.failed(first, LOST)
    round_.stop(Failure(FailureKind.RATE_LIMITED, Phase.EXCHANGE, "slow down"))
    assert round_.next_batch() is None
    round_.answered(second, server(second.body))
    assert round_.next_batch() is None
    kinds = [columns.failures[n].kind if n in columns.failures else None for n in (0, 70, 140)]
    assert kinds == [FailureKind.TIMEOUT, None, FailureKind.RATE_LIMITED]
    assert columns.answers.count(SwarmAnswer.ANSWERED) == 70


def test_stop_in_the_middle_of_an_order_test_leaves_nothing_open():
    server = Server(distinct(210))
    columns = ScrapeColumns.unknown(210)
    round_ = UdpScrapeRound(list(server.swarms), columns, ScrapeHabits())
    first = round_.next_batch()
    round_.answered(first, server(first.body))
    round_.stop(LOST)
    assert round_.next_batch() is None
    assert columns.answers == bytes([SwarmAnswer.FAILED]) * 210


def test_an_answer_clears_the_failure_of_an_earlier_round():
    server = Server(distinct(1))
    columns = ScrapeColumns.unknown(1)
    columns.answers[0] = SwarmAnswer.FAILED
    columns.failures[0] = LOST
    round_ = UdpScrapeRound(list(server.swarms), columns, ScrapeHabits())
    batch = round_.next_batch()
    round_.answered(batch, server(batch.body))
    assert columns.failures == {}


def test_zeros_are_kept_and_mean_nothing():
    server = Server({info_hash(1): (0, 0, 0), info_hash(2): (0, 0, 256), info_hash(3): (0, 1 << 31, 0)})
    columns, _ = run(server, habits=ScrapeHabits(order=Order.KEPT))
    assert told(columns)[0] == (0, 0, 0)
    assert columns.counts(0) == SwarmCounts(None, None, None)
    assert columns.counts(1) == SwarmCounts(0, 256, 0)
    assert columns.counts(2) == SwarmCounts(0, 0, 1 << 31)


@given(
    st.lists(
        st.tuples(*[st.sampled_from([0, 1, 255, 256, 1 << 16, 1 << 24, 0xFFFFFFFF])] * 3), min_size=1, max_size=200
    ),
    st.integers(1, 100),
    st.sets(st.integers(1, 30)),
    st.integers(1, 4),
)
def test_what_is_told_is_true_and_every_hash_gets_a_verdict(counts, limit, loses, window):
    server = Server({info_hash(n): entry for n, entry in enumerate(counts)}, limit=limit, loses=loses)
    columns, round_ = run(server, window=window)
    for n, entry in enumerate(counts):
        answer = columns.answers[n]
        if answer == SwarmAnswer.FAILED:
            assert columns.failures[n] == LOST
        else:
            assert answer == (SwarmAnswer.ANSWERED if any(entry) else SwarmAnswer.AMBIGUOUS)
            assert told(columns)[n] == entry
            assert n not in columns.failures
    assert round_.filled == len(counts) - len(columns.failures)


@given(st.lists(st.binary(max_size=300), max_size=40), st.integers(1, 150))
def test_any_replies_end_the_round(replies, size):
    answers = iter(replies)
    server = Server(distinct(size))
    columns = ScrapeColumns.unknown(size)
    round_ = UdpScrapeRound(list(server.swarms), columns, ScrapeHabits())
    for _ in range(3000):
        batch = round_.next_batch()
        if batch is None:
            break
        try:
            round_.answered(batch, next(answers, b""))
        except ProtocolError:
            round_.failed(batch, LOST)
    assert SwarmAnswer.NOT_ASKED not in columns.answers
