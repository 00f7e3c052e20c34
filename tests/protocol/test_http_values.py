"""Values of an HTTP reply as text."""

import pytest

from trackerwatch.protocol.http_values import text_of


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (b"come back later", "come back later"),
        ({b"en": b"no", b"codes": [4, [b"key 0a1b2c"]]}, "en no codes 4 key …"),
        ([b"\x1b]0;owned\x07[bold red]x[/]"], "[bold red]x[/]"),
        ([], ""),
        (-1, "-1"),
    ],
)
def test_whatever_it_is_it_becomes_one_clean_line(value, shown):
    assert text_of(value, ("0a1b2c",)) == shown
