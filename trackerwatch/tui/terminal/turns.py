"""One key at a time: what comes in a burst waits until the key before has done all it does.

A key runs through several queues, and may open a screen or move the focus in the last of them. Textual gives each key to
whatever has the focus when it arrives; of `/debian` in one piece the letters would go to the table below the line.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from textual.app import App
    from textual.events import Event
    from textual.message_pump import MessagePump

LIMIT_S = 1.0
"""No key waits longer for the one before."""
LOOK_AGAIN_S = 0.005
"""Between two looks at a screen that is being made."""
CALM_ROUNDS = 2
"""So many rounds without work in any queue: a message that one of them handles may end in another one's queue."""


class Turns:
    """Holds keys back, and gives them on in their order."""

    def __init__(self, app: App[None], give: Callable[[Event], Awaitable[None]]) -> None:
        """Args: whose keys they are, and what deals with one as soon as it is its turn."""
        self._app = app
        self._give = give
        self._held: deque[Event] = deque()
        self._turn = 0
        """Of how many keys it was the turn."""
        self._going_on = False
        self._calm = 0
        self._limit: asyncio.TimerHandle | None = None

    @property
    def going_on(self) -> bool:
        """Whether a key is still at work."""
        return self._going_on

    async def take(self, event: Event) -> None:
        """Deal with a key or a paste, now or when those before it are through."""
        if self._going_on:
            self._held.append(event)
            self._arm()
        else:
            await self._begin(event)

    def drop(self) -> None:
        """Forget the keys that wait."""
        self._held.clear()
        self._disarm()

    async def _begin(self, event: Event) -> None:
        self._turn += 1
        self._going_on = True
        self._calm = 0
        if self._held:
            self._arm()
        await self._give(event)
        self._round(self._turn)

    def _end(self) -> None:
        self._disarm()
        # Whatever still goes round for this key is late.
        self._turn += 1
        if not (self._held and self._app.call_later(self._begin_next)):
            self._going_on = False

    async def _begin_next(self) -> None:
        if self._held:
            await self._begin(self._held.popleft())
        else:
            self._going_on = False

    def _arm(self) -> None:
        if self._limit is None:
            self._limit = asyncio.get_running_loop().call_later(LIMIT_S, self._too_long)

    def _disarm(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None

    def _too_long(self) -> None:
        self._limit = None
        self._end()

    # -- going through the queues --------------------------------------------------------------------------------------

    def _place(self) -> tuple[object, object]:
        stack = self._app.screen_stack
        return (stack[-1], stack[-1].focused) if stack else (None, None)

    def _pumps(self) -> list[MessagePump]:
        """The queues in the order in which a key goes through them; then those of the screens below, which hear of results."""
        screens = self._app.screen_stack
        if not screens:
            return [self._app]
        focused = screens[-1].focused
        inner = (
            [node for node in focused.ancestors_with_self if node not in (screens[-1], self._app)] if focused else []
        )
        # A screen below that is woken for nothing has Textual paint the one in front anew, as a whole.
        below = [screen for screen in reversed(screens[:-1]) if _has_work(screen)]
        return [*inner, screens[-1], *below, self._app]

    def _is_ready(self) -> bool:
        """Whether the screen in front can take keys."""
        screen = self._app.screen_stack[-1] if self._app.screen_stack else None
        return screen is None or (screen.is_mounted and not getattr(screen, "busy", False))

    def _round(self, turn: int) -> None:
        if turn == self._turn:
            self._hop(turn, self._pumps(), 0, self._place(), calm=True)

    def _hop(self, turn: int, pumps: list[MessagePump], at: int, place: tuple[object, object], *, calm: bool) -> None:
        if turn != self._turn:
            return
        while at < len(pumps):
            if pumps[at].call_later(self._arrived, turn, pumps, at, place, calm):
                return
            at += 1
        if not self._app.is_running or self._app._closing:  # noqa: SLF001 - there is no public way to ask
            # Its queue takes nothing more.
            self._going_on = False
            return
        self._round_ended(turn, calm=calm and place == self._place() and not any(map(_has_work, pumps)))

    def _arrived(
        self,
        turn: int,
        pumps: list[MessagePump],
        at: int,
        place: tuple[object, object],
        calm: bool,  # noqa: FBT001 - Textual's callbacks are given their arguments by place
    ) -> None:
        self._hop(turn, pumps, at + 1, place, calm=calm and not _has_work(pumps[at]))

    def _round_ended(self, turn: int, *, calm: bool) -> None:
        if not self._is_ready():
            self._calm = 0
            asyncio.get_running_loop().call_later(LOOK_AGAIN_S, self._round, turn)
            self._arm()
            return
        self._calm = self._calm + 1 if calm else 0
        if self._calm >= CALM_ROUNDS:
            self._end()
        else:
            self._arm()
            self._round(turn)


def _has_work(pump: MessagePump) -> bool:
    # There is no public way to ask.
    return bool(pump._next_callbacks) or pump._message_queue.qsize() > 0  # noqa: SLF001
