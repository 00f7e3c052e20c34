"""Layers of settings: which one wins, where each value comes from, and every mistake in one line."""

import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trackerwatch.config.loading import ConfigFile, Layer, Origin, load, settle, which_file
from trackerwatch.config.settings import BY_KEY, DEFAULTS
from trackerwatch.errors import ConfigError

KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def write(tmp_path):
    def make(content: str | bytes) -> ConfigFile:
        path = tmp_path / "config.toml"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return ConfigFile(str(path), "")

    return make


def mistakes(file: ConfigFile, environment=None) -> list[str]:
    found = settle({}, file, environment or {}).mistakes
    assert all(line.isprintable() for line in found)
    return [line.replace(file.path, "F") for line in found]


NONE = ConfigFile("/nonexistent/config.toml", "")


def test_without_anything_the_defaults_hold():
    found = settle({}, NONE, {})
    assert found.config == DEFAULTS
    assert found.origins == {key: Origin(Layer.DEFAULT, "") for key in BY_KEY}
    assert not found.file_exists
    assert found.mistakes == ()


def test_command_line_over_environment_over_file_over_default(write):
    file = write("interval = 100\ntimeout = 100\ndeadline = 100\n")
    environment = {"TRACKERWATCH_INTERVAL": "200", "TRACKERWATCH_TIMEOUT": "200", "PATH": "/bin"}
    found = settle({"interval": 300.0}, file, environment)
    config = found.config
    assert (config.interval_s, config.timeout_s, config.deadline_s, config.heartbeat_s) == (300, 200, 100, 120)
    assert found.origins["interval"] == Origin(Layer.COMMAND_LINE, "--interval")
    assert found.origins["timeout"] == Origin(Layer.ENVIRONMENT, "TRACKERWATCH_TIMEOUT")
    assert found.origins["deadline"] == Origin(Layer.FILE, f"{file.path} line 3: deadline")
    assert found.origins["heartbeat"] == Origin(Layer.DEFAULT, "")


def test_every_key_can_be_set_in_file_and_environment(write, tmp_path):
    in_file = {
        "interval": '"20m"',
        "timeout": "5",
        "deadline": '"2m"',
        "announce": '"never"',
        "private": '"scrape"',
        "private_hosts": '{"a.example" = "announce"}',
        "allow_private": "true",
        "allowed_networks": '["10.0.0.0/8"]',
        "ca_file": '"ca.pem"',
        "color": '"never"',
        "vantage": '"home"',
        "down_after": "5",
        "heartbeat": '"5m"',
        "up_after": "4",
        "slow_udp": '"1s"',
        "slow_http": '"4s"',
        "loss": '"20%"',
        "tls_expiry": '"60d"',
        "client": '"libtorrent"',
        "dns_preferences": "false",
        "sentinels": '["tcp://192.0.2.1:443"]',
        "store": '"s.sqlite"',
        "max_age": '"20m"',
        "policy": '"policy.toml"',
        "theme": '"nord"',
        "ascii": "true",
        "mouse": "false",
        "slow_link": "true",
        "keys": '{"main.sort" = "o"}',
        "filters": '{starving = "seeders<3"}',
        "trackers": '{"a.example" = {own = true, interval = 5}}',
        "failure_phrases": '[{phrase = "x", kind = "unauthorized"}]',
    }
    in_environment = {key: value.strip('"') for key, value in in_file.items()} | {
        "private_hosts": "a.example=announce",
        "allowed_networks": "10.0.0.0/8",
        "ca_file": str(tmp_path / "ca.pem"),
        "store": str(tmp_path / "s.sqlite"),
        "policy": str(tmp_path / "policy.toml"),
        "sentinels": "tcp://192.0.2.1:443",
    }
    assert in_file.keys() == in_environment.keys() == BY_KEY.keys()
    by_file = settle({}, write("\n".join(f"{key} = {value}" for key, value in in_file.items())), {})
    by_environment = settle({}, NONE, {BY_KEY[key].variable: text for key, text in in_environment.items()})
    assert by_file.mistakes == by_environment.mistakes == ()
    assert by_file.config == by_environment.config
    assert {origin.layer for origin in by_file.origins.values()} == {Layer.FILE}
    assert {origin.layer for origin in by_environment.origins.values()} == {Layer.ENVIRONMENT}
    for setting in BY_KEY.values():
        assert getattr(by_file.config, setting.field) != setting.default, setting.key


def test_an_empty_variable_is_none(write):
    assert settle({}, write("timeout = 5"), {"TRACKERWATCH_TIMEOUT": " "}).config.timeout_s == 5.0


def test_an_empty_text_takes_back_what_is_optional(write):
    config = settle({}, write('ca_file = ""\nvantage = ""'), {}).config
    assert (config.ca_file, config.vantage) == (None, None)


def test_files_named_by_a_file_lie_beside_it(write, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", "/home/somebody")
    assert settle({}, write('ca_file = "sub/ca.pem"'), {}).config.ca_file == str(tmp_path / "sub/ca.pem")
    assert settle({}, write('ca_file = "~/ca.pem"'), {}).config.ca_file == "/home/somebody/ca.pem"
    assert settle({}, write('ca_file = "/etc/ca.pem"'), {}).config.ca_file == "/etc/ca.pem"
    assert settle({}, write('store = "~/s.sqlite"'), {}).config.store == "/home/somebody/s.sqlite"
    assert settle({}, write('store = "s.sqlite"'), {}).config.store == str(tmp_path / "s.sqlite")


def test_no_store_at_all(write):
    assert settle({}, write("store = false"), {}).config.store is False
    assert settle({}, write('store = "none"'), {}).config.store is False
    assert settle({}, write('store = "s"'), {"TRACKERWATCH_STORE": "none"}).config.store is False
    found = settle({"store": False}, write('store = "s"'), {})
    assert (found.config.store, found.origins["store"].where) == (False, "--store")
    assert settle({"store": "t"}, write("store = false"), {}).config.store == "t"


def test_private_said_closer_to_the_run_means_every_host(write):
    file = write('private = "connect"\nprivate_hosts = {"a.example" = "announce"}')
    assert settle({}, file, {}).config.private_hosts == (("a.example", "announce"),)
    for found in (settle({"private": "connect"}, file, {}), settle({}, file, {"TRACKERWATCH_PRIVATE": "scrape"})):
        assert found.config.private_hosts == ()
        assert found.origins["private_hosts"] == found.origins["private"]
    both = settle({}, file, {"TRACKERWATCH_PRIVATE": "scrape", "TRACKERWATCH_PRIVATE_HOSTS": "b.example=connect"})
    assert both.config.private_hosts == (("b.example", "connect"),)


def test_unknown_keys_are_refused_with_a_near_match(write):
    assert mistakes(write('\n intervall = "20m"\n"allow-private" = true\nfoo = 1\n[watch]\ninterval = 3\n')) == [
        "F line 2: unknown key 'intervall'; did you mean interval?",
        "F line 3: unknown key 'allow-private'; did you mean allow_private?",
        f"F line 4: unknown key 'foo'; there are: {', '.join(BY_KEY)}",
        f"F line 5: unknown key 'watch'; there are: {', '.join(BY_KEY)}",
    ]


def test_wrong_values_are_all_named(write):
    text = 'interval = "soon"\ndown_after = 0\n[private_hosts]\n"a.example" = "ask"\n'
    assert mistakes(write(text)) == [
        'F line 1: interval: \'soon\' is no duration above 0; write seconds, or a number with a unit: "90s", "20m", "2h"',
        "F line 2: down_after: 0 is no whole number from 1 to 100",
        "F line 3: private_hosts: 'ask' is no choice for a.example; there are: connect, scrape, announce",
    ]


def test_mistakes_in_tables_of_trackers_lead_to_their_line(write):
    tables = """
interval = 900
[trackers."a.example"]
interval = "5m"
[ trackers . 'b.example:80' ]
own = true
heart_beat = 3
"""
    assert mistakes(write(tables)) == [
        "F line 7: trackers.\"b.example:80\".heart_beat: unknown key 'heart_beat'; did you mean heartbeat?"
    ]
    assert mistakes(write('[trackers.plain]\n"inter" = 1')) == [
        "F line 2: trackers.plain.inter: unknown key 'inter'; did you mean interval?"
    ]
    # Said in one line, whose place is all there is.
    assert mistakes(write('trackers = {"a.example" = {loss = 3}}')) == [
        'F line 1: trackers."a.example".loss: 3 is no share above 0; write 0.1, or "10%"'
    ]
    (line,) = mistakes(NONE, {"TRACKERWATCH_TRACKERS": '{"a b" = {}}'})
    assert line.startswith("TRACKERWATCH_TRACKERS.\"a b\": 'a b' is no host; ")
    (line,) = mistakes(write(f'[trackers."{KEY}.example"]\nx = 1'))
    assert KEY not in line


def test_a_line_that_is_not_certain_is_not_told(write):
    text = 'vantage = """\ninterval = 3\n"""\n'
    assert mistakes(write(text + "interval = 0\n"))[1].startswith("F: interval: 0 is no duration")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("interval = 5\ninterval = 6\n", "F: line 2 column 13: no TOML: Cannot overwrite a value"),
        ("x = [[1\n", "F: no TOML: Unclosed array (at end of document)"),
        ("interval = \x1b[31m\n", "F: line 1 column 12: no TOML: Invalid value"),
        (b"interval = 5\nvantage = '\xff'\n", "F line 2: not UTF-8"),
        ("x = " + "[" * 5000, "F: nested too deeply"),
        ("x = " + "9" * 5000, "F: no TOML: "),
        (b"#" * (1 << 20) + b"##", "F: more than 1048576 bytes: this is no config file"),
    ],
)
def test_what_is_no_toml(write, content, message):
    (line,) = mistakes(write(content))
    assert line.startswith(message)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200) | st.text(alphabet='intervalcafilehosts=[]{}"\n .#1\\').map(str.encode))
def test_any_file_gives_settings_or_mistakes_in_one_line(write, content):
    found = settle({}, write(content), {})
    assert all(line.isprintable() for line in found.mistakes)


def test_a_byte_order_mark_is_no_mistake(write):
    assert settle({}, write(b"\xef\xbb\xbftimeout = 5\r\n"), {}).config.timeout_s == 5.0


def test_a_folder_is_no_file(tmp_path):
    assert settle({}, ConfigFile(str(tmp_path), ""), {}).mistakes == (f"{tmp_path}: Is a directory",)


def test_a_file_that_was_named_must_be_there():
    assert settle({}, ConfigFile("/nonexistent/c.toml", "--config"), {}).mistakes == (
        "--config '/nonexistent/c.toml': no such file",
    )


def test_a_home_that_is_no_folder_has_no_file():
    found = settle({}, ConfigFile("/dev/null/.config/trackerwatch/config.toml", ""), {})
    assert (found.file_exists, found.mistakes) == (False, ())


def test_no_secret_is_shown(write):
    url = f"https://tracker.example/{KEY}/announce"
    text = f'private_hosts = {{"{url}" = "scrape"}}\nvantage = 3\ninterval = "{url}"\n"{url}" = 1\n'
    lines = mistakes(write(text), {"TRACKERWATCH_COLOR": url})
    assert len(lines) == 5
    assert KEY not in "\n".join(lines)


def test_mistakes_in_the_environment():
    assert mistakes(NONE, {"TRACKERWATCH_TIMEOUT": "ten", "TRACKERWATCH_DOWN_AFTER": "3.5"}) == [
        'TRACKERWATCH_TIMEOUT: \'ten\' is no duration above 0; write seconds, or a number with a unit: "90s", "20m", "2h"',
        "TRACKERWATCH_DOWN_AFTER: '3.5' is no whole number from 1 to 100",
    ]


def test_misspelt_variables_are_refused_and_those_of_others_are_not():
    strangers = {"TRACKERWATCH_PORT": "tcp://10.0.0.1:80", "TRACKERWATCH_SERVICE_HOST": "x", "TRACKERWATCH_DEBUG": "1"}
    assert mistakes(NONE, strangers | {"TRACKERWATCH_CONFIG": ""}) == []
    assert mistakes(NONE, {"TRACKERWATCH_INTERVALL": "3", "TRACKERWATCH_Timeout": "3"}) == [
        "TRACKERWATCH_INTERVALL in the environment is no setting; did you mean TRACKERWATCH_INTERVAL?",
        "TRACKERWATCH_Timeout in the environment is no setting; did you mean TRACKERWATCH_TIMEOUT?",
    ]


def test_which_file(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    named = {"TRACKERWATCH_CONFIG": "e.toml"}
    assert which_file("f.toml", named) == ConfigFile("f.toml", "--config")
    assert which_file(None, named) == ConfigFile("e.toml", "TRACKERWATCH_CONFIG")
    assert which_file(None, {}) == ConfigFile(str(tmp_path / "trackerwatch" / "config.toml"), "")


def test_load_raises_the_first_mistake_and_counts_the_others(write):
    file = write("x = 1\ninterval = 0\ntimeout = 0\n")
    with pytest.raises(ConfigError) as caught:
        load({}, file=file.path, environment={})
    assert str(caught.value).startswith(f"{file.path} line 1: unknown key 'x'; there are: ")
    assert str(caught.value).endswith(f" (and 2 more: see `trackerwatch config check --config {file.path}`)")


def test_a_run_without_a_file_loads_no_toml_reader():
    script = """
import sys
from trackerwatch.config.loading import load
load({}, file=None, environment={"TRACKERWATCH_TIMEOUT": "5"})
assert "tomllib" not in sys.modules
assert "difflib" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", script], check=True, env={"XDG_CONFIG_HOME": "/nonexistent", "PATH": "/bin"})
