"""What an HTTP answer amounts to that holds no tracker's reply: a page, an error status, nothing at all."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from trackerwatch.bencoding import decode_reply
from trackerwatch.errors import ProtocolError
from trackerwatch.outcome import Failure, FailureKind, Phase
from trackerwatch.outside_text import clean
from trackerwatch.protocol.http_values import GONE, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable

_TITLE = re.compile(rb"<title[^>]*>([^<]{1,400})", re.IGNORECASE)
_BENCODED_START = re.compile(rb"d(?:[0-9]|e)")
_OPENTRACKER_REFUSAL = b"Invalid Request"
_SNIFFED_BYTES = 4096

_PHRASES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    410: "Gone",
    414: "URI Too Long",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}
"""Our own words: what servers write beside the number is not always true (`200 Not Authorized`)."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """One whole HTTP answer, redirects followed."""

    status: int
    body: bytes
    """Decompressed."""
    retry_after_s: float | None = None
    """From `Retry-After`. None: it did not say."""

    @property
    def succeeded(self) -> bool:
        """Whether the status is one of success."""
        return 200 <= self.status < 300


def failure_without_reply(answer: HttpAnswer, error: ProtocolError, *, secrets: Iterable[str]) -> Failure:
    """Name the failure of an answer that could not be decoded.

    Args:
        answer: The answer.
        error: Why its body is no reply.
        secrets: Strings that must not be shown.
    """
    if not answer.succeeded:
        return _status_failure(answer, secrets)
    if _BENCODED_START.match(answer.body):
        return Failure(FailureKind.BAD_REPLY, Phase.EXCHANGE, str(error), answer.retry_after_s)
    message = describe_body(answer.body, secrets=secrets)
    return Failure(FailureKind.NOT_BENCODE, Phase.EXCHANGE, message, answer.retry_after_s)


def _status_failure(answer: HttpAnswer, secrets: Iterable[str]) -> Failure:
    # 402: opentracker, to whoever scrapes too much.
    kind = FailureKind.RATE_LIMITED if answer.status in {402, 429} else FailureKind.HTTP_STATUS
    message = describe_status(answer.status)
    if title := page_title(answer.body, secrets=secrets):
        message += f': "{title}"'
    return Failure(kind, Phase.EXCHANGE, message, answer.retry_after_s, retry_never=answer.status == GONE)


def failure_of_liveness(answer: HttpAnswer, *, secrets: Iterable[str]) -> tuple[Failure | None, str]:
    """Judge the answer to a bare announce URL, sent without parameters.

    Returns:
        None and what was said, where a tracker is alive behind it: any bencoded dictionary, or opentracker's refusal of a
        request without parameters. Else the failure and an empty string.
    """
    try:
        reply = decode_reply(answer.body)
    except ProtocolError as error:
        if answer.status == 400 and _OPENTRACKER_REFUSAL in answer.body[:_SNIFFED_BYTES]:
            return None, f"{describe_status(400)}: Invalid Request (to a request without parameters, as it should)"
        return failure_without_reply(answer, error, secrets=secrets), ""
    for key in (b"failure reason", b"warning message"):
        if key in reply:
            return None, f"{key.decode()}: {text_of(reply[key], secrets)}"
    return None, f"a bencoded dictionary of {len(reply)} keys"


def with_retry_after(failure: Failure, retry_after_s: float | None) -> Failure:
    """A failure that a reply told, with the longer of its own wish and `Retry-After`."""
    if retry_after_s is None:
        return failure
    return replace(failure, retry_in_s=max(retry_after_s, failure.retry_in_s or 0.0))


def describe_status(status: int) -> str:
    """`HTTP 404 Not Found`, or the bare number where it has no common phrase."""
    return f"HTTP {status} {_PHRASES.get(status, '')}".rstrip()


def describe_body(body: bytes, *, secrets: Iterable[str]) -> str:
    """Say what a body is that is no bencode, by its bytes: types that servers announce are often wrong."""
    head = body[:_SNIFFED_BYTES].removeprefix(b"\xef\xbb\xbf").lstrip()
    if not head:
        return "an empty answer"
    if head.startswith(b"<"):
        title = page_title(body, secrets=secrets)
        return f'a web page: "{title}"' if title else "a web page"
    if head.startswith((b"{", b"[")):
        return f"JSON: {clean(head, limit_chars=80, secrets=secrets)}"
    if b"d8:" in head or b"d5:" in head or b"d14:" in head:
        return f"text before the reply: {clean(head, limit_chars=80, secrets=secrets)}"
    return f"no bencode: {clean(head, limit_chars=80, secrets=secrets)}"


def page_title(body: bytes, *, secrets: Iterable[str]) -> str:
    """The title of a web page, clean; empty where there is none."""
    title = _TITLE.search(body[:_SNIFFED_BYTES])
    return clean(title.group(1), limit_chars=80, secrets=secrets) if title else ""
