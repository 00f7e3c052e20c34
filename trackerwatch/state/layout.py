"""How the user left the screen: a mapping that only the screen understands."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trackerwatch.state.file import Sections, StateFile

SECTION = "screen"


class KeptLayout:
    """The section of the screen."""

    def __init__(self, file: StateFile) -> None:
        self._file = file

    def load(self) -> Mapping[str, object]:
        """What was kept: plain values by key; empty where nothing was, or where it cannot be read."""
        layout = self._file.read().get(SECTION)
        return layout if isinstance(layout, dict) else {}

    def save(self, layout: Mapping[str, object]) -> str:
        """Keep this instead. Gives one clean line where it could not be kept, else an empty one."""

        def put(sections: Sections) -> None:
            sections[SECTION] = dict(layout)

        try:
            return self._file.change(put)[1]
        except TypeError:
            return "the layout is not kept: it holds what JSON has no word for"
