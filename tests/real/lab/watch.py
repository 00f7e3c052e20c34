"""Our program as people run it: `watch --headless` line by line, and its other commands, each with a home of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import jsonschema

from tests.real.lab.places import ROOT
from tests.real.lab.processes import LabError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from pathlib import Path

    Row = dict[str, Any]

PATIENCE_S = 45.0
"""Far more than anything here takes: only a failure waits so long."""
STOPS_WITHIN_S = 5.0
"""Spec 6: SIGTERM ends it within this."""

_LINE = jsonschema.Draft202012Validator(
    json.loads(files("trackerwatch.reports").joinpath("event.schema.json").read_text("utf-8"))
)
_DOCUMENTS = {
    name: jsonschema.Draft202012Validator(
        json.loads(files("trackerwatch.reports").joinpath(f"{name}.schema.json").read_text("utf-8"))
    )
    for name in ("report", "history")
}


@dataclass(frozen=True)
class Done:
    """One finished run."""

    exit_code: int
    value: Any
    """What stdout held, as JSON. None: nothing."""
    stderr: str


class Home:
    """Where one user's files are; commands that run there share a store, as programs of one user do."""

    def __init__(self, folder: Path, *, config: str = "") -> None:
        """Begin with an empty home.

        Args:
            folder: Where.
            config: What the config file says. With sentinels in it these are asked, else nobody is.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.config = folder / "config.toml"
        self.config.write_text(config)
        self.store = folder / "store.sqlite"
        self.environment = {
            **os.environ,
            **dict.fromkeys(
                ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"), str(folder)
            ),
        }
        if "sentinels" in config:
            # The environment, which keeps tests off the net, beats the file.
            self.environment.pop("TRACKERWATCH_SENTINELS", None)

    def command(self, command: str, *words: object) -> list[str]:
        """The words of a command line."""
        places = ["--config", str(self.config), "--store", str(self.store)]
        return [sys.executable, "-m", "trackerwatch", command, *places, *map(str, words)]

    async def run(self, command: str, *words: object, inside: Sequence[str] = ()) -> Done:
        """Run a command to its end, and read its JSON."""
        child = await asyncio.create_subprocess_exec(
            *inside, *self.command(command, "--format", "json", *words), **_pipes(self.environment)
        )
        try:
            async with asyncio.timeout(PATIENCE_S):
                out, err = await child.communicate()
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
        said = err.decode()
        assert "Traceback" not in said, said
        value = json.loads(out) if out else None
        if value is not None:
            _DOCUMENTS["history" if command == "history" else "report"].validate(value)
        assert child.returncode is not None
        return Done(child.returncode, value, said)

    async def report(self, *words: object, inside: Sequence[str] = ()) -> Done:
        """Run `report`; its exit code is the one in its document."""
        done = await self.run("report", "--allow-private", *words, inside=inside)
        assert done.value is not None, done.stderr
        assert done.value["summary"]["exit_code"] == done.exit_code
        return done

    async def history(self, *words: object) -> Mapping[str, Row]:
        """What the store remembers of all trackers, or of one (and then its transitions too), by URL. Empty: nothing."""
        done = await self.run("history", "--since", "1h", *words)
        assert done.exit_code == (0 if done.value and done.value["trackers"] else 3), done.stderr
        return {tracker["url"]: tracker for tracker in done.value["trackers"]} if done.value else {}

    async def remembers(self, true: Callable[[Mapping[str, Row]], bool], *words: object) -> Mapping[str, Row]:
        """The same, as soon as it is so: a program writes down what it saw a moment later."""

        async def look() -> Mapping[str, Row] | None:
            known = await self.history(*words)
            return known if known and true(known) else None

        return await until(look, "the store remembers it")

    @contextlib.asynccontextmanager
    async def watch(self, *words: object, inside: Sequence[str] = ()):
        """Run `watch --headless`; whatever happens, it is gone afterwards."""
        child = await asyncio.create_subprocess_exec(
            *inside,
            *self.command("watch", "--headless", "--allow-private", *words),
            **_pipes(self.environment),
            limit=1 << 22,
        )
        watch = Watch(child)
        try:
            yield watch
        finally:
            await watch.kill()


class Watch:
    """A running `watch --headless`, and every line it has written so far."""

    def __init__(self, child: asyncio.subprocess.Process) -> None:
        self.rows: list[Row] = []
        self.stderr = ""
        self._child = child
        self._news = asyncio.Event()
        self._reading = [asyncio.create_task(self._read_lines()), asyncio.create_task(self._read_words())]

    async def _read_lines(self) -> None:
        assert self._child.stdout is not None
        while line := (await self._child.stdout.readline()).decode():
            row = json.loads(line)
            _LINE.validate(row)
            self.rows.append(row)
            self._news.set()

    async def _read_words(self) -> None:
        assert self._child.stderr is not None
        self.stderr = (await self._child.stderr.read()).decode()

    def told(self, event: str, **more: object) -> list[Row]:
        """The lines of an event so far, in which these keys have these values (`from_` stands for `from`)."""
        wanted = {key.rstrip("_"): value for key, value in more.items()}
        return [row for row in self.rows if row["event"] == event and row.items() >= wanted.items()]

    async def until(self, event: str, **more: object) -> Row:
        """The first line of an event, as soon as it is there."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not (found := self.told(event, **more)):
                    if self._reading[0].done():
                        self._reading[0].result()
                        break
                    self._news.clear()
                    wait = asyncio.create_task(self._news.wait())
                    await asyncio.wait((wait, self._reading[0]), return_when=asyncio.FIRST_COMPLETED)
                    wait.cancel()
        except TimeoutError:
            found = []
        if not found:
            raise LabError(f"no line {event} {more}\n{self}")
        return found[0]

    def __str__(self) -> str:
        lines = [json.dumps(row) for row in self.rows]
        return "\n".join([*lines, self.stderr])

    async def stop(self) -> int:
        """SIGTERM; gives the exit code once everything that it wrote is read."""
        self._child.send_signal(signal.SIGTERM)
        async with asyncio.timeout(STOPS_WITHIN_S):
            await self._child.wait()
        await asyncio.gather(*self._reading)
        assert "Traceback" not in self.stderr, self.stderr
        assert self._child.returncode is not None
        return self._child.returncode

    async def kill(self) -> None:
        """SIGKILL, if it still runs."""
        with contextlib.suppress(ProcessLookupError):
            self._child.kill()
        await self._child.wait()
        await asyncio.gather(*self._reading, return_exceptions=True)


async def until(
    ask: Callable[[], Awaitable[Row | None]] | Callable[[], object], what: str, *, pause_s: float = 0.05
) -> Any:
    """Ask until the answer is true; the event loop goes on meanwhile."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                answer = ask()
                if asyncio.iscoroutine(answer):
                    answer = await answer
                if answer:
                    return answer
                await asyncio.sleep(pause_s)
    except TimeoutError:
        raise LabError(f"{what}: not within {PATIENCE_S:g} s") from None


def _pipes(environment: Mapping[str, str]) -> dict[str, Any]:
    return {
        "stdin": subprocess.DEVNULL,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
        "cwd": ROOT,
        "env": dict(environment),
    }
