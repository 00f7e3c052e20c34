import json
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.reports import scenes
from tests.reports.scenes import (
    DEAD,
    EARLIER,
    NOW,
    UP,
    answer,
    failed_over_scene,
    refused,
    seen,
    snapshot,
    torrent,
    tracker,
)
from trackerwatch.engine.views import AnnounceView, AskState
from trackerwatch.failover import Role
from trackerwatch.health import Health
from trackerwatch.outcome import FailureKind, SwarmCounts
from trackerwatch.policy.rules import Rule, Verdict
from trackerwatch.reports.building import build_report
from trackerwatch.reports.diff import baseline_bytes
from trackerwatch.reports.diff.baseline import Baseline, TorrentThen, baseline_of, filled
from trackerwatch.reports.diff.baseline_bytes import BaselineError, from_bytes, to_bytes
from trackerwatch.reports.formats import Style
from trackerwatch.reports.json_report import render
from trackerwatch.reports.readback.reading import read_report
from trackerwatch.reports.rows import Vantage
from trackerwatch.tracker import parse_tracker

HERE = Vantage("5b8b2b52-0c35-4a4e-9a43-0f0f6a2f5a10", "vps7")
UP_ID, DEAD_ID = parse_tracker(UP).id, parse_tracker(DEAD).id
LATER = NOW + timedelta(hours=1)


def report_of(scene, **more):
    return build_report(scene, vantage=HERE, duration_s=1.0, **more)


def test_what_is_kept_of_a_report():
    found = baseline_of(report_of(failed_over_scene()))
    assert found.made_at == NOW
    assert found.trackers[DEAD_ID] == Health.DOWN
    assert found.trackers[UP_ID] == Health.UP
    by_name = {then.name: then for then in found.torrents.values()}
    assert by_name["dataset-imaging-v3"] == TorrentThen(
        "dataset-imaging-v3",
        Verdict.WARNING,
        12,
        (Rule.FAILED_OVER,),
        frozenset({UP_ID}),
        frozenset({UP_ID}),
        since=((Rule.FAILED_OVER, EARLIER),),
    )
    # A remark is no rule that counts.
    assert by_name["distro-13.2-netinst.iso"] == TorrentThen(
        "distro-13.2-netinst.iso",
        Verdict.OK,
        41,
        (),
        frozenset({UP_ID}),
        frozenset({UP_ID}),
        since=((Rule.SINGLE_TRACKER, EARLIER),),
    )
    assert by_name["secret"] == TorrentThen("secret", Verdict.UNKNOWN, None, since=((Rule.PRIVATE_NOT_ASKED, EARLIER),))
    assert found.all_torrents
    assert found.all_trackers


def test_what_only_problems_hides_is_kept_as_well():
    whole = baseline_of(report_of(failed_over_scene()))
    found = baseline_of(report_of(failed_over_scene(), only_problems=True))
    assert dict(found.torrents) == dict(whole.torrents)
    assert dict(found.trackers) == dict(whole.trackers)
    assert found.all_torrents
    assert found.all_trackers


def test_what_the_filter_left_out_is_there():
    found = baseline_of(report_of(failed_over_scene(), selected=[0]))
    assert [then.name for then in found.torrents.values()] == ["dataset-imaging-v3"]
    assert len(found.others) == 2
    assert not found.others & found.torrents.keys()


def test_a_json_report_gives_the_same():
    report = report_of(failed_over_scene())
    read = read_report("".join(render(report, Style())), "file")
    assert baseline_of(read) == baseline_of(report)


def test_a_json_report_of_problems_alone_is_known_not_to_be_whole():
    report = report_of(failed_over_scene(), only_problems=True)
    found = baseline_of(read_report("".join(render(report, Style())), "file"))
    assert not found.all_torrents
    assert not found.all_trackers
    assert {then.verdict for then in found.torrents.values()} == {Verdict.WARNING, Verdict.UNKNOWN}


def unregistered(listed, url, *, announce=False):
    no = refused(FailureKind.UNREGISTERED, "torrent not registered")
    if not announce:
        return answer(listed, url, Role.FAILED, failure=no)
    told = answer(listed, url, Role.FAILED)
    return replace(told, announce=AnnounceView(AskState.FAILED, failure=no))


@pytest.mark.parametrize("announce", [False, True])
def test_trackers_that_know_a_torrent_and_those_that_do_not(announce):
    listed = torrent("a", [UP], [DEAD])
    answers = (answer(listed, UP, Role.ACTIVE, SwarmCounts(3, 1, 1)), unregistered(listed, DEAD, announce=announce))
    found = baseline_of(report_of(snapshot([seen(listed, answers=answers)], [tracker(UP), tracker(DEAD)])))
    then = found.torrents[listed.info_hash_hex]
    assert (then.known_to, then.unknown_to) == ({UP_ID}, {DEAD_ID})


def test_of_a_hybrids_two_swarms_one_is_enough_to_be_known_by():
    listed = torrent("a", [UP])
    told, lost = answer(listed, UP, Role.ACTIVE, SwarmCounts(3, 1, 1)), unregistered(listed, UP)
    for answers in ((told, lost), (lost, told)):
        found = baseline_of(report_of(snapshot([seen(listed, answers=answers)], [tracker(UP)])))
        then = found.torrents[listed.info_hash_hex]
        assert (then.known_to, then.unknown_to) == ({UP_ID}, frozenset())


def test_what_a_tracker_says_now_takes_the_place_of_what_it_said():
    listed = torrent("a", [UP], [DEAD])
    told = [answer(listed, url, Role.BACKUP, SwarmCounts(3, 1, 1)) for url in (UP, DEAD)]
    lost = [unregistered(listed, url) for url in (UP, DEAD)]
    silent = answer(listed, UP, Role.UNTRIED)

    def of(*answers):
        return baseline_of(report_of(snapshot([seen(listed, answers=answers)], [tracker(UP), tracker(DEAD)])))

    then = filled(of(silent, lost[1]), of(told[0], told[1])).torrents[listed.info_hash_hex]
    assert (then.known_to, then.unknown_to) == ({UP_ID}, {DEAD_ID})
    then = filled(of(silent, told[1]), of(lost[0], lost[1])).torrents[listed.info_hash_hex]
    assert (then.known_to, then.unknown_to) == ({DEAD_ID}, {UP_ID})


def test_a_tracker_that_works_again_knows_it_whatever_its_announce_said_once():
    listed = torrent("a", [UP])
    told = answer(listed, UP, Role.ACTIVE, SwarmCounts(3, 1, 1))
    no = refused(FailureKind.UNREGISTERED, "not registered")
    told = replace(told, announce=AnnounceView(AskState.FAILED, failure=no))
    found = baseline_of(report_of(snapshot([seen(listed, answers=(told,))], [tracker(UP)])))
    then = found.torrents[listed.info_hash_hex]
    assert (then.known_to, then.unknown_to) == ({UP_ID}, frozenset())


def test_a_tracker_that_left_it_out_of_its_answer_does_not_know_it_nor_refuse_it():
    listed = torrent("a", [UP])
    found = baseline_of(report_of(snapshot([seen(listed, answers=(answer(listed, UP, Role.BACKUP),))], [tracker(UP)])))
    then = found.torrents[listed.info_hash_hex]
    assert (then.known_to, then.unknown_to) == (frozenset(), frozenset())


def test_a_run_that_knows_nothing_forgets_nothing():
    listed = torrent("a", [UP], [DEAD])
    answers = (answer(listed, UP, Role.ACTIVE, SwarmCounts(30, 1, 1)), unregistered(listed, DEAD))
    good = report_of(
        snapshot([seen(listed, counts=SwarmCounts(30, 1, 1), answers=answers)], [tracker(UP), tracker(DEAD)])
    )
    before = baseline_of(good)
    nothing = (answer(listed, UP, Role.UNTRIED), answer(listed, DEAD, Role.UNTRIED))
    offline = report_of(
        snapshot(
            [seen(listed, Verdict.UNKNOWN, answers=nothing)],
            [tracker(UP, Health.UNKNOWN), tracker(DEAD, Health.UNKNOWN)],
        )
    )
    kept = filled(baseline_of(offline), before)
    assert kept.trackers == before.trackers
    assert kept.torrents == before.torrents
    assert baseline_of(offline).torrents[listed.info_hash_hex] == TorrentThen("a", Verdict.UNKNOWN, None)
    # What is known now holds.
    assert filled(before, baseline_of(offline)) == before


def test_a_tracker_that_is_silent_for_long_told_of_no_seeders():
    """Or its silence would hide for ever that seeders leave."""
    listed = torrent("a", [UP], [DEAD])
    both = (
        answer(listed, UP, Role.ACTIVE, SwarmCounts(30, 1, 1)),
        answer(listed, DEAD, Role.BACKUP, SwarmCounts(30, 1, 1)),
    )
    one = (both[0], answer(listed, DEAD, Role.FAILED, failure=refused()))
    views = [seen(listed, counts=SwarmCounts(30, 1, 1), answers=answers) for answers in (both, one)]
    reports = [report_of(snapshot([view], [tracker(UP), tracker(DEAD)])) for view in views]
    before, now = map(baseline_of, reports)
    then = filled(now, before).torrents[listed.info_hash_hex]
    assert (then.told_by, then.known_to) == ({UP_ID}, {UP_ID, DEAD_ID})


def test_what_is_no_longer_there_is_not_kept():
    before = baseline_of(report_of(failed_over_scene()))
    other = torrent("other", [UP])
    now = filled(baseline_of(report_of(snapshot([seen(other)], [tracker(UP)]))), before)
    assert list(now.torrents) == [other.info_hash_hex]
    assert list(now.trackers) == [UP_ID]


def some() -> Baseline:
    found = baseline_of(report_of(failed_over_scene(), selected=[0, 1]))
    key = next(iter(found.torrents))
    torrents = {**found.torrents, key: replace(found.torrents[key], unknown_to=frozenset({DEAD_ID}))}
    return replace(found, torrents=torrents)


def test_bytes_both_ways():
    assert from_bytes(to_bytes(some())) == some()
    partial = replace(some(), all_torrents=False)
    assert from_bytes(to_bytes(partial)) == partial
    assert json.loads(to_bytes(some()))["format"] == 1


def test_no_passkey_is_kept():
    assert b"0123456789abcdef" not in to_bytes(baseline_of(report_of(failed_over_scene())))
    assert scenes.KEYED.encode() not in to_bytes(some())


def document() -> dict:
    return json.loads(to_bytes(some()))


def with_row(key, index, value):
    changed = document()
    changed[key][0][index] = value
    return changed


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b'{"format": ' + b"9" * 6000 + b"}", "no JSON"),
        (b"[]", "another version"),
        (b'{"format": 2}', "another version"),
        (b'{"format": 1}', "damaged"),
        ({"ids": "x"}, "damaged"),
        ({"ids": ["<script>"]}, "damaged"),
        ({"made_at": 1e300}, "damaged"),
        ({"made_at": True}, "damaged"),
        ({"made_at": float("nan")}, "damaged"),
        ({"torrents": [[]]}, "damaged"),
        ({"torrents": {}}, "damaged"),
        ({"others": ["zz"]}, "damaged"),
        ({"all": []}, "damaged"),
        (with_row("trackers", 0, 99), "damaged"),
        (with_row("trackers", 0, -1), "damaged"),
        (with_row("trackers", 1, "sleepy"), "damaged"),
        (with_row("torrents", 0, "A" * 40), "damaged"),
        (with_row("torrents", 1, 7), "damaged"),
        (with_row("torrents", 2, "fine"), "damaged"),
        (with_row("torrents", 3, -1), "damaged"),
        (with_row("torrents", 3, 1 << 70), "damaged"),
        (with_row("torrents", 4, ["x"] * 1000), "damaged"),
        (with_row("torrents", 5, [0] * 1000), "damaged"),
        (b'{"format": 1, "ids": [' + b"[]," * 4_000_000 + b"[]]}", "too large"),
    ],
)
def test_damaged_bytes_are_refused_in_a_few_words(body, why):
    if isinstance(body, dict):
        body = json.dumps({**document(), **body}).encode()
    with pytest.raises(BaselineError, match=why):
        from_bytes(body)


def test_bytes_that_are_too_many_are_not_looked_at(monkeypatch):
    monkeypatch.setattr(baseline_bytes, "MAX_BYTES", 100)
    with pytest.raises(BaselineError, match="too large"):
        from_bytes(to_bytes(some()))


def test_names_come_back_clean_and_rules_of_later_versions_are_left_out():
    changed = with_row("torrents", 1, "evil\x1b[2J\u202ename\n" + "x" * 5000)
    changed["torrents"][0][4] = ["failed_over", "rule_of_tomorrow"]
    then = next(iter(from_bytes(json.dumps(changed).encode()).torrents.values()))
    assert then.name.startswith("evilname")
    assert len(then.name) == 300
    assert then.rules == (Rule.FAILED_OVER,)
