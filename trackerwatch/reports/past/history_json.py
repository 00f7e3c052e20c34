"""History as JSON (Contract: `trackerwatch.history/1`; `history.schema.json` beside this file is its schema)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch.reports.past.history_rows import rfc3339
from trackerwatch.reports.values import seconds, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from trackerwatch.history import Gap, Outage, Stretch, TorrentHistory, TrackerHistory, Transition
    from trackerwatch.reports.past.history_rows import HistoryReport
    from trackerwatch.reports.values import Json
    from trackerwatch.stats import UptimeFigure

SCHEMA = "trackerwatch.history/1"

PHASES = ("resolve", "connect", "tls", "exchange")


def render(report: HistoryReport) -> Iterator[str]:
    """The document, piece by piece."""
    head: dict[str, Json] = {
        "schema": SCHEMA,
        "since": rfc3339(report.since),
        "until": rfc3339(report.until),
        "vantage": {"id": report.vantage.id, "name": report.vantage.name},
        "torrent": None if report.torrent is None else _torrent(report.torrent),
    }
    opening = "{\n"
    for key, value in head.items():
        yield f"{opening} {text(key)}: {text(value)}"
        opening = ",\n"
    yield ',\n "trackers": ['
    separator = "\n  "
    for history in report.trackers:
        yield separator + text(_tracker(history))
        separator = ",\n  "
    yield "]\n}\n" if separator == "\n  " else "\n ]\n}\n"


def _tracker(history: TrackerHistory) -> Json:
    phases = dict(history.phases_p50_s)
    return {
        "id": history.tracker,
        "url": history.url,
        "host_port": history.host_port,
        "protocol": history.protocol,
        "state": history.state,
        "state_since": rfc3339(history.state_since),
        "last_success_at": rfc3339(history.last_success_at),
        "uptime": [_uptime(figure) for figure in _figures(history.uptime)],
        "p50_s": seconds(history.p50_s),
        "p95_s": seconds(history.p95_s),
        "p99_s": seconds(history.p99_s),
        "phases_p50": {f"{phase}_s": seconds(phases.get(phase)) for phase in PHASES},
        "flaps": history.flaps,
        "outages": [_outage(outage) for outage in history.outages],
        "gaps": [_gap(gap) for gap in history.gaps],
        "transitions": [_transition(transition) for transition in history.transitions],
        "stretches": [_stretch(stretch) for stretch in history.stretches],
    }


def _figures(figures: Sequence[UptimeFigure]) -> Iterator[UptimeFigure]:
    """The asked stretch and the usual ones, each once."""
    yield from (figure for index, figure in enumerate(figures) if not index or figure.window != figures[0].window)


def _uptime(figure: UptimeFigure) -> Json:
    return {
        "window": figure.window,
        "uptime": None if figure.uptime is None else round(figure.uptime, 6),
        "coverage": round(figure.coverage, 6),
        "successes": figure.successes,
        "counted": figure.counted,
        "span_s": seconds(figure.span_s),
        "covered_s": seconds(figure.covered_s),
    }


def _stretch(stretch: Stretch) -> Json:
    return {
        "begin": rfc3339(stretch.begin),
        "span_s": seconds(stretch.span_s),
        "successes": stretch.successes,
        "counted": stretch.counted,
        "covered_s": seconds(stretch.covered_s),
        "p50_s": seconds(stretch.p50_s),
        "p95_s": seconds(stretch.p95_s),
    }


def _outage(outage: Outage) -> Json:
    return {
        "endpoint": outage.endpoint,
        "begin": rfc3339(outage.begin),
        "end": rfc3339(outage.end),
        "reason": outage.reason,
    }


def _gap(gap: Gap) -> Json:
    return {"kind": gap.kind, "begin": rfc3339(gap.begin), "end": rfc3339(gap.end), "message": gap.message}


def _transition(transition: Transition) -> Json:
    return {
        "at": rfc3339(transition.at),
        "event": transition.kind,
        "tracker": transition.tracker,
        "endpoint": transition.endpoint,
        "torrent": transition.torrent,
        "name": transition.name or None,
        "from": transition.from_state,
        "to": transition.to_state,
        "reason": transition.reason,
        "message": transition.message,
    }


def _torrent(history: TorrentHistory) -> Json:
    return {
        "info_hash": history.info_hash,
        "last_seeder_at": rfc3339(history.last_seeder_at),
        "transitions": [_transition(transition) for transition in history.transitions],
        "seeders": [{"at": rfc3339(at), "seeders": count} for at, count in history.seeders],
    }
