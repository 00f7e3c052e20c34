"""`report --from FILE ...`: reports of several vantages put together; nobody is asked."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from trackerwatch.cli import naming
from trackerwatch.cli.arguments import given_settings
from trackerwatch.cli.collecting import seldom_collecting
from trackerwatch.cli.narration import Narrator
from trackerwatch.cli.output import deliver, planned, spare
from trackerwatch.config.loading import load
from trackerwatch.config.settings import DEFAULTS
from trackerwatch.errors import ConfigError, ReportError, UsageError
from trackerwatch.filters import parse_filter
from trackerwatch.locations import host_name, vantage_id
from trackerwatch.outside_text import clean
from trackerwatch.reports.building import empty_report
from trackerwatch.reports.diff.baseline import baseline_of
from trackerwatch.reports.diff.comparing import changes
from trackerwatch.reports.readback.document import MAX_BYTES
from trackerwatch.reports.readback.reading import read_report
from trackerwatch.reports.rows import FailOn, Report, SkippedInput, Vantage
from trackerwatch.reports.vantages.quorum import DEFAULT_MAX_AGE_S, Wishes, check_usable, combine

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from trackerwatch.config.settings import Config

MAX_REPORTS = 100
"""Each is held in memory whole."""

_ASKING = (
    *("policy", "min_seeders", "lint", "wait", "cached", "fresh"),
    *("deadline", "announce", "private", "interval", "timeout", "ca_file", "allow_private"),
)
"""Options that say what is asked, or how it is judged: that was done where the reports were made."""


def report_on_vantages(arguments: Namespace) -> int:
    """Make one report of several, and give its exit code.

    Raises:
        UsageError: A mistake in an option, or options that cannot go together.
        ConfigError: A mistake in the config file that the command line names.
    """
    _check(arguments)
    with seldom_collecting():
        return _report(arguments)


def _report(arguments: Namespace) -> int:
    began = time.monotonic()
    narrator = Narrator()
    outputs = planned(arguments.outputs)
    spare(outputs, (*arguments.vantages, arguments.config))
    config = _config(arguments, narrator)
    wanted = parse_filter(arguments.filter, dict(config.filters))
    vantage = Vantage(vantage_id(), clean(config.vantage or host_name()))
    before = None
    if arguments.against is not None:
        from trackerwatch.cli.comparing import read_baseline  # noqa: PLC0415 - only where there is something to compare with

        before = read_baseline(arguments.against)
    reports, unusable = _read(arguments.vantages, narrator)
    if reports:
        report = combine(
            reports,
            now=datetime.now(UTC),
            vantage=vantage,
            wishes=Wishes(
                needed=arguments.quorum,
                max_age_s=DEFAULT_MAX_AGE_S if arguments.max_age is None else arguments.max_age,
                filter=wanted,
                only_problems=arguments.only == "problems",
                fail_on=FailOn(arguments.fail_on),
                title=naming.title_of(arguments),
                command=naming.command_line(),
                filter_text=naming.filter_of(arguments),
            ),
            unusable=unusable,
        )
    else:
        report = empty_report("none of the reports can be used", vantage=vantage, duration_s=0.0, skipped=unusable)
    if report.remark:
        narrator.say(report.remark)
    elif before is not None:
        name = clean(os.path.basename(arguments.against))  # noqa: PTH119 - a plain string
        report = replace(
            report, changes=changes(before, baseline_of(report), report, name, filtered=not wanted.is_empty)
        )
    report = replace(report, duration_s=time.monotonic() - began)
    return deliver(report, outputs, narrator.say, color=config.color, all_rows=arguments.all)


def _check(arguments: Namespace) -> None:
    if arguments.inputs:
        raise UsageError("report takes INPUT or --from FILE, not both: --from asks nobody")
    for name in _ASKING:
        value = getattr(arguments, name, None)
        if value is not None and (value is not False or name == "allow_private"):
            option = f"--{name.replace('_', '-')}"
            raise UsageError(
                f"{option} cannot be used with --from, which asks nobody: use it where those reports are made"
            )
    if arguments.vantages.count("-") > 1:
        raise UsageError("--from - (stdin) can be given once")


def _config(arguments: Namespace, narrator: Narrator) -> Config:
    """What the config says of names, colours and filters; one that nobody named may be as broken as it likes."""
    try:
        return load(given_settings(arguments), file=arguments.config, environment=os.environ).config
    except ConfigError as error:
        if arguments.config is not None:
            raise
        narrator.say(f"{error}; going on without it")
        return DEFAULTS


def _read(paths: Sequence[str], narrator: Narrator) -> tuple[list[Report], list[SkippedInput]]:
    reports: list[Report] = []
    unusable: list[SkippedInput] = []
    for path in _files(paths):
        source = clean("stdin" if path == "-" else path)
        try:
            report = read_report(_bytes_of(path, source), source)
            check_usable(report, source)
        except ReportError as error:
            narrator.say(f"skipped {error}")
            unusable.append(SkippedInput(error.source, error.reason))
        else:
            reports.append(report)
    return reports, unusable


def _files(paths: Sequence[str]) -> list[str]:
    """The files that are named; a folder stands for the `*.json` in it.

    Raises:
        UsageError: They are too many.
    """
    files: list[str] = []
    for path in paths:
        try:
            inside = sorted(name for name in os.listdir(path) if name.endswith(".json") and not name.startswith("."))  # noqa: PTH208 - plain strings
        except (OSError, ValueError):
            # A file, or something that cannot be read as one either.
            inside = []
        # An empty folder is told of as what cannot be read.
        files += [os.path.join(path, name) for name in inside] or [path]  # noqa: PTH118 - as above
    if len(files) > MAX_REPORTS:
        raise UsageError(f"--from takes {MAX_REPORTS} reports at most; these are {len(files):,}")
    return files


def _bytes_of(path: str, source: str) -> bytes:
    """What a file holds, and a byte more than may be."""
    try:
        if path == "-":
            if sys.stdin is None:
                raise ReportError(source, "is closed")
            return sys.stdin.buffer.read(MAX_BYTES + 1)
        with open(path, "rb") as file:  # noqa: PTH123 - a plain string, as argparse gives it
            return file.read(MAX_BYTES + 1)
    except IsADirectoryError:
        raise ReportError(source, "is a folder without any .json file") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ReportError(source, f"cannot be read: {clean(reason)}") from None
