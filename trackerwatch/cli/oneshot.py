"""One-shot runs: inputs to engine to report to files, for `report` and `check`."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from trackerwatch.cli.collecting import seldom_collecting
from trackerwatch.cli.comparing import Comparing
from trackerwatch.cli.judging import Judging
from trackerwatch.cli.loading import load, tell_skipped
from trackerwatch.cli.looking_back import with_pasts
from trackerwatch.cli.narration import Narrator, about_nobody, many_trackers, refusals
from trackerwatch.cli.one_run import Run
from trackerwatch.cli.output import deliver
from trackerwatch.cli.remembering import remembering
from trackerwatch.cli.waiting import Waiting
from trackerwatch.engine.engine import Engine
from trackerwatch.engine.settings import Freshness
from trackerwatch.errors import TrackerUrlError
from trackerwatch.inputs import Skipped
from trackerwatch.metainfo.torrent import Placement, Torrent
from trackerwatch.outside_text import redact_url
from trackerwatch.reports.rows import FailOn, Report, Subject
from trackerwatch.tracker import Tracker, parse_tracker

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Awaitable, Callable, Coroutine, Sequence

    from trackerwatch.engine.views import Snapshot

PROGRESS_EVERY_S = 0.25


def run_once(arguments: Namespace, make_report: Callable[[Run], Coroutine[None, None, Report]]) -> int:
    """Run one command to its exit code."""
    with seldom_collecting():
        return _to_its_exit_code(arguments, make_report)


def _to_its_exit_code(arguments: Namespace, make_report: Callable[[Run], Coroutine[None, None, Report]]) -> int:
    narrator = Narrator()
    one_run = Run(arguments, narrator)
    try:
        with remembering(one_run.config, narrator, deadline_s=one_run.config.deadline_s) as one_run.memory:
            report = _run(make_report(one_run), one_run)
    finally:
        narrator.clear()
    return deliver(report, one_run.outputs, narrator.say, color=one_run.config.color, all_rows=arguments.all)


async def report_on_inputs(one_run: Run) -> Report:
    """`report`: load, keep what the filter may match, ask, judge what it matches, compare it with the last run."""
    comparing = Comparing(one_run)
    judging = Judging(one_run, comparing)
    cached = one_run.settings.freshness is Freshness.CACHED
    loading = load(
        one_run.arguments.inputs,
        None if cached else one_run.prober,
        one_run.narrator,
        fetch_within_s=one_run.fetching_s,
    )
    loaded = await one_run.stop.unless_told(loading)
    if loaded is None:
        return one_run.nothing("told to end before anything was asked", Subject.TORRENTS, ())
    if not loaded.torrents:
        return one_run.nothing("no usable input", Subject.TORRENTS, loaded.skipped)
    torrents = [torrent for torrent in loaded.torrents if one_run.filter.may_match(torrent)]
    if not torrents:
        remark = f"nothing matches the filter (of {len(loaded.torrents):,} loaded)"
        return one_run.nothing(remark, Subject.TORRENTS, loaded.skipped)
    if told := about_nobody(one_run.config, loaded.torrents):
        one_run.narrator.say(told)

    async def report_of(snapshot: Snapshot) -> Report:
        if one_run.knows_nothing(snapshot):
            return one_run.nothing("nothing stored of these torrents' trackers", Subject.TORRENTS, loaded.skipped)
        selected = None if one_run.filter.is_empty else one_run.filter.select_torrents(snapshot)
        judged, note = await judging.judge(snapshot, selected)
        return one_run.report(snapshot, Subject.TORRENTS, selected, loaded.skipped, judged=judged, policy=note)

    report = await waited(one_run, torrents, (), report_of)
    return await with_pasts(one_run, await comparing.compared(report))


async def report_on_trackers(one_run: Run) -> Report:
    """`check`: the trackers that the URLs name, and one torrent on them where asked for."""
    skipped: list[Skipped] = []
    trackers: dict[Tracker, None] = {}
    for url in one_run.arguments.urls:
        try:
            trackers[parse_tracker(url)] = None
        except TrackerUrlError as error:
            skipped.append(Skipped(redact_url(url), str(error)))
    tell_skipped(skipped, one_run.narrator)
    if not trackers:
        return one_run.nothing("no usable tracker URL", Subject.TRACKERS, skipped)
    wanted = [tracker for tracker in trackers if one_run.filter.may_match_tracker(tracker)]
    if not wanted:
        return one_run.nothing(f"nothing matches the filter (of {len(trackers):,} URLs)", Subject.TRACKERS, skipped)
    torrents = [torrent_on(wanted, one_run.arguments.info_hash)] if one_run.arguments.info_hash else []

    async def report_of(snapshot: Snapshot) -> Report:
        if one_run.knows_nothing(snapshot):
            return one_run.nothing("nothing stored of these trackers", Subject.TRACKERS, skipped)
        selected = [view.index for view in snapshot.trackers if one_run.filter.matches_tracker(view, snapshot.taken_at)]
        return one_run.report(snapshot, Subject.TRACKERS, selected, skipped)

    return await with_pasts(one_run, await waited(one_run, torrents, wanted, report_of))


def torrent_on(trackers: Sequence[Tracker], info_hash_hex: str) -> Torrent:
    """A torrent of which only the hash is known, with each tracker in a tier of its own."""
    whole = bytes.fromhex(info_hash_hex)
    return Torrent(
        name=info_hash_hex[:40],
        info_hash=whole[:20],
        info_hash_v2=whole if len(whole) == 32 else None,
        private=False,
        size_bytes=None,
        placements=tuple(Placement(tracker, tier, 0) for tier, tracker in enumerate(trackers)),
        sources=("--info-hash",),
    )


async def waited(
    one_run: Run,
    torrents: Sequence[Torrent],
    trackers: Sequence[Tracker],
    report_of: Callable[[Snapshot], Awaitable[Report]],
) -> Report:
    """Ask, and with `--wait` ask again what is not well until it is, or the time is over.

    Args:
        one_run: The run.
        torrents: What to ask about.
        trackers: Whom to ask besides.
        report_of: Makes a report of what was found out.

    Returns:
        The latest report.
    """
    engine, snapshot = await ask(one_run, torrents, trackers)
    report = await report_of(snapshot)
    wait_s: float | None = one_run.arguments.wait
    if wait_s is None:
        return report
    wait = Waiting(
        engine,
        report_of,
        one_run.narrator,
        one_run.stop,
        until=asyncio.get_running_loop().time() + wait_s - one_run.elapsed_s,
        look_s=one_run.config.deadline_s,
        fail_on=FailOn(one_run.arguments.fail_on),
    )
    return await wait.until_well(report)


async def ask(one_run: Run, torrents: Sequence[Torrent], trackers: Sequence[Tracker]) -> tuple[Engine, Snapshot]:
    """Ask every tracker once, and tell how far it is."""
    engine = Engine(one_run.prober, one_run.settings, vantage=one_run.vantage.name, keeper=one_run.memory)
    engine.add_torrents(torrents)
    engine.add_trackers(trackers)
    watcher = asyncio.create_task(_tell_progress(engine, one_run))
    try:
        await one_run.stop.unless_told(engine.run_once(deadline_s=one_run.remaining_s))
    finally:
        watcher.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watcher
        one_run.narrator.clear()
    snapshot = engine.snapshot()
    if refused := refusals(snapshot):
        one_run.narrator.say(refused)
    return engine, snapshot


def _run(making: Coroutine[None, None, Report], one_run: Run) -> Report:
    made: list[Report] = []

    async def bounded() -> None:
        waits = one_run.arguments.wait is not None
        try:
            with one_run.stop.by_signal() if waits else contextlib.nullcontext():
                made.append(await making)
        finally:
            await one_run.prober.close()

    # Not the task's result: as asyncio puts the handler of Ctrl-C back, `signal` writes out what it held, results and all,
    # which takes longer than the report.
    asyncio.run(bounded())
    return made[0]


async def _tell_progress(engine: Engine, one_run: Run) -> None:
    if not one_run.narrator.is_terminal or one_run.settings.freshness is Freshness.CACHED:
        return
    while True:
        trackers = [view for view in engine.snapshot().trackers if view.disabled is None]
        done = sum(view.last_probe_at is not None and not view.asking for view in trackers)
        one_run.narrator.progress(
            f"asking {many_trackers(len(trackers))}: {done:,} answered, {one_run.elapsed_s:.1f} s"
        )
        await asyncio.sleep(PROGRESS_EVERY_S)
