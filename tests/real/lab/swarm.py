"""True seeders and leechers, and what trackers therefore have to say."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING, Protocol

from tests.real.lab.places import ROOT, free_port, own_address, readable_folder
from tests.real.lab.processes import Program, wait_until
from tests.real.lab.torrents import Kind, LabTorrent, make_torrent
from tests.real.lab.wire import Counts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


class CountingTracker(Protocol):
    """A tracker whose memory the lab can read."""

    name: str

    def counts(self) -> dict[bytes, Counts]:
        """Every swarm it knows."""
        ...


@dataclass(frozen=True)
class Plan:
    """Who takes part in one torrent."""

    kind: Kind
    seeders: int
    leechers: int
    downloads: int = 0
    """So many of the leechers then fetch everything, and end as seeders."""


@dataclass
class Swarm:
    """The clients of all torrents: one process each, each with an address of its own."""

    folder: Path
    torrents: dict[str, LabTorrent]
    plans: Mapping[str, Plan]
    clients: list[Program] = field(default_factory=list)

    def start(self, homes: Sequence[CountingTracker], urls: Sequence[str]) -> None:
        """Bring every peer to every tracker, and wait until each tracker's memory holds exactly them.

        Args:
            homes: The trackers.
            urls: One announce URL for each: a peer that announced to one tracker by two would be two peers.
        """
        files = {
            name: str(torrent.write(self.folder / "peers", [[url] for url in urls]))
            for name, torrent in self.torrents.items()
        }
        seats = zip_longest(
            *(
                [(name, "seeds")] * plan.seeders + [(name, "leeches")] * plan.leechers
                for name, plan in self.plans.items()
            )
        )
        for number, seat in enumerate(seats):
            address = own_address()
            interfaces = [f"{address}:{free_port(address)}", f"[::1]:{free_port('::1')}"]
            empty = self.folder / f"leech{number}"
            empty.mkdir()
            settings = {
                "interfaces": ",".join(interfaces),
                "content": str(self.folder / "content"),
                "empty": str(empty),
                "seeds": [files[taken[0]] for taken in seat if taken and taken[1] == "seeds"],
                "leeches": [files[taken[0]] for taken in seat if taken and taken[1] == "leeches"],
            }
            command = [sys.executable, "-m", "tests.real.lab.client", json.dumps(settings)]
            environment = {"PYTHONPATH": str(ROOT)}
            self.clients.append(Program(f"client{number}", command, self.folder, env=environment, talk=True))
        for home in homes:
            wait_until(
                lambda home=home: self._holds(home, settled=False), f"{home.name} knows every peer", *self.clients
            )
        # Downloads begin when every tracker has heard `started`, else `completed` may get lost on its way.
        for name, plan in self.plans.items():
            for client in self.clients[plan.seeders : plan.seeders + plan.downloads]:
                client.say(name)
        for home in homes:
            wait_until(
                lambda home=home: self._holds(home, settled=True), f"{home.name} saw every download", *self.clients
            )

    def truth(self, name: str, *, settled: bool = True) -> Counts:
        """What every swarm of one torrent holds, by what was started."""
        plan = self.plans[name]
        moved = plan.downloads if settled else 0
        return Counts(plan.seeders + moved, plan.leechers - moved, completed=moved)

    def _holds(self, home: CountingTracker, *, settled: bool) -> bool:
        counts = home.counts()
        wrong = {}
        for name, torrent in self.torrents.items():
            due = self.truth(name, settled=settled)
            for version, info_hash in torrent.swarms.items():
                found = counts.get(info_hash, Counts(0, 0, 0))
                if found[:2] != due[:2] or (home.name == "opentracker" and found != due):
                    wrong[f"{name} {version}"] = f"{tuple(found)} for {tuple(due)}"
        if wrong:
            raise ValueError(f"not yet true: {wrong}")
        return True

    def stop(self) -> None:
        """End every client at once: a tracker may go on to count them, as it does when a machine dies."""
        for client in self.clients:
            client.stop(hard=True)

    def log(self) -> str:
        """The ends of the clients' logs."""
        return "\n".join(f"--- {client.name}\n{client.tail()}" for client in self.clients)


PLANS = {
    "v1-seeded": Plan(Kind.V1, seeders=2, leechers=1),
    "v1-fetched": Plan(Kind.V1, seeders=1, leechers=2, downloads=1),
    "v1-leechers": Plan(Kind.V1, seeders=0, leechers=2),
    "hybrid": Plan(Kind.HYBRID, seeders=2, leechers=2),
    "v2-only": Plan(Kind.V2, seeders=3, leechers=1),
    "nobody": Plan(Kind.V1, seeders=0, leechers=0),
}
"""Each count differs from its neighbours, so that no two of them can be mistaken for each other."""


def make_swarm(plans: Mapping[str, Plan] = PLANS) -> Swarm:
    """Make the content and metadata; nobody takes part yet."""
    folder = readable_folder("swarm")
    torrents = {name: make_torrent(folder / "content", name, plan.kind) for name, plan in plans.items()}
    return Swarm(folder, torrents, plans)
