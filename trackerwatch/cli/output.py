"""Where documents go: stdout, or files that are written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import tempfile
from typing import TYPE_CHECKING, TextIO

from trackerwatch.cli.exit_codes import ExitCode
from trackerwatch.cli.pipes import drop_stdout
from trackerwatch.cli.step_summary import add_to_step_summary
from trackerwatch.errors import TrackerwatchError, UsageError
from trackerwatch.reports import FORMATS, Style, renderer
from trackerwatch.reports.formats import AS_THE_TERMINAL, MAX_WIDTH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from trackerwatch.reports.rows import Report

Output = tuple[str, str | None]
"""A format, and the file it goes to (None: stdout)."""


class OutputError(TrackerwatchError):
    """A document cannot be written. The message names the file and the reason."""


def planned(outputs: Sequence[Output] | None) -> list[Output]:
    """What to write, checked before a single packet is sent.

    Raises:
        UsageError: Two outputs meet in one place, or a file cannot be made where it is wanted.
    """
    plan = [(name, None if path == "-" else path) for name, path in outputs or [(next(iter(FORMATS)), None)]]
    if sum(path is None for _, path in plan) > 1:
        raise UsageError("only one --format can go to stdout; give the others -o FILE")
    paths = [os.path.realpath(path) for _, path in plan if path is not None]
    if len(set(paths)) < len(paths):
        raise UsageError("two --format with the same -o FILE")
    for _, path in plan:
        if path is None:
            continue
        folder = os.path.dirname(os.path.realpath(path))  # noqa: PTH120 - plain strings, as argparse gives them
        if not path:
            raise UsageError("-o needs the name of a file")
        if os.path.isdir(path):  # noqa: PTH112
            raise UsageError(f"-o {path!r}: is a folder")
        if not os.path.isdir(folder):  # noqa: PTH112
            raise UsageError(f"-o {path!r}: there is no folder {folder!r}")
    return plan


def spare(plan: Sequence[Output], read: Iterable[str | None]) -> None:
    """Refuse to write over what a run reads: `-o *.torrent` would take the first for the place of a report.

    Args:
        plan: As from `planned`.
        read: Files that are read; what is no file does not matter.

    Raises:
        UsageError: An output is one of them.
    """
    ours = {_place(path) for path in read if path}
    for _, path in plan:
        if path is not None and _place(path) in ours:
            raise UsageError(f"-o {path!r}: this run reads that file; write to another one")


def _place(path: str) -> str:
    """Where a path leads, as far as that can be told: the folder that we are in may be deleted."""
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):
        return path


def deliver(
    report: Report, outputs: Sequence[Output], say: Callable[[str], None], *, color: str, all_rows: bool
) -> int:
    """Write a report wherever it is wanted, and give the exit code of the run.

    Args:
        report: What to write.
        outputs: As from `planned`.
        say: Told what could not be written, a line each.
        color: The value of `--color`.
        all_rows: See `Style.all_rows`.
    """
    failures = emit(report, outputs, color=color, all_rows=all_rows)
    for failure in failures:
        say(failure)
    return ExitCode.UNKNOWN if failures else report.exit_code


def emit(report: Report, outputs: Sequence[Output], *, color: str, all_rows: bool) -> list[str]:
    """Write a report wherever it is wanted.

    Args:
        report: What to write.
        outputs: As from `planned`.
        color: The value of `--color`.
        all_rows: See `Style.all_rows`.

    Returns:
        One line for each output that could not be written; the others are. The summary of a GitHub step is one of `github`.
        A reader of stdout that went away has seen what it wanted.
    """
    failures = []
    if any(name == "github" for name, _ in outputs) and (failure := add_to_step_summary(report)):
        failures.append(failure)
    # Files first: they are complete also when the reader of stdout leaves early.
    for name, path in sorted(outputs, key=lambda output: output[1] is None):
        if path is None:
            style = Style(color=wants_color(color, sys.stdout), width=screen_width(sys.stdout), all_rows=all_rows)
            try:
                to_stdout(renderer(name)(report, style), None if name in AS_THE_TERMINAL else "utf-8")
            except BrokenPipeError:
                drop_stdout()
            except OutputError as error:
                failures.append(str(error))
            continue
        style = Style(color=color == "always", all_rows=all_rows)
        try:
            write_file(path, renderer(name)(report, style))
        except OSError as error:
            failures.append(f"-o {path!r}: {error.strerror or error}")
    return failures


def wants_color(when: str, stream: TextIO | None) -> bool:
    """Whether a stream gets colours: https://no-color.org, and never a pipe unless told so."""
    if when != "auto":
        return when == "always"
    if stream is None or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return stream.isatty()


def screen_width(stream: TextIO | None) -> int:
    """Columns that a table on this stream may use: those of the terminal, else what COLUMNS says."""
    columns = 0
    with contextlib.suppress(OSError, ValueError):
        if stream is not None and stream.isatty():
            columns = os.get_terminal_size(stream.fileno()).columns
        else:
            columns = int(os.environ.get("COLUMNS", "")[:9])
    return min(MAX_WIDTH, columns) if columns > 0 else MAX_WIDTH


def to_stdout(pieces: Iterable[str], encoding: str | None = None) -> None:
    """Write text to stdout, all of it.

    Args:
        pieces: The text.
        encoding: None: that of stdout. What it cannot express is replaced.

    Raises:
        OutputError: It cannot be written.
        BrokenPipeError: Who reads stdout went away.
    """
    if sys.stdout is None:
        raise OutputError("stdout is closed")
    encoding = encoding or sys.stdout.encoding or "utf-8"
    buffer = sys.stdout.buffer
    try:
        for chunk in _encoded(pieces, encoding):
            buffer.write(chunk)
        buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        drop_stdout()  # or the interpreter tries once more when it ends, and its exit code is 120
        raise OutputError(f"stdout: {error.strerror or error}") from error


def _encoded(pieces: Iterable[str], encoding: str) -> Iterator[bytes]:
    # JSON reads a backslash escape as the character it stands for, so what cannot be encoded survives there too.
    errors = "backslashreplace" if encoding == "utf-8" else "replace"
    chunk: list[str] = []
    size = 0
    for piece in pieces:
        chunk.append(piece)
        size += len(piece)
        if size >= 65536:
            yield "".join(chunk).encode(encoding, errors)
            chunk.clear()
            size = 0
    yield "".join(chunk).encode(encoding, errors)


def write_file(path: str, pieces: Iterable[str]) -> None:
    """Write a text file so that readers see the old one or the whole new one, never a part.

    Devices and pipes are written to as they are; a symbolic link stays one.

    Raises:
        OSError: It could not be written; the old file is as it was.
    """
    mode = _mode(path)
    if mode is None:
        # By the name that was given: the link that /dev/stdout is leads to no name where a pipe is behind it.
        with open(path, "wb") as device:  # noqa: PTH123
            device.writelines(_encoded(pieces, "utf-8"))
        return
    path = os.path.realpath(path)
    folder, name = os.path.split(path)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{name[:80]}.", suffix=".tmp", dir=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(_encoded(pieces, "utf-8"))
            os.fchmod(file.fileno(), mode)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)  # noqa: PTH105
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)  # noqa: PTH108
        raise


def _mode(path: str) -> int | None:
    """The permissions a file is to have. None: it is no regular file."""
    try:
        status = os.stat(path)  # noqa: PTH116
    except FileNotFoundError:
        umask = os.umask(0)
        os.umask(umask)
        return 0o666 & ~umask
    return stat.S_IMODE(status.st_mode) if stat.S_ISREG(status.st_mode) else None
