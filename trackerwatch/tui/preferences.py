"""How the user wants the screen: looks, keys, manners on a slow line. Knows no widget."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Colors(StrEnum):
    """How many colours there are to draw with."""

    FULL = "full"
    SIXTEEN = "16"
    """Those of the terminal's own palette."""
    NONE = "none"
    """Bold, dim, underlined and reversed text alone (NO_COLOR, `--color never`)."""


class LayoutKeeper(Protocol):
    """Keeps what the user arranged (sort, columns, tab, filter) from one run to the next."""

    def load(self) -> Mapping[str, object]:
        """What was kept: plain values by key; empty where nothing was, or where it cannot be read."""
        ...

    def save(self, layout: Mapping[str, object]) -> str:
        """Keep this instead. Gives one clean line where it could not be kept, else an empty one."""
        ...


@dataclass(frozen=True, slots=True)
class Preferences:
    """What config, environment and command line say of the screen."""

    theme: str = ""
    """A name of Textual's or of ours. Empty: our default."""
    colors: Colors = Colors.FULL
    ascii: bool = False
    """Only characters of ASCII."""
    mouse: bool = True
    slow_link: bool = False
    """Few frames and no animation: for SSH over a thin line."""
    read_only: bool = False
    """Nothing is asked of the engine and nothing of trackers is kept: looking alone."""
    reveal: bool = False
    """Show passkeys on the screen, and only there."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Keys by the id of an action (`main.sort`), several with commas between them; empty text: no key."""
    filters: Mapping[str, str] = field(default_factory=dict)
    """Saved filters by name."""
    layout: LayoutKeeper | None = None
    """None: nothing is kept."""
    folder: Path | None = None
    """Where exports, screenshots and what could not be copied go. None: the working directory."""


DEFAULT = Preferences()
