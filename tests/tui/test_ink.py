import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackerwatch.tui.lines.ink import Ink, Span, crop, crop_left, crop_line, fit, line_width, safe, width_of, wrap


@pytest.mark.parametrize(
    ("text", "width", "fitted"),
    [
        ("refused", 7, "refused"),
        ("refused", 5, "refu…"),
        ("up", 4, "up  "),
        ("日本語", 6, "日本語"),
        ("日本語", 5, "日本…"),
        ("日本語", 4, "日… "),
        ("x", 0, ""),
    ],
)
def test_fit(text, width, fitted):
    assert fit(text, width) == fitted
    assert width_of(fitted) == width


def test_fit_to_the_right_and_from_the_left():
    assert fit("12", 5, right=True) == "   12"
    assert fit("tracker.example.org:1337", 12, elide_left=True) == "…le.org:1337"
    assert crop_left("日本語", 4) == "…語"


@given(st.text(max_size=40), st.integers(0, 30), st.booleans())
def test_fit_is_exact_for_any_text(text, width, left):
    text = safe(text)
    assert width_of(fit(text, width, elide_left=left)) == width


@pytest.mark.parametrize("text", ["a\x1b[31mred", "a\u202egnp.exe", "a\u200bb", "a\nb", "a\x9b2J", "\ud800"])
def test_safe_leaves_nothing_that_acts(text):
    assert safe(text).isprintable()


def test_safe_drops_variation_selectors():
    assert safe("⚠\ufe0f ok") == "⚠ ok"


def test_crop_line_ends_in_an_ellipsis_of_the_span_that_is_cut():
    line = (Span("abc"), Span("defg", Ink.BAD), Span("hij"))
    assert crop_line(line, 10) == line
    assert crop_line(line, 6) == (Span("abc"), Span("de…", Ink.BAD))
    assert "".join(span.text for span in crop_line(line, 7)) == "abcdef…"
    assert crop("abc", 0) == ""


def test_wrap_breaks_at_spaces_and_indents_what_follows():
    line = (Span("said ", Ink.DIM), Span("the tracker does not know this torrent"))
    lines = wrap(line, 20, indent=5)
    assert ["".join(span.text for span in part) for part in lines] == [
        "said the tracker",
        "     does not know",
        "     this torrent",
    ]
    assert lines[0][0].ink is Ink.DIM


@given(st.text(alphabet="ab 日🎬", max_size=80), st.integers(1, 30), st.integers(0, 12))
def test_wrap_never_exceeds_the_width(text, width, indent):
    for line in wrap((Span(text),), width, indent=indent):
        assert line_width(line) <= width


@given(st.text(alphabet="abc ", max_size=80), st.integers(10, 30))
def test_wrap_loses_no_word(text, width):
    lines = wrap((Span(text),), width, indent=2)
    assert "".join("".join(s.text for s in line) for line in lines).replace(" ", "") == text.replace(" ", "")
