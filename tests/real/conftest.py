"""Fixtures: the lab, started once for all tests, and our program beside it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tests.real.lab.front import Front
from tests.real.lab.own_net import OwnNet
from tests.real.lab.places import NPM, ROOT, find_program, free_port, own_address
from tests.real.lab.processes import LabError
from tests.real.lab.swarm import Swarm, make_swarm
from tests.real.lab.torrents import Kind, LabTorrent, make_torrent
from tests.real.lab.trackers import NpmTracker, Opentracker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import NoReturn

    from tests.real.lab.wire import Counts

SCHEMA = ROOT / "trackerwatch" / "reports" / "report.schema.json"


@dataclass
class Lab:
    """Everything that runs, and what is true."""

    swarm: Swarm
    opentracker: Opentracker
    npm4: NpmTracker
    npm6: NpmTracker
    front: Front
    unlisted: LabTorrent
    """A torrent that opentracker refuses."""
    private: LabTorrent
    """A private torrent (BEP 27) that opentracker has on its list."""

    def urls(self) -> dict[str, str]:
        """One announce URL for each way to a tracker."""
        return {
            "opentracker udp": self.opentracker.udp_url,
            "opentracker http": self.opentracker.http_url,
            "opentracker https": self.front.url(),
            "opentracker redirected": self.front.url("/moved/announce"),
            "npm udp ipv4": self.npm4.udp_url,
            "npm http ipv4": self.npm4.http_url,
            "npm udp ipv6": self.npm6.udp_url,
            "npm http ipv6": self.npm6.http_url,
        }

    def memory(self) -> dict[str, dict[bytes, Counts]]:
        """What each tracker holds, read without the code under test."""
        return {tracker.name: tracker.counts() for tracker in (self.opentracker, self.npm4, self.npm6)}

    def logs(self) -> str:
        """The ends of all logs."""
        parts = (self.opentracker, self.npm4, self.npm6, self.front, self.swarm)
        return "\n".join(f"=== {type(part).__name__}\n{part.log()}" for part in parts)


@pytest.fixture(scope="session")
def needs(cannot_run: Callable[[str], NoReturn]) -> Callable[..., None]:
    """Stop here unless these programs are installed (`npm tracker` among them)."""

    def check(*names: str) -> None:
        missing = [name for name in names if name != "npm tracker" and find_program(name) is None]
        if "npm tracker" in names and not (NPM / "node_modules" / "bittorrent-tracker").is_dir():
            missing.append("npm tracker")
        if missing:
            cannot_run(f"not installed: {', '.join(missing)} (make lab)")

    return check


@pytest.fixture(scope="session")
def lab(needs: Callable[..., None]) -> Iterator[Lab]:
    """All trackers and clients, up and known to each other."""
    needs("opentracker", "nginx", "openssl", "node", "npm tracker", "timeout")
    with ExitStack() as stack:
        swarm = make_swarm()
        unlisted = make_torrent(swarm.folder / "content", "unlisted", Kind.V1)
        private = make_torrent(swarm.folder / "content", "private", Kind.V1, private=True)
        listed = [info_hash for torrent in swarm.torrents.values() for info_hash in torrent.swarms.values()]
        opentracker = Opentracker([*listed, private.key])
        stack.callback(opentracker.stop)
        npm4 = NpmTracker("npm4")
        stack.callback(npm4.stop)
        npm6 = NpmTracker("npm6", "::1")
        stack.callback(npm6.stop)
        front = Front(opentracker)
        stack.callback(front.stop)
        stack.callback(swarm.stop)
        swarm.start([opentracker, npm4, npm6], [opentracker.udp_url, npm4.http_url, npm6.udp_url])
        yield Lab(swarm, opentracker, npm4, npm6, front, unlisted, private)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Put the lab's logs beside a failure."""
    result = yield
    report = result.get_result()  # type: ignore[attr-defined]
    lab = getattr(item, "funcargs", {}).get("lab")
    if report.when == "call" and report.failed and isinstance(lab, Lab):
        report.sections.append(("lab", lab.logs()))


@pytest.fixture
def untouched(lab: Lab) -> Iterator[None]:
    """Whatever the test does, the trackers' own counts are afterwards what they were before."""
    before = lab.memory()
    yield
    after = lab.memory()
    for name, counts in before.items():
        # A tracker may remember that somebody asked (an empty swarm); it may not count anybody.
        present = {info_hash: found for info_hash, found in after[name].items() if any(found)}
        assert present == {info_hash: found for info_hash, found in counts.items() if any(found)}, name


@dataclass(frozen=True)
class Run:
    """One finished run of our program."""

    exit_code: int
    report: dict[str, Any]
    stderr: str

    def torrent(self, lab_torrent: LabTorrent) -> dict[str, Any]:
        """The report's entry of one torrent."""
        (found,) = [t for t in self.report["torrents"] if t["info_hash"] == lab_torrent.key.hex()]
        return found

    def tracker(self, url: str) -> dict[str, Any]:
        """The report's entry of one tracker."""
        (found,) = [t for t in self.report["trackers"] if t["url"] == url]
        return found

    def answers(self, lab_torrent: LabTorrent) -> Mapping[str, list[dict[str, Any]]]:
        """The torrent's entries by tracker URL: one for each swarm."""
        by_url = defaultdict(list)
        for answer in self.torrent(lab_torrent)["trackers"]:
            by_url[answer["url"]].append(answer)
        return by_url

    def rules(self, lab_torrent: LabTorrent | None = None) -> set[str]:
        """The rules that are broken, of one torrent or in all."""
        return {
            problem["rule"]
            for problem in self.report["problems"]
            if lab_torrent is None or problem["torrent"] == lab_torrent.key.hex()
        }


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Run]:
    """Run `trackerwatch COMMAND --format json --allow-private ...`, inside another command if need be; read what it says."""
    home = tmp_path_factory.mktemp("home")
    own_home = {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home),
        "XDG_STATE_HOME": str(home),
    }

    def run(command: str, *arguments: str | Path, limit_s: float = 60.0, inside: Sequence[str] = ()) -> Run:
        done = subprocess.run(
            [
                *inside,
                sys.executable,
                "-m",
                "trackerwatch",
                command,
                "--format",
                "json",
                "--allow-private",
                *map(str, arguments),
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=limit_s,
            check=False,
            cwd=ROOT,
            # What a run remembers is no business of the next test's.
            env={**os.environ, **own_home, "XDG_DATA_HOME": tempfile.mkdtemp(dir=home)},
        )
        assert "Traceback" not in done.stderr, done.stderr
        assert done.stdout, f"nothing on standard output; exit code {done.returncode}\n{done.stderr}"
        value = json.loads(done.stdout)
        if SCHEMA.exists():
            import jsonschema  # noqa: PLC0415 - slow to import, and not needed where no report is read

            jsonschema.validate(value, json.loads(SCHEMA.read_text()))
        assert value["summary"]["exit_code"] == done.returncode
        return Run(done.returncode, value, done.stderr)

    return run


@pytest.fixture(scope="session")
def report(program: Callable[..., Run]) -> Callable[..., Run]:
    """Run `trackerwatch report`."""
    return partial(program, "report")


@pytest.fixture(scope="session")
def check(program: Callable[..., Run]) -> Callable[..., Run]:
    """Run `trackerwatch check`."""
    return partial(program, "check")


@pytest.fixture
def hosts_file(tmp_path: Path) -> Callable[..., Sequence[str]]:
    """Give what a command is run inside so that the name `both.test` has these addresses (Linux, root)."""

    def prepare(*addresses: str) -> Sequence[str]:
        hosts = tmp_path / "hosts"
        hosts.write_text("127.0.0.1 localhost\n" + "".join(f"{address} both.test\n" for address in addresses))
        inside = ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', str(hosts)]
        if (
            find_program("unshare") is None
            or subprocess.run([*inside, "true"], capture_output=True, check=False).returncode
        ):
            pytest.skip("a hosts file of its own takes root and a mount namespace")
        return inside

    return prepare


@pytest.fixture
def two_addresses(hosts_file: Callable[..., Sequence[str]]) -> Sequence[str]:
    """Run a command inside this, and the name `both.test` has the addresses 127.0.0.1 and ::1 (Linux, root)."""
    return hosts_file("127.0.0.1", "::1")


@pytest.fixture
def own_net() -> Iterator[OwnNet]:
    """The rest of the test runs in a network namespace that has only loopback (Linux, root)."""
    try:
        net = OwnNet()
    except LabError as error:
        pytest.skip(f"a network of its own takes root and a network namespace: {error}")
    with net:
        yield net


@pytest.fixture
def closed_port() -> tuple[str, int]:
    """An address and port where nobody listens."""
    address = own_address()
    return address, free_port(address)
