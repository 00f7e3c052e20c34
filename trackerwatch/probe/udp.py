"""Probes of UDP trackers: the thin shell around `trackerwatch.protocol.udp_session`.

One socket a probe, closed at its end: a new source port each time makes forged replies harder, and an error on it concerns
nobody else.
"""

from __future__ import annotations

import asyncio
import secrets
from functools import partial
from statistics import median
from typing import TYPE_CHECKING

from trackerwatch.errors import ProtocolError
from trackerwatch.outcome import (
    AnnounceOutcome,
    Failure,
    FailureKind,
    Operation,
    Phase,
    PhaseTimes,
    ProbeOutcome,
    ScrapeColumns,
    ScrapeOutcome,
    SwarmCounts,
)
from trackerwatch.outside_text import clean
from trackerwatch.probe.system_errors import failure_from_os_error
from trackerwatch.probe.udp_channel import ChannelClosedError, UdpChannel
from trackerwatch.protocol.failures import PHRASES, classify
from trackerwatch.protocol.udp import (
    PEER_BYTES,
    Action,
    AnnounceRefused,
    AnnounceResponse,
    decode_announce_response,
    encode_announce_body,
)
from trackerwatch.protocol.udp_scrape import Batch, ScrapeHabits, UdpScrapeRound
from trackerwatch.protocol.udp_session import Ending, Exchange, UdpSession

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trackerwatch.outcome import AnnounceRequest, Endpoint
    from trackerwatch.protocol.failures import Phrase
    from trackerwatch.tracker import Tracker

MAX_INTERVAL_S = 7 * 86400.0
"""Longer announce intervals are nonsense and cut to this."""

MAX_REMEMBERED_ENDPOINTS = 4096

_NAMES = {Action.CONNECT: "connect", Action.ANNOUNCE: "announce", Action.SCRAPE: "scrape"}


class UdpProbe:
    """Asks UDP trackers; remembers of each endpoint how it likes its scrapes. Belongs to one event loop."""

    def __init__(self, phrases: Sequence[Phrase] = PHRASES) -> None:
        """Make a probe.

        Args:
            phrases: What error texts mean, as `classify` takes it.
        """
        self._phrases = phrases
        self._habits: dict[Endpoint, ScrapeHabits] = {}

    async def check(
        self,
        tracker: Tracker,
        endpoint: Endpoint,
        *,
        timeout_s: float,
        with_key: bool = True,  # noqa: ARG002 - a connect holds nothing of the URL
    ) -> ProbeOutcome:
        """Exchange a BEP 15 connect: the smallest sign of life, for no torrent."""
        conversation = _Conversation(tracker, endpoint, self._phrases, timeout_s=timeout_s)
        connect = conversation.session.connect()
        await conversation.hold(lambda _: None)
        if connect.ending is Ending.ANSWERED:
            return conversation.outcome(Operation.LIVENESS, said="connect: answered")
        return conversation.outcome(Operation.LIVENESS, failure=conversation.failure_of(connect))

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
        """Scrape unique 20-byte hashes. See `trackerwatch.engine.prober`, and `protocol.udp_scrape` for how.

        What was not answered is `FAILED` in the columns with its reason; the outcome itself fails only where nothing at all
        was answered.
        """
        if columns is None:
            columns = ScrapeColumns.unknown(len(info_hashes))
        conversation = _Conversation(tracker, endpoint, self._phrases, timeout_s=timeout_s)
        scrape = _Scrape(conversation, UdpScrapeRound(info_hashes, columns, self._habits_of(endpoint)), on_progress)
        scrape.ask_more()
        await conversation.hold(scrape.attend)
        failure = None if scrape.exchange_s else scrape.first_failure
        of_all = "" if scrape.round.filled == len(info_hashes) else f" of {len(info_hashes)}"
        said = f"scrape: {scrape.round.filled}{of_all} {_plural('swarm', len(info_hashes))} in {scrape.sent} {_plural('datagram', scrape.sent)}"
        return ScrapeOutcome(
            conversation.outcome(Operation.SCRAPE, failure=failure, exchange_s=scrape.exchange_s, said=said),
            columns,
            tuple(scrape.exchange_s),
        )

    async def announce(
        self, tracker: Tracker, endpoint: Endpoint, request: AnnounceRequest, *, timeout_s: float
    ) -> AnnounceOutcome:
        """Announce once; the time limit holds for the connect and the announce together."""
        conversation = _Conversation(tracker, endpoint, self._phrases, timeout_s=timeout_s, whole_timeout_s=timeout_s)
        exchange = conversation.session.submit(Action.ANNOUNCE, encode_announce_body(request, tracker.target))
        await conversation.hold(lambda _: None)
        failed = partial(conversation.outcome, Operation.ANNOUNCE)
        if exchange.ending is not Ending.ANSWERED:
            return AnnounceOutcome(failed(failure=conversation.failure_of(exchange)))
        exchange_s = [exchange.rtt_s] if exchange.rtt_s is not None else []
        try:
            response = decode_announce_response(exchange.reply, peer_stride=PEER_BYTES[endpoint.family])
        except ProtocolError as error:
            return AnnounceOutcome(failed(failure=Failure(FailureKind.BAD_REPLY, Phase.EXCHANGE, str(error))))
        if isinstance(response, AnnounceRefused):
            failure = Failure(
                FailureKind.UNREGISTERED, Phase.EXCHANGE, "empty announce reply: torrent not allowed here"
            )
            return AnnounceOutcome(failed(failure=failure, exchange_s=exchange_s))
        interval_s = min(float(response.interval_s), MAX_INTERVAL_S) if response.interval_s > 0 else None
        return AnnounceOutcome(
            conversation.outcome(Operation.ANNOUNCE, exchange_s=exchange_s, said=_said(response)),
            SwarmCounts(response.seeders, response.leechers, None),
            response.peers,
            interval_s,
        )

    def _habits_of(self, endpoint: Endpoint) -> ScrapeHabits:
        habits = self._habits.pop(endpoint, None) or ScrapeHabits()
        # Last used, last forgotten: addresses come from DNS and might never end.
        self._habits[endpoint] = habits
        if len(self._habits) > MAX_REMEMBERED_ENDPOINTS:
            del self._habits[next(iter(self._habits))]
        return habits


class _Conversation:
    """A session, the socket under it while it lasts, and what it amounts to."""

    def __init__(
        self,
        tracker: Tracker,
        endpoint: Endpoint,
        phrases: Sequence[Phrase],
        *,
        timeout_s: float,
        whole_timeout_s: float | None = None,
    ) -> None:
        self._phrases = phrases
        self._tracker = tracker
        self._endpoint = endpoint
        self._timeout_s = timeout_s
        self._error: BaseException | None = None
        self.session = UdpSession(
            timeout_s=timeout_s,
            whole_timeout_s=whole_timeout_s,
            draw_transaction_id=partial(secrets.randbits, 32),
        )

    async def hold(self, attend: Callable[[list[Exchange]], None]) -> None:
        """Run the session until it is idle.

        Args:
            attend: Given what has finished, each time; it may ask for more.
        """
        session = self.session
        now = asyncio.get_running_loop().time
        channel = None
        try:
            channel = await UdpChannel.open(self._endpoint)
            while True:
                for datagram in session.datagrams_to_send(now()):
                    await channel.send(datagram)
                if finished := session.take_finished():
                    attend(finished)
                    continue
                if session.idle:
                    return
                for datagram, arrived_at in await channel.receive(session.next_deadline()):
                    session.receive_datagram(datagram, arrived_at)
                if finished := session.take_finished():
                    attend(finished)
        except (OSError, ChannelClosedError) as error:
            self._error = error
        finally:
            if channel is not None:
                channel.close()
        while not session.idle:
            session.abort()
            attend(session.take_finished())

    def failure_of(self, exchange: Exchange) -> Failure:
        """Why an exchange has no answer."""
        in_connect = exchange.failed_in_connect or exchange.action is Action.CONNECT
        phase = Phase.CONNECT if in_connect else Phase.EXCHANGE
        name = _NAMES[Action.CONNECT if in_connect else exchange.action]
        if exchange.ending is Ending.ABORTED and self._error is not None:
            return failure_from_os_error(self._error, phase)
        text = clean(exchange.error_text, secrets=self._tracker.secrets)
        if exchange.ending is Ending.ERROR:
            return Failure(
                classify(text, table=self._phrases), phase, text or f"{name} answered by an error without a text"
            )
        if exchange.ending is Ending.BROKEN:
            return Failure(FailureKind.BAD_REPLY, phase, text)
        message = f"no answer to {name} within {self._timeout_s:g} s"
        if dropped := self.session.unmatched:
            message += f" ({dropped} {_plural('datagram', dropped)} that answered nothing we asked)"
        return Failure(FailureKind.TIMEOUT, phase, message)

    def outcome(
        self,
        operation: Operation,
        *,
        failure: Failure | None = None,
        exchange_s: Sequence[float] = (),
        said: str = "",
    ) -> ProbeOutcome:
        """What all operations report alike."""
        phases = PhaseTimes(connect_s=self.session.connect_rtt_s, exchange_s=median(exchange_s) if exchange_s else None)
        return ProbeOutcome(
            self._endpoint,
            operation,
            phases,
            failure,
            requests=self.session.sent,
            lost=self.session.lost,
            said=failure.message if failure is not None else said,
        )


class _Scrape:
    """Carries batches from a scrape round to the session, and what becomes of them back."""

    def __init__(
        self, conversation: _Conversation, round_: UdpScrapeRound, on_progress: Callable[[], None] | None
    ) -> None:
        self._conversation = conversation
        self._on_progress = on_progress
        self._batches: dict[Exchange, Batch] = {}
        self.round = round_
        self.exchange_s: list[float] = []
        self.first_failure: Failure | None = None
        self.sent = 0

    def ask_more(self) -> None:
        session = self._conversation.session
        while session.room > 0 and (batch := self.round.next_batch()) is not None:
            self._batches[session.submit(Action.SCRAPE, batch.body)] = batch

    def attend(self, finished: list[Exchange]) -> None:
        before = self.round.filled
        for exchange in finished:
            batch = self._batches.pop(exchange)
            self.sent += exchange.sent
            failure = self._failure_of(exchange, batch)
            if failure is None:
                continue
            self.first_failure = self.first_failure or failure
            self.round.failed(batch, failure)
            if self._is_final(exchange, failure):
                self.round.stop(failure)
        self.ask_more()
        if self._on_progress is not None and self.round.filled > before:
            self._on_progress()

    def _failure_of(self, exchange: Exchange, batch: Batch) -> Failure | None:
        if exchange.ending is not Ending.ANSWERED or exchange.rtt_s is None:
            return self._conversation.failure_of(exchange)
        try:
            self.round.answered(batch, exchange.reply)
        except ProtocolError as error:
            return Failure(FailureKind.BAD_REPLY, Phase.EXCHANGE, str(error))
        self.exchange_s.append(exchange.rtt_s)
        return None

    def _is_final(self, exchange: Exchange, failure: Failure) -> bool:
        """Whether to ask this endpoint more would be useless or rude."""
        if exchange.failed_in_connect or exchange.ending is Ending.ABORTED or self._conversation.session.silent:
            return True
        if failure.kind is FailureKind.RATE_LIMITED:
            return True
        # A refusal that is not about one torrent, from a tracker which has answered nothing yet: so will the others be.
        about_all = failure.kind.answered and failure.kind is not FailureKind.UNREGISTERED
        return about_all and not self.exchange_s


def _said(response: AnnounceResponse) -> str:
    peers = "a broken peer list" if response.peers is None else f"{response.peers} {_plural('peer', response.peers)}"
    return (
        f"announce: interval {response.interval_s}, {response.seeders} {_plural('seeder', response.seeders)}, "
        f"{response.leechers} {_plural('leecher', response.leechers)}, {peers}"
    )


def _plural(noun: str, number: int) -> str:
    return noun if number == 1 else noun + "s"
