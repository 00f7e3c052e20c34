"""`mute`, `disable`, `interval` and `undo`: what they write down, what they list, and who obeys it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.cli.test_headless import headless, torrent_file
from tests.cli.test_oneshot import report_of, torrent
from tests.cli.test_watching import Asked
from tests.doubles.udp import UdpTracker
from trackerwatch.cli.main import main
from trackerwatch.cli.orders import target
from trackerwatch.cli.watching import WatchedEngine
from trackerwatch.config.settings import DEFAULTS
from trackerwatch.errors import UsageError
from trackerwatch.locations import history_file, state_file
from trackerwatch.orders import TrackerOrder
from trackerwatch.state import StateFile
from trackerwatch.store.opening import open_writer
from trackerwatch.tracker import parse_tracker

__all__ = ["torrent"]  # a fixture

KEYED = "https://private.example.net/0123456789abcdef0123456789abcdef/announce"


def kept() -> dict[str, TrackerOrder]:
    return StateFile().orders.load()


def run(*words: str) -> int:
    return main(list(words))


@pytest.mark.parametrize(
    ("word", "key", "name", "keys"),
    [
        ("Tracker.Example.ORG", "tracker.example.org", "tracker.example.org", ("tracker.example.org",)),
        ("a.example:6969", "a.example:6969", "a.example:6969", ("a.example:6969", "a.example")),
        ("fd00::1", "fd00::1", "fd00::1", ("fd00::1",)),
        ("[FD00::1]:80", "[fd00::1]:80", "[fd00::1]:80", ("[fd00::1]:80", "fd00::1")),
        ("192.0.2.1:80", "192.0.2.1:80", "192.0.2.1:80", ("192.0.2.1:80", "192.0.2.1")),
        ("0123456789", "0123456789", "0123456789", ("0123456789",)),
    ],
)
def test_how_a_tracker_is_named(word, key, name, keys):
    found = target(word)
    assert (found.key, found.name, found.keys) == (key, name, keys)


def test_a_url_is_known_by_its_id_and_keeps_its_key_to_itself(capsys):
    assert run("mute", KEYED, "--why", "moving house") == 0
    said = capsys.readouterr().out
    assert said == "private.example.net:443: muted until you take it back, moving house\n"
    text = state_file().read_text()
    assert "0123456789abcdef" not in text
    assert kept()[parse_tracker(KEYED).id].name == "private.example.net:443"


@pytest.mark.parametrize(
    "word", ["", "a b", "wss://x.example", "a.example:99999", "0123456789abcdef0123456789abcdef.example.net"]
)
def test_what_names_no_tracker_is_a_mistake(capsys, word):
    with pytest.raises(UsageError):
        target(word)
    assert run("mute", word) == 3
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "0123456789abcdef" not in err


def test_mute_until_a_day_list_and_off(capsys):
    assert run("mute", "a.example:6969", "--until", "2999-12-31", "--why", "moving\nhouse") == 0
    assert run("disable", "b.example") == 0
    assert run("interval", "c.example", "5m") == 0
    orders = kept()
    assert orders["a.example:6969"].muted_until > datetime(2999, 12, 31, 9, tzinfo=UTC).timestamp()
    assert orders["b.example"].disabled
    assert orders["c.example"].interval_s == 300.0
    capsys.readouterr()
    assert run("mute") == 0
    rows = capsys.readouterr().out.splitlines()
    assert [" ".join(row.split()[:2]) for row in rows] == [
        "a.example:6969 muted", "b.example switched", "c.example asked",
    ]  # fmt: skip
    assert "until" in rows[0]
    assert "moving" in rows[0]
    assert all("by hand" in row for row in rows)
    assert run("mute", "a.example", "--off") == 0, "all of the host"
    assert run("disable", "b.example", "--off") == 0
    assert run("interval", "c.example", "--off") == 0
    assert kept() == {}
    capsys.readouterr()
    assert run("mute") == 0
    assert capsys.readouterr().out == "nothing is muted, switched off or asked at an interval of its own\n"
    assert run("mute", "a.example", "--off") == 0
    assert capsys.readouterr().out == "a.example: nothing to take back\n"


def test_orders_of_the_screen_are_found_by_host():
    StateFile().orders.keep({"0123456789": TrackerOrder(muted=True, name="a.example:6969")}, what="on the screen")
    assert run("mute", "b.example", "--off") == 0
    assert kept()
    assert run("mute", "a.example", "--off") == 0
    assert kept() == {}


def test_what_the_config_says_is_listed_and_overruled(capsys, own_home):
    path = own_home / "trackerwatch" / "config.toml"
    path.parent.mkdir()
    path.write_text(
        '[trackers."a.example"]\nmuted = true\nwhy = "repairs"\n'
        '[trackers."b.example"]\nmute_windows = ["daily 00:00-24:00 UTC"]\n'
        '[trackers."c.example:80"]\ndisabled = true\n'
    )
    assert run("mute") == 0
    rows = capsys.readouterr().out.splitlines()
    assert " ".join(rows[0].split()) == "a.example muted until you take it back config repairs"
    assert "muted daily 00:00-24:00 UTC" in rows[1]
    assert "open until" in rows[1]
    assert "switched off" in rows[2]
    assert run("mute", "a.example", "--off") == run("mute", "b.example", "--off") == 0
    assert run("disable", "c.example:80", "--off") == 0
    orders = kept()
    assert (orders["a.example"].muted, orders["a.example"].muted_until) == (False, None)
    assert orders["b.example"].muted is False
    assert orders["b.example"].muted_until is not None, "until the window closes"
    assert orders["c.example:80"].disabled is False


def test_undo_takes_back_the_latest(capsys):
    run("mute", "a.example")
    run("disable", "a.example", "--why", "gone")
    capsys.readouterr()
    assert run("undo") == 0
    assert capsys.readouterr().out == "taken back: a.example: switched off; nothing is sent to it, gone\n"
    assert kept()["a.example"].muted
    assert run("undo") == 0
    assert kept() == {}
    assert run("undo") == 3
    assert capsys.readouterr().err == "trackerwatch: nothing to take back\n"


@pytest.mark.parametrize(
    "words",
    [
        ["mute", "a.example", "--until", "2020-01-01"],
        ["mute", "a.example", "--until", "soon"],
        ["mute", "a.example", "--until", "3d", "--off"],
        ["mute", "--until", "3d"],
        ["mute", "--off"],
        ["disable"],
        ["interval", "a.example"],
        ["interval", "a.example", "0s"],
        ["interval", "a.example", "5m", "--off"],
        ["interval", "a.example", "often"],
    ],
)
def test_mistakes_are_one_line_and_3(capsys, words):
    assert run(*words) == 3
    assert "Traceback" not in capsys.readouterr().err
    assert kept() == {}


def test_where_nothing_can_be_kept_it_is_3(capsys, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("TRACKERWATCH_STATE", str(tmp_path / "file" / "state.json"))
    assert run("mute", "a.example") == 3
    assert run("undo") == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert "not kept in" in said.err


@pytest.mark.parametrize("words", [("mute",), ("mute", "a.example", "--off"), ("undo",)])
def test_where_nothing_can_be_read_nothing_is_claimed(capsys, words):
    state_file().mkdir(parents=True)
    assert run(*words) == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert "no regular file" in said.err


def test_a_damaged_file_is_said_and_set_aside(capsys):
    state_file().parent.mkdir(parents=True, exist_ok=True)
    state_file().write_text("{")
    assert run("mute", "a.example") == 0
    said = capsys.readouterr()
    assert said.err.count("was damaged") == 1
    assert kept()["a.example"].muted


def test_a_report_obeys_and_lists(capsys, torrent):
    run("mute", "127.0.0.1", "--why", "repairs")
    capsys.readouterr()
    assert run("report", torrent(), "--format", "json", "--allow-private") == 3
    value, _ = report_of(capsys)
    assert value["summary"]["verdict"] == "unknown"
    assert value["trackers"][0]["muted"] == {"until": None, "why": "repairs", "source": "hand"}
    assert value["trackers"][0]["state"] == "down"
    run("disable", "127.0.0.1", "--why", "gone")
    capsys.readouterr()
    run("report", torrent(), "--allow-private", "--fresh")
    out = capsys.readouterr().out
    assert "- off" in out
    assert "asked nothing and counted for nothing: gone" in " ".join(out.split())


def test_check_of_what_is_switched_off_asks_nobody(capsys, closed_port):
    url = f"udp://127.0.0.1:{closed_port}"
    run("disable", url)
    capsys.readouterr()
    assert run("check", url, "--allow-private", "--format", "json") == 3
    value, _ = report_of(capsys)
    assert value["summary"]["verdict"] == "unknown"
    assert value["trackers"][0]["disabled"]["source"] == "hand"
    assert value["trackers"][0]["last_success_at"] is None


async def test_a_watch_that_runs_takes_it_over(tmp_path):
    async with UdpTracker() as alive, headless(torrent_file(tmp_path, alive.tracker.url)) as running:
        await running.until("started")
        child = await asyncio.create_subprocess_exec(sys.executable, "-m", "trackerwatch", "disable", alive.tracker.url)
        assert await child.wait() == 0
        rows = await running.until("config_reloaded")
        code, _, err = await running.end(signal.SIGTERM)
    assert rows[-1]["message"] == f"orders changed: {alive.tracker.host_port} is switched off"
    assert (code, err) == (0, "")


class Taking(Asked):
    def __init__(self) -> None:
        super().__init__()
        self.taken: list[dict] = []
        self.noted: list[str] = []

    def take_orders(self, orders) -> None:
        self.taken.append(orders)

    def note_orders(self, trouble: str) -> None:
        self.noted.append(trouble)


def test_the_file_is_read_again_when_it_changed_and_never_when_it_is_lost(tmp_path):
    path, engine = tmp_path / "state.json", Taking()
    file = StateFile(path)
    file.orders.keep({"a.example": TrackerOrder(muted=True)}, what="w")
    file.orders.load()
    watched = WatchedEngine(engine, None, [], lambda _: True, dict, orders=file.orders)
    watched.look_at_orders()
    assert engine.taken == []
    StateFile(path).orders.keep({"b.example": TrackerOrder(muted=True)}, what="w")
    watched.look_at_orders()
    watched.look_at_orders()
    assert [set(orders) for orders in engine.taken] == [{"a.example", "b.example"}]
    path.write_text(json.dumps({"schema": "trackerwatch.state/9"}))
    watched.look_at_orders()
    assert "another version" in engine.noted[0]
    path.unlink()
    watched.look_at_orders()
    assert len(engine.taken) == 1


def test_what_is_ordered_while_a_watch_starts_is_not_missed(tmp_path):
    path, engine = tmp_path / "state.json", Taking()
    file = StateFile(path)
    file.orders.load()
    StateFile(path).orders.keep({"a.example": TrackerOrder(muted=True)}, what="w")
    WatchedEngine(engine, None, [], lambda _: True, dict, orders=file.orders).look_at_orders()
    assert [set(orders) for orders in engine.taken] == [{"a.example"}]


def test_off_of_an_ipv6_host_is_off_for_its_trackers(capsys):
    run("mute", "http://[fd00::1]:6969/announce")
    assert run("mute", "fd00::1", "--off") == 0
    assert "heard again" in capsys.readouterr().out
    assert kept() == {}


def test_trackers_of_one_name_are_told_apart(capsys):
    urls = ("http://a.example/announce", "http://a.example/other/announce")
    for url in urls:
        run("mute", url)
    capsys.readouterr()
    run("mute")
    out = capsys.readouterr().out
    for url in urls:
        assert f"a.example:80 ({parse_tracker(url).id})" in out
        assert run("mute", parse_tracker(url).id, "--off") == 0
    assert kept() == {}


def test_a_key_in_the_reason_is_not_written_down(capsys):
    run("mute", KEYED, "--why", "key 0123456789abcdef0123456789abcdef is new")
    assert "0123456789abcdef" not in capsys.readouterr().out + state_file().read_text()


@pytest.mark.parametrize("words", [("mute",), ("mute", "a.example"), ("mute", "a.example", "--off"), ("undo",)])
def test_a_stdout_that_takes_nothing_is_no_bug(words):
    run("mute", "b.example")
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "trackerwatch", *words], stdout=full, stderr=subprocess.PIPE, check=False, text=True
        )
    assert (ended.returncode, ended.stderr) == (3, "trackerwatch: stdout: No space left on device\n")


def test_whoever_reads_no_more_changes_nothing_of_what_was_done():
    reading, writing = os.pipe()
    os.close(reading)
    words = [sys.executable, "-m", "trackerwatch", "mute", "a.example"]
    ended = subprocess.run(words, stdout=writing, stderr=subprocess.PIPE, check=False, text=True)
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "a.example" in kept()


def test_an_interval_of_the_whole_host_is_overruled_for_one(capsys):
    url = "http://a.example/announce"
    run("interval", "a.example", "2h")
    assert run("interval", url, "--off") == 0
    assert kept()[parse_tracker(url).id].interval_s == DEFAULTS.interval_s
    assert run("interval", "a.example", "--off") == 0
    assert kept() == {}
    assert "nothing" not in capsys.readouterr().out


def test_a_name_that_nobody_ever_met_is_taken_and_told(capsys):
    known = parse_tracker("udp://met.example:6969/announce")
    assert run("mute", "nosuch.example") == 0
    assert capsys.readouterr().err == "", "where nothing is remembered nothing can be said"
    connection = open_writer(history_file())
    connection.execute(
        "INSERT INTO tracker (key, url, host_port, protocol) VALUES (?, 'udp://met.example:6969', ?, 'udp')",
        (known.id, known.host_port),
    )
    connection.commit()
    connection.close()
    for word in ("met.example", "met.example:6969", "udp://met.example:6969/announce", known.id):
        assert run("disable", word) == 0
        assert capsys.readouterr().err == ""
    assert run("mute", "other.example") == 0
    told = capsys.readouterr()
    assert told.out == "other.example: muted until you take it back\n"
    assert told.err == (
        "trackerwatch: other.example: no tracker seen so far is called that; it holds for one that comes\n"
    )
    assert "other.example" in kept()
    assert run("mute", "--off", "other.example") == 0
    assert capsys.readouterr().err == ""
