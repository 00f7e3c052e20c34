"""The bounded regular expressions: what they find is what Python's find, and no text takes long."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackerwatch.filters.regex import Regex
from trackerwatch.filters.regex_parsing import MAX_PATTERN_CHARS, RegexError


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("", "anything", True),
        ("deb.*amd64", "xx-debian-13-amd64.iso", True),
        ("DEB", "debian", True),
        ("deb.*amd64", "debian-arm64", False),
        ("^deb", "debian", True),
        ("^eb", "debian", False),
        ("ian$", "debian", True),
        ("bia$", "debian", False),
        (r"\bian\b", "deb ian", True),
        (r"\bian\b", "debian", False),
        (r"\B13", "a13", True),
        (r"\B13", "a 13", False),
        (r"\d{2,3}x", "7x 1234x", True),
        (r"^\d{2,3}x", "1234x", False),
        (r"a{3}$", "baaa", True),
        (r"^a{2,}$", "a", False),
        (r"^(?:ab|cd)+$", "abcdab", True),
        (r"^(ab|cd)+$", "abc", False),
        (r"[A-C]x", "bx", True),
        (r"[^A-C]x", "bx", False),
        (r"[]x]y", "]y", True),
        (r"[a\-z]1", "-1", True),
        (r"[\d-]z", "-z", True),
        (r"a.?c", "ac", True),
        (r"\.iso", "xiso", False),
        (r"a*?b", "aaab", True),
        ("{", "a{b", True),
        ("straße", "strasse", True),
        ("$", "", True),
        ("^$", "x", False),
    ],
)
def test_finds(pattern, text, found):
    assert Regex(pattern).search(text) is found


@pytest.mark.parametrize(
    ("pattern", "at", "problem"),
    [
        ("ab(c", 2, "'(' is never closed"),
        ("ab)c", 2, "nothing is open that ')' could close"),
        ("a[bc", 1, "'[' is never closed"),
        ("*a", 0, "nothing to repeat before '*'"),
        ("a**", 2, "a repeat of a repeat"),
        ("a{3,1}", 1, "a repeat from more to less"),
        ("[z-a]", 1, "a range that leads nowhere"),
        ("^*", 0, "a place cannot be repeated"),
        ("(?=a)", 0, "looking around and named groups are not known here"),
        (r"(a)\1", 3, "back references are not known here"),
        (r"\q", 0, r"\q is not known here"),
        ("a\\", 1, "a backslash at the end"),
        ("(a{99}){99}", 0, "a regex that is too much work"),
        ("((){999}){999}", 0, "a regex that is too much work"),
        ("(" * 50, 21, "more than 20 levels deep"),
        ("a" * 500, MAX_PATTERN_CHARS, f"regex longer than {MAX_PATTERN_CHARS} characters"),
    ],
)
def test_a_mistake_is_named_at_its_place(pattern, at, problem):
    with pytest.raises(RegexError) as caught:
        Regex(pattern)
    assert (caught.value.problem, caught.value.at) == (problem, at)


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*b", "a*a*a*a*a*a*a*b", "(.*)*x", "(a?){30}a{30}"])
def test_no_text_makes_it_freeze(pattern):
    regex = Regex(pattern)
    regex.search("a" * 5000 + "!")
    # Every further step is one that is known: the texts of strangers cannot multiply the work.
    assert regex.learned <= 200


def test_the_end_of_a_very_long_text_is_not_looked_at():
    assert not Regex("b").search("a" * 5000 + "b")
    assert Regex("b").search("a" * 500 + "b")


ATOMS = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\d", r"\w", r"\b", "^", "$", " ", "1"])
PATTERNS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.tuples(inner, inner).map("({0[0]}|{0[1]})".format),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{0,2}"])).map("(x?{0[0]}){0[1]}".format),
    ),
    max_leaves=5,
)


@given(PATTERNS, st.text(alphabet="ab1 x-", max_size=8))
def test_it_finds_what_python_finds(pattern, text):
    assert Regex(pattern).search(text) is bool(re.search(pattern.replace("$", r"\Z"), text))


@given(st.text(alphabet="ab()[]{}*+?|^$\\.-1,", max_size=20), st.text(max_size=30))
def test_any_pattern_is_one_or_a_mistake_inside_it(pattern, text):
    problem = None
    try:
        Regex(pattern).search(text)
    except RegexError as error:
        problem = error
    assert problem is None or 0 <= problem.at <= len(pattern)
