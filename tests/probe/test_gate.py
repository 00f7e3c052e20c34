"""`Gate`: bounds by host and in all, order, and cancellation."""

import asyncio
import random

import pytest

from trackerwatch.probe.gate import Gate


class Visits:
    """Starts calls through a gate that stay inside until told to go."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.inside: list[str] = []
        self.entered: list[str] = []
        self.doors: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    def start(self, name: str, host: str) -> None:
        self.doors[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._visit(name, host))

    async def _visit(self, name: str, host: str) -> None:
        async with self.gate.place(host):
            self.inside.append(name)
            self.entered.append(name)
            try:
                await self.doors[name].wait()
            finally:
                self.inside.remove(name)

    async def leave(self, name: str) -> None:
        self.doors[name].set()
        await self.tasks[name]
        await settle()


async def settle() -> None:
    for _ in range(8):
        await asyncio.sleep(0)


async def test_two_at_a_host_and_the_rest_in_order():
    visits = Visits(Gate())
    for number in range(5):
        visits.start(f"a{number}", "a.example")
    visits.start("b0", "b.example")
    await settle()
    assert visits.inside == ["a0", "a1", "b0"]
    await visits.leave("a1")
    assert visits.inside == ["a0", "b0", "a2"]
    await visits.leave("a0")
    await visits.leave("a2")
    assert visits.inside == ["b0", "a3", "a4"]
    for name in ("a3", "a4", "b0"):
        await visits.leave(name)
    assert visits.gate._hosts == {}


async def test_the_bound_in_all_and_its_order():
    visits = Visits(Gate(all_places=3))
    for number in range(6):
        visits.start(str(number), f"{number}.example")
    await settle()
    assert visits.inside == ["0", "1", "2"]
    await visits.leave("2")
    assert visits.inside == ["0", "1", "3"]
    for name in ("0", "1", "3", "4", "5"):
        await visits.leave(name)
    assert visits.entered == ["0", "1", "2", "3", "4", "5"]
    assert visits.gate._house.unused


async def test_who_gives_up_in_the_queue_is_skipped():
    visits = Visits(Gate(host_places=1))
    for name in "abc":
        visits.start(name, "x")
    await settle()
    visits.tasks["b"].cancel()
    await settle()
    assert visits.inside == ["a"]
    await visits.leave("a")
    assert visits.inside == ["c"]
    await visits.leave("c")
    assert visits.gate._hosts == {}


async def test_a_place_handed_to_somebody_who_is_cancelled_in_the_same_breath_goes_on():
    visits = Visits(Gate(host_places=1))
    async with visits.gate.place("x"):
        for name in "bc":
            visits.start(name, "x")
        await settle()
    # The place is handed to b, which has not run yet.
    visits.tasks["b"].cancel()
    await settle()
    assert visits.entered == ["c"]
    await visits.leave("c")
    assert visits.gate._hosts == {}


async def test_an_error_inside_gives_the_place_back():
    gate = Gate(host_places=1, all_places=1)
    with pytest.raises(ValueError, match="inside"):
        async with gate.place("x"):
            raise ValueError("inside")
    async with gate.place("x"):
        pass
    assert gate._hosts == {}
    assert gate._house.unused


async def test_cancelled_at_random_no_place_is_lost():
    dice = random.Random(7)
    gate = Gate(host_places=2, all_places=5)
    peak = inside = 0

    async def visit(host: str) -> None:
        nonlocal peak, inside
        async with gate.place(host):
            inside += 1
            peak = max(peak, inside)
            try:
                for _ in range(dice.randrange(4)):
                    await asyncio.sleep(0)
            finally:
                inside -= 1

    tasks = [asyncio.create_task(visit(f"h{dice.randrange(6)}")) for _ in range(300)]
    while not all(task.done() for task in tasks):
        dice.choice(tasks).cancel()
        await asyncio.sleep(0)
    assert (inside, peak) == (0, 5)
    assert gate._hosts == {}
    assert gate._house.unused
