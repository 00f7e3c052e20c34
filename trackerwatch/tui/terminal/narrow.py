"""Partial frames that send the cells which changed, and not all that stands left of them in their pane as well.

Textual crops what it repaints at the right end alone. Of a row in which an age has moved, this sends a tenth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.control import Control
from textual._compositor import ChopsUpdate  # no public name; the version of Textual is bounded

if TYPE_CHECKING:
    from rich.console import Console, RenderableType


class NarrowUpdate(ChopsUpdate):
    """The same update, cropped at both ends."""

    def render_segments(self, console: Console) -> str:
        """What to send."""
        move_to = Control.move_to
        parts: list[str] = []
        for y, first, last in self.spans:
            for end, (start, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                left, right = max(start, first), min(end, last)
                if strip is None or left >= right:
                    continue
                parts.append(move_to(left, y).segment.text)
                parts.append(
                    (strip if right - left == end - start else strip.crop(left - start, right - start)).render(console)
                )
        return "".join(parts)


def narrowed(update: RenderableType | None) -> RenderableType | None:
    """An update as narrow as it can be; what is none of these is given back."""
    if type(update) is ChopsUpdate:
        return NarrowUpdate(update.chops, update.spans, update.chop_ends)
    return update
