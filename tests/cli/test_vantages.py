from __future__ import annotations

import io
import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.reports import scenes
from tests.reports.vantages.test_quorum import down, exhausted, up, vantage
from trackerwatch.cli import vantages
from trackerwatch.cli.main import main
from trackerwatch.config.values import duration
from trackerwatch.reports import FORMATS, Style, renderer
from trackerwatch.reports.building import build_report
from trackerwatch.reports.vantages.quorum import DEFAULT_MAX_AGE_S


def written(folder: Path, name: str, scene, *, age_s: float = 30.0, **more) -> str:
    taken_at = datetime.now(UTC) - timedelta(seconds=age_s)
    report = build_report(replace(scene, taken_at=taken_at), vantage=vantage(name), duration_s=2.5, **more)
    path = folder / f"{name}.json"
    path.write_text("".join(renderer("json")(report, Style())), encoding="utf-8")
    return str(path)


@pytest.fixture(autouse=True)
def _as_wide_as_it_may_be(monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.fixture
def three(tmp_path: Path) -> list[str]:
    paths = written(tmp_path, "ci-eu", down()), written(tmp_path, "ci-us", down()), written(tmp_path, "home", up())
    return [word for path in paths for word in ("--from", path)]


def test_three_reports_become_one(three, capsys):
    assert main(["report", *three]) == 1
    out, err = capsys.readouterr()
    assert out.startswith("WARNING  1 of 1 torrent has a problem; 1 of 2 trackers is down; seen from 3 vantages\n")
    assert "is down from 2 of 3 fresh vantages (needed: 2)" in out
    assert err == ""


def test_the_quorum_decides(three, capsys):
    assert main(["report", *three, "--quorum", "3"]) == 0
    assert "regional: tracker.foo.org:6969 is down from 2 of 3 fresh vantages (needed: 3)" in " ".join(
        capsys.readouterr().out.split()
    )
    assert main(["report", *three, "--quorum", "4"]) == 3
    out, err = capsys.readouterr()
    assert out.startswith("UNKNOWN  no verdict: --quorum 4, but 3 fresh vantages\n")
    assert err == "trackerwatch: no verdict: --quorum 4, but 3 fresh vantages\n"


def test_how_old_a_report_may_be(tmp_path, capsys):
    fresh, old = written(tmp_path, "ci-eu", up()), written(tmp_path, "ci-us", down(), age_s=3 * 3600)
    assert main(["report", "--from", fresh, "--from", old]) == 0
    out = capsys.readouterr().out
    assert "ci-us is 3h old and has no vote" in out
    assert out.splitlines()[0].endswith("; seen from 1 of 2 vantages")
    assert main(["report", "--from", fresh, "--from", old, "--max-age", "4h", "--quorum", "1"]) == 1
    assert main(["report", "--from", old]) == 3


def test_every_format_at_once(three, tmp_path, capsys):
    outputs = [word for name in FORMATS for word in ("--format", name, "-o", str(tmp_path / f"out.{name}"))]
    assert main(["report", *three, *outputs, "--title", "release 13"]) == 1
    assert capsys.readouterr().out == ""
    value = json.loads((tmp_path / "out.json").read_text())
    assert (value["quorum"]["needed"], value["quorum"]["fresh"], value["title"]) == (2, 3, "release 13")
    assert [row["down_for"] for row in value["trackers"]] == [["ci-eu", "ci-us"], []]
    for name in ("table", "html", "markdown"):
        text = (tmp_path / f"out.{name}").read_text()
        assert "down is what 2 of 3 fresh vantages call down" in " ".join(text.split()), name


def test_one_report_may_come_through_a_pipe(three, monkeypatch):
    body = Path(three[1]).read_bytes()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(body)))
    assert main(["report", "--from", "-", *three[2:]]) == 1
    monkeypatch.setattr(sys, "stdin", None)
    assert main(["report", "--from", "-"]) == 3


def test_a_folder_stands_for_the_reports_in_it(three, tmp_path, capsys):
    (tmp_path / ".half.json").write_text("{")
    (tmp_path / "notes.txt").write_text("no report")
    assert main(["report", "--from", str(tmp_path), "--format", "json"]) == 1
    value = json.loads(capsys.readouterr().out)
    assert [vote["vantage"]["name"] for vote in value["quorum"]["votes"]] == ["ci-eu", "ci-us", "home"]
    assert value["skipped"] == []


def test_files_that_cannot_be_used_are_skipped_inputs(three, tmp_path, capsys):
    empty, only, bare = tmp_path / "empty.json", tmp_path / "only", tmp_path / "bare"
    empty.touch()
    only.mkdir()
    bare.mkdir()
    partial = written(only, "office", scenes.failed_over_scene(), only_problems=True)
    bad = ["--from", str(empty), "--from", str(tmp_path / "none.json"), "--from", partial, "--from", str(bare)]
    assert main(["report", "--from", three[5], *bad, "--format", "json"]) == 1
    out, err = capsys.readouterr()
    value = json.loads(out)
    assert value["summary"]["verdict"] == "warning"
    assert [(row["source"], row["message"].split(":")[0].split(",")[0]) for row in value["skipped"]] == [
        (str(empty), "is empty"),
        (str(tmp_path / "none.json"), "cannot be read"),
        (partial, "was written with --only problems"),
        (str(bare), "is a folder without any .json file"),
    ]
    assert err.splitlines()[0] == f"trackerwatch: skipped {empty}: is empty: did the run that was to write it fail?"
    assert len(err.splitlines()) == 4


def test_no_usable_file_is_unknown(tmp_path, capsys):
    assert main(["report", "--from", str(tmp_path / "none.json")]) == 3
    out, err = capsys.readouterr()
    assert out.startswith("UNKNOWN  none of the reports can be used; 1 input skipped\n")
    assert "cannot be read: No such file or directory" in err


def test_a_combined_report_is_no_vantage(three, tmp_path, capsys):
    combined = str(tmp_path / "all.json")
    main(["report", *three, "--format", "json", "-o", combined])
    assert main(["report", "--from", combined]) == 3
    assert "is put together from several vantages itself; give it their own reports" in capsys.readouterr().err


def test_the_usual_options_hold(three, tmp_path, capsys):
    assert main(["report", *three, "--fail-on", "critical"]) == 0
    assert main(["report", *three, "--filter", "name=nothing"]) == 3
    assert main(["report", *three, "--filter", "state=down", "--only", "problems", "--format", "json"]) == 1
    out = capsys.readouterr().out
    assert json.loads(out[out.index("{") :])["summary"]["torrents"] == 1
    assert main(["report", *three, "-o", str(tmp_path / "no" / "x")]) == 3
    assert "there is no folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["x.torrent"], "report takes INPUT or --from FILE, not both: --from asks nobody"),
        (["--policy", "p.toml"], "--policy cannot be used with --from, which asks nobody: use it where those reports"),
        (["--min-seeders", "0"], "--min-seeders cannot be used with --from"),
        (["--lint"], "--lint cannot be used with --from"),
        (["--wait", "20m"], "--wait cannot be used with --from"),
        (["--cached"], "--cached cannot be used with --from"),
        (["--fresh"], "--fresh cannot be used with --from"),
        (["--announce", "never"], "--announce cannot be used with --from"),
        (["--no-allow-private"], "--allow-private cannot be used with --from"),
        (["--deadline", "5"], "--deadline cannot be used with --from"),
        (["--from", "-", "--from", "-"], "--from - (stdin) can be given once"),
        (["--quorum", "0"], "argument --quorum: must be at least 1"),
        (["--filter", "seeders<<"], "seeders"),
    ],
)
def test_what_does_not_go_together_is_one_clear_line(three, capsys, words, said):
    assert main(["report", *words, *three]) == 3
    out, err = capsys.readouterr()
    assert said in err
    assert out == ""


def test_a_quorum_needs_several_vantages(capsys):
    assert main(["report", "x.torrent", "--quorum", "2"]) == 3
    assert "--quorum is about several vantages: give it their reports with --from FILE" in capsys.readouterr().err


def test_there_are_only_so_many(monkeypatch, three, capsys):
    monkeypatch.setattr(vantages, "MAX_REPORTS", 2)
    assert main(["report", *three]) == 3
    assert "--from takes 2 reports at most; these are 3" in capsys.readouterr().err


def test_a_broken_config_does_not_keep_reports_from_being_put_together(three, tmp_path, monkeypatch, capsys):
    broken = tmp_path / "config.toml"
    broken.write_text("interval = [")
    monkeypatch.setenv("TRACKERWATCH_CONFIG", str(broken))
    assert main(["report", *three]) == 1
    err = capsys.readouterr().err
    assert str(broken) in err
    assert err.endswith("; going on without it\n")
    assert main(["report", *three, "--config", str(broken)]) == 3


def test_the_config_names_the_vantage_and_has_filters(three, tmp_path, monkeypatch, capsys):
    config = tmp_path / "config.toml"
    config.write_text('vantage = "desk"\n[filters]\nbad = "state=down"\n')
    monkeypatch.setenv("TRACKERWATCH_CONFIG", str(config))
    assert main(["report", *three, "--format", "json"]) == 1
    assert json.loads(capsys.readouterr().out)["vantage"]["name"] == "desk"


def test_it_is_compared_with_a_file(three, tmp_path, capsys):
    before = str(tmp_path / "before.json")
    well = [word for name in ("ci-eu", "ci-us") for word in ("--from", written(tmp_path, name, up()))]
    assert main(["report", *well, "--format", "json", "-o", before]) == 0
    bad = [word for name in ("ci-eu", "ci-us") for word in ("--from", written(tmp_path, name, exhausted()))]
    assert main(["report", *bad, "--against", before, "--format", "json"]) == 2
    value = json.loads(capsys.readouterr().out)
    assert value["changes"]["against"] == "before.json"
    assert {item["kind"] for item in value["changes"]["items"]} >= {"tracker_down", "problem_new"}
    assert main(["report", *bad, "--against", str(tmp_path / "none.json")]) == 3


def test_nothing_that_could_send_is_even_loaded(three):
    script = (
        "import sys\n"
        "from trackerwatch.cli.main import main\n"
        f"code = main(['report', *{three!r}])\n"
        "print(sorted(set(sys.modules) & {'asyncio', 'socket', 'ssl', 'httpx', 'textual', 'sqlite3', "
        "'trackerwatch.probe.prober', 'trackerwatch.engine.engine'}), file=sys.stderr)\n"
        "sys.exit(code)"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stderr) == (1, "[]\n")


def test_the_help_says_how_old_a_report_may_be(capsys):
    assert main(["report", "--help"]) == 0
    assert f"--max-age (here: {duration(DEFAULT_MAX_AGE_S)})" in " ".join(capsys.readouterr().out.split())


def test_the_time_is_this_runs_own(three, capsys, monkeypatch):
    ticks = iter(range(100, 10_000, 7))
    monkeypatch.setattr(vantages, "time", SimpleNamespace(monotonic=lambda: float(next(ticks))))
    assert main(["report", *three, "--format", "json"]) == 1
    assert json.loads(capsys.readouterr().out)["duration_s"] == 7.0
