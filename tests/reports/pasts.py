"""Hand-made history: what a store would have given, without one."""

from __future__ import annotations

from trackerwatch.history import Gap, Outage, Stretch, TorrentHistory, TrackerHistory, Transition
from trackerwatch.reports.past.history_rows import HistoryReport
from trackerwatch.reports.rows import Vantage
from trackerwatch.stats import UptimeFigure

NOW = 1795356000.0
"""2026-11-22 14:00:00 UTC."""
DAY = 86400.0
HERE = Vantage("00000000-0000-4000-8000-000000000001", "vps7")
HASH = "4f" * 20


def figure(window: str, span_s: float, counted: int, failed: int = 0, coverage: float = 1.0) -> UptimeFigure:
    return UptimeFigure(window, span_s, counted - failed, counted, span_s * coverage)


def stretches(glyphs: str, *, since: float, until: float, p50_s: float = 0.030, p95_s: float = 0.048):
    """One stretch a character of a strip, as `history_rows.glyph` shows them."""
    span_s = (until - since) / len(glyphs)
    made = []
    for index, glyph in enumerate(glyphs):
        successes = {"#": 2, "!": 1, "x": 0, ".": 0}[glyph]
        counted = 0 if glyph == "." else 2
        made.append(
            Stretch(
                begin=since + index * span_s,
                span_s=span_s,
                successes=successes,
                counted=counted,
                covered_s=span_s if counted else 0.0,
                p50_s=p50_s if successes else None,
                p95_s=p95_s * (1 + index / len(glyphs)) if successes else None,
            )
        )
    return tuple(made)


def transition(at: float, before: str, after: str, message: str, *, reason: str | None = None, **more) -> Transition:
    known = {"kind": "state_changed", "tracker": "0123456789"}
    return Transition(at=at, from_state=before, to_state=after, reason=reason, message=message, **{**known, **more})


def tracker(
    host_port: str = "tracker.foo.org:6969",
    *,
    state: str = "down",
    glyphs: str = "#" * 34 + "x" * 4 + "." * 4 + "#" * 4 + "!x",
    failed: int = 9,
    coverage: float = 0.92,
    **more,
) -> TrackerHistory:
    since = NOW - DAY
    known = {
        "tracker": "0123456789",
        "url": f"udp://{host_port}/announce",
        "host_port": host_port,
        "protocol": "udp",
        "since": since,
        "until": NOW,
        "uptime": (
            figure("asked", DAY, 96, failed, coverage),
            figure("1h", 3600.0, 4, 3),
            figure("24h", DAY, 96, failed, coverage),
            figure("7d", 7 * DAY, 672, failed),
            figure("30d", 30 * DAY, 864, failed, 0.3),
        ),
        "stretches": stretches(glyphs, since=since, until=NOW),
        "outages": (
            Outage(None, NOW - 7 * 3600, NOW - 5 * 3600, "timeout"),
            Outage("192.0.2.7:6969", NOW - 1860, None, "refused"),
            Outage(None, NOW - 840, None, "refused"),
        ),
        "gaps": (Gap("local_offline", NOW - 5 * 3600, NOW - 3 * 3600, "no answer from anybody: the fault is here"),),
        "transitions": (
            transition(NOW - 7 * 3600, "up", "down", f"{host_port} is down: no answer", reason="timeout"),
            transition(NOW - 3 * 3600, "down", "up", f"{host_port} answers again", kind="recovered"),
            transition(NOW - 840, "up", "down", f"{host_port} is down: refused", reason="refused"),
        ),
        "p50_s": 0.031,
        "p95_s": 0.048,
        "p99_s": 0.09,
        "phases_p50_s": (("resolve", 0.002), ("connect", 0.03), ("exchange", 0.031)),
        "flaps": 3,
        "last_success_at": NOW - 900,
        "state": state,
        "state_since": NOW - 840,
    }
    return TrackerHistory(**{**known, **more})


def well(host_port: str = "tracker.example.org:1337", **more) -> TrackerHistory:
    known = {
        "tracker": "abcdef0123",
        "state": "up",
        "state_since": NOW - 22 * DAY,
        "last_success_at": NOW - 4,
        "glyphs": "#" * 48,
        "failed": 0,
        "coverage": 1.0,
        "outages": (),
        "gaps": (),
        "transitions": (),
        "flaps": 0,
    }
    return tracker(host_port, **{**known, **more})


def new(host_port: str = "open.baz.io:1337") -> TrackerHistory:
    """Seen for two hours only."""
    return well(
        host_port,
        tracker="aaaaaaaaaa",
        state="unknown",
        state_since=None,
        last_success_at=None,
        glyphs="." * 44 + "#" * 4,
        uptime=(figure("asked", DAY, 8, 0, 0.083),),
        p50_s=None,
        p95_s=None,
        p99_s=None,
        phases_p50_s=(),
    )


def torrent(**more) -> TorrentHistory:
    known = {
        "info_hash": HASH,
        "since": NOW - DAY,
        "until": NOW,
        "transitions": (
            transition(
                NOW - 840,
                "primary",
                "failed_over",
                "debian failed over to tracker.example.org:1337 (tier 1)",
                reason="refused",
                kind="failed_over",
                torrent=HASH,
                name="debian",
            ),
        ),
        "last_seeder_at": NOW - 300,
        "seeders": ((NOW - DAY, 12), (NOW - 840, None), (NOW - 300, 9)),
    }
    return TorrentHistory(**{**known, **more})


def report(*trackers: TrackerHistory, **more) -> HistoryReport:
    return HistoryReport("24h", NOW - DAY, NOW, HERE, trackers, **more)
