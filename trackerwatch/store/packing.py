"""What is kept as text: the memory of a tracker, the outcome of an announce, a failure. Each as one JSON object and back.

What cannot be read again (damaged, of a later version) is unknown: these functions raise nothing for what a file holds, and
its texts come back clean, since anybody may have written it.
"""

from __future__ import annotations

import ipaddress
import json
import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from trackerwatch.engine.records import EndpointMemory, TrackerMemory
from trackerwatch.health import EndpointHealth, Health, dump_health, load_health
from trackerwatch.outcome import (
    AnnounceOutcome,
    Endpoint,
    Failure,
    FailureKind,
    Family,
    Operation,
    Phase,
    PhaseTimes,
    ProbeOutcome,
    SwarmCounts,
)
from trackerwatch.outside_text import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trackerwatch.tracker import Tracker

VERSION = 1
MAX_TEXT_CHARS = 1000
"""Of any one text; longer ones are cut."""
MAX_ENDPOINTS = 64
_UNREADABLE = (ValueError, TypeError, KeyError, OverflowError, RecursionError, AttributeError)


def cut(text: str) -> str:
    """A text that any table takes: of bounded length, and nothing that UTF-8 cannot hold."""
    return text[:MAX_TEXT_CHARS].encode("utf-8", "replace").decode("utf-8")


def pack_failure(failure: Failure) -> str:
    """As JSON."""
    return _json(_of_failure(failure))


def unpack_failure(text: str | None) -> Failure | None:
    """What `pack_failure` wrote; None: nothing readable."""
    if text is None:
        return None
    try:
        return _to_failure(json.loads(text))
    except _UNREADABLE:
        return None


def pack_memory(memory: TrackerMemory) -> str:
    """As JSON, without the tracker."""
    return _json(
        {
            "v": VERSION,
            "at": memory.at,
            "state": memory.state,
            "reasons": memory.reasons,
            "since": memory.since,
            "last_probe_at": memory.last_probe_at,
            "last_success_at": memory.last_success_at,
            "endpoints": [_of_endpoint(endpoint) for endpoint in memory.endpoints[:MAX_ENDPOINTS]],
            "name_health": dump_health(memory.name_health),
            "resolve_failure": _of_failure(memory.resolve_failure),
            "scrape_supported": memory.scrape_supported,
            "interval_s": memory.interval_s,
            "min_interval_s": memory.min_interval_s,
            "watched_at": memory.watched_at,
        }
    )


def unpack_memory(tracker: Tracker, text: str | None) -> TrackerMemory | None:
    """What `pack_memory` wrote of this tracker; None: nothing readable."""
    if text is None:
        return None
    try:
        read = json.loads(text)
        if read["v"] != VERSION:
            return None
        return TrackerMemory(
            tracker=tracker,
            at=float(read["at"]),
            state=Health(read["state"]),
            reasons=tuple(_text(reason) for reason in read["reasons"][:MAX_ENDPOINTS]),
            since=_number(read["since"]),
            last_probe_at=_number(read["last_probe_at"]),
            last_success_at=_number(read["last_success_at"]),
            endpoints=tuple(_to_endpoint(endpoint) for endpoint in read["endpoints"][:MAX_ENDPOINTS]),
            name_health=load_health(read["name_health"]) or EndpointHealth(),
            resolve_failure=_to_failure(read["resolve_failure"]),
            scrape_supported=read["scrape_supported"] if isinstance(read["scrape_supported"], bool) else None,
            interval_s=_number(read["interval_s"]),
            min_interval_s=_number(read["min_interval_s"]),
            watched_at=_number(read.get("watched_at")),
        )
    except _UNREADABLE:
        return None


def pack_announce(outcome: AnnounceOutcome) -> str:
    """As JSON. The number of peers is kept, who they are never was in it."""
    probe = outcome.probe
    return _json(
        {
            "v": VERSION,
            "endpoint": _of_address(probe.endpoint),
            "operation": probe.operation,
            "phases": _of_phases(probe.phases),
            "failure": _of_failure(probe.failure),
            "requests": probe.requests,
            "lost": probe.lost,
            "tls_expires_at": None if probe.tls_expires_at is None else probe.tls_expires_at.timestamp(),
            "tls_valid_from": None if probe.tls_valid_from is None else probe.tls_valid_from.timestamp(),
            "said": cut(probe.said),
            "counts": [outcome.counts.seeders, outcome.counts.leechers, outcome.counts.completed],
            "peers": outcome.peers,
            "interval_s": outcome.interval_s,
            "min_interval_s": outcome.min_interval_s,
            "warning": None if outcome.warning is None else cut(outcome.warning),
            "warning_kind": outcome.warning_kind,
        }
    )


def unpack_announce(text: str) -> AnnounceOutcome | None:
    """What `pack_announce` wrote; None: nothing readable."""
    try:
        read = json.loads(text)
        if read["v"] != VERSION:
            return None
        probe = ProbeOutcome(
            endpoint=_to_address(read["endpoint"]),
            operation=Operation(read["operation"]),
            phases=_to_phases(read["phases"]),
            failure=_to_failure(read["failure"]),
            requests=int(read["requests"]),
            lost=int(read["lost"]),
            tls_expires_at=_moment(read["tls_expires_at"]),
            tls_valid_from=_moment(read["tls_valid_from"]),
            said=_text(read["said"]),
        )
        kind, warning = read["warning_kind"], read["warning"]
        seeders, leechers, completed = (_count(count) for count in read["counts"])
        return AnnounceOutcome(
            probe=probe,
            counts=SwarmCounts(seeders, leechers, completed),
            peers=_count(read["peers"]),
            interval_s=_number(read["interval_s"]),
            min_interval_s=_number(read["min_interval_s"]),
            warning=None if warning is None else _text(warning),
            warning_kind=None if kind is None else FailureKind(kind),
        )
    except (*_UNREADABLE, OSError):
        return None


def _json(value: Mapping[str, Any] | None) -> str:
    return json.dumps(value, separators=(",", ":"))


def _of_endpoint(memory: EndpointMemory) -> dict[str, Any]:
    return {
        "endpoint": _of_address(memory.endpoint),
        "health": dump_health(memory.health),
        "phases": _of_phases(memory.phases),
        "failure": _of_failure(memory.failure),
        "said": cut(memory.said),
        "last_probe_at": memory.last_probe_at,
        "last_success_at": memory.last_success_at,
        "tls_expires_at": memory.tls_expires_at,
    }


def _to_endpoint(read: Any) -> EndpointMemory:
    return EndpointMemory(
        endpoint=_to_address(read["endpoint"]),
        health=load_health(read["health"]) or EndpointHealth(),
        phases=_to_phases(read["phases"]),
        failure=_to_failure(read["failure"]),
        said=_text(read["said"]),
        last_probe_at=_number(read["last_probe_at"]),
        last_success_at=_number(read["last_success_at"]),
        tls_expires_at=_number(read["tls_expires_at"]),
    )


def _of_address(endpoint: Endpoint) -> list[Any]:
    return [endpoint.family, endpoint.address, endpoint.port]


def _to_address(read: Any) -> Endpoint:
    family, address, port = read
    # Raises ValueError where it is no address: it may be asked as it stands here.
    address = ipaddress.ip_address(str(address))
    if not 0 < port <= 65535:
        raise ValueError("no port")
    return Endpoint(Family(family), str(address), int(port))


def _of_phases(phases: PhaseTimes) -> list[float | None]:
    return [phases.resolve_s, phases.connect_s, phases.tls_s, phases.exchange_s]


def _to_phases(read: Any) -> PhaseTimes:
    resolve_s, connect_s, tls_s, exchange_s = (_number(seconds) for seconds in read)
    return PhaseTimes(resolve_s, connect_s, tls_s, exchange_s)


def _of_failure(failure: Failure | None) -> dict[str, Any] | None:
    if failure is None:
        return None
    return {
        "kind": failure.kind,
        "phase": failure.phase,
        "message": cut(failure.message),
        "retry_in_s": failure.retry_in_s,
        "retry_never": failure.retry_never,
    }


def _to_failure(read: Any) -> Failure | None:
    if read is None:
        return None
    phase = read["phase"]
    return Failure(
        kind=FailureKind(read["kind"]),
        phase=None if phase is None else Phase(phase),
        message=_text(read["message"]),
        retry_in_s=_number(read["retry_in_s"]),
        retry_never=read["retry_never"] is True,
    )


def _text(read: Any) -> str:
    return clean(str(read), limit_chars=MAX_TEXT_CHARS)


def _number(read: Any) -> float | None:
    number = None if read is None else float(read)
    return number if number is not None and math.isfinite(number) else None


def _count(read: Any) -> int | None:
    return None if read is None else int(read)


def _moment(read: Any) -> datetime | None:
    return None if read is None else datetime.fromtimestamp(float(read), UTC)
