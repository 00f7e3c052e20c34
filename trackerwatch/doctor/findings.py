"""The judgement: each question about this machine with its answer, what was seen, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from enum import StrEnum
from typing import TYPE_CHECKING

from trackerwatch.outcome import FailureKind
from trackerwatch.policy.rules import Severity, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from trackerwatch.doctor.facts import Facts, MachineFacts, NameFound, NetworkFacts, PlaceFacts, TerminalFacts

LITTLE_ROOM_BYTES = 200 << 20
FEW_FILES = 256
"""Open at once: hundreds of probes may be under way."""
SMALLEST = (80, 24)


class Answer(StrEnum):
    """How a question is answered. Contract: the JSON value."""

    OK = "ok"
    NOTE = "note"
    """It is so, and nothing is wrong with it."""
    TROUBLE = "trouble"
    NOT_KNOWN = "not_known"


MARKS = {
    Answer.OK: "+ ok",
    Answer.NOTE: "i note",
    Answer.TROUBLE: "x trouble",
    Answer.NOT_KNOWN: "? not known",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One question, answered."""

    id: str
    """Contract: stable."""
    question: str
    answer: Answer
    severity: Severity
    """How bad it is that the answer is trouble, or not known; else info."""
    seen: str
    """One clean line."""
    do: str
    """What to do, one clean line; empty where nothing is to be done."""


def judge(facts: Facts) -> tuple[Finding, ...]:
    """Answer every question, the network's first."""
    return (*_network(facts.network), *_machine(facts.machine))


def verdict(findings: Iterable[Finding]) -> Verdict:
    """What all of them come to, for the exit code."""
    worst = Verdict.OK
    for finding in findings:
        if finding.severity is Severity.INFO or finding.answer in (Answer.OK, Answer.NOTE):
            continue
        came = Verdict.CRITICAL if finding.severity is Severity.CRITICAL else Verdict.WARNING
        came = Verdict.UNKNOWN if finding.answer is Answer.NOT_KNOWN else came
        worst = max(worst, came, key=lambda one: one.badness)
    return worst


def _ok(id_: str, question: str, seen: str, do: str = "") -> Finding:
    return Finding(id_, question, Answer.OK, Severity.INFO, seen, do)


def _note(id_: str, question: str, seen: str, do: str = "") -> Finding:
    return Finding(id_, question, Answer.NOTE, Severity.INFO, seen, do)


def _trouble(id_: str, question: str, seen: str, do: str, severity: Severity = Severity.WARNING) -> Finding:
    return Finding(id_, question, Answer.TROUBLE, severity, seen, do)


def _not_known(id_: str, question: str, seen: str, do: str, severity: Severity = Severity.INFO) -> Finding:
    return Finding(id_, question, Answer.NOT_KNOWN, severity, seen, do)


# -- the network -------------------------------------------------------------------------------------------------------

_NET, _UDP, _IPV6 = "does anything come back from the net?", "can UDP leave?", "is there IPv6?"
_LIES, _SINKHOLE = "does the resolver tell the truth?", "is DNS sinkholed?"
_SENDING = "leave --offline out"


def _network(facts: NetworkFacts) -> Iterator[Finding]:
    yield _net(facts)
    yield _udp(facts)
    yield _ipv6(facts)
    yield _resolver(facts)
    yield _sinkhole(facts)


def _net(facts: NetworkFacts) -> Finding:
    name, question = "net", _NET
    heard = facts.tcp or facts.udp
    if not facts.asked:
        return _not_known(name, question, "nothing was sent, as you wished", _SENDING)
    if heard and facts.local:
        return _not_known(
            name, question, "a sentinel of this network answered, and none is outside", "add one outside to `sentinels`"
        )
    if heard:
        return _ok(name, question, "yes: a sentinel answered")
    if facts.made_up is not None and facts.made_up.failure is None and facts.tcp is None:
        return _not_known(name, question, "no sentinel was asked over TCP", "set `sentinels` in the config")
    if facts.tcp is None and facts.udp is None:
        if not facts.sentinels:
            return _not_known(
                name, question, "no sentinels are set", "set `sentinels` in the config to have them asked"
            )
        return _not_known(name, question, "no answer when time was up", "try again", Severity.WARNING)
    return _trouble(
        name,
        question,
        "no: every sentinel is silent",
        "check cable, wifi, VPN and firewall; or choose `sentinels` that this network lets through",
        Severity.CRITICAL,
    )


def _udp(facts: NetworkFacts) -> Finding:
    name, question = "udp", _UDP
    if not facts.asked:
        return _not_known(name, question, "nothing was sent, as you wished", _SENDING)
    if facts.udp and facts.local:
        return _not_known(
            name, question, "it can here; no UDP sentinel is outside this network", "add one to `sentinels`"
        )
    if facts.udp:
        return _ok(name, question, "yes: a sentinel answered over UDP")
    if facts.udp is None:
        if not facts.in_time and facts.sentinels:
            return _not_known(name, question, "no answer when time was up", "try again", Severity.WARNING)
        return _not_known(name, question, "no UDP sentinel is set", "add one to `sentinels`, like udp://9.9.9.9:53")
    if not facts.tcp:
        return _not_known(name, question, "nothing comes back at all, over UDP or not", "see the line above")
    return _trouble(
        name,
        question,
        "TCP gets through, and nothing comes back over UDP",
        "a firewall, VPN or carrier drops UDP: allow outgoing UDP, or expect udp:// trackers to stay unjudged",
        Severity.CRITICAL,
    )


def _ipv6(facts: NetworkFacts) -> Finding:
    name, question = "ipv6", _IPV6
    if facts.ipv6_address is None:
        return _note(
            name,
            question,
            "no: this machine has no way out over IPv6",
            "nothing need be done: IPv6 addresses of trackers are then not judged, which is no fault of theirs",
        )
    seen = f"there is an address to leave from, {facts.ipv6_address}"
    if facts.ipv6_heard:
        return _ok(name, question, f"yes: {seen}, and an answer came back")
    if facts.ipv6_heard is None:
        return _note(name, question, f"{seen}; nobody was asked over it", "")
    return _trouble(
        name,
        question,
        f"{seen}, and nothing comes back",
        "broken IPv6 makes trackers look half down: mend the route, or switch IPv6 off on this machine",
    )


def _resolver(facts: NetworkFacts) -> Finding:
    name, question, found = "dns", _LIES, facts.made_up
    if not facts.asked:
        return _not_known(name, question, "nothing was sent, as you wished", _SENDING)
    if found is None:
        return _trouble(
            name,
            question,
            "the resolver did not answer in time",
            "check the name servers of this machine (/etc/resolv.conf, VPN, router)",
            Severity.CRITICAL,
        )
    if found.failure is not None and found.failure.kind is FailureKind.DNS_NXDOMAIN:
        return _ok(name, question, "yes: a made-up name does not exist")
    if found.failure is not None:
        return _trouble(
            name,
            question,
            f"a made-up name gives no answer: {found.failure.kind} ({found.failure.message})",
            "check the name servers of this machine (/etc/resolv.conf, VPN, router)",
            Severity.CRITICAL,
        )
    where = ", ".join((*found.addresses, *found.refused)) or "somewhere"
    return _trouble(
        name,
        question,
        f"no: a name that cannot exist leads to {where}",
        "use a resolver that does not answer for missing names: dead trackers look like web servers with it",
    )


def _sinkhole(facts: NetworkFacts) -> Finding:
    name, question = "sinkhole", _SINKHOLE
    if not facts.asked:
        return _not_known(name, question, "nothing was looked up, as you wished", _SENDING)
    if not facts.names:
        return _not_known(
            name, question, "no tracker's name is known to look up", "name some: trackerwatch doctor TRACKER..."
        )
    hidden = [found for found in facts.names if found.sinkhole]
    inside = [found for found in facts.names if found.refused and not found.addresses and not found.sinkhole]
    missing = [found for found in facts.names if found.failure is not None]
    if hidden:
        told = _told(hidden, len(facts.names))
        return _trouble(
            name,
            question,
            f"yes: {told} 0.0.0.0 or to this machine",
            "allow these names in the filter (Pi-hole, router, hosts file), or use another resolver",
        )
    if inside:
        told = _told(inside, len(facts.names))
        return _trouble(
            name,
            question,
            f"perhaps: {told} addresses that are not public",
            "right for trackers of your own network (--allow-private); else a resolver hides them: use another",
        )
    good = len(facts.names) - len(missing)
    if not good:
        return _not_known(name, question, f"none of {_many(len(missing), 'name')} resolves", "see the resolver above")
    gone = f", {len(missing)} not at all" if missing else ""
    return _ok(
        name, question, f"no: {_many(good, 'name')} of trackers resolve{'s' if good == 1 else ''} as they should{gone}"
    )


def _told(found: list[NameFound], total: int) -> str:
    names = ", ".join(one.name for one in found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")
    return f"{len(found)} of {_many(total, 'name')} ({names}) lead{'s' if len(found) == 1 else ''} to"


# -- the machine -------------------------------------------------------------------------------------------------------


def _machine(facts: MachineFacts) -> Iterator[Finding]:
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
        yield _note(
            "proxy",
            "is a proxy in the way?",
            f"{', '.join(facts.proxies)} {'is' if len(facts.proxies) == 1 else 'are'} set, and ignored",
            "trackers are always asked directly: behind a proxy that is the only way out they look dead",
        )
    yield _ok("versions", "which versions?", ", ".join(f"{name} {version}" for name, version in facts.versions))


def _config(facts: MachineFacts) -> Finding:
    question = "is the config right?"
    if facts.config_mistakes:
        more = f" (and {len(facts.config_mistakes) - 1} more)" if len(facts.config_mistakes) > 1 else ""
        return _trouble(
            "config",
            question,
            facts.config_mistakes[0] + more,
            "`trackerwatch config check` names every mistake",
            Severity.CRITICAL,
        )
    there = facts.config_path if facts.config_exists else f"{facts.config_path} is not there: the defaults hold"
    return _ok("config", question, there)


def _place(name: str, question: str, place: PlaceFacts, none: str, other: str) -> Finding:
    if not place.path:
        return _note(name, question, none)
    if place.problem:
        severity = Severity.CRITICAL if name == "store" else Severity.WARNING
        return _trouble(
            name, question, place.problem, f"give it rights or room there, or name another file ({other})", severity
        )
    free = "" if place.free_bytes is None else f", {_size(place.free_bytes)} free"
    if place.free_bytes is not None and place.free_bytes < LITTLE_ROOM_BYTES:
        return _trouble(name, question, f"yes, but little room is left: {place.path}{free}", "make room on that disk")
    return _ok(name, question, f"yes: {place.path}{'' if place.exists else ' (made when it is needed)'}{free}")


def _clipboard(terminal: TerminalFacts) -> Finding:
    name, question = "clipboard", "does the clipboard work?"
    trying = "try it: `y` on the screen, then paste elsewhere"
    if not terminal.is_terminal:
        return _not_known(name, question, "this is no terminal", "run it where the screen is to be")
    if terminal.clipboard_is_file:
        return _note(
            name,
            question,
            f"this terminal ({terminal.name or 'unnamed'}) has none",
            "copies go to a file, and it says which",
        )
    if terminal.multiplexer == "tmux" and terminal.tmux_clipboard == "off":
        return _trouble(
            name,
            question,
            "tmux keeps copies in its own buffer: its set-clipboard is off",
            "`tmux set -g set-clipboard on`, or paste with tmux's own key",
            Severity.INFO,
        )
    told = terminal.clipboard
    if terminal.tmux_clipboard:
        told = f"{told} (set-clipboard is {terminal.tmux_clipboard})"
    return _not_known(name, question, f"copies go to {told}; no terminal says whether it takes them", trying)


def _terminal(terminal: TerminalFacts) -> Iterator[Finding]:
    name, question = "terminal", "can the screen be drawn well?"
    if not terminal.is_terminal:
        yield _not_known(name, question, "this is no terminal", "without one, `watch` writes lines of text (--plain)")
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
        yield _trouble(name, question, seen, "set TERM to what your terminal is, like xterm-256color; or use --plain")
    elif "utf" not in terminal.encoding.lower():
        yield _trouble(name, question, seen, "set a UTF-8 locale (LANG=C.UTF-8), or use --ascii")
    elif (
        terminal.columns is not None
        and terminal.rows is not None
        and (terminal.columns < SMALLEST[0] or terminal.rows < SMALLEST[1])
    ):
        yield _note(name, question, seen, "80x24 or more shows all columns; smaller ones work, with less on them")
    else:
        hint = "--slow-link draws less often, if keys lag" if terminal.remote else ""
        yield _ok(name, question, seen, hint)
    if terminal.columns and terminal.name not in ("", "dumb"):
        mouse = "does the mouse work?"
        if terminal.name in ("linux", "vt100", "vt220"):
            yield _note(
                "mouse", mouse, f"{terminal.name} has none for programs", "every action has a key: `?` lists them"
            )
        else:
            yield _ok(
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
        return _trouble(
            name,
            question,
            f"no: it says {seen}, and this program is newer than that",
            "set the clock (timedatectl, chrony): certificates and history depend on it",
        )
    return _ok(
        name, question, f"it may be: {seen}", "the screen shows UTC; dates that you type are by this machine's zone"
    )


def _files(facts: MachineFacts) -> Finding:
    name, question = "files", "may enough files be open?"
    if facts.open_files is None:
        return _not_known(name, question, "this system does not say", "")
    if facts.open_files < FEW_FILES:
        return _trouble(
            name, question, f"{facts.open_files:,} at once", "raise it: `ulimit -n 1024` in the shell that starts it"
        )
    return _ok(name, question, f"{facts.open_files:,} at once")


def _size(size_bytes: int) -> str:
    return f"{size_bytes / (1 << 30):.1f} GiB" if size_bytes >= 1 << 30 else f"{size_bytes / (1 << 20):.0f} MiB"


def _many(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
