"""What is offered at the cursor."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackerwatch.filters import parse_filter
from trackerwatch.filters.completion import Candidate, Completion, Vocabulary, complete
from trackerwatch.filters.fields import EVENTS, TABLES, Field
from trackerwatch.filters.parsing import parse

WORDS = Vocabulary(
    values={
        Field.HOST: (Candidate("tracker.foo.org", "5,120 torrents"), Candidate("t2.bar.net", "41 torrents")),
        Field.FOLDER: (Candidate("my linux", "3 torrents"), Candidate('a"b')),
        Field.STATE: (Candidate("down", "does not answer"),),
    },
    saved={"starving": "seeders<3", "two words": "size>1G"},
)


def offered(text: str, cursor: int | None = None) -> list[str]:
    return [one.text for one in complete(text, len(text) if cursor is None else cursor, WORDS).candidates]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("see", ["seeders<"]),
        ("x & lee", ["leechers>"]),
        ("!(se", ["seeders<"]),
        ("info-h", ["info_hash~"]),
        ("coll", ["collection="]),
        ("seeders", ["seeders<", "seeders<=", "seeders>", "seeders>=", "seeders=", "seeders!="]),
        ("name", ["name~", "name=", "name!~", "name!="]),
        ("state=d", ["degraded", "down"]),
        ("state != failed", ["failed_over"]),
        ("private=", ["yes", "no"]),
        ("host=t", ["tracker.foo.org", "t2.bar.net"]),
        ("host=bar", ["t2.bar.net"]),
        ("folder=my", ['"my linux"']),
        ('folder="my', ['"my linux"']),
        ("folder=a", ['a"b']),
        ("seeders<", ["1", "10", "1k"]),
        ("seeders=", ["1", "10", "1k", "unknown"]),
        ("since>", ["200ms", "5m", "2h", "7d"]),
        ("uptime<99", ["99%", "99.9%"]),
        ("@st", ["@starving"]),
        ("a | @two", ['@"two words"']),
        ('@"two', ['@"two words"']),
        ("host=x state=exh", ["exhausted"]),
        ("name~/a b/ state=exh", ["exhausted"]),
        ("name='a b' verdict=c", ["critical"]),
    ],
)
def test_offers(text, first):
    assert offered(text)[: len(first)] == first


@pytest.mark.parametrize("text", ["name~/ab", "nosuch=a", "=", "'open", "name='x'", "/a b/", "zzz"])
def test_offers_nothing_where_anything_goes(text):
    assert offered(text) == []


def test_an_empty_line_offers_fields_and_saved_filters():
    texts = offered("")
    assert texts[0] == "name~"
    assert texts[-2:] == ["@starving", '@"two words"']
    assert offered("a ") == texts


def test_it_replaces_what_is_before_the_cursor_alone():
    found = complete("x & see | y", 7, WORDS)
    assert (found.start, found.end, found.common) == (4, 7, "seeders<")


def test_candidates_say_what_they_mean():
    told = {one.text: one.told for one in complete("state=", 6, WORDS).candidates}
    assert told["down"] == "does not answer"
    assert complete("see", 3).candidates[0].told == TABLES.fields[Field.SEEDERS].told
    assert complete("@st", 3, WORDS).candidates == (Candidate("@starving", "seeders<3"),)


def test_events_have_fields_of_their_own():
    found = complete("kind=failed", 11, WORDS, EVENTS)
    assert [one.text for one in found.candidates] == ["failed_over"]
    assert complete("seeders", 7, WORDS, EVENTS).candidates == ()


@given(st.text(alphabet=" ab'\"()!&|=~<>@/\\.*stateseeders", max_size=40), st.integers(-2, 50))
def test_whatever_is_typed_something_is_said_that_fits(text, cursor):
    found = complete(text, cursor, WORDS)
    assert isinstance(found, Completion)
    assert 0 <= found.start <= found.end <= len(text)


@pytest.mark.parametrize("language", [TABLES, EVENTS])
def test_every_field_that_is_offered_parses_with_every_value_that_is_offered(language):
    for begun in complete("", 0, WORDS, language).candidates:
        if begun.text.startswith("@"):
            parse_filter(begun.text, WORDS.saved)
            continue
        for value in complete(begun.text, len(begun.text), WORDS, language).candidates:
            parse(begun.text + value.text, None, language)


def test_every_example_of_the_table_parses():
    for language in (TABLES, EVENTS):
        for info in language.fields.values():
            parse(info.example, None, language)
