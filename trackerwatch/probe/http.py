"""Announces, scrapes and signs of life over HTTP and HTTPS."""

from __future__ import annotations

import statistics
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from trackerwatch.errors import ProtocolError
from trackerwatch.outcome import (
    AnnounceOutcome,
    Failure,
    FailureKind,
    Operation,
    PhaseTimes,
    ProbeOutcome,
    ScrapeColumns,
    ScrapeOutcome,
)
from trackerwatch.probe.gate import Gate
from trackerwatch.probe.http_scraping import ScrapeRound
from trackerwatch.probe.http_session import HttpSession
from trackerwatch.probe.tls import TlsTrust
from trackerwatch.protocol.failures import PHRASES
from trackerwatch.protocol.http_announce import decode_announce, encode_announce_target
from trackerwatch.protocol.http_answer import failure_of_liveness, failure_without_reply, with_retry_after
from trackerwatch.protocol.http_scrape import derive_scrape_address
from trackerwatch.protocol.http_target import base_target
from trackerwatch.tracker import at_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from trackerwatch.outcome import AnnounceRequest, Endpoint
    from trackerwatch.probe.http_batches import LearntLimits
    from trackerwatch.probe.http_session import ResolveHost
    from trackerwatch.protocol.failures import Phrase
    from trackerwatch.tracker import Tracker

_GUESS_REFUTED = frozenset(
    {
        FailureKind.HTTP_STATUS,
        FailureKind.NOT_BENCODE,
        FailureKind.BAD_REPLY,
        FailureKind.REDIRECT,
        FailureKind.FAILURE_REASON,
    }
)
"""What a web server says of a path that it does not have: about a guessed one this proves nothing but that."""


class HttpProbe:
    """Asks HTTP(S) trackers, as `trackerwatch.engine.prober.Prober` describes. Belongs to one event loop."""

    def __init__(
        self,
        *,
        resolve: ResolveHost,
        trust: TlsTrust | None = None,
        gate: Gate | None = None,
        phrases: Sequence[Phrase] = PHRASES,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Make a probe.

        Args:
            resolve: Resolves and judges the hosts of redirects: `Resolver.resolve_host`.
            trust: Authorities for TLS. None: the system's.
            gate: Bounds connections by host and in all, shared with other probes. None: one of its own.
            phrases: What failure texts mean, as `protocol.failures.classify` takes it.
            clock: Monotonic seconds.
        """
        self._resolve = resolve
        self._trust = trust or TlsTrust()
        self._gate = gate or Gate()
        self._phrases = phrases
        self._clock = clock
        self._learnt: dict[tuple[str, Endpoint], LearntLimits] = {}
        self._guesses: dict[str, bool] = {}
        """By tracker id: whether a guessed scrape URL worked."""

    def scrape_supported(self, tracker: Tracker) -> bool:
        """Whether there is a scrape URL: the field's rule gives one, or BEP 48's does and it was not seen to fail."""
        address = derive_scrape_address(tracker.target)
        return address is not None and (not address.guessed or self._guesses.get(tracker.id, True))

    async def check(
        self, tracker: Tracker, endpoint: Endpoint, *, timeout_s: float, with_key: bool = True
    ) -> ProbeOutcome:
        """Look for the smallest sign of life: see `Prober.check`."""
        async with self._session(tracker, endpoint, timeout_s) as session:
            if not with_key:
                failure = await session.handshake()
                said = "" if failure else "connected; nothing was asked"
                return self._outcome(session, Operation.LIVENESS, failure, None, said)
            fetched = await session.get(base_target(tracker.target))
            failure, said = fetched.failure, ""
            if fetched.answer is not None:
                failure, said = failure_of_liveness(fetched.answer, secrets=tracker.secrets)
            return self._outcome(session, Operation.LIVENESS, failure, fetched.exchange_s, said)

    async def announce(
        self, tracker: Tracker, endpoint: Endpoint, request: AnnounceRequest, *, timeout_s: float
    ) -> AnnounceOutcome:
        """Announce once: see `Prober.announce`."""
        async with self._session(tracker, endpoint, timeout_s) as session:
            fetched = await session.get(encode_announce_target(tracker, request))
            answer = fetched.answer
            if answer is None:
                return AnnounceOutcome(self._outcome(session, Operation.ANNOUNCE, fetched.failure, None))
            try:
                reply = decode_announce(
                    answer.body,
                    secrets=tracker.secrets,
                    http_status=answer.status,
                    private=request.private,
                    phrases=self._phrases,
                )
            except ProtocolError as error:
                unread = failure_without_reply(answer, error, secrets=tracker.secrets)
                return AnnounceOutcome(self._outcome(session, Operation.ANNOUNCE, unread, fetched.exchange_s))
            failure = None if reply.failure is None else with_retry_after(reply.failure, answer.retry_after_s)
            return AnnounceOutcome(
                self._outcome(session, Operation.ANNOUNCE, failure, fetched.exchange_s, reply.in_words()),
                counts=reply.counts,
                peers=reply.peers,
                interval_s=reply.interval_s,
                min_interval_s=reply.min_interval_s,
                warning=reply.warning,
                warning_kind=reply.warning_kind,
            )

    async def scrape(
        self,
        tracker: Tracker,
        endpoint: Endpoint,
        info_hashes: Sequence[bytes],
        *,
        timeout_s: float,
        columns: ScrapeColumns | None = None,
        on_progress: Callable[[], None] | None = None,
    ) -> ScrapeOutcome:
        """Scrape in as few requests as it takes: see `Prober.scrape`."""
        columns = columns if columns is not None else ScrapeColumns.unknown(len(info_hashes))
        address = derive_scrape_address(tracker.target)
        if address is None or not info_hashes:
            return _nothing_asked(endpoint, columns)
        known = (tracker.id, endpoint)
        scrape_round = ScrapeRound(
            address,
            info_hashes,
            columns,
            secrets=tracker.secrets,
            learnt=self._learnt.get(known),
            phrases=self._phrases,
            on_progress=on_progress,
        )
        first = await scrape_round.run(lambda: self._session(tracker, endpoint, timeout_s, keep_alive=True))
        if (learnt := scrape_round.learnt) is not None:
            self._learnt[known] = learnt
        failure = scrape_round.failure
        if address.guessed:
            if failure is None or failure.kind.answered:
                self._guesses[tracker.id] = True
            elif failure.kind in _GUESS_REFUTED and not self._guesses.get(tracker.id):
                self._guesses[tracker.id] = False
                message = f"a guessed scrape URL did not work: {failure.message}"
                # What a page that is not there says of ever is no word of the tracker; a wait may be.
                failure = Failure(FailureKind.SCRAPE_UNSUPPORTED, failure.phase, message, failure.retry_in_s)
                columns.failures.update(dict.fromkeys(columns.failures, failure))
        median_s = statistics.median(scrape_round.exchange_s) if scrape_round.exchange_s else None
        return ScrapeOutcome(
            self._outcome(
                first, Operation.SCRAPE, failure, median_s, scrape_round.in_words(), requests=scrape_round.requests
            ),
            columns,
            exchange_s=tuple(scrape_round.exchange_s),
            min_request_interval_s=scrape_round.min_request_interval_s,
        )

    @asynccontextmanager
    async def _session(
        self, tracker: Tracker, endpoint: Endpoint, timeout_s: float, *, keep_alive: bool = False
    ) -> AsyncIterator[HttpSession]:
        async with self._gate.place(tracker.host):
            session = HttpSession(
                # DNS may name another port than the URL (BEP 34): then that one goes into the Host header too.
                at_port(tracker, endpoint.port),
                endpoint,
                resolve=self._resolve,
                trust=self._trust,
                timeout_s=timeout_s,
                keep_alive=keep_alive,
                clock=self._clock,
            )
            try:
                yield session
            finally:
                await session.aclose()

    @staticmethod
    def _outcome(
        session: HttpSession,
        operation: Operation,
        failure: Failure | None,
        exchange_s: float | None,
        said: str = "",
        *,
        requests: int | None = None,
    ) -> ProbeOutcome:
        transport = session.transport
        return ProbeOutcome(
            transport.endpoint,
            operation,
            PhaseTimes(connect_s=transport.connect_s, tls_s=transport.tls_s, exchange_s=exchange_s),
            failure,
            requests=session.requests if requests is None else requests,
            tls_expires_at=transport.tls_expires_at,
            tls_valid_from=transport.tls_valid_from,
            said=failure.message if failure is not None else said,
        )


def _nothing_asked(endpoint: Endpoint, columns: ScrapeColumns) -> ScrapeOutcome:
    failure = Failure(FailureKind.SCRAPE_UNSUPPORTED, None, "no scrape URL can be derived from the announce URL")
    return ScrapeOutcome(ProbeOutcome(endpoint, Operation.SCRAPE, PhaseTimes(), failure, requests=0), columns)
