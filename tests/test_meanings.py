"""Every state and reason means something, and something can be done about it."""

import pytest

from trackerwatch.engine.views import AskState, LocalState
from trackerwatch.failover.states import FailoverState, Role
from trackerwatch.health.states import Health
from trackerwatch.meanings import REASON_CODES, Condition, meaning, of_reason
from trackerwatch.outcome import FailureKind
from trackerwatch.policy.rules import Rule, Verdict

STATES = (FailureKind, Health, Rule, Verdict, FailoverState, Role, LocalState, AskState, Condition)


@pytest.mark.parametrize("state", [member for kind in STATES for member in kind], ids=repr)
def test_every_state_says_what_it_means_and_what_to_do(state):
    told = meaning(state)
    for sentence in (told.means, told.do):
        assert 3 < len(sentence) <= 120
        assert not sentence.endswith(".")
        assert sentence == sentence.strip()
        # A sentence inside another one: it begins small, unless it begins with a name of its own.
        assert sentence[0].islower() or sentence.split()[0] in {"TCP", "DNS"} or sentence[0] in "-`"


def test_states_with_one_name_keep_their_own_meaning():
    assert meaning(Health.UNKNOWN) != meaning(Verdict.UNKNOWN)
    assert meaning(FailureKind.UNREGISTERED).means.startswith("the tracker is up")
    assert meaning(FailoverState.EXHAUSTED) != meaning(Rule.EXHAUSTED)


@pytest.mark.parametrize("code", [*FailureKind, *REASON_CODES])
def test_every_reason_code_is_known(code):
    assert of_reason(code.value) == meaning(code)


def test_a_code_of_another_version_is_not_made_up():
    assert of_reason("gremlins") is None
    # A condition that is no reason of a state.
    assert of_reason("frozen") is None


def test_our_own_faults_are_not_blamed_on_the_tracker():
    assert "nothing can be said of the tracker" in meaning(FailureKind.LOCAL_OFFLINE).means
    assert "--allow-private" in meaning(FailureKind.BLOCKED).do
    for kind in FailureKind:
        if kind.answered:
            assert "the tracker is up" in meaning(kind).means
