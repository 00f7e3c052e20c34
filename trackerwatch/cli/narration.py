"""What is said on stderr while a command works: lines that stay, and one line of progress on a terminal."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, TextIO

from trackerwatch.config.overrides import without_tracker
from trackerwatch.escaping import no_workflow_command
from trackerwatch.outcome import FailureKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trackerwatch.config.settings import Config
    from trackerwatch.engine.views import Snapshot
    from trackerwatch.metainfo.torrent import Torrent

REPAINT_S = 0.1
MAX_TABLES = 5
"""So many of the config's tables are named in one line."""


class Narrator:
    """Writes to stderr and never fails: whoever closed stderr does not want to hear."""

    def __init__(self, stream: TextIO | None = None, *, repaints: bool = True) -> None:
        """Narrate.

        Args:
            stream: Where to; None: stderr.
            repaints: Whether a terminal gets a line of progress, which is painted over again and again.
        """
        self._stream = sys.stderr if stream is None else stream
        self._is_terminal = repaints and self._stream is not None and self._stream.isatty()
        self._shown = False
        self._painted_at = -REPAINT_S

    @property
    def is_terminal(self) -> bool:
        """Whether progress is shown at all."""
        return self._is_terminal

    def say(self, line: str) -> None:
        """Write a line that stays."""
        self.clear()
        # A CI runner reads this too, and it quotes names of files and torrents.
        self._write(no_workflow_command(f"trackerwatch: {line}\n"))

    def progress(self, line: str) -> None:
        """Show where the work stands, in place of what was shown before; nothing where there is no terminal."""
        now = time.monotonic()
        if self._is_terminal and now - self._painted_at >= REPAINT_S:
            self._painted_at = now
            self._shown = True
            self._write(f"\r{line[:78]}\x1b[K")

    def clear(self) -> None:
        """Take the line of progress away."""
        if self._shown:
            self._shown = False
            self._painted_at = -REPAINT_S
            self._write("\r\x1b[K")

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError, AttributeError):
            self._is_terminal = False


def refusals(snapshot: Snapshot) -> str:
    """Names the flag that would allow what our own policy refused to ask; empty where it refused nothing."""
    blocked = sum(
        any(failure is not None and failure.kind is FailureKind.BLOCKED for failure in failures)
        for failures in ((view.failure, *(e.failure for e in view.endpoints)) for view in snapshot.trackers)
    )
    if not blocked:
        return ""
    are = "has" if blocked == 1 else "have"
    return (
        f"{many_trackers(blocked)} {are} addresses that are not public and were not asked; --allow-private allows them"
    )


def about_nobody(config: Config, torrents: Iterable[Torrent]) -> str:
    """Names the tables of the config that are about no tracker of these torrents; empty where there is none."""
    if not config.trackers:
        return ""
    trackers = {placement.tracker for torrent in torrents for placement in torrent.placements}
    tables = without_tracker(config.trackers, ((tracker.host, tracker.port) for tracker in trackers))
    if not tables:
        return ""
    more = f" and {len(tables) - MAX_TABLES:,} more" if len(tables) > MAX_TABLES else ""
    match = "matches" if len(tables) == 1 else "match"
    return f"config: {', '.join(tables[:MAX_TABLES])}{more} {match} no tracker of these torrents"


def many_trackers(number: int) -> str:
    """`1 tracker`, `12 trackers`."""
    return f"{number:,} tracker{'' if number == 1 else 's'}"
