"""One scrape round over HTTP: as many requests as the hashes take, two at a time at most."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from trackerwatch.errors import ProtocolError
from trackerwatch.outcome import FailureKind, Phase, SwarmAnswer
from trackerwatch.probe.http_batches import BatchPlan
from trackerwatch.protocol.failures import PHRASES, is_request_too_long
from trackerwatch.protocol.http_answer import failure_without_reply, with_retry_after
from trackerwatch.protocol.http_scrape import decode_scrape, encode_scrape_target, fill_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from contextlib import AbstractAsyncContextManager

    from trackerwatch.outcome import Failure, ScrapeColumns
    from trackerwatch.probe.http_batches import Batch, LearntLimits
    from trackerwatch.probe.http_session import HttpSession
    from trackerwatch.protocol.failures import Phrase
    from trackerwatch.protocol.http_answer import HttpAnswer
    from trackerwatch.protocol.http_scrape import ScrapeAddress

_MAX_FAILURES_IN_A_ROW = 3
"""Of the sort that need not be about the hashes asked for."""

_TOO_LARGE_STATUSES = frozenset({400, 413, 414, 431})
_TOO_LARGE_PERHAPS = frozenset({500, 502, 503})
"""opentracker says 500 to a request beyond 8 KiB, a proxy 502: only of a size that was never answered is this believed."""

_CUT_SHORT = frozenset({FailureKind.CLOSED, FailureKind.BAD_REPLY})


class ScrapeRound:
    """Asks for every hash and writes what is answered into the columns."""

    def __init__(
        self,
        address: ScrapeAddress,
        info_hashes: Sequence[bytes],
        columns: ScrapeColumns,
        *,
        secrets: Iterable[str],
        learnt: LearntLimits | None,
        phrases: Sequence[Phrase] = PHRASES,
        on_progress: Callable[[], None] | None,
    ) -> None:
        """Prepare a round.

        Args:
            address: Where scrapes go.
            info_hashes: Unique, 20 bytes each, at least one.
            columns: Parallel to them; filled as answers come.
            secrets: Strings that must not be shown.
            learnt: What an earlier round found out about the endpoint.
            phrases: What failure texts mean, as `failures.classify` takes it.
            on_progress: Called after each answered request.
        """
        self.exchange_s: list[float] = []
        """Of each answered request."""
        self.requests = 0
        self.min_request_interval_s: float | None = None
        self._address = address
        self._info_hashes = info_hashes
        self._columns = columns
        self._secrets = tuple(secrets)
        self._phrases = phrases
        self._on_progress = on_progress
        self._plan = BatchPlan(len(info_hashes), len(address.target), learnt)
        self._failure: Failure | None = None
        self._in_a_row = 0
        self._timeouts = 0
        self._over = False
        self._second_began = False
        self._findings: tuple[str, ...] = ()

    @property
    def failure(self) -> Failure | None:
        """Why nothing was answered. None: something was."""
        return None if self.exchange_s else self._failure

    @property
    def learnt(self) -> LearntLimits | None:
        """What to hand to the next round on this endpoint."""
        return self._plan.learnt

    def in_words(self) -> str:
        """What was answered, in one line."""
        answered = self._columns.answers.count(SwarmAnswer.ANSWERED)
        parts = [f"{answered} of {len(self._info_hashes)} swarms"]
        if self.min_request_interval_s is not None:
            parts.append(f"min_request_interval {self.min_request_interval_s:g}")
        return ", ".join((*parts, *self._findings))

    async def run(self, open_session: Callable[[], AbstractAsyncContextManager[HttpSession]]) -> HttpSession:
        """Ask until every hash has its answer or the tracker gives cause to stop.

        Args:
            open_session: Opens a connection of its own, and may have to wait for the leave to do so.

        Returns:
            The first session, closed: its transport has the phases of connecting.
        """
        async with open_session() as session:
            # Alone until something was answered: a tracker which is down costs one connection, and one that takes less than
            # it is asked is felt out by one.
            while not self.exchange_s and await self._ask_next(session):
                pass
            if not self._over and not self._plan.is_done:
                async with asyncio.TaskGroup() as lanes:
                    second = lanes.create_task(self._second_lane(open_session))
                    while await self._ask_next(session):
                        pass
                    if not self._second_began:
                        second.cancel()
            self.requests += session.requests
        if self._failure is not None:
            self._mark_failed(self._plan.remaining(), self._failure)
        return session

    async def _second_lane(self, open_session: Callable[[], AbstractAsyncContextManager[HttpSession]]) -> None:
        async with open_session() as session:
            self._second_began = True
            while await self._ask_next(session):
                pass
            self.requests += session.requests

    async def _ask_next(self, session: HttpSession) -> bool:
        batch = None if self._over else self._plan.next_batch()
        if batch is None:
            return False
        hashes = [self._info_hashes[index] for index in batch.indices]
        fetched = await session.get(encode_scrape_target(self._address, hashes))
        if fetched.answer is None:
            if fetched.failure is not None:
                self._failed(batch, fetched.failure, None)
        else:
            self._answered(batch, fetched.answer, fetched.exchange_s or 0.0)
        return True

    def _answered(self, batch: Batch, answer: HttpAnswer, exchange_s: float) -> None:
        try:
            reply = decode_scrape(answer.body, secrets=self._secrets, http_status=answer.status, phrases=self._phrases)
        except ProtocolError as error:
            self._failed(batch, failure_without_reply(answer, error, secrets=self._secrets), answer.status)
            return
        if reply.failure is not None:
            self._failed(batch, with_retry_after(reply.failure, answer.retry_after_s), answer.status)
            return
        self._in_a_row = 0
        self.exchange_s.append(exchange_s)
        self._findings = self._findings or reply.findings
        if reply.min_request_interval_s is not None:
            self.min_request_interval_s = max(self.min_request_interval_s or 0.0, reply.min_request_interval_s)
        missing = fill_columns(self._columns, reply, self._info_hashes, batch.indices)
        for index in self._plan.answered(batch, missing):
            self._columns.answers[index] = SwarmAnswer.OMITTED
        if self._on_progress is not None:
            self._on_progress()

    def _failed(self, batch: Batch, failure: Failure, status: int | None) -> None:
        if self._may_be_size(batch, failure, status) and self._plan.too_large(batch):
            return
        if failure.kind is FailureKind.CLOSED and failure.phase is Phase.EXCHANGE and self._plan.once_more(batch):
            return
        if self._failure is None:
            self._failure = failure
        self._mark_failed((*batch.indices, *batch.followers), failure)
        self._in_a_row += 1
        if failure.kind is FailureKind.TIMEOUT:
            self._plan.distrust(batch)
            self._timeouts += 1
            # One lost answer among many is no reason to leave the rest unasked; a second one, or silence from the start, is.
            self._over = self._timeouts > 1 or not self.exchange_s
        elif failure.kind is FailureKind.FAILURE_REASON:
            self._over = self._in_a_row >= _MAX_FAILURES_IN_A_ROW
        else:
            self._over = failure.kind is not FailureKind.UNREGISTERED

    def _may_be_size(self, batch: Batch, failure: Failure, status: int | None) -> bool:
        if failure.kind is FailureKind.TOO_LARGE or status in _TOO_LARGE_STATUSES:
            return True
        if failure.kind is FailureKind.FAILURE_REASON and is_request_too_long(failure.message):
            return True
        if self._plan.is_proven(batch):
            return False
        if failure.phase is Phase.EXCHANGE and failure.kind in _CUT_SHORT:
            return True
        return self._plan.is_grown(batch) and status in _TOO_LARGE_PERHAPS

    def _mark_failed(self, indices: Iterable[int], failure: Failure) -> None:
        for index in indices:
            self._columns.answers[index] = SwarmAnswer.FAILED
            self._columns.failures[index] = failure
