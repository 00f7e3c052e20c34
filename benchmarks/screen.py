"""The live screen in a real pty: key press to repaint under load, memory, first paint, idle time, a slow line."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.table import Figure
from tests.real.lab.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.real.lab.terminal import Glass

KEY_BUDGET_S = 0.05
MEMORY_BUDGET_BYTES = 300_000_000
PAINT_BUDGET_S = 1.0
IDLE_BUDGET = 0.01
"""Of one core."""
RESULTS_PER_S = 500
SLOW_BYTES_PER_S = 20_000
FEW_TORRENTS = 1000
RUNS = 7
IDLE_S = 20.0
SETTLED_S = 65.0
"""What starts has started; the ages of all rows still move every second."""
AGES_SETTLED_S = 130.0
"""From two minutes on they are told in minutes."""
LOST_S = 2.0
"""A key that shows nothing for so long changed nothing: it is not counted, and told."""

FILTER = "seeders>100 0 leechers>20"
"""Several thousand torrents match it, and each letter from the eleventh on finds others."""
DOWN, PAGE_DOWN, TAB = "j", "\x04", "\t"
BLURRED, FOCUSED = "\x1b[O", "\x1b[I"


class SilentError(Exception):
    """Keys that should have changed the screen did not."""


def figures(size: int) -> Iterator[Figure]:
    """Measure everything with so many torrents."""
    yield _first_paint()
    yield from _busy(size)
    yield from _idle()
    yield from _slow_line(size)


def _app(*options: str) -> list[str]:
    return [sys.executable, "-m", "benchmarks.screen_app", *options]


# -- first paint -------------------------------------------------------------------------------------------------------


def _first_paint() -> Figure:
    """From exec to the first whole frame that has torrents in it."""
    bare, painted = [], []
    for _ in range(RUNS):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", "pass"], check=True)
        bare.append(time.perf_counter() - began)
        with Terminal(_app("--torrents", str(FEW_TORRENTS), "--trackers", "50", "--results", "0")) as terminal:
            painted.append(terminal.until(_has_rows) - terminal.started_at)
            terminal.send("Q")
            terminal.until_ended()
    bare_s, painted_s = median(bare), median(painted)
    return Figure(
        f"first paint with {FEW_TORRENTS:,} torrents",
        f"{painted_s:.2f} s",
        f"bare Python {bare_s:.3f} s",
        painted_s / bare_s,
        f"under {PAINT_BUDGET_S:g} s",
        painted_s < PAINT_BUDGET_S,
    )


def _has_rows(glass: Glass) -> bool:
    return glass.frames > 0 and "tracker0" in glass.text and "enter" in glass.text


# -- keys under load ---------------------------------------------------------------------------------------------------


def _busy(size: int) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        notes = Path(folder) / "notes.json"
        options = ("--torrents", str(size), "--trackers", str(size // 20), "--results", str(RESULTS_PER_S))
        with Terminal(_app(*options, "--notes", str(notes)), columns=120, rows=40) as terminal:
            terminal.until(lambda glass: f"torrents {size:,}" in glass.text and "UP" in glass.text)
            # Every tracker has been asked, and results flow.
            terminal.take_for(8.0)
            memory_bytes = terminal.resident_bytes()
            keys = Keys(terminal)
            keys.press("2", lambda glass: _row_under_cursor(glass) != "")
            keys.press("f", _torrents_title)
            keys.undisturbed.clear()
            used_s, frames, began = terminal.cpu_s(), terminal.glass.frames, time.perf_counter()
            measured = [
                ("cursor down", keys.times(DOWN, _row_under_cursor, 120)),
                ("page down", keys.times(PAGE_DOWN, _row_under_cursor, 60)),
                ("pane switch", keys.times(TAB, _pane_with_keys, 60)),
            ]
            terminal.send("2")
            terminal.take_for(0.5)
            measured.append(("sort", keys.times("s", _torrents_title, 28)))
            measured.append(("cursor down while it sorts", keys.times(DOWN, _row_under_cursor, 28, before="s")))
            measured.append(("letters of a filter", keys.typed("/", FILTER)))
            terminal.send("\r")
            terminal.take_for(0.5)
            measured.append(("cursor down, filtered", keys.times(DOWN, _row_under_cursor, 60)))
            seconds = time.perf_counter() - began
            cpu, rate = (terminal.cpu_s() - used_s) / seconds, (terminal.glass.frames - frames) / seconds
            terminal.send("Q")
            terminal.until_ended()
        said = json.loads(notes.read_text())
    load = f"{size:,} torrents, {said['results'] / said['seconds']:.0f} results/s"
    for what, times in measured:
        yield _key_figure(f"key to repaint: {what}", times, load)
    every = [seconds for _, times in measured for seconds in times]
    yield _key_figure("key to repaint: all of these", every, load)
    yield _key_figure("the same, less the time in which others had the processors", keys.undisturbed, load)
    yield Figure(
        f"memory with {size:,} torrents x 5 trackers", f"{memory_bytes / 1e6:.0f} MB", "", None,
        f"under {MEMORY_BUDGET_BYTES / 1e6:.0f} MB", memory_bytes < MEMORY_BUDGET_BYTES,
    )  # fmt: skip
    yield Figure("processor while keys are pressed so", f"{cpu:.0%} of a core", load)
    yield Figure("frames while keys are pressed so", f"{rate:.1f} /s", load)
    if keys.silent:
        yield Figure("keys that changed nothing", f"{keys.silent} of {len(every) + keys.silent}")


def _key_figure(what: str, times: list[float], beside: str) -> Figure:
    times = sorted(times)
    p95_s = times[int(len(times) * 0.95)]
    told = f"p50 {median(times) * 1e3:.0f}, p95 {p95_s * 1e3:.0f}, max {times[-1] * 1e3:.0f} ms, n={len(times)}"
    return Figure(what, told, beside, None, f"p95 under {KEY_BUDGET_S * 1e3:.0f} ms", p95_s < KEY_BUDGET_S)


class Keys:
    """Presses keys at odd moments and times what they change on the screen."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._random = random.Random(4)
        self.silent = 0
        """Keys that changed nothing."""
        self.undisturbed: list[float] = []
        """For each key that showed, the seconds without those in which other programs had the processors."""

    def press(self, key: str, of: Callable[[Glass], object]) -> float | None:
        """Press a key.

        Args:
            key: What to type.
            of: What the key changes; data flows all the while and changes anything else.

        Returns:
            Seconds until the output came that shows the change. None: there was no change.
        """
        terminal = self._terminal
        before = of(terminal.glass)
        waited_s = terminal.kept_waiting_s()
        pressed = time.perf_counter()
        terminal.send(key)
        try:
            shown = terminal.until(lambda glass: of(glass) != before, limit_s=LOST_S)
        except TimeoutError:
            self.silent += 1
            return None
        self.undisturbed.append(max(0.0, shown - pressed - (terminal.kept_waiting_s() - waited_s)))
        return shown - pressed

    def times(self, key: str, of: Callable[[Glass], object], number: int, *, before: str = "") -> list[float]:
        """Press a key so many times, each time a moment after `before`; the seconds each took to show.

        Raises:
            SilentError: Most of them changed nothing: something is wrong, or is looked for in the wrong place.
        """
        found = []
        for _ in range(number):
            self._terminal.take_for(self._random.uniform(0.05, 0.3))
            if before:
                self._terminal.send(before)
                self._terminal.take_for(self._random.uniform(0.002, 0.03))
            if (seconds := self.press(key, of)) is not None:
                found.append(seconds)
        if len(found) < number / 2:
            raise SilentError(
                f"{number - len(found)} of {number} times {key!r} changed nothing\n{self._terminal.glass.text}"
            )
        return found

    def typed(self, opener: str, text: str) -> list[float]:
        """Open a line and type into it; the seconds until each letter stood there."""
        self._terminal.send(opener)
        self._terminal.take_for(0.3)
        found = []
        for end in range(1, len(text) + 1):
            self._terminal.take_for(self._random.uniform(0.05, 0.2))
            so_far = text[:end].rstrip()
            if (seconds := self.press(text[end - 1], lambda glass, so_far=so_far: so_far in glass.text)) is not None:
                found.append(seconds)
        return found


def _rows_of_torrents(glass: Glass) -> range:
    lines = glass.lines
    first = next((n for n, line in enumerate(lines) if " 2 Torrents " in line), -1)
    last = next((n for n in range(first + 1, len(lines)) if " 3 Detail " in lines[n]), first)
    return range(first + 2, last)


def _row_under_cursor(glass: Glass) -> str:
    """The name in the line of the torrents table that has another background."""
    rows = _rows_of_torrents(glass)
    usual = glass.background(rows.start - 1, 20) if rows else ""
    return next((glass.lines[row][11:40] for row in rows if glass.background(row, 20) != usual), "")


def _torrents_title(glass: Glass) -> str:
    """How the torrents table says that it is sorted and selected."""
    return next((line for line in glass.lines if " 2 Torrents " in line), "").rpartition(" ── ")[2]


def _pane_with_keys(glass: Glass) -> tuple[str, ...]:
    """The colours of the panes' titles."""
    titles = (" 1 Trackers", " 2 Torrents", " 3 Detail", " 4 Events")
    found = ((row, line.find(title)) for title in titles for row, line in enumerate(glass.lines) if title in line)
    return tuple(glass.foreground(row, column + 3) for row, column in found)


# -- nothing to do -----------------------------------------------------------------------------------------------------


def _idle() -> Iterator[Figure]:
    options = ("--torrents", str(FEW_TORRENTS), "--trackers", "50", "--results", "0", "--well")
    beside = f"{FEW_TORRENTS:,} torrents, nothing due"
    with Terminal(_app(*options), columns=120, rows=40) as terminal:
        terminal.until(lambda glass: "50 up" in glass.text, limit_s=60)
        terminal.take_for(SETTLED_S)
        share = _share(terminal, lambda: terminal.take_for(IDLE_S))
        yield _idle_figure("idle: screen visible, two ages in every row move every second", share, beside)
        terminal.take_for(AGES_SETTLED_S - SETTLED_S - IDLE_S)
        share = _share(terminal, lambda: terminal.take_for(IDLE_S))
        yield _idle_figure("idle: screen visible, ages in minutes", share, beside)
        terminal.send(BLURRED)
        yield _idle_figure("idle: terminal without focus", _share(terminal, lambda: terminal.take_for(IDLE_S)), beside)
        terminal.send(FOCUSED)
        # As behind a terminal that hangs, or a multiplexer that holds output back: nobody takes what is written.
        yield _idle_figure("idle: nobody takes the output", _share(terminal, lambda: time.sleep(IDLE_S)), beside)
        terminal.send("Q")
        terminal.until_ended()


def _share(terminal: Terminal, passing: Callable[[], None]) -> float:
    used_s, began = terminal.cpu_s(), time.perf_counter()
    passing()
    return (terminal.cpu_s() - used_s) / (time.perf_counter() - began)


def _idle_figure(what: str, share: float, beside: str) -> Figure:
    return Figure(what, f"{share:.2%} of a core", beside, None, f"under {IDLE_BUDGET:.0%}", share < IDLE_BUDGET)


# -- a slow line -------------------------------------------------------------------------------------------------------


def _slow_line(size: int) -> Iterator[Figure]:
    """Keys at 20 kB/s, and how much is written when nobody presses one."""
    options = ("--torrents", str(size), "--trackers", str(size // 20), "--results", str(RESULTS_PER_S))
    for name, extra in (("--slow-link", ("--slow-link",)), ("as usual", ())):
        with Terminal(_app(*options, *extra), columns=120, rows=40, bytes_per_s=SLOW_BYTES_PER_S) as terminal:
            terminal.until(lambda glass: f"torrents {size:,}" in glass.text and "UP" in glass.text, limit_s=60)
            keys = Keys(terminal)
            keys.press("2", lambda glass: _row_under_cursor(glass) != "")
            terminal.take_for(10.0)
            taken, began = terminal.bytes_taken, time.perf_counter()
            terminal.take_for(15.0)
            rate = (terminal.bytes_taken - taken) / (time.perf_counter() - began)
            times = sorted(keys.times(DOWN, _row_under_cursor, 40))
            terminal.send("Q")
            terminal.until_ended()
        told = f"p50 {median(times) * 1e3:.0f}, p95 {times[int(len(times) * 0.95)] * 1e3:.0f}, max {times[-1] * 1e3:.0f} ms"
        yield Figure(
            f"cursor down at {SLOW_BYTES_PER_S / 1000:.0f} kB/s, {name}", told, f"{rate / 1000:.1f} kB/s without keys"
        )


def main() -> None:
    """Measure this alone, in the order given."""
    from benchmarks.table import render  # noqa: PLC0415 - this is a part of a larger benchmark otherwise

    size = int(os.environ.get("SIZE", "10000"))
    parts = {
        "paint": lambda: [_first_paint()],
        "busy": lambda: _busy(size),
        "idle": _idle,
        "slow": lambda: _slow_line(size),
    }
    for name in sys.argv[1:] or parts:
        print(render(list(parts[name]())), flush=True)


if __name__ == "__main__":
    main()
