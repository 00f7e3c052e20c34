import pytest

from tests.store.making import NOON, announced, memory, sample, scrape, turned
from trackerwatch.engine.records import GapKind, GapRecord
from trackerwatch.store.pending import MAX_BATCH_MEMORIES, MAX_BATCH_RECORDS, Limits, Pending
from trackerwatch.tracker import parse_tracker

ONE = (1, 0, 0, 1)


def filled(*records, limits=None) -> Pending:
    pending = Pending(limits)
    for record in records:
        pending.put(record)
    return pending


def test_everything_comes_out_in_order():
    records = [
        sample(1),
        sample(2),
        scrape(1, ONE),
        announced(1),
        turned(1, "up", "down"),
        GapRecord(GapKind.SUSPENDED, 1, 2, "slept"),
        memory(1),
    ]
    pending = filled(*records)
    assert len(pending) == 7
    assert list(pending.take().records()) == records
    assert len(pending) == 0
    assert len(pending.take()) == 0


def test_the_oldest_samples_go_first_and_are_counted():
    pending = filled(*(sample(at) for at in range(10)), turned(0, "up", "down"), limits=Limits(samples=4))
    assert [record.at for record in pending.take().samples] == [6, 7, 8, 9]
    assert pending.dropped == {"samples": 6}


def test_what_replaces_itself_is_there_once():
    pending = filled(memory(1), memory(2), announced(1), announced(2), scrape(1, ONE), scrape(2, ONE))
    batch = pending.take()
    assert [m.at for m in batch.memories] == [2]
    assert [a.at for a in batch.announces] == [2]
    assert [s.at for s in batch.scrapes] == [2]
    assert pending.dropped == {}


def test_other_lists_of_swarms_do_not_replace_each_other():
    assert len(filled(scrape(1, ONE), scrape(2, ONE, first=5)).take().scrapes) == 2


def test_scrapes_are_bounded_by_their_swarms():
    pending = filled(*(scrape(at, *[ONE] * 10, first=at * 10) for at in range(5)), limits=Limits(hashes=25))
    assert [s.at for s in pending.take().scrapes] == [3, 4]
    assert pending.dropped == {"scrapes": 3}


@pytest.mark.parametrize(
    ("make", "limits", "kind"),
    [
        (lambda i: turned(i, "up", "down"), Limits(transitions=3), "transitions"),
        (lambda i: GapRecord(GapKind.SUSPENDED, i, i, ""), Limits(gaps=3), "gaps"),
        (lambda i: announced(i, i), Limits(announces=3), "announces"),
        (lambda i: memory(i, tracker=TRACKERS[i]), Limits(memories=3), "memories"),
    ],
)
def test_every_kind_is_bounded(make, limits, kind):
    pending = filled(*(make(i) for i in range(8)), limits=limits)
    assert len(pending) == 3
    assert pending.dropped == {kind: 5}


TRACKERS = [parse_tracker(f"udp://t{number}.example.org:80") for number in range(MAX_BATCH_MEMORIES + 10)]


def test_a_batch_is_bounded_and_the_rest_stays():
    pending = filled(*(sample(at) for at in range(MAX_BATCH_RECORDS + 5)), *(memory(1, tracker=t) for t in TRACKERS))
    batch = pending.take()
    assert (len(batch.samples), len(batch.memories)) == (MAX_BATCH_RECORDS, MAX_BATCH_MEMORIES)
    rest = pending.take()
    assert [record.at for record in rest.samples] == list(range(MAX_BATCH_RECORDS, MAX_BATCH_RECORDS + 5))
    assert len(rest.memories) == 10


def test_a_large_scrape_is_taken_alone():
    pending = filled(scrape(1, *[ONE] * 12_000), scrape(2, ONE))
    assert [s.at for s in pending.take().scrapes] == [1]
    assert [s.at for s in pending.take().scrapes] == [2]


def test_what_is_put_back_is_first_again_and_newer_stays():
    pending = filled(sample(1), memory(1), scrape(1, ONE), announced(1), turned(1, "up", "down"))
    batch = pending.take()
    for record in (sample(2), memory(2), turned(2, "down", "up")):
        pending.put(record)
    pending.put_back(batch)
    again = pending.take()
    assert [s.at for s in again.samples] == [1, 2]
    assert [m.at for m in again.memories] == [2]
    assert [t.at for t in again.transitions] == [1, 2]
    assert (len(again.scrapes), len(again.announces)) == (1, 1)


def test_putting_back_keeps_to_the_bounds():
    pending = filled(*(sample(at) for at in range(3)), limits=Limits(samples=3))
    batch = pending.take()
    pending.put(sample(3))
    pending.put_back(batch)
    assert [s.at for s in pending.take().samples] == [1, 2, 3]
    assert pending.dropped == {"samples": 1}


def test_the_memory_of_a_tracker_can_be_looked_up():
    pending = filled(memory(NOON))
    assert pending.memory_of(memory(0).tracker.id) == memory(NOON)
    assert pending.memory_of("0123456789") is None
