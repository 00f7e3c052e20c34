"""What scenario files are played on: a torrent, its trackers and a clock, and whatever the engine would make of them.

A file tells what each tracker does at which time (`[[at]]`) and what is to be seen then; or, with `[announces]`, which trackers
are dead when and in which order one client announces.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime

from tests.engine.driven import torrent
from trackerwatch.engine.changes import tell_moves
from trackerwatch.engine.endpoint_state import MuteState
from trackerwatch.engine.events import EventLog
from trackerwatch.engine.snapshot import Projector, tracker_view
from trackerwatch.engine.torrent_book import TorrentBook
from trackerwatch.engine.tracker_state import TrackerState
from trackerwatch.failover import CLIENTS, Place
from trackerwatch.failover.attempts import Attempts
from trackerwatch.failover.order import unpack
from trackerwatch.health import Thresholds
from trackerwatch.outcome import (
    Endpoint,
    Failure,
    FailureKind,
    Family,
    Operation,
    Phase,
    PhaseTimes,
    ProbeOutcome,
    Resolution,
    ScrapeColumns,
    SwarmAnswer,
)

BEGIN = datetime(2026, 3, 14, 13, 0, tzinfo=UTC)

FAILURES = {
    "refused": Failure(FailureKind.REFUSED, Phase.CONNECT, "connection refused"),
    "timeout": Failure(FailureKind.TIMEOUT, Phase.CONNECT, "no answer"),
    "no_route": Failure(FailureKind.NO_ROUTE, Phase.CONNECT, "no route from here"),
    "nxdomain": Failure(FailureKind.DNS_NXDOMAIN, Phase.RESOLVE, "no such host name"),
    "denied": Failure(FailureKind.DENIED, Phase.RESOLVE, "its DNS says that it runs no tracker (BEP 34)"),
    "unregistered": Failure(FailureKind.UNREGISTERED, Phase.EXCHANGE, "Torrent not registered"),
    "unauthorized": Failure(FailureKind.UNAUTHORIZED, Phase.EXCHANGE, "bad passkey"),
    "gone": Failure(FailureKind.HTTP_STATUS, Phase.EXCHANGE, "HTTP 410", retry_never=True),
    "never": Failure(FailureKind.FAILURE_REASON, Phase.EXCHANGE, "closed", retry_never=True),
    "busy": Failure(FailureKind.FAILURE_REASON, Phase.EXCHANGE, "overloaded"),
    "later": Failure(FailureKind.FAILURE_REASON, Phase.EXCHANGE, "come back later", retry_in_s=7200.0),
    "unavailable": Failure(FailureKind.HTTP_STATUS, Phase.EXCHANGE, "HTTP 503", retry_in_s=7200.0),
}
OF_NAMES = {FailureKind.DNS_NXDOMAIN, FailureKind.DENIED}


class Stage:
    """One torrent, watched."""

    def __init__(self, file):
        self.now = BEGIN.timestamp()
        self.swarms = 2 if file.get("hybrid") else 1
        self.torrent = torrent(
            file.get("number", 1),
            *file["tiers"],
            private=file.get("private", False),
            v2=b"\x77" * 32 if self.swarms == 2 else None,
        )
        thresholds = Thresholds(down_after=file.get("down_after", 1), up_after=1)
        self.states = [TrackerState(n, place.tracker, thresholds) for n, place in enumerate(self.torrent.placements)]
        self.addresses = file.get("addresses", {})
        self.book, self.events = TorrentBook(), EventLog()
        self.book.walk_as(CLIENTS[file.get("client", "listed")], self.now)
        self.book.add(self.torrent, self.states, self.now)
        self.projector = Projector("test", BEGIN, lambda _: file.get("private_asked", True))
        self.told = 0

    def name(self, state):
        """Its host; with its protocol where a host has two."""
        tracker = state.tracker
        twice = sum(other.tracker.host == tracker.host for other in self.states) > 1
        return f"{tracker.protocol} {tracker.host}" if twice else tracker.host

    def play(self, scene):
        self.now = BEGIN.timestamp() + scene.get("minute", 0) * 60
        touched = []
        for state in self.states:
            if (outcome := scene.get("outcomes", {}).get(self.name(state))) is not None:
                self.ask(state, outcome)
                touched.append(state)
        for state in touched:
            state.conclude(self.now)
            state.publish()
        if touched:
            moves = self.book.recompute([0], self.now)
            tell_moves(self.events, moves, self.book, self.states, self.now)
        for name, why in scene.get("mute", {}).items():
            (state,) = [state for state in self.states if self.name(state) == name]
            state.mute = MuteState(None, why)
            self.book.recompute([0], self.now)
        if "walk_as" in scene:
            self.book.walk_as(CLIENTS[scene["walk_as"]], self.now)
        for state in self.states:
            state.note = scene.get("notes", {}).get(self.name(state), state.note)
        return self.seen()

    def ask(self, state, outcome):
        """What one round at a tracker comes to: a word, or one for each address, or one for each swarm."""
        tracker = state.tracker
        addresses = self.addresses.get(self.name(state), [f"192.0.2.{state.index + 1}"])
        endpoints = tuple(Endpoint(Family.IPV6 if ":" in a else Family.IPV4, a, tracker.port) for a in addresses)
        words = outcome if isinstance(outcome, dict) else {}
        for_all = FAILURES.get(outcome) if isinstance(outcome, str) else None
        state.next_probe_at = self.now + 900
        if for_all is not None and for_all.kind in OF_NAMES:
            state.apply_resolution(Resolution((), (), 0.01, for_all), self.now)
            return
        state.apply_resolution(Resolution(endpoints, (), 0.01), self.now)
        of_torrent = {FailureKind.UNREGISTERED, FailureKind.UNAUTHORIZED}
        for endpoint in endpoints:
            failure = FAILURES.get(words.get(endpoint.address, ""), for_all)
            if failure is not None and failure.kind in of_torrent:
                failure = None
            phases = PhaseTimes(connect_s=0.02, exchange_s=0.03) if failure is None else PhaseTimes()
            state.apply_probe(ProbeOutcome(endpoint, Operation.SCRAPE, phases, failure), self.now)
            state.obey(failure, self.now)
        answered = [e for e in state.endpoints.values() if e.failure is None]
        if answered and outcome != "alive":
            columns = ScrapeColumns.unknown(self.swarms)
            for n, version in enumerate(("v1", "v2")[: self.swarms]):
                failure = FAILURES.get(words.get(version, ""), for_all)
                columns.answers[n] = SwarmAnswer.ANSWERED if failure is None else SwarmAnswer.FAILED
                if failure is not None:
                    columns.failures[n] = failure
                else:
                    columns.seeders[n], columns.leechers[n], columns.completed[n] = 5, 3, 10
            state.swarms.take(columns, range(self.swarms))
            state.swarms.scraped_at = self.now
        state.swarms.dirty = True

    def seen(self):
        views = tuple(tracker_view(state, self.now) for state in self.states)
        table = self.projector._tabulate(self.states, self.book, views)
        view = table.view(0)
        names = {state.tracker: self.name(state) for state in self.states}
        events = [
            f"{event.kind}: {event.message}" for event in self.events.since(self.told) if event.torrent is not None
        ]
        self.told = self.events.count
        order = unpack(self.book.queues[0], len(self.states))[1]
        roles = [(state, view.answers[n * self.swarms : (n + 1) * self.swarms]) for n, state in enumerate(self.states)]
        return {
            "state": str(view.failover.state),
            "active": names.get(view.failover.active, ""),
            "tier": -1 if view.failover.active_tier is None else view.failover.active_tier,
            "working": view.failover.working,
            "roles": {self.name(s): " ".join(dict.fromkeys(str(a.role) for a in answers)) for s, answers in roles},
            "order": [self.name(self.states[place]) for place in order],
            "verdict": str(view.verdict),
            "rules": [str(problem.rule) for problem in view.problems],
            "why": view.why,
            "events": events,
            "effect": {
                self.name(state): next(
                    word for word in ("unaffected", "failed_over", "exhausted", "unknown") if getattr(v.effect, word)
                )
                for state, v in zip(self.states, views, strict=True)
            },
            "explanation": list(view.failover.explanation),
        }


def announces(file):
    """The announces of one client in order, as `SECOND NAME`, and the order it is left with."""
    plan = file["announces"]
    stage = Stage(file)
    places = tuple(
        Place(p.tier, p.tracker.protocol == "udp", p.tracker.host, p.tracker.target.partition("?")[0])
        for p in stage.torrent.placements
    )
    names = [stage.name(state) for state in stage.states]
    client = CLIENTS[file["client"]]
    attempts = Attempts(client, places, seed=stage.torrent.info_hash, rng=random.Random(0))
    now, done, under_way = 0.0, [], []
    while True:
        attempt = attempts.next_attempt(now)
        if attempt is not None and attempt.at <= now:
            attempts.begin(attempt.place)
            under_way.append(attempt.place)
            done.append(f"{now:.0f} {names[attempt.place]}")
        elif under_way:
            place = under_way.pop(0)
            attempts.record(place, outcome_at(plan, names[place], now), now, interval_s=plan.get("interval_s"))
        elif attempt is None or attempt.at > plan["until_s"]:
            return done, [names[place] for place in attempts.order], attempts
        else:
            now = attempt.at


def outcome_at(plan, name, now):
    for begin, end, word in plan["fails"].get(name, []):
        if begin <= now < end:
            return FAILURES[word]
    return None
