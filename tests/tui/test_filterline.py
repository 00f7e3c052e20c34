"""The filter line on the screen: it completes, shows mistakes under their column, and remembers."""

from dataclasses import replace

from tests.tui.feeds import FOO, event, snapshot, tracker
from tests.tui.screens import show
from trackerwatch.engine.views import EventKind
from trackerwatch.filters import FilterError, parse_filter
from trackerwatch.filters.completion import Candidate, Completion
from trackerwatch.filters.fields import TABLES
from trackerwatch.tui.lines import filter_hint
from trackerwatch.tui.model import vocabulary

LONG = Completion(0, 3, (Candidate("seeders<", "peers that have all"), Candidate("since>"), Candidate("x" * 90)))


def text_of(line):
    return "".join(span.text for span in line)


def mistake_of(text):
    try:
        parse_filter(text)
    except FilterError as error:
        return error
    raise AssertionError(text)


def test_the_caret_stands_under_the_mistake_with_the_words_where_there_is_room():
    error = mistake_of("a & sedeers<3")
    assert text_of(filter_hint.mistake(error, 5, 80)) == "     ^ unknown field 'sedeers'; did you mean seeders?"
    left = text_of(filter_hint.mistake(error, 70, 80))
    assert left.index("^") == 70
    assert left.rstrip(" ^").endswith("did you mean seeders?")
    assert len(text_of(filter_hint.mistake(error, 5, 20))) <= 20
    assert text_of(filter_hint.mistake(error, 500, 20)).index("^") == 19
    assert text_of(filter_hint.mistake(error, -7, 20)).index("^") == 0


def test_the_first_candidate_is_explained_and_the_others_are_named():
    assert text_of(filter_hint.candidates(LONG, -1, 60)).startswith(" tab seeders< peers that have all   since>  xxx")
    assert text_of(filter_hint.candidates(LONG, 1, 120)).startswith(" tab since>   xxx")
    assert text_of(filter_hint.candidates(LONG, 0, 16)) == " tab seeders<\u2026"
    assert filter_hint.candidates(Completion(0, 0, ()), -1, 60) == ()


async def test_tab_completes_fields_and_values():
    async with show() as s:
        await s.press("2", "slash", *"see")
        assert "tab seeders< peers that have all" in s.text
        await s.press("tab")
        assert s.main.filter_input.value == "seeders<"
        await s.press(*"9 & st", "tab")
        assert s.main.filter_input.value == "seeders<9 & state="
        await s.press(*"ex", "tab", "enter")
        assert s.app.picture.filter.text == "seeders<9 & state=exhausted"
        assert not s.main.filter_input.display
        assert s.main.pane == "torrents"


async def test_tab_takes_one_after_the_other_and_back():
    async with show() as s:
        await s.press("slash", *"state=", "tab")
        line = s.main.filter_input
        assert line.value == "state=ok"
        assert "tab ok no rule that counts is broken" in s.text
        await s.press("tab", "tab")
        assert line.value == "state=warning"
        await s.press("shift+tab", "shift+tab", "shift+tab")
        assert line.value == "state=down"
        await s.press("backspace", "backspace", "tab")
        assert line.value == "state=down"


async def test_hosts_and_folders_of_the_moment_are_offered():
    async with show() as s:
        await s.press("slash", *"host=tracker.f", "tab")
        assert s.main.filter_input.value == "host=tracker.foo.org"
        await s.press("ctrl+u", *"folder=t", "tab")
        assert s.main.filter_input.value == "folder=torrents"


async def test_what_follows_the_cursor_stays():
    async with show() as s:
        await s.press("slash", *" & x", "home", *"lee", "tab")
        assert s.main.filter_input.value == "leechers> & x"
        assert s.main.filter_input.cursor_position == len("leechers>")


async def test_a_mistake_is_shown_under_its_column_until_it_is_looked_at():
    async with show() as s:
        await s.press("2", "slash", *"a & sedeers<3", "enter")
        at = next(y for y, line in enumerate(s.lines) if "sedeers<3" in line and "^" not in line)
        assert s.lines[at + 1] == "     ^ unknown field 'sedeers'; did you mean seeders?"
        assert s.lines[at].index("sedeers") == 5
        await s.press("left")
        assert "^" not in s.text


async def test_half_a_filter_is_no_mistake_while_it_is_typed():
    async with show() as s:
        await s.press("2", "slash", *"imaging & seeders<")
        s.main.filter_input._paused()
        await s.settle()
        assert s.main.mistake == ""
        assert "^" not in s.text
        await s.press("enter")
        assert "a value for seeders is missing" in s.text


async def test_up_and_down_go_through_what_was_typed_before():
    async with show() as s:
        for text in ("imaging", "seeders<9", "imaging"):
            await s.press("slash", "ctrl+u", *text, "enter")
        await s.press("slash", "ctrl+u", *"new", "up")
        line = s.main.filter_input
        assert line.value == "imaging"
        await s.press("up")
        assert line.value == "seeders<9"
        await s.press("up")
        assert line.value == "seeders<9"
        await s.press("down", "down")
        assert line.value == "new"
        await s.press("escape")
        assert s.app.picture.filter is None


async def test_a_small_screen_has_the_line_alone():
    async with show(size=(40, 9)) as s:
        await s.press("slash", *"see")
        assert "tab" not in s.lines[-1]
        assert "see" in s.lines[-1]
    async with show(size=(20, 5)) as s:
        await s.press("slash", *"see", "tab", *"3", "enter")
        assert s.app.picture.filter.text == "seeders<3"


async def test_a_regular_expression_filters_the_tables():
    async with show() as s:
        await s.press("2", "slash", *"name~/^release-0[1-3]\\d-(amd|arm)64/", "enter")
        assert len(s.names()) == 30
        assert "30/200" in s.text


async def test_help_names_every_field_that_can_be_asked_where_one_is():
    async with show() as s:
        await s.press("question_mark")
        told = "\n".join(text_of(line) for line in s.app.screen.query_one("#help").lines)
        for info in TABLES.fields.values():
            assert info.example in told or info.example[:20] in told
            assert info.told in told
        assert "kind=failed_over" not in told
        await s.press("escape", "4", "question_mark")
        told = "\n".join(text_of(line) for line in s.app.screen.query_one("#help").lines)
        assert "kind=failed_over" in told
        assert "leechers>10" not in told
        assert "a word of message, host or name" in told


def test_a_passkey_in_a_host_is_offered_nowhere():
    secret = "0123456789abcdef0123456789abcdef"
    keyed = tracker(0, f"http://{secret}.priv.net/announce", torrents=3)
    plain = tracker(1, FOO, torrents=5)
    moved = replace(event(1, EventKind.FAILED_OVER, "moved"), tracker=keyed.tracker)
    words = (vocabulary.of_tables(snapshot((keyed, plain)), {}), vocabulary.of_events((moved,)))
    offered = [one.text for found in words for field in found.values for one in found.values[field]]
    assert "tracker.foo.org" in offered
    assert not any(secret in text for text in offered)
