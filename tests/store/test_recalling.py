import math

from tests.store.making import (
    DAY,
    ENDPOINT,
    NOON,
    OTHER,
    TRACKER,
    VANTAGE,
    announced,
    bench,
    failed,
    info_hash,
    memory,
    sample,
    scrape,
)
from trackerwatch.engine.keeper import Recalled, Waits
from trackerwatch.engine.records import TransitionRecord
from trackerwatch.engine.views import EventKind
from trackerwatch.health import Health
from trackerwatch.stats import Windows
from trackerwatch.store.manners import write_manners
from trackerwatch.store.politeness import Manners
from trackerwatch.store.recalling import RECENT_ROUNDS, merged, recall
from trackerwatch.store.schema import writing
from trackerwatch.tracker import parse_tracker


def recalled(store, *numbers, now=NOON, vantage=VANTAGE) -> Recalled:
    return recall(store.connection, vantage, TRACKER, [info_hash(number) for number in numbers], now)


def test_nothing_is_known_of_a_stranger():
    with bench() as store:
        assert recalled(store) == Recalled()


def test_the_memory_of_a_tracker_is_the_latest():
    with bench() as store:
        store.write(memory(NOON - 60))
        store.write(memory(NOON, Health.DOWN))
        assert recalled(store).memory == memory(NOON, Health.DOWN)
        assert recalled(store, vantage=OTHER).memory is None


def test_a_scrape_alone_is_no_state():
    with bench() as store:
        store.write(scrape(NOON, (1, 1, 1, 1)))
        known = recalled(store, 0)
        assert (known.memory, known.scraped_at, known.windows) == (None, NOON, None)
        store.write(memory(NOON + 1))
        assert recalled(store).scraped_at == NOON


def test_announces_come_back():
    with bench() as store:
        first, second = announced(NOON, 1, not_before=NOON + 900), announced(NOON, 2, not_before=math.inf)
        store.write(announced(NOON - 60, 1, seeders=1), first, second)
        assert recalled(store, 1, 2, 3).announced == {info_hash(1): first, info_hash(2): second}


def test_the_recent_rounds_are_those_of_the_tracker_that_count():
    with bench() as store:
        store.write(*(sample(NOON - 1000 + i, i / 1000) for i in range(100)))
        store.write(sample(NOON, endpoint=ENDPOINT), failed(NOON + 1), sample(NOON + 2, None, counted=False))
        recent = recalled(store).recent
        assert len(recent) == RECENT_ROUNDS
        assert recent[-3:] == (0.098, 0.099, None)


def test_windows_come_back_as_they_would_have_been():
    records = []
    for i in range(4 * 96):
        at = NOON - 900 * i
        records.append(failed(at) if i % 5 == 0 else sample(at, 0.02 * (1 + i % 7)))
    alive = Windows()
    for record in reversed(records):
        alive.add(record.at, answered=record.answered, counted=True, covers_s=900, latency_s=record.latency_s)
    with bench() as store:
        store.write(*records)
        for rolled in (False, True):
            if rolled:
                store.roll(NOON)
            windows = recalled(store).windows
            assert windows is not None
            for window in ("1h", "24h", "7d", "30d"):
                figure, expected = windows.figure(window, NOON), alive.figure(window, NOON)
                # An hour is spread over its five minutes: the edges of the shortest windows are good to an hour's.
                assert abs(figure.counted - expected.counted) <= 1, window
                assert abs(figure.successes - expected.successes) <= 1, window
                assert abs(figure.covered_s - expected.covered_s) <= 900, window
            for window in ("7d", "30d"):
                assert windows.quantile(0.95, window, NOON) == alive.quantile(0.95, window, NOON)


def test_what_came_after_now_is_left_out():
    with bench() as store:
        store.write(sample(NOON + 600, covers_s=600))
        assert recalled(store, now=NOON).windows is None


def test_waits_of_any_program_are_told_to_all():
    with bench() as store:
        store.write(memory(NOON))
        with writing(store.connection):
            write_manners(store.connection, store.lookups, 1, Manners(NOON - 10, NOON + 60, NOON - 20))
        for vantage in (VANTAGE, OTHER, "unknown"):
            assert recalled(store, vantage=vantage).waits == Waits(asked_at=NOON - 10, not_before=NOON + 60)
        assert recalled(store, now=NOON + 60).waits == Waits(asked_at=NOON - 10)


def test_passkeys_are_nowhere_in_the_file(tmp_path):
    key = "0123456789abcdef0123456789abcdef"
    path = tmp_path / "history.db"
    secret = parse_tracker(f"https://user:{key}@tracker.example.org/{key}/announce?passkey={key}")
    with bench(path) as store:
        store.write(memory(NOON, tracker=secret), sample(NOON, tracker=secret))
        store.write(scrape(NOON, (1, 1, 1, 1), tracker=secret))
        assert store.rows("SELECT key, url FROM tracker") == [(secret.id, secret.shown_url)]
        assert recall(store.connection, VANTAGE, secret, [], NOON).memory == memory(NOON, tracker=secret)
    for file in tmp_path.iterdir():
        assert key.encode() not in file.read_bytes()


def test_a_file_that_cannot_be_written_and_what_was_learnt_since_are_put_together():
    windows = Windows()
    old = Recalled(memory(NOON - DAY), Waits(asked_at=1.0), {b"a": 1, b"b": 2}, {}, NOON - DAY, windows, (0.1, 0.2))
    new = Recalled(memory(NOON), Waits(asked_at=2.0), {b"b": 3}, {}, None, None, (None,))
    assert merged(old, new) == Recalled(
        memory(NOON), Waits(asked_at=2.0), {b"a": 1, b"b": 3}, {}, NOON - DAY, windows, (0.1, 0.2, None)
    )
    assert merged(old, Recalled()).memory == memory(NOON - DAY)


def test_where_torrents_last_moved_to_comes_back():
    moves = ((NOON, 1, "exhausted"), (NOON + 60, 1, "failed_over"), (NOON + 90, 2, "primary"))
    with bench() as store:
        for at, number, state in moves:
            kind = EventKind.FAILED_OVER
            swarm = info_hash(number)
            store.write(TransitionRecord(at, kind, "primary", state, None, "moved", TRACKER, None, swarm, "name"))
        assert recalled(store, 1, 2, 3).moved == {
            info_hash(1): ("failed_over", NOON + 60),
            info_hash(2): ("primary", NOON + 90),
        }
        assert recalled(store, 1, vantage=OTHER).moved == {}
