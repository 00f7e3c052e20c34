"""What doctor sees of this machine without asking anybody."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import trackerwatch
from trackerwatch.doctor.facts import MachineFacts, PlaceFacts, TerminalFacts
from trackerwatch.outside_text import clean
from trackerwatch.state import StateFile
from trackerwatch.tui.terminal.clipboard import Way, way

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TextIO

    from trackerwatch.config.loading import Settled

TMUX_WITHIN_S = 1.0
PROXIES = ("http_proxy", "https_proxy", "all_proxy")
LIBRARIES = ("textual", "httpx", "dnspython")


def look_around(found: Settled, store: Path | None, state: Path, environment: Mapping[str, str]) -> MachineFacts:
    """Everything but the network.

    Args:
        found: The settings with their mistakes.
        store: Where history is kept. None: nowhere.
        state: Where orders and the layout are kept.
        environment: Of the process.
    """
    from trackerwatch.store.examining import examine  # noqa: PLC0415 - sqlite3

    now = datetime.now(UTC).astimezone()
    return MachineFacts(
        config_path=_clean(found.file.path),
        config_exists=found.file_exists,
        config_mistakes=found.mistakes,
        store=PlaceFacts("", exists=False, problem="") if store is None else place(store, "history", examine(store)),
        state=place(state, "state", StateFile(state).examine()),
        terminal=terminal(sys.stdout, environment),
        now=now,
        newest_known=_newest_known(now),
        zone=clean(time.tzname[time.localtime().tm_isdst > 0], limit_chars=20),
        open_files=_open_files(),
        proxies=tuple(name for name in PROXIES if environment.get(name) or environment.get(name.upper())),
        versions=(
            ("trackerwatch", trackerwatch.__version__),
            ("Python", platform.python_version()),
            *((name, _version(name)) for name in LIBRARIES),
        ),
    )


def place(path: Path, what: str, problem: str = "") -> PlaceFacts:
    """Whether a file could be written to: by rights and room, without making it.

    Args:
        path: The file.
        what: What it holds, for messages.
        problem: What is wrong with it already. Empty: nothing is known.
    """
    shown = _clean(str(path))
    try:
        exists = path.exists()
        folder = next((parent for parent in path.absolute().parents if parent.exists()), None)
        if problem or folder is None:
            pass
        elif not folder.is_dir():
            problem = f"{what} {shown}: {_clean(str(folder))} is no folder"
        elif not os.access(folder, os.W_OK | os.X_OK):
            problem = f"{what} {shown}: no right to write in {_clean(str(folder))}"
        elif exists and not os.access(path, os.R_OK | os.W_OK):
            problem = f"{what} {shown}: no right to write to it"
        free = shutil.disk_usage(folder).free if folder is not None else None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return PlaceFacts(shown, exists=False, problem=f"{what} {shown}: {clean(reason)}")
    return PlaceFacts(shown, exists, problem, free)


def terminal(stream: TextIO | None, environment: Mapping[str, str]) -> TerminalFacts:
    """What draws the screen, by what it says of itself."""
    is_terminal = stream is not None and stream.isatty()
    size = None
    if stream is not None and is_terminal:
        try:
            size = os.get_terminal_size(stream.fileno())
        except (OSError, ValueError):
            size = None
    how = way(environment)
    inside = "tmux" if environment.get("TMUX") else "screen" if environment.get("STY") else ""
    return TerminalFacts(
        is_terminal=is_terminal,
        name=clean(environment.get("TERM", ""), limit_chars=40),
        true_color=environment.get("COLORTERM", "").lower() in ("truecolor", "24bit"),
        no_color=bool(environment.get("NO_COLOR")),
        encoding=clean((stream.encoding if stream is not None else "") or "unknown encoding", limit_chars=40),
        columns=size.columns if size else None,
        rows=size.lines if size else None,
        multiplexer=inside,
        tmux_clipboard=_tmux_clipboard() if is_terminal and inside == "tmux" else None,
        clipboard=how.value,
        clipboard_is_file=how is Way.FILE,
        remote=bool(environment.get("SSH_CONNECTION") or environment.get("SSH_TTY")),
    )


def _tmux_clipboard() -> str | None:
    try:
        ended = subprocess.run(
            ["tmux", "show-options", "-sv", "set-clipboard"],  # noqa: S607 - whichever tmux the user runs
            capture_output=True,
            text=True,
            timeout=TMUX_WITHIN_S,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return clean(ended.stdout.strip(), limit_chars=20) or None if ended.returncode == 0 else None


def _newest_known(now: datetime) -> datetime:
    try:
        return datetime.fromtimestamp(Path(trackerwatch.__file__).stat().st_mtime, UTC)
    except (OSError, ValueError, OverflowError):
        return now


def _open_files() -> int | None:
    try:
        import resource  # noqa: PLC0415 - not on every system
    except ImportError:
        return None
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return soft if soft >= 0 else 1 << 30


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "is missing"


def _clean(path: str) -> str:
    return clean(path, limit_chars=1000)
