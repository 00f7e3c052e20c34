import pytest

from tests.store.making import DAY, HOUR, NOON, OTHER, TRACKER, announced, bench, info_hash, scrape
from trackerwatch.outcome import SwarmAnswer
from trackerwatch.store.recalling import recall
from trackerwatch.store.swarms import _SOME

ANSWERED, AMBIGUOUS, OMITTED, FAILED = (
    int(a) for a in (SwarmAnswer.ANSWERED, SwarmAnswer.AMBIGUOUS, SwarmAnswer.OMITTED, SwarmAnswer.FAILED)
)
GONE = (-1, -1, -1, FAILED)


def told(store, *numbers, vantage=None):
    """(seeders, leechers, completed, answer, at, seeded_at) of swarms, as recalled."""
    hashes = [info_hash(number) for number in numbers]
    swarms = recall(store.connection, vantage or store.lookups.vantage_uuid, TRACKER, hashes, NOON).swarms
    return [
        (s.seeders, s.leechers, s.completed, s.answer, s.at - NOON, None if s.seeded_at is None else s.seeded_at - NOON)
        if (s := swarms.get(info_hash))
        else None
        for info_hash in hashes
    ]


def written(store) -> int:
    """Rows that the last transactions wrote into the tables of counts, by the sequence numbers they took."""
    return store.value("SELECT seq FROM vantage")


@pytest.mark.parametrize("others", [0, 2 * _SOME])
def test_counts_come_back(others):
    with bench() as store:
        rows = [(3, 1, 9, ANSWERED), (0, 0, 0, AMBIGUOUS), (-1, -1, -1, OMITTED), (0, 4, -1, ANSWERED)]
        store.write(scrape(NOON, *rows, *[(1, 1, 1, ANSWERED)] * others))
        assert told(store, 0, 1, 2, 3, 9999) == [
            (3, 1, 9, ANSWERED, 0, 0),
            (0, 0, 0, AMBIGUOUS, 0, None),
            (None, None, None, OMITTED, 0, None),
            (0, 4, None, ANSWERED, 0, None),
            None,
        ]


@pytest.mark.parametrize("size", [10, 3 * _SOME])
def test_a_round_that_brings_nothing_new_writes_no_swarm(size):
    with bench() as store:
        store.write(scrape(NOON, *[(5, 2, 1, ANSWERED)] * size))
        first = written(store)
        assert first >= 2 * size
        store.write(scrape(NOON + 900, *[(5, 2, 1, ANSWERED)] * size))
        assert written(store) - first == 2, "the round, and when the tracker was scraped"
        assert told(store, 0, size - 1) == [(5, 2, 1, ANSWERED, 900, 900)] * 2
        assert store.value("SELECT count(*) FROM swarm_hour") == size


def test_only_what_changed_is_written():
    with bench() as store:
        store.write(scrape(NOON, *[(5, 2, 1, ANSWERED)] * 100))
        first = written(store)
        store.write(scrape(NOON + 900, (6, 2, 1, ANSWERED), *[(5, 2, 1, ANSWERED)] * 99))
        assert written(store) - first == 4
        assert told(store, 0, 1) == [(6, 2, 1, ANSWERED, 900, 900), (5, 2, 1, ANSWERED, 900, 900)]


def test_history_has_the_last_of_each_hour():
    with bench() as store:
        for minutes, seeders in ((0, 1), (15, 2), (30, 3), (65, 4), (200, 4), (210, 5)):
            store.write(scrape(NOON + 60 * minutes, (seeders, 0, 0, ANSWERED)))
        rows = store.rows("SELECT hour, seeders, at FROM swarm_hour ORDER BY hour")
        hour = int(NOON // HOUR)
        assert rows == [
            (hour, 3, int((NOON + 1800) * 1000)),
            (hour + 1, 4, int((NOON + 3900) * 1000)),
            (hour + 3, 5, int((NOON + 12600) * 1000)),
        ]


def test_swarms_whose_request_failed_keep_their_age():
    with bench() as store:
        store.write(scrape(NOON, (5, 2, 1, ANSWERED), (7, 2, 1, ANSWERED)))
        store.write(scrape(NOON + 900, (5, 2, 1, ANSWERED), (7, 2, 1, ANSWERED)))
        store.write(scrape(NOON + 1800, (5, 2, 1, ANSWERED), GONE))
        store.write(scrape(NOON + 2700, (5, 2, 1, ANSWERED), GONE))
        assert told(store, 0, 1) == [(5, 2, 1, ANSWERED, 2700, 2700), (7, 2, 1, ANSWERED, 900, 900)]
        store.write(scrape(NOON + 3600, (5, 2, 1, ANSWERED), (7, 2, 1, ANSWERED)))
        assert told(store, 0, 1) == [(5, 2, 1, ANSWERED, 3600, 3600), (7, 2, 1, ANSWERED, 3600, 3600)]


def test_a_round_without_an_answer_says_nothing():
    with bench() as store:
        store.write(
            scrape(NOON, (5, 2, 1, ANSWERED)),
        )
        before = written(store)
        store.write(scrape(NOON + 900, GONE))
        assert written(store) == before
        recalled = recall(store.connection, store.lookups.vantage_uuid, TRACKER, [info_hash(0)], NOON)
        assert recalled.scraped_at == NOON


def test_the_last_seeder_is_remembered_when_there_is_none_left():
    with bench() as store:
        store.write(scrape(NOON, (5, 2, 1, ANSWERED)))
        store.write(scrape(NOON + 900, (5, 2, 1, ANSWERED)))
        store.write(scrape(NOON + 1800, (0, 2, 1, ANSWERED)))
        store.write(scrape(NOON + 2700, (0, 2, 1, ANSWERED)))
        store.write(scrape(NOON + 3600, (0, 1, 1, ANSWERED)))
        assert told(store, 0) == [(0, 1, 1, ANSWERED, 3600, 900)]


def test_a_part_of_the_swarms_confirms_only_that_part():
    with bench() as store:
        store.write(scrape(NOON, *[(5, 2, 1, ANSWERED)] * 10))
        store.write(scrape(NOON + 900, (5, 2, 1, ANSWERED), (8, 2, 1, ANSWERED), first=3))
        assert [row[4] for row in told(store, 2, 3, 4, 5)] == [0, 900, 900, 0]
        assert told(store, 4) == [(8, 2, 1, ANSWERED, 900, 900)]
        # And the whole list again, with its own answers.
        store.write(scrape(NOON + 1800, *[(5, 2, 1, ANSWERED)] * 10))
        assert told(store, 3, 4) == [(5, 2, 1, ANSWERED, 1800, 1800)] * 2


def test_two_programs_that_scrape_one_tracker_see_each_others_counts(tmp_path):
    path = tmp_path / "history.db"
    with bench(path) as one, bench(path) as two:
        one.write(scrape(NOON, (5, 2, 1, ANSWERED)))
        two.write(scrape(NOON + 60, (6, 2, 1, ANSWERED)))
        # The first program sees again what it saw before: news, for the file says otherwise.
        one.write(scrape(NOON + 120, (5, 2, 1, ANSWERED)))
        assert told(two, 0) == [(5, 2, 1, ANSWERED, 120, 120)]
        seqs = one.rows("SELECT seq FROM latest UNION ALL SELECT seq FROM swarm_hour UNION ALL SELECT seq FROM round")
        assert len(set(seqs)) == len(seqs)


def test_vantages_do_not_mix(tmp_path):
    path = tmp_path / "history.db"
    with bench(path) as here, bench(path, OTHER) as there:
        here.write(scrape(NOON, (5, 2, 1, ANSWERED)))
        there.write(scrape(NOON + 60, (0, 2, 1, ANSWERED)))
        assert told(here, 0) == [(5, 2, 1, ANSWERED, 0, 0)]
        assert told(there, 0) == [(0, 2, 1, ANSWERED, 60, None)]


def test_announces_make_history_only_where_no_scrape_tells():
    with bench() as store:
        store.write(announced(NOON, 0, seeders=3), announced(NOON, 1, seeders=None))
        store.write(scrape(NOON, (5, 2, 1, ANSWERED), first=2))
        store.write(announced(NOON + DAY, 2, seeders=9))
        rows = store.rows("SELECT swarm.info_hash, h.seeders FROM swarm_hour AS h JOIN swarm ON swarm.id = h.swarm")
        assert sorted(rows) == [(info_hash(0), 3), (info_hash(2), 5)]
        assert store.value("SELECT count(*) FROM announced") == 3
