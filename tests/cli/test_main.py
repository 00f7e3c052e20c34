from __future__ import annotations

import subprocess
import sys

import pytest

from trackerwatch import __version__
from trackerwatch.cli import report
from trackerwatch.cli.exit_codes import ExitCode
from trackerwatch.cli.main import main
from trackerwatch.errors import ConfigError


def test_exit_codes_are_the_contract():
    assert {code.name: code.value for code in ExitCode} == {
        "OK": 0,
        "WARNING": 1,
        "CRITICAL": 2,
        "UNKNOWN": 3,
        "INTERRUPTED": 130,
    }


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"trackerwatch {__version__}\n"


@pytest.mark.parametrize("words", [["--help"], ["watch", "--help"], ["report", "-h"], ["check", "-h"], ["demo", "-h"]])
def test_help_is_data_and_shows_no_promises(capsys, words):
    assert main(words) == 0
    out = capsys.readouterr().out
    assert out.startswith("usage: trackerwatch")
    assert "--listen" not in out
    assert all(len(line) <= 120 for line in out.splitlines())


def test_no_arguments_show_the_help_on_stderr(capsys):
    assert main([]) == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert "usage: trackerwatch" in said.err


def test_what_comes_later_says_so_in_one_line(capsys):
    assert main(["watch", "x", "--listen", "127.0.0.1:9000"]) == 3
    assert capsys.readouterr().err == (
        "trackerwatch: watch --listen comes in a later version; `trackerwatch watch --headless` needs no screen\n"
    )


@pytest.mark.parametrize("words", [["x.torrent"], ["watch", "x.torrent"], ["watch", "--plain", "x.torrent"]])
def test_without_a_terminal_it_is_told_in_lines(monkeypatch, words):
    seen = []
    monkeypatch.setattr("trackerwatch.cli.plain.watch_plain", lambda arguments: seen.append(arguments.inputs) or 0)
    assert main(words) == 0
    assert seen == [["x.torrent"]]


def test_a_terminal_that_can_only_show_lines_gets_lines(monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr("trackerwatch.cli.plain.watch_plain", lambda _: 7)
    assert main(["x.torrent"]) == 7


def failing(error: BaseException):
    def run(_):
        raise error

    return run


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (KeyboardInterrupt(), 130, ""),
        (ConfigError("config.toml: unknown key 'colour'"), 3, "trackerwatch: config.toml: unknown key 'colour'\n"),
        (
            ValueError("two\nlines"),
            3,
            "trackerwatch: internal error: ValueError: two lines\ntrackerwatch: this is a bug; TRACKERWATCH_DEBUG=1 shows where\n",
        ),
    ],
)
def test_whatever_happens_is_an_exit_code(capsys, monkeypatch, error, code, said):
    monkeypatch.setattr(report, "run", failing(error))
    assert main(["report", "x"]) == code
    assert capsys.readouterr().err == said


def test_a_traceback_is_shown_to_those_who_ask(monkeypatch):
    monkeypatch.setenv("TRACKERWATCH_DEBUG", "1")
    monkeypatch.setattr(report, "run", failing(ValueError("x")))
    with pytest.raises(ValueError, match="x"):
        main(["report", "x"])


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["report", "--help"], ["watch", "--help"]])
def test_help_imports_no_face_and_no_socket(words):
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "trackerwatch", *words], capture_output=True, text=True, check=True
    )
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    heavy = {
        "textual",
        "httpx",
        "asyncio",
        "asyncio_dgram",
        "rich",
        "ssl",
        "socket",
        "platformdirs",
        "json",
        "tempfile",
        "sqlite3",
    }
    assert not {name for name in imported if name.partition(".")[0] in heavy}
    assert "trackerwatch.cli.main" in imported


def test_inputs_may_stand_between_options(capsys, tmp_path):
    words = ["report", str(tmp_path / "a.torrent"), "--no-store", str(tmp_path / "b.torrent"), "--color", "never"]
    assert main(words) == 3
    told = capsys.readouterr().err
    assert "a.torrent" in told
    assert "b.torrent" in told


def test_what_is_no_option_is_refused_among_inputs_too(capsys):
    assert main(["report", "a.torrent", "--no-store", "b.torrent", "--nothing"]) == 3
    assert "unrecognized arguments: b.torrent --nothing" in capsys.readouterr().err
