"""Help: the keys that work right now, from the live bindings; then what the glyphs mean and how a filter is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from trackerwatch.filters.fields import EVENTS, TABLES
from trackerwatch.tui.lines import charts, filter_hint, legend, words
from trackerwatch.tui.lines.group_rows import FOLDED, OPEN
from trackerwatch.tui.lines.ink import Ink, Line, Span, fit
from trackerwatch.tui.lines.rows import ASKING
from trackerwatch.tui.widgets.eventlist import EventList
from trackerwatch.tui.widgets.inked import InkLines, InkPane

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.app import ComposeResult
    from textual.binding import ActiveBinding
    from textual.dom import DOMNode

_LEGEND: tuple[tuple[Span, str], ...] = (
    (Span("+", Ink.GOOD), "works"),
    (Span("!", Ink.WARN), "works, but: degraded, on a backup, one seeder"),
    (Span("x", Ink.BAD), "down; no tracker left; no seeder"),
    (Span("~", Ink.WARN), "RETRY 1/3: failed, asked again before it is down"),
    (Span("?", Ink.WAIT), "not known: not asked yet, or nobody told; not 0"),
    (Span("-", Ink.DIM), "does not count: not asked, not judged, not there"),
    (Span(ASKING, Ink.PLAIN), "behind a state: being asked right now"),
    (Span("%", Ink.WARN), "xDOWN%FLAP: flapping, changes too often to be believed"),
    (Span("=", Ink.DIM), "MUTED by you: out of verdicts and alerts"),
    (Span("i", Ink.DIM), "worth knowing, nothing is wrong"),
    (Span("(+)", Ink.WAIT), "remembered from an earlier run, not seen again yet"),
    (Span("█▄x·", Ink.BAR), "strips: answered, partly failed, failed, not known"),
    (Span("n/a 9d", Ink.DIM), "uptime: less than half of it is known, 9 days"),
    (Span(charts.BARS, Ink.BAR), "last rounds, 20 ms to over 2 s; x: no answer"),
    (Span("k/n", Ink.PLAIN), "k of n ADDResses answer, k of n trackers WORK"),
    (Span(f"{FOLDED} {OPEN} 3/40", Ink.STRONG), "a group, folded or open: 3 of its 40 rows are shown"),
    (Span("≥2", Ink.DIM), "of a group: at least so many; none of it has fewer seeders"),
)


def key_lines(bindings: Iterable[ActiveBinding], focused: DOMNode | None, screen: DOMNode | None) -> list[Line]:
    """One line for each action, with all its keys and the id it is remapped by, grouped by where they work."""
    groups: dict[str, dict[str, tuple[str, list[str]]]] = {}
    for active in bindings:
        binding = active.binding
        if not binding.id or not binding.description:
            continue
        place = _PLACES[0] if active.node is focused else _PLACES[1] if active.node is screen else _PLACES[2]
        _, keys = groups.setdefault(place, {}).setdefault(binding.id, (active.tooltip or binding.description, []))
        keys.append(words.key_name(binding.key))
    lines: list[Line] = []
    for place in _PLACES[1], _PLACES[0], _PLACES[2]:
        if place not in groups:
            continue
        lines += [(), (Span(f" Keys {place}", Ink.HEAD),)]
        for name, (told, keys) in groups[place].items():
            shown = " ".join(key for key in dict.fromkeys(keys) if key) or "no key"
            lines.append((Span("  " + fit(shown, 18), Ink.KEY), Span(told), Span(f"  {name}", Ink.DIM)))
    return lines


_PLACES = ("in this pane", "on this screen", "everywhere")


class HelpScreen(ModalScreen[None]):
    """Keys and legend; any of the usual keys closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1,enter", "dismiss", "close", id="help.close", tooltip="Close help"),
    ]

    DEFAULT_CSS = """
    HelpScreen { align: center middle; background: $background 60%; }
    HelpScreen > #help-title { width: 88; max-width: 100%; background: $surface; }
    HelpScreen > #help { width: 88; max-width: 100%; height: auto; max-height: 90%; background: $surface; padding: 0 1 1 1; }
    """

    def __init__(
        self, bindings: Iterable[ActiveBinding], focused: DOMNode | None, screen: DOMNode | None = None
    ) -> None:
        """The bindings that were active on the screen below, what had the keys there, and that screen."""
        super().__init__()
        self._screen_below = screen
        self._below = focused
        self._live = tuple(bindings)

    def compose(self) -> ComposeResult:
        """A title and the text."""
        yield InkLines(id="help-title")
        yield InkPane(id="help", indent=20)

    def on_mount(self) -> None:
        """Write the text."""
        self.query_one("#help-title", InkLines).show(
            (Span("  trackerwatch", Ink.ACCENT), Span("   esc closes", Ink.DIM)),
        )
        # What is looked for most comes first; after the title there is no blank line.
        lines = key_lines(self._live, self._below, self._screen_below)[1:]
        lines += [(), (Span(" Glyphs", Ink.HEAD),)]
        lines += [(Span("  " + fit(span.text, 18), span.ink), Span(told)) for span, told in _LEGEND]
        lines += legend.lines()
        lines += filter_hint.help_lines(EVENTS if isinstance(self._below, EventList) else TABLES)
        lines += [
            (),
            (Span(" Other keys: [keys] in the config, by the names in grey; --no-mouse lets the terminal select"),),
        ]
        pane = self.query_one("#help", InkPane)
        pane.show(lines)
        pane.focus()
