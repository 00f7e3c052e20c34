"""What leaves the screen: copies, exports, pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from trackerwatch.tui.screens.asking import AskingScreen
from trackerwatch.tui.screens.binding import key

if TYPE_CHECKING:
    from textual.binding import BindingType


class TakingScreen(AskingScreen):
    """What leaves the screen: copies, exports, pictures."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("c", "copy", "copy", "copy", "Copy the tracker's URL or the torrent's info hash", show=True),
    ]

    def action_copy(self) -> None:
        """Copy what names the selection, through the terminal."""
        selected = self.selected
        if selected is None:
            self.say("nothing selected")
            return
        what, text = selected.copied
        self.app.copy_to_clipboard(text)
        self.say(f"{what} sent to the terminal's clipboard (OSC 52): {text}")
