"""The table of settings: whole, documented, and in step with the rooms whose values it spells out."""

from trackerwatch.cli.wiring import engine_settings
from trackerwatch.config.settings import ANNOUNCE_MODES, BY_KEY, DEFAULTS, PHRASE_KINDS, PRIVATE_MODES, SETTINGS
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
        *("allowed_networks", "ca_file", "color", "vantage", "down_after", "heartbeat", "failure_phrases"),
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
        ),
    }


def test_choices_are_the_enums():
    assert {*AnnounceMode} == {*ANNOUNCE_MODES}
    assert {*PrivateMode} == {*PRIVATE_MODES}
    assert {*PHRASE_KINDS} < {*FailureKind}


def test_the_defaults_are_the_engines():
    assert engine_settings(DEFAULTS) == EngineSettings()
