"""The summary of a step of GitHub Actions: Markdown, added to the file that the runner names."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from trackerwatch.reports import Style, renderer

if TYPE_CHECKING:
    from trackerwatch.reports.rows import Report

VARIABLE = "GITHUB_STEP_SUMMARY"
MAX_BYTES = 1024 * 1024
"""Of all that a step adds: GitHub shows nothing of a larger one."""


def add_to_step_summary(report: Report) -> str:
    """Add the report to the summary of this step, where there is one.

    Returns:
        Why it could not be added, in one line; empty: it was, or no runner asks for it.
    """
    path = os.environ.get(VARIABLE, "")
    if not path:
        return ""
    text = "".join(renderer("markdown")(report, Style())).encode("utf-8", "backslashreplace")
    try:
        with open(path, "ab") as file:  # noqa: PTH123 - pathlib is slow to import
            before = file.tell()
            if before + len(text) + 1 > MAX_BYTES:
                return f"{VARIABLE}: no room: {before:,} bytes are in it, and a step may have {MAX_BYTES:,}"
            file.write(b"\n" * bool(before) + text)
    except (OSError, ValueError) as error:
        return f"{VARIABLE} {path!r}: {getattr(error, 'strerror', None) or error}"
    return ""
