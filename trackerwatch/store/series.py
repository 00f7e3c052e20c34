"""Reading what was counted of one tracker or endpoint: raw samples, hours and days put together, each where it is the right one.

Roll-ups that are marked stale are left aside for the raw samples, so any stretch, and the hour that is running, reads the same
before and after its roll-up is made.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from trackerwatch.history import Stretch
from trackerwatch.stats import DAY_S, HOUR_S, LatencyHistogram, Tally, UptimeFigure, total
from trackerwatch.store.rollups import Key, counted_rows, floor, hour_tally, places, raw_samples, read_tally
from trackerwatch.store.units import DAY_HOURS, HOUR_MS, to_ms

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

RAW_STRETCH_S = 2 * HOUR_S
"""Stretches shorter than this are cut out of raw samples, longer ones put together from hours."""
RAW_SPAN_S = 2 * DAY_S
"""And only where it is no more than this altogether."""
HOURLY_STRETCH_S = 4 * DAY_S
"""Stretches up to this are put together from hours, longer ones from days."""

_RAW_SUMS = (
    "SELECT coalesce(sum(answered AND at < :end), 0), coalesce(sum(at < :end), 0),"
    f" coalesce(sum(max(0, min(at, :end) - max(at - covers_ms, :begin))), 0) FROM ({counted_rows('at, answered, covers_ms')})"
)
_SLOT = "CAST((at - :low) / :span AS INTEGER)"
_WITHIN = f"at - covers_ms >= :low + {_SLOT} * :span"
_STRETCHES = (
    f"SELECT {_SLOT}, count(*), sum(answered), sum(CASE WHEN {_WITHIN} THEN covers_ms ELSE 0 END),"
    " group_concat(CASE WHEN answered THEN latency_us END),"
    f" group_concat(CASE WHEN NOT ({_WITHIN}) THEN at || ' ' || covers_ms END) FROM sample"
    " WHERE tracker = :tracker AND endpoint = :endpoint AND vantage = :vantage AND counted AND at >= :begin AND at < :end"
    " GROUP BY 1"
)
_AFTER = counted_rows("at, covers_ms")


class _Source(NamedTuple):
    """Where counted samples are read from."""

    table: str
    unit: str
    hours: int


_DAILY, _HOURLY, _RAW = _Source("daily", "day", 24), _Source("hourly", "hour", 1), _Source("sample", "hour", 1)


@dataclass(slots=True)
class Series:
    """One tracker (endpoint 0) or endpoint, as one vantage saw it."""

    connection: sqlite3.Connection
    key: Key
    stale_hours: frozenset[int] = field(init=False)
    stale_days: frozenset[int] = field(init=False)
    _read: dict[tuple[str, int], Tally | None] = field(init=False, default_factory=dict)
    """Roll-ups that were read already, by table and number: several windows share them. They are not changed."""

    def __post_init__(self) -> None:
        self.stale_hours = self._marks("hour")
        # A day is as good as its hours.
        self.stale_days = self._marks("day") | {hour // DAY_HOURS for hour in self.stale_hours}

    def figure(self, window: str, begin: float, end: float) -> UptimeFigure:
        """Uptime over [begin, end), to the millisecond where raw samples are left, else to the hour."""
        begin_ms, end_ms = self._edges(begin, end)
        successes = counted = covered_ms = 0
        for part in self._parts(begin_ms, end_ms):
            successes, counted, covered_ms = (
                a + b for a, b in zip((successes, counted, covered_ms), part, strict=True)
            )
        return UptimeFigure(window, (end_ms - begin_ms) / 1e3, successes, counted, covered_ms / 1e3)

    def total(self, begin: float, end: float, *, thrifty: bool = False) -> Tally:
        """Everything counted in [begin, end), with latencies.

        Args:
            begin: Unix seconds.
            end: Unix seconds.
            thrifty: For many trackers at once: it begins with the hour that `begin` lies in, or, over more than two days,
                with the day. Else the edges are those of `figure`.
        """
        if thrifty:
            unit_s = HOUR_S if end - begin <= RAW_SPAN_S else DAY_S
            begin = math.floor(begin / unit_s) * unit_s
        begin_ms, end_ms = self._edges(begin, end)
        sum_ = Tally()
        first, last = -(-begin_ms // HOUR_MS), end_ms // HOUR_MS
        if first > last:
            return self._raw_total(begin_ms, end_ms)
        sum_.merge(self._raw_total(begin_ms, first * HOUR_MS))
        for _, _, tally in self._whole(first, last, days=True):
            sum_.merge(tally)
        sum_.merge(self._raw_total(last * HOUR_MS, end_ms))
        return sum_

    def pieces(self, begin: float, end: float, *, hours_from: float) -> Iterator[tuple[float, float, Tally]]:
        """What is known of the whole hours of a stretch, as `stats.Windows.absorb` takes it: begin, span and tally.

        Args:
            begin: Unix seconds.
            end: Unix seconds; the hour that it lies in is left out.
            hours_from: From here on hours, before it days where there are whole ones.
        """
        first, last = math.ceil(begin / HOUR_S), math.floor(end / HOUR_S)
        middle = min(last, max(first, math.ceil(hours_from / DAY_S) * DAY_HOURS))
        for hour, hours, tally in self._whole(first, middle, days=True):
            yield hour * HOUR_S, hours * HOUR_S, tally
        for hour, hours, tally in self._whole(middle, last, days=False):
            yield hour * HOUR_S, hours * HOUR_S, tally

    def stretches(self, begin: float, end: float, count: int, *, thrifty: bool = False) -> tuple[Stretch, ...]:
        """Cut [begin, end) into equal stretches.

        Short ones are cut out of raw samples and exact. Longer ones are put together from whole hours or days, each in the
        stretch that its middle lies in: exact where stretches begin and end with hours or days, else off by half of one.

        Args:
            begin: Unix seconds.
            end: Unix seconds.
            count: How many.
            thrifty: For many trackers at once: from days where stretches are a day or longer, and without latencies where
                they are shorter and very many hours would have to be read.
        """
        span_s = (end - begin) / count
        if span_s < RAW_STRETCH_S and end - begin <= RAW_SPAN_S:
            return self._cut(begin, span_s, count)
        days = span_s >= (DAY_S if thrifty else HOURLY_STRETCH_S)
        if thrifty and not days and end - begin > RAW_SPAN_S:
            return self._summed(begin, span_s, count)
        parts: list[list[Tally]] = [[] for _ in range(count)]
        for middle, tally in self._middles(begin, end, days=days):
            position = math.floor((middle - begin) / span_s)
            if 0 <= position < count:
                parts[position].append(tally)
        # Most often there is one; merging it into an empty one would be most of the work.
        tallies = (part[0] if len(part) == 1 else total(part) for part in parts)
        return tuple(
            Stretch(
                begin + index * span_s,
                span_s,
                tally.successes,
                tally.counted,
                min(tally.covered_s, span_s),
                tally.latency.quantile(0.5),
                tally.latency.quantile(0.95),
            )
            for index, tally in enumerate(tallies)
        )

    def _cut(self, begin: float, span_s: float, count: int) -> tuple[Stretch, ...]:
        """From raw samples, put together by the database: an overview of many trackers spends its time here."""
        low, span = begin * 1e3, span_s * 1e3
        begin_ms, end_ms = math.ceil(low), math.ceil(low + count * span)
        values = places(self.key, begin_ms, end_ms) | {"low": low, "span": span}
        successes, counted, covered_ms = [0] * count, [0] * count, [0.0] * count
        latencies: list[list[int]] = [[]] * count
        crossing = self.connection.execute(_AFTER, places(self.key, end_ms, end_ms)).fetchall()
        for position, number, answered, covers, latency_list, crossing_list in self.connection.execute(
            _STRETCHES, values
        ):
            # Rounding may put what ends the stretch just beyond it.
            place = min(position, count - 1)
            counted[place] += number
            successes[place] += answered
            covered_ms[place] += covers
            if latency_list is not None:
                latencies[place] = [*latencies[place], *map(int, latency_list.split(","))]
            if crossing_list is not None:
                crossing += (tuple(map(int, pair.split())) for pair in crossing_list.split(","))
        for at, covers in crossing:
            # It speaks for a part of the stretches before its own, too.
            for position in range(max(0, int((at - covers - low) / span)), min(int((at - low) / span), count - 1) + 1):
                edge = low + position * span
                covered_ms[position] += max(0.0, min(at, edge + span) - max(at - covers, edge))
        return tuple(
            Stretch(
                begin + index * span_s,
                span_s,
                successes[index],
                counted[index],
                min(covered_ms[index] / 1e3, span_s),
                *_quantiles(latencies[index], 0.5, 0.95),
            )
            for index in range(count)
        )

    def _summed(self, begin: float, span_s: float, count: int) -> tuple[Stretch, ...]:
        """From the sums of hours, added up by the database; no latencies."""
        sums = [(0, 0, 0)] * count
        rows = self.connection.execute(
            "SELECT CAST(floor_ AS INTEGER), sum(successes), sum(counted), sum(covered_ms) FROM"
            " (SELECT ((hour + 0.5) * 3600.0 - ?) / ? AS floor_, hour, successes, counted, covered_ms FROM hourly"
            "  WHERE tracker = ? AND endpoint = ? AND vantage = ? AND hour >= ? AND hour < ?) AS one"
            " WHERE floor_ >= 0 AND floor_ < ? AND NOT EXISTS (SELECT 1 FROM stale_hour AS s WHERE s.tracker = ?"
            "  AND s.endpoint = ? AND s.vantage = ? AND s.hour = one.hour) GROUP BY 1",
            (
                begin,
                span_s,
                *self.key,
                math.floor(begin / HOUR_S),
                math.ceil((begin + count * span_s) / HOUR_S),
                count,
                *self.key,
            ),
        )
        for position, *row in rows:
            sums[position] = (row[0], row[1], row[2])
        for hour in self.stale_hours:
            position = math.floor(((hour + 0.5) * HOUR_S - begin) / span_s)
            if 0 <= position < count:
                late = self._raw_sums(hour * HOUR_MS, (hour + 1) * HOUR_MS)
                successes, counted, covered_ms = (a + b for a, b in zip(sums[position], late, strict=True))
                sums[position] = successes, counted, covered_ms
        return tuple(
            Stretch(begin + index * span_s, span_s, successes, counted, min(covered_ms / 1e3, span_s), None, None)
            for index, (successes, counted, covered_ms) in enumerate(sums)
        )

    def _middles(self, begin: float, end: float, *, days: bool) -> Iterator[tuple[float, Tally]]:
        first, last = math.floor(begin / HOUR_S), math.ceil(end / HOUR_S)
        if days:
            first, last = first // DAY_HOURS * DAY_HOURS, -(-last // DAY_HOURS) * DAY_HOURS
        for hour, hours, tally in self._whole(first, last, days=days):
            yield (hour + hours / 2) * HOUR_S, tally

    def _parts(self, begin_ms: int, end_ms: int) -> Iterator[tuple[int, int, int]]:
        first, last = -(-begin_ms // HOUR_MS), end_ms // HOUR_MS
        if first > last:
            yield self._raw_sums(begin_ms, end_ms)
            return
        if begin_ms < first * HOUR_MS:
            yield self._raw_sums(begin_ms, first * HOUR_MS)
        if last * HOUR_MS < end_ms:
            yield self._raw_sums(last * HOUR_MS, end_ms)
        for source, low, high in self._segments(first, last, days=True):
            if source is _RAW:
                yield self._raw_sums(low * HOUR_MS, high * HOUR_MS)
            else:
                yield self.connection.execute(
                    "SELECT coalesce(sum(successes), 0), coalesce(sum(counted), 0), coalesce(sum(covered_ms), 0)"
                    f" FROM {source.table} WHERE tracker = ? AND endpoint = ? AND vantage = ?"
                    f" AND {source.unit} >= ? AND {source.unit} < ?",
                    (*self.key, low, high),
                ).fetchone()

    def _raw_sums(self, begin_ms: int, end_ms: int) -> tuple[int, int, int]:
        row = self.connection.execute(_RAW_SUMS, places(self.key, begin_ms, end_ms)).fetchone()
        return row[0], row[1], row[2]

    def _raw_total(self, begin_ms: int, end_ms: int) -> Tally:
        """Within one hour."""
        tally = Tally()
        if begin_ms >= end_ms:
            return tally
        samples = raw_samples(self.connection, self.key, begin_ms, end_ms)
        for sample in samples:
            if sample.at < end_ms / 1e3:
                tally.add(answered=sample.answered, latency_s=sample.latency_s, phases=sample.phases)
            tally.cover(min(sample.at, end_ms / 1e3) - max(sample.at - sample.covers_s, begin_ms / 1e3))
        return tally

    def _whole(self, first: int, last: int, *, days: bool) -> Iterator[tuple[int, int, Tally]]:
        """The hours [first, last), in order: begin, length in hours, tally. In whole days where `days` and there are any."""
        for source, low, high in self._segments(first, last, days=days):
            if source is not _RAW:
                yield from self._rolled(source, low, high)
            elif (tally := hour_tally(self.connection, self.key, low)) is not None:
                yield low, 1, tally

    def _segments(self, first: int, last: int, *, days: bool) -> Iterator[tuple[_Source, int, int]]:
        """Where each of the hours [first, last) is to be read: the source, and from which to which of its units."""
        hour = first
        while hour < last:
            day = end_day = hour // DAY_HOURS
            if days and hour % DAY_HOURS == 0:
                while (end_day + 1) * DAY_HOURS <= last and end_day not in self.stale_days:
                    end_day += 1
            if end_day > day:
                yield _DAILY, day, end_day
                hour = end_day * DAY_HOURS
                continue
            # Up to the next day that may be whole, or to the end.
            until = min(last, (day + 1) * DAY_HOURS) if days else last
            for stale in (*sorted(stale for stale in self.stale_hours if hour <= stale < until), until):
                if hour < stale:
                    yield _HOURLY, hour, stale
                if stale < until:
                    yield _RAW, stale, stale + 1
                hour = stale + 1
            hour = until

    def _rolled(self, source: _Source, first: int, last: int) -> Iterator[tuple[int, int, Tally]]:
        rows = self.connection.execute(
            f"SELECT {source.unit}, tally FROM {source.table} WHERE tracker = ? AND endpoint = ? AND vantage = ?"
            f" AND {source.unit} >= ? AND {source.unit} < ?",
            (*self.key, first, last),
        )
        for number, blob in rows:
            place = (source.table, number)
            if place not in self._read:
                self._read[place] = read_tally(blob)
            if (tally := self._read[place]) is not None:
                yield number * source.hours, source.hours, tally

    def _marks(self, unit: str) -> frozenset[int]:
        rows = self.connection.execute(
            f"SELECT {unit} FROM stale_{unit} WHERE tracker = ? AND endpoint = ? AND vantage = ?",
            self.key,
        )
        return frozenset(row[0] for row in rows)

    def _edges(self, begin: float, end: float) -> tuple[int, int]:
        """A stretch in milliseconds; where raw samples are gone, widened to whole hours."""
        begin_ms, end_ms = to_ms(begin), to_ms(end)
        floor_ms = floor(self.connection, self.key) * HOUR_MS
        if begin_ms < floor_ms:
            begin_ms = begin_ms // HOUR_MS * HOUR_MS
        if end_ms < floor_ms:
            end_ms = -(-end_ms // HOUR_MS) * HOUR_MS
        return begin_ms, end_ms


def _quantiles(latencies_us: list[int], *shares: float) -> Iterator[float | None]:
    """As a histogram of them tells: the bucket of a latency is that of its rank, so one suffices."""
    latencies_us.sort()
    for share in shares:
        if latencies_us:
            histogram = LatencyHistogram()
            histogram.add(latencies_us[max(1, math.ceil(share * len(latencies_us))) - 1] / 1e6)
            yield histogram.quantile(0.5)
        else:
            yield None
