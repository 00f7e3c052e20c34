"""History as it is shown: one tracker, all of them, one torrent. Functions over a connection to read from."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from trackerwatch.health import Change, Health
from trackerwatch.history import Gap, Outage, TorrentHistory, TrackerHistory, Transition
from trackerwatch.outcome import Endpoint, Family, SwarmAnswer
from trackerwatch.stats import HOUR_S, PHASES, WINDOWS_S, find_outages, flaps
from trackerwatch.store.lookups import WHOLE_TRACKER, short
from trackerwatch.store.rollups import Key
from trackerwatch.store.series import Series
from trackerwatch.store.units import DAY_HOURS, HOUR_MS, from_ms, to_ms

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from trackerwatch.stats import UptimeFigure

MAX_TRANSITIONS = 1000
MAX_STRETCHES = 2000
"""No screen is wider."""
MAX_SEEDER_TIMES = 10_000
MOST_STEPS_MS = 401 * DAY_HOURS * HOUR_MS
"""So far back before a stretch counts are looked for: they are kept for 400 days."""

_TRANSITIONS = (
    f"SELECT t.at, {short('kind.text')}, {short('origin.text')}, {short('target.text')}, {short('reason.text')},"
    f" {short('t.message')}, {short('tracker.key')}, endpoint.family, {short('endpoint.address')}, endpoint.port,"
    f" swarm.info_hash, {short('t.name')} FROM transition AS t JOIN word AS kind ON kind.id = t.kind"
    " LEFT JOIN word AS origin ON origin.id = t.from_state LEFT JOIN word AS target ON target.id = t.to_state"
    " LEFT JOIN word AS reason ON reason.id = t.reason LEFT JOIN tracker ON tracker.id = t.tracker"
    " LEFT JOIN endpoint ON endpoint.id = t.endpoint LEFT JOIN swarm ON swarm.id = t.swarm WHERE "
)
_STATES = frozenset(Health)


@dataclass(frozen=True, slots=True)
class Asked:
    """What stretch of time, and whose eyes."""

    vantage_uuid: str
    since: float
    until: float
    stretches: int = 1


@dataclass(frozen=True, slots=True)
class _Span:
    vantage: int
    since: float
    until: float
    stretches: int
    gaps: tuple[Gap, ...]

    @classmethod
    def of(cls, connection: sqlite3.Connection, asked: Asked) -> _Span:
        vantage = _vantage(connection, asked.vantage_uuid)
        gaps = _gaps(connection, vantage, asked.since, asked.until)
        return cls(vantage, asked.since, asked.until, max(1, min(asked.stretches, MAX_STRETCHES)), gaps)


def tracker_history(connection: sqlite3.Connection, tracker: str, asked: Asked) -> TrackerHistory | None:
    """See `trackerwatch.history.History.tracker`.

    Raises:
        sqlite3.Error: It could not be read.
    """
    span = _Span.of(connection, asked)
    row = connection.execute(f"{_TRACKERS} WHERE t.key = ?", (span.vantage, tracker)).fetchone()
    return None if row is None else _one(connection, row, span)


def names(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    """Every tracker that was ever asked, from wherever: its id, and its host and port.

    Raises:
        sqlite3.Error: It could not be read.
    """
    return connection.execute("SELECT key, host_port FROM tracker").fetchall()


def overview(
    connection: sqlite3.Connection, asked: Asked, trackers: Sequence[str] | None = None
) -> Sequence[TrackerHistory]:
    """See `trackerwatch.history.History.overview`.

    Raises:
        sqlite3.Error: It could not be read.
    """
    span = _Span.of(connection, asked)
    if trackers is None:
        rows = connection.execute(f"{_TRACKERS} ORDER BY t.id", (span.vantage,)).fetchall()
    else:
        one = f"{_TRACKERS} WHERE t.key = ?"
        found = (connection.execute(one, (span.vantage, key)).fetchone() for key in trackers)
        rows = [row for row in found if row is not None]
    return [replace(_one(connection, row, span, thrifty=True), transitions=()) for row in rows]


def torrent_history(connection: sqlite3.Connection, info_hash: str, asked: Asked) -> TorrentHistory:
    """See `trackerwatch.history.History.torrent`.

    Raises:
        sqlite3.Error: It could not be read.
    """
    since, until = asked.since, asked.until
    nothing = TorrentHistory(info_hash, since, until, (), None, ())
    try:
        raw = bytes.fromhex(info_hash)
    except ValueError:
        return nothing
    row = connection.execute("SELECT id FROM swarm WHERE info_hash = ?", (raw,)).fetchone()
    if row is None:
        return nothing
    vantage, swarm = _vantage(connection, asked.vantage_uuid), row[0]
    transitions = _transitions(
        connection,
        "t.swarm = ? AND t.at >= ? AND t.at < ? AND t.vantage = ? ORDER BY t.at DESC, t.seq DESC LIMIT ?",
        (swarm, to_ms(since), to_ms(until), vantage, MAX_TRANSITIONS),
    )
    seen = connection.execute(
        "SELECT CASE WHEN l.answer = ? AND l.seeders > 0 THEN coalesce(round.at, l.at) ELSE l.seeded_at END"
        " FROM latest AS l LEFT JOIN round ON round.id = l.round WHERE l.swarm = ? AND l.vantage = ?"
        " UNION ALL SELECT seeded_at FROM announced WHERE swarm = ? AND vantage = ?",
        (int(SwarmAnswer.ANSWERED), swarm, vantage, swarm, vantage),
    )
    last_seeder = max((at for (at,) in seen if at is not None), default=None)
    return TorrentHistory(
        info_hash, since, until, transitions, from_ms(last_seeder), _seeders(connection, vantage, swarm, since, until)
    )


def failure_texts(
    connection: sqlite3.Connection, vantage_uuid: str, tracker: str, limit: int
) -> Sequence[tuple[float, str | None, str, str]]:
    """What a tracker's latest failures said: time, endpoint (None: the tracker as a whole), kind, text; newest first.

    Raises:
        sqlite3.Error: It could not be read.
    """
    rows = connection.execute(
        "SELECT f.at, endpoint.family, endpoint.address, endpoint.port, word.text, f.text FROM failure_text AS f"
        " JOIN tracker ON tracker.id = f.tracker JOIN word ON word.id = f.kind"
        " LEFT JOIN endpoint ON endpoint.id = f.endpoint WHERE tracker.key = ? AND f.vantage = ?"
        " ORDER BY f.at DESC, f.seq DESC LIMIT ?",
        (tracker, _vantage(connection, vantage_uuid), limit),
    ).fetchall()
    return [
        (from_ms(at), _address(family, address, port), kind, text) for at, family, address, port, kind, text in rows
    ]


_TRACKERS = (
    f"SELECT t.id, {short('t.key')}, {short('t.url')}, {short('t.host_port')}, {short('t.protocol')},"
    f" {short('word.text')}, m.since_at, m.last_success_at FROM tracker AS t"
    " LEFT JOIN memory AS m ON m.tracker = t.id AND m.vantage = ? LEFT JOIN word ON word.id = m.state"
)
_TrackerRow = tuple[int, str, str, str, str, str | None, int | None, int | None]


def _one(connection: sqlite3.Connection, row: _TrackerRow, span: _Span, *, thrifty: bool = False) -> TrackerHistory:
    since, until, vantage = span.since, span.until, span.vantage
    number, key, url, host_port, protocol, state, since_at, last_success_at = row
    series = Series(connection, Key(number, WHOLE_TRACKER, span.vantage))
    total = series.total(since, until, thrifty=thrifty)
    told = _transitions(
        connection,
        "t.swarm IS NULL AND t.tracker = ? AND t.at >= ? AND t.at < ? AND t.vantage = ?"
        " ORDER BY t.at DESC, t.seq DESC LIMIT ?",
        (number, to_ms(since), to_ms(until), vantage, MAX_TRANSITIONS),
    )
    changes = _changes(told)
    before = _changes(_standing(connection, vantage, number, since))
    outages = find_outages((*before, *changes), since)
    figures: list[UptimeFigure] = [series.figure(window_name(until - since), since, until)]
    figures += [series.figure(window, until - span_s, until) for window, span_s in WINDOWS_S.items()]
    return TrackerHistory(
        tracker=key,
        url=url,
        host_port=host_port,
        protocol=protocol,
        since=since,
        until=until,
        uptime=tuple(figures),
        stretches=series.stretches(since, until, span.stretches, thrifty=thrifty),
        outages=tuple(_touching(outages, since, until)),
        gaps=span.gaps,
        transitions=told,
        p50_s=total.latency.quantile(0.5),
        p95_s=total.latency.quantile(0.95),
        p99_s=total.latency.quantile(0.99),
        phases_p50_s=tuple(
            (phase, middle)
            for phase in PHASES
            if phase in total.phases and (middle := total.phases[phase].quantile(0.5)) is not None
        ),
        flaps=flaps(changes),
        last_success_at=from_ms(last_success_at),
        state=state or str(Health.UNKNOWN),
        state_since=from_ms(since_at),
    )


def window_name(span_s: float) -> str:
    """What to call a span: `24h`, `7d`, `90m`."""
    for name, window_s in WINDOWS_S.items():
        if abs(window_s - span_s) < 1:
            return name
    for unit, unit_s in (("d", 24 * HOUR_S), ("h", HOUR_S), ("m", 60.0)):
        if span_s >= unit_s and abs(span_s / unit_s - round(span_s / unit_s)) * unit_s < 1:
            return f"{round(span_s / unit_s)}{unit}"
    return f"{max(0, round(span_s))}s"


def _touching(outages: Iterable[Outage], since: float, until: float) -> list[Outage]:
    return [o for o in outages if o.begin < until and (o.end is None or o.end > since)]


def _changes(transitions: Sequence[Transition]) -> list[Change]:
    return [
        Change(t.at, t.endpoint, Health(t.from_state), Health(t.to_state), t.reason or "")
        for t in transitions
        if t.from_state in _STATES and t.to_state in _STATES
    ]


def _standing(connection: sqlite3.Connection, vantage: int, tracker: int, at: float) -> tuple[Transition, ...]:
    """The last change of the tracker and of each endpoint before a time: how they stood then, and since when."""
    rows = connection.execute(
        "SELECT vantage, max(at), seq FROM transition WHERE swarm IS NULL AND tracker = ? AND at < ? AND vantage = ?"
        " AND to_state IN (SELECT id FROM word WHERE text IN (?, ?, ?)) GROUP BY endpoint",
        # Becoming unknown ends no outage, so it tells nothing of how things stood.
        (tracker, to_ms(at), vantage, str(Health.UP), str(Health.DEGRADED), str(Health.DOWN)),
    ).fetchall()
    found: list[Transition] = []
    for key in rows:
        found += _transitions(connection, "t.vantage = ? AND t.at = ? AND t.seq = ?", key)
    return tuple(sorted(found, key=lambda transition: transition.at))


def _transitions(connection: sqlite3.Connection, where: str, values: tuple[object, ...]) -> tuple[Transition, ...]:
    rows = connection.execute(_TRANSITIONS + where, values).fetchall()
    return tuple(
        Transition(
            at=from_ms(at),
            kind=kind,
            from_state=from_state,
            to_state=to_state,
            reason=reason,
            message=message,
            tracker=tracker,
            endpoint=_address(family, address, port),
            torrent=None if info_hash is None else info_hash.hex(),
            name=name,
        )
        for at, kind, from_state, to_state, reason, message, tracker, family, address, port, info_hash, name in reversed(
            rows
        )
    )


def _address(family: str | None, address: str | None, port: int | None) -> str | None:
    if family is None or address is None or port is None:
        return None
    return str(Endpoint(Family(family), address, port))


def _gaps(connection: sqlite3.Connection, vantage: int, since: float, until: float) -> tuple[Gap, ...]:
    rows = connection.execute(
        f"SELECT {short('word.text')}, gap.begin, gap.until, {short('gap.message')} FROM gap JOIN word ON word.id = gap.kind"
        " WHERE gap.begin < ? AND gap.until > ? AND gap.vantage = ? ORDER BY gap.begin DESC LIMIT ?",
        (to_ms(until), to_ms(since), vantage, MAX_TRANSITIONS),
    ).fetchall()
    return tuple(Gap(kind, from_ms(begin), from_ms(end), message) for kind, begin, end, message in reversed(rows))


def _seeders(
    connection: sqlite3.Connection, vantage: int, swarm: int, since: float, until: float
) -> tuple[tuple[float, int | None], ...]:
    """The maximum over trackers, where it changed; first how it stood at the begin."""
    since_ms, until_ms = to_ms(since), to_ms(until)
    said: list[tuple[int, int, int | None]] = []
    for (tracker,) in connection.execute(
        "SELECT tracker FROM latest WHERE swarm = :swarm AND vantage = :vantage"
        " UNION SELECT tracker FROM announced WHERE swarm = :swarm AND vantage = :vantage",
        {"swarm": swarm, "vantage": vantage},
    ).fetchall():
        said += [
            (at, tracker, seeders if answer == SwarmAnswer.ANSWERED and isinstance(seeders, int) else None)
            for at, seeders, answer in _counts(
                connection,
                {"tracker": tracker, "swarm": swarm, "vantage": vantage, "since": since_ms, "until": until_ms},
            )
        ]
    said.sort(key=lambda change: change[0])
    current: dict[int, int | None] = defaultdict(lambda: None)
    told: list[tuple[float, int | None]] = []
    for at, tracker, seeders in said:
        current[tracker] = seeders
        most = max((number for number in current.values() if number is not None), default=None)
        moment = max(at, since_ms) / 1e3
        if told and told[-1][0] == moment:
            told.pop()
        if not told or told[-1][1] != most:
            told.append((moment, most))
    return tuple(told[-MAX_SEEDER_TIMES:])


def _counts(connection: sqlite3.Connection, key: dict[str, int]) -> list[tuple[int, int | None, int]]:
    """(time in ms, seeders, answer) of one swarm at one tracker: how it stood at the begin, then each change."""
    # Rows are clustered by hour and then by swarm: each hour is one step into the tree.
    steps = (
        "WITH RECURSIVE step(number) AS (SELECT {first} UNION ALL SELECT number + 1 FROM step WHERE number < {last})"
        " SELECT s.at, s.seeders, s.answer FROM step CROSS JOIN {table} AS s"
        " ON s.tracker = :tracker AND s.{unit} = step.number AND s.swarm = :swarm AND s.vantage = :vantage"
        " WHERE s.at >= :since AND s.at < :until ORDER BY s.at"
    )
    rows: list[tuple[int, int | None, int]] = []
    for table, unit, width_ms in (
        ("swarm_day", "day", DAY_HOURS * HOUR_MS),
        ("swarm_hour", "hour", HOUR_MS),
    ):
        edges = connection.execute(
            f"SELECT min({unit}), max({unit}) FROM {table} WHERE tracker = ?",
            (key["tracker"],),
        ).fetchone()
        if edges[0] is None:
            continue
        first, last = max(edges[0], key["since"] // width_ms), min(edges[1], key["until"] // width_ms)
        if first <= last:
            rows += connection.execute(steps.format(first=first, last=last, table=table, unit=unit), key).fetchall()
    return [*_stood(connection, key), *rows]


def _stood(connection: sqlite3.Connection, key: dict[str, int]) -> list[tuple[int, int | None, int]]:
    """How the counts stood when a stretch began: the last change before it."""
    for table, unit, width_ms in (
        ("swarm_hour", "hour", HOUR_MS),
        ("swarm_day", "day", DAY_HOURS * HOUR_MS),
    ):
        first = connection.execute(
            f"SELECT min({unit}) FROM {table} WHERE tracker = ?",
            (key["tracker"],),
        ).fetchone()[0]
        if first is None:
            continue
        # A clock that once said 1970 left an hour that is half a million steps away.
        first = max(int(first), (key["since"] - MOST_STEPS_MS) // width_ms)
        row = connection.execute(
            f"WITH RECURSIVE step(number) AS (SELECT {key['since'] // width_ms} UNION ALL"
            f" SELECT number - 1 FROM step WHERE number > {first})"
            f" SELECT s.at, s.seeders, s.answer FROM step CROSS JOIN {table} AS s"
            f" ON s.tracker = :tracker AND s.{unit} = step.number AND s.swarm = :swarm AND s.vantage = :vantage"
            " WHERE s.at < :since LIMIT 1",
            key,
        ).fetchone()
        if row is not None:
            return [row]
    return []


def _vantage(connection: sqlite3.Connection, uuid: str) -> int:
    """The number of a vantage; 0, which none has, where it never wrote."""
    row = connection.execute("SELECT id FROM vantage WHERE uuid = ?", (uuid,)).fetchone()
    return 0 if row is None else int(row[0])
