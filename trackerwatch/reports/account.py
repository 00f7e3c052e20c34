"""What a report has to say, in the order people should read it; formats for people lay it out and add nothing.

Text here is clean (`outside_text.clean`) and not escaped: each format escapes for itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from trackerwatch.engine.views import TorrentView, TrackerView
    from trackerwatch.policy.rules import Rule, Severity, Verdict
    from trackerwatch.reports.rows import Report


@dataclass(frozen=True, slots=True)
class Block:
    """What is wrong with one torrent, one tracker or the run: all its problems together."""

    severity: Severity
    """The worst of them; never info."""
    subject: str
    """Name of the torrent, URL of the tracker; empty where the run is meant."""
    torrent: str | None
    """Info hash in hex."""
    tracker: str | None
    """Tracker id. With a torrent: whom its problem blames."""
    collection: str
    rule: Rule
    message: str
    also: tuple[tuple[Rule, str], ...]
    """The other rules it breaks, with their messages."""
    evidence: tuple[str, ...]
    """What each tracker or address said, most telling first."""
    effect: str
    since: datetime | None
    actions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """Torrents of one collection, worst first."""

    name: str
    """Empty: there is only one."""
    rows: tuple[TorrentView, ...]
    by_verdict: Mapping[Verdict, int]
    """Of all its torrents, also those that are not listed."""


@dataclass(frozen=True, slots=True)
class Account:
    """The whole of it, in order."""

    verdict: Verdict
    title: str
    """What the report is about: `release 13.2`."""
    sentence: str
    """Verdict, count and subject in one sentence, without the verdict's word: `release 13.2: 1 of 12 torrents has a problem; ...`."""
    blocks: tuple[Block, ...]
    """Trackers and the run first: they are the causes of what torrents have. Then torrents, worst first."""
    skipped: tuple[tuple[str, tuple[str, ...]], ...]
    """(message, sources) of inputs that could not be used."""
    changes: tuple[str, ...]
    """One line each; empty: none, or nothing to compare with (`compared`)."""
    compared: str
    """`since the last run, 22 Nov 13:00 UTC (1h ago)`; empty: nothing was compared."""
    not_judged: tuple[str, ...]
    """What nothing is known of, and why."""
    notes: tuple[str, ...]
    """Remarks that change no verdict, `11 torrents list a single tracker`."""
    orders: tuple[tuple[str, str], ...]
    """(label, line): what the user ordered of single trackers: muted, switched off."""
    sections: tuple[Section, ...]
    """By collection."""
    trackers: tuple[TrackerView, ...]
    """Worst first."""
    seen_from: str
    """`ci-eu, IPv4 only (no IPv6 route: 2 endpoints not judged), 7.4 s, all data fresh`."""
    votes: tuple[str, ...]
    """With several vantages: who says what, and whose vote does not count; the quorum in words first."""
    policy: str
    """`policy release.toml: 2 torrents in grace`; empty: none."""
    command: str
    """How to reproduce it; empty: not known."""
    exit_code: int


def account_of(report: Report) -> Account:
    """Put a report into words and order."""
    raise NotImplementedError
