"""How many hashes go into one scrape: trackers that take less than they are asked, in every way they have."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackerwatch.probe.http_batches import Batch, BatchPlan, LearntLimits


def run(plan, take, *, known=lambda index: True, refuse=lambda size: False):
    """Play a tracker that answers what `take` picks of what it knows; returns sizes asked, answered and unknown indices."""
    sizes, answered, unknown = [], set(), []
    while (batch := plan.next_batch()) is not None:
        asked = list(batch.indices)
        sizes.append(len(asked))
        assert len(sizes) < 5000
        if refuse(len(asked)) and plan.too_large(batch):
            continue
        told = {index for index in take(asked) if known(index)}
        answered |= told
        unknown += plan.answered(batch, [position for position, index in enumerate(asked) if index not in told])
    return sizes, answered, unknown


def test_grows_while_answers_stay_whole():
    plan = BatchPlan(1000, 7)
    sizes, answered, unknown = run(plan, lambda asked: asked)
    assert sizes == [20, 40, 80, 160, 211, 211, 211, 67]
    assert (len(answered), unknown) == (1000, [])
    assert plan.learnt == LearntLimits(size=211, ceiling=211, proven=211)


def test_starts_where_the_last_round_ended():
    plan = BatchPlan(200, 7, LearntLimits(64, 64, 64))
    assert run(plan, lambda asked: asked)[0] == [64, 64, 64, 8]


@pytest.mark.parametrize(("base", "first"), [(7, 20), (500, 19), (1_830, 1), (4_000, 1)])
def test_a_long_url_leaves_room_for_fewer(base, first):
    assert run(BatchPlan(100, base), lambda asked: asked)[0][0] == first


def test_a_silent_cut_is_learnt_and_the_rest_asked_again():
    plan = BatchPlan(300, 7)
    sizes, answered, unknown = run(plan, lambda asked: asked[:64])
    assert sizes == [20, 40, 80, 16, 64, 64, 32]
    assert (len(answered), unknown) == (300, [])
    assert plan.learnt == LearntLimits(size=64, ceiling=64, proven=64)


def test_unknown_hashes_at_the_end_are_no_cut():
    plan = BatchPlan(60, 7)
    sizes, answered, unknown = run(plan, lambda asked: asked, known=lambda index: index not in {5, 18, 19, 59})
    assert sorted(unknown) == [5, 18, 19, 59]
    assert len(answered) == 56
    assert plan.learnt.ceiling == 211
    assert sizes[:2] == [20, 2]


def test_nothing_known_at_all_is_asked_twice_and_no_more():
    sizes, answered, unknown = run(BatchPlan(50, 7), lambda asked: asked, known=lambda index: False)
    assert sum(sizes) == 100
    assert (answered, sorted(unknown)) == (set(), list(range(50)))


@pytest.mark.parametrize("which", [0, -1])
def test_one_answer_for_many(which):
    plan = BatchPlan(45, 7)
    sizes, answered, unknown = run(plan, lambda asked: [asked[which]])
    assert sizes == [20] + [1] * 44
    assert (len(answered), unknown) == (45, [])
    assert plan.learnt.ceiling == 1


def test_one_known_of_many_is_not_taken_for_one_answer_for_many():
    plan = BatchPlan(20, 7)
    sizes, answered, unknown = run(plan, lambda asked: asked, known=lambda index: index == 7)
    assert sizes == [20, 1, 18]
    assert (answered, sorted(unknown)) == ({7}, [index for index in range(20) if index != 7])
    assert plan.learnt.ceiling == 211


def test_refused_sizes_are_halved_and_never_tried_again():
    plan = BatchPlan(400, 7)
    sizes, answered, _ = run(plan, lambda asked: asked, refuse=lambda size: size > 26)
    assert sizes[:5] == [20, 40, 20, 20, 20]
    assert max(sizes[2:]) == 20
    assert len(answered) == 400
    assert plan.learnt == LearntLimits(size=20, ceiling=20, proven=20)


def test_an_odd_batch_halves_into_three():
    plan = BatchPlan(5, 7)
    sizes, answered, _ = run(plan, lambda asked: asked, refuse=lambda size: size > 2)
    assert sizes == [5, 2, 2, 1]
    assert len(answered) == 5


def test_a_single_hash_cannot_be_halved():
    plan = BatchPlan(1, 7)
    assert not plan.too_large(plan.next_batch())


def test_nothing_is_learnt_from_a_tracker_that_never_answered():
    plan = BatchPlan(40, 7)
    while (batch := plan.next_batch()) is not None and plan.too_large(batch):
        pass
    assert len(batch.indices) == 1
    assert plan.learnt is None


def test_a_size_that_was_answered_before_is_asked_once_more():
    plan = BatchPlan(40, 7, LearntLimits(20, 211, 20))
    batch = plan.next_batch()
    assert plan.once_more(batch)
    again = plan.next_batch()
    assert again.indices == batch.indices
    assert not plan.once_more(again)
    assert not plan.once_more(Batch(range(21)))


def test_a_grown_request_without_an_answer_goes_back_to_what_was_proven():
    plan = BatchPlan(200, 7, LearntLimits(80, 211, 40))
    batch = plan.next_batch()
    assert plan.is_grown(batch)
    plan.distrust(batch)
    assert plan.learnt == LearntLimits(40, 40, 40)


def test_what_remains_is_everything_not_answered():
    plan = BatchPlan(50, 7)
    first = plan.next_batch()
    plan.answered(first, [position for position in range(20) if position != 3])
    assert sorted(plan.remaining()) == [index for index in range(50) if index != 3]
    assert plan.is_done
    assert plan.next_batch() is None


@given(st.integers(1, 400), st.integers(1, 120), st.sets(st.integers(0, 400)), st.integers(1, 250))
def test_every_hash_ends_up_answered_or_unknown_once(count, cut, strangers, refused):
    plan = BatchPlan(count, 7)
    _, answered, unknown = run(
        plan,
        lambda asked: asked[:cut],
        known=lambda index: index not in strangers,
        refuse=lambda size: size > refused,
    )
    assert sorted([*answered, *unknown]) == list(range(count))
    assert set(unknown) >= strangers & set(range(count))
