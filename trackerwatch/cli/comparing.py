"""What changed: a report against the last run of the same command, or against a file; and remembering this run for the next."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from trackerwatch.engine.settings import Freshness
from trackerwatch.errors import ReportError, UsageError
from trackerwatch.outside_text import clean
from trackerwatch.reports.diff.baseline import baseline_of, filled
from trackerwatch.reports.diff.baseline_bytes import BaselineError, from_bytes, to_bytes
from trackerwatch.reports.diff.comparing import changes
from trackerwatch.reports.diff.lasting import lasting
from trackerwatch.reports.rows import Subject

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trackerwatch.cli.one_run import Run
    from trackerwatch.reports.diff.baseline import Baseline
    from trackerwatch.reports.diff.changes import Changes
    from trackerwatch.reports.rows import Report

THE_LAST_RUN = "the last run"


class Comparing:
    """Compares one run."""

    def __init__(self, one_run: Run) -> None:
        """Read what `--against` names, before anything is sent.

        Raises:
            UsageError: It cannot be read, or is no report.
        """
        self._run = one_run
        self._file: str | None = one_run.arguments.against
        self._from_file = None if self._file is None else read_baseline(self._file)
        self._last: Baseline | None = None
        self._looked = False

    async def names_before(self) -> Mapping[str, str]:
        """By name the info hash in hex of each torrent of the report that is compared with; a name that two have is not in it."""
        before = self._from_file or await self._last_run()
        if before is None:
            return {}
        found: dict[str, str] = {}
        twice: set[str] = set()
        for key, then in before.torrents.items():
            if found.setdefault(then.name, key) != key:
                twice.add(then.name)
        return {name: key for name, key in found.items() if name not in twice}

    async def compared(self, report: Report) -> Report:
        """The report with what changed, and since when what is wrong is wrong; it is remembered for the next run.

        A report of nothing (nothing was asked, nothing is stored) is neither compared nor remembered. One that asked nobody
        (`--cached`) is compared and not remembered: whoever looks every five minutes would leave nothing to be told to the
        next real run.
        """
        if report.remark:
            return report
        last = await self._last_run()
        if last is not None:
            report = lasting(report, last)
        now = baseline_of(report)
        told: Changes | None
        if self._from_file is not None and self._file is not None:
            filtered = not self._run.filter.is_empty
            told = changes(self._from_file, now, report, clean(os.path.basename(self._file)), filtered=filtered)  # noqa: PTH119 - a plain string
        else:
            told = None if last is None else changes(last, now, report, THE_LAST_RUN)
        await self._remember(now if last is None else filled(now, last))
        return replace(report, changes=told)

    async def _remember(self, now: Baseline) -> None:
        memory = self._run.memory
        if memory is None or self._run.settings.freshness is Freshness.CACHED:
            return
        kept = await memory.keep_run(key_of(self._run), now.made_at.timestamp(), to_bytes(now))
        if not kept and not memory.trouble:
            self._run.narrator.say(
                "this run is not remembered (too large, or the disk too slow): the next one is not compared with it"
            )

    async def _last_run(self) -> Baseline | None:
        """What is remembered of the last run of this command; read once."""
        memory = self._run.memory
        if memory is None or self._looked:
            return self._last
        self._looked = True
        if (found := await memory.last_run(key_of(self._run))) is not None:
            try:
                self._last = from_bytes(found[1])
            except BaselineError as error:
                self._run.narrator.say(f"the last run cannot be compared with: {error}; this one takes its place")
        return self._last


def key_of(one_run: Run) -> str:
    """What two runs have in common that may be compared: the same inputs, judged the same way, seen from the same place.

    How the report is written, what it lists and how long it waits make no difference. It gives nothing of the inputs away.
    """
    arguments, config = one_run.arguments, one_run.config
    what = {
        "inputs": sorted(set(map(_input, arguments.inputs))),
        "filter": arguments.filter or "",
        "policy": _absolute(config.policy) if config.policy else None,
        "min_seeders": arguments.min_seeders,
        "private": config.private,
        "announce": config.announce,
        "client": config.client,
        "vantage": one_run.vantage.name,
        # Known to nobody else: whoever reads a key cannot try out which input it is of.
        "salt": one_run.vantage.id,
    }
    return f"report {hashlib.sha256(json.dumps(what, sort_keys=True).encode('ascii')).hexdigest()}"


def _input(text: str) -> str:
    if text == "-":
        # What comes through a pipe has no name: where it came in has to do.
        return f"- {_absolute('.')}"
    # With all that is secret in it: that may be all in which two differ. The key shows nothing of it.
    return text if "://" in text or text.startswith("magnet:") else _absolute(text)


def _absolute(path: str) -> str:
    try:
        return os.path.abspath(path)  # noqa: PTH100 - a plain string: a link is not followed, it may lead elsewhere tomorrow
    except OSError:
        # The folder that we are in was deleted.
        return path


def read_baseline(name: str) -> Baseline:
    """A report that was written with `--format json`, as far as another one is compared with it.

    Raises:
        UsageError: It cannot be read, is too large, or is no report of ours, or one of nothing or of trackers alone.
    """
    from trackerwatch.reports.readback.document import MAX_BYTES  # noqa: PLC0415 - only where there is something to read
    from trackerwatch.reports.readback.reading import read_report  # noqa: PLC0415 - as above

    shown = clean(name)
    try:
        with Path(name).open("rb") as file:
            body = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"--against {shown}: {clean(error.strerror or str(error))}") from None
    if len(body) > MAX_BYTES:
        raise UsageError(f"--against {shown}: larger than {MAX_BYTES >> 20} MiB; it should be a report (--format json)")
    try:
        report = read_report(body, shown)
    except ReportError as error:
        raise UsageError(f"--against {error}") from None
    if report.remark:
        raise UsageError(f"--against {shown}: that run had nothing to report, so there is nothing to compare with")
    if report.subject is Subject.TRACKERS:
        raise UsageError(f"--against {shown}: is of trackers alone (check); it should be of `trackerwatch report`")
    return baseline_of(report)
