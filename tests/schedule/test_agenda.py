"""One heap: what is put again moves, what is dropped is gone, the earliest comes first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from trackerwatch.schedule import Agenda


def test_order_and_moving():
    agenda: Agenda[str] = Agenda()
    agenda.put("a", 5.0)
    agenda.put("b", 3.0)
    agenda.put("a", 1.0)
    assert len(agenda) == 2
    assert agenda.next_due() == 1.0
    assert agenda.pop_due(0.5) is None
    assert agenda.pop_due(4.0) == ("a", 1.0)
    assert agenda.pop_due(4.0) == ("b", 3.0)
    assert agenda.pop_due(4.0) is None
    assert agenda.next_due() is None


def test_dropping():
    agenda: Agenda[str] = Agenda()
    agenda.put("a", 1.0)
    agenda.drop("a")
    agenda.drop("never there")
    assert agenda.due_at("a") is None
    assert agenda.pop_due(9.0) is None


@given(st.lists(st.tuples(st.integers(0, 5), st.one_of(st.none(), st.floats(0, 100)))))
def test_like_a_dictionary(steps):
    agenda: Agenda[int] = Agenda()
    model: dict[int, float] = {}
    for thing, due in steps:
        if due is None:
            agenda.drop(thing)
            model.pop(thing, None)
        else:
            agenda.put(thing, due)
            model[thing] = due
    assert len(agenda) == len(model)
    popped = []
    while (entry := agenda.pop_due(1000.0)) is not None:
        popped.append(entry)
    assert dict(popped) == model
    assert [due for _, due in popped] == sorted(model.values())
