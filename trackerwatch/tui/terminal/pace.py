"""How often the screen is drawn: new data at a measured pace, and nothing while the terminal has not shown the last of it.

What a key changes is drawn at once where the terminal keeps up. Where it does not, frames are not queued, which would show
the past for seconds: nothing is drawn until the terminal has caught up, and then what there is to see by then.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from trackerwatch.tui.terminal.flow import Flow

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import App

WINDOW_BYTES = 16_384
"""On their way to the terminal before frames are held back: a few whole screens of a small terminal."""
SLOW_LOOK_S = 2.0
"""Between two frames with new data on a slow link."""
SLOW_STEP_S = 10.0
"""Ages and countdowns move in such steps on a slow link: each that moves is a line to send."""
UNWATCHED_LOOK_S = 2.0
"""The same while another window has the keys. No slower: beside an editor, or on a second monitor, it is looked at all day."""
QUESTION = "\x1b[?2026$p"
"""Asks whether synchronized output is known (DECRQM); terminals that know it answer, and Textual reads the answer."""


class Pace:
    """Decides when there is a frame. Is told what goes out by the driver's outlet, from another thread."""

    def __init__(self, app: App[None], *, slow_link: bool, clock: Callable[[], float] = time.monotonic) -> None:
        """Args: whose frames, whether the line is thin, and monotonic time."""
        self._app = app
        self._clock = clock
        self._slow = slow_link
        # One frame at a time: what is on a thin line already is what the user waits for.
        self.flow = Flow(0 if slow_link else WINDOW_BYTES)
        self.watched = True
        """Whether this terminal has the keys, as far as it tells."""
        self.held = False
        """Whether frames are held back."""
        self._answers = False
        self._missed = False
        self._looked_at = float("-inf")

    def is_time(self) -> bool:
        """Whether new data may be drawn now."""
        self.catch_up()
        if self.held:
            return False
        pause_s = SLOW_LOOK_S if self._slow else 0.0 if self.watched else UNWATCHED_LOOK_S
        now = self._clock()
        # Timers come a moment early or late.
        if now - self._looked_at < pause_s - 0.05:
            return False
        self._looked_at = now
        return True

    # -- frames --------------------------------------------------------------------------------------------------------

    def drew(self) -> None:
        """A frame went out."""
        driver = self._app._driver  # noqa: SLF001 - Textual has no public way to its driver
        if driver is None or self.held:
            return
        if self._answers:
            driver.write(QUESTION)
            self.flow.asked(self._clock())
        if self.flow.is_jammed:
            self.held = True
            # A batch that stays open: widgets go on noting what of them has to be painted, and nothing is.
            self._app._begin_batch()  # noqa: SLF001 - the public one is a block

    def missed(self) -> None:
        """A frame was made while frames are held back; Textual has forgotten what was in it."""
        self._missed = True

    def catch_up(self) -> None:
        """Draw what was held back, if the terminal has shown what went before."""
        if self.flow.is_silent(self._clock()):
            self._answers = False
        if not self.held or self.flow.is_jammed:
            return
        self.held = False
        self._app._end_batch()  # noqa: SLF001 - as above
        screen = self._app.screen
        if self._missed:
            self._missed = False
            screen.refresh()
        screen.check_idle()

    # -- what the terminal does ----------------------------------------------------------------------------------------

    def answered(self) -> None:
        """The terminal answered a question."""
        # The first one is Textual's own. Whoever answers once is asked after each frame.
        self._answers = True
        if self.flow.answered():
            self.catch_up()

    def terminal_took_all(self) -> None:
        """As `outlet.Listener`."""
        if self.held:
            with suppress(RuntimeError):
                # The loop has just ended.
                self._app.call_later(self.catch_up)

    def terminal_is_gone(self) -> None:
        """As `outlet.Listener`: nobody looks any more, whether or not we are told so by a signal."""
        with suppress(RuntimeError):
            self._app.call_later(self._app.exit)
