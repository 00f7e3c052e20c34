"""Pieces of the HTML report that its sections share: states as glyph and word, times, lists. Pure; all text is escaped here."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from trackerwatch.health.states import Health
from trackerwatch.policy.rules import Severity, Verdict
from trackerwatch.reports.telling import wording

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from trackerwatch.engine.views import EndpointView, TrackerView

GLYPHS = {"ok": "\u2713", "warning": "!", "critical": "\u2715", "unknown": "?", "off": "\u2212"}
"""By tone: what stands before every word that tells a state."""

_HEALTH_TONES = {Health.UP: "ok", Health.DEGRADED: "warning", Health.DOWN: "critical", Health.UNKNOWN: "unknown"}


def tone(verdict: Verdict | Severity) -> str:
    """The class of a verdict or a severity."""
    return "off" if verdict is Severity.INFO else verdict.value


def tag(tone_of_it: str, word: str) -> str:
    """A state: glyph, word and colour. The word is ours."""
    return f'<span class="tag {tone_of_it}"><b aria-hidden="true">{GLYPHS[tone_of_it]}</b> {word}</span>'


def tracker_tag(view: TrackerView) -> str:
    """A tracker's state."""
    if view.disabled is not None:
        return tag("off", "off")
    return tag(_HEALTH_TONES[view.state], view.state.value)


def endpoint_tag(view: EndpointView) -> str:
    """An address's state."""
    if not view.judged:
        return tag("off", "not judged")
    return tag(_HEALTH_TONES[view.state], view.state.value)


def since(begun_at: datetime | None, now: datetime) -> str:
    """`22 Nov 13:48 UTC (14m)`; empty where it is not known."""
    if begun_at is None:
        return ""
    return f"{at_minute(begun_at, now)} ({wording.duration((now - begun_at).total_seconds())})"


def at_minute(moment: datetime, now: datetime | None) -> str:
    """`22 Nov 13:48 UTC`, with the year where it is another one than now; machines read it whole."""
    year = "" if now is not None and moment.year == now.year else f" {moment.year},"
    return f'<time datetime="{moment:%Y-%m-%dT%H:%M:%SZ}">{moment.day} {moment:%b}{year} {moment:%H:%M} UTC</time>'


def items(lines: Iterable[str]) -> str:
    """A list of lines of text; empty where there are none."""
    told = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<ul>{told}</ul>" if told else ""


def fact(name: str, html: str, of_class: str = "") -> str:
    """One name and its value in a list of facts; nothing where there is no value."""
    if not html:
        return ""
    marked = f' class="{of_class}"' if of_class else ""
    return f"<div{marked}><dt>{name}</dt><dd>{html}</dd></div>"


def seconds(span_s: float | None) -> str:
    """A length of time as a table sorts it; an attribute, empty where it is not known."""
    return "" if span_s is None else f' data-s="{span_s:.4g}"'


def url(shown: str) -> str:
    """A URL, broken before its host or its path rather than anywhere; other text as it is."""
    scheme, separator, rest = shown.partition("://")
    host, slash, path = rest.partition("/")
    if not slash:
        return escape(shown)
    return f"{escape(scheme + separator)}<wbr>{escape(host)}<wbr>{escape(slash + path)}"
