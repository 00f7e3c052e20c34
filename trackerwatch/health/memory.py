"""What is known of an endpoint's health as one short line of JSON, and back: what a store keeps across a restart."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from trackerwatch.health.endpoint import WINDOW_ROUNDS, EndpointHealth, Sample
from trackerwatch.health.flapping import STATES
from trackerwatch.health.states import Health
from trackerwatch.outcome import FailureKind

VERSION = 1
MAX_CHARS = 8192
"""Ten samples and a few numbers are under two thousand."""

_MAX_NUMBER = 2**53
_REASON = re.compile(r"[a-z][a-z_]{0,39}", re.ASCII)
_MAX_REASONS = 16


def dump_health(health: EndpointHealth) -> str:
    """As one line of JSON, ASCII."""
    return json.dumps(
        {
            "v": VERSION,
            "state": health.state,
            "reasons": health.reasons,
            "since": _known(health.since),
            "failures": health.failures_in_row,
            "answers": health.answers_in_row,
            "failing_since": _known(health.failing_since),
            "ever": health.ever_answered,
            "counted": health.counted,
            "answered": health.answered,
            "states": health.states,
            "flapping": health.flapping,
            "window": [
                [s.failure, _known(s.latency_s), s.requests, s.lost, _known(s.tls_left_s), _known(s.tls_life_s)]
                for s in health.window
            ],
        },
        separators=(",", ":"),
        allow_nan=False,
    )


def load_health(text: str) -> EndpointHealth | None:
    """What `dump_health` wrote. None: it is something else, damaged, or of another version."""
    if len(text) > MAX_CHARS:
        return None
    try:
        return _health(json.loads(text))
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return None


def _health(read: Any) -> EndpointHealth:
    if not isinstance(read, dict) or read["v"] != VERSION:
        raise ValueError("another version")
    counted = _count(read["counted"])
    window = tuple(_sample(row) for row in read["window"])
    states = read["states"]
    if len(window) > WINDOW_ROUNDS:
        raise ValueError("too many samples")
    return EndpointHealth(
        state=Health(read["state"]),
        reasons=_reasons(read["reasons"]),
        since=_time(read["since"]),
        failures_in_row=_count(read["failures"]),
        answers_in_row=_count(read["answers"]),
        failing_since=_time(read["failing_since"]),
        ever_answered=_flag(read["ever"]),
        window=window,
        counted=counted,
        answered=_count(read["answered"], counted),
        states=None if states is None else _count(states, (1 << STATES) - 1),
        flapping=_flag(read["flapping"]),
    )


def _sample(row: Any) -> Sample:
    failure, latency_s, requests, lost, tls_left_s, tls_life_s = row
    return Sample(
        failure=None if failure is None else FailureKind(failure),
        latency_s=_time(latency_s),
        requests=_count(requests),
        lost=_count(lost),
        tls_left_s=_time(tls_left_s),
        tls_life_s=_time(tls_life_s),
    )


def _reasons(read: Any) -> tuple[str, ...]:
    if not isinstance(read, list) or len(read) > _MAX_REASONS:
        raise ValueError("no reasons")
    if not all(isinstance(reason, str) and _REASON.fullmatch(reason) for reason in read):
        raise ValueError("no reason")
    return tuple(read)


def _known(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None


def _time(read: Any) -> float | None:
    if read is None:
        return None
    if isinstance(read, bool) or not isinstance(read, int | float) or not math.isfinite(read):
        raise ValueError("no time")
    return float(read)


def _count(read: Any, limit: int = _MAX_NUMBER) -> int:
    if isinstance(read, bool) or not isinstance(read, int) or not 0 <= read <= limit:
        raise ValueError("no count")
    return read


def _flag(read: Any) -> bool:
    if not isinstance(read, bool):
        raise TypeError("no flag")
    return read
