from __future__ import annotations

import io
import os
import stat
from pathlib import Path

import pytest

from tests.reports.scenes import failed_over_scene
from tests.reports.test_building import report_on
from trackerwatch.cli import output
from trackerwatch.cli.exit_codes import ExitCode
from trackerwatch.errors import UsageError


def test_the_default_is_a_table_on_stdout():
    assert output.planned(None) == [("table", None)]
    assert output.planned([("json", "-")]) == [("json", None)]


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        ([("json", None), ("table", None)], "only one --format can go to stdout; give the others -o FILE"),
        ([("json", "-"), ("table", None)], "only one --format can go to stdout; give the others -o FILE"),
        ([("json", "same"), ("table", "./same")], "two --format with the same -o FILE"),
        ([("json", "")], "-o needs the name of a file"),
        ([("json", "folder")], "-o 'folder': is a folder"),
    ],
)
def test_plans_that_cannot_work(outputs, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageError) as caught:
        output.planned(outputs)
    assert str(caught.value) == message


def test_a_missing_folder_is_told_before_anything_is_sent(tmp_path):
    with pytest.raises(UsageError, match="there is no folder"):
        output.planned([("json", str(tmp_path / "no" / "report.json"))])


def test_a_file_is_replaced_whole(tmp_path):
    path = tmp_path / "report.json"
    path.write_text("old")
    path.chmod(0o640)
    output.write_file(str(path), ["ne", "w…\n"])
    assert path.read_text("utf-8") == "new…\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [one.name for one in tmp_path.iterdir()] == ["report.json"]


def test_a_new_file_has_the_usual_permissions(tmp_path):
    umask = os.umask(0o027)
    try:
        output.write_file(str(tmp_path / "new"), ["x"])
    finally:
        os.umask(umask)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640


def test_what_goes_wrong_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "report.json"
    path.write_text("old")

    def pieces():
        yield "x" * 100_000
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        output.write_file(str(path), pieces())
    assert path.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["report.json"]


def test_a_symbolic_link_stays_one(tmp_path):
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    output.write_file(str(tmp_path / "link"), ["new"])
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_a_device_is_written_to_as_it_is():
    output.write_file("/dev/null", ["gone"])
    assert Path("/dev/null").is_char_device()


def test_a_pipe_that_is_given_by_number_is_written_to():
    reading, writing = os.pipe()
    output.write_file(f"/dev/fd/{writing}", ["whole\n"])
    os.close(writing)
    with os.fdopen(reading) as pipe:
        assert pipe.read() == "whole\n"


def test_a_file_that_is_given_by_number_is_written_whole(tmp_path):
    path = tmp_path / "report.txt"
    with path.open("w") as file:
        output.write_file(f"/dev/fd/{file.fileno()}", ["whole\n"])
    assert path.read_text() == "whole\n"


def test_one_failing_output_does_not_stop_the_others(tmp_path, capsysbinary, monkeypatch):
    def refuse(path, pieces):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(output, "write_file", refuse)
    failures = output.emit(
        report_on(failed_over_scene()), [("table", None), ("json", "x.json")], color="auto", all_rows=False
    )
    assert failures == ["-o 'x.json': Permission denied"]
    assert capsysbinary.readouterr().out.startswith(b"WARNING")


def test_a_reader_that_leaves_hides_no_file_that_could_not_be_written(tmp_path, monkeypatch):
    reading, writing = os.pipe()
    os.close(reading)
    said: list[str] = []
    with os.fdopen(writing, "w", closefd=False) as stdout:
        monkeypatch.setattr("sys.stdout", stdout)
        outputs = [("json", None), ("csv", "/dev/full"), ("table", str(tmp_path / "table.txt"))]
        report = report_on(failed_over_scene())
        assert output.deliver(report, outputs, said.append, color="auto", all_rows=False) == ExitCode.UNKNOWN
        assert output.deliver(report, outputs[:1], said.append, color="auto", all_rows=False) == report.exit_code == 1
    os.close(writing)
    assert said == ["-o '/dev/full': No space left on device"]
    assert (tmp_path / "table.txt").read_text().startswith("WARNING")


class Stream(io.StringIO):
    def __init__(self, is_terminal: bool) -> None:
        super().__init__()
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal


@pytest.mark.parametrize(
    ("when", "terminal", "variables", "wanted"),
    [
        ("auto", True, {}, True),
        ("auto", False, {}, False),
        ("auto", True, {"NO_COLOR": "1"}, False),
        ("auto", True, {"NO_COLOR": ""}, True),
        ("auto", True, {"TERM": "dumb"}, False),
        ("always", False, {"NO_COLOR": "1"}, True),
        ("never", True, {}, False),
    ],
)
def test_colour(monkeypatch, when, terminal, variables, wanted):
    monkeypatch.setenv("TERM", "xterm")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert output.wants_color(when, Stream(terminal)) is wanted


@pytest.mark.parametrize(
    ("columns", "width"),
    [(None, 100), ("80", 80), ("40", 40), ("500", 100), ("0", 100), ("-3", 100), ("wide", 100), ("", 100)],
)
def test_a_pipe_is_as_wide_as_columns_says(monkeypatch, columns, width):
    monkeypatch.delenv("COLUMNS", raising=False)
    if columns is not None:
        monkeypatch.setenv("COLUMNS", columns)
    assert output.screen_width(io.StringIO()) == width
    assert output.screen_width(None) == width


def test_what_is_read_is_not_written_over(tmp_path):
    (tmp_path / "a.torrent").touch()
    (tmp_path / "link.html").symlink_to(tmp_path / "a.torrent")
    read = [str(tmp_path / "a.torrent"), None, "magnet:?xt=x"]
    for name in ("a.torrent", "link.html", "../" + tmp_path.name + "/a.torrent"):
        with pytest.raises(UsageError, match="this run reads that file"):
            output.spare([("html", str(tmp_path / name))], read)
    output.spare([("html", str(tmp_path / "b.html")), ("table", None)], read)
