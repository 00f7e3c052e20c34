"""Text from outside in documents that others open: spreadsheets and Markdown. Pure."""

from __future__ import annotations

import re

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~&:])")


def harmless_cell(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text


def markdown_text(text: str) -> str:
    """Text that Markdown shows as it is: no link, picture, tag, emphasis or end of a cell."""
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))
