"""What one face has not seen yet: snapshots are pulled, with what changed since the last pull."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from trackerwatch.engine.views import Update

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trackerwatch.engine.views import Event, Snapshot


class Source(Protocol):
    """Whoever makes snapshots."""

    def snapshot(self) -> Snapshot:
        """Everything there is to see now; the same object while nothing changed."""
        ...

    def told(self) -> Sequence[tuple[object, ...]]:
        """For each tracker what its torrents' views say beside their own numbers; the same objects where nothing changed."""
        ...

    def torrents_of(self, tracker: int) -> Sequence[int]:
        """The torrents that list a tracker."""
        ...

    def events_since(self, number: int) -> tuple[Event, ...]:
        """Events after the one with this number."""
        ...


MANY_TORRENTS = 5000
"""More changed torrents than this are told as "all"."""


class Feed:
    """One face's own feed."""

    def __init__(self, engine: Source) -> None:
        self._engine = engine
        self._seen: Snapshot | None = None
        self._torrents: set[int] | None = None
        self._told: Sequence[tuple[object, ...]] = ()
        self._event_number = 0

    def note(self, torrents: Iterable[int]) -> None:
        """Remember torrents that changed until the next pull."""
        if self._torrents is not None:
            self._torrents.update(torrents)
            if len(self._torrents) > MANY_TORRENTS:
                self._torrents = None

    def pull(self) -> Update | None:
        """A snapshot and what changed since the last pull. None: nothing did."""
        snapshot = self._engine.snapshot()
        if snapshot is self._seen:
            return None
        before = self._seen.trackers if self._seen else ()
        trackers = frozenset(
            view.index for view in snapshot.trackers if view.index >= len(before) or view is not before[view.index]
        )
        told = self._engine.told()
        for index, (old, new) in enumerate(zip(self._told, told, strict=False)):
            if old is not new and old != new:
                self.note(self._engine.torrents_of(index))
        self._told = told
        torrents = frozenset(self._torrents) if self._torrents is not None else None
        events = self._engine.events_since(self._event_number)
        self._event_number = events[-1].number if events else self._event_number
        self._seen, self._torrents = snapshot, set()
        return Update(snapshot, trackers, torrents, events)
