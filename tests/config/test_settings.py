"""The table of settings: whole, documented, and in step with the rooms whose values it spells out."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackerwatch import failover
from trackerwatch.cli.wiring import engine_settings
from trackerwatch.config.settings import (
    ANNOUNCE_MODES,
    BY_KEY,
    CLIENTS,
    DEFAULTS,
    PHRASE_KINDS,
    PRIVATE_MODES,
    SETTINGS,
)
from trackerwatch.config.values import WrongValueError
from trackerwatch.engine.settings import AnnounceMode, EngineSettings, PrivateMode
from trackerwatch.outcome import FailureKind


def test_every_setting_is_documented():
    for setting in SETTINGS:
        assert setting.about.endswith(".")
        assert setting.variable == f"TRACKERWATCH_{setting.key.upper()}"
        assert (setting.default is None) <= bool(setting.default_words and setting.example)


def test_keys_carry_no_unit():
    assert list(BY_KEY) == [
        *("interval", "timeout", "deadline", "announce", "private", "private_hosts", "allow_private"),
        *("allowed_networks", "ca_file", "color", "vantage", "down_after", "heartbeat", "up_after", "slow_udp"),
        *("slow_http", "loss", "tls_expiry", "client", "dns_preferences", "sentinels", "store", "max_age"),
        *("policy", "theme", "ascii", "mouse", "slow_link", "keys", "filters"),
        *("failure_phrases", "trackers"),
    ]


def test_flags():
    assert {setting.flag for setting in SETTINGS if setting.flag} == {
        *(
            "--interval",
            "--timeout",
            "--deadline",
            "--announce",
            "--private",
            "--allow-private",
            "--ca-file",
            "--color",
            "--store",
            "--max-age",
            "--policy",
            "--theme",
            "--ascii",
            "--mouse",
            "--slow-link",
        ),
    }


def test_choices_are_the_enums():
    assert {*AnnounceMode} == {*ANNOUNCE_MODES}
    assert {*PrivateMode} == {*PRIVATE_MODES}
    assert {*PHRASE_KINDS} < {*FailureKind}
    assert tuple(failover.CLIENTS) == CLIENTS


def test_the_defaults_are_the_engines():
    assert engine_settings(DEFAULTS) == EngineSettings()


SCALARS = st.one_of(
    *(
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(),
        st.dates(),
        st.just(dt.time()),
        st.sampled_from(PRIVATE_MODES),
    ),
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)


def answer_of(kind, read, value) -> str:
    try:
        return kind.write(read(value))[:300]
    except WrongValueError as error:
        return str(error)


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.key)
@given(value=VALUES, text=st.text())
def test_any_value_is_taken_or_refused_in_one_line(setting, value, text):
    for answer in (
        answer_of(setting.kind, setting.kind.read, value),
        answer_of(setting.kind, setting.kind.read_text, text),
    ):
        assert answer.isprintable()
        assert len(answer) < 400
