"""Which trackers share a fate."""

from __future__ import annotations

from trackerwatch.failover.independence import independent_groups, shared_fates, stands_on


def test_trackers_that_share_a_host_or_an_address_die_together():
    assert len(set(independent_groups([["a", "192.0.2.1"], ["b", "192.0.2.2"]]))) == 2
    assert len(set(independent_groups([["a", "192.0.2.1"], ["b", "192.0.2.1"]]))) == 1
    assert len(set(independent_groups([["a"], ["a"]]))) == 1
    chained = [["a", "192.0.2.1"], ["b", "192.0.2.2"], ["c", "192.0.2.1", "192.0.2.2"]]
    assert len(set(independent_groups(chained))) == 1
    assert independent_groups([]) == ()


def test_what_is_shared_is_named_once_for_each_set_of_trackers():
    trackers = [["a", "192.0.2.1", "2001:db8::1"], ["a", "192.0.2.1"], ["c", "2001:db8::1"], ["d"]]
    assert shared_fates(trackers) == [("a", (0, 1)), ("2001:db8::1", (0, 2))]
    assert shared_fates([["a"], ["b"]]) == []


def test_on_loopback_ports_stand_for_machines():
    assert stands_on("a.example", 80, ["192.0.2.1"]) == ("a.example", "192.0.2.1")
    assert stands_on("127.0.0.1", 6969, ["127.0.0.1"]) == ("127.0.0.1 port 6969", "127.0.0.1 port 6969")
    assert stands_on("a.example", 80, []) == ("a.example",)
