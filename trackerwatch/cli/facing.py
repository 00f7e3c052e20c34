"""Arguments and settings become how the user wants the screen."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from trackerwatch.cli import terminal
from trackerwatch.errors import UsageError
from trackerwatch.tui.preferences import Preferences

if TYPE_CHECKING:
    from argparse import Namespace

    from trackerwatch.config.settings import Config
    from trackerwatch.tui.preferences import LayoutKeeper


def preferences(arguments: Namespace, config: Config, *, keep_layout: bool = True) -> Preferences:
    """What the screen is told.

    Args:
        arguments: Of a command that shows the screen (`arguments.add_face`).
        config: What holds.
        keep_layout: Whether sort, tab and the like come back at the next start.

    Raises:
        UsageError: There is no theme of that name.
    """
    if config.theme:
        from trackerwatch.tui.terminal import themes  # noqa: PLC0415 - textual, only when the screen opens

        if told := themes.mistake(config.theme):
            raise UsageError(f"{'--theme' if arguments.theme else 'config: theme'}: {told}")
    return Preferences(
        theme=config.theme,
        colors=terminal.colors(config.color, os.environ),
        ascii=config.ascii or (arguments.ascii is None and not terminal.draws_unicode(os.environ)),
        mouse=config.mouse,
        slow_link=config.slow_link,
        read_only=arguments.read_only,
        reveal=arguments.reveal,
        keys=dict(config.keys),
        filters=dict(config.filters),
        layout=_layout() if keep_layout else None,
    )


def _layout() -> LayoutKeeper:
    from trackerwatch.state.file import StateFile  # noqa: PLC0415 - only when the screen opens

    return StateFile().layout
