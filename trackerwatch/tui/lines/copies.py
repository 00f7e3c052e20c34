"""What can be copied of a tracker or a torrent: single lines that do nothing when they are pasted. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from trackerwatch.tui.lines import sheets, states
from trackerwatch.tui.lines.subject import TorrentSubject, TrackerSubject

if TYPE_CHECKING:
    from trackerwatch.engine.views import TorrentView, TrackerView
    from trackerwatch.metainfo import Torrent
    from trackerwatch.tui.lines.subject import Subject


@dataclass(frozen=True, slots=True)
class Copy:
    """One thing to copy."""

    what: str
    text: str
    note: str = ""
    """What is missing from it."""


def copies(subject: Subject, *, reveal: bool) -> tuple[Copy, ...]:
    """What there is to copy, the likeliest first.

    Args:
        subject: What is selected.
        reveal: Leave passkeys in.
    """
    if isinstance(subject, TrackerSubject):
        return _of_tracker(subject.view, reveal=reveal)
    if isinstance(subject, TorrentSubject):
        return _of_torrent(subject.view, reveal=reveal)
    what, text = subject.copied
    return (Copy(what, one_line(text)),)


def _of_tracker(view: TrackerView, *, reveal: bool) -> tuple[Copy, ...]:
    tracker = view.tracker
    hidden = bool(tracker.secrets) and not reveal
    url = tracker.url if reveal else tracker.shown_url
    found = (
        Copy("URL", one_line(url), "its key is left out; --reveal keeps it" if hidden else ""),
        Copy("host and port", one_line(tracker.host_port)),
        Copy("name", one_line(tracker.shown_host)),
        Copy("reason", one_line(states.tracker_reason(view))),
        Copy("row", one_line(sheets.as_text(sheets.TRACKER_COLUMNS, sheets.tracker_row(view)))),
    )
    return tuple(copy for copy in found if copy.text)


def _of_torrent(view: TorrentView, *, reveal: bool) -> tuple[Copy, ...]:
    torrent = view.torrent
    secret = sum(bool(placement.tracker.secrets) for placement in torrent.placements)
    note = f"without {secret} with a key of yours; --reveal keeps them" if secret and not reveal else ""
    active = view.failover.active
    url = "" if active is None else active.url if reveal else active.shown_url
    found = (
        Copy("info hash", torrent.info_hash_hex),
        Copy("magnet link", magnet(torrent, reveal=reveal), note),
        Copy("name", one_line(torrent.name)),
        Copy("why", one_line(view.why)),
        Copy("active tracker", one_line(url)),
        Copy("row", one_line(sheets.as_text(sheets.TORRENT_COLUMNS, sheets.torrent_row(view)))),
    )
    return tuple(copy for copy in found if copy.text)


def magnet(torrent: Torrent, *, reveal: bool) -> str:
    """A magnet link (BEP 9, BEP 52). A tracker whose URL holds a secret is left out: half a URL would be asked in vain."""
    hashes = []
    if torrent.info_hash_v2 is None or torrent.is_hybrid:
        hashes.append(f"xt=urn:btih:{torrent.info_hash_hex}")
    if torrent.info_hash_v2 is not None:
        hashes.append(f"xt=urn:btmh:1220{torrent.info_hash_v2.hex()}")
    named = torrent.name != torrent.info_hash_hex
    parts = [*hashes, *([f"dn={quote(one_line(torrent.name), safe='')}"] if named else [])]
    for placement in torrent.placements:
        tracker = placement.tracker
        if reveal or not tracker.secrets:
            parts.append(f"tr={quote(tracker.url, safe='')}")
    return "magnet:?" + "&".join(parts)


def one_line(text: str) -> str:
    """Text without anything that a terminal or a shell would take for more than a character."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
