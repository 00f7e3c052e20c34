"""Roll-ups equal raw: against a computation that knows no store, no hours put together and no marks."""

from dataclasses import replace
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store.making import DAY, ENDPOINT, HOUR, NOON, OTHER, bench, failed, sample
from trackerwatch.outcome import FailureKind
from trackerwatch.stats import LatencyHistogram, Tally
from trackerwatch.store.retention import Keeping, forget
from trackerwatch.store.rollups import GRACE_MS, Key, read_tally
from trackerwatch.store.series import Series

MIDNIGHT = NOON - 12 * HOUR
FOREVER = NOON + 400 * DAY

minutes = st.integers(0, 3 * 24 * 60)
samples = st.lists(
    st.builds(
        lambda at, latency_ms, kind, counted, covers: sample(
            MIDNIGHT + 60 * at,
            latency_ms / 1000 if kind is None or kind.answered else None,
            failure=kind,
            counted=counted,
            covers_s=60.0 * covers,
        ),
        at=minutes,
        latency_ms=st.integers(1, 5000),
        kind=st.sampled_from([None, None, None, FailureKind.TIMEOUT, FailureKind.REFUSED, FailureKind.RATE_LIMITED]),
        counted=st.sampled_from([True, True, True, False]),
        covers=st.sampled_from([0, 2, 15, 60, 200, 24 * 60]),
    ),
    max_size=40,
)


def as_written(store, records, tracker: int = 1):
    """The same samples, in the order in which they were written, each speaking for what no other had spoken for."""
    rows = store.rows(f"SELECT covers_ms FROM sample WHERE tracker = {tracker} AND endpoint = 0 ORDER BY seq")
    assert len(rows) == len(records)
    return [replace(record, covers_s=covers_ms / 1000) for record, (covers_ms,) in zip(records, rows, strict=True)]


def brute(records, begin: float, end: float) -> tuple[int, int, int, LatencyHistogram]:
    """Successes, counted, milliseconds covered and latencies of [begin, end), sample by sample."""
    histogram = LatencyHistogram()
    successes = counted = 0
    covered_s = 0.0
    for record in records:
        if not record.counted:
            continue
        covered_s += max(0.0, min(record.at, end) - max(record.at - record.covers_s, begin))
        if not begin <= record.at < end:
            continue
        counted += 1
        successes += record.answered
        if record.answered and record.latency_s is not None:
            histogram.add(record.latency_s)
    return successes, counted, round(covered_s * 1000), histogram


def seen(tally: Tally) -> tuple[int, int, int, LatencyHistogram]:
    return tally.successes, tally.counted, round(tally.covered_s * 1000), tally.latency


def rolled(store, table: str, unit: str, span_s: float) -> dict[float, Tally]:
    return {number * span_s: read_tally(blob) for number, blob in store.rows(f"SELECT {unit}, tally FROM {table}")}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(records=samples, cuts=st.lists(minutes, max_size=4))
def test_roll_ups_equal_raw_however_late_samples_come(records, cuts):
    with bench() as store:
        # Written in any order, in batches, with roll-ups made at any time in between.
        parts = [records[i::3] for i in range(3)]
        for index, part in enumerate(parts):
            store.write(*part)
            if index < len(cuts):
                store.roll(MIDNIGHT + 60 * cuts[index])
        store.roll(FOREVER)
        records = as_written(store, [record for part in parts for record in part])
        assert store.value("SELECT count(*) FROM stale_hour") == store.value("SELECT count(*) FROM stale_day") == 0
        for table, unit, span_s in (("hourly", "hour", HOUR), ("daily", "day", DAY)):
            tallies = rolled(store, table, unit, span_s)
            first = MIDNIGHT - DAY
            expected = {
                first + i * span_s: brute(records, first + i * span_s, first + (i + 1) * span_s)
                for i in range(round(5 * DAY / span_s))
            }
            assert {begin: seen(tally) for begin, tally in tallies.items()} == {
                begin: row for begin, row in expected.items() if row[1] or row[2]
            }
        sums = store.rows("SELECT successes, counted, covered_ms, tally FROM hourly")
        assert all(row[:3] == seen(read_tally(row[3]))[:3] for row in sums)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(records=samples, roll_at=minutes, begin=minutes, length=st.integers(1, 3 * 24 * 60))
def test_any_stretch_reads_the_same_before_and_after_its_roll_up(records, roll_at, begin, length):
    with bench() as store:
        store.write(*records, sample(NOON, endpoint=ENDPOINT))
        records = as_written(store, records)
        low = MIDNIGHT + 60 * begin
        high = low + 60 * length
        expected = brute(records, low, high)
        for now in (None, MIDNIGHT + 60 * roll_at, FOREVER):
            if now is not None:
                store.roll(now)
            series = Series(store.connection, Key(1, 0, 1))
            assert seen(series.total(low, high)) == expected
            unit_s = HOUR if high - low <= 2 * DAY else DAY
            assert seen(series.total(low, high, thrifty=True)) == brute(records, low // unit_s * unit_s, high)
            figure = series.figure("it", low, high)
            assert (figure.successes, figure.counted, round(figure.covered_s * 1000)) == expected[:3]
            assert figure.span_s == high - low
            pieces = list(series.pieces(MIDNIGHT - DAY, MIDNIGHT + 4 * DAY, hours_from=low))
            edges = [(begin, begin + span_s) for begin, span_s, _ in pieces]
            assert all(end <= following for (_, end), (following, _) in pairwise(edges))
            together = Tally()
            for _, _, tally in pieces:
                together.merge(tally)
            assert seen(together) == brute(records, MIDNIGHT - DAY, MIDNIGHT + 4 * DAY)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    records=samples,
    begin=minutes,
    span=st.sampled_from([5, 30, 47, 60, 24 * 60, 8 * 24 * 60]),
    count=st.integers(1, 30),
)
def test_stretches_have_no_holes_and_equal_raw(records, begin, span, count):
    span_s = 60.0 * span
    low = (MIDNIGHT + 60 * begin) // span_s * span_s
    with bench() as store:
        store.write(*records)
        records = as_written(store, records)
        store.roll(MIDNIGHT + 36 * HOUR)
        stretches = Series(store.connection, Key(1, 0, 1)).stretches(low, low + count * span_s, count)
        assert [round(s.begin) for s in stretches] == [round(low + i * span_s) for i in range(count)]
        for stretch in stretches:
            successes, counted, covered_ms, latencies = brute(records, stretch.begin, stretch.begin + span_s)
            assert (stretch.successes, stretch.counted) == (successes, counted)
            assert round(stretch.covered_s * 1000) == min(covered_ms, span_s * 1000)
            assert (stretch.p50_s, stretch.p95_s) == (latencies.quantile(0.5), latencies.quantile(0.95))


def test_an_hour_is_left_alone_until_its_last_sample_can_have_come():
    with bench() as store:
        store.write(sample(NOON + 60))
        store.roll(NOON + HOUR + GRACE_MS / 1000 - 1)
        hours = {row[0] * HOUR for row in store.rows("SELECT hour FROM hourly")}
        assert hours == {NOON - HOUR}, "what it speaks for of the hour before"
        store.roll(NOON + HOUR + GRACE_MS / 1000)
        assert store.value("SELECT count(*) FROM hourly") == 2


def test_endpoints_and_vantages_are_rolled_apart(tmp_path):
    with bench(tmp_path / "history.db") as store, bench(tmp_path / "history.db", OTHER) as there:
        store.write(sample(NOON + 60, covers_s=0), failed(NOON + 60, endpoint=ENDPOINT, covers_s=0))
        there.write(failed(NOON + 70, covers_s=0))
        store.roll(NOON + DAY)
        rows = store.rows("SELECT endpoint, vantage, successes, counted FROM hourly ORDER BY endpoint, vantage")
        assert rows == [(0, 1, 1, 1), (0, 2, 0, 1), (1, 1, 0, 1)]
        numbers = store.rows(
            "SELECT vantage, seq FROM hourly UNION ALL SELECT vantage, seq FROM sample"
            " UNION ALL SELECT vantage, seq FROM daily"
        )
        assert len(set(numbers)) == len(numbers)


def test_work_is_done_in_pieces(monkeypatch):
    monkeypatch.setattr("trackerwatch.store.rollups.CHUNK_S", 0.0)
    with bench() as store:
        store.write(*(sample(NOON + HOUR * i) for i in range(5)))
        # Two hours for what the first one speaks for, four more and the running one; one day.
        assert store.roll(NOON + 10 * HOUR) == 6


def test_hours_below_the_floor_are_added_to():
    with bench() as store:
        store.write(sample(NOON, 0.1, covers_s=600), failed(NOON + 600, covers_s=600))
        later = NOON + 40 * DAY
        store.roll(later)
        for _ in forget(store.connection, later, Keeping()):
            pass
        assert store.value("SELECT count(*) FROM sample") == 0
        # A clock that is wrong writes into that hour again.
        store.write(sample(NOON + 60, 0.2, covers_s=60))
        store.roll(later)
        store.write(sample(NOON + 120, 0.2, covers_s=60))
        store.roll(later)
        tally = rolled(store, "hourly", "hour", HOUR)[NOON]
        assert (tally.successes, tally.counted, tally.latency.count) == (3, 4, 3)
        assert rolled(store, "daily", "day", DAY)[MIDNIGHT].counted == 4
        assert store.value("SELECT count(*) FROM sample") == 0


def test_a_tally_that_cannot_be_read_is_nothing():
    with bench() as store:
        store.write(sample(NOON, covers_s=0))
        store.roll(NOON + 3 * DAY)
        store.connection.execute("UPDATE hourly SET tally = x'ff'")
        assert read_tally(b"") is None
        assert Series(store.connection, Key(1, 0, 1)).total(NOON, NOON + HOUR) == Tally()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    records=samples, begin=st.integers(0, 20), hours=st.sampled_from([1, 3, 6, 12, 24, 48]), count=st.integers(1, 60)
)
def test_stretches_of_many_trackers_at_once_equal_raw_where_they_begin_with_hours(records, begin, hours, count):
    span_s = hours * HOUR
    low = (MIDNIGHT + begin * HOUR) // span_s * span_s
    with bench() as store:
        store.write(*records)
        records = as_written(store, records)
        for now in (MIDNIGHT + 36 * HOUR, FOREVER):
            store.roll(now)
            series = Series(store.connection, Key(1, 0, 1))
            for stretch in series.stretches(low, low + count * span_s, count, thrifty=True):
                successes, counted, covered_ms, latencies = brute(records, stretch.begin, stretch.begin + span_s)
                assert (stretch.successes, stretch.counted) == (successes, counted)
                assert round(stretch.covered_s * 1000) == min(covered_ms, span_s * 1000)
                assert stretch.p95_s in (None, latencies.quantile(0.95))
