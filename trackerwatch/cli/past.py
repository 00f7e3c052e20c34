"""What the store remembers, found by what people call it, and handed to a format."""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import re
import sys
import time
from typing import TYPE_CHECKING

from trackerwatch.cli.arguments import given_settings
from trackerwatch.cli.exit_codes import ExitCode
from trackerwatch.cli.narration import Narrator
from trackerwatch.cli.output import screen_width, to_stdout, wants_color
from trackerwatch.cli.pipes import drop_stdout
from trackerwatch.cli.remembering import open_past, store_path
from trackerwatch.config.loading import load
from trackerwatch.errors import TrackerUrlError, TrackerwatchError, UsageError
from trackerwatch.locations import host_name, vantage_id
from trackerwatch.outside_text import clean, redact_url
from trackerwatch.reports import Style
from trackerwatch.reports.past.history_rows import HistoryReport, cleaned, cleaned_torrent, worst_first
from trackerwatch.reports.rows import Vantage
from trackerwatch.tracker import parse_tracker

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator, Sequence

    from trackerwatch.history import History, TrackerHistory

NICE_SPANS_S = (60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800)
"""What a column of a strip may stand for."""
MAX_COLUMNS = 60
MAX_NEAR = 5
"""Names that are told where one is not found or not clear."""
SHORTEST_PART = 3
"""Characters of a host by which a tracker may be called."""

_SOME_HEX = re.compile(r"[0-9A-Fa-f]{4,64}")
_INFO_HASH = re.compile(r"[0-9A-Fa-f]{40}")


class NotStoredError(TrackerwatchError):
    """The store knows nothing of what was asked for; the message says what it does know."""


def tell_history(arguments: Namespace) -> int:
    """Find and print it."""
    config = load(given_settings(arguments), file=arguments.config, environment=os.environ).config
    path = store_path(config)
    if path is None:
        raise UsageError("no history is kept (store = false in the settings); --store FILE reads one")
    try:
        # What else may be wrong with it, its reader tells.
        with contextlib.suppress(PermissionError):
            os.lstat(path)
    except OSError:
        raise NotStoredError(
            f"nothing stored: there is no {clean(str(path))}; `trackerwatch watch` and `report` keep one"
        ) from None
    narrator = Narrator()
    vantage = Vantage(vantage_id(), clean(config.vantage or host_name()))
    past = open_past(path)
    try:
        report = asyncio.run(history_report(past, arguments.tracker, arguments.since, time.time(), vantage))
    except NotStoredError:
        if past.trouble:
            raise NotStoredError(past.trouble) from None
        raise
    finally:
        past.close()
    if past.trouble:
        raise NotStoredError(past.trouble)
    try:
        to_stdout(render(report, arguments.format, config.color), None if arguments.format == "table" else "utf-8")
    except BrokenPipeError:
        # The reader has seen what it wanted.
        drop_stdout()
    if not report.trackers and report.torrent is None:
        narrator.say("nothing stored")
        return ExitCode.UNKNOWN
    return ExitCode.OK


def render(report: HistoryReport, name: str, color: str) -> Iterator[str]:
    """The document in a format."""
    if name == "json":
        from trackerwatch.reports.past.history_json import render as render_json  # noqa: PLC0415 - one format a run

        return render_json(report)
    if name == "csv":
        from trackerwatch.reports.past.history_csv import render as render_csv  # noqa: PLC0415 - as above

        return render_csv(report)
    from trackerwatch.reports.past.history_table import render as render_table  # noqa: PLC0415 - as above

    return render_table(report, Style(color=wants_color(color, sys.stdout), width=screen_width(sys.stdout)))


async def history_report(
    store: History, name: str | None, window: tuple[str, float], now: float, vantage: Vantage
) -> HistoryReport:
    """Ask the store.

    Args:
        store: Whom.
        name: What was asked for; None: every tracker.
        window: How far back, in words and in seconds.
        now: Unix time.
        vantage: Where it was seen from.

    Raises:
        NotStoredError: Nothing is stored under that name.
        UsageError: The name means several trackers.
    """
    words, span_s = window
    since = now - span_s
    stretches = columns_of(span_s)
    if name is None:
        found = await store.overview(since=since, until=now, stretches=stretches)
        return HistoryReport(words, since, now, vantage, worst_first(map(cleaned, found)))
    if _INFO_HASH.fullmatch(name.strip()):
        torrent = await store.torrent(name.strip().lower(), since=since, until=now)
        if not torrent.transitions and not torrent.seeders and torrent.last_seeder_at is None:
            raise NotStoredError(f"nothing stored of the torrent {torrent.info_hash} in the last {words}")
        return HistoryReport(words, since, now, vantage, (), torrent=cleaned_torrent(torrent))
    known = [cleaned(one) for one in await store.overview(since=since, until=now, stretches=1)]
    tracker = await store.tracker(which(name, known), since=since, until=now, stretches=stretches)
    if tracker is None:
        raise NotStoredError(f"nothing stored of {clean(redact_url(name))}")
    return HistoryReport(words, since, now, vantage, (cleaned(tracker),), in_full=True)


def columns_of(span_s: float) -> int:
    """How many columns a strip of so many seconds has: each stands for a span that people can name."""
    for nice_s in NICE_SPANS_S:
        if span_s <= nice_s * MAX_COLUMNS:
            return max(1, math.ceil(span_s / nice_s))
    return MAX_COLUMNS


def which(name: str, known: Sequence[TrackerHistory]) -> str:
    """The id of the tracker that people call so.

    Args:
        name: An id, URL, host, or host and port; or a part of these two that no other tracker has.
        known: What is stored.

    Raises:
        NotStoredError: None is called so; near names are told.
        UsageError: Several are.
    """
    word = name.strip()
    found = _called(word, known)
    if len(found) == 1:
        return found[0].tracker
    shown = clean(redact_url(word) if "://" in word else word, limit_chars=100)
    if found:
        raise UsageError(f"{shown!r} means {len(found)} trackers; name one by its id: {_listed(found)}")
    if not known:
        raise NotStoredError("nothing stored")
    near = _near(word, known)
    if near:
        raise NotStoredError(f"nothing stored of {shown!r}; did you mean {_listed(near)}?")
    if _SOME_HEX.fullmatch(word):
        raise NotStoredError(
            f"no tracker is called {shown!r}, and a torrent is named by its whole info hash, 40 hex digits"
        )
    raise NotStoredError(
        f"nothing stored of {shown!r}; `trackerwatch history` lists the trackers, a torrent is named by its info hash (40 hex digits)"
    )


def _called(word: str, known: Sequence[TrackerHistory]) -> list[TrackerHistory]:
    low = word.lower()
    if "://" in word:
        try:
            tracker = parse_tracker(word)
        except TrackerUrlError:
            return []
        exact = [one for one in known if one.tracker == tracker.id]
        # As reports show it, a URL may have lost its secrets.
        return exact or [one for one in known if one.url in (word, tracker.shown_url)]
    by_id = [one for one in known if one.tracker == low]
    whole = by_id or [one for one in known if low in (one.host_port.lower(), host_of(one), host_of(one).strip("[]"))]
    return whole or [one for one in known if len(low) >= SHORTEST_PART and low in one.host_port.lower()]


def host_of(history: TrackerHistory) -> str:
    """The host of `host:port`; an IPv6 literal in brackets."""
    return history.host_port.lower().rpartition(":")[0]


def _near(word: str, known: Sequence[TrackerHistory]) -> list[TrackerHistory]:
    from difflib import SequenceMatcher  # noqa: PLC0415 - only where there is a mistake

    host = re.sub(r"^[a-z]+://|[/?].*$", "", word.lower())[:80]

    def likeness(one: TrackerHistory) -> float:
        names = (one.host_port.lower(), host_of(one), one.tracker)
        if host and any(host in name for name in names):
            return 1.0
        return max(SequenceMatcher(None, host, name).ratio() for name in names)

    near = sorted(((likeness(one), one) for one in known), key=lambda pair: -pair[0])
    return [one for likeness_of, one in near if likeness_of >= 0.6]


def _listed(trackers: Sequence[TrackerHistory]) -> str:
    told = ", ".join(f"{one.tracker} ({one.url})" for one in trackers[:MAX_NEAR])
    more = len(trackers) - MAX_NEAR
    return f"{told}, and {more} more" if more > 0 else told
