import json
import math
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.store.making import NOON, TRACKER, announced, memory
from trackerwatch.health import EndpointHealth, Health
from trackerwatch.outcome import Failure, FailureKind, Phase
from trackerwatch.store.packing import (
    MAX_TEXT_CHARS,
    cut,
    pack_announce,
    pack_failure,
    pack_memory,
    unpack_announce,
    unpack_failure,
    unpack_memory,
)


def test_a_memory_comes_back_as_it_was():
    for state in Health:
        assert unpack_memory(TRACKER, pack_memory(memory(NOON, state))) == memory(NOON, state)


def test_an_outcome_comes_back_as_it_was():
    outcome = announced(NOON).outcome
    probe = replace(
        outcome.probe,
        failure=Failure(FailureKind.UNREGISTERED, Phase.EXCHANGE, "Torrent not registered", 60.0),
        tls_expires_at=datetime(2026, 1, 1, tzinfo=UTC),
        tls_valid_from=datetime(2025, 1, 1, tzinfo=UTC),
    )
    outcome = replace(outcome, probe=probe, warning_kind=FailureKind.UNREGISTERED)
    assert unpack_announce(pack_announce(outcome)) == outcome


def test_a_failure_comes_back_as_it_was():
    failure = Failure(FailureKind.HTTP_STATUS, Phase.EXCHANGE, "410 Gone", None, retry_never=True)
    assert unpack_failure(pack_failure(failure)) == failure
    assert unpack_failure(None) is None


def damaged(text: str):
    """The text with each of its values in turn replaced by others of any type."""
    read = json.loads(text)
    for key in read:
        for value in (None, [], {}, "x", -1, 1e400, [1, 2], True):
            yield json.dumps({**read, key: value})
        yield json.dumps({other: value for other, value in read.items() if other != key})
    for length in range(0, len(text), 7):
        yield text[:length]
    yield from ("null", "[]", "7", '"x"', "[" * 100_000)


@pytest.mark.parametrize(
    ("text", "unpack"),
    [
        (pack_memory(memory(NOON)), lambda text: unpack_memory(TRACKER, text)),
        (pack_announce(announced(NOON).outcome), unpack_announce),
        (pack_failure(Failure(FailureKind.TIMEOUT)), unpack_failure),
    ],
)
def test_what_is_damaged_is_unknown_and_raises_nothing(text, unpack):
    assert unpack(text) is not None
    results = [unpack(broken) for broken in damaged(text)]
    assert results.count(None) > len(results) / 3


def test_a_later_version_is_unknown():
    text = pack_memory(memory(NOON)).replace('"v":1', '"v":2', 1)
    assert unpack_memory(TRACKER, text) is None


def test_health_that_cannot_be_read_is_unknown_health():
    read = json.loads(pack_memory(memory(NOON)))
    read["name_health"] = "{}"
    recalled = unpack_memory(TRACKER, json.dumps(read))
    assert recalled is not None
    assert recalled.name_health == EndpointHealth()


def test_times_that_are_none_stay_out():
    strange = replace(memory(NOON), since=math.nan, interval_s=math.inf)
    recalled = unpack_memory(TRACKER, pack_memory(strange))
    assert recalled is not None
    assert (recalled.since, recalled.interval_s) == (None, None)


def test_texts_are_cut_and_fit_any_table():
    assert cut("a\ud800b") == "a?b"
    assert len(cut("x" * 5000)) == MAX_TEXT_CHARS
