"""`--plain`: no screen; what is wrong and what happens goes to stdout in sentences, one a line."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
import sys
import time
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from trackerwatch.cli.exit_codes import ExitCode
from trackerwatch.cli.lines import stdout_descriptor
from trackerwatch.cli.longrun import Ending, Inputs, LongRun
from trackerwatch.cli.narration import Narrator
from trackerwatch.cli.parting import PartingReport
from trackerwatch.cli.remembering import remembering
from trackerwatch.cli.terminal import takes_unicode
from trackerwatch.cli.watching import Watch
from trackerwatch.engine.views import EventKind
from trackerwatch.health.states import Health
from trackerwatch.reports.live import plain_lines
from trackerwatch.tui.terminal.glyphs import ascii_only

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Iterator

    from trackerwatch.cli.longrun import Source, Teller, Watched
    from trackerwatch.engine.views import Event, Snapshot

SUMMARY_EVERY_S = 900.0
FIRST_SUMMARY_AFTER_S = 30.0
"""Whoever has not answered until then is told of as not known yet."""
LOOK_EVERY_S = 1.0

KEYS_TOLD = "enter tells what is wrong now, q and enter quits"


def watch_plain(arguments: Namespace) -> int:
    """Tell in lines until `q`, SIGTERM, SIGHUP or until nobody reads stdout any more (0), or Ctrl-C (130)."""
    watch = Watch(arguments)
    narrator = Narrator(repaints=False)
    ending = Ending()
    parting = PartingReport(vantage=watch.config.vantage or "", color=watch.config.color, narrator=narrator)
    afterwards = partial(parting.show, filter_=watch.filter) if arguments.report_on_exit else None
    with remembering(watch.config, narrator, close_within_s=ending.for_the_store) as memory:
        return tell(Inputs(watch, memory), narrator, ending, ascii_too=watch.config.ascii, afterwards=afterwards)


def tell(
    source: Source,
    narrator: Narrator,
    ending: Ending,
    *,
    ascii_too: bool = False,
    afterwards: Callable[[Snapshot], None] | None = None,
) -> int:
    """Run something to its end in plain lines.

    Args:
        source: Of what is watched.
        narrator: For stderr.
        ending: Who is told that it is to end.
        ascii_too: Say everything in characters of ASCII.
        afterwards: Is given what was seen last, when the last line is told.

    Returns:
        The exit code.
    """
    descriptor = stdout_descriptor()
    wishes = Wishes(ending)
    only_ascii = ascii_too or not takes_unicode(sys.stdout.encoding)
    seen: list[Watched] = []

    def teller(watched: Watched, write: Callable[[str], bool]) -> Teller:
        seen.append(watched)
        return PlainTeller(watched, (lambda line: write(ascii_only(line))) if only_ascii else write, wishes)

    try:
        with wishes.heard():
            run = LongRun(source, narrator, ending, teller, hangup_ends=True)
            code = asyncio.run(run.to_its_end(descriptor))
    finally:
        ending.reached()
        narrator.clear()
    if afterwards is not None and seen:
        afterwards(seen[0].snapshot())
    return code


class Wishes:
    """What the user asks for while lines come: a summary, or the end; by key or signal."""

    def __init__(self, ending: Ending) -> None:
        """Args: who is told of the end."""
        self._ending = ending
        self._signalled = False
        self._reads = False
        self._typed = b""

    @property
    def by_key(self) -> bool:
        """Whether keys are read at all: stdin and stdout are a terminal."""
        return self._reads

    @contextlib.contextmanager
    def heard(self) -> Iterator[None]:
        """Inside, keys and SIGUSR1 are listened to."""
        self._reads = all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))
        number = getattr(signal, "SIGUSR1", None)
        if number is None:
            yield
            return
        before = signal.signal(number, self._on_signal)
        try:
            yield
        finally:
            signal.signal(number, before)

    def _on_signal(self, _number: int, _frame: object) -> None:
        self._signalled = True

    def summary(self) -> bool:
        """Whether a summary was asked for since the last time; an end that is wished for is passed on."""
        wished, self._signalled = self._signalled, False
        for typed in self._lines():
            word = typed.strip().lower()
            if word in (b"q", b"quit", b"exit"):
                self._ending.wish(ExitCode.OK)
            else:
                wished = True
        return wished

    def _lines(self) -> list[bytes]:
        try:
            # In the background the terminal's keys are not ours.
            while self._reads and os.tcgetpgrp(0) == os.getpgrp() and select.select((0,), (), (), 0)[0]:
                content = os.read(0, 4096)
                if not content:
                    self._reads = False
                self._typed += content
        except OSError:
            self._reads = False
        *lines, self._typed = self._typed.split(b"\n")
        self._typed = self._typed[-4096:]
        return lines


class PlainTeller:
    """Tells how it begins, what is wrong once that is known, what happens, and every so often what is wrong then."""

    def __init__(
        self,
        watched: Watched,
        write: Callable[[str], bool],
        wishes: Wishes,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Begin.

        Args:
            watched: What there is to see.
            write: Takes a line; False: it is lost.
            wishes: What the user asks for meanwhile.
            monotonic: Seconds that only go forward.
            wall: The time of day.
        """
        self._watched = watched
        self._write = write
        self._wishes = wishes
        self._monotonic = monotonic
        self._wall = wall
        self._chronicler = plain_lines.Chronicler()
        self._number = 0
        self._lost = 0
        self._begun_at = monotonic()
        self._summary_at: float | None = None
        """When the latest was told. None: none was yet."""
        self._opened = False
        self._look_at = monotonic()

    def tell_new(self) -> None:
        """Tell what is new."""
        now = self._wall()
        if not self._opened:
            self._opened = True
            self._say(plain_lines.opening(self._watched.snapshot()))
            if self._wishes.by_key:
                self._say(plain_lines.line(KEYS_TOLD))
        events = self._watched.events_since(self._number)
        missing = events[0].number - self._number - 1 if events else 0
        if events:
            self._number = events[-1].number
        # That it has started was said at the opening.
        told = [event for event in events if event.kind is not EventKind.STARTED]
        self._say(*self._chronicler.lines(told, now, missing=missing))
        if self._wishes.summary() or self._summary_is_due():
            self._summary_at = self._monotonic()
            self._say(*plain_lines.summary(self._watched.snapshot(), now))

    def _summary_is_due(self) -> bool:
        seconds = self._monotonic()
        if self._summary_at is not None:
            return seconds - self._summary_at >= SUMMARY_EVERY_S
        if seconds < self._look_at:
            return False
        # A whole picture is made for this: not at every turn.
        self._look_at = seconds + LOOK_EVERY_S
        return seconds - self._begun_at >= FIRST_SUMMARY_AFTER_S or all_known(self._watched.snapshot())

    def tell(self, event: Event) -> None:
        """Tell this, too."""
        self._say(*self._chronicler.lines((event,), self._wall()))

    def tell_last(self) -> None:
        """Tell what is left."""
        now = self._wall()
        events = self._watched.events_since(self._number)
        self._say(*self._chronicler.lines(events, now), *self._chronicler.rest(now))

    def _say(self, *lines: str) -> None:
        for line in lines:
            if self._lost and self._write(plain_lines.line(f"{self._lost:,} lines before this one are lost")):
                self._lost = 0
            if not self._write(line):
                self._lost += 1


def all_known(snapshot: Snapshot) -> bool:
    """Whether of every tracker that is asked at all something is known: a first answer, or why there is none yet."""
    return bool(snapshot.trackers) and all(
        view.state is not Health.UNKNOWN
        or view.last_probe_at is not None
        or view.failure is not None
        or view.disabled is not None
        or view.retired
        for view in snapshot.trackers
    )
