"""Every format of a report, read as a stranger's program reads it: the text that somebody sees, and what is around it."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

from markdown_it import MarkdownIt
from prometheus_client.parser import text_string_to_metric_families
from rich.cells import cell_len

from tests.hostile.child import UNSAFE
from trackerwatch.reports.page.style import SCRIPT, STYLE

WIDTHS = {"table": 100, "nagios": 80}
FIGURE = re.compile(r"(?:'[^'=|\s]+'|[A-Za-z0-9_]+)=(?:U|[0-9.]+s?)")
FORMULA = ("=", "+", "-", "@", "|", "%", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
GITHUB_COMMAND = re.compile(r"::(?:error|warning|notice) title=[^:,]*::[^\r\n]*")
RUNNER_COMMAND = re.compile(r"^\s*::[^\s:]+.*::|##\w*\[")
VOID = {"meta", "link", "br", "hr", "input", "col", "img", "wbr"}


@dataclass
class Seen:
    """One document, read back."""

    texts: list[str] = field(default_factory=list)
    """What is shown, in pieces that belong together."""
    skeleton: list[object] = field(default_factory=list)
    """What is around it: the same whatever the texts are."""

    @property
    def all(self):
        return "\n".join(self.texts)


def read(name: str, document: str) -> Seen:
    """Read a document of a format; whatever is wrong with its form fails here."""
    assert not UNSAFE.search(document.replace("\r\n", "\n") if name == "csv" else document)
    assert document.endswith("\n")
    return READERS[name](document)


# -- data ------------------------------------------------------------------------------------------------------------


def _walk(value, seen):
    if isinstance(value, dict):
        seen.skeleton.append(tuple(value))
        for inner in value.values():
            _walk(inner, seen)
    elif isinstance(value, list):
        seen.skeleton.append(len(value))
        for inner in value:
            _walk(inner, seen)
    elif isinstance(value, str):
        assert not UNSAFE.search(value.replace("\n", "\0"))
        seen.texts.append(value)
    else:
        seen.skeleton.append(type(value))


def _json(document):
    seen = Seen()
    _walk(json.loads(document), seen)
    return seen


def _json_lines(document):
    seen = Seen()
    lines = [json.loads(line) for line in document.removesuffix("\n").split("\n")]
    assert lines[-1]["type"] == "end"
    _walk(lines, seen)
    return seen


def _csv(document):
    rows = list(csv.reader(io.StringIO(document, newline=""), strict=True))
    assert len({len(row) for row in rows}) == 1
    for row in rows:
        for cell in row:
            # One locale ends a cell at a comma, the next at a semicolon.
            assert not any(part.strip().startswith(FORMULA) for part in cell.split(";"))
    # A reader takes the apostrophe off again.
    return Seen([re.sub(r"(^|;\s*)'", r"\1", cell) for row in rows for cell in row], [len(rows)])


def _metrics(document):
    seen = Seen()
    for family in text_string_to_metric_families(document):
        seen.skeleton.append((family.name, len(family.samples), [tuple(sample.labels) for sample in family.samples]))
        seen.texts += [value for sample in family.samples for value in sample.labels.values()]
    return seen


def _xml(document):
    seen = Seen()
    for element in ET.fromstring(document).iter():
        seen.skeleton.append((element.tag, tuple(element.attrib)))
        seen.texts += [*element.attrib.values(), element.text or "", element.tail or ""]
    return seen


def _svg(document):
    seen = _xml(document)
    tags = {tag.rpartition("}")[2] for tag, _ in seen.skeleton}
    assert tags == {"svg", "title", "path", "g", "text"}
    assert not any(name.startswith("on") or "href" in name for _, names in seen.skeleton for name in names)
    return seen


# -- pages -----------------------------------------------------------------------------------------------------------


class _Page(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.seen = Seen()
        self.open = []
        self.attributes = []

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names)
        self.seen.skeleton.append((tag, tuple(names)))
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.skeleton.append((tag, tuple(name for name, _ in attrs)))
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "script":
            assert data == SCRIPT
        elif self.open and self.open[-1] == "style":
            assert data == STYLE
        else:
            self.seen.texts.append(data)

    def handle_comment(self, data):
        raise AssertionError(f"a comment: {data!r}")

    def handle_pi(self, data):
        raise AssertionError(f"an instruction: {data!r}")

    def unknown_decl(self, data):
        raise AssertionError(f"a declaration: {data!r}")


def _page(document):
    page = _Page()
    page.feed(document)
    page.close()
    assert page.open == []
    return page


def _html(document):
    page = _page(document)
    for tag, name, value in page.attributes:
        assert not name.startswith("on")
        assert name != "src"
        if name == "href":
            assert value.startswith(("#", "data:image/svg+xml")), (tag, value)
    page.seen.texts += [value for _, name, value in page.attributes if name in {"title", "aria-label", "content"}]
    return page.seen


HOSTS = {"tracker.foo.org:6969", "tracker.example.org:1337", "private.example.net:443"}
MARKDOWN_TAGS = {
    *("h1", "h2", "h3", "h4", "p", "ul", "ol", "li", "strong", "em", "code", "pre", "hr", "br", "details", "summary"),
    *("table", "thead", "tbody", "tr", "th", "td", "blockquote"),
}


def _markdown(document):
    assert len(document.encode()) < 60_000
    page = _page(MarkdownIt("gfm-like", {"html": True}).render(document))
    tags = {tag for tag, _ in page.seen.skeleton}
    assert tags <= MARKDOWN_TAGS | {"a"}, tags - MARKDOWN_TAGS
    for tag, name, value in page.attributes:
        assert name in {"style", "class", "open", "start"} or (tag, name) == ("a", "href")
        # Some renderers make links of host names alone: of those that we ask, and no others.
        assert tag != "a" or value.removeprefix("http://") in HOSTS, value
    # Words that would be made links of all the same are shown as code: only the rows of tables are always alike.
    page.seen.skeleton = [tag for tag, _ in page.seen.skeleton if tag in {"tr", "td", "th"}]
    return page.seen


# -- lines -----------------------------------------------------------------------------------------------------------


def _lines(name):
    def lines(document):
        told = document.removesuffix("\n").split("\n")
        assert all(cell_len(line) <= WIDTHS[name] for line in told)
        # These stand in the logs of CI jobs as they are.
        assert not any(RUNNER_COMMAND.search(line) for line in told)
        return Seen(told)

    return lines


def _plugin(document):
    seen = _lines("nagios")(document)
    head, *rest = seen.texts
    long_text, _, figures = "\n".join(rest).partition("|")
    first, _, ahead = head.partition("|")
    for figure in f"{ahead} {figures}".split():
        assert FIGURE.fullmatch(figure), figure
    assert not set('|<>`$\\"') & set(first + long_text)
    return Seen([first, long_text])


def _github(document):
    """Commands and nothing else: a line of another kind would be one that a text began."""
    seen = Seen()
    for line in document.removesuffix("\n").split("\n"):
        assert "##[" not in line
        assert GITHUB_COMMAND.fullmatch(line), line
        _, command, message = line.split("::", 2)
        seen.skeleton.append(command.partition(" ")[0])
        # As the runner reads it.
        seen.texts.append(message.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%"))
    return seen


READERS = {
    "table": _lines("table"),
    "json": _json,
    "jsonl": _json_lines,
    "csv": _csv,
    "markdown": _markdown,
    "html": _html,
    "junit": _xml,
    "nagios": _plugin,
    "prometheus": _metrics,
    "github": _github,
    "badge": _svg,
    "badge-json": _json,
}
