import pytest

from trackerwatch.engine.records import GapKind
from trackerwatch.engine.timekeeping import SETTLING_S, Timekeeper

HOUR = 3600.0


def keeper() -> Timekeeper:
    return Timekeeper(100.0, 1_000_000.0)


def test_time_that_passes_is_no_jump():
    time = keeper()
    assert time.tick(110.0, 1_000_010.0, expected_s=10) is None
    assert time.tick(120.5, 1_000_021.0, expected_s=10) is None, "time servers slew"
    assert time.tick(148.0, 1_000_048.5, expected_s=10) is None, "a busy machine is late"
    assert not time.unsettled(140.0, 148.0)


@pytest.mark.parametrize(
    ("passed_s", "walked_s", "kind", "shift_s"),
    [
        (10.0, 8 * HOUR, GapKind.SUSPENDED, 0.0),  # the monotonic clock stands still in a suspend (Linux, macOS)
        (
            8 * HOUR,
            8 * HOUR,
            GapKind.SUSPENDED,
            0.0,
        ),  # stopped by a signal, or a monotonic clock that runs on (Windows)
        (10.0, 10 - HOUR, GapKind.CLOCK_STEPPED, -HOUR),
        (10.0, 24 * HOUR, GapKind.SUSPENDED, 0.0),
        (10.0, 10 - 400 * 24 * HOUR, GapKind.CLOCK_STEPPED, -400 * 24 * HOUR),
        (8 * HOUR, 7 * HOUR, GapKind.SUSPENDED, 0.0),  # paused, and set back by an hour meanwhile: a pause all the same
        (2 * HOUR, -HOUR, GapKind.CLOCK_STEPPED, -3 * HOUR),
    ],
)
def test_what_a_jump_was(passed_s, walked_s, kind, shift_s):
    time = keeper()
    jump = time.tick(100 + passed_s, 1_000_000 + walked_s, expected_s=10)
    assert jump is not None
    assert (jump.kind, jump.shift_s) == (kind, shift_s)
    assert (jump.begin, jump.end) == (1_000_000.0, 1_000_000.0 + walked_s)
    now = 100 + passed_s
    assert time.unsettled(now - 5, now + SETTLING_S * 2), "it began before the jump"
    assert time.unsettled(now + 1, now + 2), "networks come back slowly"
    assert not time.unsettled(now + SETTLING_S, now + SETTLING_S + 1)
    assert time.tick(now + 10, 1_000_000 + walked_s + 10, expected_s=10) is None, "once is enough"


def test_what_is_said():
    time = keeper()
    jump = time.tick(110, 1_000_000 + 8 * HOUR, expected_s=10)
    assert jump is not None
    assert jump.message == "8.0 h were slept through, or the clock was set ahead: a gap, and nobody's failure"
    jump = time.tick(120, 1_000_000 + 7 * HOUR, expected_s=10)
    assert jump is not None
    assert jump.message == "the clock was set back by 60 min"
