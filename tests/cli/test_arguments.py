from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from trackerwatch.cli import arguments
from trackerwatch.cli.main import build_parser, main, with_command
from trackerwatch.config.settings import SETTINGS
from trackerwatch.reports import FORMATS
from trackerwatch.reports.rows import FailOn

if TYPE_CHECKING:
    import argparse

URL = "udp://127.0.0.1:9"


def refusal(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """The one line that a wrong command line is answered with."""
    assert main(list(words)) == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) <= 2
    return said.err.splitlines()[0]


def test_choices_are_the_enums():
    assert {*FailOn} == {*arguments.FAIL_ON}


@pytest.mark.parametrize("flag", ["--timeout", "--deadline", "--interval"])
@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "-1", "0", "1e999", "1e9", "ten", "", "-0.0"])
def test_seconds_must_be_positive_and_finite(capsys, flag, text):
    line = refusal(capsys, "check", URL, f"{flag}={text}")
    assert line.startswith(f"trackerwatch check: argument {flag}: ")
    assert repr(text) in line


def test_seconds_are_read():
    assert [arguments.seconds(text) for text in ("10", "0.5", "1e3", " 7 ", "20m")] == [10.0, 0.5, 1000.0, 7.0, 1200.0]


@pytest.mark.parametrize("command", ["watch", "report", "check"])
@pytest.mark.parametrize(
    ("flag", "value"),
    [("--announce", "often"), ("--private", "yes"), ("--color", "blue")],
)
def test_choices_are_closed(capsys, command, flag, value):
    line = refusal(capsys, command, URL, flag, value)
    assert line.startswith(f"trackerwatch {command}: argument {flag}: invalid choice: '{value}'")


def test_an_unknown_format_is_answered_with_the_choices(capsys):
    line = refusal(capsys, "report", "x", "--format", "yaml")
    assert line == f"trackerwatch report: argument --format: unknown format 'yaml'; there are: {', '.join(FORMATS)}"


@pytest.mark.parametrize(
    "words",
    [
        ["report"],
        ["check"],
        ["check", URL, "--no-such-flag"],
        ["check", URL, "--time", "3"],  # no abbreviations
        ["check", URL, "--timeout"],
        ["check", URL, "--fail-on", "never"],
        ["check", URL, "--only", "ok"],
        ["demo", "--loud"],
        ["--no-such-flag"],
    ],
)
def test_usage_errors_are_3(capsys, words):
    refusal(capsys, *words)


def test_hostile_arguments_stay_on_one_line(capsys):
    line = refusal(capsys, "check", URL, "--no\x1b[31m\nflag")
    assert line == "trackerwatch check: unrecognized arguments: --no?[31m?flag"


@pytest.mark.parametrize("text", ["abc", "g" * 40, "a" * 41, "a" * 63, ""])
def test_info_hashes_are_hex(capsys, text):
    line = refusal(capsys, "check", URL, f"--info-hash={text}")
    assert line.endswith(f"{text!r} is no info hash: 40 hex digits, or 64 for v2")


def test_an_info_hash_is_lower_cased():
    assert arguments.info_hash("AB" * 20) == "ab" * 20
    assert arguments.info_hash("0" * 64) == "0" * 64


def parsed(*words: str) -> argparse.Namespace:
    return build_parser().parse_args(["report", "x", *words])


@pytest.mark.parametrize(
    ("words", "outputs"),
    [
        ([], None),
        (["--format", "json"], [("json", None)]),
        (["-o", "a.txt"], [("table", "a.txt")]),
        (["-o", "-"], [("table", "-")]),
        (["-o", "a.html"], [("html", "a.html")]),
        (["-o", "x.d/REPORT.HTM"], [("html", "x.d/REPORT.HTM")]),
        (["-o", "rel.json/report"], [("table", "rel.json/report")]),
        (["-o", "a.json", "-o", "a.md"], [("json", "a.json"), ("markdown", "a.md")]),
        (["--format", "table", "-o", "a.html"], [("table", "a.html")]),
        (["--format", "table", "-o", "-", "-o", "a.xml"], [("table", "-"), ("junit", "a.xml")]),
        (["-o", "g.xml", "-o", "g.txt"], [("junit", "g.xml"), ("table", "g.txt")]),
        (["-o", "g.txt", "-o", "g.xml"], [("table", "g.txt"), ("junit", "g.xml")]),
        (["--format", "json", "-o", "a.json"], [("json", "a.json")]),
        (["--format", "json", "-o", "a.json", "--format", "table"], [("json", "a.json"), ("table", None)]),
        (["--format", "table", "--format", "json", "-o", "a"], [("table", None), ("json", "a")]),
    ],
)
def test_formats_and_files_pair_up(words, outputs):
    assert parsed(*words).outputs == outputs


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["--formt", "json"], "--format"),
        (["--formt=json"], "--format"),
        (["b.torrent", "--polcy", "p.toml"], "--policy"),
        (["--only", "problem"], "problems"),
        (["--fail-on", "crit"], "critical"),
        (["--fail-on", "Warn"], "warning"),
        (["--color", "alway"], "always"),
        (["--format", "jsno"], "json"),
    ],
)
def test_a_word_that_is_misspelt_is_told_what_it_may_mean(capsys, words, meant):
    line = refusal(capsys, "report", "x", *words)
    assert line.endswith(f"; did you mean {meant}?")
    assert line.startswith("trackerwatch report: ")


@pytest.mark.parametrize("words", [["--zzzzz"], ["-z"], ["--only", "xyz"], ["--only", "a' (choose from 'b')"]])
def test_nothing_is_guessed_from_nothing(capsys, words):
    assert "did you mean" not in refusal(capsys, "report", "x", *words)


def test_an_option_of_another_command_is_no_guess(capsys):
    assert "did you mean" not in refusal(capsys, "history", "--polcy", "x")


def test_a_file_needs_a_format_of_its_own(capsys):
    line = refusal(capsys, "report", "x", "--format", "json", "-o", "a", "-o", "b")
    assert line == "trackerwatch report: argument -o: 'b' needs a --format of its own before it"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["a.torrent"], ["watch", "a.torrent"]),
        (["--filter", "x", "a"], ["watch", "--filter", "x", "a"]),
        (["-"], ["watch", "-"]),
        (["report", "a"], ["report", "a"]),
        (["./report"], ["watch", "./report"]),
        (["--help"], ["--help"]),
        (["--version"], ["--version"]),
        ([], []),
    ],
)
def test_without_a_command_it_is_watch(words, expected):
    assert with_command(words) == expected


def test_defaults_are_left_to_the_settings():
    assert arguments.given_settings(parsed()) == {}
    assert parsed().default_announce == "fallback"
    assert build_parser().parse_args(["watch", "x"]).default_announce == "sample"


def test_settings_of_the_command_line_are_known_as_given():
    given = parsed("--timeout", "3", "--no-allow-private", "--ca-file", "x.pem", "--announce", "never")
    assert arguments.given_settings(given) == {
        "timeout": 3.0,
        "allow_private": False,
        "ca_file": "x.pem",
        "announce": "never",
    }


def test_every_setting_with_a_flag_has_one():
    given = {setting.key for setting in SETTINGS if setting.has_flag}
    # Those of the screen are where the screen is, those of a run that ends where it ends.
    assert given <= vars(parsed()).keys() | vars(build_parser().parse_args(["watch", "x"])).keys()


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "No such file or directory"), (b"", "holds no PEM certificate"), (b"\x30\x82", "holds no PEM certificate")],
)
def test_a_ca_file_is_checked_before_anything_is_sent(capsys, tmp_path, content, message):
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    line = refusal(capsys, "check", URL, "--ca-file", str(path))
    assert line == f"trackerwatch: --ca-file {str(path)!r}: {message}"
