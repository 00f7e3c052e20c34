"""Inputs become torrents, with progress and reasons told on the way."""

from __future__ import annotations

import math
import sys
from collections import Counter
from typing import TYPE_CHECKING, BinaryIO

from trackerwatch.errors import InputError
from trackerwatch.inputs import Batch, Loaded, Loader, Progress, Skipped, batches_off_loop, fold_skipped, load_inputs
from trackerwatch.inputs.files import reason_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from trackerwatch.cli.narration import Narrator
    from trackerwatch.metainfo.torrent import Torrent
    from trackerwatch.probe.prober import SocketProber


async def load(
    inputs: Sequence[str], prober: SocketProber | None, narrator: Narrator, *, fetch_within_s: float = math.inf
) -> Loaded:
    """Load inputs, telling how far it is and what was skipped.

    Args:
        inputs: As on the command line.
        prober: Fetches URLs. None: nobody is to be asked for anything.
        narrator: Is told.
        fetch_within_s: From now on; URLs that have no answer by then are skipped.
    """

    def tell(progress: Progress) -> None:
        of = "" if progress.total is None else f" of {progress.total:,}"
        narrator.progress(f"loading {progress.done:,}{of} inputs")

    loaded = await load_inputs(
        inputs,
        fetch=None if prober is None else prober.fetch,
        why_not_fetched="not fetched: --cached asks nobody",
        within_s=fetch_within_s,
        stdin=own_stdin(),
        on_progress=tell,
    )
    narrator.clear()
    tell_skipped(loaded.skipped, narrator)
    unusable = Counter(line for torrent in loaded.torrents for line in torrent.unusable_trackers)
    for line in fold_skipped(Skipped("announce URL not used", line) for line in unusable):
        narrator.say(line)
    return loaded


def tell_skipped(skipped: Sequence[Skipped], narrator: Narrator) -> None:
    """Name what could not be used; like reasons fold into one line."""
    for line in fold_skipped(skipped):
        narrator.say(f"skipped {line}")


def own_stdin() -> BinaryIO | None:
    """Standard input through a reader of its own. None: it is closed.

    The interpreter aborts when it ends while another thread reads `sys.stdin`, and a Ctrl-C must not end so.
    """
    if sys.stdin is None:
        return None  # its number may have gone to a file or socket of ours
    try:
        return open(0, "rb", closefd=False)
    except OSError:
        return None


async def batches(loader: Loader, prober: SocketProber, wanted: Callable[[Torrent], bool]) -> AsyncIterator[Batch]:
    """What the inputs give, bit by bit: files first, then what has to be fetched."""
    async for batch in batches_off_loop(loader):
        yield Batch(tuple(filter(wanted, batch.torrents)), batch.skipped, batch.progress)
    for url in loader.urls:
        fetched = None
        try:
            fetched = loader.add_fetched(url, await prober.fetch(url.url))
        except InputError as error:
            loader.add_failed(url, str(error))
        except TimeoutError:
            loader.add_failed(url, "no answer in time")
        except OSError as error:
            loader.add_failed(url, reason_of(error))
        torrents = (fetched,) if fetched is not None and wanted(fetched) else ()
        yield Batch(torrents, (), loader.progress)
