"""`report` and `check` as they are run, against ports where nobody listens."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from tests.doubles.http import Silent
from tests.reports.test_json_report import SCHEMA
from trackerwatch.cli.main import build_parser, main
from trackerwatch.cli.narration import Narrator
from trackerwatch.cli.one_run import Run
from trackerwatch.cli.oneshot import torrent_on
from trackerwatch.engine.settings import Freshness
from trackerwatch.tracker import parse_tracker


def bencoded(value) -> bytes:
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, bytes):
        return b"%d:%s" % (len(value), value)
    if isinstance(value, list):
        return b"l" + b"".join(map(bencoded, value)) + b"e"
    return b"d" + b"".join(bencoded(key) + bencoded(value[key]) for key in sorted(value)) + b"e"


@pytest.fixture
def torrent(tmp_path, closed_port):
    """Makes a torrent file whose tracker refuses."""

    def make(name: str = "debian", url: str | None = None, folder=tmp_path) -> str:
        info = {"name": name, "piece length": 16384, "pieces": b"\0" * 20, "length": 1000}
        path = folder / f"{name}.torrent"
        path.write_bytes(bencoded({"announce": url or f"udp://127.0.0.1:{closed_port}/announce", "info": info}))
        return str(path)

    return make


def report_of(capsys) -> tuple[dict, str]:
    said = capsys.readouterr()
    value = json.loads(said.out)
    jsonschema.validate(value, SCHEMA)
    return value, said.err


def test_every_tracker_dead_is_critical(capsys, torrent):
    assert main(["report", torrent(), "--format", "json", "--allow-private"]) == 2
    value, err = report_of(capsys)
    assert err == ""
    assert value["summary"]["verdict"] == "critical"
    assert value["summary"]["exit_code"] == 2
    assert value["torrents"][0]["failover"]["state"] == "exhausted"
    assert value["trackers"][0]["reasons"] == ["refused"]


def test_the_flag_that_would_allow_it_is_named(capsys, torrent):
    assert main(["report", torrent(), "--format", "json"]) == 3
    value, err = report_of(capsys)
    assert err == (
        "trackerwatch: 1 tracker has addresses that are not public and were not asked; --allow-private allows them\n"
    )
    assert value["trackers"][0]["state"] == "unknown"
    assert value["summary"]["not_judged"] == 2


def test_no_usable_input_is_3_and_still_a_document(capsys, tmp_path):
    (tmp_path / "bad.torrent").write_bytes(b"<html>")
    assert main(["report", str(tmp_path / "bad.torrent"), str(tmp_path / "none.torrent"), "--format", "json"]) == 3
    value, err = report_of(capsys)
    assert len(value["skipped"]) == 2
    assert value["summary"] | {"problems": 2, "verdict": "unknown", "exit_code": 3} == value["summary"]
    assert [line.split()[1] for line in err.splitlines()] == ["skipped", "skipped", "no"]


def test_a_skipped_input_is_told_and_the_rest_runs(capsys, tmp_path, torrent):
    (tmp_path / "bad.torrent").write_bytes(b"<html>")
    torrent()
    assert main(["report", str(tmp_path), "--format", "json", "--allow-private", "--fail-on", "critical"]) == 2
    value, err = report_of(capsys)
    assert len(value["torrents"]) == len(value["skipped"]) == 1
    assert err.startswith("trackerwatch: skipped ")
    assert len(err.splitlines()) == 1


def test_a_filter_selects_before_asking(capsys, tmp_path, torrent):
    torrent("debian")
    torrent("fedora", "udp://127.0.0.1:1/announce")
    assert main(["report", str(tmp_path), "--format", "json", "--allow-private", "--filter", "name=debian"]) == 2
    value, _ = report_of(capsys)
    assert [row["name"] for row in value["torrents"]] == ["debian"]
    assert len(value["trackers"]) == 1


@pytest.mark.parametrize("expression", ["name~fedora", "seeders>3"])
def test_nothing_matches_is_3_and_a_document(capsys, torrent, expression):
    assert main(["report", torrent(), "--format", "json", "--allow-private", "--filter", expression]) == 3
    value, _ = report_of(capsys)
    assert value["torrents"] == value["trackers"] == value["problems"] == []


def test_a_wrong_filter_points_at_its_mistake(capsys, torrent):
    assert main(["report", torrent(), "--filter", "a&sedeers<3"]) == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == (
        "trackerwatch: filter: unknown field 'sedeers' at column 3; did you mean seeders?\n  a&sedeers<3\n    ^\n"
    )


def test_a_filter_may_name_one_of_the_config(capsys, torrent, tmp_path):
    folder = torrent("debian")
    torrent("fedora", "udp://127.0.0.1:1/announce")
    path = tmp_path / "config.toml"
    path.write_text('[filters]\nred = "name~fed | name~deb"\nsmall = "@red & !name=fedora"\n')
    usual = ["report", folder, str(tmp_path), "--format", "json", "--allow-private", "--config", str(path)]
    assert main([*usual, "--filter", "@small & protocol=udp"]) == 2
    value, _ = report_of(capsys)
    assert [row["name"] for row in value["torrents"]] == ["debian"]
    assert main([*usual, "--filter", "x | @smal"]) == 3
    assert "filter: no filter is saved as 'smal' at column 5; did you mean small?" in capsys.readouterr().err


def test_check_all_down_is_critical_and_says_why(capsys, closed_port):
    assert main(["check", f"udp://127.0.0.1:{closed_port}", "--allow-private"]) == 2
    out = capsys.readouterr().out
    assert out.startswith("CRITICAL  1 of 1 tracker is down\n")
    assert "refused" in out


def test_check_skips_what_is_no_url(capsys, closed_port):
    assert main(["check", "foo", f"udp://127.0.0.1:{closed_port}", "--allow-private", "--format", "json"]) == 2
    value, err = report_of(capsys)
    assert value["skipped"][0]["source"] == "foo"
    assert err == "trackerwatch: skipped foo: announce URL without a scheme (udp://, http:// or https://): 'foo'\n"


def test_check_without_a_usable_url_is_3(capsys):
    assert main(["check", "wss://tracker.example.org", "--format", "json"]) == 3
    value, err = report_of(capsys)
    assert value["trackers"] == []
    assert err.endswith("trackerwatch: no usable tracker URL\n")


def test_check_shows_no_passkey(capsys):
    key = "0123456789abcdef0123456789abcdef"
    assert main(["check", f"http://127.0.0.1:9/{key}/announce", f"ftp://x.org/{key}", "--format", "json"]) == 1
    said = capsys.readouterr()
    assert key not in said.out + said.err


def test_check_one_torrent(capsys, closed_port):
    url = f"udp://127.0.0.1:{closed_port}"
    assert main(["check", url, "--allow-private", "--format", "json", "--info-hash", "AB" * 20]) == 2
    value, _ = report_of(capsys)
    assert [row["info_hash"] for row in value["torrents"]] == ["ab" * 20]


def test_a_v2_hash_asks_for_its_swarm():
    torrent = torrent_on([parse_tracker("udp://127.0.0.1:9")], "ab" * 32)
    assert [swarm for swarm, _ in torrent.swarms] == ["v2"]
    assert torrent.info_hash == b"\xab" * 20


def test_files_are_written_beside_stdout(capsys, tmp_path, torrent):
    path = tmp_path / "out.json"
    words = ["report", torrent(), "--allow-private", "--format", "json", "-o", str(path), "--format", "table"]
    assert main(words) == 2
    assert capsys.readouterr().out.startswith("CRITICAL")
    jsonschema.validate(json.loads(path.read_text("utf-8")), SCHEMA)


def run(*words: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "trackerwatch", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_full_disk_is_one_line_and_3(torrent):
    done = run("report", torrent(), "--allow-private", "-o", "/dev/full")
    assert done.returncode == 3
    assert done.stderr == "trackerwatch: -o '/dev/full': No space left on device\n"


def test_a_full_stdout_is_one_line_and_3(torrent):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "trackerwatch", "report", torrent(), "--allow-private"],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 3
    assert done.stderr == "trackerwatch: stdout: No space left on device\n"


@pytest.mark.parametrize("words", [["--help"], ["check", "udp://127.0.0.1:9", "--format", "json"]])
def test_a_reader_that_leaves_is_no_news(words):
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "trackerwatch", *words], stdout=writing, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writing)
    assert [line for line in done.stderr.splitlines() if "not public" not in line] == []
    assert done.returncode in (0, 3)


def test_closed_standard_streams_are_told_in_words(torrent):
    shell = f'exec "{sys.executable}" -m trackerwatch report "$0" - --allow-private --no-store --format json'
    done = subprocess.run(["sh", "-c", f"{shell} <&-", torrent()], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert [row["source"] for row in json.loads(done.stdout)["skipped"]] == ["standard input"]
    assert done.stderr == ("trackerwatch: skipped standard input: it can be read once, and only where there is one\n")
    done = subprocess.run(
        ["sh", "-c", f"{shell} >&- </dev/null", torrent()], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr.splitlines()[-1]) == (3, "trackerwatch: stdout is closed")


def test_ctrl_c_is_130():
    # A pipe that never ends as input: the run is under way for as long as the test wants.
    child = subprocess.Popen(
        [sys.executable, "-c", CTRL_C_PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"loading\n"
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=20)
    assert (child.returncode, out, err) == (130, b"", b"")


CTRL_C_PROGRAM = """
import os
import sys
from trackerwatch.cli.main import main
from trackerwatch.inputs import loading
expand = loading.expand
def loud(*arguments, **more):
    os.write(1, b"loading\\n")  # this thread must not hold the lock of sys.stdout when the interpreter ends
    yield from expand(*arguments, **more)
loading.expand = loud
sys.exit(main(["report", "-"]))
"""


def test_progress_is_shown_on_a_terminal_alone(torrent):
    watching, terminal = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "trackerwatch", "report", torrent(), "--allow-private", "--format", "json"],
        stdout=subprocess.PIPE, stderr=terminal, text=True, check=False,
    )  # fmt: skip
    os.close(terminal)
    said = os.read(watching, 65536).decode()
    os.close(watching)
    assert done.returncode == 2
    assert "\x1b" not in done.stdout
    assert "1 tracker: 0 answered" in said
    assert said.endswith("\r\x1b[K")


def test_what_is_remembered_is_reported_without_asking(capsys, torrent):
    path = torrent()
    assert main(["report", path, "--format", "json", "--cached"]) == 3
    value, err = report_of(capsys)
    assert (value["torrents"], err) == ([], "trackerwatch: nothing stored of these torrents' trackers\n")
    assert main(["report", path, "--format", "json", "--allow-private"]) == 2
    asked, _ = report_of(capsys)
    assert main(["report", path, "--cached"]) == 2
    out = capsys.readouterr().out
    assert re.search(r"1 tracker's\s+answers\s+are\s+remembered,\s+up\s+to\s+\ds\s+old\n", out[:300])
    words = " ".join(out.split())
    assert re.search(r"seen from .*, answers of 1 tracker from the store, \ds old \(--fresh asks again\)", words)
    assert main(["report", path, "--format", "json", "--cached"]) == 2
    cached, err = report_of(capsys)
    assert err == ""
    assert cached["trackers"][0]["state"] == asked["trackers"][0]["state"] == "down"
    assert cached["trackers"][0]["reasons"] == ["refused"]


def test_check_remembers_too(capsys, closed_port):
    url = f"udp://127.0.0.1:{closed_port}"
    assert main(["check", url, "--allow-private", "--no-store"]) == 2
    capsys.readouterr()
    assert main(["check", url, "--cached", "--format", "json"]) == 3
    value, err = report_of(capsys)
    assert (value["trackers"], err) == ([], "trackerwatch: nothing stored of these trackers\n")
    assert main(["check", url, "--allow-private"]) == 2
    assert main(["check", url, "--cached"]) == 2


def test_the_store_is_where_it_was_asked_for(capsys, tmp_path, own_home, closed_port):
    path = tmp_path / "own" / "kept.db"
    words = ["check", f"udp://127.0.0.1:{closed_port}", "--allow-private"]
    assert main([*words, "--store", str(path)]) == 2
    assert path.exists()
    assert main([*words, "--no-store"]) == 2
    assert not (own_home / "trackerwatch" / "history.db").exists()
    assert main(words) == 2
    assert (own_home / "trackerwatch" / "history.db").exists()


def test_cached_without_a_store_is_a_mistake(capsys, closed_port):
    assert main(["check", f"udp://127.0.0.1:{closed_port}", "--cached", "--no-store"]) == 3
    said = capsys.readouterr()
    assert (said.out, said.err) == (
        "",
        "trackerwatch: --cached reports what is remembered, and there is no store\n",
    )


@pytest.mark.parametrize("make", [lambda path: path.mkdir(), lambda path: path.write_bytes(b"no database" * 50)])
def test_a_store_in_trouble_is_one_line_and_no_exit_code(capsys, tmp_path, closed_port, make):
    path = tmp_path / "kept.db"
    make(path)
    assert main(["check", f"udp://127.0.0.1:{closed_port}", "--allow-private", "--store", str(path)]) == 2
    said = capsys.readouterr()
    assert said.out.startswith("CRITICAL")
    assert len(said.err.splitlines()) == 1
    assert said.err.startswith(f"trackerwatch: history is not kept: history {path}: ")


@pytest.mark.parametrize(
    "flags", [["--fresh", "--cached"], ["--max-age", "1m", "--cached"], ["--store", "x", "--no-store"]]
)
def test_options_that_exclude_each_other(capsys, flags):
    assert main(["check", "udp://127.0.0.1:9", *flags]) == 3
    assert "not allowed with argument" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "freshness"),
    [([], Freshness.INTERVAL), (["--fresh"], Freshness.FRESH), (["--cached"], Freshness.CACHED)],
)
def test_freshness(flags, freshness):
    one_run = Run(build_parser().parse_args(["check", "udp://127.0.0.1:9", *flags]), Narrator())
    assert one_run.settings.freshness is freshness
    assert one_run.settings.max_age_s is None


def test_max_age_is_a_setting():
    one_run = Run(build_parser().parse_args(["report", "x", "--max-age", "20m"]), Narrator())
    assert (one_run.settings.freshness, one_run.settings.max_age_s) == (Freshness.INTERVAL, 1200.0)


def test_a_table_of_the_config_that_is_about_nobody_is_told(capsys, torrent, tmp_path):
    path = tmp_path / "own.toml"
    path.write_text('[trackers."127.0.0.1"]\nown = true\n[trackers."typo.org"]\nown = true\n')
    assert main(["report", torrent(), "--allow-private", "--config", str(path)]) == 2
    said = capsys.readouterr().err
    assert said == 'trackerwatch: config: trackers."typo.org" matches no tracker of these torrents\n'


@pytest.mark.parametrize(
    ("words", "deadline_s"),
    [
        (["--format", "nagios"], 8),
        (["--format", "nagios", "--deadline", "30"], 30),
        (["--format", "nagios", "-o", "FILE"], 60),
        (["--format", "json"], 60),
    ],
)
def test_a_plugin_is_done_before_monitoring_gives_it_up(torrent, tmp_path, words, deadline_s):
    words = [str(tmp_path / "out") if word == "FILE" else word for word in words]
    arguments = build_parser().parse_args(["report", torrent(), *words])
    assert Run(arguments, Narrator()).config.deadline_s == deadline_s


def magnet(port: int) -> str:
    return f"magnet:?xt=urn:btih:{'ab' * 20}&tr=udp%3A%2F%2F127.0.0.1%3A{port}"


async def test_cached_fetches_no_input_either(capsys, tmp_path, closed_port):
    async with Silent() as server:
        url = f"http://127.0.0.1:{server.endpoint.port}/some.torrent"
        words = ["report", url, magnet(closed_port), "--allow-private", "--format", "json", "--cached"]
        assert await asyncio.to_thread(main, words) == 3
        assert server.connections == 0
    value, _ = report_of(capsys)
    assert value["skipped"] == [{"source": url, "message": "not fetched: --cached asks nobody"}]


async def test_inputs_that_stall_leave_time_to_ask(capsys, closed_port):
    async with Silent() as server:
        urls = [f"http://127.0.0.1:{server.endpoint.port}/{number}.torrent" for number in range(30)]
        words = ["report", *urls, magnet(closed_port), "--allow-private", "--no-store", "--deadline", "1"]
        assert await asyncio.to_thread(main, [*words, "--format", "json"]) == 2
    value, err = report_of(capsys)
    assert value["trackers"][0]["reasons"] == ["refused"]
    assert {row["message"] for row in value["skipped"]} == {
        "not fetched in time: fetching gets half of --deadline at most"
    }
    assert len(value["skipped"]) == 30
    assert "skipped 30 inputs: not fetched in time" in err


@pytest.mark.parametrize("stalls", ["input", "tracker"])
async def test_a_signal_before_the_wait_begins_is_heeded_with_a_report(stalls):
    async with Silent() as server:
        at = f"http://127.0.0.1:{server.endpoint.port}"
        what = ["report", f"{at}/some.torrent"] if stalls == "input" else ["check", f"{at}/announce"]
        words = [
            "--wait",
            "20m",
            "--deadline",
            "9m",
            "--timeout",
            "8m",
            "--allow-private",
            "--no-store",
            "--format",
            "json",
        ]
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "trackerwatch", *what, *words,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        async with asyncio.timeout(20):
            await server.arrived.wait()
            child.terminate()
            out, err = await child.communicate()
    assert child.returncode == 3
    value = json.loads(out)
    jsonschema.validate(value, SCHEMA)
    told = {"input": "told to end before anything was asked", "tracker": "told to end while waiting: "}[stalls]
    assert f"trackerwatch: {told}" in err.decode()


@pytest.mark.parametrize(
    ("words", "timeout_s"),
    [
        ([], 10.0),
        (["--format", "nagios"], 3.2),
        (["--deadline", "5"], 3.0),
        (["--deadline", "5", "--timeout", "4"], 4.0),
        (["--deadline", "300"], 10.0),
    ],
)
def test_a_silent_tracker_can_be_asked_twice_within_the_deadline(torrent, words, timeout_s):
    arguments = build_parser().parse_args(["report", torrent(), "--no-store", *words])
    assert Run(arguments, Narrator()).config.timeout_s == pytest.approx(timeout_s)
