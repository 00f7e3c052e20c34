"""Reading what was counted of one tracker or endpoint: raw samples, hours and days put together, each where it is the right one.

Roll-ups that are marked stale are left aside for the raw samples, so any stretch, and the hour that is running, reads the same
before and after its roll-up is made.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trackerwatch.history import Stretch
from trackerwatch.stats import DAY_S, HOUR_S, Tally, UptimeFigure
from trackerwatch.store.recording import MAX_COVER_MS
from trackerwatch.store.rollups import Key, floor, hour_tally, raw_samples, read_tally
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

_SUMS = "SELECT coalesce(sum(successes), 0), coalesce(sum(counted), 0), coalesce(sum(covered_ms), 0) FROM hourly"
_RAW_SUMS = (
    "SELECT coalesce(sum(answered AND at >= ?1 AND at < ?2), 0), coalesce(sum(at >= ?1 AND at < ?2), 0),"
    " coalesce(sum(max(0, min(at, ?2) - max(at - covers_ms, ?1))), 0) FROM sample"
    " WHERE tracker = ?3 AND endpoint = ?4 AND vantage = ?5 AND at >= ?1 AND at < ?6 AND counted"
)


@dataclass(slots=True)
class Series:
    """One tracker (endpoint 0) or endpoint, as one vantage saw it."""

    connection: sqlite3.Connection
    key: Key
    stale_hours: frozenset[int] = field(init=False)
    stale_days: frozenset[int] = field(init=False)

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

    def total(self, begin: float, end: float) -> Tally:
        """Everything counted in [begin, end), with latencies; the edges are those of `figure`."""
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
            thrifty: From days where stretches are a day or longer, for many trackers at once.
        """
        span_s = (end - begin) / count
        tallies = [Tally() for _ in range(count)]
        if span_s < RAW_STRETCH_S and end - begin <= RAW_SPAN_S:
            self._cut(tallies, begin, span_s)
        else:
            days = span_s >= (DAY_S if thrifty else HOURLY_STRETCH_S)
            for middle, tally in self._middles(begin, end, days=days):
                position = math.floor((middle - begin) / span_s)
                if 0 <= position < count:
                    tallies[position].merge(tally)
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

    def _cut(self, tallies: list[Tally], begin: float, span_s: float) -> None:
        end = begin + len(tallies) * span_s
        begin_ms, end_ms = to_ms(begin), to_ms(end)
        for sample in raw_samples(self.connection, self.key, begin_ms, end_ms):
            position = math.floor((sample.at - begin) / span_s)
            if 0 <= position < len(tallies):
                tallies[position].add(answered=sample.answered, latency_s=sample.latency_s)
            # What it speaks for may reach over the edges of several stretches.
            low = sample.at - sample.covers_s
            for other in range(max(0, math.floor((low - begin) / span_s)), min(position, len(tallies) - 1) + 1):
                edge = begin + other * span_s
                tallies[other].cover(min(sample.at, edge + span_s) - max(low, edge))

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
        stale = sorted(hour for hour in self.stale_hours if first <= hour < last)
        low = first
        for hour in (*stale, last):
            if low < hour:
                row = self.connection.execute(
                    f"{_SUMS} WHERE tracker = ? AND endpoint = ? AND vantage = ? AND hour >= ? AND hour < ?",
                    (*self.key, low, hour),
                ).fetchone()
                yield row[0], row[1], row[2]
            if hour < last:
                yield self._raw_sums(hour * HOUR_MS, (hour + 1) * HOUR_MS)
            low = hour + 1

    def _raw_sums(self, begin_ms: int, end_ms: int) -> tuple[int, int, int]:
        row = self.connection.execute(_RAW_SUMS, (begin_ms, end_ms, *self.key, end_ms + MAX_COVER_MS)).fetchone()
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
        hour = first
        while hour < last:
            day = hour // DAY_HOURS
            end_day = day
            if days and hour % DAY_HOURS == 0:
                while (end_day + 1) * DAY_HOURS <= last and end_day not in self.stale_days:
                    end_day += 1
            if end_day > day:
                yield from self._rolled("daily", "day", day, end_day, DAY_HOURS)
                hour = end_day * DAY_HOURS
            else:
                # Up to the next day that may be whole, or to the end.
                until = min(last, (day + 1) * DAY_HOURS) if days else last
                yield from self._hours(hour, until)
                hour = until

    def _hours(self, first: int, last: int) -> Iterator[tuple[int, int, Tally]]:
        low = first
        for hour in (*sorted(hour for hour in self.stale_hours if first <= hour < last), last):
            yield from self._rolled("hourly", "hour", low, hour, 1)
            if hour < last:
                tally = hour_tally(self.connection, self.key, hour)
                if tally is not None:
                    yield hour, 1, tally
            low = hour + 1

    def _rolled(self, table: str, unit: str, first: int, last: int, hours: int) -> Iterator[tuple[int, int, Tally]]:
        if first >= last:
            return
        rows = self.connection.execute(
            f"SELECT {unit}, tally FROM {table} WHERE tracker = ? AND endpoint = ? AND vantage = ? AND {unit} >= ? AND {unit} < ?",
            (*self.key, first, last),
        )
        for number, blob in rows:
            if (tally := read_tally(blob)) is not None:
                yield number * hours, hours, tally

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
