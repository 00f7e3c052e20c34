"""The live screen on the demo's trackers: the real prober, the real engine, the real panes."""

from __future__ import annotations

import tempfile
import uuid
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from trackerwatch.demo.plan import BASE_PORT, INTERVAL_S
from trackerwatch.demo.samples import MAGNETS_FILE, magnet_list, torrent_samples
from trackerwatch.engine.engine import Engine
from trackerwatch.engine.settings import EngineSettings
from trackerwatch.metainfo.load import load_torrent
from trackerwatch.metainfo.magnet import parse_magnet
from trackerwatch.outcome import Endpoint, Family
from trackerwatch.probe.prober import SocketProber

if TYPE_CHECKING:
    from collections.abc import Callable

    from trackerwatch.engine.keeper import Keeper
    from trackerwatch.engine.views import Snapshot
    from trackerwatch.metainfo import Torrent
    from trackerwatch.outcome import Resolution
    from trackerwatch.tracker import Tracker
    from trackerwatch.tui.preferences import Preferences

TIMEOUT_S = 5.0


class DemoProber(SocketProber):
    """Asks loopback, and knows both addresses of `localhost` also where the system's hosts file has one."""

    def __init__(self) -> None:
        super().__init__(allow_private=True)

    async def resolve(self, tracker: Tracker, *, timeout_s: float) -> Resolution:
        """As always; `localhost` is 127.0.0.1 and ::1."""
        found = await super().resolve(tracker, timeout_s=timeout_s)
        return with_both_families(found, tracker)


def with_both_families(found: Resolution, tracker: Tracker) -> Resolution:
    """The addresses of `localhost` completed; those of any other tracker as they are."""
    if tracker.host != "localhost":
        return found
    both = (Endpoint(Family.IPV4, "127.0.0.1", tracker.port), Endpoint(Family.IPV6, "::1", tracker.port))
    missing = tuple(endpoint for endpoint in both if endpoint not in found.endpoints)
    return replace(found, endpoints=found.endpoints + missing, failure=None)


def demo_torrents(base_port: int = BASE_PORT) -> list[Torrent]:
    """The samples that load, magnets included, made in memory."""
    torrents = [load_torrent(s.data, source=s.file_name) for s in torrent_samples(base_port)]
    lines = magnet_list(base_port).data.decode().splitlines()
    magnets = [parse_magnet(line, source=MAGNETS_FILE) for line in lines if line.startswith("magnet:")]
    return torrents + magnets


def demo_engine(base_port: int = BASE_PORT, keeper: Keeper | None = None) -> Engine:
    """An engine that watches the samples on the demo's trackers, quicker than any public tracker would like."""
    settings = EngineSettings(interval_s=INTERVAL_S, timeout_s=TIMEOUT_S)
    engine = Engine(DemoProber(), settings, vantage="demo", keeper=keeper)
    engine.add_torrents(demo_torrents(base_port))
    return engine


def show(
    base_port: int = BASE_PORT,
    preferences: Preferences | None = None,
    afterwards: Callable[[Snapshot], None] | None = None,
) -> int:
    """Run the screen until it is quit.

    Args:
        base_port: The first port of the demo's trackers.
        preferences: How the user wants the screen. None: as usual.
        afterwards: Is given what was seen last, when the screen is gone.

    Returns:
        The exit code.
    """
    from trackerwatch.store import Store  # noqa: PLC0415 - as below
    from trackerwatch.tui.preferences import DEFAULT  # noqa: PLC0415 - as below
    from trackerwatch.tui.run import run  # noqa: PLC0415 - textual, only when the screen opens

    # The demo's past is its own, and goes with it.
    with tempfile.TemporaryDirectory(prefix="trackerwatch-demo-") as folder:
        store = Store.open(Path(folder) / "history.db", vantage_id=str(uuid.uuid4()), vantage_name="demo")
        try:
            engine = demo_engine(base_port, store)
            code = run(engine, None, store, preferences or DEFAULT)
            if afterwards is not None:
                afterwards(engine.snapshot())
        finally:
            store.close()
        return code
