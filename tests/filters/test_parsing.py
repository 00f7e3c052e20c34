from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackerwatch.errors import UsageError
from trackerwatch.filters.fields import EVENTS, TABLES, Comparison, Field
from trackerwatch.filters.mistakes import FilterError
from trackerwatch.filters.parsing import MAX_CHARS, MAX_DEPTH, MAX_TESTS, AllOf, AnyOf, FieldTest, Not, Word, parse
from trackerwatch.filters.quantities import Unknown
from trackerwatch.filters.regex import Regex
from trackerwatch.filters.texts import Glob


def equals(field: Field, value: str | float | Unknown) -> FieldTest:
    return FieldTest(field, Comparison.EQUAL, value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", AllOf(())),
        ("   ", AllOf(())),
        ("Debian", Word("debian")),
        ("don't", Word("don't")),
        ("wow!", Word("wow!")),
        ("a-b.c:d_e/f", Word("a-b.c:d_e/f")),
        ("name=Debian", equals(Field.NAME, "debian")),
        ("NAME = Debian", equals(Field.NAME, "debian")),
        ("info-hash~AB", FieldTest(Field.INFO_HASH, Comparison.CONTAINS, "ab")),
        ("name!=x", Not(equals(Field.NAME, "x"))),
        ("name!~x", Not(FieldTest(Field.NAME, Comparison.CONTAINS, "x"))),
        ("seeders<3", FieldTest(Field.SEEDERS, Comparison.LESS, 3.0)),
        ("seeders <= 3", FieldTest(Field.SEEDERS, Comparison.LESS_EQUAL, 3.0)),
        ("size>1.5k", FieldTest(Field.SIZE, Comparison.GREATER, 1500.0)),
        ("size>=4GiB", FieldTest(Field.SIZE, Comparison.GREATER_EQUAL, 4 * 1024.0**3)),
        ("size>700MB", FieldTest(Field.SIZE, Comparison.GREATER, 7e8)),
        ("seeders=unknown", equals(Field.SEEDERS, Unknown.UNKNOWN)),
        ("private=TRUE", equals(Field.PRIVATE, "yes")),
        ("kind=dns_nxdomain", equals(Field.KIND, "dns_nxdomain")),
        ("name='a & (b)'", equals(Field.NAME, "a & (b)")),
        (r'name="a \"b\" \\"', equals(Field.NAME, r'a "b" \ '.strip())),
        ("tracker=http://x.org/announce?a=b", equals(Field.TRACKER, "http://x.org/announce?a=b")),
        ("a b", AllOf((Word("a"), Word("b")))),
        ("a & b&c", AllOf((Word("a"), Word("b"), Word("c")))),
        ("a | b & c", AnyOf((Word("a"), AllOf((Word("b"), Word("c")))))),
        ("(a | b) c", AllOf((AnyOf((Word("a"), Word("b"))), Word("c")))),
        ("a || b && c", AnyOf((Word("a"), AllOf((Word("b"), Word("c")))))),
        ("!!a", Not(Not(Word("a")))),
        ("a !b", AllOf((Word("a"), Not(Word("b"))))),
        (
            "name~debian & seeders<3 | state=down & !(host=x)",
            AnyOf(
                (
                    AllOf(
                        (
                            FieldTest(Field.NAME, Comparison.CONTAINS, "debian"),
                            FieldTest(Field.SEEDERS, Comparison.LESS, 3.0),
                        )
                    ),
                    AllOf((equals(Field.STATE, "down"), Not(equals(Field.HOST, "x")))),
                )
            ),
        ),
    ],
)
def test_reads(text, expected):
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a&sedeers<3", "filter: unknown field 'sedeers' at column 3; did you mean seeders?"),
        ("state=dwon", "filter: unknown state 'dwon' at column 7; did you mean down?"),
        ("kind=refusd", "filter: unknown kind 'refusd' at column 6; did you mean refused?"),
        ("private=maybe", "filter: unknown private 'maybe' at column 9; choices: yes, no"),
        ("seeders<many", "filter: 'many' is no number for seeders at column 9; numbers are like 3, 1.5k, 4Gi"),
        ("seeders<nan", "filter: 'nan' is no number for seeders at column 9; numbers are like 3, 1.5k, 4Gi"),
        ("seeders<-1", "filter: '-1' is no number for seeders at column 9; numbers are like 3, 1.5k, 4Gi"),
        ("seeders<unknown", "filter: unknown has no order at column 9; use seeders=unknown"),
        ("seeders~3", "filter: seeders is a number at column 8; use = < <= > >= instead of ~"),
        ("name<3", "filter: name is no number at column 5; use = or ~"),
        ("name=", "filter: a value for name is missing at column 6; like name~debian"),
        ("a |", "filter: something is missing at column 4; expected a word or field=value"),
        ("a & & b", "filter: '&' is unexpected here at column 5; expected a word or field=value"),
        ("(a", "filter: '(' is never closed at column 1"),
        ("a)", "filter: nothing is open that ')' could close at column 2"),
        ("()", "filter: ')' is unexpected here at column 2; expected a word or field=value"),
        ("=3", "filter: '=' is unexpected here at column 1; expected a word or field=value"),
        ("name='x", "filter: the quote is never closed at column 6"),
        ("!" * 100 + "a", f"filter: more than {MAX_DEPTH} levels deep at column {MAX_DEPTH + 2}"),
        ("(" * 100 + "a", f"filter: more than {MAX_DEPTH} levels deep at column {MAX_DEPTH + 2}"),
        ("a" * 5000, f"filter: longer than {MAX_CHARS} characters at column {MAX_CHARS + 1}"),
    ],
)
def test_a_mistake_names_its_column(text, message):
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert str(caught.value) == message


def test_the_pointer_stands_under_the_mistake():
    with pytest.raises(FilterError) as caught:
        parse("a & sedeers<3")
    assert caught.value.pointer == "  a & sedeers<3\n      ^"


def test_the_pointer_counts_wide_characters_twice_and_shows_no_control_characters():
    with pytest.raises(FilterError) as caught:
        parse("日本\x1b & x<3")
    assert caught.value.pointer == "  日本? & x<3\n          ^"


def test_the_pointer_of_a_long_filter_shows_the_neighbourhood():
    with pytest.raises(FilterError) as caught:
        parse("a " * 300 + "x<3")
    shown, caret = caught.value.pointer.split("\n")
    assert shown[caret.index("^") :] == "x<3"
    assert len(shown) < 80


ANY_TEXT = st.text(alphabet=st.sampled_from("ab'\"()!&|=~<> \\3kstaeden日\x1b\n?"), max_size=60) | st.text(max_size=200)


@given(ANY_TEXT)
def test_any_text_is_a_filter_or_a_usage_error(text):
    with contextlib.suppress(FilterError):
        parse(text)


@given(ANY_TEXT)
def test_any_mistake_is_one_line_and_a_pointer(text):
    with pytest.raises(FilterError) as caught:
        parse(f"{text}\\ sedeers<3 (")
    assert "\n" not in str(caught.value)
    assert len(caught.value.pointer.split("\n")) == 2
    assert 1 <= caught.value.column <= MAX_CHARS + 1
