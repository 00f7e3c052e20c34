"""One look at a tracker that is not watched."""

import asyncio
from dataclasses import replace

import pytest

from tests.engine.driven import (
    BEGIN,
    BLOCKED,
    HTTP_404,
    NXDOMAIN,
    REFUSED,
    UNREGISTERED,
    ScriptedProber,
    Watched,
    drive,
    make_engine,
    torrent,
)
from tests.engine.keeping import MemoryKeeper
from trackerwatch.engine.commands import DisableTrackers, WatchTracker
from trackerwatch.engine.keeper import Waits
from trackerwatch.engine.settings import EngineSettings
from trackerwatch.orders import TrackerOrder
from trackerwatch.outcome import Failure, FailureKind, Phase
from trackerwatch.tracker import parse_tracker

A = "udp://a.test:80"
H = "http://h.test:80/announce"


def test_every_address_is_asked_once_and_told_of():
    async def main():
        prober = ScriptedProber()
        script = prober.script(A)
        script.addresses = ("192.0.2.1", "2001:db8::1")
        script.dead["2001:db8::1"] = REFUSED
        trial = await make_engine(prober).try_out(A)
        assert (trial.url, trial.works) == ("udp://a.test:80", True)
        text = "\n".join(trial.lines)
        assert trial.lines[0] == "it works: 1 of 2 addresses answer (connect, no torrent named)"
        assert "a.test is 192.0.2.1, 2001:db8::1 (in 10 ms)" in text
        assert "192.0.2.1:80 answers (connect 20 ms, answer 50 ms): liveness answered" in text
        assert "[2001:db8::1]:80 does not answer: connection refused" in text
        assert [s.what for s in prober.sent] == ["resolve", "check", "check"]
        assert all(line.isprintable() for line in trial.lines)

    drive(main)


@pytest.mark.parametrize("url", ["", "nonsense", "wss://a.test", "http://", "http://a.test:99999/announce", "x" * 9000])
def test_what_is_no_tracker_says_why(url):
    async def main():
        prober = ScriptedProber()
        trial = await make_engine(prober).try_out(url)
        assert not trial.works
        assert trial.lines[0]
        assert prober.sent == []

    drive(main)


def test_secrets_are_not_repeated():
    async def main():
        prober = ScriptedProber()
        key = "0123456789abcdef0123456789abcdef"
        said = Failure(FailureKind.FAILURE_REASON, Phase.EXCHANGE, f"who is {key}?")
        prober.script(f"http://h.test:80/{key}/announce").dead["*"] = said
        trial = await make_engine(prober).try_out(f"http://h.test/{key}/announce")
        assert key not in "\n".join((trial.url, *trial.lines))
        trial = await make_engine(prober).try_out(f"wss://h.test/{key}/announce")
        assert key not in "\n".join((trial.url, *trial.lines))

    drive(main)


@pytest.mark.parametrize(
    ("failure", "works", "word"),
    [(HTTP_404, False, "HTTP 404"), (UNREGISTERED, True, "answers, and refuses"), (REFUSED, False, "refused")],
)
def test_a_failure_is_told_with_what_it_means(failure, works, word):
    async def main():
        prober = ScriptedProber()
        prober.script(H).dead["*"] = failure
        trial = await make_engine(prober).try_out(H)
        assert trial.works is works
        assert any(word in line for line in trial.lines)
        assert [line.partition(":")[0] for line in trial.lines[-2:]] == ["that means", "what to do"]

    drive(main)


def test_names_that_do_not_resolve_and_addresses_that_may_not_be_asked():
    async def main():
        prober = ScriptedProber()
        prober.script(A).resolve_failure = NXDOMAIN
        trial = await make_engine(prober).try_out(A)
        assert (trial.works, trial.lines[0]) == (False, "nothing was sent to it")
        assert any("no such host" in line for line in trial.lines)
        script = prober.script(H)
        script.addresses, script.refused_addresses = (), (("127.0.0.1", BLOCKED),)
        trial = await make_engine(prober).try_out(H)
        assert not trial.works
        assert any(line.startswith("127.0.0.1: blocked") and line.endswith("not asked") for line in trial.lines)
        assert not prober.of("check")

    drive(main)


def test_one_that_hangs_ends():
    async def main():
        prober = ScriptedProber()
        prober.script(A).hangs = True
        trial = await make_engine(prober, EngineSettings(timeout_s=3.0)).try_out(A)
        assert not trial.works
        assert trial.lines == ("a.test:80: no end within 7 s",)

    drive(main)


def test_manners_hold():
    async def main():
        prober = ScriptedProber()
        prober.script(A).addresses = ("192.0.2.1",)
        engine = make_engine(prober)
        watched = Watched(engine)
        await engine.try_out(A)
        again = await engine.try_out(A)
        assert not again.works
        assert "was tried just now" in again.lines[0]
        assert len(prober.of("check")) == 1
        await watched.until(20)
        assert (await engine.try_out(A)).works
        await watched.end()

    drive(main)


def test_near_ones_may_be_tried_again_after_a_second():
    async def main():
        prober = ScriptedProber()
        prober.script(A).addresses = ("127.0.0.1",)
        engine = make_engine(prober)
        watched = Watched(engine)
        await engine.try_out(A)
        await watched.until(2)
        assert (await engine.try_out(A)).works
        await watched.end()

    drive(main)


def test_what_it_asks_for_is_obeyed():
    async def main():
        prober = ScriptedProber()
        busy = replace(UNREGISTERED, kind=FailureKind.RATE_LIMITED, retry_in_s=600.0)
        prober.script(A).dead["*"] = busy
        engine = make_engine(prober)
        watched = Watched(engine)
        await engine.try_out(A)
        await watched.until(300)
        assert "no question for another" in (await engine.try_out(A)).lines[0]
        await watched.until(700)
        prober.script(A).dead["*"] = replace(busy, retry_in_s=None, retry_never=True)
        await engine.try_out(A)
        await watched.until(90000)
        assert "never to be asked again" in (await engine.try_out(A)).lines[0]
        assert len(prober.of("check")) == 2
        await watched.end()

    drive(main)


def test_what_it_asked_for_holds_when_it_is_watched():
    async def main():
        prober = ScriptedProber()
        prober.script(A).addresses = ("192.0.2.1",)
        prober.script(A).dead["*"] = replace(UNREGISTERED, kind=FailureKind.RATE_LIMITED, retry_in_s=600.0)
        engine = make_engine(prober)
        watched = Watched(engine)
        await engine.try_out(A)
        engine.do(WatchTracker(A))
        await watched.until(590)
        assert len(prober.of("check")) == 1
        await watched.until(700)
        assert len(prober.of("check")) > 1
        prober.script(H).dead["*"] = replace(HTTP_404, retry_never=True)
        await engine.try_out(H)
        engine.do(WatchTracker(H))
        await watched.until(90000)
        assert len(prober.of("check", "h.test:80")) == 1
        await watched.end()

    drive(main)


def test_one_path_that_wants_never_to_be_asked_says_nothing_of_the_next():
    async def main():
        prober = ScriptedProber()
        prober.script(H).addresses = ("192.0.2.1",)
        prober.script(H).dead["*"] = replace(HTTP_404, retry_never=True)
        engine = make_engine(prober)
        watched = Watched(engine)
        await engine.try_out(H)
        await watched.until(20)
        prober.script(H).dead.clear()
        other = "http://h.test:80/other/announce"
        assert (await engine.try_out(other)).works
        assert "asked never" in (await engine.try_out(H)).lines[0]
        engine.do(WatchTracker(other))
        await watched.until(90)
        assert engine.snapshot().trackers[0].state == "up"
        await watched.end()

    drive(main)


def test_where_nothing_was_sent_nobody_waits():
    async def main():
        prober = ScriptedProber()
        prober.script(A).resolve_failure = NXDOMAIN
        engine = make_engine(prober)
        watched = Watched(engine)
        await engine.try_out(A)
        await watched.until(2)
        prober.script(A).resolve_failure = None
        assert (await engine.try_out(A)).works
        await watched.end()

    drive(main)


def test_what_it_asked_for_while_it_was_watched_holds():
    async def main():
        prober = ScriptedProber()
        prober.script(A).addresses = ("192.0.2.1",)
        prober.script(H).addresses = ("192.0.2.2",)
        busy = replace(UNREGISTERED, kind=FailureKind.RATE_LIMITED, retry_in_s=3000.0)
        prober.script(A).dead["*"] = busy
        prober.script(H).dead["*"] = replace(HTTP_404, retry_never=True)
        engine = make_engine(prober)
        watched = Watched(engine)
        engine.add_torrents([torrent(0, [A], [H])])
        await watched.until(100)
        engine.remove_torrents([(0).to_bytes(20, "big")])
        sent = len(prober.sent)
        assert "is to be left alone for another" in (await engine.try_out(A)).lines[0]
        assert "asked never to be asked again" in (await engine.try_out(H)).lines[0]
        # Another path of one that asks for patience is the same server.
        assert "is to be left alone" in (await engine.try_out(f"{A}/other")).lines[0]
        assert len(prober.sent) == sent
        await watched.end()

    drive(main)


def test_what_is_remembered_of_its_wishes_holds_and_new_ones_are_remembered():
    async def main():
        prober, keeper = ScriptedProber(), MemoryKeeper()
        prober.script(A).addresses = ("192.0.2.1",)
        keeper.waits[parse_tracker(A).id] = Waits(not_before=BEGIN + 500.0)
        engine = make_engine(prober, keeper=keeper)
        watched = Watched(engine)
        await watched.until(100)
        assert "left alone for another 400 s" in (await engine.try_out(A)).lines[0]
        assert prober.sent == []
        await watched.until(600)
        prober.script(A).dead["*"] = replace(HTTP_404, retry_never=True)
        await engine.try_out(A)
        assert keeper.waits[parse_tracker(A).id].never_again is not None
        assert "never" in (await make_engine(prober, keeper=keeper).try_out(A)).lines[0]
        assert len(prober.of("check")) == 1
        await watched.end()

    drive(main)


def test_two_tries_at_the_same_moment_are_one():
    async def main():
        prober, keeper = ScriptedProber(), MemoryKeeper()
        engine = make_engine(prober, keeper=keeper)
        trials = await asyncio.gather(engine.try_out(A), engine.try_out(A))
        assert [trial.works for trial in trials] == [True, False]
        assert len(prober.of("check")) == 1

    drive(main)


def test_one_that_is_watched_is_shown_and_not_asked():
    async def main():
        prober = ScriptedProber()
        engine = make_engine(prober)
        engine.add_torrents([torrent(0, [A])])
        watched = Watched(engine)
        await watched.until(50)
        sent = len(prober.sent)
        trial = await engine.try_out(A)
        assert (trial.works, trial.lines) == (True, ("a.test:80 is watched already: it is up",))
        engine.do(DisableTrackers((0,), ""))
        trial = await engine.try_out(A)
        assert (trial.works, trial.lines) == (False, ("a.test:80 is watched already, and switched off by you",))
        assert len(prober.sent) == sent
        await watched.end()

    drive(main)


def test_one_that_is_switched_off_is_not_asked():
    async def main():
        prober = ScriptedProber()
        engine = make_engine(prober, EngineSettings(orders={"a.test": TrackerOrder(disabled=True, disable_why="no")}))
        trial = await engine.try_out(A)
        assert trial.lines == ("a.test:80 is switched off by you: no; nothing was sent to it",)
        assert prober.sent == []

    drive(main)


def test_tried_and_then_watched():
    async def main():
        prober = ScriptedProber()
        engine = make_engine(prober)
        watched = Watched(engine)
        assert (await engine.try_out(A)).works
        engine.do(WatchTracker(A))
        await watched.until(5)
        assert "watched already" in (await engine.try_out(A)).lines[0]
        await watched.end()

    drive(main)
