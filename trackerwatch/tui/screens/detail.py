"""The full screen of one tracker or torrent: pages of sections, live, with the keys that act on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.screen import Screen

from trackerwatch.tui.lines import pages, words
from trackerwatch.tui.lines.ink import Ink, Line, Span, line_width
from trackerwatch.tui.lines.page import Fold, Layout, Target, ToTorrent, ToTracker
from trackerwatch.tui.lines.sheets import Sheet
from trackerwatch.tui.lines.subject import torrent_subject, tracker_subject
from trackerwatch.tui.widgets.inked import InkLines
from trackerwatch.tui.widgets.keyline import KeyLine
from trackerwatch.tui.widgets.pageview import PageView

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult

    from trackerwatch.engine.views import Update
    from trackerwatch.tui.lines.subject import Subject
    from trackerwatch.tui.model.lookback import Wish
    from trackerwatch.tui.screens.opening import OpeningScreen

SHARED = frozenset(
    {
        *("recheck", "announce", "mute", "disable", "interval", "undo", "try", "walk"),
        *("copy", "copy_first", "export", "freeze"),
    }
)
"""Actions of the main screen that act on the subject, whatever screen it is on."""

WIDE = 140
"""From this width on there are two columns."""
EXPORT_CELLS = 100
"""Lines of an export have at least so many."""
MIN_KEYS = 4
"""Screens of fewer lines show no keys."""


def _key(keys: str, action: str, told: str, name: str, tooltip: str, *, show: bool = False) -> Binding:
    return Binding(keys, action, told, id=f"detail.{name}", tooltip=tooltip, show=show)


class DetailScreen(Screen[None]):
    """Everything about one tracker or torrent."""

    BINDINGS: ClassVar[list[BindingType]] = [
        _key("tab", "section(1)", "section", "next-section", "Next section", show=True),
        _key("shift+tab", "section(-1)", "section back", "previous-section", "Previous section"),
        *(_key(str(n), f"go({n})", f"section {n}", f"section-{n}", f"Section {n}") for n in range(1, 6)),
        _key("space", "fold", "fold", "fold", "Show all of the section, or a few lines of it", show=True),
        _key("escape,q,backspace", "back", "back", "back", "Back to where it was opened", show=True),
        _key("Q", "app.quit", "quit", "quit", "Quit", show=True),
    ]

    DEFAULT_CSS = """
    DetailScreen {
        layout: vertical;
        overflow: hidden;
        & #title { background: $surface; }
        & #columns { height: 1fr; }
        & #right { border-left: vkey $foreground 20%; }
    }
    """

    def __init__(self, main: OpeningScreen, about: ToTracker | ToTorrent) -> None:
        """Args: the screen whose picture and actions it shares, and what it is about."""
        super().__init__()
        self.main = main
        self.about = about
        self.toggled: set[str] = set()
        """Sections that are folded where they are usually not, or the other way."""
        self.head = InkLines(id="title")
        self.left = PageView(id="left")
        self.right = PageView(id="right")
        self.keys = KeyLine(id="keys")
        self._ready = False
        for key, binding in main._bindings:  # noqa: SLF001 - Textual has no public way to read a screen's bindings
            if binding.action in SHARED and key not in self._bindings.key_to_bindings:
                shared = Binding(
                    key,
                    f"shared({binding.action!r})",
                    binding.description,
                    show=binding.show,
                    id=binding.id,
                    tooltip=binding.tooltip,
                )
                self._bindings.key_to_bindings.setdefault(key, []).append(shared)

    def compose(self) -> ComposeResult:
        """A title, one page or two, keys."""
        yield self.head
        with Horizontal(id="columns"):
            yield self.left
            yield self.right
        yield self.keys

    def on_mount(self) -> None:
        """Show it."""
        self._ready = True
        self._fit()
        # Where there is something to choose.
        first = self.right if self.wide and isinstance(self.about, ToTracker) else self.left
        self.set_focus(first, scroll_visible=False)
        self.call_after_refresh(self.draw)

    # -- what it is about ----------------------------------------------------------------------------------------------

    @property
    def selected(self) -> Subject | None:
        """What its keys act on: what it is about."""
        if isinstance(self.about, ToTracker):
            return tracker_subject(self.main.picture, self.about.index)
        return torrent_subject(self.main.picture, self.about.index)

    @property
    def wide(self) -> bool:
        """Whether there are two columns."""
        return self.size.width >= WIDE

    @property
    def wish(self) -> Wish | None:
        """The part of history that it shows."""
        selected, width = self.selected, self._time_width
        return pages.wish(selected, width) if selected is not None and width > 0 else None

    @property
    def _time_width(self) -> int:
        """Cells of the page with the charts."""
        right = self.wide and isinstance(self.about, ToTorrent)
        return (self.right if right else self.left).scrollable_content_region.width

    # -- drawing -------------------------------------------------------------------------------------------------------

    def tick(self, update: Update | None, *, new_second: bool) -> None:
        """Show what changed, at most once for each update; ages once a second."""
        if not self._ready:
            return
        if new_second or update is None or self._concerns(update):
            self.draw()

    def _concerns(self, update: Update) -> bool:
        if isinstance(self.about, ToTorrent):
            return update.torrents is None or self.about.index in update.torrents
        # Its torrents are many: they wait for the next second.
        return self.about.index in update.trackers

    def draw(self) -> None:
        """Draw everything; only lines that differ are painted."""
        selected = self.selected
        if not self._ready or selected is None:
            return
        picture, lookback = self.main.picture, self.main.lookback
        lookback.look_at(self.wish)
        widths = (self.left.scrollable_content_region.width, self.right.scrollable_content_region.width)
        room = pages.Room(widths[0], widths[1] if self.wide else 0, self.size.height)
        reveal = self.main.reveals
        left, right = pages.sections(selected, picture, lookback, room, toggled=self.toggled, reveal=reveal)
        with self.app.batch_update():
            self.head.show(self._title(selected))
            self.left.show(left)
            self.right.show(right)
            self._draw_keys()

    def sheet(self) -> Sheet | None:
        """All that it shows as lines for a file, nothing folded, no key in any URL. None: there is nothing any more."""
        selected = self.selected
        if selected is None:
            return None
        picture, lookback = self.main.picture, self.main.lookback
        room = pages.Room(max(EXPORT_CELLS, self._time_width), 0, self.size.height)
        found, _ = pages.sections(selected, picture, lookback, room, toggled=None, reveal=False)
        page = Layout(found, room.left)
        title = " ".join("".join(span.text for span in pages.title(selected, picture.now, room.left)).split())
        return Sheet("detail", title, ("line",), range(len(page)), lambda key: (page.text(int(str(key))),))

    def _title(self, selected: Subject) -> Line:
        picture, width = self.main.picture, self.size.width
        marks: list[Span] = []
        if picture.paused_at is not None:
            marks.append(Span(f" PAUSED {words.clock(picture.paused_at, seconds=True)} ", Ink.KEY))
        room = width - line_width(tuple(marks))
        return (*pages.title(selected, picture.now, room), *marks)

    def _fit(self) -> None:
        self.right.display = self.wide
        self.keys.display = self.size.height >= MIN_KEYS
        if not self.wide and self.focused is self.right:
            self.set_focus(self.left, scroll_visible=False)

    def on_resize(self, event: events.Resize) -> None:
        """One column or two."""
        del event
        if self._ready:
            self._fit()
            # Pages know their width after the layout.
            self.call_after_refresh(self.draw)

    def on_screen_resume(self) -> None:
        """It is on top again: what it shows may be old."""
        if self._ready:
            self.draw()

    def say(self, text: str, ink: Ink = Ink.PLAIN) -> None:
        """Tell what an action came to; empty text brings the keys back."""
        if self._ready:
            self.keys.say(text, ink)

    def _draw_keys(self) -> None:
        shown = [active for active in self.active_bindings.values() if active.binding.show]
        named: list[tuple[str, str, str]] = []
        for node in (self.focused, self, self.app):
            target = {self: "screen", self.app: "app"}.get(node, "focused") if node else "screen"
            for binding in (active.binding for active in shown if active.node is node):
                action = binding.action if binding.action.startswith("app.") else f"{target}.{binding.action}"
                name = words.key_name(binding.key)
                if name and all(action != other for _, _, other in named):
                    named.append((name, binding.description, action))
        kept = [key for key in named if key[1] in ("help", "back", "quit")]
        self.keys.show_keys([key for key in named if key not in kept], kept)

    # -- actions -------------------------------------------------------------------------------------------------------

    @property
    def page(self) -> PageView:
        """The page that has the keys."""
        return self.right if self.focused is self.right else self.left

    def on_page_view_chosen(self, message: PageView.Chosen) -> None:
        """Open a torrent or a tracker, or fold a section."""
        if isinstance(message.target, Fold):
            self._toggle(message.target.section)
        else:
            self.main.open_full(message.target)

    def _toggle(self, section: str) -> None:
        self.toggled ^= {section}
        self.draw()

    def action_fold(self) -> None:
        """Show all of the section, or a few lines; where nothing folds, one page down."""
        section = self.page.section
        target: Target | None = self.page.target
        if isinstance(target, Fold):
            self._toggle(target.section)
        elif section in self.toggled or pages.folds(section):
            self._toggle(section)
        else:
            self.page.action_page(2)

    def action_section(self, step: int) -> None:
        """To the next or the previous section, from one page into the other."""
        places = [(self.left, key) for key, _ in self.left.layout_of_page.sections]
        if self.wide:
            places += [(self.right, key) for key, _ in self.right.layout_of_page.sections]
        if not places:
            return
        here = (self.page, self.page.section)
        at = places.index(here) if here in places else -step
        page, key = places[(at + step) % len(places)]
        self._go(page, key)

    def action_go(self, number: int) -> None:
        """To a section by its number."""
        selected = self.selected
        if selected is None:
            return
        key = pages.numbered(selected, number)
        for page in (self.left, self.right) if self.wide else (self.left,):
            if key and page.layout_of_page.start_of(key) is not None:
                self._go(page, key)

    def _go(self, page: PageView, key: str) -> None:
        self.set_focus(page, scroll_visible=False)
        page.jump(key)

    async def action_shared(self, action: str) -> None:
        """What the main screen does to the selection, done to what this screen is about."""
        await self.app.run_action(action, self.main)
        self.draw()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """As the main screen says of what is shared with it."""
        if action == "shared" and parameters:
            return self.main.check_action(str(parameters[0]), ())
        return super().check_action(action, parameters)

    def action_back(self) -> None:
        """Back to where it was opened from."""
        self.dismiss()
