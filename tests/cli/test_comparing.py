"""Run after run: against doubles that change in between, one store, and files."""

import asyncio
import hashlib
import json
import sqlite3
from dataclasses import replace

import pytest

from tests.cli.test_oneshot import bencoded
from tests.doubles.http import HttpTracker
from trackerwatch.bencoding import decode, encode
from trackerwatch.cli import comparing
from trackerwatch.cli.main import build_parser, main
from trackerwatch.cli.narration import Narrator
from trackerwatch.cli.one_run import Run
from trackerwatch.reports.readback import document
from trackerwatch.store import runs

NAME = "debian-12.iso"


class Strict(HttpTracker):
    """Knows what it knows, and says of the rest that it does not."""

    def announce(self, request):
        if request.info_hashes[0] in self.swarms:
            return super().announce(request)
        return {b"failure reason": b"torrent not registered with this tracker"}

    def knows(self, path, seeders: int) -> None:
        self.swarms[info_hash(path)] = (seeders, 5, 3)


def written(folder, name: str, *trackers: HttpTracker, size: int = 1000):
    info = {"name": name, "piece length": 16384, "pieces": b"\0" * 20, "length": size}
    urls = [tracker.tracker.url for tracker in trackers]
    path = folder / f"{name}.torrent"
    path.write_bytes(bencoded({"announce": urls[0], "announce-list": [[url] for url in urls], "info": info}))
    return path


def info_hash(path) -> bytes:
    return hashlib.sha1(encode(decode(path.read_bytes())[b"info"])).digest()


@pytest.fixture
def store(tmp_path):
    return tmp_path / "store" / "history.db"


def much_later(store) -> None:
    """So long after the run before that nobody has to be left alone, and no answer of then counts."""
    connection = sqlite3.connect(store)
    for table in ("manners", "memory", "latest", "round", "announced"):
        connection.execute(f"DELETE FROM {table}")
    connection.commit()
    connection.close()


@pytest.fixture
def report(capsys, store):
    """Makes a report, and gives it with what was said and the exit code."""

    async def make(*words: object, keep: bool = True) -> dict:
        if store.exists():
            much_later(store)
        where = ["--store", str(store)] if keep else ["--no-store"]
        # What is written to a file is printed as well.
        again = ["--format", "json"] if "-o" in words else []
        command = ["report", "--format", "json", *map(str, words), *where, *again, "--allow-private"]
        code = await asyncio.to_thread(main, command)
        said = capsys.readouterr()
        found = json.loads(said.out) if said.out else {}
        return {**found, "code": code, "said": said.err}

    return make


def lines(made: dict) -> list[str]:
    assert made["changes"] is not None
    return [item["message"] for item in made["changes"]["items"]]


async def test_what_happens_between_two_runs_is_told_by_the_second(tmp_path, report):
    async with Strict() as one, Strict() as two:
        path = written(tmp_path, NAME, one, two)
        one.knows(path, 120)
        two.knows(path, 120)
        first = await report(path)
        assert (first["changes"], first["said"], first["code"]) == (None, "", 0)
        assert lines(await report(path)) == []

        del one.swarms[info_hash(path)]
        lost = await report(path)
        at = one.tracker.host_port
        assert lines(lost) == [f"{NAME}: {at} does not know it any more"]
        assert lost["changes"]["against"] == "the last run"
        assert lost["changes"]["items"][0] == {
            "kind": "unregistered",
            "torrent": info_hash(path).hex(),
            "tracker": one.tracker.id,
            "before": "known",
            "after": "unregistered",
            "message": f"{NAME}: {at} does not know it any more",
        }
        assert lines(await report(path)) == []

        two.knows(path, 9)
        assert lines(await report(path)) == [f"{NAME}: seeders 120 -> 9 (-92 %)"]
        two_at = two.tracker.host_port
    down = await report(path)
    assert down["code"] == 2
    assert lines(down) == [
        f"{NAME} is critical now (exhausted); it had a warning",
        f"{at} is down now (connection refused); it was up",
        f"{two_at} is down now (connection refused); it was up",
    ]
    assert lines(await report(path)) == []


async def test_torrents_come_and_go_and_are_made_anew(tmp_path, report):
    folder = tmp_path / "release"
    folder.mkdir()
    async with Strict() as tracker:
        for name in ("a", "b"):
            tracker.knows(written(folder, name, tracker), 7)
        await report(folder)
        before = info_hash(folder / "b.torrent").hex()
        (folder / "a.torrent").unlink()
        tracker.knows(written(folder, "b", tracker, size=2000), 7)
        tracker.knows(written(folder, "c", tracker), 7)
        now = info_hash(folder / "b.torrent").hex()
        made = await report(folder)
    assert made["code"] == 0
    assert [(item["kind"], item["message"]) for item in made["changes"]["items"]] == [
        ("torrent_gone", "a is gone; it was ok"),
        ("torrent_renewed", f"b is another torrent now: {before[:12]}… -> {now[:12]}…"),
        ("torrent_new", "c is new"),
    ]


async def test_lint_knows_what_was_made_anew(tmp_path, report):
    async with Strict() as tracker:
        path = written(tmp_path, NAME, tracker)
        tracker.knows(path, 7)
        await report(path)
        before = info_hash(path).hex()
        tracker.knows(written(tmp_path, NAME, tracker, size=2000), 7)
        made = await report(path, "--lint")
    (problem,) = [row for row in made["problems"] if row["rule"] == "new_info_hash"]
    assert before[:12] in problem["message"]
    assert [item["kind"] for item in made["changes"]["items"]] == ["torrent_renewed"]


async def test_how_it_is_written_makes_no_difference_and_what_is_asked_does(tmp_path, report, monkeypatch):
    async with Strict() as tracker:
        one, two = written(tmp_path, "one", tracker), written(tmp_path, "two", tracker)
        tracker.knows(one, 7)
        tracker.knows(two, 7)
        assert (await report(one, two))["changes"] is None
        monkeypatch.chdir(tmp_path)
        for same in (
            ("two.torrent", "./one.torrent"),
            (one, two, "--only", "problems"),
            (one, two, "--fresh", "--title", "Two", "--fail-on", "none", "--deadline", "30"),
        ):
            assert lines(await report(*same)) == [], same
        for other in (
            (one,),
            (one, two, "--filter", "name=one"),
            (one, two, "--min-seeders", "2"),
            (one, two, "--private", "scrape"),
        ):
            assert (await report(*other))["changes"] is None, other
        assert lines(await report(one, two)) == []


async def test_a_filter_that_goes_by_state_makes_nothing_come_or_go(tmp_path, report):
    async with Strict() as tracker:
        one, two = written(tmp_path, "one", tracker), written(tmp_path, "two", tracker)
        tracker.knows(one, 7)
        tracker.knows(two, 90)
        await report(one, two, "--filter", "seeders<50")
        tracker.knows(one, 70)
        tracker.knows(two, 40)
        made = await report(one, two, "--filter", "seeders<50")
    assert [row["name"] for row in made["torrents"]] == ["two"]
    assert lines(made) == []


async def test_a_filter_that_matches_nothing_leaves_the_run_before(tmp_path, report, store):
    async with Strict() as tracker:
        path = written(tmp_path, NAME, tracker)
        tracker.knows(path, 7)
        await report(path, "--filter", "seeders<50")
        kept = rows(store)
        tracker.knows(path, 70)
        none = await report(path, "--filter", "seeders<50")
        assert (none["code"], none["changes"]) == (3, None)
        assert rows(store) == kept


async def test_a_part_of_what_a_file_is_about_makes_the_rest_not_gone(tmp_path, report):
    old = tmp_path / "old.json"
    async with Strict() as tracker:
        one, two = written(tmp_path, "one", tracker), written(tmp_path, "two", tracker)
        tracker.knows(one, 7)
        tracker.knows(two, 7)
        await report(one, two, "-o", old)
        assert lines(await report(one, two, "--against", old, "--filter", "name=one")) == []
        assert lines(await report(one, "--against", old)) == ["two is gone; it was ok"]


async def test_nothing_is_new_against_a_file_of_which_a_filter_left_out_a_part(tmp_path, report):
    async with Strict() as tracker:
        (tmp_path / "in").mkdir()
        for name in ("alpha", "beta"):
            tracker.knows(written(tmp_path / "in", name, tracker), 120)
        old = tmp_path / "old.json"
        key = "k3" * 12
        part = await report(tmp_path / "in", "--filter", f"name=alpha | name={key}", "-o", old, keep=False)
        assert [row["name"] for row in part["torrents"]] == ["alpha"]
        assert part["filter"] == "name=alpha | name=\N{HORIZONTAL ELLIPSIS}"
        assert key not in json.dumps(part)
        made = await report(tmp_path / "in", "--against", old, keep=False)
        assert (made["filter"], lines(made)) == (None, [])
        # Whatever is told of those that are in both.
        tracker.knows(tmp_path / "in" / "alpha.torrent", 3)
        assert lines(await report(tmp_path / "in", "--against", old, keep=False)) == ["alpha: seeders 120 -> 3 (-97 %)"]


async def test_without_a_store_nothing_is_compared_but_a_file(tmp_path, report, store):
    old = tmp_path / "old.json"
    async with Strict() as tracker:
        path = written(tmp_path, NAME, tracker)
        tracker.knows(path, 120)
        assert (await report(path, "-o", old, keep=False))["code"] == 0
        assert (await report(path, keep=False))["changes"] is None
        tracker.knows(path, 10)
        made = await report(path, "--against", old, keep=False)
        assert lines(made) == [f"{NAME}: seeders 120 -> 10 (-91 %)"]
        assert made["changes"]["against"] == "old.json"
        assert made["changes"]["at"] == json.loads(old.read_text())["generated_at"]
    assert not store.exists()


async def test_a_file_beats_the_last_run_which_is_kept_all_the_same(tmp_path, report):
    old = tmp_path / "old.json"
    async with Strict() as tracker:
        path = written(tmp_path, NAME, tracker)
        tracker.knows(path, 120)
        await report(path, "-o", old)
        tracker.knows(path, 10)
        assert lines(await report(path, "--against", old)) == [f"{NAME}: seeders 120 -> 10 (-91 %)"]
        assert lines(await report(path, "--against", old)) == [f"{NAME}: seeders 120 -> 10 (-91 %)"]
        assert lines(await report(path)) == []


def folder(path):
    path.mkdir()


def foreign(path):
    path.write_text('{"schema": "trackerwatch.doctor/1"}')


def garbage(path):
    path.write_bytes(b"\x00\xff<html>")


def large(path):
    with path.open("wb") as file:
        file.truncate(document.MAX_BYTES + 1)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: None, "No such file or directory"),
        (folder, "Is a directory"),
        (foreign, "trackerwatch.doctor/1"),
        (garbage, "JSON"),
        (lambda path: path.write_text("[" * 200_000), ""),
        (lambda path: path.write_text(""), ""),
        (large, "64 MiB"),
    ],
)
async def test_a_file_that_is_no_report_is_one_line_before_anybody_is_asked(tmp_path, report, make, words):
    old = tmp_path / "old\x1b[2J.json"
    make(old)
    async with Strict() as tracker:
        path = written(tmp_path, NAME, tracker)
        made = await report(path, "--against", old)
        assert tracker.requests == []
    assert made["code"] == 3
    assert "torrents" not in made
    (line,) = made["said"].splitlines()
    assert line.startswith(f"trackerwatch: --against {tmp_path}/old.json: ")
    assert words in line


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["check", "udp://127.0.0.1:1/announce", "--no-store"], "is of trackers alone (check)"),
        (["report", "none.torrent", "--no-store"], "had nothing to report"),
    ],
)
async def test_a_report_of_something_else_is_not_compared_with(tmp_path, report, capsys, command, words):
    old = tmp_path / "old.json"
    assert await asyncio.to_thread(main, [*command, "--format", "json", "-o", str(old)]) == 3
    capsys.readouterr()
    async with Strict() as tracker:
        made = await report(written(tmp_path, NAME, tracker), "--against", old)
        assert tracker.requests == []
    assert made["code"] == 3
    assert words in made["said"]
    assert len(made["said"].splitlines()) == 1


async def test_what_asked_nobody_is_compared_and_not_remembered(tmp_path, report, store):
    async with Strict() as tracker:
        path = written(tmp_path, NAME, tracker)
        tracker.knows(path, 120)
        await report(path)
    kept = rows(store)
    command = ["report", str(path), "--store", str(store), "--cached", "--format", "json", "-o", str(tmp_path / "c")]
    for _ in range(2):
        assert await asyncio.to_thread(main, command) == 0
        made = json.loads((tmp_path / "c").read_text())
        assert (made["changes"]["items"], made["summary"]["remembered"]["trackers"]) == ([], 1)
        assert rows(store) == kept


def rows(store) -> list[tuple]:
    connection = sqlite3.connect(store)
    try:
        return connection.execute("SELECT key, at, body FROM last_run").fetchall()
    finally:
        connection.close()


async def test_a_run_that_could_not_be_made_leaves_the_one_before(tmp_path, report, store):
    async with Strict() as tracker:
        path = written(tmp_path, NAME, tracker)
        tracker.knows(path, 120)
        await report(path)
        kept = rows(store)
        path.rename(tmp_path / "away")
        nothing = await report(path)
        assert (nothing["code"], nothing["changes"]) == (3, None)
        assert rows(store) == kept
        (tmp_path / "away").rename(path)
        tracker.knows(path, 10)
        assert lines(await report(path)) == [f"{NAME}: seeders 120 -> 10 (-91 %)"]


async def test_a_run_that_heard_nothing_forgets_nothing(tmp_path, report, store, capsys):
    async with Strict() as tracker:
        path = written(tmp_path, NAME, tracker)
        tracker.knows(path, 120)
        await report(path)
        # Nobody may be asked: nothing is known.
        much_later(store)
        assert await asyncio.to_thread(main, ["report", str(path), "--store", str(store)]) == 3
        assert "UNKNOWN" in capsys.readouterr().out
        tracker.knows(path, 10)
        assert lines(await report(path)) == [f"{NAME}: seeders 120 -> 10 (-91 %)"]


@pytest.mark.parametrize("body", [b"x", b"[]", b'{"format": 99}'])
async def test_a_last_run_that_is_damaged_is_said_once_and_replaced(tmp_path, report, store, body, monkeypatch):
    async with Strict() as tracker:
        path = written(tmp_path, NAME, tracker)
        tracker.knows(path, 120)
        with monkeypatch.context() as patched:
            patched.setattr(comparing, "to_bytes", lambda _: body)
            await report(path)
        made = await report(path)
        assert made["changes"] is None
        assert made["code"] == 0
        (line,) = made["said"].splitlines()
        assert line.startswith("trackerwatch: the last run cannot be compared with: it ")
        again = await report(path)
        assert (lines(again), again["said"]) == ([], "")


async def test_a_run_that_is_too_large_says_so(tmp_path, report, monkeypatch):
    monkeypatch.setattr(runs, "MAX_RUN_BYTES", 10)
    async with Strict() as tracker:
        path = written(tmp_path, NAME, tracker)
        tracker.knows(path, 120)
        made = await report(path)
        assert made["said"] == (
            "trackerwatch: this run is not remembered (too large, or the disk too slow): the next one is not compared"
            " with it\n"
        )
        assert (await report(path))["changes"] is None


async def test_a_store_that_cannot_be_written_is_told_once_and_the_report_is_made(tmp_path, report, store):
    store.parent.mkdir()
    store.write_bytes(b"not a database" * 20)
    async with Strict() as tracker:
        path = written(tmp_path, NAME, tracker)
        tracker.knows(path, 120)
        code = await asyncio.to_thread(
            main,
            [
                "report",
                str(path),
                "--store",
                str(store),
                "--allow-private",
                "--format",
                "json",
                "-o",
                str(tmp_path / "o"),
            ],
        )
    assert code == 0
    assert json.loads((tmp_path / "o").read_text())["changes"] is None
    assert store.read_bytes() == b"not a database" * 20


def run_of(*words: str) -> Run:
    return Run(build_parser().parse_args(["report", *words]), Narrator())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://t.example.org/dl?id=a", "https://t.example.org/dl?id=b"),
        (
            "https://t.example.org/0123456789abcdef0123456789abcdef/dl",
            "https://t.example.org/fedcba9876543210fedcba9876543210/dl",
        ),
        (
            f"magnet:?xt=urn:btih:{'a' * 40}&tr=http%3A%2F%2Ft/?id=1",
            f"magnet:?xt=urn:btih:{'a' * 40}&tr=http%3A%2F%2Ft/?id=2",
        ),
    ],
)
def test_inputs_that_differ_in_what_is_secret_alone_have_baselines_of_their_own(one, other):
    assert comparing.key_of(run_of(one)) != comparing.key_of(run_of(other))
    assert comparing.key_of(run_of(one)) == comparing.key_of(run_of(one))


def test_the_key_gives_nothing_away():
    run = run_of("https://t.example.org/a.torrent")
    first = comparing.key_of(run)
    assert first.startswith("report ")
    assert len(first) == len("report ") + 64
    # Nor can it be tried out elsewhere.
    run.vantage = replace(run.vantage, id="00000000-0000-4000-8000-000000000001")
    assert comparing.key_of(run) != first
    assert len(first) <= runs.MAX_KEY_CHARS
    assert first != comparing.key_of(run_of("https://t.example.org/b.torrent"))


def test_a_pipe_has_the_name_of_where_it_came_in(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    here = comparing.key_of(run_of("-"))
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "sub")
    assert comparing.key_of(run_of("-")) != here
    (tmp_path / "sub").rmdir()
    # From a folder that is gone there is no way back to it: still a key.
    assert len(comparing.key_of(run_of("a.torrent"))) == len(here)


async def test_the_names_of_the_last_run_are_known_before_anything_is_judged(tmp_path, report):
    old = tmp_path / "old.json"
    async with Strict() as tracker:
        one, two = written(tmp_path, "one", tracker), written(tmp_path, "two", tracker)
        (tmp_path / "more").mkdir()
        twice = written(tmp_path / "more", "two", tracker, size=77)
        assert (await report(one, two, twice, "-o", old, keep=False))["code"] in (1, 2)
    compare = comparing.Comparing(run_of(str(one), "--against", str(old), "--no-store"))
    assert await compare.names_before() == {"one": info_hash(one).hex()}
    assert await comparing.Comparing(run_of(str(one), "--no-store")).names_before() == {}


def begun(made: dict) -> dict:
    return {one["rule"]: one["since"] for one in made["problems"] if one["torrent"]}


async def test_since_when_something_is_wrong_is_told_by_every_run(tmp_path, report):
    async with Strict() as one, Strict() as two:
        path = written(tmp_path, NAME, one, two)
        one.knows(path, 0)
        two.knows(path, 0)
        first = await report(path)
        assert list(begun(first)) == ["no_seeders"]
        second = await report(path)
        assert second["generated_at"] > first["generated_at"]
        assert begun(second) == begun(first)
        assert begun(await report(path, keep=False)) != begun(first), "without a store nothing is remembered"

        one.knows(path, 3)
        assert "no_seeders" not in begun(await report(path))
        one.knows(path, 0)
        assert begun(await report(path))["no_seeders"] > second["generated_at"]


async def test_also_where_nobody_is_asked(tmp_path, report, store, capsys):
    async with Strict() as one:
        path = written(tmp_path, NAME, one)
        one.knows(path, 0)
        first = await report(path)
        command = ["report", str(path), "--cached", "--format", "json", "--store", str(store), "--allow-private"]
        await asyncio.to_thread(main, command)
        assert begun(json.loads(capsys.readouterr().out)) == begun(first)
