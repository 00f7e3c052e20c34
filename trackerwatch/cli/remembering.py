"""Where history is kept: which file, opened for the length of a run, and what is told where that fails."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from trackerwatch.engine.keeper import Keeper
from trackerwatch.history import History
from trackerwatch.locations import history_file, vantage_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from trackerwatch.cli.narration import Narrator
    from trackerwatch.config.settings import Config


CLOSE_WITHIN_S = 2.0
"""So long the last records of a run may take."""
SHARE_OF_OPENING = 0.06
"""Of a deadline: what another program's lock may take from asking."""
SHARE_OF_THE_STORE = 0.1
"""Of a deadline: what a run waits for its store all in all, most of it after asking is over."""
MOST_OPENING_S = 1.5
MOST_FOR_THE_STORE_S = 5.0


class Memory(Keeper, History, Protocol):
    """What runs need of `store.Store`."""

    @property
    def trouble(self) -> str:
        """Why nothing is written down at the moment, in one clean line; empty where it is."""
        ...

    async def first_seen(self, info_hashes: Sequence[bytes], now: float) -> Mapping[bytes, float]:
        """When each torrent (20 bytes) was first seen by any run on this store, wall time; new ones are noted, with `now`.

        The first run on a store notes them with 0, long ago: what it finds is not known to be new. One is not in it where that
        cannot be said: the store is in trouble.
        """
        ...

    @property
    def is_first_run(self) -> bool:
        """Whether no program saw a torrent on this store before this one."""
        ...

    async def last_run(self, key: str) -> tuple[float, bytes] | None:
        """When the last run that was kept by this key was made (wall time), and what it found. None: nothing is known of it."""
        ...

    async def keep_run(self, key: str, at: float, body: bytes) -> bool:
        """Keep what a run found, for the next one of this key; False: it could not be kept."""
        ...

    def subscribe(self, listener: Callable[[str], None]) -> Callable[[], None]:
        """Be told, on the event loop that runs now, when `trouble` changes; the result ends that."""
        ...

    async def settle(self) -> bool:
        """Write down now what waits, so that history counts it; whether that went well."""
        ...

    def close(self, timeout_s: float = ...) -> bool:
        """Write down what is left, and let go of the file; whether that went well in time."""
        ...


def store_path(config: Config) -> Path | None:
    """Where history is kept. None: nowhere, by the user's wish."""
    if config.store is False:
        return None
    return history_file() if config.store is None else Path(os.path.expanduser(config.store))  # noqa: PTH111 - a plain string


def open_memory(path: Path, config: Config, deadline_s: float | None = None) -> Memory:
    """The store in a file, made where it is not there; it is in trouble rather than raising.

    Args:
        path: The file.
        config: Says who looks.
        deadline_s: Of the run, of which the store gets a small share for all that waits for another program. None: there is none.
    """
    from trackerwatch.store import Store  # noqa: PLC0415 - sqlite3, only where something is kept
    from trackerwatch.store.patience import Patience  # noqa: PLC0415 - as above

    vantage, name = vantage_id(), config.vantage or ""
    if deadline_s is None:
        return Store.open(path, vantage_id=vantage, vantage_name=name)
    return Store.open(
        path,
        vantage_id=vantage,
        vantage_name=name,
        open_s=min(MOST_OPENING_S, SHARE_OF_OPENING * deadline_s),
        patience=Patience(min(MOST_FOR_THE_STORE_S, SHARE_OF_THE_STORE * deadline_s)),
    )


class Remembered(History, Protocol):
    """What looking back needs of `store.Past`."""

    @property
    def trouble(self) -> str:
        """Why the last question has no answer, in one clean line; empty where it has one."""
        ...

    async def names(self) -> Sequence[tuple[str, str]]:
        """Every tracker that was ever asked: its id, and its host and port."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...


def open_past(path: Path) -> Remembered:
    """The store in a file, to look at and not to change: it may be a copy, or older than what is kept."""
    from trackerwatch.store import Past  # noqa: PLC0415 - sqlite3, only where something is kept

    return Past(path, vantage_id())


@contextlib.contextmanager
def remembering(
    config: Config,
    narrator: Narrator,
    *,
    close_within_s: Callable[[], float] = lambda: CLOSE_WITHIN_S,
    deadline_s: float | None = None,
) -> Iterator[Memory | None]:
    """A store for the length of a run; what keeps it from working is told once, and never ends the run.

    Args:
        config: Says where.
        narrator: Hears of trouble.
        close_within_s: How long the last writing may take, asked at the end.
        deadline_s: Of the run, where it has one: see `open_memory`.
    """
    path = store_path(config)
    if path is None:
        yield None
        return
    memory = open_memory(path, config, deadline_s)
    told = tell_trouble(memory.trouble, "", narrator)
    try:
        yield memory
    finally:
        written = memory.close(close_within_s())
        told = tell_trouble(memory.trouble, told, narrator)
        if not written and not told:
            narrator.say(f"history is not kept: {path} could not be written in time")


def tell_trouble(trouble: str, told: str, narrator: Narrator) -> str:
    """Say what is wrong with the store unless that was said before; returns what has been said now."""
    if trouble and trouble != told:
        narrator.say(f"history is not kept: {trouble}")
        return trouble
    return told
