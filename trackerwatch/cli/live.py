"""The live screen: rows appear before the first answer, and torrents come in while it is open."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING

from trackerwatch.cli.facing import preferences
from trackerwatch.cli.loading import batches, tell_skipped
from trackerwatch.cli.narration import Narrator
from trackerwatch.cli.parting import PartingReport
from trackerwatch.cli.remembering import remembering
from trackerwatch.cli.watching import Watch
from trackerwatch.errors import UsageError
from trackerwatch.inputs import Loader
from trackerwatch.tui.run import run as show

if TYPE_CHECKING:
    from argparse import Namespace


def watch_live(arguments: Namespace) -> int:
    """Open the screen and stay until it is left; what was skipped is told afterwards, where it can be read."""
    watch = Watch(arguments)
    loader = Loader(arguments.inputs, stdin=_read_stdin() if "-" in arguments.inputs else None)
    _wish_for_colors(watch.config.color)
    narrator = Narrator()
    parting = PartingReport(vantage=watch.config.vantage or "", color=watch.config.color, narrator=narrator)
    with remembering(watch.config, narrator) as memory:
        watched = watch.watched(loader.paths, memory)
        code = show(
            watched,
            batches(loader, watch.prober, watch.filter.may_match),
            memory,
            preferences(arguments, watch.config),
        )
    skipped = loader.loaded().skipped
    if arguments.report_on_exit:
        parting.show(watched.snapshot(), watch.filter, skipped)
    tell_skipped(skipped, narrator)
    return code


def _wish_for_colors(when: str) -> None:
    """Tell the screen about `--color` in the one way it listens to (https://no-color.org)."""
    if when == "never":
        os.environ["NO_COLOR"] = "1"
    elif when == "always":
        os.environ.pop("NO_COLOR", None)


def _read_stdin() -> io.BytesIO:
    """All of standard input, which then becomes the terminal: the screen needs its keys.

    Raises:
        UsageError: There is no terminal to take keys from.
    """
    if sys.stdin is None or sys.stdin.isatty():
        raise UsageError("`-` reads a list of inputs from a pipe, and there is none; give them as arguments")
    content = sys.stdin.buffer.read()
    try:
        terminal = os.open("/dev/tty", os.O_RDWR)
    except OSError:
        raise UsageError(
            "the live screen needs a terminal; `trackerwatch watch --headless` works without one"
        ) from None
    os.dup2(terminal, 0)
    os.close(terminal)
    return io.BytesIO(content)
