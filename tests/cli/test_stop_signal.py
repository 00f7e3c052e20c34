"""Being told to end: what is under way is cancelled and waited for, and what is done counts."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from tests.engine.driven import drive
from trackerwatch.cli.stop_signal import StopSignal


def test_what_is_done_first_counts():
    async def whole():
        return await StopSignal().unless_told(asyncio.sleep(3600, "done"))

    assert drive(whole) == "done"


def test_what_is_under_way_may_wind_up():
    ended = []

    async def work() -> str:
        try:
            await asyncio.sleep(3600)
        finally:
            await asyncio.sleep(1)
            ended.append(asyncio.get_running_loop().time())
        return "never"

    async def whole():
        stop = StopSignal()
        with stop.by_signal():
            asyncio.get_running_loop().call_later(10, os.kill, os.getpid(), signal.SIGTERM)
            assert await stop.unless_told(work()) is None
        await stop.heard()
        return stop.is_told()

    assert drive(whole) is True
    assert ended == [pytest.approx(11)]
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_who_was_told_before_begins_nothing():
    begun = []

    async def work() -> None:
        begun.append(1)

    async def whole():
        stop = StopSignal()
        stop.tell()
        return await stop.unless_told(work())

    assert drive(whole) is None
    assert begun == []


def test_mistakes_come_out():
    async def work() -> None:
        raise LookupError("ours")

    async def whole():
        return await StopSignal().unless_told(work())

    with pytest.raises(LookupError, match="ours"):
        drive(whole)


def test_who_is_cancelled_cancels_the_work():
    ended = []

    async def work() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            ended.append(1)

    async def whole():
        task = asyncio.create_task(StopSignal().unless_told(work()))
        asyncio.get_running_loop().call_later(5, task.cancel)
        with pytest.raises(asyncio.CancelledError):
            await task
        return ended

    assert drive(whole) == [1]
