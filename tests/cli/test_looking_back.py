from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from types import SimpleNamespace

import pytest

from tests.cli.fake_store import FakeStore
from tests.reports import pages, scenes
from trackerwatch.cli import looking_back
from trackerwatch.cli.looking_back import DAY_S, pasts_of, with_pasts
from trackerwatch.cli.main import main

MIDNIGHT = scenes.NOW.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
HTML = ("html", "report.html")


@pytest.fixture
def report():
    return replace(pages.release(), pasts={})


def a_run(store, *outputs):
    return SimpleNamespace(memory=store, outputs=list(outputs))


async def test_trackers_of_the_report_are_looked_up_for_30_whole_days(report):
    ids = [view.tracker.id for view in report.trackers]
    store = FakeStore(pages.past(ids[0], "#" * 30), pages.past("another", "#" * 30))
    found = await with_pasts(a_run(store, ("json", None), HTML), report)
    assert list(found.pasts) == [ids[0]]
    assert len(found.pasts[ids[0]].stretches) == 30
    until = MIDNIGHT + DAY_S
    assert store.settled == 1
    assert store.asked == [{"since": until - 30 * DAY_S, "until": until, "stretches": 30, "trackers": ids}]


async def test_nobody_is_asked_for_a_format_that_shows_no_past(report):
    store = FakeStore()
    assert await with_pasts(a_run(store, ("json", None), ("markdown", "r.md")), report) is report
    assert store.asked == []
    assert await with_pasts(a_run(None, HTML), report) is report


async def test_a_past_in_which_nothing_was_counted_is_none(report):
    found = await pasts_of(FakeStore(pages.past(report.trackers[0].tracker.id, "." * 30)), report)
    assert found == {}


async def test_the_worst_are_looked_up_first_and_no_more_than_some(report, monkeypatch):
    monkeypatch.setattr(looking_back, "MAX_TRACKERS", 1)
    well_first = replace(report, trackers=tuple(reversed(report.trackers)))
    store = FakeStore(*(pages.past(view.tracker.id, "#" * 30) for view in report.trackers))
    found = await pasts_of(store, well_first)
    assert list(found) == [report.trackers[0].tracker.id]


async def test_a_slow_store_holds_nothing_up(report, monkeypatch):
    monkeypatch.setattr(looking_back, "AT_ONCE", 1)

    class Slow(FakeStore):
        async def overview(self, **asked):
            if self.asked:
                await asyncio.Event().wait()
            return await super().overview(**asked)

    store = Slow(*(pages.past(view.tracker.id, "#" * 30) for view in report.trackers))
    found = await pasts_of(store, report, budget_s=0.01)
    assert list(found) == [report.trackers[0].tracker.id]


async def test_without_time_left_nothing_more_is_asked(report, monkeypatch):
    monkeypatch.setattr(looking_back, "AT_ONCE", 1)
    store = FakeStore(*(pages.past(view.tracker.id, "#" * 30) for view in report.trackers))
    times = iter([0.0, 0.0, 1.0])
    found = await pasts_of(store, report, budget_s=0.4, clock=lambda: next(times))
    assert list(found) == [report.trackers[0].tracker.id]


async def test_what_a_store_says_is_made_clean(report):
    past = replace(pages.past(report.trackers[0].tracker.id, "#" * 30), url="udp://x\x1b[31m\u202eevil")
    found = await pasts_of(FakeStore(past), report)
    [seen] = found.values()
    assert "\x1b" not in seen.url
    assert "\u202e" not in seen.url


def test_the_page_counts_the_run_that_made_it(capsys, tmp_path, closed_port):
    page = tmp_path / "report.html"
    url = f"udp://127.0.0.1:{closed_port}/announce"
    words = ["check", url, "--allow-private", "--format", "html", "-o", str(page)]
    assert main([*words, "--store", str(tmp_path / "history.db")]) == 2
    told = page.read_text(encoding="utf-8")
    assert re.search(r"<title>30 days to \d+ \w+: 0 answered, 1 not at all \(\d+ \w+\), 29 not known</title>", told)
    assert "<small>0 %</small>" in told
    assert main([*words, "--no-store"]) == 2
    assert "30-day strips: no history yet" in page.read_text(encoding="utf-8")
