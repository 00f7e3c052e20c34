"""Reports as the HTML page and the badges show them: a release with one problem, five thousand torrents, and hostile names."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.reports import pasts, scenes
from trackerwatch.engine.views import Effect
from trackerwatch.failover import Role
from trackerwatch.health import Health
from trackerwatch.outcome import FailureKind, PhaseTimes, SwarmCounts
from trackerwatch.policy.rules import Rule, Verdict
from trackerwatch.policy.ruling import Judged
from trackerwatch.reports.building import build_report
from trackerwatch.reports.diff.changes import Change, ChangeKind, Changes
from trackerwatch.reports.rows import PolicyNote, Quorum, Report, SkippedInput, Subject, Vantage, Vote

if TYPE_CHECKING:
    from trackerwatch.history import TrackerHistory

HERE = Vantage("00000000-0000-4000-8000-000000000001", "ci-eu")
SECURE = "https://tracker.example.org/announce"
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)> =cmd() | ]]> ::error:: &amp;"
DAY_S = 86400.0


def past(tracker_id: str, glyphs: str) -> TrackerHistory:
    """One day a character, the last of them that of `scenes.NOW`."""
    until = (scenes.NOW.timestamp() // DAY_S + 1) * DAY_S
    days = pasts.stretches(glyphs, since=until - len(glyphs) * DAY_S, until=until)
    return replace(pasts.well(), tracker=tracker_id, stretches=days)


def release(**more) -> Report:
    """Twelve torrents, one of them without a seeder; one tracker of three is down."""
    names = [
        f"distro-13.2-{a}-{k}.iso" for a in ("amd64", "arm64", "riscv64", "i386") for k in ("dvd", "live", "netinst")
    ]
    views = []
    for number, name in enumerate(names):
        torrent = scenes.torrent(name, [scenes.DEAD], [scenes.UP], [SECURE])
        counts = SwarmCounts(41 - number, 212 - 3 * number, 4811 + number)
        well = scenes.answer(torrent, scenes.UP, Role.ACTIVE, counts, index=1)
        view = scenes.seen(torrent, counts=counts, active=scenes.UP, working=2, answers=(well,))
        if name == "distro-13.2-arm64-dvd.iso":
            lacking = scenes.problem(
                Rule.NO_SEEDERS,
                "no tracker knows a seeder; 14 leechers wait",
                "seed it from a second machine",
                of=torrent,
            )
            counts = SwarmCounts(0, 14, 3)
            view = replace(
                view,
                verdict=Verdict.CRITICAL,
                counts=counts,
                why="no seeders",
                since=scenes.NOW - timedelta(hours=2),
                problems=(replace(lacking, since=scenes.NOW - timedelta(hours=2)),),
                answers=(
                    scenes.answer(torrent, scenes.DEAD, Role.FAILED, failure=scenes.refused(), index=0),
                    scenes.answer(torrent, scenes.UP, Role.ACTIVE, counts, index=1),
                ),
            )
        views.append(view)
    begun_at = scenes.NOW - timedelta(minutes=14)
    dead = scenes.tracker(scenes.DEAD, Health.DOWN, failure=scenes.refused(), effect=Effect(0, 12, 0, 0), torrents=12)
    dead = replace(dead, since=begun_at)
    no_route = scenes.refused(FailureKind.NO_ROUTE, "no route to host")
    up = scenes.tracker(
        scenes.UP,
        torrents=12,
        effect=Effect(12, 0, 0, 0),
        endpoints=(
            scenes.endpoint(Health.UP, port=1337),
            scenes.endpoint(Health.UNKNOWN, address="2001:db8::7", port=1337, judged=False, failure=no_route),
        ),
    )
    address = scenes.endpoint(Health.UP, address="198.51.100.20", port=443)
    secure = scenes.tracker(
        SECURE, torrents=12, endpoints=(replace(address, phases=PhaseTimes(0.004, 0.021, 0.044, 0.038)),)
    )
    secure = replace(secure, tls_expires_at=scenes.NOW + timedelta(days=41))
    down = scenes.problem(
        Rule.TRACKER_DOWN,
        "tracker.foo.org:6969 is down (refused): of 12 torrents, 12 failed over",
        "ask its operator, or drop it from the torrents",
        at=dead.tracker,
    )
    report = build_report(
        scenes.snapshot(views, [dead, up, secure], (replace(down, since=begun_at),)),
        vantage=HERE,
        duration_s=7.4,
        title="release 13.2",
        command="trackerwatch report rel/ --policy release.toml --format html -o report.html",
        policy=PolicyNote("release.toml", 1, 0),
    )
    changes = Changes(
        "the last run",
        scenes.NOW - timedelta(hours=1),
        (Change(ChangeKind.TRACKER_DOWN, "tracker.foo.org:6969 is down; it was up"),),
    )
    seen = {
        dead.tracker.id: past(dead.tracker.id, "#" * 19 + "xx" + "#" * 7 + "!x"),
        up.tracker.id: past(up.tracker.id, "#" * 30),
        secure.tracker.id: past(secure.tracker.id, "." * 9 + "#" * 21),
    }
    return replace(report, pasts=seen, changes=changes, **more)


def several_vantages() -> Report:
    report = release()
    votes = (
        Vote(HERE, scenes.NOW, True, Verdict.CRITICAL),
        Vote(Vantage("2", "us-west"), scenes.NOW - timedelta(minutes=4), True, Verdict.OK),
        Vote(Vantage("3", "asia"), scenes.NOW - timedelta(days=3), False, Verdict.OK),
    )
    return replace(report, pasts={}, quorum=Quorum(2, votes, {report.trackers[0].tracker.id: ("ci-eu",)}))


def trackers_alone() -> Report:
    views = [scenes.tracker(scenes.DEAD, Health.DOWN, failure=scenes.refused(), torrents=0), scenes.tracker(scenes.UP)]
    return build_report(scenes.snapshot([], views), vantage=HERE, duration_s=1.2, subject=Subject.TRACKERS)


def many(number: int = 5000) -> Report:
    """A big archive in four collections: one torrent in 61 runs on its backup."""
    listed = [(scenes.DEAD, scenes.UP), (scenes.UP, SECURE), (SECURE, scenes.UP)]
    views, collection_of = [], {}
    for at in range(number):
        first, second = listed[at % 3]
        torrent = scenes.torrent(
            f"dataset-{at % 7}/imaging-v{at}-a-long-name-of-the-year-{2000 + at % 26}.tar.zst", [first], [second]
        )
        counts = SwarmCounts(at % 911, at % 8111, at)
        view = scenes.seen(
            torrent,
            counts=counts,
            active=first,
            working=2,
            answers=(scenes.answer(torrent, first, Role.ACTIVE, counts),),
        )
        if at % 61 == 0:
            over = scenes.problem(Rule.FAILED_OVER, f"tier 0 failed for {at}", "list another", of=torrent)
            view = replace(view, verdict=Verdict.WARNING, problems=(over,), why="tracker.foo.org refused")
        views.append(view)
        collection_of[torrent.info_hash_hex] = ("mirrors", "archive", "imaging", "releases")[at % 4]
    trackers = [scenes.tracker(scenes.DEAD, Health.DOWN, failure=scenes.refused()), scenes.tracker(scenes.UP)]
    snapshot = scenes.snapshot(views, [*trackers, scenes.tracker(SECURE)])
    return build_report(
        snapshot,
        vantage=HERE,
        duration_s=42.0,
        title="everything we publish",
        judged=Judged(tuple(views), collection_of),
    )


def hostile() -> Report:
    """Every text from outside tries to be markup."""
    torrent = scenes.torrent(HOSTILE, [scenes.DEAD], [scenes.UP])
    broken = scenes.problem(Rule.EXHAUSTED, HOSTILE, HOSTILE, of=torrent)
    failure = scenes.refused(FailureKind.FAILURE_REASON, HOSTILE)
    tracker = scenes.tracker(scenes.DEAD, Health.DOWN, failure=failure, effect=Effect(0, 0, 1, 0))
    view = scenes.seen(torrent, Verdict.CRITICAL, problems=(broken,), why=HOSTILE, working=0)
    down = scenes.problem(Rule.TRACKER_DOWN, HOSTILE, HOSTILE, at=tracker.tracker)
    report = build_report(
        scenes.snapshot([view], [replace(tracker, note=HOSTILE)], (down,)),
        vantage=replace(HERE, name=HOSTILE),
        duration_s=1.0,
        title=HOSTILE,
        command=HOSTILE,
        judged=Judged((view,), {torrent.info_hash_hex: HOSTILE}),
        policy=PolicyNote(HOSTILE, 0, 0, (HOSTILE,)),
        skipped=[SkippedInput(HOSTILE, HOSTILE)],
    )
    return replace(report, changes=Changes(HOSTILE, scenes.NOW, (Change(ChangeKind.TORRENT_NEW, HOSTILE),)))
