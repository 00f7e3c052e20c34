"""What is to be said of this machine itself."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from trackerwatch.doctor.finding import Finding, not_known, note, ok, trouble
from trackerwatch.policy.rules import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trackerwatch.doctor.facts import MachineFacts, PlaceFacts, TerminalFacts

LITTLE_ROOM_BYTES = 200 << 20
FEW_FILES = 256
"""Open at once: hundreds of probes may be under way."""
SMALLEST = (80, 24)


def of_machine(facts: MachineFacts) -> Iterator[Finding]:
    """Every question that this machine answers alone."""
    yield _config(facts)
    yield _place(
        "store", "can history be written?", facts.store, "history is kept nowhere, as you wished", "--store FILE"
    )
    yield _place("state", "can orders and the layout be kept?", facts.state, "", "TRACKERWATCH_STATE")
    yield _clipboard(facts.terminal)
    yield from _terminal(facts.terminal)
    yield _clock(facts)
    yield _files(facts)
    if facts.proxies:
        yield note(
            "proxy",
            "is a proxy in the way?",
            f"{', '.join(facts.proxies)} {'is' if len(facts.proxies) == 1 else 'are'} set, and ignored",
            "trackers are always asked directly: behind a proxy that is the only way out they look dead",
        )
    yield ok("versions", "which versions?", ", ".join(f"{name} {version}" for name, version in facts.versions))


def _config(facts: MachineFacts) -> Finding:
    question = "is the config right?"
    if facts.config_mistakes:
        more = f" (and {len(facts.config_mistakes) - 1} more)" if len(facts.config_mistakes) > 1 else ""
        return trouble(
            "config",
            question,
            facts.config_mistakes[0] + more,
            "`trackerwatch config check` names every mistake",
            Severity.CRITICAL,
        )
    there = facts.config_path if facts.config_exists else f"{facts.config_path} is not there: the defaults hold"
    return ok("config", question, there)


def _place(name: str, question: str, place: PlaceFacts, none: str, other: str) -> Finding:
    if not place.path:
        return note(name, question, none)
    if place.problem:
        severity = Severity.CRITICAL if name == "store" else Severity.WARNING
        return trouble(
            name, question, place.problem, f"give it rights or room there, or name another file ({other})", severity
        )
    free = "" if place.free_bytes is None else f", {_size(place.free_bytes)} free"
    if place.free_bytes is not None and place.free_bytes < LITTLE_ROOM_BYTES:
        return trouble(name, question, f"yes, but little room is left: {place.path}{free}", "make room on that disk")
    return ok(name, question, f"yes: {place.path}{'' if place.exists else ' (made when it is needed)'}{free}")


def _clipboard(terminal: TerminalFacts) -> Finding:
    name, question = "clipboard", "does the clipboard work?"
    trying = "try it: `y` on the screen, then paste elsewhere"
    if not terminal.is_terminal:
        return not_known(name, question, "this is no terminal", "run it where the screen is to be")
    if terminal.clipboard_is_file:
        return note(
            name,
            question,
            f"this terminal ({terminal.name or 'unnamed'}) has none",
            "copies go to a file, and it says which",
        )
    if terminal.multiplexer == "tmux" and terminal.tmux_clipboard == "off":
        return trouble(
            name,
            question,
            "tmux keeps copies in its own buffer: its set-clipboard is off",
            "`tmux set -g set-clipboard on`, or paste with tmux's own key",
            Severity.INFO,
        )
    told = terminal.clipboard
    if terminal.tmux_clipboard:
        told = f"{told} (set-clipboard is {terminal.tmux_clipboard})"
    return not_known(name, question, f"copies go to {told}; no terminal says whether it takes them", trying)


def _terminal(terminal: TerminalFacts) -> Iterator[Finding]:
    name, question = "terminal", "can the screen be drawn well?"
    if not terminal.is_terminal:
        yield not_known(name, question, "this is no terminal", "without one, `watch` writes lines of text (--plain)")
        return
    size = f"{terminal.columns}x{terminal.rows}" if terminal.columns and terminal.rows else "unknown size"
    colors = (
        "no colours (NO_COLOR)"
        if terminal.no_color
        else "true colour"
        if terminal.true_color
        else "256 colours or fewer"
    )
    over = ", over SSH" if terminal.remote else ""
    inside = f", in {terminal.multiplexer}" if terminal.multiplexer else ""
    seen = f"{terminal.name or 'TERM is not set'}{inside}{over}: {size}, {colors}, {terminal.encoding}"
    if terminal.name in ("", "dumb"):
        yield trouble(name, question, seen, "set TERM to what your terminal is, like xterm-256color; or use --plain")
    elif "utf" not in terminal.encoding.lower():
        yield trouble(name, question, seen, "set a UTF-8 locale (LANG=C.UTF-8), or use --ascii")
    elif (
        terminal.columns is not None
        and terminal.rows is not None
        and (terminal.columns < SMALLEST[0] or terminal.rows < SMALLEST[1])
    ):
        yield note(name, question, seen, "80x24 or more shows all columns; smaller ones work, with less on them")
    else:
        hint = "--slow-link draws less often, if keys lag" if terminal.remote else ""
        yield ok(name, question, seen, hint)
    if terminal.columns and terminal.name not in ("", "dumb"):
        mouse = "does the mouse work?"
        if terminal.name in ("linux", "vt100", "vt220"):
            yield note(
                "mouse", mouse, f"{terminal.name} has none for programs", "every action has a key: `?` lists them"
            )
        else:
            yield ok(
                "mouse",
                mouse,
                "clicks are for the screen; with shift held most terminals select text",
                "--no-mouse leaves it to the terminal",
            )


def _clock(facts: MachineFacts) -> Finding:
    name, question = "clock", "is the clock right?"
    local = f"{facts.now:%Y-%m-%d %H:%M} {facts.zone}".rstrip()
    seen = f"{local}, {facts.now.astimezone(UTC):%H:%M} UTC"
    if facts.now < facts.newest_known:
        return trouble(
            name,
            question,
            f"no: it says {seen}, and this program is newer than that",
            "set the clock (timedatectl, chrony): certificates and history depend on it",
        )
    return ok(
        name, question, f"it may be: {seen}", "the screen shows UTC; dates that you type are by this machine's zone"
    )


def _files(facts: MachineFacts) -> Finding:
    name, question = "files", "may enough files be open?"
    if facts.open_files is None:
        return not_known(name, question, "this system does not say", "")
    if facts.open_files < FEW_FILES:
        return trouble(
            name, question, f"{facts.open_files:,} at once", "raise it: `ulimit -n 1024` in the shell that starts it"
        )
    return ok(name, question, f"{facts.open_files:,} at once")


def _size(size_bytes: int) -> str:
    return f"{size_bytes / (1 << 30):.1f} GiB" if size_bytes >= 1 << 30 else f"{size_bytes / (1 << 20):.0f} MiB"
