"""A program in a terminal of its own: a real pty, as quick or slow as wanted, and what its screen shows.

Of a terminal it knows what Textual sends: cursor moves, colours, erasing, and the question whether frames may be framed.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
import unicodedata
from codecs import getincrementaldecoder
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.real.lab.places import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType
    from typing import Self

_PIECE = re.compile(
    r"\x1b\[(?P<private>[?>=<]?)(?P<numbers>[\d;:]*)(?P<between>[ $]?)(?P<final>[@-~])"
    r"|\x1b\](?:[^\x07\x1b]*)(?:\x07|\x1b\\)"
    r"|\x1b[@-Z\\^_=>78]"
    r"|(?P<control>[\x00-\x1a\x1c-\x1f])"
    r"|(?P<text>[^\x00-\x1f]+)"
)

MAY_FRAME = b"\x1b[?2026;2$y"
"""The answer to "do you know synchronized output": yes."""


class Cell(NamedTuple):
    """What stands in one cell."""

    text: str = " "
    background: str = ""
    """The parameters of the colour; empty: the terminal's own."""
    foreground: str = ""


_BLANK = Cell()


@dataclass
class Glass:
    """What a terminal shows."""

    columns: int
    rows: int
    frames: int = 0
    """Whole frames so far, each begun and ended as synchronized output."""
    asked: int = 0
    """Questions so far whether it knows synchronized output."""
    alternate: bool = False
    """Whether the program has taken the whole screen."""
    _cells: list[list[Cell]] = field(default_factory=list)
    _row: int = 0
    _column: int = 0
    _background: str = ""
    _foreground: str = ""
    _rest: str = ""

    def __post_init__(self) -> None:
        self.resize(self.columns, self.rows)

    def resize(self, columns: int, rows: int) -> None:
        """Take another size; what was there is gone."""
        self.columns, self.rows = columns, rows
        self._cells = [[_BLANK] * columns for _ in range(rows)]
        self._row = self._column = 0

    @property
    def lines(self) -> list[str]:
        """The text on it."""
        return ["".join(cell.text for cell in row) for row in self._cells]

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join(line.rstrip() for line in self.lines)

    def background(self, row: int, column: int) -> str:
        """The colour behind a cell."""
        return self._cells[row][column].background

    def foreground(self, row: int, column: int) -> str:
        """The colour of what stands in a cell."""
        return self._cells[row][column].foreground

    def feed(self, text: str) -> None:
        """Draw what came."""
        text = self._rest + text
        position = 0
        while position < len(text):
            match = _PIECE.match(text, position)
            if match is None:
                # The begin of a sequence whose end has not come yet.
                break
            if match["text"]:
                self._write(match["text"])
            elif match["control"]:
                self._control(match["control"])
            elif match["final"]:
                self._sequence(match)
            position = match.end()
        self._rest = text[position:]

    def _write(self, text: str) -> None:
        row = self._cells[self._row] if self._row < self.rows else []
        for character in text:
            if unicodedata.combining(character) or character in "\u200b\u200d\ufe0e\ufe0f":
                continue
            if self._column < len(row):
                row[self._column] = Cell(character, self._background, self._foreground)
            self._column += 1
            if unicodedata.east_asian_width(character) in "WF":
                if self._column < len(row):
                    row[self._column] = Cell("", self._background, self._foreground)
                self._column += 1

    def _control(self, character: str) -> None:
        if character == "\r":
            self._column = 0
        elif character == "\n":
            self._row = min(self.rows - 1, self._row + 1)
            self._column = 0

    def _sequence(self, match: re.Match[str]) -> None:
        final, private, numbers = match["final"], match["private"], match["numbers"]
        if private == "?":
            if numbers == "2026" and final == "l":
                self.frames += 1
            elif numbers == "2026" and final == "p":
                self.asked += 1
            elif numbers == "1049":
                self.alternate = final == "h"
        elif private:
            return
        elif final == "m":
            self._paint(numbers)
        elif final in "Hf":
            row, _, column = numbers.partition(";")
            self._row = min(self.rows, int(row or 1)) - 1
            self._column = min(self.columns, int(column or 1)) - 1
        elif final == "J":
            self.resize(self.columns, self.rows)
        elif final == "K" and self._row < self.rows:
            for column in range(self._column, self.columns):
                self._cells[self._row][column] = Cell(" ", self._background)

    def _paint(self, numbers: str) -> None:
        codes = (numbers or "0").split(";")
        while codes:
            code = codes.pop(0)
            if code in ("38", "48"):
                taken = 4 if codes[:1] == ["2"] else 2
                if code == "48":
                    self._background = ";".join(codes[:taken])
                else:
                    self._foreground = ";".join(codes[:taken])
                del codes[:taken]
            elif code in ("", "0"):
                self._background = self._foreground = ""
            elif code == "49" or 40 <= int(code) <= 47 or 100 <= int(code) <= 107:
                self._background = "" if code == "49" else code
            elif code == "39" or 30 <= int(code) <= 37 or 90 <= int(code) <= 97:
                self._foreground = "" if code == "39" else code


class Terminal:
    """Runs a program and is its terminal."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int = 80,
        rows: int = 24,
        environment: Mapping[str, str] | None = None,
        bytes_per_s: float | None = None,
    ) -> None:
        """Start it.

        Args:
            command: The program and its arguments.
            columns: Width.
            rows: Height.
            environment: Beside our own.
            bytes_per_s: As much of its output is taken. None: all at once.
        """
        self.glass = Glass(columns, rows)
        self.bytes_taken = 0
        self.taken_at = 0.0
        """By `time.perf_counter`: when the latest output came."""
        self._bytes_per_s = bytes_per_s
        self._decode = getincrementaldecoder("utf-8")("replace").decode
        self.fd, ours = pty.openpty()
        self._set_size(columns, rows)
        self.started_at = time.perf_counter()
        self._credit_at = self.started_at
        usual = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
        # The size is the terminal's, not what the shell around us once had.
        inherited = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
        self.process = subprocess.Popen(
            command,
            stdin=ours,
            stdout=ours,
            stderr=ours,
            cwd=ROOT,
            env={**inherited, **usual, **(environment or {})},
            start_new_session=True,
            # Without a controlling terminal nobody is told when it is closed.
            preexec_fn=_take_terminal,  # noqa: PLW1509 - nothing but one system call happens there
        )
        os.close(ours)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    @property
    def pid(self) -> int:
        """Of the program."""
        return self.process.pid

    def send(self, keys: str) -> None:
        """Type."""
        os.write(self.fd, keys.encode())

    def resize(self, columns: int, rows: int) -> None:
        """Take another size and tell the program."""
        self._set_size(columns, rows)
        self.glass.resize(columns, rows)

    def _set_size(self, columns: int, rows: int) -> None:
        # The kernel tells the program by itself, as soon as it has taken this terminal as its own.
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def take(self, wait_s: float) -> bool:
        """Take output, for which it is waited so long at most.

        Returns:
            Whether there was any.
        """
        if self._bytes_per_s is not None:
            # Each piece is paid for before the next one is taken.
            pause_s = self._credit_at - time.perf_counter()
            if pause_s > wait_s:
                time.sleep(max(0.0, wait_s))
                return False
            time.sleep(max(0.0, pause_s))
        ready, _, _ = select.select([self.fd], [], [], max(0.0, wait_s))
        if not ready:
            return False
        try:
            data = os.read(self.fd, 65536 if self._bytes_per_s is None else 512)
        except OSError:
            # The other side is closed.
            time.sleep(min(0.01, max(0.0, wait_s)))
            return False
        self.taken_at = time.perf_counter()
        if self._bytes_per_s is not None:
            self._credit_at = max(self._credit_at, self.taken_at - 0.05) + len(data) / self._bytes_per_s
        self.bytes_taken += len(data)
        asked = self.glass.asked
        self.glass.feed(self._decode(data))
        if self.glass.asked != asked:
            os.write(self.fd, MAY_FRAME * (self.glass.asked - asked))
        return bool(data)

    def take_for(self, seconds: float) -> None:
        """Take output for so long."""
        end = time.perf_counter() + seconds
        while (rest := end - time.perf_counter()) > 0:
            self.take(rest)

    def until(self, shows: Callable[[Glass], object], *, limit_s: float = 30.0) -> float:
        """Take output until the screen shows something.

        Returns:
            When the last of it came, by `time.perf_counter`.

        Raises:
            TimeoutError: It did not in so many seconds; the message is what it shows.
        """
        end = time.perf_counter() + limit_s
        while not shows(self.glass):
            rest = end - time.perf_counter()
            if rest <= 0 or (self.process.poll() is not None and not self.take(0.0)):
                raise TimeoutError(f"not within {limit_s:g} s; exit code {self.process.poll()}\n{self.glass.text}")
            self.take(min(rest, 0.5))
        return self.taken_at

    def until_ended(self, *, limit_s: float = 30.0) -> int:
        """Take output until the program has ended.

        Returns:
            Its exit code.

        Raises:
            TimeoutError: It has not in so many seconds.
        """
        end = time.perf_counter() + limit_s
        while (code := self.process.poll()) is None:
            if time.perf_counter() > end:
                raise TimeoutError(f"not ended within {limit_s:g} s\n{self.glass.text}")
            self.take(0.05)
        while self.take(0.0):
            pass
        return code

    def close(self) -> None:
        """Close the terminal as a window is closed, under the program's feet."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def kill(self) -> None:
        """End the program, whatever it does."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.close()

    def cpu_s(self) -> float:
        """Processor time that the program has used, its threads' too."""
        with Path(f"/proc/{self.pid}/stat").open(encoding="utf-8") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def kept_waiting_s(self) -> float:
        """Time in which the program's main thread could have gone on and other programs had the processors."""
        return int(Path(f"/proc/{self.pid}/schedstat").read_text(encoding="utf-8").split()[1]) / 1e9

    def resident_bytes(self) -> int:
        """Memory that the program has in use."""
        with Path(f"/proc/{self.pid}/statm").open(encoding="utf-8") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
