"""Asks a tracker that is not watched, shows what came of it, and offers to watch it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch.errors import TrackerUrlError
from trackerwatch.tracker import parse_tracker
from trackerwatch.tui.lines.ink import safe
from trackerwatch.tui.model import choices
from trackerwatch.tui.screens.choice import ChoiceScreen

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from textual.worker import Worker

    from trackerwatch.engine.views import Snapshot, TorrentView, Trial

SHOWN_LINES = 12


class TrialScreen(ChoiceScreen):
    """First nothing to choose while it is asked; then the answer, and what to do with the tracker."""

    def __init__(
        self,
        url: str,
        try_out: Callable[[str], Awaitable[Trial]],
        *,
        torrent: TorrentView | None,
        snapshot: Callable[[], Snapshot | None],
    ) -> None:
        """Ask.

        Args:
            url: Of the tracker, as typed.
            try_out: Asks it; it may take seconds.
            torrent: To whose tiers it may be added. None: that is not offered.
            snapshot: What is watched by the time it answers.
        """
        super().__init__(f"Trying {_name(url)}", (), ("asking... esc leaves it be",))
        self._url, self._try_out, self._torrent, self._snapshot = url, try_out, torrent, snapshot

    def on_mount(self) -> None:
        """Draw, and ask meanwhile."""
        super().on_mount()
        # A bug in asking must not take the screen away; leaving cancels it.
        self.run_worker(self._ask(), name="trial", exit_on_error=False)

    async def _ask(self) -> None:
        self._answered(await self._try_out(self._url))

    def _answered(self, trial: Trial) -> None:
        watched = self._is_watched()
        self._told = (*(safe(line) for line in trial.lines[:SHOWN_LINES]),)
        if not watched:
            self._told += ("", choices.trial_told(self._torrent))
        self._offered = choices.trial_choices(self._url, watched=watched, works=trial.works, torrent=self._torrent)
        self._title = f"{'+' if trial.works else 'x'} {_name(self._url)}"
        self._cursor = 0
        self._draw()

    def _is_watched(self) -> bool:
        try:
            tracker = parse_tracker(self._url)
        except TrackerUrlError:
            return False
        snapshot = self._snapshot()
        return snapshot is not None and any(view.tracker is tracker and not view.retired for view in snapshot.trackers)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Say that asking failed for a reason of our own."""
        error = event.worker.error
        if event.worker.name == "trial" and error is not None and self.is_attached:
            self._told = (f"internal error ({type(error).__name__}): it could not be tried",)
            self._draw()


def _name(url: str) -> str:
    """A typed tracker without its secrets."""
    try:
        return safe(parse_tracker(url).shown_url)
    except TrackerUrlError:
        return "this URL"
