"""Is it them, or is it us? The rules by which our own outage is told from theirs. Pure: time is handed in.

Nothing that is silent proves anything by itself: a lost packet, a dead tracker and a pulled cable look alike. So silence is
weighed against what else is heard. *Any* answer, refusal, reset or HTTP status says that we are on the net; only where
nothing of the kind is heard, many that answered before are silent together, and a sentinel that has nothing to do with any
tracker is silent too, the fault is ours (spec 3).

What is heard on loopback or a private network says nothing of the way to the rest, nor the other way round: local trackers
are weighed only by sentinels that are local themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trackerwatch.outcome import FailureKind

if TYPE_CHECKING:
    from collections.abc import Iterable

TRACKERS_THAT_PROVE = 5
"""On as many hosts, all of which answered earlier."""
SILENT_SHARE = 0.8
UDP_HOSTS_THAT_PROVE = 3
"""All silent, a sentinel too: UDP does not get through."""
NAMES_THAT_PROVE = 2
"""So many names must fail before the resolver is blamed: one may be broken for itself."""

SILENT = frozenset(
    {
        FailureKind.TIMEOUT,
        FailureKind.DNS_TIMEOUT,
        FailureKind.DNS_ERROR,
        FailureKind.NO_ROUTE,
        FailureKind.LOCAL_OFFLINE,
    }
)
"""Failures in which nobody was heard."""
OUR_RESOLVER = frozenset({FailureKind.DNS_ERROR, FailureKind.DNS_TIMEOUT})
STACK_SAYS = OUR_RESOLVER | {FailureKind.NO_ROUTE}
"""Silence of which our own machine may be the cause by its own account."""
MADE_UP = frozenset({FailureKind.DNS_NXDOMAIN, FailureKind.DNS_BLOCKED})
"""What a resolver nearby may say of any name while it is cut off itself."""
_SAYS_NOTHING = MADE_UP | {FailureKind.BLOCKED, FailureKind.DENIED, FailureKind.INTERNAL}
"""Neither silence nor a sign of life from the net: our own doing, or a resolver's, which may be a cache on this machine."""


@dataclass(slots=True)
class Witness:
    """What was last heard of one tracker."""

    host: str
    udp: bool
    local: bool
    answered_before: bool = False
    at: float = float("-inf")
    """Monotonic: of the latest result that says anything."""
    kind: FailureKind | None = None
    """Of that result; None: it answered."""
    heard_at: float = float("-inf")
    """Monotonic: the latest sign of life of any of its addresses."""

    @property
    def silent(self) -> bool:
        """Whether nobody was heard at the latest."""
        return self.kind in SILENT


class Evidence:
    """What was heard of whom, and when."""

    def __init__(self, *, local_too: bool) -> None:
        """Begin with nothing.

        Args:
            local_too: Whether the sentinels are local, so that local trackers are weighed as well.
        """
        self._local_too = local_too
        self._witnesses: dict[int, Witness] = {}
        self.tcp_heard_at = float("-inf")
        """Monotonic: the latest sign of life over TCP."""
        self.udp_heard_at = float("-inf")

    def introduce(self, index: int, host: str, *, udp: bool, local: bool, answered_before: bool) -> None:
        """Make a tracker known, or tell that it answered in an earlier run."""
        witness = self._witnesses.setdefault(index, Witness(host, udp, local))
        witness.local = local
        witness.answered_before |= answered_before

    def forget(self, index: int) -> None:
        """A tracker is asked no more."""
        self._witnesses.pop(index, None)

    def note(self, index: int, kind: FailureKind | None, begun: float, now: float) -> None:
        """Note the outcome of one probe of a tracker that was introduced, by when it began and ended (monotonic)."""
        if kind in _SAYS_NOTHING:
            return
        witness = self._witnesses[index]
        heard = kind not in SILENT
        if not heard and witness.heard_at >= begun:
            return  # another of its addresses was heard meanwhile
        witness.at, witness.kind = now, kind
        if heard:
            witness.heard_at = now
        if kind is None or kind.answered:
            witness.answered_before = True
        if heard and self._weighed(witness):
            self.hear(now, udp=witness.udp)

    def hear(self, now: float, *, udp: bool) -> None:
        """Note a sign of life from anywhere."""
        if udp:
            self.udp_heard_at = now
        else:
            self.tcp_heard_at = now

    def heard_since(self, begun: float) -> bool:
        """Whether anything at all was heard since a monotonic time."""
        return max(self.tcp_heard_at, self.udp_heard_at) >= begun

    def heard_of(self, index: int, begun: float) -> bool:
        """Whether a tracker was heard at any of its addresses since a monotonic time."""
        return index in self._witnesses and self._witnesses[index].heard_at >= begun

    def _weighed(self, witness: Witness) -> bool:
        return self._local_too or not witness.local

    def weighs(self, index: int) -> bool:
        """Whether the sentinels can speak for a tracker at all."""
        return index in self._witnesses and self._weighed(self._witnesses[index])

    def _earlier(self) -> list[tuple[int, Witness]]:
        return [(i, w) for i, w in self._witnesses.items() if w.answered_before and self._weighed(w)]

    @property
    def can_tell(self) -> bool:
        """Whether enough trackers answered earlier for their silence to mean anything."""
        return _enough(witness for _, witness in self._earlier())

    @property
    def many_hosts(self) -> bool:
        """Whether there are enough hosts for a fault of all of them to be ours."""
        return len({w.host for w in self._witnesses.values() if self._weighed(w)}) >= NAMES_THAT_PROVE

    def everybody_unheard_since(self, begun: float) -> list[int]:
        """Trackers, whether they answered earlier or not, without a result since a monotonic time."""
        return [i for i, w in self._witnesses.items() if self._weighed(w) and w.at < begun]

    def unheard_since(self, begun: float) -> list[int]:
        """Trackers whose word would help: they answered earlier and have no result since a monotonic time."""
        return [index for index, witness in self._earlier() if witness.at < begun]

    def longest_unasked(self, count: int) -> list[int]:
        """So many trackers whose latest result is the oldest."""
        weighed = [(w.at, i) for i, w in self._witnesses.items() if self._weighed(w)]
        return [index for _, index in sorted(weighed)[:count]]

    def udp_unheard_since(self, begun: float) -> list[int]:
        """The same of every UDP tracker."""
        return [i for i, w in self._witnesses.items() if w.udp and self._weighed(w) and w.at < begun]

    # ------------------------------------------------------------------ verdicts

    def all_silent(self, begun: float) -> bool:
        """Whether at least 5 trackers on 5 hosts that answered earlier have results since then, 80 % of them silence."""
        seen = [witness for _, witness in self._earlier() if witness.at >= begun]
        silent = [witness for witness in seen if witness.silent]
        return _enough(seen) and len(silent) >= SILENT_SHARE * len(seen)

    def no_way_out(self, begun: float) -> bool:
        """Whether the local stack itself says so: every result since then is "no route", or a name that does not resolve."""
        seen = [w for w in self._witnesses.values() if self._weighed(w) and w.at >= begun]
        if any(w.kind is not FailureKind.NO_ROUTE and w.kind not in OUR_RESOLVER for w in seen):
            return False
        return len({witness.host for witness in seen}) >= NAMES_THAT_PROVE

    @property
    def many_udp_hosts(self) -> bool:
        """Whether the silence of all UDP trackers would mean something."""
        return len({w.host for w in self._witnesses.values() if w.udp and self._weighed(w)}) >= UDP_HOSTS_THAT_PROVE

    def udp_silent(self, begun: float) -> bool:
        """Whether every UDP tracker with a result since then was silent at the latest, on enough hosts to mean something."""
        asked = [w for w in self._witnesses.values() if w.udp and self._weighed(w) and w.at >= begun]
        return all(w.silent for w in asked) and len({w.host for w in asked}) >= UDP_HOSTS_THAT_PROVE

    def resolver_broken(self) -> bool:
        """Whether every name failed to resolve, two at least, and nobody was heard."""
        seen = [w for w in self._witnesses.values() if w.at > float("-inf")]
        failed = [w for w in seen if w.kind in OUR_RESOLVER]
        return len(failed) == len(seen) and len({w.host for w in failed}) >= NAMES_THAT_PROVE

    def concerned(self, *, udp_only: bool) -> list[int]:
        """Trackers that the sentinels can speak for."""
        return [i for i, w in self._witnesses.items() if self._weighed(w) and (w.udp or not udp_only)]

    def silent(self, *, udp_only: bool = False) -> list[int]:
        """Trackers of which nothing was heard at the latest."""
        return [
            index
            for index, witness in self._witnesses.items()
            if witness.silent and self._weighed(witness) and (witness.udp or not udp_only)
        ]


def _enough(witnesses: Iterable[Witness]) -> bool:
    hosts = [witness.host for witness in witnesses]
    return len(hosts) >= TRACKERS_THAT_PROVE and len(set(hosts)) >= TRACKERS_THAT_PROVE
