"""Lines of keys in TOML, and what is wrong with it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackerwatch.config.toml_text import line_at, lines_of, parse_toml

TEXT = '''\
# [not.a.head]
first = 1 # [nor.this]
text = """
[no]
key = 1 \\"""
"""
literal = \'\'\'
[no]
\'\'\'
list = [
  [1, 2],  # ]
  ["a"],
  {b = "]"},
]
"quoted \\u00e4" . 'li.teral' = {x = "}"}

[table]
a.b = 1
[[rows]]
filter = 'a]"'
[rows.inner]
k = 1
  [[ rows ]]
  filter = "b"
[[rows.deep]]
z = 1
[[rows.deep]]
z = 2
[ table . "i s\\"o" ]
k = 1
'''


def test_lines_of_tables_rows_and_keys():
    assert lines_of(TEXT) == {
        ("first",): 2,
        ("text",): 3,
        ("literal",): 7,
        ("list",): 10,
        ("quoted ä", "li.teral"): 15,
        ("table",): 17,
        ("table", "a", "b"): 18,
        ("rows", 0): 19,
        ("rows", 0, "filter"): 20,
        ("rows", 0, "inner"): 21,
        ("rows", 0, "inner", "k"): 22,
        ("rows", 1): 23,
        ("rows", 1, "filter"): 24,
        ("rows", 1, "deep", 0): 25,
        ("rows", 1, "deep", 0, "z"): 26,
        ("rows", 1, "deep", 1): 27,
        ("rows", 1, "deep", 1, "z"): 28,
        ("table", 'i s"o'): 29,
        ("table", 'i s"o', "k"): 30,
    }


def test_every_line_leads_to_a_value():
    table = parse_toml(TEXT)
    for path in lines_of(TEXT):
        value = table
        for part in path:
            value = value[part]


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("rows", 1, "deep", 1, "none"), 27),
        (("first",), 2),
        (("list", 2, "b"), 10),
        (("none",), None),
        ((), None),
        (("rows",), 19),
    ],
)
def test_what_has_no_line_of_its_own_has_that_of_what_begins_it_or_what_it_is_in(path, line):
    assert line_at(path, lines_of(TEXT)) == line


def test_a_row_counts_its_own_keys_where_line_ends_are_two_characters():
    assert lines_of(TEXT.replace("\n", "\r\n")) == lines_of(TEXT)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = ", "no TOML: Invalid value (at end of document)"),
        ("a = 1\na = 2\n", "line 2 column 6: no TOML: Cannot overwrite a value"),
        ("a = " + "[" * 5000, "nested too deeply"),
    ],
)
def test_what_is_no_toml(text, message):
    with pytest.raises(ValueError, match=r".") as caught:
        parse_toml(text)
    assert str(caught.value) == message


@given(st.text(alphabet="ab[]{}=.,'\"#\n \\1", max_size=60))
def test_whatever_is_toml_has_lines_within_it(text):
    try:
        table = parse_toml(text)
    except ValueError:
        return
    lines = lines_of(text)
    assert all(1 <= line <= text.count("\n") + 1 for line in lines.values())
    assert {path[0] for path in lines} == table.keys()


@pytest.mark.parametrize(
    ("text", "place", "written"),
    [
        ("until = 31.12.2026", "line 1 column 14", "31.12.2026"),
        ("a = 1\nuntil = 2026-13-31\n", "line 2 column 13", "2026-13-31"),
        ("until = 2026-02-30", "line 1 column 9", "2026-02-30"),
        ("until = 2026-1-5 # soon", "line 1 column 13", "2026-1-5"),
        ("until = 12/31/2026\r\n", "line 1 column 11", "12/31/2026"),
        ("until = 2026-12-31 25:00", "line 1 column 20", "2026-12-31 25:00"),
        ("mute = { until = 31.12.2026 }", "line 1 column 23", "31.12.2026"),
        ("until = [2026-12-31, 31.12.2026]", "line 1 column 27", "31.12.2026"),
    ],
)
def test_a_date_that_is_none_is_told_how_dates_are_written(text, place, written):
    with pytest.raises(ValueError, match="is no date") as told:
        parse_toml(text)
    said = f"{written} is no date in TOML; dates are written like 2026-12-31, times like 2026-12-31T18:00:00Z"
    assert str(told.value) == f"{place}: {said}"


@pytest.mark.parametrize("text", ["a = 1 2 # = 31.12.2026", "a = 1.2.3.4", "a = ] # 2026-13-31", "a = '= 1-1-2026' x"])
def test_what_is_no_date_is_no_wrong_one(text):
    with pytest.raises(ValueError, match="no TOML: ") as told:
        parse_toml(text)
    assert "dates" not in str(told.value)
