"""In which order clients begin, and how orders change."""

from __future__ import annotations

from collections import Counter

from trackerwatch.failover import CLIENTS, Place, first_queue, tiers_of
from trackerwatch.failover.order import pack, settled, unpack, unshuffled
from trackerwatch.failover.states import Standing

U, W, F = Standing.UNTRIED, Standing.WORKS, Standing.FAILED
BEP12, LIBTORRENT, TRANSMISSION = CLIENTS["bep12"], CLIENTS["libtorrent"], CLIENTS["transmission"]


def places(word):
    """`aB|c`: tiers parted by a bar; upper case is udp; a letter is a host."""
    return tuple(
        Place(tier, letter.isupper(), letter.lower(), "/announce")
        for tier, letters in enumerate(word.split("|"))
        for letter in letters
    )


def begun(client, word, seed=b"x" * 20):
    found = places(word)
    return "".join("abcdefghij"[n] for n in unpack(first_queue(client, found, seed), len(found))[0])


def test_a_queue_holds_the_first_and_the_present_order():
    assert unpack(pack([2, 0, 1], [0, 1, 2]), 3) == ([2, 0, 1], [0, 1, 2])
    assert unpack(pack([1, 0]), 2) == ([1, 0], [1, 0])
    assert list(unpack(b"", 3)[1]) == [0, 1, 2]
    many = list(range(999, -1, -1))
    assert unpack(pack(many), 1000) == (many, many)


def test_bep12_shuffles_within_tiers_each_torrent_its_own_way_and_the_same_each_time():
    orders = Counter(begun(BEP12, "abc|d|ef", bytes([n]) * 20) for n in range(256))
    assert {order[:3] for order in orders} == {"abc", "acb", "bac", "bca", "cab", "cba"}
    assert {order[3:] for order in orders} == {"def", "dfe"}
    assert begun(BEP12, "abc|d|ef") == begun(BEP12, "abc|d|ef")


def test_libtorrent_puts_udp_before_http_on_the_same_host():
    # The orders of a real session: tests/real/test_libtorrent_order.py.
    expected = {
        "aA": [1, 0],
        "a|A": [1, 0],
        "A|a": [0, 1],
        "ab|A": [2, 1, 0],
        "aAbB": [1, 0, 3, 2],
        "abAB": [2, 1, 0, 3],
        "abcABC": [3, 4, 5, 0, 1, 2],
        "aaAAA": [2, 4, 3, 0, 1],
    }
    assert {word: list(unshuffled(LIBTORRENT, places(word))) for word in expected} == expected


def test_transmission_joins_trackers_that_differ_in_their_scheme_alone():
    assert tiers_of(TRANSMISSION, places("a|b|A")) == (0, 1, 0)
    assert begun(TRANSMISSION, "a|b|A") == "acb"
    assert tiers_of(LIBTORRENT, places("a|b|A")) == (0, 1, 2)


def test_bep12_promotes_within_the_tier_alone():
    assert settled(BEP12, (0, 0, 0), bytes([F, W, U]), (0, 1, 2)) == [1, 0, 2]
    assert settled(BEP12, (0, 0, 0), bytes([F, F, W]), (1, 0, 2)) == [2, 1, 0]
    assert settled(BEP12, (0, 0, 0), bytes([U, W, F]), (0, 1, 2)) == [0, 1, 2]
    assert settled(BEP12, (0, 1, 1), bytes([F, F, W]), (0, 1, 2)) == [0, 2, 1]
    assert settled(BEP12, (0, 1, 1), bytes([W, F, W]), (0, 1, 2)) == [0, 1, 2]


def test_libtorrent_demotes_what_it_tried_and_leaves_the_rest():
    assert settled(LIBTORRENT, (0, 0, 0), bytes([F, W, F]), (0, 1, 2)) == [1, 2, 0]
    assert settled(LIBTORRENT, (0, 0, 1, 1), bytes([F, F, F, W]), (0, 1, 2, 3)) == [0, 1, 3, 2]
    assert settled(LIBTORRENT, (0, 0, 1, 1), bytes([W, F, F, W]), (0, 1, 2, 3)) == [0, 1, 2, 3]


def test_transmission_takes_every_tier_in_turn():
    assert settled(TRANSMISSION, (0, 0, 1, 1), bytes([F, W, F, W]), (0, 1, 2, 3)) == [1, 0, 3, 2]
