"""Keys as people write them, and what a config may ask of them."""

import re

import pytest
from textual.keys import _character_to_key

from trackerwatch.actions import ACTIONS, UNBOUND, conflicts, keymap, parse_key, parse_keys, shown_key


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("o", "o"),
        ("M", "M"),
        ("shift+m", "M"),
        ("?", "question_mark"),
        ("/", "slash"),
        ("+", "plus"),
        ("ctrl++", "ctrl+plus"),
        ("Ctrl+X", "ctrl+x"),
        ("control+x", "ctrl+x"),
        ("meta+x", "alt+x"),
        ("shift+ctrl+up", "ctrl+shift+up"),
        ("F5", "f5"),
        ("Esc", "escape"),
        ("return", "enter"),
        ("PgDn", "pagedown"),
        ("page down", "pagedown"),
        (" space ", "space"),
        ("question_mark", "question_mark"),
        ("comma", "comma"),
        ("é", "é"),
    ],
)
def test_keys_are_read_as_people_write_them(written, key):
    assert parse_key(written) == key


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("foo", "'foo' is no key; write it like o, M, ?, space, ctrl+x, F5"),
        ("hyper+x", "'hyper+x' is no key; write it like o, M, ?, space, ctrl+x, F5"),
        ("F99", "'F99' is no key; write it like o, M, ?, space, ctrl+x, F5"),
        ("", "there is nothing between two commas; the comma's own name is comma"),
        ("ctrl+c", "ctrl+c always quits"),
        ("ctrl+C", "ctrl+c always quits"),
        ("ctrl+m", "terminals send enter for ctrl+m"),
        ("ctrl+i", "terminals send tab for ctrl+i"),
        ("\x1b", "'\\x1b' is no key; write it like o, M, ?, space, ctrl+x, F5"),
    ],
)
def test_what_is_no_key_is_refused_in_one_line(written, told):
    with pytest.raises(ValueError, match=f"^{re.escape(told)}$"):
        parse_key(written)


def test_textual_calls_every_character_so():
    for character in map(chr, range(33, 127)):
        assert parse_key(character) == _character_to_key(character), character


def test_several_keys_and_none():
    assert parse_keys("M, f6,M") == ("M", "f6")
    assert parse_keys(" ") == ()
    assert keymap({"main.sort": "o,F6", "main.mute": "", "main.nothing": "x", "main.walk": "foo"}) == {
        "main.sort": "o,f6",
        "main.mute": f"{UNBOUND}main.mute",
    }


@pytest.mark.parametrize(
    ("key", "shown"),
    [("question_mark", "?"), ("ctrl+x", "ctrl+x"), ("escape", "esc"), ("f5", "F5"), ("pagedown", "pgdn"), ("o", "o")],
)
def test_keys_are_shown_as_people_write_them(key, shown):
    assert shown_key(key) == shown
    assert shown_key(f"{UNBOUND}main.sort") == ""


@pytest.mark.parametrize("key", sorted({key for keys in ACTIONS.values() for key in keys.split(",")}))
def test_what_is_shown_of_a_usual_key_can_be_written(key):
    assert parse_key(shown_key(key)) == key


@pytest.mark.parametrize(
    ("wishes", "found"),
    [
        ({"main.sort": "F4"}, []),
        ({"main.sort": "r"}, [("main.sort", "main.recheck", "r")]),
        ({"main.sort": "r", "main.recheck": "s"}, []),
        ({"main.sort": "r", "main.recheck": ""}, []),
        # The table has the key before the screen.
        (
            {"main.zoom": "j"},
            [("main.zoom", other, "j") for other in ("events.down", "page.down", "pane.down", "table.down")],
        ),
        ({"table.down": "x"}, []),
        # Dialogs cover what is below.
        ({"choice.down": "s"}, []),
        ({"choice.down": "T"}, [("choice.down", "app.theme", "T")]),
        ({"app.theme": "ctrl+z"}, [("app.theme", "app.suspend", "ctrl+z")]),
        # Full screens have this action, too.
        ({"main.copy": "5"}, [("main.copy", "detail.section-5", "5")]),
        ({"main.sort": "5"}, []),
        ({"table.down": "F4", "pane.down": "F4"}, []),
        ({"main.sort": "F4", "main.zoom": "F4"}, [("main.sort", "main.zoom", "f4")]),
    ],
)
def test_two_actions_with_one_key_in_one_place(wishes, found):
    assert sorted(conflicts(wishes)) == sorted(found)


def test_usual_keys_are_no_conflict():
    assert list(conflicts({})) == []
