"""The real command line in a process of its own: what it said, how it ended, and how much memory it took."""

import asyncio
import json
import os
import re
import sys
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
MEASURED = Path(__file__).with_name("measured.py")

UNSAFE = re.compile(
    # Controls but for the line end, bidi, zero-width, line separators, surrogates, tags.
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff\U000e0000-\U000e007f]"
)


@dataclass
class Result:
    """How a run ended."""

    exit_code: int
    stdout: str
    stderr: str
    files: dict[str, str]
    """What `-o` wrote, by name."""
    peak_kib: int | None
    """Resident memory at its highest. None: it cannot be measured here."""
    everything: str = field(init=False)

    def __post_init__(self):
        self.everything = "\n".join([self.stdout, self.stderr, *self.files.values()])

    @cached_property
    def report(self):
        return json.loads(self.stdout)

    def torrent(self, name):
        (found,) = (torrent for torrent in self.report["torrents"] if torrent["name"] == name)
        return found

    def unsafe(self):
        """What must never leave: characters that a terminal obeys, also as JSON escapes."""
        texts = [self.everything]
        for text in [self.stdout, *self.files.values()]:
            if text.startswith("{"):
                texts += _strings(json.loads(text))
        return [text[max(0, bad.start() - 40) : bad.end() + 40] for text in texts if (bad := UNSAFE.search(text))]


def _strings(value):
    if isinstance(value, str):
        # In a JSON string no line end is ours.
        yield value.replace("\n", "\0")
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _strings(inner)


async def run(*arguments, home, stdin=b"", command="report", patience_s=90):
    """Run a command to its end.

    Args:
        arguments: Of the command.
        home: An empty folder that is home, current folder for `-o` and the place of everything that is written.
        stdin: What the command can read.
        command: Its name.
        patience_s: After which it counts as hanging; far above any deadline that a test sets.
    """
    high_water = home / "peak"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("XDG_")},
        "HOME": str(home),
        "PYTHONPATH": str(ROOT),
        "PYTHONUTF8": "1",
        "PYTHONWARNINGS": "error",
        "COLUMNS": "200",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, MEASURED, high_water, command, *map(str, arguments),
        env=environment, cwd=home, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(patience_s):
            stdout, stderr = await process.communicate(stdin)
    except TimeoutError:
        process.kill()
        await process.communicate()
        raise AssertionError("the command did not end by itself") from None
    return Result(
        process.returncode,
        stdout.decode(),
        stderr.decode(),
        {path.name: path.read_text() for path in sorted(home.glob("out.*"))},
        int(high_water.read_text()) if high_water.exists() else None,
    )
