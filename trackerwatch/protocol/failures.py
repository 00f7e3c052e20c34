"""What a tracker means by its failure and warning texts: an ordered table of phrases, first match wins.

No standard says how these texts read, so each row names wording that some tracker software or site sends. The order
carries meaning: XBT's "unregistered torrent pass" is a bad key although it says "unregistered torrent".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trackerwatch.outcome import FailureKind

if TYPE_CHECKING:
    from collections.abc import Sequence

_URL = re.compile(r"https?://\S+")
_STOPPED = r"stopped peer does(?:n't| not) exist"


@dataclass(frozen=True, slots=True)
class Phrase:
    """One row: texts that match are of this kind."""

    pattern: re.Pattern[str]
    """Searched in the text after it was case-folded, its white space squeezed and its URLs cut out."""
    kind: FailureKind
    private_only: bool = False
    """Whether the words are too short to mean anything but on a private torrent's tracker."""


def _phrases(kind: FailureKind, *patterns: str, private_only: bool = False) -> tuple[Phrase, ...]:
    return (Phrase(re.compile("|".join(patterns)), kind, private_only),)


PHRASES: tuple[Phrase, ...] = (
    # Connection ids of UDP trackers: nothing is known about the torrent.
    *_phrases(
        FailureKind.FAILURE_REASON,
        r"connection id (?:miss?match|could not be verified)",
        r"bad connection id",
        r"cookie value is expired",
    ),
    # Old UNIT3D: a limit of locations, worded as one of rate.
    *_phrases(FailureKind.UNAUTHORIZED, r"rate limit.*\blocations?\b", r"\blocations?\b.*rate limit"),
    *_phrases(
        FailureKind.RATE_LIMITED,
        r"minimum announce (?:time|lock|interval)",
        r"respect the min(?:imum)? interval",
        r"rate[ -]?limit",
        r"too (?:many requests|frequent)",
        r"slow down",
        r"anti-?spam",
        r"please wait",
    ),
    # Keys.
    *_phrases(
        FailureKind.UNAUTHORIZED,
        r"pass ?key",
        r"torrent[ _]pass",
        r"auth ?key",
        r"authenticat",
        r"unapproved request",
        r"(?:missing|invalid) jwt",
        r"the supplied key",
        r"user does not exist",
        r"^access denied\W*$",
    ),
    # Accounts.
    *_phrases(
        FailureKind.UNAUTHORIZED,
        r"account (?:is |has been |was )?(?:disabled|parked|not enabled|not active|banned|suspended)",
        r"downloading privileges",
        r"ratio is too low",
        r"slot limit",
        r"leeching forbidden",
        r"only allowed to seed",
        r"wait time",
        r"peers limit reached",
        r"client limit for this torrent",
        r"same torrent from more than",
        r"already are downloading the same torrent",
        r"connection limit exceeded",
        r"\bh&r\b",
        r"\bhit (?:and|&) run",
    ),
    # Our peer id or user agent.
    *_phrases(
        FailureKind.UNAUTHORIZED,
        r"client is (?:not (?:approved|acceptable|allowed|on the whitelist|whitelisted)|banned|blacklisted|too old)",
        r"(?:unapproved|banned|blacklisted) client",
        r"client (?:version )?(?:is )?(?:not (?:approved|acceptable|allowed|whitelisted)|banned|blacklisted)",
        r"client (?:version )?is (?:on|in) (?:the|our) black ?list",
        r"browser, crawler",
        r"abnormal access blocked",
        r"user[ -]?agent",
        r"does not support compact",
        r"cannot use this agent",
    ),
    # Our address.
    *_phrases(
        FailureKind.UNAUTHORIZED,
        r"your ip\b",
        r"\bip (?:address )?(?:is |has been )?(?:banned|blacklisted)",
        r"host banned",
        r"\bblocked\b",
        r"\bvpns?\b",
        r"\bprox(?:y|ies)\b",
        r"^access denied,",
    ),
    *_phrases(
        FailureKind.UNREGISTERED,
        r"unregistered",
        r"not registered",
        r"torrent (?:is |was )?not found",
        r"info[ _-]?hash (?:is |was )?not (?:found|allowed)",
        r"not authorized for use (?:with|on) this tracker",
        r"unapproved torrent",
        r"not whitelisted",
        r"resource does not exist",
        r"unknown torrent",
        r"torrent (?:does not exist|doesn't exist)",
        r"torrent (?:is |was |has been )?(?:deleted|banned|nuked|rejected)",
        r"has been deleted",
        r"retitled",
        r"no torrent with that info[ _-]?hash",
        r"nicht registriert",
        r"existiert nicht",
        r"introuvable",
        r"não registrado",
        r"[種种]子不存在",
        r"没有在我们的",
    ),
    *_phrases(
        FailureKind.UNREGISTERED,
        r"\btrump",
        r"\bdupe\b",
        # The whole text of single sites; within a longer one these words mean anything.
        r"^(?:torrent )?(?:dead|unknown|uploaded)\W*$",
        private_only=True,
    ),
    # Some other thing that does not exist, after the ones that say which.
    *_phrases(FailureKind.FAILURE_REASON, _STOPPED),
    *_phrases(FailureKind.UNREGISTERED, r"does not exist"),
)
"""The built-in table. Moderation still pending, requests the tracker dislikes, and its own trouble (maintenance, overload,
database) match no row: the tracker answered, and its words are shown."""

_REQUEST_TOO_LONG = re.compile(
    r"get string too long|request-ur[il] too (?:long|large)|bad request|header fields too large"
)

_KIND_BY_STATUS = {
    401: FailureKind.UNAUTHORIZED,
    # opentracker says 402 to whoever scrapes too much.
    402: FailureKind.RATE_LIMITED,
    429: FailureKind.RATE_LIMITED,
}


def classify(
    text: str, *, http_status: int | None = None, private: bool = False, table: Sequence[Phrase] = PHRASES
) -> FailureKind:
    """Say what a `failure reason`, a `warning message` or a UDP error text amounts to.

    Args:
        text: What the tracker said.
        http_status: Decides where the words do not. None: not over HTTP.
        private: Whether the torrent is private, so that the slang of private trackers counts.
        table: The rows to go by; a config puts its own before `PHRASES`.

    Returns:
        `unregistered`, `unauthorized`, `rate_limited`, or else `failure_reason`.
    """
    words = folded(text)
    for phrase in table:
        if (private or not phrase.private_only) and phrase.pattern.search(words):
            return phrase.kind
    return _KIND_BY_STATUS.get(http_status or 0, FailureKind.FAILURE_REASON)


def is_stopped_acknowledged(text: str) -> bool:
    """Whether a failure text is how UNIT3D answers `event=stopped` of an unknown peer: tracker, key and torrent are fine."""
    return re.search(_STOPPED, folded(text)) is not None


def is_request_too_long(text: str) -> bool:
    """Whether a failure text complains about the length of the request (Ocelot, web servers): fewer hashes may do."""
    return _REQUEST_TOO_LONG.search(folded(text)) is not None


def literal(words: str, kind: FailureKind) -> Phrase:
    """A row for words that a user wrote: they match as they are, anywhere in a text, and need be no pattern."""
    return Phrase(re.compile(re.escape(folded(words))), kind)


def folded(text: str) -> str:
    """A text as the patterns of the table see it."""
    # Words like "blocked" occur in the URLs and torrent names that trackers quote.
    return " ".join(_URL.sub(" ", text.replace("\0", " ").casefold().replace("\u2019", "'")).split())
