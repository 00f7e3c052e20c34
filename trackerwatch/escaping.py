"""Text from outside in documents that others open: spreadsheets, Markdown, XML, monitoring systems, CI logs. Pure."""

from __future__ import annotations

import re

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""Full-width ones too: spreadsheets of East Asia take them for the plain ones."""
_INNER_FORMULA = re.compile(r'([;\t][\s"]*)(?=[=+\-@|%\uff1d\uff0b\uff0d\uff20])')
_NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~&])")
_MARKDOWN_START = re.compile(r"^([-+=](?=[-+=\s]|$)|[0-9]{1,9}(?=[.)](?:\s|$)))")
"""What makes a list or a heading where a line begins with it."""
_MARKDOWN_LINKED = re.compile(
    # Mentions and e-mail; formulas; addresses and hosts; GH-1; #1, !1, %1, &1, ~label; :emoji:; names of commits.
    r"[@$]|:/|[\w-]\.[^\W\d_]{2,}|\bgh-\d|[#!%&~][\w\"]|:[\w+-]+:|\b(?=[0-9a-f]*\d)[0-9a-f]{7,64}\b",
    re.IGNORECASE,
)
"""What GitHub, GitLab and others make links of when the Markdown is HTML already: no backslash helps against them, code does."""
_BACKTICKS = re.compile("`+")
_COMMAND = re.compile(r"^(\s*):(?=:[^\s:]+.*::)")
_COMMAND_ANYWHERE = re.compile(r"##(?=\w*\[)")


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
    """Text that Markdown shows as it is, also in a cell: no link, picture, tag, emphasis, mention, reference or formula.

    Words that would be made a link of all the same are shown as code.
    """
    return _MARKDOWN_START.sub(_escaped_start, " ".join(map(_word, text.split())))


def _word(word: str) -> str:
    if not _MARKDOWN_LINKED.search(word):
        return _MARKDOWN.sub(r"\\\1", word)
    core = word.lstrip("(").rstrip("),.;:")
    before, core, after = word.partition(core) if core else ("", word, "")
    return f"{before}{markdown_code(core)}{after}"


def _escaped_start(match: re.Match[str]) -> str:
    start = match[1]
    # A number begins a list by what follows it.
    return f"{start}\\" if start.isdigit() else f"\\{start}"


def markdown_code(text: str) -> str:
    """Text as code, also in a cell; empty where it is."""
    # A bar ends a cell even within code, and a backslash before it shows outside of tables: it stands between two pieces.
    return "\\|".join(_code_span(piece) if piece else "" for piece in " ".join(text.split()).split("|"))


def _code_span(text: str) -> str:
    if not text.strip():
        return text
    fence = "`" * (1 + max((len(run) for run in _BACKTICKS.findall(text)), default=0))
    room = " " if text[0] == "`" or text[-1] == "`" or text[0] == text[-1] == " " else ""
    return f"{fence}{room}{text}{room}{fence}"


def workflow_data(text: str) -> str:
    """Text for the message of a workflow command of GitHub Actions; line breaks in it are shown."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def workflow_property(text: str) -> str:
    """Text for a property of a workflow command of GitHub Actions, like `title`."""
    return workflow_data(text).replace(":", "%3A").replace(",", "%2C")


def no_workflow_command(line: str) -> str:
    """A line of as many characters that no CI runner takes for a command: GitHub's read `::error::` after blanks, and `##[` anywhere."""
    if "##" in line:
        line = _COMMAND_ANYWHERE.sub("# ", line)
    return _COMMAND.sub(r"\1 ", line) if "::" in line else line
