"""One JSON file that several programs read and change, and that is never worth a crash."""

from __future__ import annotations

import contextlib
import json
import math
import os
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trackerwatch.locations import state_file
from trackerwatch.outside_text import clean
from trackerwatch.state.layout import KeptLayout
from trackerwatch.state.locking import locked
from trackerwatch.state.orders import KeptOrders

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn, TypeAlias

    Sections: TypeAlias = dict[str, Any]
    """What is in the file: by section, plain JSON values."""

SCHEMA = "trackerwatch.state/1"
MAX_BYTES = 1 << 20
DAMAGED = ".damaged"
"""Behind the name of a file that is none of ours any more."""


class _DamagedError(ValueError):
    """What is in the file is not what this program writes."""


class _NewerError(ValueError):
    """A later version of this program has written the file."""


class StateFile:
    """The state file. No method raises for what is wrong with the file or its folder: they say it in one clean line."""

    def __init__(self, path: Path | None = None) -> None:
        """Touch nothing yet.

        Args:
            path: Where it is, or will be. None: where `locations.state_file` says.
        """
        self.path = state_file() if path is None else path
        self.trouble = ""
        """What was wrong when it was last read, one clean line. Empty: nothing."""
        self.layout = KeptLayout(self)
        self.orders = KeptOrders(self)

    def stamp(self) -> tuple[int, int, int] | None:
        """Something that differs after each change of the file. None: there is none."""
        try:
            status = self.path.stat()
        except (OSError, ValueError):
            return None
        return status.st_mtime_ns, status.st_ino, status.st_size

    def read(self) -> Sections:
        """What is in the file; nothing, where it is not there or cannot be used (`trouble` says why)."""
        self.trouble = ""
        try:
            return self._read()
        except _DamagedError as damage:
            self.trouble = self._set_aside(str(damage))
        except _NewerError as newer:
            self.trouble = str(newer)
        except (OSError, ValueError) as error:
            self.trouble = f"{self._shown} cannot be read: {_reason(error)}"
        return {}

    def examine(self) -> str:
        """What is wrong with the file, one clean line; empty where nothing is, or where it is not there. Touches nothing."""
        try:
            self._read()
        except _DamagedError as damage:
            return f"{self._shown} is damaged ({damage}); it is put aside when it is next used"
        except _NewerError as newer:
            return str(newer)
        except (OSError, ValueError) as error:
            return f"{self._shown} cannot be read: {_reason(error)}"
        return ""

    def change(self, change: Callable[[Sections], None]) -> tuple[bool, str]:
        """Read, change and write it as one step, which no other program comes between.

        Args:
            change: Changes what is in the file, in place.

        Returns:
            Whether it is kept; and one clean line where it is not, or where the old file was unusable, else an empty one.
        """
        said = ""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with locked(self._path.with_name(f"{self._path.name}.lock")):
                try:
                    sections = self._read()
                except _DamagedError as damage:
                    said, sections = self._moved_aside(str(damage)), {}
                before = _written(sections)
                change(sections)
                text = _written(sections)
                if text != before:
                    self._write(text)
        except _NewerError as newer:
            return False, str(newer)
        except (OSError, ValueError, RecursionError) as error:
            return False, f"not kept in {self._shown}: {_reason(error)}"
        return True, said

    @property
    def _path(self) -> Path:
        """Where the file really is: a link to it stays one."""
        return Path(os.path.realpath(self.path))

    @property
    def _shown(self) -> str:
        return clean(str(self.path))

    def _read(self) -> Sections:
        try:
            # Whatever somebody put there, opening it waits for nobody.
            descriptor = os.open(self._path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                os.close(descriptor)
                raise ValueError("it is no regular file")
            with os.fdopen(descriptor, "rb") as file:
                content = file.read(MAX_BYTES + 1)
        except FileNotFoundError:
            return {}
        if len(content) > MAX_BYTES:
            raise _DamagedError(f"larger than {MAX_BYTES >> 10} KiB")
        try:
            sections = json.loads(content, parse_constant=_refuse, parse_float=_finite)
        except (ValueError, RecursionError):
            raise _DamagedError("no JSON") from None
        if not isinstance(sections, dict):
            raise _DamagedError("no JSON object")
        schema = sections.get("schema")
        if isinstance(schema, str) and schema.startswith("trackerwatch.state/") and schema != SCHEMA:
            raise _NewerError(f"{self._shown} is of another version of trackerwatch and stays as it is")
        if schema != SCHEMA:
            raise _DamagedError(f"its schema is not {SCHEMA}")
        return sections

    def _set_aside(self, why: str) -> str:
        """Move a damaged file out of the way, unless somebody has written a good one meanwhile."""
        try:
            with locked(self._path.with_name(f"{self._path.name}.lock")):
                try:
                    self._read()
                except _DamagedError as damage:
                    return self._moved_aside(str(damage))
        except (OSError, ValueError) as error:
            return f"{self._shown} is damaged ({why}) and cannot be set aside: {_reason(error)}"
        return ""

    def _moved_aside(self, why: str) -> str:
        path = self._path
        path.replace(path.with_name(path.name + DAMAGED))
        return f"{self._shown} was damaged ({why}) and is set aside as {clean(path.name + DAMAGED)}"

    def _write(self, text: str) -> None:
        if len(text) > MAX_BYTES:
            raise ValueError(f"it would be larger than {MAX_BYTES >> 10} KiB")
        path = self._path
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
            raise


def _written(sections: Sections) -> str:
    """The file's text, which is ASCII alone."""
    return json.dumps({"schema": SCHEMA, **sections}, indent=1, allow_nan=False) + "\n"


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _finite(digits: str) -> float:
    number = float(digits)
    # `1e999` is JSON, and nothing that could be written again.
    return number if math.isfinite(number) else _refuse(digits)


def _reason(error: Exception) -> str:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return clean(reason or type(error).__name__)
