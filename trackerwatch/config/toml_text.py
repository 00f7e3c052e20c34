"""TOML as people write it: what it says, what is wrong with it, and the lines where its keys stand. Pure."""

from __future__ import annotations

import re

Path = tuple[str | int, ...]
"""The keys that lead to a value; of a list of tables the number, from 0."""

_KEY = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')"""
_KEYS = rf"{_KEY}(?:[ \t]*\.[ \t]*{_KEY})*"
_HEAD = re.compile(rf"(?P<open>\[\[?)[ \t]*(?P<keys>{_KEYS})[ \t]*\]\]?")
_ASSIGNMENT = re.compile(rf"(?P<keys>{_KEYS})[ \t]*=")
_LIKE_A_DATE = re.compile(
    r"[=\[,][ \t]*(?P<date>(?:[0-9]{4}(?P<a>[-./])[0-9]{1,2}(?P=a)[0-9]{1,2}|[0-9]{1,2}(?P<b>[-./])[0-9]{1,2}(?P=b)[0-9]{4})"
    r"(?:[T ][0-9:.Z+-]{1,20})?)"
)
_ONE_KEY = re.compile(_KEY)
_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_TOKEN = re.compile(
    r'''"""(?:[^\\]|\\.)*?"{3,5}|\'{3}.*?\'{3,5}|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|#[^\n]*|[\[\]{}\n]|[^\n"\'#\[\]{}]+''',
    re.DOTALL,
)


def parse_toml(text: str) -> dict[str, object]:
    """What a text says in TOML.

    Raises:
        ValueError: It is none; the message is one clean line with the place.
    """
    import tomllib  # noqa: PLC0415 - a run without a file need not load it

    from trackerwatch.outside_text import clean  # noqa: PLC0415 - as above

    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except ValueError as error:
        raise ValueError(clean(_in_lines(str(error), text), limit_chars=200)) from None


def lines_of(text: str) -> dict[Path, int]:
    """The line of each table and key, from 1; what is inside of a value has none of its own.

    Args:
        text: TOML that was read without mistakes: nothing is checked here.
    """
    found: dict[Path, int] = {}
    rows: dict[Path, int] = {}
    table: Path = ()
    at, line, counted = 0, 1, 0
    while (at := _after(_BLANK, text, at)) < len(text):
        line += text.count("\n", counted, at)
        counted = at
        if (head := _HEAD.match(text, at)) is not None:
            table = _placed(_names(head["keys"]), rows)
            if head["open"] == "[[":
                # The last part names the list: a new row begins.
                listed = table[:-1] if isinstance(table[-1], int) else table
                rows[listed] = rows.get(listed, -1) + 1
                table = (*listed, rows[listed])
            found.setdefault(table, line)
            at = head.end()
        elif (assignment := _ASSIGNMENT.match(text, at)) is not None:
            found.setdefault((*table, *_names(assignment["keys"])), line)
            at = _after_value(text, assignment.end())
        else:
            break
    return found


def line_at(path: Path, lines: dict[Path, int]) -> int | None:
    """The line of a key, or where it has none of what begins it, or of what it is in. None: not found."""
    if path not in lines:
        within = [line for found, line in lines.items() if path and found[: len(path)] == path]
        if within:
            return min(within)
    return next((lines[path[:size]] for size in range(len(path), 0, -1) if path[:size] in lines), None)


def _placed(names: tuple[str, ...], rows: dict[Path, int]) -> Path:
    """Where a head leads: within a list of tables into its latest row."""
    path: Path = ()
    for name in names:
        path = (*path, name)
        if path in rows:
            path = (*path, rows[path])
    return path


def _names(keys: str) -> tuple[str, ...]:
    return tuple(key if key[0] not in "\"'" else next(iter(parse_toml(f"{key} = 0"))) for key in _ONE_KEY.findall(keys))


def _after(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at


def _after_value(text: str, at: int) -> int:
    """Where the line ends on which a value ends."""
    depth = 0
    while (token := _TOKEN.match(text, at)) is not None:
        if token[0] == "\n" and not depth:
            break
        depth += (token[0] in "[{") - (token[0] in "]}")
        at = token.end()
    return at


def _in_lines(message: str, text: str) -> str:
    """`Invalid value (at line 3, column 8)` as we say it."""
    found = re.fullmatch(r"(.*) \(at line (\d+), column (\d+)\)", message, re.DOTALL)
    if found is None:
        return f"no TOML: {message}"
    line, column = int(found[2]), int(found[3])
    told = _about_a_date(text.split("\n")[line - 1], column - 1) or f"no TOML: {found[1]}"
    return f"line {line} column {column}: {told}"


def _about_a_date(line: str, at: int) -> str:
    """What is wrong where somebody wrote a date that TOML does not know; empty where it is something else."""
    for value in _LIKE_A_DATE.finditer(line):
        if value.start("date") <= at <= value.end():
            return f"{value['date']} is no date in TOML; dates are written like 2026-12-31, times like 2026-12-31T18:00:00Z"
    return ""
