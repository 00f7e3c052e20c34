"""What `mute`, `disable`, `interval` and `undo` have in common: how a tracker is named, and where it is written down.

They change the state file alone; a watch that runs takes the change over within seconds.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import time
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from trackerwatch.cli.arguments import given_settings
from trackerwatch.cli.exit_codes import ExitCode
from trackerwatch.cli.output import to_stdout
from trackerwatch.cli.pipes import drop_stdout
from trackerwatch.cli.remembering import open_past, store_path
from trackerwatch.cli.wiring import engine_settings
from trackerwatch.config.loading import load
from trackerwatch.config.moments import read_until
from trackerwatch.config.places import host_maybe_port
from trackerwatch.config.values import SHORTEST_INTERVAL_S, Duration, WrongValueError, duration
from trackerwatch.engine.settings import TrackerSettings
from trackerwatch.errors import TrackerUrlError, UsageError
from trackerwatch.orders import NOTHING_ORDERED, Aspect, TrackerOrder, order_of, taken
from trackerwatch.outside_text import clean, redact_host
from trackerwatch.schedule.windows import open_until
from trackerwatch.state import StateFile
from trackerwatch.tracker import parse_tracker

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator, Mapping

    from trackerwatch.engine.settings import EngineSettings

_TRACKER_ID = re.compile(r"[0-9a-f]{10}")
MAX_WHY_CHARS = 200


@dataclass(frozen=True, slots=True)
class Target:
    """One tracker, or all of a host."""

    key: str
    """Under which it is ordered about."""
    name: str
    """What people know it by."""
    keys: tuple[str, ...]
    """Its own and the less exact ones behind it."""
    secrets: tuple[str, ...] = ()
    """Of its URL: written down nowhere."""

    def covers(self, key: str, order: TrackerOrder) -> bool:
        """Whether an order is of this tracker, or of one on this host."""
        known = order.name or key
        host = known.rpartition(":")[0]
        # An IPv6 literal stands in brackets where it has a port.
        return self.key in (key, known, host, host.removeprefix("[").removesuffix("]"))


def target(word: str) -> Target:
    """What a word on the command line names: a URL, a host, a host and port, or a tracker's id.

    Raises:
        UsageError: It names nothing, or would keep a secret in the state file.
    """
    word = word.strip()
    if "://" in word:
        try:
            tracker = parse_tracker(word)
        except TrackerUrlError as error:
            raise UsageError(str(error)) from None
        host = f"[{tracker.host}]" if ":" in tracker.host else tracker.host
        return Target(
            tracker.id, tracker.host_port, (tracker.id, f"{host}:{tracker.port}", tracker.host), tracker.secrets
        )
    if _TRACKER_ID.fullmatch(word):
        return Target(word, word, (word,))
    try:
        place = host_maybe_port(word)
    except WrongValueError as error:
        raise UsageError(f"{error}, or a tracker's URL or id") from None
    # An IPv6 literal stands in brackets where it has a port.
    host = place[1:].partition("]")[0] if place.startswith("[") else place
    if host.count(":") == 1:
        host = host.partition(":")[0]
    if redact_host(host) != host:
        raise UsageError("that host holds a key, which is not written down; name the tracker by its URL or id instead")
    return Target(place, place, tuple(dict.fromkeys((place, host))))


class Desk:
    """The state file and the config, for one command."""

    def __init__(self, arguments: Namespace) -> None:
        """Read both.

        Raises:
            ConfigError: A mistake in a setting.
        """
        found = load(given_settings(arguments), file=arguments.config, environment=os.environ)
        self.settings: EngineSettings = engine_settings(found.config)
        self._store_path = store_path(found.config)
        self.file = StateFile()
        self.orders: Mapping[str, TrackerOrder] = self.file.orders.load()
        self.now = time.time()
        # One that was damaged is out of the way by now, and holds no orders.
        self.blind = bool(self.file.trouble) and self.file.stamp() is not None
        if self.file.trouble:
            _complain(self.file.trouble)

    # ------------------------------------------------------------------ orders

    def put(self, target: Target, wish: TrackerOrder, aspect: Aspect, words: str) -> int:
        """Order something of a tracker."""
        code = self._keep({target.key: self._with(target.key, wish, aspect, target.name)}, f"{target.name}: {words}")
        if code == ExitCode.OK and self._never_met(target):
            _complain(f"{target.name}: no tracker seen so far is called that; it holds for one that comes")
        return code

    def _never_met(self, target: Target) -> bool:
        """Whether there are memories of trackers, and of none by this name."""
        path = self._store_path
        if path is None or not path.is_file():
            return False
        past = open_past(path)
        try:
            known = asyncio.run(past.names())
        finally:
            past.close()
        return bool(known) and not any(target.covers(key, TrackerOrder(name=name)) for key, name in known)

    def take_back(self, target: Target, aspect: Aspect, words: str) -> int:
        """Take an order back, whoever gave it: also those of single trackers on a host, and what the config says."""
        changes = {
            key: self._with(key, NOTHING_ORDERED, aspect, order.name)
            for key, order in self.orders.items()
            if target.covers(key, order) and taken(NOTHING_ORDERED, order, aspect) != NOTHING_ORDERED
        }
        rest = {**self.orders, **changes}
        overruled = self._overruled(target, order_of(rest, target.keys, self.now), aspect)
        if overruled is not None:
            changes[target.key] = self._with(target.key, overruled, aspect, target.name)
        if not changes and self.blind:
            return ExitCode.UNKNOWN
        if not changes:
            _tell(f"{target.name}: nothing to take back")
            return ExitCode.OK
        return self._keep(changes, f"{target.name}: {words}")

    def _overruled(self, target: Target, order: TrackerOrder, aspect: Aspect) -> TrackerOrder | None:
        """What overrules an order of the whole host, or the config. None: neither says anything."""
        its = next((s for key in target.keys if (s := self.settings.trackers.get(key))), TrackerSettings())
        if aspect is Aspect.MUTE:
            if order.muted is not None:
                return TrackerOrder(muted=False, muted_until=order.muted_until) if order.muted else None
            if its.muted and (its.muted_until is None or self.now < its.muted_until):
                return TrackerOrder(muted=False, muted_until=its.muted_until)
            end = open_until(its.mute_windows, self.now)
            return None if end is None else TrackerOrder(muted=False, muted_until=end)
        if aspect is Aspect.DISABLE:
            off = its.disabled if order.disabled is None else order.disabled
            return TrackerOrder(disabled=False) if off else None
        if order.interval_s is None:
            return None
        # Only another interval overrules one.
        return TrackerOrder(interval_s=self.settings.interval_s if its.interval_s is None else its.interval_s)

    def _with(self, key: str, wish: TrackerOrder, aspect: Aspect, name: str) -> TrackerOrder:
        new = taken(self.orders.get(key, NOTHING_ORDERED), wish, aspect)
        return replace(new, given_at=self.now, name=name if name != key else "")

    def _keep(self, changes: Mapping[str, TrackerOrder], what: str) -> int:
        trouble = self.file.orders.keep(changes, what=what)
        if trouble:
            _complain(trouble)
        if not self.file.orders.kept:
            return ExitCode.UNKNOWN
        _tell(what)
        return ExitCode.OK

    # ------------------------------------------------------------------ the list

    def listed(self) -> Iterator[tuple[str, str, str, str, str]]:
        """Every order: of whom, what, until when, since when or by whom, and why."""
        named = Counter(order.name or key for key, order in self.orders.items())
        for key, order in sorted(self.orders.items(), key=lambda pair: pair[1].name or pair[0]):
            known = order.name or key
            # By its id one of them can be meant.
            name = clean(known if named[known] == 1 or known == key else f"{known} ({key})")
            by = f"by hand {_moment(order.given_at)}" if order.given_at else "by hand"
            if (muted := order.mutes(self.now)) is not None:
                yield name, "muted" if muted else "not muted", _until(order.muted_until), by, order.mute_why
            if order.disabled is not None:
                yield name, "switched off" if order.disabled else "asked all the same", "", by, order.disable_why
            if order.interval_s is not None:
                yield name, f"asked every {duration(order.interval_s)}", "", by, ""
        for place, its in self.settings.trackers.items():
            name = clean(redact_host(place)) if place.count(":") < 2 else place
            if its.muted and (its.muted_until is None or self.now < its.muted_until):
                yield name, "muted", _until(its.muted_until), "config", its.mute_why
            for window in its.mute_windows:
                end = window.open_until(self.now)
                state = "closed now" if end is None else f"open {_until(end)}"
                yield name, f"muted {window}", state, "config", its.mute_why
            if its.disabled:
                yield name, "switched off", "", "config", its.disable_why


# ---------------------------------------------------------------------- commands


def mute(arguments: Namespace) -> int:
    """`mute`: out of verdicts and alerts, or back in; without a tracker the list of all orders."""
    if arguments.tracker is None:
        return _list(arguments)
    whom = target(arguments.tracker)
    until = _read(arguments.until)
    desk = Desk(arguments)
    if arguments.off:
        return desk.take_back(whom, Aspect.MUTE, "heard again")
    why = _why(arguments, whom)
    words = f"muted {_until(until)}" + (f", {why}" if why else "")
    return desk.put(whom, TrackerOrder(muted=True, muted_until=until, mute_why=why), Aspect.MUTE, words)


def disable(arguments: Namespace) -> int:
    """`disable`: asked nothing, or asked again."""
    whom, desk = target(arguments.tracker), Desk(arguments)
    why = _why(arguments, whom)
    if arguments.off:
        return desk.take_back(whom, Aspect.DISABLE, "asked again")
    words = "switched off; nothing is sent to it" + (f", {why}" if why else "")
    return desk.put(whom, TrackerOrder(disabled=True, disable_why=why), Aspect.DISABLE, words)


def interval(arguments: Namespace) -> int:
    """`interval`: asked at another one, or as the settings say."""
    whom = target(arguments.tracker)
    if arguments.off == (arguments.every is not None):
        raise UsageError("needs an interval, like 5m, or --off")
    if arguments.off:
        return Desk(arguments).take_back(whom, Aspect.INTERVAL, "asked as the settings say")
    try:
        every_s = Duration(at_least_s=1.0).read(arguments.every)
    except WrongValueError as error:
        raise UsageError(str(error)) from None
    words = f"asked every {duration(every_s)}"
    if every_s < SHORTEST_INTERVAL_S:
        words += "; trackers that are not yours or near are asked once a minute at most"
    return Desk(arguments).put(whom, TrackerOrder(interval_s=every_s), Aspect.INTERVAL, words)


def undo(_arguments: Namespace) -> int:
    """`undo`: takes the latest change back, whether it was made here or on the screen."""
    file = StateFile()
    undone, trouble = file.orders.undo()
    if trouble:
        _complain(trouble)
    if not file.orders.kept:
        return ExitCode.UNKNOWN
    if not undone:
        _complain("nothing to take back")
        return ExitCode.UNKNOWN
    _tell(f"taken back: {undone}")
    return ExitCode.OK


def _list(arguments: Namespace) -> int:
    if arguments.off or arguments.until is not None or arguments.why:
        raise UsageError("needs a tracker: its URL, host, host:port or id")
    desk = Desk(arguments)
    rows = list(desk.listed())
    if not (rows or desk.blind):
        _tell("nothing is muted, switched off or asked at an interval of its own")
        return ExitCode.OK
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(4)]
    lines = []
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False) if width]
        lines.append("  ".join([*cells, row[4]]).rstrip())
    _tell(*lines)
    return ExitCode.UNKNOWN if desk.blind else ExitCode.OK


def _why(arguments: Namespace, whom: Target) -> str:
    return clean((arguments.why or "").strip(), limit_chars=MAX_WHY_CHARS, secrets=whom.secrets)


def _read(until: str | None) -> float | None:
    if until is None:
        return None
    try:
        return read_until(until, datetime.now(UTC)).timestamp()
    except WrongValueError as error:
        raise UsageError(f"--until {clean(until, limit_chars=40)}: {error}") from None


def _until(until: float | None) -> str:
    return "until you take it back" if until is None else f"until {_moment(until)}"


def _moment(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M}Z"


def _tell(*lines: str) -> None:
    """Say what was done, or what there is.

    Raises:
        OutputError: Stdout cannot be written.
    """
    try:
        to_stdout(f"{line}\n" for line in lines)
    except BrokenPipeError:
        drop_stdout()  # whoever read has seen enough; what was ordered holds


def _complain(line: str) -> None:
    try:
        sys.stderr.write(f"trackerwatch: {line}\n")
    except (OSError, AttributeError):
        return  # nobody listens
