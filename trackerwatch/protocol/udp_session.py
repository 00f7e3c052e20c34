"""One BEP 15 conversation with one endpoint: what to send when, and what the replies mean. No socket, no clock.

Feed it datagrams and monotonic time, and ask what to do next:

    session = UdpSession(timeout_s=10, draw_transaction_id=...)
    exchange = session.submit(Action.SCRAPE, body)
    loop:
        send each of session.datagrams_to_send(now)
        until session.next_deadline(), or a datagram: session.receive_datagram(datagram, now)
        look at session.take_finished(); when session.idle, it is over

How it goes: a request needs a connection id, so a connect comes first. An id is used for 50 s at most (BEP 15 allows 60); when
a request wants to be sent with an older one, a new connect takes its place in the timetable of resends, as in BEP 15's own
samples. Each sending has a transaction id of its own, and a late reply to an earlier one is still a reply. A reply counts
when its transaction id is outstanding and its action is the one asked for, or an error; anything else is counted and dropped.
An error which says that the connection id is bad costs one new connect and one more try of each request that met it.
"""

# ruff: noqa: SLF001 - the private fields of an exchange are the session's notes on it

from __future__ import annotations

import heapq
from collections import deque
from enum import Enum
from typing import TYPE_CHECKING

from trackerwatch.errors import ProtocolError
from trackerwatch.protocol.udp import (
    PROTOCOL_MAGIC,
    Action,
    decode_connect_response,
    decode_error_response,
    decode_reply_header,
    encode_request,
    is_connection_id_error,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CONNECTION_ID_LIFETIME_S = 50.0
WINDOW = 32
"""Requests under way at once: a server's default receive buffer holds about 92 full datagrams."""

RESEND_FRACTIONS = (0.0, 0.25, 0.55)
"""When a request is sent, as parts of its time limit."""

SILENCE_FRACTION = 0.5
"""The part of a time limit without any answer after which one request that times out speaks for the queue behind it."""


class Ending(Enum):
    """How an exchange ended."""

    ANSWERED = "answered"
    ERROR = "error"
    """The server refused; the text is in `error_text`."""
    BROKEN = "broken"
    """A reply to our transaction id which is too short to be one."""
    TIMED_OUT = "timed out"
    ABORTED = "aborted"
    """The session was ended from outside."""


class Exchange:
    """One request and what became of it. Made by `UdpSession`; read it once it is finished."""

    __slots__ = (
        "_attempt",
        "_deadline",
        "_first_sent_at",
        "_mismatched",
        "_origin",
        "_transaction_ids",
        "_wakes_at",
        "action",
        "body",
        "ending",
        "error_text",
        "failed_in_connect",
        "lost",
        "reply",
        "rtt_s",
        "sent",
    )

    def __init__(self, action: Action, body: bytes) -> None:
        self.action = action
        self.body = body
        self.ending: Ending | None = None
        """None: under way."""
        self.reply = b""
        """The whole datagram, where answered."""
        self.error_text = b""
        """Foreign bytes: what an error said, or what is wrong with a broken reply."""
        self.rtt_s: float | None = None
        """From the sending whose transaction id came back to the reply. None: none came."""
        self.sent = 0
        self.lost = 0
        """Sendings that were never answered and came to be repeated."""
        self.failed_in_connect = False
        """Whether it failed because no connection was granted (also set on that connect itself)."""
        self._attempt = 0
        self._origin: float | None = None
        self._first_sent_at: float | None = None
        self._deadline = 0.0
        self._wakes_at: float | None = None
        self._transaction_ids: list[int] = []
        self._mismatched = False


class UdpSession:
    """The conversation. See the module for the order of calls."""

    def __init__(
        self,
        *,
        timeout_s: float,
        draw_transaction_id: Callable[[], int],
        resend_offsets_s: Sequence[float] | None = None,
        whole_timeout_s: float | None = None,
        window: int = WINDOW,
        connection_id_lifetime_s: float = CONNECTION_ID_LIFETIME_S,
    ) -> None:
        """Begin, with nothing to do.

        Args:
            timeout_s: Bounds one request with its resends, from its first sending; the connect has the same limit of its own.
            draw_transaction_id: Gives random 32-bit numbers.
            resend_offsets_s: When a request is sent, in seconds after its first sending; the first is 0. None: at
                `RESEND_FRACTIONS` of the time limit.
            whole_timeout_s: Bounds everything, from the first datagram. None: unbounded.
            window: Requests under way at once.
            connection_id_lifetime_s: How long an id is used after it came.
        """
        self._timeout_s = timeout_s
        self._draw_transaction_id = draw_transaction_id
        self._offsets_s = (
            tuple(timeout_s * part for part in RESEND_FRACTIONS)
            if resend_offsets_s is None
            else tuple(resend_offsets_s)
        )
        self._whole_timeout_s = whole_timeout_s
        self._gives_up_at = float("inf")
        self._window = window
        self._lifetime_s = connection_id_lifetime_s

        self._connection_id: int | None = None
        self._connected_at = 0.0
        self._connect_wanted = False
        self._connecting: Exchange | None = None
        self._queue: deque[Exchange] = deque()
        self._under_way: dict[Exchange, None] = {}
        """A set that keeps the order of asking."""
        self._waiting: list[Exchange] = []
        """Under way and to be sent as soon as there is a connection id."""
        self._outstanding: dict[int, tuple[Exchange, float, int]] = {}
        """By transaction id: the exchange, when it was sent, and with which connection id."""
        self._alarms: list[tuple[float, int, Exchange]] = []
        """A heap of times at which an exchange wants to be looked at; entries it has outlived are skipped."""
        self._alarm_count = 0
        self._finished: list[Exchange] = []
        self._last_answer_at: float | None = None

        self.connect_rtt_s: float | None = None
        """Round trip of the first connect that was answered."""
        self.unmatched = 0
        """Datagrams dropped because they belong to nothing we asked."""
        self.sent = 0
        self.lost = 0
        self.silent = False
        """Whether requests timed out while nothing at all came: whoever has more to ask should not."""

    # What the owner wants

    def connect(self) -> Exchange:
        """Ask for a connection id and nothing else. The exchange is among the finished when it is over."""
        self._connect_wanted = True
        if self._connecting is None:
            self._connecting = Exchange(Action.CONNECT, b"")
        return self._connecting

    def submit(self, action: Action, body: bytes) -> Exchange:
        """Queue an announce or a scrape."""
        exchange = Exchange(action, body)
        self._queue.append(exchange)
        return exchange

    def abort(self) -> None:
        """End everything that is not finished."""
        if self._connecting is not None:
            self._finish(self._connecting, Ending.ABORTED, lost=max(0, self._connecting.sent - 1))
        self._fail_all(Ending.ABORTED, in_connect=self.connect_rtt_s is None)

    @property
    def room(self) -> int:
        """How many more requests would be sent at once."""
        return self._window - len(self._under_way) - len(self._queue)

    @property
    def idle(self) -> bool:
        """Whether there is nothing left to do."""
        return not (self._queue or self._under_way or self._connecting)

    def take_finished(self) -> list[Exchange]:
        """Exchanges that ended since the last call, in that order."""
        finished, self._finished = self._finished, []
        return finished

    # What the wire wants

    def datagrams_to_send(self, now: float) -> list[bytes]:
        """What is due: first sendings, resends, connects. Also ends what has run out of time."""
        if self._gives_up_at == float("inf") and self._whole_timeout_s is not None:
            self._gives_up_at = now + self._whole_timeout_s
        datagrams: list[bytes] = []
        self._attend_alarms(now, datagrams)
        if self._connecting and not self._connecting.sent:
            self._send(self._connecting, PROTOCOL_MAGIC, now, datagrams)
        while self._queue and len(self._under_way) < self._window:
            exchange = self._queue.popleft()
            self._under_way[exchange] = None
            self._waiting.append(exchange)
        if self._waiting:
            self._waiting = [exchange for exchange in self._waiting if exchange.ending is None]
        if self._waiting and self._connecting is None:
            if self._connection_id is None or now - self._connected_at >= self._lifetime_s:
                self._reconnect(self._waiting[0], now, datagrams)
            else:
                waiting, self._waiting = self._waiting, []
                for exchange in waiting:
                    self._send(exchange, self._connection_id, now, datagrams)
        return datagrams

    def next_deadline(self) -> float | None:
        """When `datagrams_to_send` has something to do if no datagram comes before. None: never."""
        alarms = self._alarms
        while alarms and alarms[0][2]._wakes_at != alarms[0][0]:
            heapq.heappop(alarms)
        return alarms[0][0] if alarms else None

    def receive_datagram(self, datagram: bytes, now: float) -> None:
        """Take one datagram from the endpoint; any bytes will do."""
        try:
            action, transaction_id = decode_reply_header(datagram)
        except ProtocolError:
            self.unmatched += 1
            return
        sent = self._outstanding.get(transaction_id)
        if sent is None or action not in (sent[0].action, Action.ERROR):
            self.unmatched += 1
            return
        exchange, sent_at, connection_id = sent
        # Sendings before this one are lost; one after it may still be answered, and was not needed.
        earlier = exchange._transaction_ids.index(transaction_id)
        if action == Action.ERROR:
            text = decode_error_response(datagram).text
            if exchange.action is not Action.CONNECT:
                self._last_answer_at = now
                if is_connection_id_error(text) and not exchange._mismatched:
                    self._forget_connection(exchange, connection_id)
                    return
            exchange.error_text = text
            self._finish(exchange, Ending.ERROR, lost=earlier)
        elif exchange.action is Action.CONNECT:
            try:
                self._connection_id = decode_connect_response(datagram).connection_id
            except ProtocolError as error:
                exchange.error_text = str(error).encode()
                self._finish(exchange, Ending.BROKEN, lost=earlier)
                return
            self._connected_at = now
            exchange.reply, exchange.rtt_s = datagram, now - sent_at
            if self.connect_rtt_s is None:
                self.connect_rtt_s = exchange.rtt_s
            self._finish(exchange, Ending.ANSWERED, lost=earlier)
        else:
            self._last_answer_at = now
            exchange.reply, exchange.rtt_s = datagram, now - sent_at
            self._finish(exchange, Ending.ANSWERED, lost=earlier)

    # How it is done

    def _attend_alarms(self, now: float, datagrams: list[bytes]) -> None:
        alarms = self._alarms
        while alarms and alarms[0][0] <= now:
            at, _, exchange = heapq.heappop(alarms)
            if exchange._wakes_at != at:
                continue
            if now >= exchange._deadline:
                self._time_out(exchange, now)
            elif exchange.action is Action.CONNECT:
                self._send(exchange, PROTOCOL_MAGIC, now, datagrams)
            else:
                self._waiting.append(exchange)
                self._wake(exchange, exchange._deadline)

    def _reconnect(self, because_of: Exchange, now: float, datagrams: list[bytes]) -> None:
        connect = self._connecting = Exchange(Action.CONNECT, b"")
        # The connect stands in for a sending of that request: BEP 15's timeline goes on instead of beginning anew.
        connect._attempt = min(because_of._attempt, len(self._offsets_s) - 1)
        connect._origin = now - self._offsets_s[connect._attempt]
        self._send(connect, PROTOCOL_MAGIC, now, datagrams)

    def _send(self, exchange: Exchange, connection_id: int, now: float, datagrams: list[bytes]) -> None:
        transaction_id = self._draw_transaction_id() & 0xFFFFFFFF
        # 0 is what some servers write into errors about packets they could not read.
        while not transaction_id or transaction_id in self._outstanding:
            transaction_id = (transaction_id + 1) & 0xFFFFFFFF
        datagrams.append(encode_request(connection_id, exchange.action, transaction_id, exchange.body))
        self._outstanding[transaction_id] = (exchange, now, connection_id)
        exchange._transaction_ids.append(transaction_id)
        exchange.sent += 1
        self.sent += 1
        if exchange._first_sent_at is None:
            exchange._first_sent_at = now
            exchange._deadline = min(now + self._timeout_s, self._gives_up_at)
        if exchange._origin is None:
            exchange._origin = now
        exchange._attempt += 1
        due_at = exchange._deadline
        if exchange._attempt < len(self._offsets_s):
            due_at = min(due_at, exchange._origin + self._offsets_s[exchange._attempt])
        self._wake(exchange, due_at)

    def _wake(self, exchange: Exchange, at: float) -> None:
        exchange._wakes_at = at
        self._alarm_count += 1
        heapq.heappush(self._alarms, (at, self._alarm_count, exchange))

    def _forget_connection(self, exchange: Exchange, connection_id: int) -> None:
        if connection_id == self._connection_id:
            # Others that used the same id come here too, and then there is a newer one.
            self._connection_id = None
        exchange._mismatched = True
        for transaction_id in exchange._transaction_ids:
            del self._outstanding[transaction_id]
        exchange._transaction_ids.clear()
        exchange._attempt, exchange._origin = 0, None
        self._wake(exchange, exchange._deadline)
        if exchange not in self._waiting:
            self._waiting.append(exchange)

    def _time_out(self, exchange: Exchange, now: float) -> None:
        self._finish(exchange, Ending.TIMED_OUT, lost=max(0, len(exchange._transaction_ids) - 1))
        if exchange.action is Action.CONNECT:
            return
        answered_at = self._last_answer_at
        if answered_at is None or now - answered_at >= SILENCE_FRACTION * self._timeout_s:
            self.silent = True
            queue, self._queue = self._queue, deque()
            for queued in queue:
                self._finish(queued, Ending.TIMED_OUT)

    def _finish(self, exchange: Exchange, ending: Ending, *, lost: int = 0) -> None:
        exchange.ending = ending
        exchange.lost = lost
        self.lost += lost
        exchange._wakes_at = None
        for transaction_id in exchange._transaction_ids:
            self._outstanding.pop(transaction_id, None)
        self._under_way.pop(exchange, None)
        if exchange.action is not Action.CONNECT:
            self._finished.append(exchange)
            return
        self._connecting = None
        if self._connect_wanted:
            self._connect_wanted = False
            self._finished.append(exchange)
        if ending is not Ending.ANSWERED:
            exchange.failed_in_connect = True
            self._fail_all(ending, exchange.error_text, in_connect=True)

    def _fail_all(self, ending: Ending, text: bytes = b"", *, in_connect: bool) -> None:
        """End what is queued or under way: there is no connection to be had."""
        unfinished = [*self._under_way, *self._queue]
        self._queue.clear()
        self._waiting.clear()
        for exchange in unfinished:
            exchange.error_text = text
            exchange.failed_in_connect = in_connect
            self._finish(exchange, ending, lost=max(0, len(exchange._transaction_ids) - 1))
