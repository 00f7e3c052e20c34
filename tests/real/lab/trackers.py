"""The trackers: Debian's opentracker and the npm package bittorrent-tracker."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from tests.real.lab.places import NPM, find_program, free_port, own_address, readable_folder
from tests.real.lab.processes import LabError, Program, wait_until
from tests.real.lab.wire import Announce, Counts, UdpVisitor, entries, http_exchange, http_get

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Opentracker:
    """One opentracker: HTTP and UDP on one IPv4 address and port, for listed info hashes only."""

    name = "opentracker"

    def __init__(self, info_hashes: Iterable[bytes], address: str | None = None, port: int | None = None) -> None:
        """Start it.

        Args:
            info_hashes: 20 bytes each.
            address: Where. None: an address of its own.
            port: For HTTP and UDP. None: a free one.
        """
        self.address = address or own_address()
        self.port = port or free_port(self.address)
        self.folder = readable_folder(self.name)
        # As root it changes its root to this folder before it reads the list: the list's name has to hold inside it.
        self._listed = list(info_hashes)
        self._write_list()
        (self.folder / "opentracker.conf").write_text(
            f"listen.tcp_udp {self.address}:{self.port}\n"
            f"tracker.rootdir {self.folder}\n"
            "access.whitelist whitelist\n"
            "access.stats 127.0.0.1\n"
        )
        self._program: Program | None = None
        self.start()

    @property
    def udp_url(self) -> str:
        """Announce URL over UDP."""
        return f"udp://{self.address}:{self.port}/announce"

    @property
    def http_url(self) -> str:
        """Announce URL over HTTP."""
        return f"http://{self.address}:{self.port}/announce"

    def start(self) -> None:
        """Start it (again: it has forgotten every peer)."""
        program = find_program("opentracker")
        if program is None:
            raise LabError("opentracker is not installed")
        self._program = Program(self.name, [program, "-f", "opentracker.conf"], self.folder)
        wait_until(self._answers, "opentracker answers", self._program)

    def _write_list(self) -> None:
        (self.folder / "whitelist").write_text("".join(f"{info_hash.hex()}\n" for info_hash in self._listed))

    def register(self, info_hash: bytes) -> None:
        """Put an info hash on its list while it runs."""
        self._listed.append(info_hash)
        self._write_list()
        if self._program is not None:
            self._program.reload()
            wait_until(self._knows_its_list, "opentracker knows its list", self._program)

    def stop(self, *, hard: bool = False) -> None:
        """End it."""
        if self._program is not None:
            self._program.stop(hard=hard)

    def fall_silent(self) -> None:
        """Answer nothing any more, with every socket open."""
        if self._program is not None:
            self._program.pause()

    def _answers(self) -> bool:
        with UdpVisitor(self.address, self.port, timeout_s=0.2):
            return self.counts() == {} and self._knows_its_list()

    def _knows_its_list(self) -> bool:
        """It reads its list beside its work, some time after it began to answer."""
        if self._listed:
            # Whoever leaves a swarm that nobody is in leaves nothing behind.
            with UdpVisitor(self.address, self.port, timeout_s=0.2) as visitor:
                visitor.announce_all([Announce(self._listed[-1], 1, left=1, event=3)])
        return True

    def counts(self) -> dict[bytes, Counts]:
        """Every swarm in its memory (its full scrape, which only the lab asks for).

        At some sizes (300 swarms) Debian's build writes stray memory over the status line of a full scrape; what follows is
        whole. So the length and the body are checked, not the status.
        """
        head, body = http_exchange(self.address, self.port, "/scrape")
        length = re.search(rb"Content-Length: (\d+)", head)
        if length is None or int(length[1]) != len(body) or not body.startswith(b"d5:filesd"):
            raise ValueError(f"no full scrape: {head[:80]!r} {body[:40]!r}")
        counts = entries(body)
        # Each entry is 20 bytes of hash and three names; one that was not read would pass for an empty swarm.
        if len(counts) != body.count(b"d8:completei"):
            raise ValueError(f"read {len(counts)} of {body.count(b'd8:completei')} swarms")
        return counts

    def requests(self) -> dict[str, int]:
        """How many requests it counted since it started: `udp_scrape`, `udp_announce`, `tcp_scrape` and so on."""
        status, body = http_get(self.address, self.port, "/stats?mode=everything")
        if status != 200:
            raise ValueError(f"status {status} for the statistics")
        counted = {}
        for protocol in ("tcp", "udp"):
            part = re.search(rf"<{protocol}>(.*?)</{protocol}>".encode(), body, re.DOTALL)
            for key, number in re.findall(rb"<(\w+)>(\d+)</", part[1] if part else b""):
                counted[f"{protocol}_{key.decode()}"] = int(number)
        return counted

    def log(self) -> str:
        """The end of its log, without a line for each time that the lab read its memory."""
        lines = self._program.tail().splitlines() if self._program else []
        return "\n".join(line for line in lines if not line.endswith("FULL SCRAPE"))


class NpmTracker:
    """One npm tracker: HTTP and UDP on one address (IPv4 or IPv6) and port. It takes any info hash."""

    def __init__(self, name: str, address: str | None = None, port: int | None = None) -> None:
        """Start it.

        Args:
            name: For logs.
            address: Where. None: an IPv4 address of its own.
            port: For HTTP and UDP. None: a free one.
        """
        self.name = name
        self.address = address or own_address()
        self.port = port or free_port(self.address)
        self._counts_port = free_port(self.address)
        self.folder = readable_folder(name)
        self._program: Program | None = None
        self.start()

    @property
    def _host(self) -> str:
        return f"[{self.address}]" if ":" in self.address else self.address

    @property
    def udp_url(self) -> str:
        """Announce URL over UDP."""
        return f"udp://{self._host}:{self.port}/announce"

    @property
    def http_url(self) -> str:
        """Announce URL over HTTP."""
        return f"http://{self._host}:{self.port}/announce"

    def start(self) -> None:
        """Start it (again: it has forgotten every peer)."""
        node = find_program("node")
        if node is None:
            raise LabError("node is not installed")
        script = Path(__file__).with_name("npm_tracker.mjs")
        command = [node, str(script), str(self.port), str(self._counts_port), self.address]
        self._program = Program(self.name, command, self.folder, env={"LAB_NPM": str(NPM)})
        wait_until(lambda: "listening" in self.log(), f"{self.name} listens", self._program)

    def stop(self, *, hard: bool = False) -> None:
        """End it."""
        if self._program is not None:
            self._program.stop(hard=hard)

    def counts(self) -> dict[bytes, Counts]:
        """Every swarm in its memory. It keeps no counter of downloads and reports its seeders as `completed`."""
        memory: Mapping[str, list[int]] = json.loads(http_get(self.address, self._counts_port, "/")[1])
        return {
            bytes.fromhex(info_hash): Counts(seeders, leechers, completed=seeders)
            for info_hash, (seeders, leechers, _) in memory.items()
        }

    def log(self) -> str:
        """The end of its log."""
        return self._program.tail() if self._program else ""
