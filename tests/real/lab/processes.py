"""Programs of the lab: each in its own process group, under a time limit, ended by its id."""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

T = TypeVar("T")

LIMIT_S = 900
"""No program of the lab outlives this, even when the tests are killed."""


class LabError(Exception):
    """The lab did not come up, or did not say what it had to; the message holds the end of the program's log."""


class Program:
    """One running program with its log."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        folder: Path,
        *,
        env: Mapping[str, str] | None = None,
        talk: bool = False,
    ) -> None:
        """Start it.

        Args:
            name: For messages and the log's name.
            command: What to run.
            folder: Where it runs, and where its log goes.
            env: Added to the environment.
            talk: Keep a pipe to its standard input (see `say`).
        """
        self.name = name
        self.log = folder / f"{name}.log"
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                ["timeout", "-k", "5", str(LIMIT_S), *command],
                cwd=folder,
                env={**os.environ, **(env or {})},
                stdin=subprocess.PIPE if talk else subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        atexit.register(self.stop)

    @property
    def running(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def say(self, line: str) -> None:
        """Write a line to its standard input."""
        if self._process.stdin is None:
            raise LabError(f"{self.name} was started without a pipe")
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()

    def tail(self) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-2000:]

    def pause(self) -> None:
        """Stop its group where it is; only a hard stop ends it then."""
        os.killpg(self._process.pid, signal.SIGSTOP)

    def reload(self) -> None:
        """Have it read its lists again (SIGHUP); `timeout`, which leads its group, passes it on."""
        self._process.send_signal(signal.SIGHUP)

    def stop(self, *, hard: bool = False) -> None:
        """End its group, gently first unless `hard`."""
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        for sign in (signal.SIGKILL,) if hard else (signal.SIGTERM, signal.SIGKILL):
            if not self.running:
                break
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, sign)
            try:
                self._process.wait(3)
            except subprocess.TimeoutExpired:
                continue
        atexit.unregister(self.stop)


def wait_until(
    ask: Callable[[], T | None], what: str, *programs: Program, limit_s: float = 20.0, pause_s: float = 0.03
) -> T:
    """Poll until `ask` gives something true.

    Args:
        ask: May raise OSError or ValueError while a program is not ready yet.
        what: What is waited for, for the message.
        programs: Whose end makes waiting pointless, and whose logs explain a failure.
        limit_s: When to give up.
        pause_s: Between two questions.

    Raises:
        LabError: It did not happen in time, or a program ended.
    """
    end = time.monotonic() + limit_s
    latest: object = None
    while True:
        try:
            latest = ask()
        except (OSError, ValueError) as error:
            latest = error
        else:
            if latest:
                return latest
        ended = [program for program in programs if not program.running]
        if ended or time.monotonic() > end:
            logs = "\n".join(f"--- {program.name}\n{program.tail()}" for program in programs)
            why = f"{ended[0].name} ended" if ended else f"not within {limit_s:g} s"
            raise LabError(f"{what}: {why} (latest: {latest!r})\n{logs}")
        time.sleep(pause_s)
