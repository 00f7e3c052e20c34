"""Arguments and settings become how the user wants the screen."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from trackerwatch.tui.preferences import Colors, Preferences

if TYPE_CHECKING:
    from argparse import Namespace

    from trackerwatch.config.settings import Config


def preferences(arguments: Namespace, config: Config, *, keep_layout: bool = True) -> Preferences:
    """What the screen is told.

    Args:
        arguments: Of a command that shows the screen (`arguments.add_face`).
        config: What holds.
        keep_layout: Whether sort, tab and the like come back at the next start.
    """
    del keep_layout
    return Preferences(
        theme=config.theme,
        colors=Colors.NONE if no_color(config.color) else Colors.FULL,
        ascii=config.ascii,
        mouse=config.mouse,
        slow_link=config.slow_link,
        read_only=arguments.read_only,
        reveal=arguments.reveal,
        keys=dict(config.keys),
        filters=dict(config.filters),
    )


def no_color(when: str) -> bool:
    """Whether the screen is to be without colours (https://no-color.org)."""
    return when == "never" or (when == "auto" and bool(os.environ.get("NO_COLOR")))
