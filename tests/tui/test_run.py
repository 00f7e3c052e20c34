"""The end and the beginning: engine, loading and screen in one loop."""

import asyncio
import gc
from dataclasses import dataclass

import pytest

from tests.tui.feeds import HandFeed, snapshot, torrent, torrent_view, tracker
from tests.tui.screens import show
from trackerwatch.engine.views import Snapshot, Trial
from trackerwatch.policy.rules import Verdict
from trackerwatch.tui import run as running
from trackerwatch.tui.app import TrackerwatchApp

A = "udp://a.example:6969/announce"


@dataclass
class Progress:
    done: int
    total: int | None
    skipped: int = 0


@dataclass
class Batch:
    torrents: tuple
    progress: Progress


class FakeEngine:
    """Shows what it was given; asks nobody."""

    def __init__(self, error: Exception | None = None) -> None:
        self.hand_feed = HandFeed()
        self.loaded = []
        self.calls = []
        self.error = error

    def picture(self) -> Snapshot:
        views = [torrent_view(n, one, Verdict.UNKNOWN) for n, one in enumerate(self.loaded)]
        return snapshot((tracker(0, A),), views)

    def feed(self):
        return self.hand_feed

    def do(self, command):
        return str(command)

    def add_torrents(self, torrents):
        self.loaded += torrents
        self.hand_feed.post(self.picture(), events=())

    async def try_out(self, url):
        return Trial(url, works=False, lines=())

    async def run(self):
        self.calls.append("run")
        try:
            if self.error:
                raise self.error
            await asyncio.Event().wait()
        finally:
            self.calls.append("ended")

    async def stop(self):
        self.calls.append("stop")


BATCHES = [
    Batch((), Progress(0, None)),
    Batch((torrent("one"),), Progress(1, 3)),
    Batch((torrent("two"),), Progress(3, 3, skipped=1)),
]


async def test_torrents_appear_while_loading_and_what_was_skipped_is_said():
    engine = FakeEngine()
    async with show(snapshot()) as s:
        s.app.picture._feed = engine.hand_feed
        seen = []

        async def slowly():
            for batch in BATCHES:
                yield batch
                await s.tick(later_s=2)
                seen.append((s.app.picture.loading, len(engine.loaded), s.lines[1].strip()))

        await running.load(engine, slowly(), s.app)
        await s.settle()
        assert seen[0] == ("loading 0", 0, "? loading 0")
        assert seen[1][:2] == ("loading 1 of 3", 1)
        assert s.app.picture.loading == ""
        assert len(s.names()) == 2
        assert "1 input could not be used" in s.lines[-1]


async def test_a_plain_iterable_is_read_off_the_loop():
    engine = FakeEngine()
    async with show(snapshot()) as s:
        await running.load(engine, iter(BATCHES), s.app)
        assert [one.name for one in engine.loaded] == ["one", "two"]


async def test_loading_that_breaks_keeps_what_is_there():
    def broken():
        yield BATCHES[1]
        raise RuntimeError("boom")

    engine = FakeEngine()
    async with show(snapshot()) as s:
        await running.load(engine, broken(), s.app)
        await s.settle()
        assert len(engine.loaded) == 1
        assert "loading stopped: internal error (RuntimeError)" in s.lines[-1]


async def test_an_engine_that_breaks_is_said_on_the_screen():
    async with show() as s:
        await running.watch_over(FakeEngine(KeyError("x")), s.app)
        await s.settle()
        assert "x asking has stopped: internal error (KeyError)" in s.lines[1]


@pytest.fixture
def headless(monkeypatch):
    """The app without a terminal: it quits by itself after its first ticks."""
    shown = []
    real = TrackerwatchApp.run_async

    async def run_async(self, *, mouse):
        async def quit_soon(pilot):
            await pilot.pause()
            shown.append("\n".join(strip.text for strip in self.screen._compositor.render_strips()))
            await pilot.press("Q")

        await real(self, headless=True, size=(80, 24), mouse=mouse, auto_pilot=quit_soon)

    monkeypatch.setattr(TrackerwatchApp, "run_async", run_async)
    return shown


def test_run_starts_and_stops_the_engine_and_ends_with_0(headless):
    engine = FakeEngine()
    engine.add_torrents([torrent("already there")])
    assert running.run(engine) == 0
    assert engine.calls == ["run", "stop", "ended"]
    assert "trackers 1: 1 up" in headless[0]


def test_what_lasts_is_put_aside_while_it_runs_and_not_longer(headless, monkeypatch):
    aside = []
    stop = FakeEngine.stop
    monkeypatch.setattr(FakeEngine, "stop", lambda self: aside.append(gc.get_freeze_count()) or stop(self))
    assert running.run(FakeEngine(), BATCHES) == 0
    assert aside[0] > 1000
    assert gc.get_freeze_count() == 0


def test_run_leaves_an_engine_that_hangs(headless, monkeypatch):
    class Hanging(FakeEngine):
        async def stop(self):
            await asyncio.Event().wait()

    monkeypatch.setattr(running, "STOP_WITHIN_S", 0.01)
    engine = Hanging()
    assert running.run(engine, iter(BATCHES)) == 0
    assert engine.calls[-1] == "ended"


def test_a_screen_that_fails_says_one_line_and_ends_with_3(headless, monkeypatch, capsys):
    def explode(self):
        raise RuntimeError("boom")

    monkeypatch.setattr("trackerwatch.tui.screens.main.MainScreen.tick", explode)
    engine = FakeEngine()
    assert running.run(engine) == 3
    assert engine.calls == ["run", "stop", "ended"]
    told = capsys.readouterr()
    assert told.err.strip() == "trackerwatch: the screen failed: RuntimeError: boom"
    assert "Traceback" not in told.out + told.err


async def test_the_timer_draws_nothing_while_the_screen_is_taken_down():
    async with show() as shown:
        drawn = []
        shown.app.tick = lambda: drawn.append(1)
        shown.app.pace.is_time = lambda: True
        shown.app.look()
        assert drawn == [1]
        shown.app._running = False
        shown.app.look()
        assert drawn == [1]
        shown.app._running = True
