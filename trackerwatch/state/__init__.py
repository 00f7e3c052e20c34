"""The state file: what may be lost without harm, and is kept between runs. Orders of the user, and how the screen was."""

from trackerwatch.state.file import StateFile

__all__ = ["StateFile"]
