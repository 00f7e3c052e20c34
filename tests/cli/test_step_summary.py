from __future__ import annotations

import pytest

from tests.reports.telling.test_account import release
from trackerwatch.cli import output, step_summary
from trackerwatch.reports import Style, markdown

OUTPUTS = [("github", None)]


@pytest.fixture
def summary(tmp_path, monkeypatch):
    path = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(path))
    return path


def emitted(outputs=OUTPUTS) -> list[str]:
    return output.emit(release(), outputs, color="auto", all_rows=False)


def test_the_summary_is_the_report_as_markdown(summary, capsys):
    assert emitted() == []
    assert summary.read_text("utf-8") == "".join(markdown.render(release(), Style()))
    assert capsys.readouterr().out.startswith("::notice title=trackerwatch%3A CRITICAL::release 13.2: ")


def test_what_the_step_wrote_before_stays(summary, capsys):
    summary.write_text("before\n")
    assert emitted() == []
    assert summary.read_text("utf-8").startswith("before\n\n# CRITICAL: release 13.2: ")
    capsys.readouterr()


def test_other_formats_write_none(summary, tmp_path):
    assert emitted([("markdown", str(tmp_path / "a.md"))]) == []
    assert not summary.exists()


def test_without_a_runner_there_are_annotations_alone(monkeypatch, capsys):
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    assert emitted() == []
    assert capsys.readouterr().out.count("\n") == 2


def test_a_full_summary_is_left_as_it_is(summary, monkeypatch, capsys):
    monkeypatch.setattr(step_summary, "MAX_BYTES", 1000)
    summary.write_text("before\n")
    assert emitted() == ["GITHUB_STEP_SUMMARY: no room: 7 bytes are in it, and a step may have 1,000"]
    assert summary.read_text() == "before\n"
    assert capsys.readouterr().out.startswith("::notice ")


def test_a_summary_that_cannot_be_written_stops_nothing_else(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "none" / "summary.md"))
    [failure] = emitted([("github", None), ("json", str(tmp_path / "a.json"))])
    assert failure == f"GITHUB_STEP_SUMMARY {str(tmp_path / 'none' / 'summary.md')!r}: No such file or directory"
    assert (tmp_path / "a.json").stat().st_size > 100
    assert capsys.readouterr().out.startswith("::notice ")
