"""`run_once`: every tracker asked once, with its fall-backs, and nothing claimed that was not seen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.engine.driven import (
    BLOCKED,
    HTTP_404,
    NO_ROUTE,
    NXDOMAIN,
    REFUSED,
    SCRAPE_TIMEOUT,
    TIMEOUT,
    Script,
    ScriptedProber,
    drive,
    make_engine,
    torrent,
)
from trackerwatch.engine.settings import AnnounceMode, EngineSettings, PrivateMode
from trackerwatch.engine.views import AskState, Snapshot, TorrentView
from trackerwatch.failover import FailoverState, Role
from trackerwatch.health import Health
from trackerwatch.outcome import Failure, FailureKind, Family, Phase, SwarmCounts
from trackerwatch.policy import Rule, Verdict
from trackerwatch.tracker import parse_tracker

ONE, TWO = "udp://one.example:1", "udp://two.example:2"
WEB = "http://web.example/announce"


def once(
    prober: ScriptedProber, *torrents, settings: EngineSettings | None = None, deadline_s: float = 60.0
) -> Snapshot:
    async def main() -> Snapshot:
        engine = make_engine(prober, settings)
        engine.add_torrents(torrents)
        await engine.run_once(deadline_s=deadline_s)
        return engine.snapshot()

    return drive(main)


def rules(view: TorrentView) -> set[Rule]:
    return {problem.rule for problem in view.problems}


def test_counts_of_a_healthy_torrent():
    snapshot = once(ScriptedProber(), torrent(1, [ONE]))
    view = snapshot.torrents.view(0)
    assert view.counts == SwarmCounts(5, 3, 10)
    assert view.verdict is Verdict.OK
    assert view.failover.state is FailoverState.PRIMARY
    assert view.failover.active is not None
    assert view.failover.active.host_port == "one.example:1"
    assert (view.failover.working, view.failover.total) == (1, 1)
    assert view.answers[0].scrape.state is AskState.ANSWERED
    assert view.answers[0].announce.state is AskState.SKIPPED
    assert rules(view) == {Rule.SINGLE_TRACKER}
    tracker = snapshot.trackers[0]
    assert tracker.state is Health.UP
    assert tracker.latency_s == pytest.approx(0.05)


def test_a_refused_first_tier_fails_over():
    prober = ScriptedProber()
    prober.script(ONE, Script(dead={"*": REFUSED}, addresses=("192.0.2.1",)))
    prober.script(TWO, Script(addresses=("192.0.2.2",)))
    view = once(prober, torrent(1, [ONE], [TWO])).torrents.view(0)
    assert view.failover.state is FailoverState.FAILED_OVER
    assert view.failover.active_tier == 1
    assert [answer.role for answer in view.answers] == [Role.FAILED, Role.ACTIVE]
    assert view.answers[0].scrape.failure == REFUSED
    assert view.verdict is Verdict.WARNING
    assert {Rule.FAILED_OVER, Rule.REDUNDANCY} <= rules(view)
    assert "refused" in next(p.message for p in view.problems if p.rule is Rule.FAILED_OVER)
    assert len(prober.of("scrape", "one.example:1")) == 1, "one refusal is enough"


def test_all_dead_is_exhausted():
    prober = ScriptedProber()
    prober.script(ONE, Script(dead={"*": REFUSED}))
    prober.script(TWO, Script(dead={"*": TIMEOUT}))
    snapshot = once(prober, torrent(1, [ONE], [TWO]))
    view = snapshot.torrents.view(0)
    assert view.failover.state is FailoverState.EXHAUSTED
    assert view.verdict is Verdict.CRITICAL
    assert view.problems[0].rule is Rule.EXHAUSTED
    assert [t.state for t in snapshot.trackers] == [Health.DOWN, Health.DOWN]
    assert len(prober.of("scrape", "two.example:2")) == 2, "a time-out is asked twice"
    assert not prober.of("announce"), "what cannot be reached is not announced to"


def test_failures_in_the_same_tier_are_no_warning():
    prober = ScriptedProber()
    prober.script(ONE, Script(dead={"*": REFUSED}))
    prober.script(TWO, Script(addresses=("192.0.2.2",)))
    prober.script(WEB, Script(addresses=("192.0.2.3",)))
    view = once(prober, torrent(1, [ONE, TWO, WEB])).torrents.view(0)
    assert view.failover.state is FailoverState.FAILED_OVER
    assert view.verdict is Verdict.OK
    assert rules(view) == {Rule.SAME_TIER_FAILOVER}


def test_what_is_not_the_trackers_doing_is_not_counted():
    prober = ScriptedProber()
    prober.script(ONE, Script(dead={"*": NO_ROUTE}, addresses=("2001:db8::1",)))
    prober.script(TWO)
    snapshot = once(prober, torrent(1, [ONE], [TWO]))
    view = snapshot.torrents.view(0)
    assert view.failover.state is FailoverState.PRIMARY
    assert view.answers[0].role is Role.UNTRIED
    assert snapshot.trackers[0].state is Health.UNKNOWN
    assert view.verdict is Verdict.OK


def test_exhausted_means_every_counted_tracker():
    prober = ScriptedProber()
    prober.script(ONE, Script(dead={"*": NO_ROUTE}))
    prober.script(TWO, Script(dead={"*": REFUSED}))
    assert once(prober, torrent(1, [ONE], [TWO])).torrents.view(0).failover.state is FailoverState.EXHAUSTED


def test_blocked_addresses_are_never_asked():
    prober = ScriptedProber()
    prober.script(ONE, Script(addresses=(), refused_addresses=(("10.0.0.1", BLOCKED),)))
    snapshot = once(prober, torrent(1, [ONE]))
    view = snapshot.torrents.view(0)
    assert [sent.what for sent in prober.sent] == ["resolve"]
    assert view.answers[0].role is Role.UNTRIED
    assert view.answers[0].scrape.state is AskState.SKIPPED
    assert view.answers[0].scrape.failure == BLOCKED
    assert view.verdict is Verdict.UNKNOWN
    assert snapshot.trackers[0].failure == BLOCKED


def test_a_name_that_does_not_exist_is_down():
    prober = ScriptedProber()
    prober.script(ONE, Script(resolve_failure=NXDOMAIN))
    snapshot = once(prober, torrent(1, [ONE]))
    assert snapshot.trackers[0].state is Health.DOWN
    assert snapshot.trackers[0].failure == NXDOMAIN
    assert snapshot.torrents.view(0).answers[0].scrape.failure == NXDOMAIN


def test_an_ambiguous_zero_is_decided_by_an_announce():
    prober = ScriptedProber()
    dead = torrent(1, [ONE])
    prober.script(ONE, Script(ambiguous=frozenset([dead.info_hash])))
    view = once(prober, dead).torrents.view(0)
    assert view.counts.seeders == 0
    assert Rule.NO_SEEDERS in rules(view)
    (sent,) = prober.of("announce")
    assert sent.request is not None
    assert sent.request.event == "stopped"
    assert sent.request.left > 0
    assert sent.request.numwant == 0


def test_an_ambiguous_zero_stays_unknown_without_announces():
    prober = ScriptedProber()
    dead = torrent(1, [ONE])
    prober.script(ONE, Script(ambiguous=frozenset([dead.info_hash])))
    view = once(prober, dead, settings=EngineSettings(announce=AnnounceMode.NEVER)).torrents.view(0)
    assert view.counts == SwarmCounts(None, None, None)
    assert view.verdict is Verdict.UNKNOWN
    assert not prober.of("announce")


def test_an_unregistered_torrent_is_the_torrents_fault():
    prober = ScriptedProber()
    strange = torrent(1, [ONE], [TWO])
    prober.script(ONE, Script(ambiguous=frozenset([strange.info_hash]), unregistered=frozenset([strange.info_hash])))
    prober.script(TWO, Script(addresses=("192.0.2.2",)))
    snapshot = once(prober, strange)
    view = snapshot.torrents.view(0)
    assert snapshot.trackers[0].state is Health.UP
    assert view.answers[0].role is Role.FAILED
    assert view.failover.state is FailoverState.FAILED_OVER
    assert {Rule.UNREGISTERED, Rule.FAILED_OVER} <= rules(view)


def test_a_warning_that_is_a_refusal_counts_as_one():
    prober = ScriptedProber()
    prober.script(WEB, Script(scrapable=False, warning="Torrent not registered"))
    view = once(prober, torrent(1, [WEB])).torrents.view(0)
    assert view.answers[0].role is Role.FAILED
    assert {Rule.UNREGISTERED, Rule.WARNING_MESSAGE} <= rules(view)


def test_a_hash_left_out_is_unknown_until_announced():
    prober = ScriptedProber()
    left_out = torrent(1, [WEB])
    prober.script(WEB, Script(omitted=frozenset([left_out.info_hash])))
    quiet = once(prober, left_out, settings=EngineSettings(announce=AnnounceMode.NEVER)).torrents.view(0)
    assert quiet.counts.seeders is None
    assert quiet.answers[0].role is Role.UNTRIED
    view = once(prober, left_out).torrents.view(0)
    assert view.counts.seeders == 5


def test_a_scrape_that_fails_alone_is_not_the_tracker():
    prober = ScriptedProber()
    prober.script(WEB, Script(scrape_failure=HTTP_404))
    snapshot = once(prober, torrent(1, [WEB]), torrent(2, [WEB]))
    tracker = snapshot.trackers[0]
    assert tracker.state is Health.UP
    assert tracker.scrape_supported is False
    view = snapshot.torrents.view(1)
    assert view.counts == SwarmCounts(5, 3, None)
    assert view.answers[0].scrape.failure == HTTP_404
    assert view.answers[0].announce.state is AskState.ANSWERED


def test_a_tracker_that_asks_for_patience_is_up_and_left_alone():
    prober = ScriptedProber()
    later = Failure(FailureKind.RATE_LIMITED, Phase.EXCHANGE, "HTTP 429", retry_in_s=120.0)
    prober.script(WEB, Script(scrape_failure=later))
    snapshot = once(prober, torrent(1, [WEB]))
    assert snapshot.trackers[0].state is Health.UP
    assert not prober.of("announce")
    view = snapshot.torrents.view(0)
    assert view.answers[0].role is Role.UNTRIED, "that we asked too often says nothing of what clients get"
    assert view.answers[0].scrape.failure == later
    assert view.verdict is Verdict.UNKNOWN


def test_a_tracker_that_answers_nothing_sensible_is_down():
    prober = ScriptedProber()
    html = Failure(FailureKind.NOT_BENCODE, Phase.EXCHANGE, "HTML")
    prober.script(WEB, Script(scrape_failure=html, announce_failure=html))
    snapshot = once(prober, torrent(1, [WEB]))
    assert snapshot.trackers[0].state is Health.DOWN
    assert snapshot.torrents.view(0).verdict is Verdict.CRITICAL


def test_underivable_scrape_sends_no_scrape():
    prober = ScriptedProber()
    prober.script(WEB, Script(scrapable=False))
    view = once(prober, torrent(1, [WEB])).torrents.view(0)
    assert not prober.of("scrape")
    assert view.answers[0].scrape.state is AskState.SKIPPED
    assert view.answers[0].scrape.failure is not None
    assert view.answers[0].scrape.failure.kind is FailureKind.SCRAPE_UNSUPPORTED
    assert view.counts.seeders == 5
    assert Rule.SCRAPE_UNSUPPORTED in rules(view)


def test_udp_that_scrapes_nothing_may_still_announce():
    prober = ScriptedProber()
    prober.script(ONE, Script(scrape_failure=SCRAPE_TIMEOUT))
    snapshot = once(prober, torrent(1, [ONE]))
    assert snapshot.trackers[0].state is Health.UP
    assert snapshot.torrents.view(0).counts.seeders == 5


def test_private_torrents_keep_their_key_at_home():
    prober = ScriptedProber()
    url = "http://web.example/0123456789abcdef0123456789abcdef/announce"
    view = once(prober, torrent(1, [url], private=True)).torrents.view(0)
    assert [(sent.what, sent.with_key) for sent in prober.sent] == [("resolve", True), ("check", False)]
    assert Rule.PRIVATE_NOT_ASKED in rules(view)
    assert view.verdict is Verdict.UNKNOWN
    assert view.answers[0].scrape.state is AskState.SKIPPED


@pytest.mark.parametrize(
    ("mode", "whats"),
    [(PrivateMode.SCRAPE, {"resolve", "scrape"}), (PrivateMode.ANNOUNCE, {"resolve", "scrape", "announce"})],
)
def test_private_torrents_are_asked_where_allowed(mode, whats):
    prober = ScriptedProber()
    secret = torrent(1, [ONE], private=True)
    prober.script(ONE, Script(ambiguous=frozenset([secret.info_hash])))
    once(prober, secret, settings=EngineSettings(private=mode))
    assert {sent.what for sent in prober.sent} == whats


def test_private_and_public_torrents_on_one_tracker():
    prober = ScriptedProber()
    public, secret = torrent(2, [ONE]), torrent(1, [ONE], private=True)
    snapshot = once(prober, secret, public)
    assert [sent.hashes for sent in prober.of("scrape")] == [(public.info_hash,)]
    assert snapshot.torrents.view(0).counts.seeders is None
    assert snapshot.torrents.view(1).counts.seeders == 5


def test_a_half_dead_tracker_is_degraded():
    prober = ScriptedProber()
    prober.script(ONE, Script(addresses=("192.0.2.1", "2001:db8::1"), dead={"2001:db8::1": REFUSED}))
    snapshot = once(prober, torrent(1, [ONE]))
    tracker = snapshot.trackers[0]
    assert tracker.state is Health.DEGRADED
    assert tracker.reasons[0] == "endpoint_down"
    assert [e.state for e in tracker.endpoints] == [Health.UP, Health.DOWN]
    assert snapshot.torrents.view(0).verdict is Verdict.OK


def test_a_missing_family_is_not_judged():
    prober = ScriptedProber()
    prober.script(ONE, Script(addresses=("192.0.2.1", "2001:db8::1"), dead={"2001:db8::1": NO_ROUTE}))
    tracker = once(prober, torrent(1, [ONE])).trackers[0]
    assert tracker.state is Health.UP
    assert [e.judged for e in tracker.endpoints] == [True, False]


def test_the_full_scrape_moves_to_an_endpoint_that_answers():
    prober = ScriptedProber()
    prober.script(ONE, Script(addresses=("192.0.2.1", "192.0.2.9"), dead={"192.0.2.1": REFUSED}))
    snapshot = once(prober, torrent(1, [ONE]))
    assert snapshot.torrents.view(0).counts.seeders == 5
    assert snapshot.trackers[0].state is Health.DEGRADED


def test_families_that_count_apart_give_the_maximum():
    prober = ScriptedProber()
    prober.script(
        ONE,
        Script(
            addresses=("192.0.2.1", "2001:db8::1"),
            by_family={Family.IPV4: lambda _: (1, 9, 10), Family.IPV6: lambda _: (4, 2, 10)},
        ),
    )
    assert once(prober, torrent(1, [ONE])).torrents.view(0).counts == SwarmCounts(4, 9, 10)


def test_several_trackers_give_the_maximum_never_the_sum():
    prober = ScriptedProber()
    prober.script(ONE, Script(counts=lambda _: (3, 8, 100)))
    prober.script(TWO, Script(counts=lambda _: (7, 2, 90), addresses=("192.0.2.2",)))
    view = once(prober, torrent(1, [ONE], [TWO])).torrents.view(0)
    assert view.counts == SwarmCounts(7, 8, 100)


def test_a_hybrid_has_two_swarms_that_are_never_added():
    prober = ScriptedProber()
    hybrid = torrent(1, [ONE], v2=bytes(range(32)))
    prober.script(ONE, Script(counts=lambda h: (3, 1, 5) if h == hybrid.info_hash else (4, 0, 2)))
    view = once(prober, hybrid).torrents.view(0)
    assert [(a.swarm, a.counts.seeders) for a in view.answers] == [("v1", 3), ("v2", 4)]
    assert view.counts == SwarmCounts(4, 1, 5)
    assert (view.failover.working, view.failover.total) == (1, 1)
    assert prober.of("scrape")[0].hashes == (hybrid.info_hash, bytes(range(20)))


def test_a_hybrids_tracker_fails_only_when_both_hashes_fail():
    prober = ScriptedProber()
    hybrid = torrent(1, [ONE], v2=bytes(range(32)))
    both = frozenset([hybrid.info_hash, bytes(range(20))])
    prober.script(ONE, Script(ambiguous=both, unregistered=frozenset([hybrid.info_hash])))
    half = once(prober, hybrid).torrents.view(0)
    assert half.failover.state is FailoverState.PRIMARY
    assert [a.role for a in half.answers] == [Role.FAILED, Role.ACTIVE]
    prober.scripts["one.example:1"].unregistered = both
    assert once(prober, hybrid).torrents.view(0).failover.state is FailoverState.EXHAUSTED


def test_absurd_counts_are_flagged_and_not_believed():
    prober = ScriptedProber()
    prober.script(ONE, Script(counts=lambda _: (4_000_000_000, 1, 1)))
    prober.script(TWO, Script(addresses=("192.0.2.2",)))
    view = once(prober, torrent(1, [ONE], [TWO])).torrents.view(0)
    assert view.counts.seeders == 5
    assert Rule.IMPLAUSIBLE in rules(view)


def test_disagreement_is_told():
    prober = ScriptedProber()
    prober.script(WEB, Script(counts=lambda _: (0, 0, 0)))
    prober.script(TWO, Script(addresses=("192.0.2.2",)))
    assert Rule.DISAGREEMENT in rules(once(prober, torrent(1, [WEB], [TWO])).torrents.view(0))


def test_a_torrent_without_trackers_is_a_torrent():
    view = once(ScriptedProber(), torrent(1)).torrents.view(0)
    assert view.verdict is Verdict.WARNING
    assert view.problems[0].rule is Rule.NO_TRACKERS
    assert view.failover.state is FailoverState.UNKNOWN


def test_what_a_deadline_cuts_off_is_unknown():
    prober = ScriptedProber()
    prober.script(ONE, Script(hangs=True))
    prober.script(TWO, Script(addresses=("192.0.2.2",)))
    snapshot = once(prober, torrent(1, [ONE]), torrent(2, [TWO]), deadline_s=5.0)
    assert [t.state for t in snapshot.trackers] == [Health.UNKNOWN, Health.UP]
    assert snapshot.torrents.view(0).verdict is Verdict.UNKNOWN
    assert snapshot.torrents.view(1).verdict is Verdict.OK
    assert snapshot.totals.not_judged == 2


def test_trackers_alone():
    prober = ScriptedProber()
    prober.script(ONE, Script(dead={"*": REFUSED}))

    async def main() -> Snapshot:
        engine = make_engine(prober)
        engine.add_trackers([parse_tracker(ONE), parse_tracker(WEB)])
        await engine.run_once(deadline_s=30)
        return engine.snapshot()

    snapshot = drive(main)
    assert [t.state for t in snapshot.trackers] == [Health.DOWN, Health.UP]
    assert {sent.what for sent in prober.sent} == {"resolve", "check"}


def test_copies_merge_and_new_trackers_follow():
    view = once(ScriptedProber(), torrent(1, [ONE]), torrent(1, [TWO])).torrents.view(0)
    assert [(a.tracker.host_port, a.tier) for a in view.answers] == [("one.example:1", 0), ("two.example:2", 1)]
    assert view.counts.seeders == 5


def test_peers_mode_always_says_goodbye():
    prober = ScriptedProber()
    prober.script(WEB, Script(scrapable=False))
    once(prober, torrent(1, [WEB]), settings=EngineSettings(announce=AnnounceMode.PEERS))
    events = [sent.request.event for sent in prober.of("announce") if sent.request]
    assert events == ["started", "stopped"]
    assert all(sent.request.left > 0 for sent in prober.of("announce") if sent.request)


def test_a_multiple_of_four_gigabytes_never_makes_a_seeder_of_us():
    prober = ScriptedProber()
    prober.script(WEB, Script(scrapable=False))
    once(prober, replace(torrent(1, [WEB]), size_bytes=2**33))
    (sent,) = prober.of("announce")
    assert sent.request is not None
    assert sent.request.left % 2**32 != 0


DNS_ERROR = Failure(FailureKind.DNS_ERROR, Phase.RESOLVE, "temporary failure of name resolution")


def test_a_machine_that_resolves_no_name_blames_nobody():
    prober = ScriptedProber()
    for url in (ONE, TWO):
        prober.script(url, Script(resolve_failure=DNS_ERROR))
    snapshot = once(prober, torrent(1, [ONE], [TWO]))
    assert [t.state for t in snapshot.trackers] == [Health.UNKNOWN, Health.UNKNOWN]
    view = snapshot.torrents.view(0)
    assert view.verdict is Verdict.UNKNOWN
    assert view.answers[0].role is Role.UNTRIED
    assert view.answers[0].scrape.failure is not None
    assert view.answers[0].scrape.failure.kind is FailureKind.LOCAL_OFFLINE
    assert snapshot.tracker_problems == ()
    assert "local_offline" in [str(event.kind) for event in snapshot.events]


def test_one_name_that_fails_while_another_answers_is_its_own_fault():
    prober = ScriptedProber()
    prober.script(ONE, Script(resolve_failure=DNS_ERROR))
    prober.script(TWO, Script(addresses=("192.0.2.2",)))
    assert once(prober, torrent(1, [ONE], [TWO])).trackers[0].state is Health.DOWN


def test_two_dead_trackers_are_no_outage_of_ours():
    prober = ScriptedProber()
    prober.script(ONE, Script(dead={"*": REFUSED}))
    prober.script(TWO, Script(resolve_failure=DNS_ERROR))
    assert once(prober, torrent(1, [ONE], [TWO])).torrents.view(0).verdict is Verdict.CRITICAL


def test_why_names_the_port_where_it_is_all_that_tells_trackers_apart():
    prober = ScriptedProber()
    named, literal = "udp://one.example:1", "udp://198.51.100.9:7001"
    for url in (named, literal):
        prober.script(url, Script(dead={"*": REFUSED}))
    view = once(prober, torrent(1, [named], [literal])).torrents.view(0)
    assert view.why == "one.example connection refused, 198.51.100.9:7001 connection refused"
