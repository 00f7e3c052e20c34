"""Files that people write for us: read with care, and what is wrong with them in one line."""

from __future__ import annotations

import os
import stat

from trackerwatch.errors import ConfigError

MAX_FILE_BYTES = 1 << 20


def read_text(path: str, what: str = "config file") -> str:
    """The text of a file that is not too large and can be read again.

    Args:
        path: Where it is.
        what: What it is to be.

    Raises:
        FileNotFoundError: There is none.
        ConfigError: It cannot be read, or is no text; the message begins with the path.
    """
    name = shown_path(path)
    try:
        # A pipe would hold up whoever reads for as long as nobody writes, and be empty when it is read again.
        with open(path, "rb", opener=_without_waiting) as opened:
            if stat.S_ISFIFO(os.fstat(opened.fileno()).st_mode):
                raise ConfigError(f"{name}: a pipe cannot be read again; write a file")
            raw = opened.read(MAX_FILE_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        # System users have homes like /dev/null.
        raise FileNotFoundError(path) from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{name}: {error.strerror if isinstance(error, OSError) else error}") from None
    if len(raw) > MAX_FILE_BYTES:
        raise ConfigError(f"{name}: more than {MAX_FILE_BYTES} bytes: this is no {what}")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{name} line {line}: not UTF-8") from None


def shown_path(path: str) -> str:
    """A path as one clean line."""
    from trackerwatch.outside_text import clean  # noqa: PLC0415 - only for messages

    return clean(path, limit_chars=1000)


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
