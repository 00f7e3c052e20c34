"""A torrent and a tracker of which everything is hostile, on every screen and at every size: no garbage, no crash, and it quits."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

import pytest
from rich.cells import cell_len
from textual import events

from tests.tui.feeds import (
    endpoint,
    event,
    problem,
    rich_snapshot,
    rich_torrents,
    rich_trackers,
    snapshot,
    torrent,
    torrent_view,
    tracker,
)
from tests.tui.screens import show
from tests.tui.test_looks import WAYS
from trackerwatch.engine.views import Disabled, EventKind, Mute
from trackerwatch.health.states import Health
from trackerwatch.outcome import FailureKind
from trackerwatch.policy.rules import Rule, Verdict
from trackerwatch.tui.preferences import Colors, Preferences

NAMES = (
    "\x1b]0;owned\x07\x1b[31mred\x1b[0m\x9b2J \x1bPq#0\x1b\\ escapes",
    "\u202eexe.gpj\u202c \u2066isolated\u2069 bidi \u200f\u061c",
    "\N{PILE OF POO}" * 200,
    "[bold red]markup[/] [link=http://evil]x[/] [@click=app.bell]bell[/] $error \\[x",
    "Z\u0351\u0352\u0353" * 60 + "algo",
    "\u05d0\u05d1\u05d2 \u0645\u0631\u062d\u0628\u0627 right to left",
    "\N{MAN}\u200d\N{WOMAN}\u200d\N{GIRL}\ufe0f \U0001f1e9\U0001f1ea \N{WAVING HAND SIGN}\U0001f3fd",
    "tab\there\nline\r\x08\x08\x08 \x00nul \ud800 lone",
    "",
    "   ",
    "\u3164\u2800\u115f\u00ad\ufeff",
    "A" * 5000,
)


def hostile(text: str):
    """A snapshot in which foreign text is this, wherever foreign text can be.

    Engines clean it before; the face must stand it all the same.
    """
    trackers = list(rich_trackers())
    ends = (endpoint("192.0.2.1", state=Health.DOWN, kind=FailureKind.FAILURE_REASON, message=text),)
    worst = tracker(
        0, "udp://evil.example:1/announce", Health.DOWN, kind=FailureKind.FAILURE_REASON, message=text, endpoints=ends
    )
    trackers[0] = replace(worst, note=text)
    trackers[1] = replace(trackers[1], muted=Mute(None, text))
    trackers[2] = replace(trackers[2], disabled=Disabled(text))
    table = rich_torrents(tuple(trackers))
    views = [torrent_view(0, torrent(text), Verdict.CRITICAL, problems=(problem(Rule.EXHAUSTED, text, text),))]
    views += [replace(view, why=text) for view in table[1:30]]
    views = [replace(view, index=index) for index, view in enumerate(views)]
    events = tuple(event(n, EventKind.STATE_CHANGED, f"{text} {n}") for n in range(1, 8))
    return replace(snapshot(tuple(trackers), views, events=events), vantage=text)


def assert_clean(lines: list[str], width: int) -> None:
    for line in lines:
        odd = {f"U+{ord(c):04X}" for c in line if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")}
        assert not odd, line
        assert cell_len(line) <= width
        assert not re.search("[\u0300-\u036f]{5}", line)


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
async def test_no_name_does_anything_on_the_main_screen(name):
    async with show(hostile(name)) as shown:
        for size in ((80, 24), (160, 48), (40, 12), (20, 5)):
            await shown.pilot.resize_terminal(*size)
            await shown.settle()
            assert_clean(shown.lines, size[0])
        await shown.press("Q")
        assert not shown.app.is_running or shown.app._exit


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("size", [(80, 24), (20, 5)])
async def test_every_screen_stands_the_worst_of_names(way, size):
    worst = "".join(NAMES[:8])
    async with show(hostile(worst), size=size) as shown:
        await shown.press(*WAYS[way])
        assert_clean(shown.lines, size[0])
        assert "owned" not in "".join(shown.lines)
        await shown.press("ctrl+q")
        assert shown.app._exit


async def test_markup_is_read_as_letters_and_never_as_an_action():
    async with show(hostile(NAMES[3]), size=(120, 36)) as shown:
        assert "[bold red]markup[/] [link=http" in shown.text
        actions = {
            style.meta["@click"]
            for strip in shown.app.screen._compositor.render_strips()
            for _, style, _ in strip
            if style is not None and "@click" in style.meta
        }
        assert actions
        assert "app.bell" not in actions


@pytest.mark.parametrize(
    "preferences", [Preferences(ascii=True), Preferences(colors=Colors.NONE), Preferences(colors=Colors.SIXTEEN)]
)
async def test_other_looks_stand_it_too(preferences):
    async with show(hostile("".join(NAMES[:8])), preferences=preferences) as shown:
        for keys in (("2",), ("enter",), ("question_mark",)):
            await shown.press(*keys)
            assert_clean(shown.lines, 80)
            if preferences.ascii:
                assert shown.text.isascii()


async def test_a_usual_picture_is_clean_by_the_same_measure():
    async with show(rich_snapshot()) as shown:
        assert_clean(shown.lines, 80)
        assert "[bold red]" not in shown.text or "not markup" in shown.text


ESCAPES = "x\x1b]52;c;QUJD\x07\x9b31m\u202egnp\ud800y\r\nsecond line"


@pytest.mark.parametrize("way", [("slash",), ("i",), ("plus",), ("ctrl+p",), ("4", "slash")])
async def test_what_is_pasted_never_speaks_to_the_terminal(way):
    async with show(try_out=lambda _: None) as shown:
        await shown.press(*way)
        shown.app.post_message(events.Paste("\n" + ESCAPES))
        await shown.settle()
        assert shown.app.screen.focused.value == "x ]52;c;QUJD  31m gnp y"
        assert_clean(shown.lines, 80)


async def test_a_filter_of_a_file_is_edited_without_its_escapes():
    filters = {"a\x1b]0;b\x07": "seeders<3", "ugly": f"name~{ESCAPES[:12]!r}"}
    async with show(preferences=Preferences(filters=filters)) as shown:
        shown.main.set_filter("'ab\x1b]0;title\x07\u202e'")
        await shown.settle()
        assert_clean(shown.lines, 80)
        await shown.press("slash")
        assert_clean(shown.lines, 80)
        assert shown.main.filter_input.value == "'ab ]0;title  '"
        shown.main.filter_input.value = "@"
        await shown.press("end")
        for _ in range(3):
            await shown.press("tab")
            assert shown.main.filter_input.value.isprintable()
            assert_clean(shown.lines, 80)
        await shown.press("enter", "F", "down", "enter", "slash")
        assert_clean(shown.lines, 80)
