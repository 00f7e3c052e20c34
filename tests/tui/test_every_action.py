"""Every action of every screen, by its key and by its name in the palette: what it changes.

An action without a case fails; add one to `CASES`.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest
from textual.binding import Binding

import trackerwatch.tui.screens
import trackerwatch.tui.widgets
from tests.tui.feeds import event, rich_snapshot
from tests.tui.screens import Show, show
from trackerwatch.actions import ACTIONS
from trackerwatch.engine.commands import AnnounceNow, ProbeNow, Undo
from trackerwatch.engine.views import EventKind, Trial
from trackerwatch.tui.app import TrackerwatchApp
from trackerwatch.tui.lines.arrangement import Pane
from trackerwatch.tui.model.ordering import TrackerSort
from trackerwatch.tui.palette import of_bindings
from trackerwatch.tui.preferences import Preferences
from trackerwatch.tui.screens.answer import AnswerScreen
from trackerwatch.tui.screens.choice import ChoiceScreen
from trackerwatch.tui.screens.coverage import CoverageScreen
from trackerwatch.tui.screens.detail import DetailScreen
from trackerwatch.tui.screens.help import HelpScreen
from trackerwatch.tui.screens.saved import SavedScreen
from trackerwatch.tui.screens.theming import ThemeScreen

if TYPE_CHECKING:
    from collections.abc import Callable

    from trackerwatch.engine.views import Snapshot


@dataclass(frozen=True)
class Case:
    """How one action is brought about, and what it comes to."""

    after: Callable[[Show], object]
    """What is to be true, or to differ from before."""
    before: tuple[str, ...] = ()
    """Keys that make the action possible."""
    times: int = 1
    """How often its key is pressed."""
    changes: bool = False
    """`after` is compared with its value before the action; else it is to be true."""
    by_name: bool = True
    """Whether the palette can offer it: dialogs have none."""
    filters: tuple[tuple[str, str], ...] = (("slow", "seeders<3"),)


def on(kind: type) -> Callable[[Show], bool]:
    return lambda s: isinstance(s.app.screen, kind)


def in_pane(pane: Pane) -> Callable[[Show], bool]:
    return lambda s: s.main.pane is pane


def cursor(position: Callable[[int, int], bool]) -> Callable[[Show], bool]:
    """About the cursor of the trackers table, and its last row."""
    return lambda s: position(s.main.trackers.cursor, len(s.main.trackers.order) - 1)


def scrolled(position: Callable[[float], bool]) -> Callable[[Show], bool]:
    return lambda s: position(s.main.detail.scroll_y)


def paged(position: Callable[[float], bool]) -> Callable[[Show], bool]:
    return lambda s: position(s.app.screen.left.scroll_y)


def event_cursor(s: Show) -> int:
    """Number of the event under the cursor."""
    return s.main.event_pane.cursor.events[-1].number


def with_events() -> Snapshot:
    """The rich picture with a burst of events, and one at the end that names a tracker."""
    base = rich_snapshot()
    burst = [event(n, EventKind.FAILED_OVER, f"torrent {n} failed over", ago_s=200 - n) for n in range(1, 6)]
    others = [event(n, list(EventKind)[n % 5], f"number {n}", ago_s=3600 - n * 60) for n in range(6, 40)]
    last = replace(event(40, EventKind.RECOVERED, "it is back", ago_s=1), tracker=base.trackers[0].tracker)
    return replace(base, events=(*burst, *others, last))


def section(s: Show) -> object:
    return s.app.screen.page.section, s.app.screen.page.scroll_y


def folded(s: Show) -> list[int]:
    """Groups of torrents whose rows are hidden."""
    groups = s.app.picture.collections
    return [group.key for group in groups.groups if not groups.is_open(group)]


def copied(s: Show) -> bool:
    return s.app.clipboard == s.main.selected.copied[1]


def files(pattern: str) -> Callable[[Show], bool]:
    return lambda s: len(list(s.app.preferences.folder.glob(pattern))) == 1


def typed(text: str) -> Callable[[Show], bool]:
    return lambda s: s.main.filter_input.value == text


TWO = (("slow", "seeders<3"), ("big", "size>1G"))

CASES: dict[str, Case] = {
    "app.palette": Case(lambda s: s.app.screen.id == "--command-palette", by_name=False),
    "app.help": Case(on(HelpScreen)),
    "app.theme": Case(on(ThemeScreen)),
    "app.screenshot": Case(files("trackerwatch-screen-*.svg")),
    "app.suspend": Case(lambda s: getattr(s.app, "suspensions", 0) == 1),
    "app.quit-at-once": Case(lambda s: s.app._exit),
    "table.down": Case(cursor(lambda at, _: at == 1)),
    "table.up": Case(cursor(lambda at, last: at == last - 1), before=("end",)),
    "table.page-down": Case(cursor(lambda at, _: at > 4)),
    "table.page-up": Case(cursor(lambda at, last: at < last - 4), before=("end",)),
    "table.half-down": Case(cursor(lambda at, _: at > 2)),
    "table.half-up": Case(cursor(lambda at, last: at < last - 2), before=("end",)),
    "table.first": Case(cursor(lambda at, _: at == 0), before=("end",)),
    "table.top": Case(cursor(lambda at, _: at == 0), before=("end",), times=2),
    "table.last": Case(cursor(lambda at, last: at == last)),
    "pane.down": Case(scrolled(lambda y: y == 1), before=("3",)),
    "pane.up": Case(scrolled(lambda y: y == 1), before=("3", "j", "j")),
    "pane.page-down": Case(scrolled(lambda y: y > 0), before=("3",)),
    "pane.page-up": Case(scrolled(lambda y: y == 0), before=("3", "j")),
    "pane.half-down": Case(scrolled(lambda y: y > 0), before=("3",)),
    "pane.half-up": Case(scrolled(lambda y: y == 0), before=("3", "j")),
    "pane.first": Case(scrolled(lambda y: y == 0), before=("3", "end")),
    "pane.top": Case(scrolled(lambda y: y == 0), before=("3", "end"), times=2),
    "pane.last": Case(scrolled(lambda y: y > 0), before=("3",)),
    "main.filter": Case(lambda s: s.main.filter_input.display),
    "main.saved": Case(on(SavedScreen)),
    "filter.complete": Case(typed("state=ok"), before=("slash", *"state="), by_name=False),
    "filter.complete-back": Case(typed("state=down"), before=("slash", *"state="), by_name=False),
    "filter.earlier": Case(typed("x"), before=("slash", "x", "enter", "slash", "backspace", "y"), by_name=False),
    "filter.later": Case(typed("y"), before=("slash", "x", "enter", "slash", "backspace", "y", "up"), by_name=False),
    "saved.down": Case(lambda s: s.app.screen.cursor == 1, before=("F",), filters=TWO, by_name=False),
    "saved.up": Case(lambda s: s.app.screen.cursor == 0, before=("F", "j"), filters=TWO, by_name=False),
    "saved.take": Case(
        lambda s: s.app.picture.filter is not None and s.app.picture.filter.text == "@slow",
        before=("F",),
        by_name=False,
    ),
    "saved.save": Case(on(AnswerScreen), before=("slash", "x", "enter", "F"), by_name=False),
    "saved.delete": Case(
        lambda s: not s.main.saved.own and "deleted" in s.text,
        before=("slash", "x", "enter", "F", "s", "a", "enter"),
        by_name=False,
    ),
    "saved.leave": Case(lambda s: s.app.screen is s.main, before=("F",), by_name=False),
    "main.sort": Case(lambda s: s.app.picture.tracker_sort is TrackerSort.NAME),
    "main.sort-by": Case(on(ChoiceScreen)),
    "main.reverse": Case(lambda s: s.app.picture.trackers_reversed),
    "main.attention": Case(lambda s: not s.app.picture.attention),
    "main.freeze": Case(lambda s: s.app.picture.paused_at is not None),
    "main.zoom": Case(lambda s: s.main.zoomed),
    "main.trackers": Case(in_pane(Pane.TRACKERS), before=("2",)),
    "main.torrents": Case(in_pane(Pane.TORRENTS)),
    "main.detail": Case(in_pane(Pane.DETAIL)),
    "main.events": Case(in_pane(Pane.EVENTS)),
    "main.next-pane": Case(in_pane(Pane.TORRENTS)),
    "main.previous-pane": Case(in_pane(Pane.EVENTS)),
    "main.next-unwell": Case(cursor(lambda at, _: at == 1)),
    "main.previous-unwell": Case(cursor(lambda at, _: at == 0), before=("n",)),
    "main.back-or-quit": Case(lambda s: s.app._exit),
    "main.back": Case(in_pane(Pane.TRACKERS), before=("3",)),
    "main.quit": Case(lambda s: s.app._exit),
    "main.copy": Case(on(ChoiceScreen)),
    "main.copy-first": Case(copied),
    "main.export": Case(on(ChoiceScreen)),
    "main.recheck": Case(lambda s: s.commands == [ProbeNow((s.main.trackers.cursor_key,))]),
    "main.announce": Case(lambda s: s.commands == [AnnounceNow(s.main.torrents.cursor_key)], before=("2",)),
    "main.mute": Case(on(ChoiceScreen)),
    "main.walk": Case(on(ChoiceScreen)),
    "main.undo": Case(lambda s: s.commands == [Undo()]),
    "main.try": Case(on(AnswerScreen)),
    "main.disable": Case(on(AnswerScreen)),
    "main.interval": Case(on(AnswerScreen)),
    "main.coverage": Case(on(CoverageScreen)),
    "main.fold": Case(lambda s: -1 in folded(s), before=("2", "t")),
    "main.fold-all": Case(lambda s: all(key < 0 for key in s.main.torrents.order), before=("2", "t")),
    "table.open": Case(on(DetailScreen)),
    "main.open": Case(on(DetailScreen), before=("3",)),
    "page.down": Case(paged(lambda y: y > 0), before=("enter",), times=20),
    "page.up": Case(paged(lambda y: y == 0), before=("enter", *["j"] * 20), times=25),
    "page.page-down": Case(paged(lambda y: y > 0), before=("enter",)),
    "page.page-up": Case(paged(lambda y: y == 0), before=("enter", "pagedown")),
    "page.half-down": Case(paged(lambda y: y > 0), before=("enter",)),
    "page.half-up": Case(paged(lambda y: y == 0), before=("enter", "ctrl+d")),
    "page.first": Case(paged(lambda y: y == 0), before=("enter", "end")),
    "page.top": Case(paged(lambda y: y == 0), before=("enter", "end"), times=2),
    "page.last": Case(paged(lambda y: y > 0), before=("enter",)),
    "page.open": Case(lambda s: len(s.app.screen_stack) == 4, before=("2", "enter")),
    "detail.next-section": Case(section, before=("enter",), changes=True),
    "detail.previous-section": Case(section, before=("enter", "tab"), changes=True),
    "detail.section-1": Case(section, before=("enter", "tab", "tab"), changes=True),
    "detail.section-2": Case(section, before=("enter",), changes=True),
    "detail.section-3": Case(section, before=("enter",), changes=True),
    "detail.section-4": Case(section, before=("enter",), changes=True),
    "detail.section-5": Case(section, before=("enter",), changes=True),
    "detail.fold": Case(lambda s: (set(s.app.screen.toggled), section(s)), before=("enter", "2"), changes=True),
    "detail.back": Case(lambda s: s.app.screen is s.main, before=("enter",)),
    "detail.quit": Case(lambda s: s.app._exit, before=("enter",)),
    "events.down": Case(event_cursor, before=("4", "home"), changes=True),
    "events.up": Case(event_cursor, before=("4",), changes=True),
    "events.page-down": Case(event_cursor, before=("4", "home"), changes=True),
    "events.page-up": Case(event_cursor, before=("4",), changes=True),
    "events.half-down": Case(event_cursor, before=("4", "home"), changes=True),
    "events.half-up": Case(event_cursor, before=("4",), changes=True),
    "events.first": Case(lambda s: event_cursor(s) == 5, before=("4",)),
    "events.top": Case(lambda s: event_cursor(s) == 5, before=("4",), times=2),
    "events.last": Case(lambda s: event_cursor(s) == 40, before=("4", "home")),
    "events.open": Case(in_pane(Pane.TRACKERS), before=("4",)),
    "events.fold": Case(lambda s: len(s.main.event_pane.lines), before=("4", "home"), changes=True),
    "main.return": Case(in_pane(Pane.EVENTS), before=("4", "enter")),
    "coverage.right": Case(lambda s: s.app.screen.column, before=("v", *["h"] * 20), changes=True),
    "coverage.left": Case(lambda s: s.app.screen.column, before=("v", "l"), changes=True),
    "coverage.differing": Case(lambda s: s.app.screen.differing, before=("v",)),
    "coverage.export": Case(on(ChoiceScreen), before=("v",)),
    "coverage.leave": Case(lambda s: s.app.screen is s.main, before=("v",)),
    "answer.leave": Case(lambda s: s.app.screen is s.main, before=("plus",), by_name=False),
    "main.group": Case(lambda s: s.app.picture.hosts.on),
    "help.close": Case(lambda s: s.app.screen is s.main, before=("question_mark",), by_name=False),
    "choice.down": Case(lambda s: s.app.screen._cursor == 1, before=("c",), by_name=False),
    "choice.up": Case(lambda s: s.app.screen._cursor == 0, before=("c", "j"), by_name=False),
    "choice.take": Case(lambda s: s.app.screen is s.main and copied(s), before=("c",), by_name=False),
    "choice.leave": Case(lambda s: s.app.screen is s.main and not s.app.clipboard, before=("c",), by_name=False),
}


def bindings() -> dict[str, list[Binding]]:
    """Every binding with an id that a class of ours declares, by that id."""
    found: dict[str, list[Binding]] = {}
    kinds: set[type] = {TrackerwatchApp}
    for package in (trackerwatch.tui.screens, trackerwatch.tui.widgets):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            for _, kind in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
                if kind.__module__.startswith("trackerwatch.tui"):
                    kinds.add(kind)
    for kind in sorted(kinds, key=lambda kind: kind.__qualname__):
        for binding in vars(kind).get("BINDINGS", ()):
            if isinstance(binding, Binding) and binding.id:
                found.setdefault(binding.id, []).append(binding)
    return found


def test_every_action_has_a_case_here():
    assert sorted(bindings().keys() - CASES.keys()) == []
    assert sorted(CASES.keys() - bindings().keys()) == []


def test_the_list_for_configs_is_what_the_screens_declare():
    declared = {name: {",".join(b.key for b in group)} for name, group in bindings().items()}
    assert {name: {keys} for name, keys in ACTIONS.items()} == declared


def test_every_action_says_what_it_does():
    for name, group in bindings().items():
        for binding in group:
            assert binding.tooltip, name
            assert binding.description, name


@pytest.fixture(autouse=True)
def no_terminal_to_suspend(monkeypatch):
    def note(app: TrackerwatchApp) -> None:
        app.suspensions = getattr(app, "suspensions", 0) + 1

    monkeypatch.setattr(TrackerwatchApp, "action_suspend_process", note)


async def try_out(url: str) -> Trial:
    return Trial(url, works=True, lines=("answered",))


@pytest.mark.parametrize("name", sorted(CASES))
async def test_by_key(name, tmp_path):
    case = CASES[name]
    first, *others = ACTIONS[name].split(",")
    async with show(with_events(), preferences=wishes(case, tmp_path), try_out=try_out) as s:
        await s.press(*case.before)
        was = case.after(s)
        assert case.changes or not was, "it would be true without"
        bound = s.app.screen.active_bindings
        if (active := bound[first]).binding.id:
            # What other keys do is what the first one does.
            for key in others:
                assert (bound[key].binding.id, bound[key].binding.action) == (name, active.binding.action)
        await s.pilot.press(*[first] * case.times)
        await done(s)
        assert case.after(s) if not case.changes else case.after(s) != was


MOVES = tuple(f"{place}." for place in ("pane", "page", "events"))
"""Places whose moves are those of the table: they are offered and are not done once more."""


@pytest.mark.parametrize("name", sorted(name for name in CASES if CASES[name].by_name))
async def test_by_name(name, tmp_path):
    case = CASES[name]
    async with show(with_events(), preferences=wishes(case, tmp_path), try_out=try_out) as s:
        await s.press(*case.before)
        was = case.after(s)
        found = [offer for offer in of_bindings(s.app, s.app.screen) if offer.told == name]
        assert len(found) == 1, [offer.told for offer in of_bindings(s.app, s.app.screen)]
        assert found[0].keys
        if name.startswith(MOVES) and not name.endswith((".open", ".fold")):
            return
        for _ in range(case.times):
            await found[0].run()
        await done(s)
        assert case.after(s) if not case.changes else case.after(s) != was


def wishes(case: Case, folder) -> Preferences:
    folder.mkdir(exist_ok=True)
    return Preferences(folder=folder, filters=dict(case.filters))


async def done(s: Show) -> None:
    if s.app._exit:
        return
    await s.settle()
    await s.app.workers.wait_for_complete()
    await s.settle()
