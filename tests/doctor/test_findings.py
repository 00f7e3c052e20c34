"""Facts in, findings out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.doctor.facts import NOW, facts, name, network, terminal
from trackerwatch.doctor.facts import NameFound, NetworkFacts, PlaceFacts
from trackerwatch.doctor.findings import Answer, judge, verdict
from trackerwatch.outcome import Failure, FailureKind, Phase
from trackerwatch.policy.rules import Verdict


def found(one, what):
    (finding,) = [finding for finding in judge(one) if finding.id == what]
    return finding


def test_where_all_is_well_nothing_needs_to_be_done():
    findings = judge(facts())
    assert [finding.id for finding in findings] == [
        *("net", "udp", "ipv6", "dns", "sinkhole", "config", "store", "state"),
        *("clipboard", "terminal", "mouse", "clock", "files", "versions"),
    ]
    assert {finding.id for finding in findings if finding.answer is not Answer.OK} == {"clipboard"}
    assert verdict(findings) is Verdict.OK


@pytest.mark.parametrize(
    ("of_network", "what", "answer", "seen", "comes_to"),
    [
        ({"udp": False}, "udp", Answer.TROUBLE, "TCP gets through", Verdict.CRITICAL),
        ({"udp": None}, "udp", Answer.NOT_KNOWN, "no UDP sentinel is set", Verdict.OK),
        ({"udp": None, "tcp": None, "in_time": False}, "udp", Answer.NOT_KNOWN, "time was up", Verdict.UNKNOWN),
        ({"tcp": False}, "net", Answer.OK, "yes", Verdict.OK),
        ({"tcp": False, "udp": False}, "net", Answer.TROUBLE, "every sentinel is silent", Verdict.CRITICAL),
        ({"tcp": False, "udp": False}, "udp", Answer.NOT_KNOWN, "nothing comes back at all", Verdict.CRITICAL),
        ({"tcp": None, "udp": None, "sentinels": 0}, "net", Answer.NOT_KNOWN, "no sentinels", Verdict.OK),
        ({"local": True}, "net", Answer.NOT_KNOWN, "none is outside", Verdict.OK),
        ({"local": True}, "udp", Answer.NOT_KNOWN, "it can here", Verdict.OK),
        ({"ipv6_address": None, "ipv6_heard": None}, "ipv6", Answer.NOTE, "no way out over IPv6", Verdict.OK),
        ({"ipv6_heard": None}, "ipv6", Answer.NOTE, "nobody was asked", Verdict.OK),
        ({"ipv6_heard": False}, "ipv6", Answer.TROUBLE, "2001:db8::5, and nothing comes back", Verdict.WARNING),
        ({"made_up": None}, "dns", Answer.TROUBLE, "did not answer in time", Verdict.CRITICAL),
        ({"names": ()}, "sinkhole", Answer.NOT_KNOWN, "no tracker's name", Verdict.OK),
    ],
)
def test_the_network(of_network, what, answer, seen, comes_to):
    one = facts(network(**of_network))
    finding = found(one, what)
    assert finding.answer is answer
    assert seen in finding.seen
    assert verdict(judge(one)) is comes_to


def test_a_resolver_that_makes_names_up_is_told_with_where_they_lead():
    liar = facts(network(made_up=name("0123.invalid", "203.0.113.9", refused=("10.0.0.1",))))
    assert found(liar, "dns").seen == "no: a name that cannot exist leads to 203.0.113.9, 10.0.0.1"
    assert verdict(judge(liar)) is Verdict.WARNING


def test_a_resolver_that_fails_is_critical():
    dead = NameFound("x", (), (), sinkhole=False, failure=Failure(FailureKind.DNS_ERROR, Phase.RESOLVE, "broken"))
    assert "dns_error (broken)" in found(facts(network(made_up=dead)), "dns").seen
    assert verdict(judge(facts(network(made_up=dead)))) is Verdict.CRITICAL


def test_a_sinkhole_is_told_by_the_names_that_it_hides():
    names = (
        name("a.example", refused=("0.0.0.0",), sinkhole=True),
        name("b.example", "192.0.2.1"),
        name("c.example", refused=("127.0.0.1",), sinkhole=True),
    )
    finding = found(facts(network(names=names)), "sinkhole")
    assert finding.answer is Answer.TROUBLE
    assert finding.seen == "yes: 2 of 3 names (a.example, c.example) lead to 0.0.0.0 or to this machine"
    assert "Pi-hole" in finding.do


def test_private_addresses_may_be_meant_so():
    finding = found(facts(network(names=(name("nas.lan", refused=("192.168.1.9",)),))), "sinkhole")
    assert finding.seen == "perhaps: 1 of 1 name (nas.lan) leads to addresses that are not public"


def test_names_that_are_gone_are_no_sinkhole():
    gone = replace(name("old.example"), failure=Failure(FailureKind.DNS_NXDOMAIN, Phase.RESOLVE))
    one = found(facts(network(names=(gone, name("b.example", "192.0.2.1")))), "sinkhole")
    assert one.answer is Answer.OK
    assert one.seen == "no: 1 name of trackers resolves as they should, 1 not at all"
    assert found(facts(network(names=(gone,))), "sinkhole").answer is Answer.NOT_KNOWN


def test_nothing_sent_is_no_trouble():
    quiet = facts(NetworkFacts(asked=False, sentinels=2, ipv6_address="2001:db8::5"))
    assert {found(quiet, what).answer for what in ("net", "udp", "dns", "sinkhole")} == {Answer.NOT_KNOWN}
    assert verdict(judge(quiet)) is Verdict.OK


@pytest.mark.parametrize(
    ("of_machine", "what", "answer", "seen", "comes_to"),
    [
        ({"config_mistakes": ("a", "b")}, "config", Answer.TROUBLE, "a (and 1 more)", Verdict.CRITICAL),
        ({"config_exists": False}, "config", Answer.OK, "the defaults hold", Verdict.OK),
        ({"store": PlaceFacts("", exists=False, problem="")}, "store", Answer.NOTE, "nowhere", Verdict.OK),
        (
            {"store": PlaceFacts("/x", exists=True, problem="history /x: permission denied")},
            *("store", Answer.TROUBLE, "permission denied", Verdict.CRITICAL),
        ),
        (
            {"state": PlaceFacts("/x", exists=True, problem="state /x: no right")},
            *("state", Answer.TROUBLE, "no right", Verdict.WARNING),
        ),
        (
            {"store": PlaceFacts("/x", exists=True, problem="", free_bytes=5 << 20)},
            *("store", Answer.TROUBLE, "5 MiB free", Verdict.WARNING),
        ),
        ({"open_files": 64}, "files", Answer.TROUBLE, "64 at once", Verdict.WARNING),
        ({"open_files": None}, "files", Answer.NOT_KNOWN, "does not say", Verdict.OK),
        ({"now": NOW - timedelta(days=900)}, "clock", Answer.TROUBLE, "newer than that", Verdict.WARNING),
        ({"proxies": ("https_proxy",)}, "proxy", Answer.NOTE, "https_proxy is set, and ignored", Verdict.OK),
    ],
)
def test_the_machine(of_machine, what, answer, seen, comes_to):
    one = facts(**of_machine)
    finding = found(one, what)
    assert finding.answer is answer
    assert seen in finding.seen
    assert verdict(judge(one)) is comes_to


@pytest.mark.parametrize(
    ("of_terminal", "what", "answer", "seen"),
    [
        ({"is_terminal": False}, "terminal", Answer.NOT_KNOWN, "no terminal"),
        ({"is_terminal": False}, "clipboard", Answer.NOT_KNOWN, "no terminal"),
        ({"name": "dumb"}, "terminal", Answer.TROUBLE, "dumb"),
        ({"encoding": "ascii"}, "terminal", Answer.TROUBLE, "ascii"),
        ({"columns": 60}, "terminal", Answer.NOTE, "60x40"),
        ({"no_color": True}, "terminal", Answer.OK, "no colours (NO_COLOR)"),
        ({"remote": True, "multiplexer": "tmux"}, "terminal", Answer.OK, "in tmux, over SSH"),
        ({"name": "linux"}, "mouse", Answer.NOTE, "linux has none"),
        ({"name": "linux", "clipboard_is_file": True}, "clipboard", Answer.NOTE, "(linux) has none"),
        ({"multiplexer": "tmux", "tmux_clipboard": "off"}, "clipboard", Answer.TROUBLE, "set-clipboard is off"),
        (
            {"multiplexer": "tmux", "tmux_clipboard": "external", "clipboard": "tmux"},
            *("clipboard", Answer.NOT_KNOWN, "copies go to tmux (set-clipboard is external)"),
        ),
    ],
)
def test_the_terminal(of_terminal, what, answer, seen):
    one = facts(terminal=terminal(**of_terminal))
    finding = found(one, what)
    assert finding.answer is answer
    assert seen in finding.seen


def test_all_that_is_not_well_says_what_to_do():
    ill = facts(
        network(tcp=False, udp=False, made_up=None, ipv6_heard=False),
        terminal=terminal(encoding="ascii", multiplexer="tmux", tmux_clipboard="off"),
        open_files=9,
        config_mistakes=("wrong",),
    )
    for finding in judge(ill):
        if finding.answer in (Answer.TROUBLE, Answer.NOT_KNOWN):
            assert finding.do, finding.id
