"""What is under way to the terminal."""

from trackerwatch.tui.terminal.flow import PATIENCE_S, Flow


def test_what_has_not_left_jams_beyond_the_window():
    flow = Flow(100)
    flow.wrote(100)
    assert not flow.is_jammed
    flow.wrote(1)
    assert flow.is_jammed
    flow.left(1)
    assert not flow.is_jammed


def test_what_left_and_was_not_shown_jams_too_once_the_terminal_is_asked():
    flow = Flow(100)
    flow.wrote(300)
    flow.left(300)
    assert not flow.is_jammed, "nobody knows better"
    flow.asked(0.0)
    assert flow.is_jammed
    assert flow.answered()
    assert not flow.is_jammed


def test_answers_are_taken_in_order():
    flow = Flow(0)
    for number in range(2):
        flow.wrote(10)
        flow.left(10)
        flow.asked(float(number))
    assert flow.answered()
    assert flow.is_jammed, "the second frame is still on its way"
    assert flow.answered()
    assert not flow.is_jammed
    assert not flow.answered(), "nobody was asked"


def test_a_question_that_is_never_answered_is_given_up():
    flow = Flow(0)
    flow.wrote(10)
    flow.left(10)
    flow.asked(5.0)
    assert not flow.is_silent(5.0 + PATIENCE_S - 0.1)
    assert flow.is_jammed
    assert flow.is_silent(5.0 + PATIENCE_S)
    assert not flow.is_jammed
    assert not flow.is_silent(100.0), "it is said once"


def test_what_has_not_left_is_no_silence():
    flow = Flow(0)
    flow.wrote(10)
    flow.asked(0.0)
    assert not flow.is_silent(1000.0)
    assert flow.is_jammed
