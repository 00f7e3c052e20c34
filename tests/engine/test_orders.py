"""What the user orders of single trackers: muted, switched off, another interval; kept, changed from outside, taken back."""

import asyncio
import random

import pytest

from tests.engine.driven import (
    BEGIN,
    REFUSED,
    SCRAPE_TIMEOUT,
    TIMEOUT,
    Script,
    ScriptedProber,
    Watched,
    drive,
    make_engine,
    torrent,
)
from tests.engine.keeping import MemoryKeeper
from trackerwatch.engine.commands import (
    AnnounceNow,
    DisableTrackers,
    MuteTrackers,
    ProbeNow,
    SetInterval,
    Undo,
    WatchTracker,
)
from trackerwatch.engine.settings import AnnounceMode, EngineSettings, TrackerSettings
from trackerwatch.engine.views import EventKind, LocalState, OrderSource
from trackerwatch.failover import FailoverState, Role
from trackerwatch.health import Health
from trackerwatch.orders import NOTHING_ORDERED, TrackerOrder
from trackerwatch.outcome import FailureKind, SentinelOutcome
from trackerwatch.policy.rules import Verdict
from trackerwatch.schedule.windows import parse_window
from trackerwatch.tracker import parse_tracker

A, B, C = (f"udp://{name}.test:80" for name in "abc")
A_ID = parse_tracker(A).id


class Notebook:
    """Keeps orders, and what it was told."""

    def __init__(self, trouble=""):
        self.orders, self.told, self.trouble = {}, [], trouble

    def keep(self, orders, *, what, undoes=False):
        self.orders.update(orders)
        self.told.append((what, undoes))
        return self.trouble


def watching(prober, *torrents, settings=None, keeper=None, notebook=None):
    for n, url in enumerate((A, B, C)):
        prober.script(url).addresses = (f"192.0.2.{n + 1}",)
    engine = make_engine(prober, settings, keeper=keeper)
    engine.keep_orders(notebook)
    engine.add_torrents(torrents)
    return engine, Watched(engine)


def tracker(engine, index=0):
    return engine.snapshot().trackers[index]


class TestMutes:
    def test_they_are_kept_under_the_trackers_id_with_a_name_for_people(self):
        async def main():
            notebook = Notebook()
            engine, watched = watching(ScriptedProber(), torrent(0, [A], [B]), notebook=notebook)
            await watched.until(10)
            said = engine.do(MuteTrackers((0,), BEGIN + 5000, " moves\nhouse "))
            assert said == "a.test:80: muted until 14 Nov 23:36 UTC"
            order = notebook.orders[A_ID]
            assert (order.muted, order.muted_until, order.name) == (True, BEGIN + 5000, "a.test:80")
            assert order.mute_why.isprintable()
            assert order.given_at == BEGIN + 10
            assert notebook.told == [(said, False)]
            assert tracker(engine).muted.source is OrderSource.HAND
            await watched.end()

        drive(main)

    def test_a_mute_that_is_over_mutes_nobody(self):
        async def main():
            notebook = Notebook()
            engine, watched = watching(ScriptedProber(), torrent(0, [A]), notebook=notebook)
            await watched.until(10)
            assert "over already" in engine.do(MuteTrackers((0,), BEGIN + 9, ""))
            assert notebook.orders == {}
            assert tracker(engine).muted is None
            await watched.end()

        drive(main)

    def test_trouble_with_keeping_is_said_and_it_holds_for_this_run(self):
        async def main():
            engine, watched = watching(ScriptedProber(), torrent(0, [A]), notebook=Notebook("not kept: disk full"))
            assert engine.do(MuteTrackers((0,), None, "")).endswith(" (not kept: disk full)")
            assert tracker(engine).muted is not None
            await watched.end()

        drive(main)

    def test_what_the_config_mutes_is_heard_again_by_hand_and_taken_back(self):
        async def main():
            notebook = Notebook()
            its = TrackerSettings(muted=True, mute_why="repairs")
            engine, watched = watching(
                ScriptedProber(), torrent(0, [A]), settings=EngineSettings(trackers={"a.test": its}), notebook=notebook
            )
            assert (tracker(engine).muted.source, tracker(engine).muted.why) == (OrderSource.CONFIG, "repairs")
            engine.do(MuteTrackers((0,), None, "", muted=False))
            assert tracker(engine).muted is None
            assert notebook.orders[A_ID].muted is False
            assert engine.do(Undo()) == "taken back: a.test:80: heard again"
            assert tracker(engine).muted.source is OrderSource.CONFIG
            await watched.end()

        drive(main)

    def test_a_window_opens_closes_and_may_be_overruled_until_it_closes(self):
        async def main():
            # The run begins on Tue 14 Nov 2023, 22:13:20 UTC.
            its = TrackerSettings(mute_windows=(parse_window("daily 22:30-23:00 UTC"),), mute_why="backup")
            prober = ScriptedProber()
            prober.script(A).dead["*"] = REFUSED
            engine, watched = watching(prober, torrent(0, [A]), settings=EngineSettings(trackers={"a.test": its}))
            await watched.until(900)
            assert tracker(engine).muted is None
            assert engine.snapshot().torrents.verdicts[0] is Verdict.CRITICAL
            await watched.until(1020)
            muted = tracker(engine).muted
            assert (muted.source, muted.why, f"{muted.until:%H:%M}") == (OrderSource.WINDOW, "backup", "23:00")
            assert engine.snapshot().torrents.verdicts[0] is not Verdict.CRITICAL
            engine.do(MuteTrackers((0,), None, "", muted=False))
            assert tracker(engine).muted is None
            await watched.until(2820)
            assert tracker(engine).muted is None
            await watched.until(1020 + 86400)
            assert tracker(engine).muted.source is OrderSource.WINDOW, "the next day it holds again"
            await watched.until(2820 + 86400)
            assert engine.snapshot().torrents.verdicts[0] is Verdict.CRITICAL
            await watched.end()

        drive(main)

    def test_that_time_begins_and_ends_one_is_told(self):
        async def main():
            its = TrackerSettings(mute_windows=(parse_window("daily 22:30-23:00 UTC"),), mute_why="backup")
            prober = ScriptedProber()
            prober.script(B).dead["*"] = REFUSED
            settings = EngineSettings(trackers={"a.test": its, "b.test": its, "c.test": its})
            engine, watched = watching(prober, torrent(0, [A, B, C]), settings=settings)
            engine.do(DisableTrackers((2,), ""))
            await watched.until(1030)
            told = [e for e in engine.events_since(0) if "mute" in e.message]
            assert [(e.kind, e.message) for e in told] == [
                (EventKind.CONFIG_RELOADED, f"{name}.test:80 is muted until 2023-11-14 23:00 UTC: backup")
                for name in "ab"
            ]
            await watched.until(2830)
            told = [e for e in engine.events_since(told[-1].number) if "mute" in e.message]
            assert [(e.kind, e.message, e.to_state) for e in told] == [
                (EventKind.CONFIG_RELOADED, "a.test:80: its mute is over", None),
                (
                    EventKind.STATE_CHANGED,
                    "b.test:80: its mute is over, and it is down: connection refused",
                    "down",
                ),
            ]
            await watched.end()

        drive(main)

    def test_many_that_turn_at_once_are_one_event(self):
        async def main():
            its = TrackerSettings(mute_windows=(parse_window("daily 22:30-23:00 UTC"),))
            urls = [f"udp://a.test:80/{n}" for n in range(30)]
            engine, watched = watching(
                ScriptedProber(), torrent(0, urls), settings=EngineSettings(trackers={"a.test": its})
            )
            await watched.until(2830)
            told = [e.message for e in engine.events_since(0) if "mute" in e.message]
            assert told == [
                "mutes of 30 trackers turned: 30 are muted",
                "mutes of 30 trackers turned: of 30 it is over",
            ]
            await watched.end()

        drive(main)

    def test_the_more_exact_order_goes_before(self):
        async def main():
            orders = {
                "a.test": TrackerOrder(muted=True, mute_why="host", disabled=True),
                "a.test:80": TrackerOrder(muted=True, mute_why="port"),
                A_ID: TrackerOrder(disabled=False, interval_s=120.0),
            }
            engine, watched = watching(ScriptedProber(), torrent(0, [A], [B]), settings=EngineSettings(orders=orders))
            await watched.until(5)
            a, b = engine.snapshot().trackers
            assert (a.muted.why, a.disabled, a.interval_wish_s) == ("port", None, 120.0)
            assert (b.muted, b.disabled, b.interval_wish_s) == (None, None, None)
            await watched.end()

        drive(main)


class TestSwitchedOff:
    def test_nothing_is_sent_and_it_counts_for_nothing(self):
        async def main():
            prober, keeper = ScriptedProber(), MemoryKeeper()
            prober.script(A).dead["*"] = REFUSED
            engine, watched = watching(prober, torrent(0, [A], [B]), torrent(1, [A]), keeper=keeper)
            await watched.until(600)
            assert list(engine.snapshot().torrents.verdicts) == [Verdict.WARNING, Verdict.CRITICAL]
            events = len(engine.snapshot().events)
            assert engine.do(DisableTrackers((0,), "gone")) == "a.test:80: switched off; nothing is sent to it"
            snapshot = engine.snapshot()
            view = snapshot.trackers[0]
            assert (view.state, view.disabled.why, view.disabled.source) == (Health.UNKNOWN, "gone", OrderSource.HAND)
            assert view.disabled.since.timestamp() == BEGIN + 600
            assert (view.next_probe_at, view.failure, view.reasons, view.pending) == (None, None, (), 0)
            assert snapshot.torrents.failover_states[0] is FailoverState.PRIMARY
            assert list(snapshot.torrents.verdicts) == [Verdict.OK, Verdict.UNKNOWN]
            assert snapshot.tracker_problems == ()
            assert (view.effect.unaffected, view.effect.exhausted, view.effect.unknown) == (2, 0, 0)
            by_effect = {state: sorted(found) for state, found in snapshot.torrents.torrents_of(0).items()}
            assert by_effect == {FailoverState.PRIMARY: [0, 1]}
            torrent_view = snapshot.torrents.view(0)
            assert torrent_view.answers[0].role is Role.UNTRIED
            assert "a.test:80 (tier 0) is not counted: switched off by you: gone" in torrent_view.failover.explanation
            assert len(snapshot.events) == events
            sent, samples = len(prober.sent), len(keeper.samples("a.test:80"))
            await watched.until(9000)
            assert {s.host for s in prober.sent[sent:]} == {"b.test:80"}
            assert len(keeper.samples("a.test:80")) == samples
            assert "switched off" in engine.do(ProbeNow((0,)))
            await watched.until(9100)
            assert {s.host for s in prober.sent[sent:]} == {"b.test:80"}
            await watched.end()

        drive(main)

    def test_behind_the_active_one_it_is_told_of_too(self):
        async def main():
            engine, watched = watching(ScriptedProber(), torrent(0, [A], [B]))
            await watched.until(600)
            engine.do(DisableTrackers((1,), ""))
            lines = engine.snapshot().torrents.view(0).failover.explanation
            assert lines[0] == "a client uses a.test:80 (tier 0): nothing before it failed"
            assert "b.test:80: switched off by you" in lines
            assert sum("switched off" in line for line in lines) == 1
            await watched.end()

        drive(main)

    def test_one_order_leaves_the_views_of_others_alone(self):
        async def main():
            engine, watched = watching(ScriptedProber(), torrent(0, [A], [B]))
            await watched.until(600)
            before = engine.snapshot().trackers
            engine.do(MuteTrackers((0,), None, ""))
            after = engine.snapshot().trackers
            assert after[0] is not before[0]
            assert after[1] is before[1]
            await watched.end()

        drive(main)

    def test_on_again_it_is_asked_at_once(self):
        async def main():
            prober = ScriptedProber()
            engine, watched = watching(prober, torrent(0, [A]))
            await watched.until(600)
            engine.do(DisableTrackers((0,), ""))
            await watched.until(1000)
            sent = len(prober.of("scrape"))
            assert engine.do(DisableTrackers((0,), "", disabled=False)) == "a.test:80: asked again"
            await watched.until(1003)
            assert len(prober.of("scrape")) == sent + 1
            view = tracker(engine)
            assert (view.disabled, view.state) == (None, Health.UP)
            assert engine.snapshot().torrents.seeders[0] == 5
            await watched.end()

        drive(main)

    def test_off_and_on_is_no_way_round_its_waits(self):
        async def main():
            prober = ScriptedProber()
            engine, watched = watching(prober, torrent(0, [A]))
            await watched.until(20)
            for _ in range(10):
                engine.do(DisableTrackers((0,), ""))
                await watched.until(21)
                engine.do(DisableTrackers((0,), "", disabled=False))
                await watched.until(22)
            assert len(prober.of("scrape")) == 1
            await watched.until(75)
            assert len(prober.of("scrape")) == 2, "once a minute"
            await watched.end()

        drive(main)

    def test_a_near_one_waits_no_longer_than_a_near_one_does(self):
        async def main():
            prober = ScriptedProber()
            engine, watched = watching(prober, torrent(0, [A]))
            prober.script(A).addresses = ("127.0.0.1",)
            await watched.until(20)
            engine.do(DisableTrackers((0,), ""))
            await watched.until(22)
            engine.do(DisableTrackers((0,), "", disabled=False))
            await watched.until(24)
            assert len(prober.of("scrape")) == 2
            await watched.end()

        drive(main)

    def test_a_round_under_way_is_cut_short(self):
        async def main():
            prober = ScriptedProber()
            prober.script(A).hangs = True
            engine, watched = watching(prober, torrent(0, [A]))
            await watched.until(1)
            assert tracker(engine).asking
            engine.do(DisableTrackers((0,), ""))
            await watched.until(2)
            assert not tracker(engine).asking
            prober.script(A).hangs = False
            engine.do(DisableTrackers((0,), "", disabled=False))
            await watched.until(90)
            assert tracker(engine).state is Health.UP
            await watched.end()

        drive(main)

    def test_off_and_on_at_once_during_a_round(self):
        async def main():
            prober = ScriptedProber()
            prober.script(A).latency_s = 5.0
            engine, watched = watching(prober, torrent(0, [A]))
            await watched.until(1)
            engine.do(DisableTrackers((0,), ""))
            engine.do(DisableTrackers((0,), "", disabled=False))
            await watched.until(100)
            assert tracker(engine).state is Health.UP
            assert engine.snapshot().torrents.seeders[0] == 5
            await watched.end()

        drive(main)

    def test_announces_under_way_are_cut_short(self):
        async def main():
            prober = ScriptedProber()
            hashes = [n.to_bytes(20, "big") for n in range(20)]
            prober.script(A).ambiguous = frozenset(hashes)
            engine, watched = watching(
                prober, *(torrent(n, [A]) for n in range(20)), settings=EngineSettings(announce=AnnounceMode.FALLBACK)
            )
            await watched.until(0.4)
            assert 0 < len(prober.of("announce")) < 20
            engine.do(DisableTrackers((0,), ""))
            sent = len(prober.sent)
            await watched.until(300)
            assert len(prober.sent) == sent
            assert "switched off by you" in engine.do(AnnounceNow(0))
            await watched.end()

        drive(main)

    def test_from_the_start_by_the_config_it_is_never_asked(self):
        async def main():
            prober = ScriptedProber()
            settings = EngineSettings(trackers={"a.test": TrackerSettings(disabled=True, disable_why="theirs")})
            engine, watched = watching(prober, torrent(0, [A], [B]), settings=settings)
            await watched.until(2000)
            assert {s.host for s in prober.sent} == {"b.test:80"}
            view = tracker(engine)
            assert (view.disabled.source, view.disabled.why, view.disabled.since) == (
                OrderSource.CONFIG,
                "theirs",
                None,
            )
            assert engine.do(DisableTrackers((0,), "", disabled=False)) == "a.test:80: asked again"
            await watched.until(2003)
            assert tracker(engine).state is Health.UP
            await watched.end()

        drive(main)

    def test_a_report_does_not_ask_it_either(self):
        async def main():
            prober, keeper = ScriptedProber(), MemoryKeeper()
            settings = EngineSettings(orders={A_ID: TrackerOrder(disabled=True)})
            engine = make_engine(prober, settings, keeper=keeper)
            engine.add_torrents([torrent(0, [A], [B])])
            await engine.run_once(deadline_s=30.0)
            assert {s.host for s in prober.sent} == {"b.test:80"}
            assert list(engine.snapshot().torrents.verdicts) == [Verdict.OK]
            assert tracker(engine).disabled is not None

        drive(main)

    def test_it_is_no_witness_in_an_outage_of_our_own(self):
        async def main():
            prober = ScriptedProber()
            urls = [f"udp://t{n}.test:80" for n in range(6)]
            for n, url in enumerate(urls):
                prober.script(url, Script(addresses=(f"192.0.2.{n + 1}",)))
            engine = make_engine(prober)
            engine.add_torrents([torrent(n, [url]) for n, url in enumerate(urls)])
            watched = Watched(engine)
            await watched.until(300)
            engine.do(DisableTrackers((5,), ""))
            prober.sentinels = SentinelOutcome(tcp=False, udp=False)
            for url in urls:
                prober.script(url).dead["*"] = TIMEOUT
            sent = len(prober.sent)
            await watched.until(2000)
            assert engine.snapshot().ourselves.state is LocalState.OFFLINE
            assert "t5.test:80" not in {s.host for s in prober.sent[sent:]}
            assert tracker(engine, 5).disabled is not None
            prober.sentinels = SentinelOutcome(tcp=True, udp=True)
            for url in urls:
                prober.script(url).dead.clear()
            await watched.until(2400)
            assert engine.snapshot().ourselves.state is LocalState.FINE
            assert "t5.test:80" not in {s.host for s in prober.sent[sent:]}
            assert tracker(engine, 5).state is Health.UNKNOWN
            await watched.end()

        drive(main)

    def test_switched_off_while_we_are_cut_off(self):
        async def main():
            prober = ScriptedProber()
            urls = [f"udp://t{n}.test:80" for n in range(6)]
            for n, url in enumerate(urls):
                prober.script(url, Script(addresses=(f"192.0.2.{n + 1}",)))
            engine = make_engine(prober)
            engine.add_torrents([torrent(n, [url]) for n, url in enumerate(urls)])
            watched = Watched(engine)
            await watched.until(300)
            prober.sentinels = SentinelOutcome(tcp=False, udp=False)
            for url in urls:
                prober.script(url).dead["*"] = TIMEOUT
            await watched.until(2000)
            assert engine.snapshot().ourselves.state is LocalState.OFFLINE
            engine.do(DisableTrackers((0,), ""))
            prober.sentinels = SentinelOutcome(tcp=True, udp=True)
            for url in urls:
                prober.script(url).dead.clear()
            await watched.until(2400)
            assert [v.state for v in engine.snapshot().trackers] == [Health.UNKNOWN] + [Health.UP] * 5
            await watched.end()

        drive(main)


class TestIntervals:
    def test_a_tracker_is_asked_at_its_own(self):
        async def main():
            prober = ScriptedProber()
            engine, watched = watching(prober, torrent(0, [A], [B]))
            await watched.until(30)
            assert engine.do(SetInterval((0,), 120.0)) == "a.test:80: asked every 2 min"
            assert tracker(engine).interval_wish_s == 120.0
            await watched.until(1230)
            assert 9 <= len(prober.of("scrape", "a.test:80")) <= 11
            assert len(prober.of("scrape", "b.test:80")) == 2
            assert engine.do(SetInterval((0,), None)) == "a.test:80: asked as the settings say"
            assert tracker(engine).interval_wish_s is None
            sent = len(prober.of("scrape", "a.test:80"))
            await watched.until(2000)
            assert len(prober.of("scrape", "a.test:80")) <= sent + 1
            await watched.end()

        drive(main)

    def test_counts_are_stale_by_the_trackers_own_interval(self):
        async def main():
            prober = ScriptedProber()
            never = EngineSettings(announce=AnnounceMode.NEVER)
            engine, watched = watching(prober, torrent(0, [A]), settings=never)
            engine.do(SetInterval((0,), 6 * 3600.0))
            await watched.until(60)
            prober.script(A).scrape_failure = SCRAPE_TIMEOUT
            await watched.until(7 * 3600)
            answer = engine.snapshot().torrents.view(0).answers[0]
            assert len(prober.of("scrape")) > 1
            assert answer.counts.seeders == 5, "one lost answer of a tracker that is asked four times a day"
            await watched.end()

        drive(main)

    def test_manners_bound_it_and_that_is_said(self):
        async def main():
            prober = ScriptedProber()
            engine, watched = watching(prober, torrent(0, [A]))
            await watched.until(30)
            said = engine.do(SetInterval((0,), 5.0))
            assert said == "a.test:80: asked every 5 s; in fact every 60 s: it is a public one"
            await watched.until(630)
            assert len(prober.of("scrape")) <= 11
            await watched.end()

        drive(main)

    def test_the_trackers_own_wish_bounds_it(self):
        async def main():
            prober = ScriptedProber()
            prober.script(A).min_request_interval_s = 600.0
            engine, watched = watching(prober, torrent(0, [A]))
            await watched.until(30)
            said = engine.do(SetInterval((0,), 120.0))
            assert said == "a.test:80: asked every 2 min; in fact every 10 min: it asked for that itself"
            await watched.end()

        drive(main)

    @pytest.mark.parametrize("wish_s", [0.0, -5.0, 0.5, 1e9, float("inf"), float("nan")])
    def test_what_is_no_interval_is_refused(self, wish_s):
        async def main():
            notebook = Notebook()
            engine, watched = watching(ScriptedProber(), torrent(0, [A]), notebook=notebook)
            assert engine.do(SetInterval((0,), wish_s)).startswith("an interval is from 1 s to")
            assert notebook.orders == {}
            await watched.end()

        drive(main)

    def test_a_mute_does_not_put_off_what_is_due(self):
        async def main():
            prober = ScriptedProber()
            engine, watched = watching(prober, torrent(0, [A], [B]))
            await watched.until(30)
            before = [view.next_probe_at for view in engine.snapshot().trackers]
            engine.do(MuteTrackers((0,), None, ""))
            assert [view.next_probe_at for view in engine.snapshot().trackers] == before
            await watched.end()

        drive(main)


class TestUndo:
    def test_each_kind_in_turn_the_latest_first(self):
        async def main():
            notebook = Notebook()
            engine, watched = watching(ScriptedProber(), torrent(0, [A], [B]), notebook=notebook)
            await watched.until(10)
            assert engine.do(Undo()) == "nothing to take back"
            engine.do(MuteTrackers((0, 1), None, "both"))
            engine.do(DisableTrackers((0,), "one"))
            engine.do(SetInterval((1,), 300.0))
            engine.do(SetInterval((1,), 400.0))
            assert engine.do(Undo()) == "taken back: b.test:80: asked every 400 s"
            assert tracker(engine, 1).interval_wish_s == 300.0
            assert engine.do(Undo()) == "taken back: b.test:80: asked every 5 min"
            assert tracker(engine, 1).interval_wish_s is None
            assert engine.do(Undo()) == "taken back: a.test:80: switched off; nothing is sent to it"
            assert tracker(engine).disabled is None
            assert tracker(engine).muted.why == "both"
            assert engine.do(Undo()).startswith("taken back: 2 trackers: muted until")
            assert [view.muted for view in engine.snapshot().trackers] == [None, None]
            assert engine.do(Undo()) == "nothing to take back"
            assert all(order.is_empty for order in notebook.orders.values())
            assert [undoes for _, undoes in notebook.told] == [False] * 4 + [True] * 4
            await watched.end()

        drive(main)

    def test_what_came_from_elsewhere_meanwhile_stays(self):
        async def main():
            engine, watched = watching(ScriptedProber(), torrent(0, [A]))
            await watched.until(10)
            engine.do(MuteTrackers((0,), None, ""))
            engine.take_orders({A_ID: TrackerOrder(muted=True, interval_s=300.0)})
            engine.do(Undo())
            assert tracker(engine).muted is None
            assert tracker(engine).interval_wish_s == 300.0
            await watched.end()

        drive(main)

    def test_what_was_taken_back_elsewhere_is_passed_over(self):
        async def main():
            engine, watched = watching(ScriptedProber(), torrent(0, [A]))
            await watched.until(10)
            engine.do(MuteTrackers((0,), None, ""))
            engine.do(SetInterval((0,), 300.0))
            engine.take_orders({A_ID: TrackerOrder(muted=True)})
            assert engine.do(Undo()).startswith("taken back: a.test:80: muted")
            await watched.end()

        drive(main)

    def test_it_is_bounded(self):
        async def main():
            engine, watched = watching(ScriptedProber(), torrent(0, [A]))
            for n in range(80):
                engine.do(SetInterval((0,), 300.0 + n))
            undone = 0
            while engine.do(Undo()) != "nothing to take back":
                undone += 1
            assert undone == 50
            await watched.end()

        drive(main)


class TestFromOutside:
    def test_changes_hold_at_once_and_are_told(self):
        async def main():
            prober = ScriptedProber()
            engine, watched = watching(prober, torrent(0, [A], [B]))
            await watched.until(100)
            engine.take_orders({"a.test": TrackerOrder(disabled=True, disable_why="x")})
            assert tracker(engine).disabled is not None
            event = engine.snapshot().events[-1]
            assert (event.kind, event.message) == (EventKind.CONFIG_RELOADED, "orders changed: a.test is switched off")
            events = len(engine.snapshot().events)
            engine.take_orders({"a.test": TrackerOrder(disabled=True, disable_why="x", given_at=5.0)})
            assert len(engine.snapshot().events) == events
            engine.take_orders({})
            assert engine.snapshot().events[-1].message == "orders changed: a.test is as the settings say"
            await watched.until(162)
            assert tracker(engine).state is Health.UP
            await watched.end()

        drive(main)

    def test_several_at_once_are_told_with_what_became_of_each(self):
        async def main():
            engine, watched = watching(ScriptedProber(), torrent(0, [A, B]))
            engine.take_orders({host: TrackerOrder(disabled=True) for host in ("a.test", "b.test", "c.test", "d.test")})
            assert engine.snapshot().events[-1].message == (
                "orders changed: a.test is switched off; b.test is switched off; c.test is switched off and 1 more"
            )
            await watched.end()

        drive(main)

    @pytest.mark.parametrize(
        ("order", "words"),
        [
            (TrackerOrder(muted=True), "is muted"),
            (TrackerOrder(muted=True, muted_until=BEGIN + 86400.0), "is muted until 2023-11-15 22:13 UTC"),
            (TrackerOrder(muted=False), "is heard all the same"),
            (TrackerOrder(disabled=False, interval_s=600.0), "is asked all the same, is asked every 10 min"),
        ],
    )
    def test_what_holds_now_is_said(self, order, words):
        async def main():
            engine, watched = watching(ScriptedProber(), torrent(0, [A]))
            engine.take_orders({"a.test": order})
            assert engine.snapshot().events[-1].message == f"orders changed: a.test {words}"
            await watched.end()

        drive(main)

    def test_no_key_is_kept_with_the_reason(self):
        async def main():
            key = "0123456789abcdef0123456789abcdef"
            notebook = Notebook()
            engine, watched = watching(
                ScriptedProber(), torrent(0, [f"http://k.test/{key}/announce"]), notebook=notebook
            )
            engine.do(MuteTrackers((0,), None, f"my {key} is old"))
            engine.do(DisableTrackers((0,), f"my {key} is old"))
            (order,) = notebook.orders.values()
            assert key not in order.mute_why + order.disable_why
            await watched.end()

        drive(main)

    def test_a_reloaded_config_leaves_them_as_they_are(self):
        async def main():
            engine, watched = watching(ScriptedProber(), torrent(0, [A]))
            engine.do(MuteTrackers((0,), None, "by hand"))
            engine.reconfigure(EngineSettings(interval_s=600.0))
            assert tracker(engine).muted.why == "by hand"
            assert engine.settings.interval_s == 600.0
            engine.reconfigure(EngineSettings(trackers={"a.test": TrackerSettings(disabled=True)}))
            assert tracker(engine).disabled.source is OrderSource.CONFIG
            engine.reconfigure(EngineSettings())
            assert tracker(engine).disabled is None
            await watched.end()

        drive(main)

    def test_torrents_that_come_later_find_their_trackers_orders(self):
        async def main():
            prober = ScriptedProber()
            settings = EngineSettings(orders={"b.test": TrackerOrder(disabled=True)})
            engine, watched = watching(prober, torrent(0, [A]), settings=settings)
            await watched.until(10)
            engine.add_torrents([torrent(1, [B], [A])])
            await watched.until(200)
            assert "b.test:80" not in {s.host for s in prober.sent}
            assert engine.snapshot().torrents.failover_states[1] is FailoverState.PRIMARY
            await watched.end()

        drive(main)


class TestWholeHosts:
    """What is ordered of all trackers of a host at once is ordered of the host."""

    URLS = tuple(f"http://h.test:80/{n}/announce" for n in range(3))

    def made(self, notebook=None, settings=None):
        return watching(ScriptedProber(), torrent(0, [*self.URLS[:2], A]), notebook=notebook, settings=settings)

    def test_trackers_that_come_later_are_meant_too(self):
        async def main():
            notebook = Notebook()
            engine, watched = self.made(notebook=notebook)
            said = engine.do(MuteTrackers((0, 1), None, "moving"))
            assert said == "h.test, all trackers: muted until you take it back"
            assert {key: order.muted for key, order in notebook.orders.items()} == {"h.test": True}
            engine.add_torrents([torrent(1, [self.URLS[2]])])
            assert [t.muted is not None for t in engine.snapshot().trackers] == [True, True, False, True]
            assert engine.do(Undo()) == f"taken back: {said}"
            assert not any(t.muted for t in engine.snapshot().trackers)
            await watched.end()

        drive(main)

    def test_some_of_a_host_are_themselves_alone(self):
        async def main():
            notebook = Notebook()
            engine, watched = self.made(notebook=notebook)
            engine.add_torrents([torrent(1, [self.URLS[2]])])
            assert engine.do(MuteTrackers((0, 1), None, "")).startswith("2 trackers: muted")
            assert "h.test" not in notebook.orders
            await watched.end()

        drive(main)

    def test_what_was_ordered_of_single_ones_gives_way(self):
        async def main():
            notebook = Notebook()
            engine, watched = self.made(notebook=notebook)
            engine.do(SetInterval((0,), 3600.0))
            engine.do(DisableTrackers((1,), "", disabled=True))
            engine.do(SetInterval((0, 1), 7200.0))
            assert [t.interval_wish_s for t in engine.snapshot().trackers] == [7200.0, 7200.0, None]
            assert tracker(engine, 1).disabled is not None, "another aspect stays"
            engine.do(SetInterval((0, 1), None))
            assert [t.interval_wish_s for t in engine.snapshot().trackers] == [None] * 3
            engine.do(DisableTrackers((0, 1), "", disabled=False))
            assert all(order.is_empty for order in notebook.orders.values())
            for _ in range(5):
                engine.do(Undo())
            assert engine.do(Undo()) == "nothing to take back"
            assert engine.settings.orders == {}
            await watched.end()

        drive(main)

    def test_what_holds_of_the_host_is_overruled_for_one_and_ended_for_all(self):
        async def main():
            settings = EngineSettings(interval_s=1800.0)
            engine, watched = self.made(settings=settings)
            engine.do(MuteTrackers((0, 1), None, ""))
            engine.do(SetInterval((0, 1), 7200.0))
            engine.do(MuteTrackers((0,), None, "", muted=False))
            engine.do(SetInterval((0,), None))
            assert [t.muted is not None for t in engine.snapshot().trackers] == [False, True, False]
            assert [t.interval_wish_s for t in engine.snapshot().trackers] == [1800.0, 7200.0, None]
            engine.do(MuteTrackers((0, 1), None, "", muted=False))
            engine.do(SetInterval((0, 1), None))
            assert engine.settings.orders == {}
            await watched.end()

        drive(main)

    def test_what_the_config_says_of_it_is_overruled_for_each(self):
        async def main():
            off = EngineSettings(trackers={"h.test": TrackerSettings(muted=True)})
            engine, watched = self.made(settings=off)
            engine.do(MuteTrackers((0, 1), None, "", muted=False))
            assert not any(t.muted for t in engine.snapshot().trackers)
            engine.do(Undo())
            assert [t.muted is not None for t in engine.snapshot().trackers] == [True, True, False]
            await watched.end()

        drive(main)

    def test_a_host_that_holds_a_key_is_no_key(self):
        async def main():
            notebook = Notebook()
            host = f"{'0123456789abcdef' * 2}.h.test"
            urls = [f"http://{host}/{n}/announce" for n in range(2)]
            engine, watched = watching(ScriptedProber(), torrent(0, urls), notebook=notebook)
            said = engine.do(MuteTrackers((0, 1), None, ""))
            assert len(notebook.orders) == 2
            assert "0123456789abcdef" not in said + repr(notebook.orders)
            await watched.end()

        drive(main)


def test_an_empty_order_orders_nothing():
    assert NOTHING_ORDERED.is_empty
    assert not TrackerOrder(muted=False).is_empty


@pytest.mark.parametrize("seed", range(5))
def test_whatever_is_ordered_in_whatever_weather_nothing_breaks(seed):
    """Orders, arrivals, outages and failures at random: nothing is sent to what is switched off, and nothing ends in a bug."""

    async def main():
        rng = random.Random(seed)
        prober = ScriptedProber()
        urls = [f"udp://t{n}.test:80" for n in range(7)] + ["http://h.test:80/announce"]
        for n, url in enumerate(urls):
            prober.script(url, Script(addresses=(f"192.0.2.{n + 1}", f"2001:db8::{n + 1}")))
        mode = rng.choice(list(AnnounceMode))
        engine = make_engine(prober, EngineSettings(announce=mode), keeper=MemoryKeeper())
        torrents = [torrent(n, *[[url] for url in rng.sample(urls[:6], 3)]) for n in range(8)]
        engine.add_torrents(torrents)
        watched = Watched(engine)
        now = 0.0
        for _ in range(120):
            now += rng.choice([0.02, 0.5, 3.0, 40.0, 400.0])
            await watched.until(now)
            trackers = engine.snapshot().trackers
            some = tuple(rng.sample(range(len(trackers)), rng.randint(1, 3)))
            match rng.randrange(12):
                case 0 | 1:
                    engine.do(DisableTrackers(some, "x", disabled=rng.random() < 0.6))
                case 2:
                    engine.do(
                        MuteTrackers(some, BEGIN + now + 60 if rng.random() < 0.5 else None, "", rng.random() < 0.6)
                    )
                case 3:
                    engine.do(SetInterval(some, rng.choice([None, 60.0, 600.0])))
                case 4 | 5:
                    engine.do(Undo())
                case 6:
                    engine.do(WatchTracker(rng.choice(urls), rng.choice([None, rng.randrange(8)])))
                case 7:
                    engine.remove_torrents([rng.choice(torrents).info_hash])
                case 8:
                    engine.add_torrents([rng.choice(torrents)])
                case 9:
                    ours = rng.random() < 0.5
                    prober.sentinels = SentinelOutcome(tcp=not ours, udp=not ours)
                    for url in urls:
                        prober.script(url).dead = {"*": TIMEOUT} if ours else {}
                case 10:
                    prober.script(rng.choice(urls)).dead = rng.choice([{}, {"*": REFUSED}, {"*": TIMEOUT}])
                case _:
                    engine.do(ProbeNow(some))
                    await engine.try_out(rng.choice(urls))
            off = {v.tracker.host_port for v in engine.snapshot().trackers if v.disabled is not None}
            for view in engine.snapshot().trackers:
                if view.disabled is not None:
                    assert (view.state, view.next_probe_at) == (Health.UNKNOWN, None)
            sent = len(prober.sent)
            await asyncio.sleep(0.5)
            assert not off & {s.host for s in prober.sent[sent:]}
            table = engine.snapshot().torrents
            for index in table.listed:
                view = table.view(index)
                assert all(a.role is Role.UNTRIED for a in view.answers if a.tracker.host_port in off)
                assert view.failover.total == len(view.torrent.placements)
        for state, view in zip(engine._trackers, engine.snapshot().trackers, strict=True):
            listing = [i for i in table.listed if any(p.tracker is view.tracker for p in table.torrents[i].placements)]
            assert (state.torrents, view.torrents) == (len(listing), len(listing))
        assert not [e for e in engine.snapshot().events if e.reason is FailureKind.INTERNAL]
        while engine.do(Undo()) != "nothing to take back":
            pass
        await watched.end()

    drive(main)


class TestTimesUnderOrders:
    """What orders hide is as old as it is when it shows again."""

    MUTE = MuteTrackers((0,), None, "")
    OFF = DisableTrackers((0,), "")

    @staticmethod
    def dead(*urls):
        prober = ScriptedProber()
        for url in urls:
            prober.script(url, Script(dead={"*": REFUSED}))
        return prober

    @pytest.mark.parametrize("order", [MUTE, OFF])
    def test_an_order_that_is_taken_back_leaves_every_since_as_it_was(self, order):
        async def main():
            engine, watched = watching(self.dead(A), torrent(0, [A]), torrent(1, [A], [B]))
            await watched.until(3000)
            before = engine.snapshot()
            engine.do(order)
            await watched.until(3600)
            during = engine.snapshot()
            engine.do(Undo())
            await watched.until(7200)
            after = engine.snapshot()
            await watched.end()
            return before, during, after

        before, during, after = drive(main)
        assert before.trackers[0].state is after.trackers[0].state is Health.DOWN
        assert after.trackers[0].since == before.trackers[0].since
        for index, state in enumerate((FailoverState.EXHAUSTED, FailoverState.FAILED_OVER)):
            assert before.torrents.failover_states[index] is after.torrents.failover_states[index] is state
            assert after.torrents.since[index] == before.torrents.since[index]
            assert during.torrents.since[index] > before.torrents.since[index]

    def test_two_orders_one_over_the_other_are_taken_back_one_by_one(self):
        async def main():
            engine, watched = watching(self.dead(A, B), torrent(0, [A], [B], ["udp://c.test:80"]))
            await watched.until(3000)
            begun = engine.snapshot().torrents.since[0]
            engine.do(self.MUTE)
            await watched.until(3600)
            engine.do(MuteTrackers((1,), None, ""))
            await watched.until(4000)
            engine.do(Undo())
            await watched.until(4100)
            engine.do(Undo())
            since = engine.snapshot().torrents.since[0]
            await watched.end()
            return begun, since

        begun, since = drive(main)
        assert since == begun

    @pytest.mark.parametrize("order", [MUTE, OFF])
    def test_a_trouble_that_ended_meanwhile_is_a_new_one_when_it_comes_back(self, order):
        async def main():
            prober = self.dead(A)
            engine, watched = watching(prober, torrent(0, [A]))
            await watched.until(3000)
            begun = engine.snapshot().torrents.since[0]
            engine.do(order)
            script = prober.scripts["a.test:80"]
            script.dead.clear()
            await watched.until(9000)
            engine.do(Undo())
            await watched.until(15000)
            assert engine.snapshot().torrents.failover_states[0] is FailoverState.PRIMARY
            script.dead["*"] = REFUSED
            await watched.until(30000)
            since, tracker = engine.snapshot().torrents.since[0], engine.snapshot().trackers[0]
            await watched.end()
            return begun, since, tracker.since.timestamp()

        begun, since, its = drive(main)
        assert since > begun + 12000
        assert its > begun + 12000
