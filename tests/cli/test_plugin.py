"""What monitoring is told of a run that could not be made."""

import pytest

from trackerwatch.cli.main import main
from trackerwatch.cli.plugin import runs_as_plugin


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["report", "x", "--format", "nagios"], True),
        (["report", "x", "--format=nagios"], True),
        (["report", "nagios", "--format", "json"], False),
        (["report", "x", "--format"], False),
        (["report", "x", "--format", "nagios", "-o", "-"], True),
        (["report", "x", "--format", "nagios", "-o", "out.txt"], False),
        (["report", "x", "--format=nagios", "-oout.txt"], False),
        (["report", "x", "--format=nagios", "--only", "problems", "-o=out.txt"], False),
        (["report", "x", "--format", "json", "-o", "out.json", "--format", "nagios"], True),
        (["report", "x", "--format", "nagios", "-o", "out.txt", "--format", "json"], False),
        (["report", "x", "--format", "json", "--", "--format", "nagios"], False),
        ([], False),
    ],
)
def test_who_asks_for_the_plugin_form(words, expected):
    assert runs_as_plugin(words) is expected


@pytest.mark.parametrize(
    ("option", "told"),
    [
        (["--filter", "name="], "TRACKERWATCH UNKNOWN - filter: a value for name is missing at column 6"),
        (["--deadline", "soon"], "TRACKERWATCH UNKNOWN - a mistake on the command line, told on stderr"),
        (["--policy", "no|such\x1b[31m.toml"], "TRACKERWATCH UNKNOWN - no/such"),
    ],
)
def test_a_run_that_cannot_be_made_is_one_line_on_stdout(option, told, capsys):
    assert main(["report", "nothing.torrent", "--no-store", "--format", "nagios", *option]) == 3
    said = capsys.readouterr()
    (line,) = said.out.splitlines()
    assert line.startswith(told)
    assert len(line) <= 80
    assert "|" not in line
    assert "\x1b" not in line
    assert said.err


def test_other_formats_leave_stdout_to_data(capsys):
    assert main(["report", "nothing.torrent", "--no-store", "--format", "json", "--filter", "name="]) == 3
    assert capsys.readouterr().out == ""
