"""A badge for a README: one small SVG that says what is ready, in words and in colour."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from trackerwatch.escaping import xml_text
from trackerwatch.reports.telling import badge_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trackerwatch.reports.formats import Style
    from trackerwatch.reports.rows import Report

LABEL_GROUND = "#3a424c"
HEIGHT = 20
SIDE = 7
"""Space beside a text, in pixels."""

_FIRST = 0x20
# fmt: off
_TENTHS = (
    35, 44, 51, 92, 70, 105, 86, 30, 43, 43, 55, 92, 35, 40, 35, 37, 70, 70, 70, 70, 70, 70, 70, 70, 70, 70, 37, 37, 92, 92, 92, 58,
    110, 75, 75, 77, 85, 70, 63, 85, 83, 32, 32, 72, 61, 95, 82, 87, 66, 87, 76, 70, 67, 81, 75, 109, 75, 67, 75, 43, 37, 43, 92, 55,
    55, 67, 70, 60, 70, 68, 39, 70, 70, 31, 31, 64, 31, 107, 70, 67, 70, 70, 45, 57, 43, 70, 65, 90, 65, 65, 58, 70, 37, 70, 92,
)
# fmt: on
"""Widths of the printable ASCII characters in tenths of a pixel, at 11 pixels of DejaVu Sans, as wide as Verdana."""
_OTHER, _WIDE = 75, 115


def render(report: Report, style: Style) -> Iterator[str]:
    """The picture."""
    del style
    label, message = badge_words.label(report), badge_words.message(report)
    ground = badge_words.COLORS[report.verdict]
    left, right = width(label) + 2 * SIDE, width(message) + 2 * SIDE
    told = xml_text(f"{label}: {message}")
    at = f"{report.generated_at.day} {report.generated_at:%b %Y %H:%M} UTC"
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="{HEIGHT}" '
        f'viewBox="0 0 {left + right} {HEIGHT}" role="img" aria-label="{told}">\n'
        f"<title>{told} ({at})</title>\n"
        f'<path fill="{LABEL_GROUND}" d="M4 0h{left - 4}v{HEIGHT}H4a4 4 0 0 1-4-4V4a4 4 0 0 1 4-4z"/>\n'
        f'<path fill="{ground}" d="M{left} 0h{right - 4}a4 4 0 0 1 4 4v{HEIGHT - 8}a4 4 0 0 1-4 4H{left}z"/>\n'
        '<g fill="#fff" font-family="Verdana,\'DejaVu Sans\',Geneva,sans-serif" font-size="11" aria-hidden="true">\n'
        f'<text x="{SIDE}" y="14" textLength="{width(label)}">{xml_text(label)}</text>\n'
        f'<text x="{left + SIDE}" y="14" textLength="{width(message)}">{xml_text(message)}</text>\n'
        "</g>\n</svg>\n"
    )


def width(text: str) -> int:
    """How wide a text is drawn, in whole pixels; `textLength` makes every font keep to it."""
    return max(1, -(-sum(map(_tenths, text)) // 10))


def _tenths(character: str) -> int:
    at = ord(character) - _FIRST
    if 0 <= at < len(_TENTHS):
        return _TENTHS[at]
    if unicodedata.combining(character):
        return 0
    return _WIDE if unicodedata.east_asian_width(character) in "WF" else _OTHER
