"""`config show|path|init|check`, and what settings do to report and check."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_oneshot import bencoded
from tests.reports.test_json_report import SCHEMA
from trackerwatch.cli.arguments import given_settings
from trackerwatch.cli.live import _wish_for_colors
from trackerwatch.cli.main import build_parser, main
from trackerwatch.cli.wiring import engine_settings, prober_of, settled
from trackerwatch.config.overrides import TrackerOverride
from trackerwatch.config.settings import BY_KEY, Config
from trackerwatch.config.values import FailurePhrase
from trackerwatch.engine.settings import AnnounceMode, EngineSettings, PrivateMode, TrackerSettings
from trackerwatch.errors import ConfigError, UsageError
from trackerwatch.locations import host_name
from trackerwatch.outcome import FailureKind, SentinelOutcome
from trackerwatch.protocol.failures import PHRASES, classify
from trackerwatch.schedule.windows import parse_window

URL = "udp://127.0.0.1:9"


@pytest.fixture
def file(own_home):
    """The path of the user's config file, in a folder that is there."""
    path = own_home / "trackerwatch" / "config.toml"
    path.parent.mkdir()
    return path


def said(capsys, *words: str) -> tuple[int, str, str]:
    code = main(list(words))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_path(capsys, own_home, monkeypatch):
    assert said(capsys, "config", "path") == (0, f"{own_home}/trackerwatch/config.toml\n", "")
    monkeypatch.setenv("TRACKERWATCH_CONFIG", "/e.toml")
    assert said(capsys, "config", "path") == (0, "/e.toml\n", "")
    assert said(capsys, "config", "path", "--config", "/f.toml") == (0, "/f.toml\n", "")


def test_init_writes_once_and_what_it_writes_is_ok(capsys, own_home):
    path = own_home / "trackerwatch" / "config.toml"
    assert said(capsys, "config", "init") == (0, f"{path}\n", "")
    fresh = path.read_text()
    assert all(f"\n#{key} = " in fresh for key in BY_KEY.keys() - {"trackers"})
    assert '\n#[trackers."tracker.example.org"]\n#own = true\n' in fresh
    assert said(capsys, "config", "check") == (0, f"ok: {path}\n", "")
    path.write_text("interval = 60\n")
    code, out, err = said(capsys, "config", "init")
    assert (code, out) == (3, "")
    assert err == f"trackerwatch: {path} is there already; --force overwrites it\n"
    assert path.read_text() == "interval = 60\n"
    assert said(capsys, "config", "init", "--force")[0] == 0
    assert path.read_text() == fresh


def test_init_writes_through_no_link_that_leads_nowhere(capsys, file, tmp_path):
    file.symlink_to(tmp_path / "elsewhere")
    assert said(capsys, "config", "init")[0] == 3
    assert not (tmp_path / "elsewhere").exists()


def test_init_where_nothing_can_be_written(capsys, tmp_path):
    (tmp_path / "file").write_text("")
    code, out, err = said(capsys, "config", "init", "--config", str(tmp_path / "file" / "config.toml"))
    assert (code, out) == (3, "")
    assert err == f"trackerwatch: {tmp_path}/file: File exists\n"


def test_check_says_all_mistakes(capsys, file, monkeypatch):
    monkeypatch.setenv("TRACKERWATCH_COLOR", "blue")
    file.write_text('intervall = 3\ntimeout = "ten"\nca_file = "none.pem"\n')
    code, out, err = said(capsys, "config", "check")
    assert (code, err) == (3, "")
    assert out.splitlines() == [
        f"{file} line 1: unknown key 'intervall'; did you mean interval?",
        f'{file} line 2: timeout: \'ten\' is no duration above 0; write seconds, or a number with a unit: "90s", "20m", "2h"',
        "TRACKERWATCH_COLOR: 'blue' is no choice; there are: auto, always, never",
        f"{file} line 3: ca_file '{file.parent}/none.pem': No such file or directory",
    ]


def test_check_knows_keys_filters_and_themes(capsys, file):
    file.write_text('theme = "nrd"\n[keys]\n"main.srt" = "o"\n[filters]\nbad = "seeders<"\n')
    assert main(["config", "check"]) == 3
    told = capsys.readouterr().out.splitlines()
    assert [line.removeprefix(f"{file} ")[:6] for line in told] == ["line 3", "line 5", "line 1"]
    assert "did you mean main.sort?" in told[0]
    assert "did you mean nord" in told[2]


def test_check_remarks_on_mutes_that_are_over(capsys, file):
    file.write_text('[trackers."a.example"]\nmuted = 2020-01-01T00:00:00Z\n')
    remark = 'remark: trackers."a.example".muted is over since 2020-01-01T00:00:00Z: it mutes nobody any more'
    assert said(capsys, "config", "check") == (0, f"{remark}\nok: {file}\n", "")


def test_a_host_without_quotes_is_told_how_to_write_it(capsys, file):
    file.write_text("[trackers.x.org]\nmuted = true\n")
    code, out, _ = said(capsys, "config", "check")
    assert code == 3
    assert out.endswith(': trackers.x.org: quote the host: [trackers."x.org"]\n')


def test_check_of_one_file_leaves_the_rest_out(capsys, file, tmp_path, monkeypatch):
    monkeypatch.setenv("TRACKERWATCH_COLOR", "blue")
    file.write_text("x = 1")
    other = tmp_path / "other.toml"
    other.write_text("timeout = 5")
    assert said(capsys, "config", "check", str(other)) == (0, f"ok: {other}\n", "")
    code, out, _ = said(capsys, "config", "check", str(tmp_path / "none.toml"))
    assert (code, out) == (3, f"FILE '{tmp_path}/none.toml': no such file\n")
    assert said(capsys, "config", "check", str(other), "--config", str(other))[0] == 3


def test_check_without_a_file_is_ok(capsys, own_home):
    path = own_home / "trackerwatch" / "config.toml"
    assert said(capsys, "config", "check") == (0, f"ok: {path} (there is none)\n", "")


def test_check_of_a_policy_says_ok_or_every_mistake(capsys, file, tmp_path):
    file.write_text('[filters]\niso = "name~iso"\n')
    policy = tmp_path / "release.toml"
    policy.write_text("[collections.isos]\nfilter = '@iso'\nmin_seeders = 2\n")
    assert said(capsys, "config", "check", "--policy", str(policy)) == (0, f"ok: {policy}\n", "")
    policy.write_text("min_seeder = 2\n[collections.isos]\nfilter = '@film'\n")
    code, out, err = said(capsys, "config", "check", "--policy", str(policy))
    assert (code, err) == (3, "")
    assert out.splitlines() == [
        f"{policy} line 1: unknown key 'min_seeder'; did you mean min_seeders?",
        f"{policy} line 3: collections.isos.filter: no filter is saved as 'film' at column 1; saved are iso",
    ]
    missing = tmp_path / "none.toml"
    assert said(capsys, "config", "check", "--policy", str(missing)) == (3, f"{missing}: no such policy file\n", "")


def test_check_remarks_on_overrides_that_ended(capsys, file, tmp_path):
    file.write_text('policy = "release.toml"\n')
    policy = file.parent / "release.toml"
    policy.write_text("[[overrides]]\nfilter = 'name=a'\nwhy = 'the fair'\nuntil = 2020-01-01T00:00:00Z\n")
    remark = f"remark: {policy}: override 1 (the fair) ended at 2020-01-01 00:00 UTC: it does nothing any more\n"
    assert said(capsys, "config", "check", "--policy", str(policy)) == (0, f"{remark}ok: {policy}\n", "")
    assert said(capsys, "config", "check") == (0, f"{remark}ok: {file}\n", "")


def test_check_looks_at_the_policy_that_the_config_names(capsys, file):
    file.write_text('policy = "release.toml"\n')
    policy = file.parent / "release.toml"
    assert said(capsys, "config", "check") == (3, f"{policy}: no such policy file\n", "")
    policy.write_text("lint = 1\n")
    told = f"{policy} line 1: lint: 1 is neither true nor false (written without quotes)\n"
    assert said(capsys, "config", "check") == (3, told, "")
    policy.write_text("lint = true\n")
    assert said(capsys, "config", "check") == (0, f"ok: {file}\n", "")


def test_check_of_a_policy_taken_for_a_config_says_how(capsys, tmp_path):
    policy = tmp_path / "release.toml"
    policy.write_text("min_seeders = 2\n")
    assert said(capsys, "config", "check", str(policy)) == (
        3, f"{policy} looks like a policy: `trackerwatch config check --policy {policy}`\n", ""
    )  # fmt: skip
    code, _, err = said(capsys, "config", "check", str(policy), "--policy", str(policy))
    assert (code, err) == (3, "trackerwatch: config check takes FILE or --policy, not both\n")


def test_show_tells_the_policy(capsys, file):
    file.write_text('policy = "release.toml"\n')
    lines = said(capsys, "config", "show")[1].splitlines()
    (line,) = (line for line in lines if line.startswith("policy = "))
    assert (
        line == f'policy = "{file.parent}/release.toml"  # {file} line 1' or line.split("  # ")[1] == f"{file} line 1"
    )
    assert any(
        line.startswith('policy = "x.toml"') and line.endswith("# --policy")
        for line in said(capsys, "config", "show", "--policy", "x.toml")[1].splitlines()
    )


@pytest.fixture
def release(tmp_path, monkeypatch):
    """A folder of torrents beside the working directory's files, some of its names hostile."""
    monkeypatch.chdir(tmp_path)
    names = ["isos", "Films & more", 'q"uo\\te', "new\nline\x1b[31m", "]]>", "=cmd()|'/c'", "deep/2024"]
    for n, name in enumerate(names):
        folder = tmp_path / "rel" / name
        folder.mkdir(parents=True)
        info = {"name": f"t{n}", "piece length": 16384, "pieces": b"\0" * 20, "length": 1000}
        (folder / f"t{n}.torrent").write_bytes(bencoded({"announce": "udp://t.example.org:1/announce", "info": info}))
    return tmp_path


def test_init_writes_a_policy_from_what_is_there(capsys, release):
    path = release / "policy.toml"
    assert said(capsys, "config", "init", "--policy", "rel") == (0, "policy.toml\n", "")
    fresh = path.read_text()
    assert "# Made from rel: 7 torrents, 1 tracker.\n" in fresh
    assert fresh.isascii()
    assert "\x1b" not in fresh
    assert fresh.count("\n[collections.") == 7
    assert said(capsys, "config", "check", "--policy", "policy.toml") == (0, "ok: policy.toml\n", "")
    path.write_text("min_seeders = 2\n")
    code, out, err = said(capsys, "config", "init", "--policy", "rel")
    assert (code, out, err) == (3, "", "trackerwatch: policy.toml is there already; --force overwrites it\n")
    assert path.read_text() == "min_seeders = 2\n"
    assert said(capsys, "config", "init", "--policy", "rel", "--force")[0] == 0
    assert path.read_text() == fresh
    assert said(capsys, "config", "init", "--policy", "rel", "-o", "-") == (0, fresh, "")
    assert said(capsys, "config", "init", "--policy", "rel", "-o", "other.toml") == (0, "other.toml\n", "")
    assert (release / "other.toml").read_text() == fresh


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--policy", "none"], "--policy none: is no folder of torrents to make a policy from"),
        (
            ["--policy", "rel/isos/t0.torrent"],
            "--policy rel/isos/t0.torrent: is no folder of torrents to make a policy from",
        ),
        (["--policy", "empty"], "--policy empty: there is no torrent in it"),
        (["--policy", "rel", "-o", "none/p.toml"], "none/p.toml: No such file or directory"),
        (["-o", "p.toml"], "-o is for --policy; --config says where the config file goes"),
    ],
)
def test_init_of_a_policy_that_cannot_be(capsys, release, words, told):
    (release / "empty").mkdir()
    assert said(capsys, "config", "init", *words) == (3, "", f"trackerwatch: {told}\n")


def test_show_says_where_each_value_comes_from(capsys, file, monkeypatch):
    file.write_text('interval = "20m"\ntimeout = 5\n')
    monkeypatch.setenv("TRACKERWATCH_TIMEOUT", "6s")
    code, out, err = said(capsys, "config", "show", "--deadline", "7")
    assert (code, err) == (0, "")
    head, *lines = out.splitlines()
    assert head == f"# config file: {file}"
    shown = dict(line.split(" = ", 1) for line in lines)
    assert shown.keys() == BY_KEY.keys()
    assert shown["interval"].split() == ['"20m"', "#", str(file), "line", "1"]
    assert shown["timeout"].split() == ['"6s"', "#", "TRACKERWATCH_TIMEOUT"]
    assert shown["deadline"].split() == ['"7s"', "#", "--deadline"]
    assert shown["heartbeat"].split() == ['"2m"', "#", "default"]
    assert shown["vantage"].startswith(f'"{host_name()}" ')


def test_show_refuses_mistakes(capsys, file):
    file.write_text("timeout = 0\ninterval = 0\n")
    code, out, err = said(capsys, "config", "show")
    assert (code, out) == (3, "")
    assert err.startswith(f"trackerwatch: {file} line 1: timeout: 0 is no duration above 0; ")
    assert err.endswith("(and 1 more: see `trackerwatch config check`)\n")


@pytest.mark.parametrize("words", [["config"], ["config", "x"], ["config", "show", "--interval", "0"]])
def test_usage_errors_are_3(capsys, words):
    assert said(capsys, *words)[:2] == (3, "")


@pytest.mark.parametrize("words", [["report", "x"], ["check", URL]])
def test_a_mistake_ends_the_run_before_anything_is_asked(capsys, file, words):
    file.write_text("intervall = 3\n")
    assert said(capsys, *words) == (
        3, "", f"trackerwatch: {file} line 1: unknown key 'intervall'; did you mean interval?\n"
    )  # fmt: skip


def test_a_named_file_that_is_missing_ends_the_run(capsys, tmp_path):
    path = tmp_path / "none.toml"
    assert said(capsys, "check", URL, "--config", str(path)) == (
        3, "", f"trackerwatch: --config '{path}': no such file\n"
    )  # fmt: skip


def test_settings_of_the_file_hold_in_a_run(capsys, file, closed_port):
    file.write_text('allowed_networks = ["127.0.0.0/8"]\nvantage = "the attic"\n')
    code, out, err = said(capsys, "check", f"udp://127.0.0.1:{closed_port}", "--format", "json")
    value = json.loads(out)
    assert SCHEMA["properties"]["vantage"]
    assert (code, err) == (2, "")
    assert value["vantage"]["name"] == "the attic"
    assert value["trackers"][0]["reasons"] == ["refused"]


def test_the_command_line_takes_permission_back(capsys, file, closed_port):
    file.write_text("allow_private = true\n")
    url = f"udp://127.0.0.1:{closed_port}"
    assert said(capsys, "check", url)[0] == 2
    assert said(capsys, "check", url, "--no-allow-private")[0] == 3


def test_a_ca_file_of_the_config_is_checked_and_named(capsys, file):
    file.write_text('ca_file = "ca.pem"\n')
    (file.parent / "ca.pem").write_text("no certificate")
    assert said(capsys, "check", URL) == (
        3, "", f"trackerwatch: {file} line 1: ca_file '{file.parent}/ca.pem': holds no PEM certificate\n"
    )  # fmt: skip


@pytest.mark.parametrize("part", ["show", "path", "check"])
def test_a_full_stdout_is_one_line_and_3(part, own_home):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "trackerwatch", "config", part],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (3, "trackerwatch: stdout: No space left on device\n")


def test_what_stdout_cannot_express_is_replaced(own_home):
    done = subprocess.run(
        [sys.executable, "-m", "trackerwatch", "config", "show"],
        env={**os.environ, "PYTHONIOENCODING": "ascii", "TRACKERWATCH_VANTAGE": "Küche"}, capture_output=True, check=True,
    )  # fmt: skip
    assert b'vantage = "K?che"' in done.stdout


def arguments(*words: str):
    return build_parser().parse_args(list(words))


def test_announces_depend_on_the_command_until_somebody_says(file):
    assert settled(arguments("report", "x")).announce == "fallback"
    assert settled(arguments("watch", "x")).announce == "sample"
    file.write_text('announce = "never"\n')
    assert settled(arguments("watch", "x")).announce == "never"
    assert settled(arguments("watch", "x", "--announce", "always")).announce == "always"


def test_the_vantage_is_this_machine_until_somebody_says(monkeypatch):
    assert settled(arguments("report", "x")).vantage == host_name()
    monkeypatch.setenv("TRACKERWATCH_VANTAGE", "attic")
    assert settled(arguments("report", "x")).vantage == "attic"


def test_mistakes_are_errors(file):
    file.write_text("x = 1")
    with pytest.raises(ConfigError, match="unknown key"):
        settled(arguments("report", "x"))
    file.write_text("")
    with pytest.raises(UsageError, match="--ca-file"):
        settled(arguments("report", "x", "--ca-file", "/nonexistent"))


def test_what_settings_mean_to_the_engine():
    config = Config(
        interval_s=60.0,
        timeout_s=5.0,
        announce="peers",
        private="scrape",
        private_hosts=(("a.example", "announce"),),
        heartbeat_s=90.0,
        down_after=7,
        up_after=4,
        slow_udp_s=1.0,
        slow_http_s=4.0,
        loss=0.2,
        tls_expiry_s=86400.0,
        client="bep12",
        max_age_s=60.0,
        trackers=(
            ("a.example", TrackerOverride(True, 5.0, 6.0, 5, 1, 3.0, 0.5, 7.0, True, why="tired")),
            ("a.example:80", TrackerOverride(muted=1e9)),
            ("b.example", TrackerOverride(mute_windows=("daily 03:00-04:00",), disabled=True, why="gone")),
        ),
    )
    assert engine_settings(config) == EngineSettings(
        interval_s=60.0,
        timeout_s=5.0,
        announce=AnnounceMode.PEERS,
        private=PrivateMode.SCRAPE,
        private_hosts={"a.example": PrivateMode.ANNOUNCE},
        heartbeat_s=90.0,
        down_after=7,
        up_after=4,
        slow_udp_s=1.0,
        slow_http_s=4.0,
        loss=0.2,
        tls_expiry_s=86400.0,
        client="bep12",
        max_age_s=60.0,
        trackers={
            "a.example": TrackerSettings(True, 5.0, 6.0, 5, 1, 3.0, 0.5, 7.0, True, None, "tired"),
            "a.example:80": TrackerSettings(muted=True, muted_until=1e9),
            "b.example": TrackerSettings(
                mute_why="gone", mute_windows=(parse_window("daily 03:00-04:00"),), disabled=True, disable_why="gone"
            ),
        },
    )


async def test_what_settings_mean_to_the_prober():
    phrase = FailurePhrase("Unregistered TORRENT", "unauthorized")
    prober = prober_of(Config(allowed_networks=("10.0.0.0/8",), failure_phrases=(phrase,)))
    policy = prober.resolver.policy
    assert policy.refusal("10.1.2.3") is None
    assert policy.refusal("192.168.1.1") is not None
    own, *rest = prober._phrases
    assert tuple(rest) == PHRASES
    assert classify("sorry,  unregistered torrent", table=prober._phrases) is FailureKind.UNAUTHORIZED
    assert own.private_only is False
    assert [sentinel.port for sentinel in prober._sentinels] == [443, 53]
    assert prober._preferences is not None
    await prober.close()
    quiet = prober_of(Config(sentinels=(), dns_preferences=False))
    assert (await quiet.sentinel(timeout_s=1), quiet._preferences) == (SentinelOutcome(None, None), None)
    await quiet.close()


@pytest.mark.parametrize(("when", "expected"), [("auto", "x"), ("never", "1"), ("always", None)])
def test_the_screen_hears_of_colors(monkeypatch, when, expected):
    monkeypatch.setenv("NO_COLOR", "x")
    _wish_for_colors(when)
    assert os.environ.get("NO_COLOR") == expected


def test_the_command_line_gives_only_what_was_given():
    assert given_settings(arguments("config", "show")) == {}
    assert given_settings(arguments("config", "show", "--deadline", "2m")) == {"deadline": 120.0}


@pytest.mark.parametrize("words", [["--help"], ["config", "--help"], ["config", "show"], ["config", "path"]])
def test_nothing_heavy_is_loaded(words, own_home):
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "trackerwatch", *words], capture_output=True, text=True, check=True
    )
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert not imported & {"textual", "httpx", "asyncio", "ssl", "tomllib", "difflib", "rich"}
