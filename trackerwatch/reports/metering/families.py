"""What is known of trackers and torrents, as metric families (names and labels: spec 11, Contract).

Unknown is no series, never 0. Pure functions of views: a report uses them, and so may whoever serves metrics.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from trackerwatch.escaping import label_value
from trackerwatch.health.states import Health
from trackerwatch.policy.rules import BUILT_IN, SEVERITIES, Verdict
from trackerwatch.reports.metering.exposition import Family, Series, labels

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from trackerwatch.engine.views import TorrentView, TrackerView
    from trackerwatch.outcome import Endpoint, PhaseTimes
    from trackerwatch.policy.rules import Problem


def build_families(version: str, vantage_id: str, vantage_name: str) -> list[Family]:
    """Which program looks, and where from."""
    vantage = labels(vantage_id=vantage_id, vantage=vantage_name)
    return [
        Family("build_info", "Version of trackerwatch.", [(labels(version=version), 1)]),
        Family("vantage_info", "Where it is seen from.", [(vantage, 1)]),
    ]


def tracker_families(trackers: Sequence[TrackerView]) -> list[Family]:
    """State, times and endpoints of every tracker."""
    named = [(labels(tracker_id=view.tracker.id, tracker=view.tracker.shown_url), view) for view in trackers]

    def of_each(name: str, text: str, read: Callable[[TrackerView], float | None]) -> Family:
        return Family(name, text, [(told, value) for told, view in named if (value := read(view)) is not None])

    return [
        Family(
            "tracker_state",
            "State of a tracker: 1 for the state it is in, 0 for the others.",
            [series for told, view in named for series in _state_set(told, view.state)],
        ),
        of_each("tracker_muted", "Whether a tracker is muted.", lambda view: float(view.muted is not None)),
        of_each(
            "tracker_last_probe_timestamp_seconds",
            "When a tracker was asked last.",
            lambda view: _timestamp(view.last_probe_at),
        ),
        of_each(
            "tracker_last_success_timestamp_seconds",
            "When a tracker answered last.",
            lambda view: _timestamp(view.last_success_at),
        ),
        of_each(
            "tracker_tls_cert_expiry_timestamp_seconds",
            "When the certificate of a tracker ends.",
            lambda view: _timestamp(view.tls_expires_at),
        ),
        of_each(
            "tracker_interval_seconds", "Time between announces that a tracker asks for.", lambda view: view.interval_s
        ),
        Family(
            "endpoint_state",
            "State of one address of a tracker: 1 for the state it is in, 0 for the others.",
            [
                series
                for told, view in named
                for endpoint in view.endpoints
                for series in _state_set(_endpoint(told, endpoint.endpoint), endpoint.state)
            ],
        ),
        Family(
            "probe_phase_seconds",
            "Time that each phase of the latest probe of an address took.",
            [
                (f'{_endpoint(told, endpoint.endpoint)},phase="{phase}"', span_s)
                for told, view in named
                for endpoint in view.endpoints
                for phase, span_s in _phases(endpoint.phases)
            ],
        ),
    ]


def torrent_families(torrents: Iterable[TorrentView], collection_of: Mapping[str, str]) -> list[Family]:
    """Counts of every torrent; `collection_of` by info hash in hex."""
    texts = {
        "torrent_info": "Name of a torrent and the collection it belongs to.",
        "torrent_seeders": "Seeders of a torrent, the maximum over its trackers.",
        "torrent_leechers": "Leechers of a torrent, the maximum over its trackers.",
        "torrent_completed": "Downloads of a torrent that were completed, the maximum over its trackers.",
        "torrent_working_trackers": "Trackers that work for a torrent.",
    }
    troubled: dict[str, list[Series]] = {name: [] for name in texts}
    well: dict[str, list[Series]] = {name: [] for name in texts}
    for view in torrents:
        series = well if view.verdict is Verdict.OK else troubled
        info_hash = view.torrent.info_hash_hex
        told = f'torrent="{info_hash}"'
        more = labels(name=view.torrent.name, collection=collection_of.get(info_hash, ""))
        series["torrent_info"].append((f"{told},{more}", 1))
        counts = view.counts
        if counts.seeders is not None:
            series["torrent_seeders"].append((told, counts.seeders))
        if counts.leechers is not None:
            series["torrent_leechers"].append((told, counts.leechers))
        if counts.completed is not None:
            series["torrent_completed"].append((told, counts.completed))
        series["torrent_working_trackers"].append((told, view.failover.working))
    return [Family(name, text, troubled[name], well[name]) for name, text in texts.items()]


def verdict_family(by_verdict: Mapping[Verdict, int], collections: Mapping[str, Mapping[Verdict, int]]) -> Family:
    """Torrents by verdict and collection; those of no collection have an empty one."""
    of_none = {v: by_verdict.get(v, 0) - sum(c.get(v, 0) for c in collections.values()) for v in Verdict}
    return Family(
        "torrent_verdict_count",
        "Torrents by verdict and collection.",
        [
            (labels(verdict=verdict.value, collection=name), counted.get(verdict, 0))
            for name, counted in {**collections, "": of_none}.items()
            for verdict in Verdict
        ],
    )


def violation_family(problems: Iterable[Problem]) -> Family:
    """Broken rules; 0 for a rule that is looked at in any case. One that only a policy asks for has no 0."""
    counted = Counter((problem.rule, problem.severity) for problem in problems)
    broken = {rule for rule, _ in counted}
    for rule in sorted(BUILT_IN - broken):
        counted[rule, SEVERITIES[rule]] = 0
    return Family(
        "policy_violations",
        "How often each rule is broken.",
        [
            (labels(rule=rule.value, severity=severity.value), number)
            for (rule, severity), number in sorted(counted.items())
        ],
    )


def _state_set(told: str, state: Health) -> list[Series]:
    return [(f'{told},state="{one.value}"', float(one is state)) for one in Health]


def _endpoint(told: str, endpoint: Endpoint) -> str:
    return f'{told},address="{label_value(endpoint.address)}",port="{endpoint.port}",family="{endpoint.family.value}"'


def _phases(phases: PhaseTimes) -> list[tuple[str, float]]:
    told = (
        ("resolve", phases.resolve_s),
        ("connect", phases.connect_s),
        ("tls", phases.tls_s),
        ("exchange", phases.exchange_s),
    )
    return [(phase, span_s) for phase, span_s in told if span_s is not None]


def _timestamp(at: datetime | None) -> float | None:
    return None if at is None else at.timestamp()
