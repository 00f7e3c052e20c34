"""Text from outside in documents that others open: spreadsheets, Markdown, XML, monitoring systems. Pure."""

from __future__ import annotations

import re

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""Full-width ones too: spreadsheets of East Asia take them for the plain ones."""
_INNER_FORMULA = re.compile(r"([;\t]\s*)(?=[=+\-@|%\uff1d\uff0b\uff0d\uff20])")
_NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~&:])")


def harmless_cell(text: str) -> str:
    """Text that no spreadsheet takes for a formula, also one that takes a semicolon for the end of a cell."""
    if ";" in text or "\t" in text:
        text = _INNER_FORMULA.sub(r"\1'", text)
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text


def xml_text(text: str) -> str:
    """Text for the inside of an element or of an attribute in double quotes: what XML cannot say is left out."""
    text = _NO_XML.sub("", text)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    # Or an attribute would be read with blanks in their place, and an element without its carriage returns.
    return text.replace('"', "&quot;").replace("\r", "&#13;").replace("\t", "&#9;")


def label_value(text: str) -> str:
    """Text for the inside of a label's value in the Prometheus exposition format."""
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return text
    text = _NO_XML.sub("", text).replace("\r", " ")
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def markdown_text(text: str) -> str:
    """Text that Markdown shows as it is: no link, picture, tag, emphasis or end of a cell."""
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))
