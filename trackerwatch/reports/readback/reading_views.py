"""Trackers and torrents of a JSON report, row by row, as the views that an engine would have made."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from trackerwatch.engine.views import (
    AnnounceView,
    AnswerView,
    AskState,
    Disabled,
    Effect,
    EndpointView,
    FailoverView,
    Mute,
    OrderSource,
    ScrapeView,
    Source,
    TorrentView,
    TrackerView,
)
from trackerwatch.failover.states import FailoverState, Role
from trackerwatch.health.states import Health
from trackerwatch.metainfo.torrent import Placement, SwarmVersion, Torrent
from trackerwatch.outcome import Endpoint, Failure, FailureKind, Family, Phase, PhaseTimes, SwarmCounts
from trackerwatch.outside_text import clean, redact_url
from trackerwatch.policy.rules import Problem, Severity, Verdict
from trackerwatch.reports.readback.derived import effects_of, failure_of, why_of
from trackerwatch.tracker import DEFAULT_PORTS, Protocol, Tracker, tracker_from_report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from trackerwatch.reports.readback.document import Fields

Row = TypeVar("Row")

TRACKER_ID = re.compile(r"[0-9a-f]{10}")
INFO_HASH = re.compile(r"[0-9a-f]{40}")
INFO_HASH_V2 = re.compile(r"[0-9a-f]{64}")
REASON = re.compile(r"[a-z0-9_]{1,40}")
MAX_NAME_CHARS = 300
MAX_URL_CHARS = 2048
MAX_TIER = 100_000


def _failure(fields: Fields | None) -> Failure | None:
    if fields is None:
        return None
    phase = fields.maybe("phase", lambda key: fields.choice(key, Phase))
    return Failure(fields.choice("kind", FailureKind), phase, fields.text("message"))


@dataclass(frozen=True, slots=True)
class Kind(Generic[Row]):
    """Objects of which many hold the same: trackers answer for many torrents at once, and most torrents stand alike."""

    name: str
    keys: tuple[str, ...]
    """All that is read of one."""
    read: Callable[[Fields, TrackerReader], Row]


# -- trackers ----------------------------------------------------------------------------------------------------------


class TrackerReader:
    """The trackers of one document: those it lists, and those that only torrents tell of."""

    def __init__(self, document: Fields) -> None:
        self.down_for: dict[str, tuple[str, ...]] = {}
        self.down: dict[str, Failure | None] = {}
        """By id, why each is down that is."""
        self._by_id: dict[str, Tracker] = {}
        self._index: dict[str, int] = {}
        self._views: list[TrackerView] = []
        self._alike: defaultdict[str, dict[tuple[object, ...], Any]] = defaultdict(dict)
        """What was read, by kind and by all its values."""
        for fields in document.each("trackers"):
            view = self._view(fields)
            if view.tracker.id in self._index:
                fields.wrong("id", f"{view.tracker.id} is listed twice")
            self._index[view.tracker.id] = view.index
            self._views.append(view)
            if view.state is Health.DOWN:
                self.down[view.tracker.id] = view.failure
            if names := fields.maybe("down_for", fields.texts):
                self.down_for[view.tracker.id] = names

    def views(self, torrents: Iterable[TorrentView]) -> tuple[TrackerView, ...]:
        """All that are listed, with what they do to the torrents that are listed."""
        effects = effects_of(torrents)
        return tuple(_with_effect(view, effects.get(view.tracker.id)) for view in self._views)

    def named(self, fields: Fields, key: str) -> tuple[Tracker, int]:
        """The tracker that an answer is of, and its index (-1: it is not listed, being well)."""
        tracker = self._by_id.get(fields.word_or_none(key) or "")
        if tracker is None:
            tracker_id = fields.matching(key, TRACKER_ID, "the id of a tracker")
            url = redact_url(fields.text("url", limit_chars=MAX_URL_CHARS))
            known = _taken_apart(url)
            if known is None:
                fields.wrong("url", f"{clean(url, limit_chars=60)!r} is no tracker's URL")
            tracker = self._by_id[tracker_id] = tracker_from_report(tracker_id, url, *known)
        return tracker, self._index.get(tracker.id, -1)

    def alike(self, fields: Fields, key: str, kind: Kind[Row]) -> Row:
        """What the object at a key comes to; of objects of one kind that hold the same it is read once."""
        values = fields.key_of(key, kind.keys)
        if values is None:
            return kind.read(fields.fields(key), self)
        known: Row | None = self._alike[kind.name].get(values)
        if known is None:
            known = self._alike[kind.name][values] = kind.read(fields.fields(key), self)
        return known

    def active(self, fields: Fields) -> Tracker | None:
        """The tracker that a torrent uses: one of those that answered for it."""
        tracker_id = fields.maybe("active", lambda key: fields.matching(key, TRACKER_ID, "the id of a tracker"))
        if tracker_id is None:
            return None
        if tracker_id not in self._by_id:
            fields.wrong("active", f"there is no tracker {tracker_id} in this report")
        return self._by_id[tracker_id]

    def _view(self, fields: Fields) -> TrackerView:
        tracker_id = fields.matching("id", TRACKER_ID, "the id of a tracker")
        tracker = tracker_from_report(
            tracker_id,
            redact_url(fields.text("url", limit_chars=MAX_URL_CHARS)),
            fields.choice("protocol", Protocol),
            fields.text("host", limit_chars=MAX_NAME_CHARS),
            fields.whole("port", least=1, most=65535),
        )
        self._by_id[tracker_id] = tracker
        state = fields.choice("state", Health)
        reasons = fields.texts("reasons", limit_chars=60)
        for reason in reasons:
            if not REASON.fullmatch(reason):
                fields.wrong("reasons", f"{reason!r} is no reason's code")
        endpoints = tuple(map(_endpoint, fields.each("endpoints")))
        moment, seconds = fields.moment, fields.seconds
        return TrackerView(
            index=len(self._views),
            tracker=tracker,
            state=state,
            reasons=reasons,
            pending=0,
            pending_limit=0,
            since=fields.maybe("since", moment),
            last_probe_at=None,
            last_success_at=fields.maybe("last_success_at", moment),
            next_probe_at=None,
            asking=False,
            latency_s=fields.maybe("latency_s", seconds),
            p50_s=None,
            p95_s=None,
            uptime=None,
            recent=(),
            scrape_supported=fields.maybe("scrape_supported", fields.yes),
            interval_s=fields.maybe("interval_s", seconds),
            min_interval_s=fields.maybe("min_interval_s", seconds),
            tls_expires_at=fields.maybe("tls_expires_at", moment),
            torrents=fields.whole("torrents"),
            endpoints=endpoints,
            failure=failure_of(state, reasons, endpoints),
            effect=Effect(0, 0, 0, 0),
            flapping=fields.maybe("flapping", fields.yes) or False,
            muted=_muted(fields.fields_or_none("muted")),
            own=fields.maybe("own", fields.yes) or False,
            disabled=_disabled(fields.fields_or_none("disabled")),
            interval_wish_s=fields.maybe("interval_wish_s", seconds),
            added=fields.maybe("added", fields.yes) or False,
        )


def _with_effect(view: TrackerView, effect: Effect | None) -> TrackerView:
    return view if effect is None else replace(view, effect=effect)


def _muted(fields: Fields | None) -> Mute | None:
    if fields is None:
        return None
    return Mute(fields.maybe("until", fields.moment), fields.text("why"), fields.choice("source", OrderSource))


def _disabled(fields: Fields | None) -> Disabled | None:
    if fields is None:
        return None
    return Disabled(fields.text("why"), fields.choice("source", OrderSource), fields.maybe("since", fields.moment))


def _endpoint(fields: Fields) -> EndpointView:
    state = fields.choice("state", Health)
    failure = _failure(fields.fields_or_none("failure"))
    phases = fields.fields("phases")
    latency_s = fields.maybe("latency_s", fields.seconds)
    return EndpointView(
        endpoint=Endpoint(
            fields.choice("family", Family), fields.address("address"), fields.whole("port", least=1, most=65535)
        ),
        state=state,
        judged=state is not Health.UNKNOWN or failure is None or failure.kind.counted,
        pending=0,
        since=fields.maybe("since", fields.moment),
        last_probe_at=None,
        last_success_at=None,
        next_probe_at=None,
        latency_s=latency_s,
        p50_s=None,
        p95_s=None,
        phases=PhaseTimes(
            *(phases.maybe(key, phases.seconds) for key in ("resolve_s", "connect_s", "tls_s", "exchange_s"))
        ),
        failure=failure,
        consecutive_failures=0,
        recent=(),
        said="",
    )


def _taken_apart(shown_url: str) -> tuple[Protocol, str, int] | None:
    """Protocol, host and port of a shown URL. None: it names none."""
    scheme, separator, rest = shown_url.partition("://")
    if not separator or scheme not in set(Protocol):
        return None
    authority = re.split(r"[/?]", rest, maxsplit=1)[0].rpartition("@")[2]
    host, colon, port = authority.rpartition(":")
    if not colon or authority.endswith("]"):
        host, port = authority, str(DEFAULT_PORTS[Protocol(scheme)])
    host = host.removeprefix("[").removesuffix("]")
    if not host or not re.fullmatch(r"[0-9]{1,5}", port) or not 1 <= int(port) <= 65535:
        return None
    return Protocol(scheme), host, int(port)


# -- torrents ----------------------------------------------------------------------------------------------------------


def read_torrent(
    fields: Fields, index: int, trackers: TrackerReader, problems_of: Mapping[str, list[Problem]]
) -> TorrentView:
    """One torrent.

    Args:
        fields: Its row.
        index: The number of the row.
        trackers: Those of the document.
        problems_of: By info hash in hex what is wrong with each torrent.
    """
    info_hash = fields.matching("info_hash", INFO_HASH, "40 hex digits")
    info_hash_v2 = fields.maybe("info_hash_v2", lambda key: fields.matching(key, INFO_HASH_V2, "64 hex digits"))
    answers = tuple(_answer(answer, trackers) for answer in fields.each("trackers"))
    placements: dict[Tracker, Placement] = {}
    for answer in answers:
        placements.setdefault(answer.tracker, Placement(answer.tracker, answer.tier, answer.position))
    torrent = Torrent(
        name=fields.text("name", limit_chars=MAX_NAME_CHARS),
        info_hash=bytes.fromhex(info_hash),
        info_hash_v2=None if info_hash_v2 is None else bytes.fromhex(info_hash_v2),
        private=fields.yes("private"),
        size_bytes=fields.maybe("size_bytes", fields.whole),
        placements=tuple(placements.values()),
        sources=fields.texts("sources"),
    )
    problems = tuple(problems_of.get(info_hash, ()))
    failover = trackers.alike(fields, "failover", _FAILOVER)
    worst = next((problem for problem in problems if problem.severity is not Severity.INFO), None)
    return TorrentView(
        index=index,
        torrent=torrent,
        verdict=fields.choice("verdict", Verdict),
        counts=_counts(fields),
        failover=failover,
        answers=answers,
        problems=problems,
        since=None if worst is None else worst.since,
        why=why_of(problems, answers, failover, trackers.down),
        last_seeder_at=fields.maybe("last_seeder_at", fields.moment),
    )


def _counts(fields: Fields) -> SwarmCounts:
    whole = fields.whole_or_none
    return SwarmCounts(whole("seeders"), whole("leechers"), whole("completed"))


def _failover(fields: Fields, trackers: TrackerReader) -> FailoverView:
    return FailoverView(
        state=fields.choice("state", FailoverState),
        active=trackers.active(fields),
        active_tier=fields.maybe("tier", fields.whole),
        working=fields.whole("working"),
        total=fields.whole("total"),
        explanation=(),
    )


def _answer(fields: Fields, trackers: TrackerReader) -> AnswerView:
    tracker, index = trackers.named(fields, "tracker")
    return AnswerView(
        tracker=tracker,
        tracker_index=index,
        tier=fields.whole("tier", most=MAX_TIER),
        position=fields.whole("position", most=MAX_TIER),
        swarm=fields.choice("swarm", SwarmVersion),
        role=fields.choice("role", Role),
        counts=_counts(fields),
        scrape=trackers.alike(fields, "scrape", _SCRAPE),
        announce=trackers.alike(fields, "announce", _ANNOUNCE),
    )


def _scrape(fields: Fields, _: TrackerReader) -> ScrapeView:
    return ScrapeView(
        state=fields.choice("state", AskState),
        latency_s=fields.maybe("latency_s", fields.seconds),
        failure=_failure(fields.fields_or_none("failure")),
        observed_at=fields.maybe("observed_at", fields.moment),
        source=fields.maybe("source", lambda key: fields.choice(key, Source)),
    )


def _announce(fields: Fields, _: TrackerReader) -> AnnounceView:
    return AnnounceView(
        state=fields.choice("state", AskState),
        latency_s=fields.maybe("latency_s", fields.seconds),
        peers=fields.maybe("peers", fields.whole),
        interval_s=fields.maybe("interval_s", fields.seconds),
        min_interval_s=fields.maybe("min_interval_s", fields.seconds),
        warning=fields.maybe("warning", fields.text),
        failure=_failure(fields.fields_or_none("failure")),
        observed_at=fields.maybe("observed_at", fields.moment),
        source=fields.maybe("source", lambda key: fields.choice(key, Source)),
    )


_SCRAPE = Kind("scrape", ("state", "latency_s", "failure", "observed_at", "source"), _scrape)
_ANNOUNCE = Kind(
    "announce",
    ("state", "latency_s", "peers", "interval_s", "min_interval_s", "warning", "failure", "observed_at", "source"),
    _announce,
)
_FAILOVER = Kind("failover", ("state", "active", "tier", "working", "total"), _failover)
