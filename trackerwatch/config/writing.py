"""Settings as TOML for people: the commented sample, and the effective ones with their origins."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from trackerwatch.config.loading import Layer
from trackerwatch.config.settings import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trackerwatch.config.loading import Settled
    from trackerwatch.config.settings import Setting

_HEAD = """\
# Settings of trackerwatch. Take away the # before a key to change it.
# The command line beats the environment, which beats this file.
# Durations: "90s", "20m", "2h", or seconds as a number.
# `trackerwatch config check` finds mistakes; `trackerwatch config show` says what holds, and why.
"""


def sample() -> str:
    """A file with every key, each commented out and explained."""
    return _HEAD + "".join(f"\n{_paragraph(setting)}" for setting in SETTINGS)


def effective(settled: Settled, *, unset: Mapping[str, object]) -> str:
    """Every effective value and where it came from, one a line.

    Args:
        settled: What holds.
        unset: By key, what is used where the value is None.
    """
    lines = []
    for setting in SETTINGS:
        value = getattr(settled.config, setting.field)
        origin = settled.origins[setting.key]
        if value is None:
            value = unset.get(setting.key)
        note = origin.where
        if origin.layer is Layer.DEFAULT:
            note = f"default: {setting.default_words}" if setting.default_words else "default"
        elif origin.layer is Layer.FILE:
            note = origin.where.removesuffix(f": {setting.key}")
        lines.append((f"{setting.key} = {setting.kind.write(value)}", f"# {note}"))
    width = min(40, max(len(line) for line, _ in lines))
    return "".join(f"{line:<{width}}  {note}\n" for line, note in lines)


def _paragraph(setting: Setting) -> str:
    told = [setting.about]
    if setting.default_words:
        told.append(f"Default: {setting.default_words}.")
    text = textwrap.fill(" ".join(told), 100, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)
    also = f"# {setting.flag} on the command line, " if setting.flag else "# "
    value = setting.example or setting.kind.write(setting.default)
    # Whole tables carry their key in their heads.
    shown = value if "\n" in value else f"{setting.key} = {value}"
    return f"{text}\n{also}{setting.variable} in the environment\n" + "".join(
        f"#{line}\n" for line in shown.splitlines()
    )
