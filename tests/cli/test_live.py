"""From arguments to the screen and back: what it is told, and what is printed when it is left."""

import json
from types import SimpleNamespace

import pytest

from tests.tui.feeds import rich_snapshot
from trackerwatch.cli import live
from trackerwatch.cli.facing import preferences
from trackerwatch.cli.main import build_parser
from trackerwatch.cli.parting import PartingReport
from trackerwatch.cli.wiring import settled
from trackerwatch.errors import UsageError
from trackerwatch.filters import parse_filter
from trackerwatch.locations import state_folder
from trackerwatch.metainfo.magnet import parse_magnet

MAGNET = f"magnet:?xt=urn:btih:{'ab' * 20}&dn=x&tr=udp%3A%2F%2F127.0.0.1%3A9%2Fannounce"


class Narrator:
    def __init__(self) -> None:
        self.said = []

    def say(self, text):
        self.said.append(text)


def told(*arguments: str):
    parsed = build_parser().parse_args(["watch", MAGNET, *arguments])
    return preferences(parsed, settled(parsed))


def test_flags_and_config_reach_the_screen(tmp_path, monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    config = tmp_path / "c.toml"
    config.write_text('[keys]\n"main.sort" = "o"\n[filters]\nthin = "seeders<3"\n')
    found = told("--config", str(config), "--no-mouse", "--read-only", "--reveal", "--slow-link", "--theme", "nord")
    assert (found.mouse, found.read_only, found.reveal, found.slow_link) == (False, True, True, True)
    assert (found.theme, found.keys, found.filters) == ("nord", {"main.sort": "o"}, {"thin": "seeders<3"})
    usual = told()
    assert (usual.mouse, usual.read_only, usual.reveal, usual.slow_link) == (True, False, False, False)
    with pytest.raises(UsageError, match="did you mean nord"):
        told("--theme", "nrd")


def test_the_layout_is_kept_in_the_state_file_and_not_in_the_demo():
    layout = told().layout
    assert layout.load() == {}
    assert layout.save({"pane": "events"}) == ""
    assert told().layout.load() == {"pane": "events"}
    (path,) = [path for path in state_folder().rglob("*") if path.suffix == ".json"]
    assert json.loads(path.read_text())["screen"] == {"pane": "events"}
    parsed = build_parser().parse_args(["watch", MAGNET])
    assert preferences(parsed, settled(parsed), keep_layout=False).layout is None


@pytest.mark.parametrize("wanted", [True, False])
def test_a_report_when_the_screen_is_left(monkeypatch, capsys, wanted):
    def show(engine, batches, history, wishes):
        del batches, history, wishes
        engine.add_torrents([parse_magnet(MAGNET, source="here")])
        return 0

    monkeypatch.setattr(live, "show", show)
    flags = ["--report-on-exit"] if wanted else []
    parsed = build_parser().parse_args(["watch", MAGNET, "--no-store", *flags])
    assert live.watch_live(parsed) == 0
    out = capsys.readouterr().out
    assert ("127.0.0.1:9" in out) == wanted


def test_it_is_of_what_was_seen_last_and_no_exit_code(capsys):
    narrator = Narrator()
    report = PartingReport(vantage="home", color="never", narrator=narrator)
    report.show(rich_snapshot())
    out = capsys.readouterr().out
    assert "tracker.foo.org:6969" in out
    assert "\x1b" not in out
    assert out.endswith(", left by you\nexit 0\n")
    report.show(rich_snapshot(), parse_filter("release-001"), [SimpleNamespace(source="a.torrent", message="broken")])
    out = capsys.readouterr().out
    assert "a.torrent" in out
    assert narrator.said == []


def test_a_reader_that_left_is_no_trouble(monkeypatch):
    def gone(*arguments, **more):
        raise BrokenPipeError

    dropped = []
    monkeypatch.setattr("trackerwatch.cli.output.to_stdout", gone)
    monkeypatch.setattr("trackerwatch.cli.output.drop_stdout", lambda: dropped.append(1))
    PartingReport(vantage="", color="auto", narrator=Narrator()).show(rich_snapshot())
    assert dropped == [1]
