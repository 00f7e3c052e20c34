import pytest

from tests.store.making import (
    DAY,
    ENDPOINT,
    ENDPOINT_6,
    HOUR,
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
    turned,
)
from trackerwatch.engine.records import GapKind, GapRecord, TransitionRecord
from trackerwatch.engine.views import EventKind
from trackerwatch.health import Health
from trackerwatch.history import Gap, Outage
from trackerwatch.outcome import FailureKind
from trackerwatch.store.histories import (
    MAX_TRANSITIONS,
    Asked,
    failure_texts,
    overview,
    torrent_history,
    tracker_history,
    window_name,
)
from trackerwatch.store.retention import Keeping, forget
from trackerwatch.tracker import parse_tracker


def history(store, since=NOON - DAY, until=NOON, stretches=24, tracker=TRACKER, vantage=VANTAGE):
    return tracker_history(store.connection, tracker.id, Asked(vantage, since, until, stretches))


def torrent(store, number=0, since=NOON - DAY, until=NOON):
    return torrent_history(store.connection, info_hash(number).hex(), Asked(VANTAGE, since, until))


def test_a_stranger_has_no_history():
    with bench() as store:
        assert history(store) is None
        assert overview(store.connection, Asked(VANTAGE, 0, NOON, 3)) == []
        store.write(sample(NOON))
        assert history(store, tracker=parse_tracker("udp://other.example.org:80")) is None


def test_a_tracker_of_which_only_a_name_is_known_has_an_empty_history():
    with bench() as store:
        store.write(memory(NOON, Health.DOWN))
        told = history(store, vantage=OTHER)
        assert told is not None
        assert (told.state, told.state_since, told.p50_s, told.outages) == ("unknown", None, None, ())
        assert [s.counted for s in told.stretches] == [0] * 24
        assert [f.counted for f in told.uptime] == [0] * 5


@pytest.mark.parametrize("rolled", [False, True])
def test_a_day_of_a_tracker(rolled):
    with bench() as store:
        for i in range(96):
            at = NOON - 900 * i
            store.write(failed(at) if 8 <= i < 12 else sample(at, 0.1 if i % 10 else 0.9))
        store.write(memory(NOON, Health.DEGRADED))
        if rolled:
            store.roll(NOON + DAY)
        told = history(store, until=NOON + 0.1)
        assert told is not None
        assert (told.tracker, told.url, told.host_port, told.protocol) == (
            TRACKER.id,
            "udp://tracker.example.org:6969/announce",
            "tracker.example.org:6969",
            "udp",
        )
        assert [(f.window, f.successes, f.counted) for f in told.uptime] == [
            ("24h", 92, 96),
            ("1h", 4, 4),
            ("24h", 92, 96),
            ("7d", 92, 96),
            ("30d", 92, 96),
        ]
        assert round(told.uptime[0].coverage, 3) == 1.0
        assert told.uptime[3].uptime is None, "a day is no week"
        assert told.p50_s == pytest.approx(0.1, rel=0.06)
        assert told.p99_s == pytest.approx(0.9, rel=0.06)
        assert [name for name, _ in told.phases_p50_s] == ["resolve", "exchange"]
        assert (told.state, told.state_since, told.last_success_at) == ("degraded", NOON - 60, NOON - 10)
        assert len(told.stretches) == 24
        assert sum(s.counted for s in told.stretches) == 96
        assert [s.successes for s in told.stretches][-4:-1] == [4, 0, 4]


def test_a_gap_is_no_failure():
    with bench() as store:
        store.write(
            sample(NOON - 3 * HOUR, covers_s=0),
            sample(NOON - HOUR, covers_s=0),
            GapRecord(GapKind.SUSPENDED, NOON - 3 * HOUR, NOON - HOUR, "slept 2 h"),
            GapRecord(GapKind.LOCAL_OFFLINE, NOON - 9 * DAY, NOON - 8 * DAY, "long ago"),
        )
        told = history(store, stretches=24)
        assert told is not None
        assert told.gaps == (Gap("suspended", NOON - 3 * HOUR, NOON - HOUR, "slept 2 h"),)
        assert [s.counted for s in told.stretches][-4:] == [0, 1, 0, 1]
        assert told.stretches[-2].p50_s is None


def test_outages_reach_over_the_edges():
    with bench() as store:
        store.write(
            turned(NOON - 3 * DAY, "unknown", "up"),
            turned(NOON - 2 * DAY, "up", "down"),
            turned(NOON - 30 * HOUR, "down", "unknown"),
            turned(NOON - 20 * HOUR, "unknown", "up"),
            turned(NOON - 10 * HOUR, "up", "degraded"),
            turned(NOON - 5 * HOUR, "up", "down", endpoint=ENDPOINT_6),
            turned(NOON - HOUR, "degraded", "down"),
        )
        told = history(store)
        assert told is not None
        assert told.outages == (
            Outage(None, NOON - 2 * DAY, NOON - 20 * HOUR, "timeout"),
            Outage(str(ENDPOINT_6), NOON - 5 * HOUR, None, "timeout"),
            Outage(None, NOON - HOUR, None, "timeout"),
        )
        assert [t.endpoint for t in told.transitions] == [None, None, "[2001:db8::1]:6969", None]
        assert told.transitions[0].message == "unknown to up"
        assert told.flaps == 1


def test_of_many_transitions_the_latest_are_told():
    with bench() as store:
        states = ("up", "degraded")
        store.write(*(turned(NOON - 5000 + i, states[i % 2], states[(i + 1) % 2]) for i in range(MAX_TRANSITIONS + 5)))
        told = history(store)
        assert told is not None
        assert len(told.transitions) == MAX_TRANSITIONS
        assert told.transitions[-1].at == NOON - 5000 + MAX_TRANSITIONS + 4


def test_the_overview_has_every_tracker_without_transitions():
    other = parse_tracker("https://other.example.org/announce")
    with bench() as store:
        store.write(sample(NOON - 60), failed(NOON - 60, tracker=other), turned(NOON - 60, "up", "down", tracker=other))
        rows = overview(store.connection, Asked(VANTAGE, NOON - DAY, NOON, 3))
        assert [(row.tracker, row.uptime[0].successes, row.transitions) for row in rows] == [
            (TRACKER.id, 1, ()),
            (other.id, 0, ()),
        ]
        assert len(rows[1].outages) == 1


def test_the_overview_of_some_trackers_has_no_others():
    other = parse_tracker("https://other.example.org/announce")
    with bench() as store:
        store.write(sample(NOON - 60), failed(NOON - 60, tracker=other))
        asked = Asked(VANTAGE, NOON - DAY, NOON, 3)
        assert [row.tracker for row in overview(store.connection, asked, [other.id, "0" * 10])] == [other.id]
        assert overview(store.connection, asked, []) == []


def test_a_torrents_failover():
    with bench() as store:
        moved = TransitionRecord(
            NOON - 60,
            EventKind.FAILED_OVER,
            None,
            "failed_over",
            FailureKind.TIMEOUT,
            "to tier 1",
            TRACKER,
            info_hash=info_hash(0),
            name="debian",
        )
        store.write(moved, turned(NOON - 50, "up", "down"))
        told = torrent(store).transitions
        assert [(t.kind, t.to_state, t.reason, t.tracker, t.torrent, t.name) for t in told] == [
            ("failed_over", "failed_over", "timeout", TRACKER.id, info_hash(0).hex(), "debian")
        ]
        of_tracker = history(store)
        assert of_tracker is not None
        assert [t.message for t in of_tracker.transitions] == ["up to down"]


SECOND = parse_tracker("udp://second.example.org:80")


def test_seeders_are_the_maximum_over_trackers():
    with bench() as store:
        store.write_each(scrape(NOON - 8 * HOUR, (3, 0, 0, 1)), scrape(NOON - 7 * HOUR, (5, 0, 0, 1), tracker=SECOND))
        store.write_each(scrape(NOON - 6 * HOUR, (4, 0, 0, 1)), scrape(NOON - 5 * HOUR, (0, 0, 0, 2), tracker=SECOND))
        store.write_each(scrape(NOON - 4 * HOUR, (0, 0, 0, 1)), scrape(NOON - HOUR, (0, 0, 0, 1)))
        told = torrent(store)
        hours = [(round((at - NOON) / HOUR), seeders) for at, seeders in told.seeders]
        assert hours == [(-8, 3), (-7, 5), (-5, 4), (-4, 0)]
        assert told.last_seeder_at == NOON - 6 * HOUR


def test_how_seeders_stood_at_the_begin_is_told():
    with bench() as store:
        store.write_each(scrape(NOON - 60 * DAY, (3, 0, 0, 1)), scrape(NOON - 20 * DAY, (8, 0, 0, 1)))
        assert torrent(store).seeders == ((NOON - DAY, 8),)
        assert torrent(store, since=NOON - 40 * DAY).seeders == ((NOON - 40 * DAY, 3), (NOON - 20 * DAY, 8))
        for _ in forget(store.connection, NOON, Keeping()):
            pass
        assert store.value("SELECT count(*) FROM swarm_day") == 1
        assert torrent(store, since=NOON - 40 * DAY).seeders == ((NOON - 40 * DAY, 3), (NOON - 20 * DAY, 8))
        assert torrent(store, since=NOON - 90 * DAY, until=NOON - 30 * DAY).seeders == ((NOON - 60 * DAY, 3),)


def test_announces_tell_of_seeders_too():
    with bench() as store:
        store.write_each(announced(NOON - HOUR, 0, seeders=2), announced(NOON - 60, 0, seeders=None))
        told = torrent(store)
        assert (told.seeders, told.last_seeder_at) == (((NOON - HOUR, 2),), NOON - HOUR)


@pytest.mark.parametrize("name", ["", "zz", "00", "é", info_hash(9).hex()])
def test_an_unknown_torrent_is_empty(name):
    with bench() as store:
        store.write(scrape(NOON, (1, 1, 1, 1)))
        told = torrent_history(store.connection, name, Asked(VANTAGE, 0, NOON))
        assert (told.transitions, told.seeders, told.last_seeder_at) == ((), (), None)


def test_texts_of_failures_are_told_newest_first():
    with bench() as store:
        store.write(
            failed(NOON, said="as a whole"), failed(NOON + 1, FailureKind.REFUSED, endpoint=ENDPOINT, said="no")
        )
        assert failure_texts(store.connection, VANTAGE, TRACKER.id, 5) == [
            (NOON + 1, "192.0.2.1:6969", "refused", "no"),
            (NOON, None, "timeout", "as a whole"),
        ]


@pytest.mark.parametrize(
    ("span_s", "name"),
    [
        (3600, "1h"),
        (86400, "24h"),
        (7 * 86400, "7d"),
        (3 * 86400, "3d"),
        (7200, "2h"),
        (90, "90s"),
        (5400, "90m"),
        (0, "0s"),
    ],
)
def test_spans_have_names(span_s, name):
    assert window_name(span_s) == name


def test_a_thousand_stretches_and_a_strange_span_break_nothing():
    with bench() as store:
        store.write(sample(NOON - 60))
        for since, until, stretches in (
            (NOON, NOON, 5),
            (NOON, NOON - DAY, 5),
            (NOON - DAY, NOON, 10**9),
            (0, NOON, 0),
        ):
            told = history(store, since, until, stretches)
            assert told is not None
            assert len(told.stretches) <= 2000
