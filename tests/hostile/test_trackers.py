"""All hostile trackers at once beside two healthy ones: each called by its name, within its time, and nobody else the worse."""

import asyncio
import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import trackerwatch.reports
from tests.doubles.http import Authority
from tests.hostile.cast import (
    PASSKEY,
    SHORT_KEY,
    healthy,
    hostile_http,
    hostile_https,
    hostile_udp,
    named,
    on_stage,
    places,
)
from tests.hostile.child import run
from tests.metainfo.torrents import bencode, torrent_of, v1_info

TIMEOUT_S = 2
DEADLINE_S = 45
"""Far beyond what the run takes, so that whatever is cut off hung."""

SEVERAL = ("silent", "gzip bomb", "UDP flood", "decoder hang", "endless body", "healthy HTTP", "healthy UDP")


def write_torrent(folder, name, parts):
    tiers = [[part.tracker.tracker.url] for part in parts]
    file = folder / f"{len(list(folder.iterdir())):04}.torrent"
    file.write_bytes(torrent_of(bencode(v1_info(name=name)), announce_list=tiers))


def told(failure):
    return None if failure is None else (failure["kind"], failure["phase"])


async def report(folder, home, *more):
    home.mkdir()
    return await run(
        folder, "--format", "json", "--format", "table", "-o", "out.txt", "--allow-private", "--timeout", TIMEOUT_S,
        "--deadline", DEADLINE_S, *more, home=home,
    )  # fmt: skip


@pytest.fixture(scope="module")
def run_of_all(tmp_path_factory, openssl):
    """The one run, with the parts; it takes a few seconds."""
    return asyncio.run(all_at_once(tmp_path_factory.mktemp("hostile")))


async def all_at_once(folder):
    torrents = folder / "torrents"
    torrents.mkdir()
    at = places()
    (folder / "authority").mkdir()
    authority = Authority(folder / "authority")
    parts = [*hostile_http(at), *hostile_https(at, authority), *hostile_udp(at), *healthy(at)]
    # Trackers of their own: their first torrents are judged apart.
    several = named([*hostile_http(at), *hostile_udp(at), *healthy(at)], SEVERAL)
    async with on_stage([*parts, *several]):
        for number, part in enumerate(parts):
            write_torrent(torrents, f"part {number}", [part])
        write_torrent(torrents, "several", several)
        result = await report(torrents, folder / "home", "--ca-file", authority.ca_file)
    return result, parts, several


class TestAllAtOnce:
    def test_each_is_called_by_its_name(self, run_of_all):
        result, parts, _ = run_of_all
        wrong = []
        for number, part in enumerate(parts):
            (answer,) = result.torrent(f"part {number}")["trackers"]
            counts = (answer["seeders"], answer["leechers"], answer["completed"])
            seen = (told(answer["scrape"]["failure"]), told(answer["announce"]["failure"]), counts)
            wanted = (part.failure, part.announce, part.counts)
            if seen != wanted:
                wrong.append(f"{part.name}: {seen} and not {wanted}: {answer['scrape']} {answer['announce']}")
        assert not wrong, "\n".join(wrong)

    def test_the_healthy_are_well(self, run_of_all):
        result, parts, _ = run_of_all
        for number in (len(parts) - 2, len(parts) - 1):
            torrent = result.torrent(f"part {number}")
            assert torrent["verdict"] == "ok"
            assert torrent["failover"]["state"] == "primary"
            assert torrent["trackers"][0]["role"] == "active"
            assert state_of(result, torrent["trackers"][0]["tracker"]) == "up"

    def test_one_torrent_with_many_of_them_gets_through_to_the_healthy(self, run_of_all):
        result, _, several = run_of_all
        torrent = result.torrent("several")
        roles = [answer["role"] for answer in torrent["trackers"]]
        assert roles == ["failed"] * (len(several) - 2) + ["active", "backup"]
        assert (torrent["seeders"], torrent["leechers"], torrent["completed"]) == (11, 12, 13)
        assert torrent["failover"]["state"] == "failed_over"
        assert torrent["failover"]["tier"] == len(several) - 2
        assert (torrent["failover"]["working"], torrent["failover"]["total"]) == (2, len(several))

    def test_states(self, run_of_all):
        result, parts, _ = run_of_all
        # Whoever says anything that a tracker says is up, however rude; the others are down, and nobody is undecided.
        up = {"failure_reason", "unregistered", "unauthorized", "rate_limited"}
        wrong = []
        for number, part in enumerate(parts):
            (answer,) = result.torrent(f"part {number}")["trackers"]
            last = part.announce or (part.failure if part.counts == (None, None, None) else None)
            wanted = "up" if last is None or last[0] in up or part.failure is None else "down"
            if (state := state_of(result, answer["tracker"])) != wanted:
                wrong.append(f"{part.name}: {state} and not {wanted}: {last}")
        assert not wrong, "\n".join(wrong)

    def test_it_ends_by_itself(self, run_of_all):
        result, _, _ = run_of_all
        assert result.exit_code == 2
        assert result.report["duration_s"] < DEADLINE_S
        assert "deadline" not in result.stderr
        assert "internal" not in result.everything
        assert not [answer for answer in answers(result) if answer["scrape"]["state"] == "skipped"]

    def test_stderr_is_narration(self, run_of_all):
        result, _, _ = run_of_all
        assert "Traceback" not in result.stderr
        assert len(result.stderr.splitlines()) < 5

    def test_nothing_a_terminal_obeys_and_no_key_gets_out(self, run_of_all):
        result, _, _ = run_of_all
        assert not result.unsafe()
        assert PASSKEY not in result.everything.lower()
        assert SHORT_KEY not in result.everything.lower()

    def test_it_keeps_the_contract(self, run_of_all):
        result, _, _ = run_of_all
        schema = json.loads((Path(trackerwatch.reports.__file__).parent / "report.schema.json").read_text())
        Draft202012Validator(schema).validate(result.report)

    def test_lines_stay_bounded(self, run_of_all):
        result, _, _ = run_of_all
        messages = [failure["message"] for answer in answers(result) for failure in failures(answer)]
        assert max(map(len, messages)) <= 400
        assert max(map(len, result.files["out.txt"].splitlines())) <= 250

    async def test_memory_is_flat(self, run_of_all, tmp_path):
        result, parts, _ = run_of_all
        (tmp_path / "torrents").mkdir()
        at = places()
        good = [part for _ in parts[::2] for part in healthy(at)]
        async with on_stage(good):
            for number, part in enumerate(good):
                write_torrent(tmp_path / "torrents", f"good {number}", [part])
            calm = await report(tmp_path / "torrents", tmp_path / "home")
        assert calm.report["summary"]["trackers_by_state"]["up"] == len(good)
        if calm.peak_kib is None:
            pytest.skip("no /proc to read the peak from")
        # Each may hold a reply of a MiB and what it was made from; one bomb that goes off is 64 MiB.
        assert result.peak_kib < calm.peak_kib + 48 * 1024, (result.peak_kib, calm.peak_kib)


def answers(result):
    return [answer for torrent in result.report["torrents"] for answer in torrent["trackers"]]


def failures(answer):
    return [failure for failure in (answer["scrape"]["failure"], answer["announce"]["failure"]) if failure]


def state_of(result, tracker_id):
    (tracker,) = (tracker for tracker in result.report["trackers"] if tracker["id"] == tracker_id)
    return tracker["state"]
