"""Reads the settings again while the program runs: all of them are taken, or none."""

from __future__ import annotations

import asyncio
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from trackerwatch.cli.wiring import engine_settings, settled
from trackerwatch.config.settings import BY_KEY, Config
from trackerwatch.engine.views import Event, EventKind
from trackerwatch.errors import TrackerwatchError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable

    from trackerwatch.engine.settings import EngineSettings

MEANINGLESS = frozenset({"deadline_s", "color"})
"""Settings that mean nothing to a run without a screen or an end."""

_KEYS = {setting.field: setting.key for setting in BY_KEY.values()}


class Reloader:
    """Knows the settings that hold, and swaps them."""

    def __init__(self, arguments: Namespace, config: Config, swap: Callable[[EngineSettings], None]) -> None:
        """Begin with the settings of the start.

        Args:
            arguments: Of the command line; they go before the file as ever.
            config: What holds now.
            swap: Gives the engine others.
        """
        self._arguments = arguments
        self._config = config
        self._swap = swap

    async def reload(self) -> Event:
        """Read, check and swap; the event says what became of it."""
        try:
            config = await asyncio.to_thread(settled, self._arguments)
        except TrackerwatchError as error:
            return _event(EventKind.CONFIG_REJECTED, f"config not reloaded, the old one stays: {error}")
        now, later = changes(self._config, config)
        if now:
            self._swap(engine_settings(config))
        # What waits for a start is compared again with what really holds.
        kept = {field: getattr(self._config, field) for field in later}
        self._config = replace(config, **kept)
        return _event(EventKind.CONFIG_RELOADED, f"config reloaded: {_told(now, later)}")


def changes(old: Config, new: Config) -> tuple[list[str], list[str]]:
    """Fields that differ: those that a running engine takes, and those that wait for the next start."""
    now: list[str] = []
    later: list[str] = []
    for field in (field.name for field in fields(Config)):
        if field in MEANINGLESS or getattr(old, field) == getattr(new, field):
            continue
        alone = replace(old, **{field: getattr(new, field)})
        (now if engine_settings(alone) != engine_settings(old) else later).append(field)
    return now, later


def _told(now: list[str], later: list[str]) -> str:
    parts = []
    if now:
        parts.append(f"{_listed(now)} changed")
    if later:
        parts.append(f"{_listed(later)} as from the next start")
    return "; ".join(parts) or "nothing changed"


def _listed(names: list[str]) -> str:
    return ", ".join(_KEYS.get(name, name) for name in names)


def _event(kind: EventKind, message: str) -> Event:
    return Event(0, datetime.now(UTC), kind, message)
