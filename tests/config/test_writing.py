"""What is written for people is TOML that is read back."""

import tomllib

from trackerwatch.config.loading import ConfigFile, settle
from trackerwatch.config.overrides import TrackerOverride
from trackerwatch.config.settings import BY_KEY, DEFAULTS, SETTINGS
from trackerwatch.config.writing import effective, sample


def test_the_sample_changes_nothing():
    assert tomllib.loads(sample()) == {}
    assert all(len(line) <= 100 for line in sample().splitlines())


def test_every_key_of_the_sample_can_be_uncommented(tmp_path):
    lines = [line[1:] for line in sample().splitlines() if line.startswith("#") and line[1:2] != " "]
    path = tmp_path / "config.toml"
    path.write_text("\n".join(lines))
    found = settle({}, ConfigFile(str(path), ""), {})
    assert found.mistakes == ()
    assert tomllib.loads(path.read_text()).keys() == BY_KEY.keys()
    for setting in SETTINGS:
        if not setting.example:
            assert getattr(found.config, setting.field) == setting.default


def test_the_sample_names_flags_and_variables():
    for setting in SETTINGS:
        assert setting.variable in sample()
        assert setting.flag is None or setting.flag in sample()


def test_what_holds_is_toml_with_its_origin(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text('# mine\nheartbeat = 300\n[private_hosts]\n"a.example" = "scrape"\n[trackers.b]\nloss = 0.5\n')
    found = settle({"interval": 60.0}, ConfigFile(str(path), ""), {"TRACKERWATCH_DOWN_AFTER": "5"})
    text = effective(found, unset={"announce": "fallback", "vantage": "box"})
    by_key = {line.partition(" = ")[0]: line.partition("  # ")[2] for line in text.splitlines()}
    assert by_key == dict.fromkeys(BY_KEY, "default") | {
        "interval": "--interval",
        "announce": "default: fallback for report and check, sample for watch",
        "private_hosts": f"{path} line 3",
        "allowed_networks": "default: none",
        "ca_file": "default: the system's alone",
        "vantage": "default: the name of this machine",
        "down_after": "TRACKERWATCH_DOWN_AFTER",
        "heartbeat": f"{path} line 2",
        "store": "default: in the user's data folder",
        "max_age": "default: 0.95 of the interval for public trackers that worked; others are asked again",
        "policy": "default: none",
        "theme": "default: tokyo-night",
        "keys": "default: those that `?` shows",
        "filters": "default: none",
        "failure_phrases": "default: none",
        "trackers": f"{path} line 5",
    }
    again = tmp_path / "again.toml"
    again.write_text(text)
    back = settle({}, ConfigFile(str(again), ""), {})
    assert back.mistakes == ()
    assert back.config.private_hosts == (("a.example", "scrape"),)
    assert (back.config.interval_s, back.config.heartbeat_s, back.config.down_after) == (60.0, 300.0, 5)
    assert (back.config.vantage, back.config.announce, back.config.ca_file) == ("box", "fallback", None)
    assert back.config.trackers == (("b", TrackerOverride(loss=0.5)),)
    assert (back.config.store, back.config.max_age_s) == (None, None)
    assert back.config.sentinels == DEFAULTS.sentinels
    assert back.config.timeout_s == DEFAULTS.timeout_s
