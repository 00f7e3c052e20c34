"""`--wait`: who is asked again and when, what is told meanwhile, and how it ends."""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import dataclass, field, replace

import pytest

from tests.engine.driven import (
    NO_ROUTE,
    REFUSED,
    SCRAPE_TIMEOUT,
    DrivenClock,
    Script,
    ScriptedProber,
    drive,
    make_engine,
    torrent,
)
from trackerwatch.cli.main import main
from trackerwatch.cli.stop_signal import StopSignal
from trackerwatch.cli.waiting import Unwell, Waiting, unwell
from trackerwatch.outcome import Failure, FailureKind, Phase
from trackerwatch.policy.rules import Problem, Rule, Severity, Verdict
from trackerwatch.reports.building import build_report
from trackerwatch.reports.rows import FailOn, Report, SkippedInput, Subject, Vantage

ONE, TWO, NEAR = "udp://one.example:1", "udp://two.example:2", "udp://near.example:3"
BUSY = Failure(FailureKind.RATE_LIMITED, Phase.EXCHANGE, "slow down", retry_in_s=7200.0)
HERE = Vantage("0" * 32, "here")


@dataclass
class Ear:
    """Hears what is told."""

    is_terminal: bool = False
    said: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    cleared: int = 0

    def say(self, line: str) -> None:
        self.said.append(line)

    def progress(self, line: str) -> None:
        self.shown.append(line)

    def clear(self) -> None:
        self.cleared += 1


def none_seeded(_: bytes) -> tuple[int, int, int]:
    return (0, 2, 0)


@dataclass
class Ended:
    """How a wait ended."""

    report: Report
    ear: Ear
    after_s: float
    looks: list[float]
    """When something was sent after the first look, in whole seconds."""
    asked: set[str]
    """Whom."""


def wait(
    prober: ScriptedProber,
    *torrents,
    wait_s: float = 1200.0,
    at: dict[float, object] | None = None,
    fail_on: FailOn = FailOn.WARNING,
    ear: Ear | None = None,
    skipped: tuple[SkippedInput, ...] = (),
    subject: Subject = Subject.TORRENTS,
) -> Ended:
    """Run a report that waits, on driven time; `at` are things to do so many seconds after the first look."""

    async def whole() -> Ended:
        loop = asyncio.get_running_loop()
        engine = make_engine(prober, clock=DrivenClock())
        engine.add_torrents(torrents)
        await engine.run_once(deadline_s=60)
        begun, heard = loop.time(), ear or Ear()
        before = len(prober.sent)
        for when, do in (at or {}).items():
            loop.call_later(when, do)

        async def report_of(snapshot) -> Report:
            return build_report(
                snapshot, vantage=HERE, duration_s=0.0, skipped=skipped, fail_on=fail_on, subject=subject
            )

        stop = StopSignal()
        waiting = Waiting(engine, report_of, heard, stop, until=begun + wait_s, look_s=60, fail_on=fail_on)
        with stop.by_signal():
            report = await waiting.until_well(await report_of(engine.snapshot()))
        sent = prober.sent[before:]
        looks = sorted({round(s.at - begun) for s in sent if s.what == "resolve"})
        return Ended(report, heard, loop.time() - begun, looks, {s.host for s in sent})

    return drive(whole)


def test_what_is_well_is_not_waited_for():
    ended = wait(ScriptedProber(), torrent(1, [ONE], [TWO]))
    assert (ended.report.exit_code, ended.after_s, ended.looks, ended.ear.said) == (0, 0, [], [])


def test_it_ends_as_soon_as_it_is_well_and_only_what_is_not_is_asked():
    prober = ScriptedProber()
    one = prober.script(ONE, Script(counts=none_seeded))
    prober.script(TWO, Script(addresses=("192.0.2.2",)))
    ended = wait(
        prober, torrent(1, [ONE]), torrent(2, [TWO]), at={130.0: lambda: setattr(one, "counts", lambda _: (3, 0, 0))}
    )
    assert ended.report.exit_code == 0
    assert ended.looks == [60, 120, 180]
    assert ended.asked == {"one.example:1"}
    assert ended.ear.said == [
        "waiting: 1 of 2 torrents not well (no_seeders), next look in 60 s, 20 min left",
        "all is well after waiting 3 min",
    ]
    assert ended.report.torrents_by_verdict == {Verdict.OK: 2}


def test_time_over_gives_the_latest_verdict():
    prober = ScriptedProber()
    one = prober.script(ONE, Script(counts=none_seeded))
    one_down = {100.0: lambda: one.dead.update({"*": REFUSED})}
    ended = wait(prober, torrent(1, [ONE]), wait_s=150, at=one_down)
    assert (ended.report.exit_code, ended.looks) == (2, [60, 120])
    assert ended.after_s <= 150
    assert {p.rule for p in ended.report.problems} >= {Rule.EXHAUSTED}
    assert ended.ear.said[-1] == "the wait is over: 1 of 1 torrent not well (exhausted, tracker_down)"


def test_a_line_only_where_something_changed():
    prober = ScriptedProber()
    one = prober.script(ONE, Script(counts=none_seeded))
    prober.script(TWO, Script(counts=none_seeded, addresses=("192.0.2.2",)))
    ended = wait(
        prober,
        torrent(1, [ONE]),
        torrent(2, [TWO]),
        wait_s=400,
        at={200.0: lambda: setattr(one, "counts", lambda _: (3, 0, 0))},
    )
    told = [line for line in ended.ear.said if line.startswith("waiting")]
    assert [line.split(" not well")[0] for line in told] == ["waiting: 2 of 2 torrents", "waiting: 1 of 2 torrents"]
    assert ended.ear.shown == []


def test_on_a_terminal_one_line_is_repainted():
    prober = ScriptedProber()
    prober.script(ONE, Script(counts=none_seeded))
    ear = Ear(is_terminal=True)
    wait(prober, torrent(1, [ONE]), wait_s=100, ear=ear)
    assert len(ear.shown) >= 60
    assert ear.shown[1] == "waiting: 1 of 1 torrent not well (no_seeders), next look in 59 s, 99 s left"
    assert ear.cleared >= 1
    assert ear.said == ["the wait is over: 1 of 1 torrent not well (no_seeders)"]


def test_a_wait_that_the_tracker_gave_outlasts_ours():
    prober = ScriptedProber()
    prober.script(ONE, Script(scrape_failure=BUSY))
    ended = wait(prober, torrent(1, [ONE]))
    assert (ended.looks, ended.after_s) == ([], 0)
    assert ended.ear.said[0].startswith("not waiting: 1 of 1 torrent not well")
    assert ended.ear.said[0].endswith("none may be asked again for 120 min")


def test_what_asking_does_not_change_is_not_waited_for():
    prober = ScriptedProber()
    ended = wait(prober, torrent(1, [ONE], [TWO]), skipped=(SkippedInput("bad.torrent", "not bencoded"),))
    assert (ended.report.exit_code, ended.after_s) == (1, 0)
    assert ended.ear.said == ["not waiting: nothing that is not well changes by asking again"]


def test_near_trackers_are_asked_every_few_seconds():
    prober = ScriptedProber()
    near = prober.script(NEAR, Script(counts=none_seeded, addresses=("127.0.0.1",)))
    ended = wait(
        prober,
        torrent(1, [NEAR]),
        at={10.0: lambda: setattr(near, "counts", lambda _: (1, 0, 0))},
        fail_on=FailOn.CRITICAL,
    )
    assert ended.report.exit_code == 0
    assert ended.looks == [3, 6, 9, 12]


def test_who_lost_an_answer_is_asked_for_it():
    prober = ScriptedProber()
    two = prober.script(TWO, Script(dead={"*": SCRAPE_TIMEOUT}, addresses=("192.0.2.2",)))
    ended = wait(prober, torrent(1, [ONE], [TWO]), at={30.0: two.dead.clear})
    assert (ended.report.exit_code, ended.looks) == (0, [60])
    assert "two.example:2" in ended.asked


def test_only_the_severity_that_fails_is_waited_for():
    prober = ScriptedProber()
    prober.script(ONE, Script(counts=lambda _: (1, 0, 0)))
    assert wait(prober, torrent(1, [ONE])).looks != []
    assert wait(prober, torrent(1, [ONE]), fail_on=FailOn.CRITICAL).looks == []


def test_where_nothing_could_be_judged_it_is_asked_again_whatever_is_forgiven():
    prober = ScriptedProber()
    one = prober.script(ONE, Script(dead={"*": NO_ROUTE}))
    ended = wait(prober, torrent(1, [ONE]), at={30.0: one.dead.clear}, fail_on=FailOn.NONE)
    assert (ended.report.exit_code, ended.looks) == (0, [60])


def test_a_signal_ends_the_wait_with_what_is_known():
    prober = ScriptedProber()
    prober.script(ONE, Script(counts=none_seeded))
    ended = wait(prober, torrent(1, [ONE]), at={90.0: lambda: os.kill(os.getpid(), signal.SIGTERM)})
    assert (ended.report.exit_code, ended.looks) == (2, [60])
    assert ended.ear.said[-1] == "told to end while waiting: 1 of 1 torrent not well (no_seeders)"
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL, "what held before holds again"


def test_a_signal_ends_a_look_too_and_what_was_answered_is_kept():
    prober = ScriptedProber()
    one = prober.script(ONE, Script(counts=none_seeded))
    two = prober.script(TWO, Script(counts=none_seeded, addresses=("192.0.2.2",)))
    ended = wait(
        prober,
        torrent(1, [ONE]),
        torrent(2, [TWO]),
        at={
            30.0: lambda: setattr(one, "hangs", True),
            31.0: lambda: setattr(two, "counts", lambda _: (3, 0, 0)),
            65.0: lambda: os.kill(os.getpid(), signal.SIGTERM),
        },
    )
    assert ended.looks == [60]
    assert ended.after_s == pytest.approx(65, abs=1)
    assert ended.ear.said[-1] == "told to end while waiting: 1 of 2 torrents not well (no_seeders)"
    assert ended.report.exit_code == 2


def test_how_a_torrent_is_made_is_no_trackers_doing():
    prober = ScriptedProber()
    ended = wait(prober, torrent(1, [ONE]))
    (view,) = ended.report.torrents
    lint = Problem("lint", Severity.WARNING, Rule.PIECE_SIZE, view.torrent.info_hash_hex, None, None, "", "")
    report = replace(ended.report, torrents=(replace(view, verdict=Verdict.WARNING, problems=(lint,)),), exit_code=1)
    assert unwell(report, FailOn.WARNING) == Unwell(frozenset(), "1 of 1 torrent not well")
    unknown = replace(report, torrents=(replace(view, verdict=Verdict.UNKNOWN, problems=()),))
    assert unwell(unknown, FailOn.CRITICAL).trackers == {view.torrent.placements[0].tracker.id}


@pytest.mark.parametrize("command", [["report", "x.torrent"], ["check", "udp://127.0.0.1:1"]])
def test_waiting_and_asking_nobody_exclude_each_other(capsys, command):
    assert main([*command, "--wait", "20m", "--cached"]) == 3
    assert capsys.readouterr().err == ("trackerwatch: --wait asks again, and --cached asks nobody: use one of them\n")


def test_a_check_waits_too(capsys, closed_port):
    assert main(["check", f"udp://127.0.0.1:{closed_port}", "--allow-private", "--wait", "1"]) == 2
    said = capsys.readouterr()
    assert "CRITICAL" in said.out
    assert said.err == (
        "trackerwatch: not waiting: 1 of 1 tracker not well (tracker_down), and none may be asked again for 3 s\n"
    )
