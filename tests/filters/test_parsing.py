from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackerwatch.errors import UsageError
from trackerwatch.filters import mistakes
from trackerwatch.filters.fields import EVENTS, Comparison, Field
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
        ("since>2h", FieldTest(Field.SINCE, Comparison.GREATER, 7200.0)),
        ("for>=1.5d", FieldTest(Field.SINCE, Comparison.GREATER_EQUAL, 129600.0)),
        ("since<30", FieldTest(Field.SINCE, Comparison.LESS, 30.0)),
        ("since=2h", FieldTest(Field.SINCE, Comparison.EQUAL, 7200.0, 3600.0)),
        ("seeders=3", FieldTest(Field.SEEDERS, Comparison.EQUAL, 3.0)),
        ("latency>200ms", FieldTest(Field.LATENCY, Comparison.GREATER, 0.2)),
        ("uptime<99%", FieldTest(Field.UPTIME, Comparison.LESS, 0.99)),
        ("name~/deb.*(amd|arm)64 x/", FieldTest(Field.NAME, Comparison.CONTAINS, Regex("deb.*(amd|arm)64 x"))),
        (r"name!~/a\/b/i & x", AllOf((Not(FieldTest(Field.NAME, Comparison.CONTAINS, Regex(r"a\/b"))), Word("x")))),
        ("/^deb/", Word(Regex("^deb"))),
        ("source~/srv/torrents", FieldTest(Field.SOURCE, Comparison.CONTAINS, "/srv/torrents")),
        ("source=/srv/", equals(Field.SOURCE, "/srv/")),
        ("tracker~/announce?x", FieldTest(Field.TRACKER, Comparison.CONTAINS, "/announce?x")),
        ("name='/a/'", equals(Field.NAME, "/a/")),
        ("name=Deb*64", equals(Field.NAME, Glob("deb*64"))),
        ("name~deb*64", FieldTest(Field.NAME, Comparison.CONTAINS, Glob("*deb*64*"))),
        ("name='deb*64'", equals(Field.NAME, "deb*64")),
        ("deb*64", Word(Glob("*deb*64*"))),
        ("state~/^d/", FieldTest(Field.STATE, Comparison.CONTAINS, Regex("^d"))),
        ("rule=one-seeder", equals(Field.RULE, "one_seeder")),
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
        (
            "since>soon",
            "filter: 'soon' is no duration for since at column 7; durations are like 200ms, 30s, 5m, 2h, 7d",
        ),
        ("since>2y", "filter: '2y' is no duration for since at column 7; durations are like 200ms, 30s, 5m, 2h, 7d"),
        ("uptime<99", "filter: '99' is no share for uptime at column 8; shares are like 99% or 99.5%"),
        ("seeders<5%", "filter: '5%' is no number for seeders at column 9; numbers are like 3, 1.5k, 4Gi"),
        ("uptme<99%", "filter: unknown field 'uptme' at column 1; did you mean uptime?"),
        ("state~dwon", "filter: no state holds 'dwon' at column 7; did you mean down?"),
        ("private~/x/", "filter: no private is like that at column 9; choices: yes, no"),
        ("name~/a(b/", "filter: '(' is never closed at column 8; write \\( for the character"),
        ("name~/a/g", "filter: a regex has no flag 'g' at column 9; case never counts; nothing follows the last /"),
        ("name=/a.*/", "filter: a regex cannot be equal at column 6; compare it with ~, or quote what is no regex"),
        ("name~/a.*", "filter: a regex is never closed at column 6; end it with /, or quote what is no regex"),
        ("x | @starving", "filter: no filter is saved as 'starving' at column 5; none is saved"),
        ("@ x", "filter: the name of a saved filter is missing at column 2; none is saved"),
        ("a " * 600, f"filter: more than {MAX_TESTS} words and comparisons at column {2 * MAX_TESTS + 1}"),
        ("!" * 100 + "a", f"filter: more than {MAX_DEPTH} levels deep at column {MAX_DEPTH + 2}"),
        ("(" * 100 + "a", f"filter: more than {MAX_DEPTH} levels deep at column {MAX_DEPTH + 2}"),
        ("a" * 5000, f"filter: longer than {MAX_CHARS} characters at column {MAX_CHARS + 1}"),
    ],
)
def test_a_mistake_names_its_column(text, message):
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert str(caught.value) == message


SAVED = {
    "starving": "seeders<3 | leechers>10",
    "Both words": "@starving & private=no",
    "bad": "a & sedeers<3",
    "worse": "x | @bad",
    "round": "@about",
    "about": "a @round",
    "lost": "@nowhere",
    "empty": "",
}


def test_a_saved_filter_stands_for_what_it_says():
    starving = parse("seeders<3 | leechers>10")
    assert parse("@starving", SAVED) == starving
    assert parse("x & !@STARVING", SAVED) == AllOf((Word("x"), Not(starving)))
    assert parse("@'both words' | y", SAVED) == AnyOf((AllOf((starving, equals(Field.PRIVATE, "no"))), Word("y")))
    assert parse("@empty", SAVED) == AllOf(())
    assert parse("'@starving'", SAVED) == Word("@starving")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("@starvin", "filter: no filter is saved as 'starvin' at column 1; did you mean starving?"),
        ("x @bad", "filter: in @bad: unknown field 'sedeers' at its column 5 at column 3; did you mean seeders?"),
        ("@worse", "filter: in @bad: unknown field 'sedeers' at its column 5 at column 1; did you mean seeders?"),
        ("@round", "filter: saved filters go round in a circle: @round -> @about -> @round at column 1"),
    ],
)
def test_a_mistake_in_a_saved_filter_names_it(text, message):
    with pytest.raises(FilterError) as caught:
        parse(text, SAVED)
    assert str(caught.value) == message


def test_saved_filters_that_name_each_other_cannot_grow_without_bound():
    named = {"f0": "a b c d"} | {f"f{n}": f"@f{n - 1} @f{n - 1}" for n in range(1, 30)}
    with pytest.raises(FilterError, match=f"more than {MAX_TESTS} words"):
        parse("@f29", named)
    named = {"f0": ""} | {f"f{n}": f"@f{n - 1} @f{n - 1}" for n in range(1, 30)}
    with pytest.raises(FilterError, match="more than"):
        parse("@f29", named)


def test_the_saved_filters_with_mistakes_are_told_one_by_one():
    found = mistakes(SAVED)
    assert list(found) == ["bad", "worse", "round", "about", "lost"]
    assert found["bad"] == "saved 'bad': filter: unknown field 'sedeers' at column 5; did you mean seeders?"


def test_events_have_fields_of_their_own():
    assert parse("kind=failed_over name~x", None, EVENTS) == AllOf(
        (equals(Field.KIND, "failed_over"), FieldTest(Field.TORRENT, Comparison.CONTAINS, "x"))
    )
    with pytest.raises(FilterError, match="unknown field 'seeders' at column 1; fields: kind, tracker, host"):
        parse("seeders<3", None, EVENTS)


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


ANY_TEXT = st.text(alphabet=st.sampled_from("ab'\"()!&|@/.*[=~<> \\3kstaeden日\x1b\n?"), max_size=60) | st.text(
    max_size=200
)


@given(ANY_TEXT, st.sampled_from([None, EVENTS]))
def test_any_text_is_a_filter_or_a_mistake_inside_it(text, language):
    mistake = None
    try:
        parse(text, SAVED, *() if language is None else (language,))
    except FilterError as error:
        mistake = error
    assert mistake is None or 1 <= mistake.column <= len(text) + 1


@given(ANY_TEXT)
def test_any_mistake_is_one_line_and_a_pointer(text):
    with pytest.raises(FilterError) as caught:
        parse(f"{text}\\ sedeers<3 (")
    assert "\n" not in str(caught.value)
    assert len(caught.value.pointer.split("\n")) == 2
    assert 1 <= caught.value.column <= MAX_CHARS + 1
