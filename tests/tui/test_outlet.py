"""Writing to a terminal that takes its time, or nothing, or is gone."""

import os
import threading

import pytest
from textual.drivers.headless_driver import HeadlessDriver

from trackerwatch.tui.terminal.flow import Flow
from trackerwatch.tui.terminal.outlet import Outlet, unhurried

PATIENCE_S = 20.0


class Ear:
    def __init__(self):
        self.took_all, self.gone = threading.Event(), threading.Event()

    def terminal_took_all(self):
        self.took_all.set()

    def terminal_is_gone(self):
        self.gone.set()


@pytest.fixture
def pipe():
    ours, theirs = os.pipe()
    open_ends = {ours, theirs}
    yield ours, theirs, open_ends
    for end in open_ends:
        os.close(end)


def test_everything_comes_out_in_order_and_is_counted(pipe):
    ours, theirs, _ = pipe
    flow, ear = Flow(0), Ear()
    outlet = Outlet(theirs, "utf-8", flow, ear)
    for text in ("one ", "two ", "drei\u00e4"):
        outlet.write(text)
    outlet.drain(PATIENCE_S)
    assert os.read(ours, 100).decode() == "one two drei\u00e4"
    assert ear.took_all.wait(PATIENCE_S)
    assert not flow.is_jammed


def test_what_cannot_be_encoded_is_replaced(pipe):
    ours, theirs, _ = pipe
    outlet = Outlet(theirs, "ascii", Flow(0), Ear())
    outlet.write("a\u2500b\ud800")
    outlet.drain(PATIENCE_S)
    assert os.read(ours, 100) == b"a?b?"


def test_a_terminal_that_takes_nothing_stops_nobody(pipe):
    ours, theirs, _ = pipe
    flow = Flow(0)
    outlet = Outlet(theirs, "utf-8", flow, Ear())
    size = 1 << 20  # more than any pipe holds
    for _ in range(100):
        outlet.write("x" * (size // 100))
    outlet.drain(0.05)
    assert flow.is_jammed
    taken = 0
    while taken < size // 100 * 100:
        taken += len(os.read(ours, 1 << 16))
    outlet.drain(PATIENCE_S)
    assert not flow.is_jammed


def test_a_terminal_that_others_made_non_blocking_gets_everything(pipe):
    ours, theirs, _ = pipe
    os.set_blocking(theirs, False)
    outlet = Outlet(theirs, "utf-8", Flow(0), Ear())
    outlet.write("y" * (1 << 18))
    taken = 0
    while taken < 1 << 18:
        taken += len(os.read(ours, 1 << 16))
    outlet.drain(PATIENCE_S)


def test_a_terminal_that_is_gone_is_said_once_and_takes_what_comes(pipe):
    ours, theirs, open_ends = pipe
    os.close(ours)
    open_ends.discard(ours)
    ear = Ear()
    outlet = Outlet(theirs, "utf-8", Flow(0), ear)
    outlet.write("nobody")
    assert ear.gone.wait(PATIENCE_S)
    outlet.write("reads")
    outlet.drain(PATIENCE_S)
    assert not ear.took_all.is_set()


def test_without_a_terminal_the_driver_stays_as_it_is():
    assert unhurried(HeadlessDriver, Flow(0), Ear()) is HeadlessDriver
