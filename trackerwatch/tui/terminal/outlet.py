"""The way from the screen to the terminal: nothing that the terminal does makes the program wait.

Textual hands its frames to a thread through a queue of thirty places. Where a terminal takes nothing (a line that hangs, a
multiplexer that holds back), the queue fills, and whoever draws stands still with everything else: keys, and the engine too.
"""

from __future__ import annotations

import os
import select
import sys
import threading
import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from textual.driver import Driver

    from trackerwatch.tui.terminal.flow import Flow

CLOSE_WITHIN_S = 1.0
"""A terminal that takes nothing keeps nobody from leaving."""
PIECE_BYTES = 16384


class Listener(Protocol):
    """Who wants to know how it goes; called by another thread."""

    def terminal_took_all(self) -> None:
        """Everything drawn has left."""
        ...

    def terminal_is_gone(self) -> None:
        """Nothing more will ever be shown."""
        ...


class Outlet:
    """Writes to a terminal in a thread of its own, in order, for as long as somebody takes it."""

    def __init__(self, descriptor: int, encoding: str, flow: Flow, listener: Listener) -> None:
        """Args: the terminal's file descriptor and encoding, who counts, and who listens."""
        self._descriptor = descriptor
        self._encoding = encoding
        self._flow = flow
        self._listener = listener
        self._pieces: list[bytes] = []
        self._changed = threading.Condition()
        self._busy = False
        self._gone = False
        self._thread: threading.Thread | None = None

    def write(self, text: str) -> None:
        """Write this after all that came before; returns at once."""
        # What cannot be encoded must not end the thread that writes.
        data = text.encode(self._encoding, "replace")
        with self._changed:
            if self._gone:
                return
            self._flow.wrote(len(data))
            self._pieces.append(data)
            self._busy = True
            self._changed.notify_all()
        if self._thread is None:
            # It ends with the process: a terminal that hangs must not keep it.
            self._thread = threading.Thread(target=self._run, name="terminal", daemon=True)
            self._thread.start()

    def drain(self, within_s: float = CLOSE_WITHIN_S) -> None:
        """Wait until all is written, for so long at most."""
        until = time.monotonic() + within_s
        with self._changed:
            while self._busy and (rest := until - time.monotonic()) > 0:
                self._changed.wait(rest)

    def _run(self) -> None:
        while not self._gone:
            with self._changed:
                while not self._pieces:
                    self._busy = False
                    self._changed.notify_all()
                    self._changed.wait()
                data = b"".join(self._pieces)
                self._pieces.clear()
            try:
                self._pass_on(data)
            except OSError:
                # The terminal was closed under our feet.
                with self._changed:
                    self._gone, self._busy = True, False
                    self._changed.notify_all()
                self._listener.terminal_is_gone()
                return
            if not self._pieces:
                self._listener.terminal_took_all()

    def _pass_on(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            try:
                size = os.write(self._descriptor, rest[:PIECE_BYTES])
            except BlockingIOError:
                # Somebody who shares the terminal made it so.
                select.select([], [self._descriptor], [])
                continue
            self._flow.left(size)
            rest = rest[size:]


def unhurried(usual: type[Driver], flow: Flow, listener: Listener) -> type[Driver]:
    """A driver that draws through an outlet; where there is no terminal of this kind, the usual one."""
    if sys.platform == "win32" or "headless" in usual.__module__:
        return usual

    class Unhurried(usual):  # type: ignore[misc, valid-type]
        """As Textual's."""

        def __init__(self, *arguments: object, **options: object) -> None:
            super().__init__(*arguments, **options)
            file = self._file
            self._outlet = Outlet(file.fileno(), file.encoding or "utf-8", flow, listener)

        def write(self, data: str) -> None:
            """Write to the terminal, in order and without waiting for it."""
            self._outlet.write(data)

        def close(self) -> None:
            """Let what was written last arrive, if it does so soon."""
            super().close()
            self._outlet.drain()

    return Unhurried
