"""What a badge says, as the JSON that badge services fetch and draw (the endpoint format of shields.io, schema version 1)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from trackerwatch.policy.rules import Verdict
from trackerwatch.reports.telling import badge_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trackerwatch.reports.formats import Style
    from trackerwatch.reports.rows import Report

CACHE_S = 300
"""So long a service may show it before it looks again: the least that they grant."""


def render(report: Report, style: Style) -> Iterator[str]:
    """The document."""
    del style
    badge = {
        "schemaVersion": 1,
        "label": badge_words.label(report),
        "message": badge_words.message(report),
        "color": badge_words.COLORS[report.verdict],
        "labelColor": "#3a424c",
        # What is no good news keeps its colour, whatever colour the page that shows it asks for.
        "isError": report.verdict in (Verdict.CRITICAL, Verdict.UNKNOWN),
        "cacheSeconds": CACHE_S,
    }
    yield json.dumps(badge, ensure_ascii=False, indent=2) + "\n"
