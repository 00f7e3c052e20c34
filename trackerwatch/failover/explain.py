"""Failover in words: which tracker and why, why not the ones before it, when each is tried next, and what if it dies now.

Lines are short but for what a tracker said (a pane of 80 columns draws most of them), and say one thought each; what belongs to the line above is indented.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trackerwatch.failover.clients import LISTED, Client, GivesUp, Parallel, Retry
from trackerwatch.failover.independence import independent_groups, shared_fates
from trackerwatch.failover.states import FailoverState, Role, Standing
from trackerwatch.failover.walk import walk

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from trackerwatch.failover.walk import Walk

WIDTH = 76
"""Of wordings that can be chosen the one of at most so many characters."""
MOST_CHARS = 400
"""What a tracker said is told whole, within reason: faces break lines or crop them at their own width."""
NAME_CHARS = 40
MOST_FATES = 4
"""So many lines at most say who stands on what."""
FEW = 12
"""Of more trackers than this that failed, only the first are told of one by one."""


@dataclass(frozen=True, slots=True)
class Step:
    """One tracker on the way."""

    name: str
    """`tracker.example.org:6969`."""
    tier: int
    """As in the file."""
    standing: Standing
    reason: str
    """In words, clean; empty where it works."""
    since: datetime | None = None
    """When its failing began. None: not known, or it does not fail."""
    failures: int = 0
    """In a row."""
    failing_for_s: float = 0.0
    """As it was seen last."""
    next_probe_at: datetime | None = None
    """When we ask it next. None: not planned."""
    retry_in_s: float | None = None
    """It asked to be left alone for so long. None: it did not."""
    retry_never: GivesUp | None = None
    """It wants never to be asked again: how it said so."""
    replied: bool = False
    """It answered, and refused."""
    stands_on: tuple[str, ...] = ()
    """The host and the addresses it shares its fate with."""
    udp: bool = False
    host: str = ""
    notes: tuple[str, ...] = ()
    """What else there is to know, clean lines: what DNS says (BEP 34)."""
    muted: bool = False
    pending: tuple[int, int] = (0, 0)
    """It works or is not judged, but so many failures in a row are pending, of so many that make it down. 0: none."""


def explain(
    steps: Sequence[Step],
    result: Walk,
    client: Client = LISTED,
    *,
    tiers: tuple[int, ...] | None = None,
    private: bool = False,
) -> tuple[str, ...]:
    """Say where a torrent stands in its tiers, one line a thought.

    Args:
        steps: The placements in the order of the file.
        result: What `walk` made of them.
        client: Who walks.
        tiers: The tiers as the client sees them. None: as in the file.
        private: The torrent is private (BEP 27).
    """
    if not steps:
        return ("lists no tracker: peers can only be found by DHT, peer exchange or by hand",)
    tale = _Tale(steps, result, client, tiers or tuple(step.tier for step in steps), private=private)
    return tuple(_fit(line) for line in tale.lines())


class _Tale:
    def __init__(
        self, steps: Sequence[Step], result: Walk, client: Client, tiers: tuple[int, ...], *, private: bool
    ) -> None:
        self.steps, self.result, self.client, self.tiers, self.private = steps, result, client, tiers, private
        self.order = result.order or tuple(range(len(steps)))
        self.who = client.subject

    def lines(self) -> list[str]:
        active = self.result.active
        lines = self._head()
        if active >= 0:
            failed = [p for p in self.order if self._failed(p) and (p in self.result.before or self._parallel)]
            others = [p for p in self.order[: self.order.index(active)] if not self._failed(p)]
            lines += self._why_not(sorted({*failed, *others}, key=self.order.index))
            behind = [p for p in self.order if self._failed(p) and p not in failed]
            lines += self._why_not(behind, "failed too, behind it:")
            lines += self._order()
            lines += self._if_it_dies()
        else:
            lines += self._why_not(list(self.order))
            if self.result.state is FailoverState.EXHAUSTED:
                lines += self._exhausted()
        return lines + self._fates() + self._notes()

    @property
    def _parallel(self) -> bool:
        return self.client.parallel is not Parallel.NONE

    def _failed(self, place: int) -> bool:
        return self.steps[place].standing is Standing.FAILED

    def _named(self, place: int) -> str:
        return f"{_short(self.steps[place].name)} (tier {self.steps[place].tier})"

    # ------------------------------------------------------------------ which, and why

    def _head(self) -> list[str]:
        active, state, steps = self.result.active, self.result.state, self.steps
        if active < 0:
            if state is FailoverState.EXHAUSTED:
                return [
                    "no tracker is left: " + ("its only one failed" if len(steps) == 1 else f"all {self._all()} failed")
                ]
            return [f"not known yet which tracker {self.who} would use"]
        used = [place for place in self.order if self.result.roles[place] is Role.ACTIVE]
        if self.client.parallel is Parallel.ALL:
            return [
                f"{self.who} announces to all {len(steps)} at once: {len(used)} work{'s' if len(used) == 1 else ''}"
            ]
        if self.client.parallel is Parallel.TIERS:
            count = len(set(self.tiers))
            head = f"{self.who} announces to one tracker of each tier: {len(used)} of {count} tiers work"
            return [head, *(f"  uses {self._named(place)}" for place in used)]
        if state is FailoverState.PRIMARY:
            lines = [f"{self.who} uses {self._named(active)}: nothing before it failed"]
        elif self.result.later_tier:
            lines = [f"{self.who} fails over to {self._named(active)}"]
        else:
            lines = [f"{self.who} uses {self._named(active)}, another of the same tier failed"]
        return lines + self._preferred(active)

    def _preferred(self, active: int) -> list[str]:
        """A udp tracker that took the place of an http one."""
        step = self.steps[active]
        if not (self.client.prefer_udp and step.udp):
            return []
        passed = [s for s in self.steps[:active] if s.host == step.host and not s.udp and s.standing is Standing.WORKS]
        return [f"  before {_short(passed[0].name)}: it prefers udp to http on one host"] if passed else []

    def _all(self) -> int:
        return sum(step.standing is Standing.FAILED for step in self.steps)

    def _order(self) -> list[str]:
        """In which order, where that is not the file's."""
        if self.order == tuple(range(len(self.steps))) or len(self.order) > FEW:
            return []
        return ["tried in this order now: " + ", ".join(_short(self.steps[p].name, 24) for p in self.order)]

    # ------------------------------------------------------------------ why not, and when again

    def _why_not(self, places: list[int], verb: str = "not") -> list[str]:
        lines: list[str] = []
        for place in places[:FEW]:
            step, name = self.steps[place], self._named(place)
            if step.standing is Standing.FAILED:
                lines += [f"{verb} {name}: {step.reason or 'failed'}", *self._since(step), *self._next_try(place)]
            elif step.standing is Standing.NOT_COUNTED:
                lines.append(f"{name} is not counted: {step.reason or 'nothing was sent'}")
            elif step.standing is Standing.UNTRIED:
                lines.append(f"{name} is not known to work: {step.reason or 'nothing is known of it yet'}")
        if len(places) > FEW:
            lines.append(f"and {len(places) - FEW} more")
        return lines

    def _since(self, step: Step) -> list[str]:
        parts = []
        if step.failures > 1:
            parts.append(f"{step.failures} failures in a row")
        if step.since is not None:
            parts.append(f"since {_clock(step.since, step)}")
        told = " ".join(parts)
        if step.retry_never is not None and step.retry_never is not GivesUp.UNREGISTERED:
            ours = "we never ask it again"
        elif step.next_probe_at is not None:
            ours = f"we ask again at {_clock(step.next_probe_at, step, seconds=True)}"
        else:
            ours = ""
        return [f"  {'; '.join(part for part in (told, ours) if part)}"] if told or ours else []

    def _next_try(self, place: int) -> list[str]:
        """When this client asks a tracker again that failed: its own back-off, and what the tracker asked for."""
        step, client = self.steps[place], self.client
        lines = []
        if step.retry_never is not None:
            wish = {
                GivesUp.GONE: "gone for good (HTTP 410)",
                GivesUp.RETRY_NEVER: "it asks never to be asked again (BEP 31)",
                GivesUp.UNREGISTERED: "it does not know the torrent",
            }[step.retry_never]
            if step.retry_never in client.gives_up:
                return [f"  {wish}: {self.who} never comes back"]
            if step.retry_never is not GivesUp.UNREGISTERED:
                lines.append(f"  {wish}: {self.who} asks all the same")
        if step.retry_in_s is not None:
            source = "BEP 31" if step.replied else "Retry-After"
            lines.append(f"  it asks to be left alone for {_duration(step.retry_in_s)} ({source})")
        asked_s = step.retry_in_s if step.replied or GivesUp.RETRY_NEVER in client.gives_up else None
        wait_s = max(
            client.backoff.wait_by_now_s(step.failing_for_s),
            client.backoff.wait_s(0, replied=step.replied, asked_s=asked_s),
        )
        return [*lines, f"  {self.who} {self._again(place, _duration(wait_s))}"]

    def _again(self, place: int, wait: str) -> str:
        active, retry = self.result.active, self.client.retry
        if retry is Retry.IN_TURN:
            mate = next(
                (p for p in self.order if self.tiers[p] == self.tiers[place] and self.result.roles[p] is Role.ACTIVE),
                -1,
            )
            if mate >= 0:
                return f"comes back to it when {_short(self.steps[mate].name)} fails"
            return f"takes this tier in turn and waits {wait} by now before the next"
        if active >= 0 and retry is Retry.WITH_ANNOUNCE:
            if self.order.index(place) > self.order.index(active):
                return f"comes back to it when {_short(self.steps[active].name)} fails"
            return f"tries it again with each announce, before {_short(self.steps[active].name)}"
        if active >= 0 and not self._parallel and self.order.index(place) > self.order.index(active):
            return f"comes back to it when {_short(self.steps[active].name)} fails"
        return f"waits {wait} by now before it tries it again"

    # ------------------------------------------------------------------ what if

    def _if_it_dies(self) -> list[str]:
        active, steps, client = self.result.active, self.steps, self.client
        after = self._walk_without({active})
        backups = [p for p in after.order if steps[p].standing is Standing.WORKS and p != active]
        if not backups:
            return [self._dying(f"no {'other ' if self._untried() else ''}tracker is {self._left()}")]
        if client.parallel is Parallel.ALL:
            return [self._dying(f"{_others(len(backups))} on as before"), *self._behind(backups)]
        if client.parallel is Parallel.TIERS:
            mate = next((p for p in backups if self.tiers[p] == self.tiers[active]), -1)
            others = sum(role is Role.ACTIVE for role in after.roles)
            heir = f"its tier is dead, {_others(others)} on" if mate < 0 else f"{self._named(mate)} takes its place"
            return [self._dying(heir), *self._behind(backups)]
        return [self._dying(f"{self._named(after.active)} takes over"), *self._behind(backups)]

    def _dying(self, then: str) -> str:
        line = f"if {_short(self.steps[self.result.active].name)} dies now: {then}"
        return line if len(line) <= WIDTH else f"if it dies now: {then}"

    def _left(self) -> str:
        untried = self._untried()
        if untried:
            return "known to work, " + ("one is not known" if untried == 1 else f"{untried} are not known")
        return "left; private: no DHT either (BEP 27)" if self.private else "left"

    def _untried(self) -> int:
        return sum(step.standing is Standing.UNTRIED for step in self.steps)

    def _behind(self, backups: list[int]) -> list[str]:
        """How many would have to die, and who takes over where the first backup dies with the active one."""
        active = self.result.active
        places = [active, *backups]
        groups = independent_groups([self.steps[place].stands_on for place in places])
        own = len({group for group in groups if group != groups[0]})
        if len(backups) == 1:
            kind = "on a host and address of its own" if own else "and shares its host or address"
            return [f"  it is the last one behind it, {kind}"]
        independent = (
            "none is" if not own else "all are" if own == len(backups) else "1 is" if own == 1 else f"{own} are"
        )
        lines = [f"  {len(backups)} work behind it, {independent} independent by host and address"]
        if not own:
            return lines
        heir = self._walk_without({active}).active
        if heir in places and groups[places.index(heir)] == groups[0]:
            fellows = {place for place, group in zip(places, groups, strict=True) if group == groups[0]}
            last = self._walk_without(fellows).active
            lines.append(f"  {_short(self.steps[heir].name)} would fall with it: then {self._named(last)}")
        return lines

    def _walk_without(self, dead: set[int]) -> Walk:
        standings = bytes(Standing.FAILED if place in dead else step.standing for place, step in enumerate(self.steps))
        return walk(self.tiers, standings, self.client, self.result.queue)

    def _exhausted(self) -> list[str]:
        lines = []
        if self.client.retry is Retry.WITH_ANNOUNCE and len(self.steps) > 1:
            lines.append("each time all are tried, from the first on")
        if self.private:
            return [*lines, "private: without a tracker nobody finds peers (BEP 27)"]
        return [*lines, "new peers are found by DHT and peer exchange alone"]

    # ------------------------------------------------------------------ what else

    def _fates(self) -> list[str]:
        if len(self.steps) < 2:
            return []
        lines = []
        for name, members in shared_fates([step.stands_on for step in self.steps])[:MOST_FATES]:
            names = [_short(self.steps[place].name, 28) for place in members]
            both = f"{', '.join(names[:-1])} and {names[-1]}" if len(names) <= 3 else f"{len(names)} trackers"
            lines.append(f"{both} share {name}")
        return lines

    def _notes(self) -> list[str]:
        lines = [
            f"{_short(s.name)} is in doubt: {s.pending[0]} of {s.pending[1]} failures in a row that make it down"
            for s in self.steps
            if s.pending[0]
        ]
        lines += [f"{_short(step.name)}: {note}" for step in self.steps for note in step.notes]
        return lines + [f"{_short(step.name)} is muted: no verdict rests on it" for step in self.steps if step.muted]


def _others(count: int) -> str:
    return "one other goes" if count == 1 else f"{count} others go"


def _short(name: str, chars: int = NAME_CHARS) -> str:
    """The end of a name tells most."""
    return name if len(name) <= chars else "~" + name[1 - chars :]


def _fit(line: str) -> str:
    return line if len(line) <= MOST_CHARS else line[: MOST_CHARS - 1].rstrip() + "…"


def _duration(seconds: float) -> str:
    """`17s`, `7m35s`, `1h`, `2h05m`."""
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    if not minutes:
        return f"{rest}s"
    hours, minutes = divmod(minutes, 60)
    if not hours:
        return f"{minutes}m{rest:02}s" if rest else f"{minutes}m"
    days, of_day = divmod(hours, 24)
    if days:
        return f"{days}d{of_day:02}h" if of_day else f"{days}d"
    return f"{hours}h{minutes:02}m" if minutes else f"{hours}h"


def _clock(at: datetime, step: Step, *, seconds: bool = False) -> str:
    """The time of day in UTC, with the date where it is long before or after the tracker was seen last."""
    text = at.strftime("%H:%M:%SZ" if seconds else "%H:%MZ")
    last = step.since.timestamp() + step.failing_for_s if step.since is not None else at.timestamp()
    return text if abs(at.timestamp() - last) < 20 * 3600 else at.strftime("%d %b ") + text
