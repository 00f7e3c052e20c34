"""Lines to a pipe whose reader is slow, gone, or never there."""

from __future__ import annotations

import asyncio
import os
import threading

import pytest

from trackerwatch.cli import lines
from trackerwatch.cli.lines import LineWriter, stdout_descriptor, when_reader_leaves
from trackerwatch.cli.output import OutputError


@pytest.fixture
def pipe():
    reading, writing = os.pipe()
    ends = {"reading": reading, "writing": writing}
    yield ends
    for end in ends.values():
        if end >= 0:
            os.close(end)


def never(_: OSError | None) -> None:
    pytest.fail("nothing went wrong")


def test_lines_come_whole_and_in_order(pipe):
    writer = LineWriter(pipe["writing"], never)
    assert all(writer.write(f"line {number} é \ud800\n") for number in range(3))
    assert writer.close(5)
    read = os.read(pipe["reading"], 65536).decode()
    assert read == "".join(f"line {number} é \\ud800\n" for number in range(3))


def test_a_reader_that_stops_reading_holds_nothing_up(pipe, monkeypatch):
    monkeypatch.setattr(lines, "WAITING_LINES", 2)
    told = []
    writer = LineWriter(pipe["writing"], told.append)
    fat = "x" * 200_000  # more than a pipe holds
    taken = [writer.write(fat) for _ in range(5)]
    assert taken.count(False) >= 2
    assert not writer.close(0.01)
    assert told == []
    os.close(pipe["reading"])
    pipe["reading"] = -1
    assert writer.close(5)
    assert told == [None]


def test_a_reader_that_left_is_told_once(pipe):
    told = []
    left = threading.Event()

    def on_end(error: OSError | None) -> None:
        told.append(error)
        left.set()

    os.close(pipe["reading"])
    pipe["reading"] = -1
    writer = LineWriter(pipe["writing"], on_end)
    writer.write("x\n")
    assert left.wait(5)
    writer.write("y\n")
    assert writer.close(5)
    assert told == [None]


def test_a_full_disk_is_told():
    told = []
    ended = threading.Event()

    def on_end(error: OSError | None) -> None:
        told.append(error)
        ended.set()

    full = os.open("/dev/full", os.O_WRONLY)
    writer = LineWriter(full, on_end)
    writer.write("x\n")
    assert ended.wait(5)
    assert writer.close(5)
    os.close(full)
    assert [error.strerror for error in told] == ["No space left on device"]


async def test_a_reader_that_leaves_is_noticed_while_there_is_nothing_to_write(pipe):
    left = asyncio.Event()
    with when_reader_leaves(asyncio.get_running_loop(), pipe["writing"], left.set):
        os.close(pipe["reading"])
        pipe["reading"] = -1
        async with asyncio.timeout(5):
            await left.wait()


async def test_of_a_file_nothing_is_known(tmp_path):
    loop = asyncio.get_running_loop()
    with (
        (tmp_path / "out").open("wb") as file,
        when_reader_leaves(loop, file.fileno(), lambda: pytest.fail("nobody left")),
    ):
        await asyncio.sleep(0)


def test_no_stdout_is_an_error(monkeypatch):
    monkeypatch.setattr("sys.stdout", None)
    with pytest.raises(OutputError, match="stdout is closed"):
        stdout_descriptor()
