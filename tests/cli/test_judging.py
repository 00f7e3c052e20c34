"""Policies at the command line: where they come from, what beats what, and what a report makes of them."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import sys

import pytest

from tests.cli.test_comparing import info_hash, much_later, written
from tests.doubles.http import HttpTracker
from tests.store.making import NOON, opened
from trackerwatch.cli.judging import as_ordered, sought, without_grace
from trackerwatch.cli.main import main
from trackerwatch.policy.document import NO_POLICY, Policy
from trackerwatch.policy.reading import read_policy
from trackerwatch.policy.rules import LINT, Rule


def read(text: str) -> Policy:
    return read_policy(text, "p.toml", {})


@pytest.fixture
def report(capsys, tmp_path):
    """Makes a report of everything in the folder, and gives it with what was said and the exit code."""
    store = tmp_path / "store" / "history.db"

    async def make(*words: object, keep: bool = False, as_it_is: bool = False) -> dict:
        if keep and not as_it_is and store.exists():
            much_later(store)
        where = ["--store", str(store)] if keep else [] if "--store" in words else ["--no-store"]
        command = ["report", str(tmp_path), "--format", "json", "--allow-private", *where, *map(str, words)]
        code = await asyncio.to_thread(main, command)
        said = capsys.readouterr()
        found = json.loads(said.out) if said.out else {}
        return {**found, "code": code, "said": said.err, "store": store}

    return make


@pytest.fixture
def policy(tmp_path_factory):
    """Writes a policy outside of the folder of torrents."""
    folder = tmp_path_factory.mktemp("policy")

    def write(text: str, name: str = "policy.toml"):
        path = folder / name
        path.write_text(text)
        return path

    return write


def rules(made: dict) -> dict[str, list[str]]:
    found = {row["info_hash"]: (row["name"], []) for row in made["torrents"]}
    for problem in made["problems"]:
        if problem["torrent"] in found:
            found[problem["torrent"]][1].append(f"{problem['rule']} {problem['severity']}")
    return dict(found.values())


async def test_a_policy_judges_by_collection_and_says_so(report, policy, tmp_path):
    async with HttpTracker() as one, HttpTracker() as two:
        iso, film = written(tmp_path, "a.iso", one, two), written(tmp_path, "film", one, two)
        for tracker in (one, two):
            tracker.swarms = {info_hash(iso): (2, 0, 0), info_hash(film): (2, 0, 0)}
        path = policy(
            "min_seeders = 2\n[collections.isos]\nfilter = 'name~iso'\nmin_seeders = 3\n"
            "severities = {min_seeders = 'critical'}\n"
        )
        plain = await report()
        assert (plain["code"], plain["policy"], plain["collections"]) == (0, None, [])
        made = await report("--policy", path)
        assert (made["code"], made["said"]) == (2, "")
        assert rules(made) == {"a.iso": ["min_seeders critical"], "film": []}
        assert made["policy"] == {"file": str(path), "in_grace": 0, "overridden": 0, "notes": []}
        (collection,) = made["collections"]
        assert (collection["name"], collection["torrents"], collection["by_verdict"]["critical"]) == ("isos", 1, 1)
        assert {row["name"]: row["collection"] for row in made["torrents"]} == {"a.iso": "isos", "film": None}
        (problem,) = made["problems"]
        at = f"{one.tracker.host_port}, {two.tracker.host_port}"
        assert problem["message"] == f"2 seeders seen by {at}, the policy wants 3"


async def test_a_number_on_the_command_line_is_for_this_run_and_all_torrents_but_exceptions(report, policy, tmp_path):
    async with HttpTracker() as one, HttpTracker() as two:
        paths = [written(tmp_path, name, one, two) for name in ("a.iso", "old.iso", "film")]
        for tracker in (one, two):
            tracker.swarms = {info_hash(path): (2, 0, 0) for path in paths}
        path = policy(
            "min_seeders = 2\n[collections.isos]\nfilter = 'name~iso'\nmin_seeders = 1\n"
            "[[overrides]]\nfilter = 'name~old'\nmin_seeders = 1\nwhy = 'archive'\n"
        )
        made = await report("--policy", path, "--min-seeders", "5")
        broken = ["min_seeders warning"]
        assert rules(made) == {"a.iso": broken, "film": broken, "old.iso": []}
        assert made["policy"]["overridden"] == 1
        alone = await report("--min-seeders", "3")
        assert (alone["code"], set(map(tuple, rules(alone).values()))) == (1, {tuple(broken)})
        assert alone["policy"] == {"file": "", "in_grace": 0, "overridden": 0, "notes": []}


async def test_one_seeder_is_enough_for_who_says_so(report, tmp_path):
    async with HttpTracker() as one, HttpTracker() as two:
        path = written(tmp_path, "a.iso", one, two)
        one.swarms = two.swarms = {info_hash(path): (1, 0, 0)}
        assert (await report())["code"] == 1
        assert (await report("--min-seeders", "1"))["code"] == 0


async def test_grace_lasts_from_the_first_run_that_saw_a_torrent(report, policy, tmp_path):
    async with HttpTracker() as one, HttpTracker() as two:
        before = written(tmp_path, "before.iso", one, two)
        one.swarms = two.swarms = {info_hash(before): (9, 0, 0)}
        assert (await report(keep=True))["code"] == 0
        path = written(tmp_path, "a.iso", one, two)
        one.swarms = two.swarms = {info_hash(before): (9, 0, 0), info_hash(path): (0, 0, 0)}
        graceful = policy("grace = '48h'\n")
        # Without a policy it is seen as well.
        assert (await report(keep=True))["code"] == 2
        new = await report("--policy", graceful, keep=True)
        assert (new["code"], new["policy"]["in_grace"], new["policy"]["notes"]) == (0, 1, [])
        assert {row["name"]: row["verdict"] for row in new["torrents"]} == {"a.iso": "ok", "before.iso": "ok"}
        (told,) = (row["message"] for row in new["problems"] if row["severity"] == "info")
        assert "(a remark until 2" in told
        with sqlite3.connect(new["store"]) as connection:
            connection.execute("UPDATE first_seen SET at = at - 200000000")
        connection.close()
        old = await report("--policy", graceful, keep=True)
        assert (old["code"], old["policy"]["in_grace"]) == (2, 0)


async def test_on_a_store_that_begins_nothing_is_known_to_be_new(report, policy, tmp_path):
    """Or a machine that is made anew for each run would find everything well."""
    async with HttpTracker() as one, HttpTracker() as two:
        path = written(tmp_path, "a.iso", one, two)
        one.swarms = two.swarms = {info_hash(path): (3, 0, 0)}
        strict = policy("min_seeders = 50\ngrace = '48h'\n")
        first = await report("--policy", strict, keep=True)
        assert (first["code"], first["policy"]["in_grace"]) == (1, 0)
        assert rules(first) == {"a.iso": ["min_seeders warning"]}
        assert first["policy"]["notes"] == [
            "grace: this is the first run on this store, so no torrent is known to be new"
        ]
        second = await report("--policy", strict, keep=True)
        assert (second["code"], second["policy"]["in_grace"], second["policy"]["notes"]) == (1, 0, [])


def aged(value: object, key: str = "") -> object:
    """What is remembered of a tracker, with every time 41 days earlier but that of the latest look, an hour ago."""
    if isinstance(value, dict):
        return {name: aged(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [aged(inner, key) for inner in value]
    if isinstance(value, float) and value > 1e9:
        return value - (3600 if key in {"at", "last_probe_at"} else 41 * 86400)
    return value


async def test_how_long_a_tracker_has_been_dead_is_remembered_over_runs(report, policy, tmp_path):
    async with HttpTracker() as one, HttpTracker() as two:
        path = written(tmp_path, "a.iso", one, two)
        one.swarms = two.swarms = {info_hash(path): (5, 0, 0)}
    strict = policy("max_dead_days = 30\nmin_working_trackers = 0\nseverities = {tracker_down = 'off'}\n")
    first = await report("--policy", strict, keep=True)
    assert "dead_tracker warning" not in rules(first)["a.iso"]
    with sqlite3.connect(first["store"]) as connection:
        connection.execute("DELETE FROM manners")
        for tracker, content in connection.execute("SELECT tracker, content FROM memory").fetchall():
            connection.execute(
                "UPDATE memory SET content = ? WHERE tracker = ?", (json.dumps(aged(json.loads(content))), tracker)
            )
    connection.close()
    later = await report("--policy", strict, keep=True, as_it_is=True)
    assert rules(later)["a.iso"][0] == "dead_tracker warning", later["problems"]


async def test_without_a_store_nothing_is_new_and_a_note_says_so(report, policy, tmp_path):
    async with HttpTracker() as one, HttpTracker() as two:
        path = written(tmp_path, "a.iso", one, two)
        one.swarms = two.swarms = {info_hash(path): (0, 0, 0)}
        made = await report("--policy", policy("grace = '48h'\n"))
        assert (made["code"], made["policy"]["in_grace"]) == (2, 0)
        assert made["policy"]["notes"] == ["grace: no store is kept, so no torrent is known to be new"]


async def test_lint_is_looked_for_where_it_is_wanted(report, policy, tmp_path):
    async with HttpTracker() as one, HttpTracker() as two:
        path = written(tmp_path, "a.iso", one, two)
        one.swarms = two.swarms = {info_hash(path): (5, 0, 0)}
        (none,) = rules(await report()).values()
        (linted,) = rules(await report("--lint")).values()
        (single,) = rules(await report("--policy", policy("severities = {no_web_seeds = 'warning'}"))).values()
        assert none == []
        assert "no_web_seeds info" in linted
        assert len(linted) > 1
        assert single == ["no_web_seeds warning"]
        assert (await report("--lint"))["code"] == 0


async def test_drift_is_looked_for_with_lint(report, tmp_path):
    async with HttpTracker() as one, HttpTracker() as two:
        before = written(tmp_path, "a.iso", one, two)
        one.swarms = two.swarms = {info_hash(before): (5, 0, 0)}
        await report("--lint", keep=True)
        after = written(tmp_path, "a.iso", one, two, size=2000)
        one.swarms = two.swarms = {info_hash(after): (5, 0, 0)}
        (found,) = rules(await report("--lint", keep=True)).values()
        assert "new_info_hash info" in found


async def test_the_config_names_a_policy_and_its_filters_are_known(report, policy, tmp_path):
    async with HttpTracker() as one, HttpTracker() as two:
        path = written(tmp_path, "a.iso", one, two)
        one.swarms = two.swarms = {info_hash(path): (2, 0, 0)}
        policy("[collections.isos]\nfilter = '@iso'\nmin_seeders = 3\n")
        config = policy("policy = 'policy.toml'\n[filters]\niso = 'name~iso'\n", "config.toml")
        made = await report("--config", config)
        assert (made["code"], rules(made)) == (1, {"a.iso": ["min_seeders warning"]})
        assert made["policy"]["file"] == str(config.parent / "policy.toml")
        without = await report("--config", config, "--no-policy")
        assert (without["code"], without["policy"]) == (0, None)
        other = await report("--config", config, "--policy", policy("min_seeders = 9", "other.toml"))
        assert other["policy"]["file"].endswith("other.toml")


async def test_a_rule_of_the_run_can_be_forgiven(report, policy, tmp_path, closed_port):
    async with HttpTracker() as one:
        path = written(tmp_path, "a.iso", one)
        one.swarms = {info_hash(path): (5, 0, 0)}
        (tmp_path / "broken.torrent").write_bytes(b"no torrent")
        assert (await report())["code"] == 1
        made = await report("--policy", policy("severities = {skipped_input = 'off'}"))
        assert (made["code"], [p["rule"] for p in made["problems"]]) == (0, ["single_tracker"])
        assert len(made["skipped"]) == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("min_seeder = 2", "line 1: unknown key 'min_seeder'; did you mean min_seeders?"),
        (
            "lint = 1\ngrace = 'x'",
            (
                "line 1: lint: 1 is neither true nor false (written without quotes) "
                "(and 1 more: see `trackerwatch config check --policy {path}`)"
            ),
        ),
    ],
)
def test_a_mistake_ends_the_run_in_one_line_before_anything_is_asked(capsys, policy, tmp_path, text, told):
    path = policy(text)
    assert main(["report", str(tmp_path), "--policy", str(path)]) == 3
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", f"trackerwatch: {path} {told.format(path=path)}\n")


def test_a_policy_that_is_not_there_or_no_text(capsys, tmp_path):
    for path, told in ((tmp_path / "none.toml", "no such policy file"), (tmp_path, "Is a directory")):
        assert main(["report", str(tmp_path), "--policy", str(path)]) == 3
        assert capsys.readouterr().err == f"trackerwatch: {path}: {told}\n"
    path = tmp_path / "binary.toml"
    path.write_bytes(b"a = 1\n\xff")
    assert main(["report", str(tmp_path), "--policy", str(path)]) == 3
    assert capsys.readouterr().err == f"trackerwatch: {path} line 2: not UTF-8\n"
    path.write_bytes(b"#" * (1 << 20) + b"##")
    assert main(["report", str(tmp_path), "--policy", str(path)]) == 3
    assert capsys.readouterr().err == f"trackerwatch: {path}: more than 1048576 bytes: this is no policy\n"


def test_the_command_line_over_the_file():
    policy = read("min_seeders = 2\n[collections.a]\nfilter = 'x'\nmin_seeders = 3\ngrace = 60\n")
    ordered = as_ordered(policy, min_seeders=7, lint=True)
    assert (ordered.defaults.min_seeders, ordered.lint) == (7, True)
    (collection,) = ordered.collections
    assert (collection.requirements.min_seeders, collection.requirements.grace_s) == (None, 60.0)
    assert as_ordered(policy, min_seeders=None, lint=False) == policy
    assert as_ordered(NO_POLICY, min_seeders=None, lint=False) == NO_POLICY
    assert as_ordered(read("lint = true"), min_seeders=None, lint=False).lint is True


def test_grace_forgives_nothing_to_who_waits():
    text = 'grace = "2h"\nmin_seeders = 2\n[collections.a]\nfilter = "a"\ngrace = "1h"\n[[overrides]]\nfilter = "b"\ngrace = "3h"'
    policy = without_grace(read(text))
    assert [
        asked.grace_s
        for asked in (policy.defaults, *(o.requirements for o in (*policy.collections, *policy.overrides)))
    ] == [None] * 3
    assert policy.defaults.min_seeders == 2


async def test_a_wait_is_no_sooner_over_for_a_new_torrent(report, policy, tmp_path):
    path = policy('grace = "2h"')
    # A store each: the politeness of one run is not what the next is about.
    stores = [tmp_path / name / "history.db" for name in ("store", "other")]
    for place in stores:
        with opened(place) as store:
            await store.first_seen([bytes(20)], NOON)
    async with HttpTracker() as one, HttpTracker() as two:
        new = written(tmp_path, "new.iso", one, two)
        one.swarms = two.swarms = {info_hash(new): (0, 0, 0)}
        assert (await report("--policy", path, keep=True))["torrents"][0]["verdict"] == "ok", "it is new"
        waited = await report("--policy", path, "--wait", "1", "--store", stores[1])
        assert waited["torrents"][0]["verdict"] == "critical"
    assert waited["policy"]["notes"] == ["grace: forgives nothing while --wait waits for torrents to be well"]


def test_what_is_sought():
    assert sought(NO_POLICY) == frozenset()
    assert sought(read("lint = true")) == LINT
    text = "severities = {one_seeder = 'off'}\n[[overrides]]\nfilter = 'x'\nseverities = {piece_size = 'warning'}\n"
    assert sought(read(text)) == {Rule.PIECE_SIZE}
    assert sought(read('severities = {new_info_hash = "off"}')) == frozenset()
    assert sought(read('lint = true\nseverities = {new_info_hash = "off"}')) == LINT - {Rule.NEW_INFO_HASH}
    off_but_for_some = 'lint = true\nseverities = {new_info_hash = "off"}\n[collections.a]\nfilter = "a"\n'
    assert sought(read(f'{off_but_for_some}severities = {{new_info_hash = "info"}}')) == LINT


def test_a_run_without_a_policy_loads_nothing_that_reads_one():
    script = "import trackerwatch.cli.oneshot, sys; print('trackerwatch.policy.reading' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ended.stdout == "False\n"
