"""The actions of the live screen that keys can be given to, and how people write keys. Pure.

The screen declares its bindings itself; a test keeps this list equal to them. It is here so that a config can be judged
without opening a screen.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ACTIONS: dict[str, str] = {}
"""The usual keys of each action, by its id: Textual's names, with commas between them."""

SHARED = frozenset(
    f"main.{name}"
    for name in (
        *("recheck", "announce", "mute", "disable", "interval", "undo", "try", "walk"),
        *("copy", "copy-first", "export", "freeze"),
    )
)
"""Actions of the main screen that full screens have as well."""

RESERVED = "ctrl+c"
"""Quits, whatever else is set."""

UNBOUND = "unbound:"
"""Begins what stands for a key where an action is to have none: no terminal sends it."""

_LAYERS = frozenset({"table", "pane", "page", "events"})
"""Places within a screen: they have a key before the screen has it."""
_EVERYWHERE = "app"

_SAME_AS = {
    "ctrl+m": "enter",
    "ctrl+i": "tab",
    "ctrl+[": "escape",
    "ctrl+left_square_bracket": "escape",
}
"""Keys that terminals cannot tell from others."""
_OTHER_NAMES = {
    "esc": "escape",
    "return": "enter",
    "pgup": "pageup",
    "pgdn": "pagedown",
    "page_up": "pageup",
    "page_down": "pagedown",
    "del": "delete",
    "ins": "insert",
    "bksp": "backspace",
    "spacebar": "space",
    "exclamation": "exclamation_mark",
    "hash": "number_sign",
    "dash": "minus",
    "hyphen": "minus",
    "dot": "full_stop",
    "period": "full_stop",
    "questionmark": "question_mark",
    "backtick": "grave_accent",
}
_MODIFIERS = {"ctrl": "ctrl", "control": "ctrl", "alt": "alt", "meta": "alt", "option": "alt", "shift": "shift"}
_ORDER = ("alt", "ctrl", "shift")
_NAMED = frozenset(
    {
        *("escape", "enter", "tab", "space", "backspace", "delete", "insert", "home", "end", "pageup", "pagedown"),
        *("up", "down", "left", "right", *(f"f{n}" for n in range(1, 25))),
    }
)
_SHORT_NAMES = {
    "SOLIDUS": "slash",
    "REVERSE SOLIDUS": "backslash",
    "COMMERCIAL AT": "at",
    "HYPHEN-MINUS": "minus",
    "PLUS SIGN": "plus",
    "LOW LINE": "underscore",
}
_PUNCTUATION = {
    _SHORT_NAMES.get(name := unicodedata.name(c), name.lower().replace("-", "_").replace(" ", "_")): c
    for c in map(chr, range(33, 127))
    if not c.isalnum()
}
_BY_CHARACTER = {character: name for name, character in _PUNCTUATION.items()}


def _list_actions() -> Iterator[tuple[str, str]]:
    moves = {
        "down": "down,j",
        "up": "up,k",
        "page-down": "pagedown,ctrl+f,space",
        "page-up": "pageup,ctrl+b",
        "half-down": "ctrl+d",
        "half-up": "ctrl+u",
        "first": "home",
        "top": "g",
        "last": "end,G",
    }
    for place in sorted(_LAYERS):
        yield from ((f"{place}.{name}", keys) for name, keys in moves.items())
    yield from _OTHERS.items()


_OTHERS = {
    "app.palette": "colon,ctrl+p",
    "app.help": "question_mark,f1",
    "app.theme": "T",
    "app.screenshot": "E",
    "app.suspend": "ctrl+z",
    "app.quit-at-once": "ctrl+q",
    # There the space bar folds.
    "table.page-down": "pagedown,ctrl+f",
    "page.page-down": "pagedown,ctrl+f",
    "events.page-down": "pagedown,ctrl+f",
    "table.open": "enter",
    "page.open": "enter",
    "main.filter": "slash",
    "main.saved": "F",
    "main.return": "ctrl+o,backspace",
    "events.open": "enter",
    "events.fold": "space",
    "filter.complete": "tab",
    "filter.complete-back": "shift+tab",
    "filter.earlier": "up",
    "filter.later": "down",
    "saved.down": "down,j",
    "saved.up": "up,k",
    "saved.take": "enter,space",
    "saved.save": "s,plus",
    "saved.delete": "d,delete",
    "saved.leave": "escape,q",
    "main.sort": "s",
    "main.sort-by": "O",
    "main.reverse": "S",
    "main.attention": "f",
    "main.freeze": "p",
    "main.zoom": "z",
    "main.trackers": "1",
    "main.torrents": "2",
    "main.detail": "3",
    "main.events": "4",
    "main.next-pane": "tab",
    "main.previous-pane": "shift+tab",
    "main.next-unwell": "n",
    "main.previous-unwell": "N",
    "main.back-or-quit": "q",
    "main.back": "escape",
    "main.quit": "Q",
    "main.copy": "c",
    "main.copy-first": "y",
    "main.export": "e",
    "main.recheck": "r",
    "main.announce": "a",
    "main.mute": "m",
    "main.walk": "w",
    "main.disable": "d",
    "main.interval": "i",
    "main.undo": "u",
    "main.try": "plus",
    "main.open": "enter",
    "main.group": "t",
    "main.fold": "space",
    "main.fold-all": "Z",
    "main.coverage": "v",
    "coverage.right": "right,l",
    "coverage.left": "left,h",
    "coverage.differing": "f",
    "coverage.export": "e",
    "coverage.leave": "escape,q,v",
    "detail.next-section": "tab",
    "detail.previous-section": "shift+tab",
    "detail.section-1": "1",
    "detail.section-2": "2",
    "detail.section-3": "3",
    "detail.section-4": "4",
    "detail.section-5": "5",
    "detail.fold": "space",
    "detail.back": "escape,q,backspace",
    "detail.quit": "Q",
    "answer.leave": "escape",
    "help.close": "escape,q,question_mark,f1,enter",
    "choice.down": "down,j",
    "choice.up": "up,k",
    "choice.take": "enter,space",
    "choice.leave": "escape,q",
}

ACTIONS.update(_list_actions())


def parse_key(written: str) -> str:
    """A key as the screen calls it.

    Args:
        written: As people write it: `o`, `M`, `?`, `space`, `ctrl+x`, `F5`, `PgDn`.

    Raises:
        ValueError: It is none, or none that an action can have; the message says why.
    """
    text = written.strip()
    if not text:
        raise ValueError("there is nothing between two commas; the comma's own name is comma")
    # In `ctrl++` the last one is the key.
    *modifiers, name = [*text[:-1].rstrip("+").split("+"), text[-1]] if text.endswith("+") else text.split("+")
    found = {_MODIFIERS.get(modifier.strip().lower(), "") for modifier in modifiers if modifier.strip()}
    if "" in found:
        raise ValueError(f"{text!r} is no key; write it like o, M, ?, space, ctrl+x, F5")
    key = _key_alone(name.strip(), text)
    if len(key) == 1 and key.isalpha():
        if "shift" in found:
            key, found = key.upper(), found - {"shift"}
        elif found:
            key = key.lower()
    whole = "+".join([*(modifier for modifier in _ORDER if modifier in found), key])
    if whole == RESERVED:
        raise ValueError("ctrl+c always quits")
    if whole in _SAME_AS:
        raise ValueError(f"terminals send {_SAME_AS[whole]} for {text}")
    return whole


def parse_keys(written: str) -> tuple[str, ...]:
    """Some keys with commas between them; none where there is no text.

    Raises:
        ValueError: One of them is none.
    """
    return tuple(dict.fromkeys(parse_key(part) for part in written.split(","))) if written.strip() else ()


def _key_alone(name: str, text: str) -> str:
    if len(name) == 1 and name.isprintable() and name != " ":
        if name.isalnum():
            return name
        if (known := _BY_CHARACTER.get(name)) is not None:
            return known
    low = name.lower().replace("-", "_").replace(" ", "_")
    low = _OTHER_NAMES.get(low, low)
    if low in _NAMED or low in _PUNCTUATION:
        return low
    raise ValueError(f"{text!r} is no key; write it like o, M, ?, space, ctrl+x, F5")


def keymap(wishes: Mapping[str, str]) -> dict[str, str]:
    """What the screen is told of a user's keys.

    Args:
        wishes: Keys by the id of an action, as `conflicts` has nothing to say of.

    Returns:
        Textual's names by id. Ids and keys that there are not are left out.
    """
    told = {}
    for action, written in wishes.items():
        try:
            keys = parse_keys(written)
        except ValueError:
            continue
        if action in ACTIONS:
            told[action] = ",".join(keys) or f"{UNBOUND}{action}"
    return told


def conflicts(wishes: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Keys that two actions would have in one place, as the id that was given it, the other's, and the key.

    What the usual keys share with each other is meant so: there the inner place goes before the outer one.
    """
    wished = keymap(wishes)
    keys = {action: wished.get(action, usual).split(",") for action, usual in ACTIONS.items()}
    told = set()
    for action in wished:
        for other in ACTIONS:
            if other == action or not _meet(action, other) or frozenset((action, other)) in told:
                continue
            for key in keys[action]:
                if key in keys[other]:
                    told.add(frozenset((action, other)))
                    yield action, other, key
                    break


def _meet(one: str, other: str) -> bool:
    """Whether two actions can be there at once."""
    if {one, other} & SHARED and "detail" in (one.partition(".")[0], other.partition(".")[0]):
        return True
    places = {one.partition(".")[0], other.partition(".")[0]}
    return len(places) == 1 or _EVERYWHERE in places or len(places & _LAYERS) == 1


def shown_key(key: str) -> str:
    """A key as people write it: `?` for `question_mark`, `ctrl+x`, `esc`, `F5`; empty for what stands for none."""
    if key.startswith(UNBOUND):
        return ""
    *modifiers, name = key.split("+")
    short = {"escape": "esc", "pagedown": "pgdn", "pageup": "pgup"}.get(name) or _PUNCTUATION.get(name, name)
    if re.fullmatch(r"f\d+", short):
        short = short.upper()
    return "+".join([*modifiers, short])
