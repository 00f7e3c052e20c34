"""What broken rules say to people: what was seen, what it affects, what to do next."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trackerwatch.outcome import FailureKind
from trackerwatch.policy.rules import SEVERITIES, Problem, Rule

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from trackerwatch.outcome import Failure

KIND_WORDS: dict[FailureKind, str] = {
    FailureKind.LOCAL_OFFLINE: "we are offline",
    FailureKind.DNS_NXDOMAIN: "no such host name",
    FailureKind.DNS_ERROR: "name does not resolve",
    FailureKind.DNS_TIMEOUT: "name lookup timed out",
    FailureKind.DNS_BLOCKED: "name leads to a sinkhole",
    FailureKind.NO_ROUTE: "no route from here",
    FailureKind.REFUSED: "refused",
    FailureKind.TIMEOUT: "timeout",
    FailureKind.TLS: "TLS failed",
    FailureKind.HTTP_STATUS: "HTTP error",
    FailureKind.REDIRECT: "bad redirect",
    FailureKind.TOO_LARGE: "answer too large",
    FailureKind.CLOSED: "hung up",
    FailureKind.NOT_BENCODE: "not a tracker's answer",
    FailureKind.BAD_REPLY: "broken answer",
    FailureKind.FAILURE_REASON: "tracker says no",
    FailureKind.UNREGISTERED: "unregistered",
    FailureKind.UNAUTHORIZED: "unauthorized",
    FailureKind.RATE_LIMITED: "rate limited",
    FailureKind.SCRAPE_UNSUPPORTED: "no scrape here",
    FailureKind.DENIED: "denied by its DNS",
    FailureKind.BLOCKED: "blocked, not public",
    FailureKind.INTERNAL: "internal error",
}
"""A failure kind in the few words that fit a table."""


def failure_words(failure: Failure | None) -> str:
    """A failure in one short line: the kind in words and what was said, without saying the same twice."""
    if failure is None:
        return ""
    words = KIND_WORDS[failure.kind]
    message = failure.message
    if not message or message.casefold() == words:
        return words
    return message if words in message.casefold() else f"{words}: {message}"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a rule's words are made of. Empty or None where it does not apply."""

    names: tuple[str, ...] = ()
    """Trackers to blame, each with its reason: `foo.org:6969 refused`."""
    active: str = ""
    """The tracker that is used now."""
    active_tier: int = 0
    working: int = 0
    total: int = 0
    seen_by: str = ""
    """The tracker whose count is quoted."""
    detail: str = ""


def problem(
    rule: Rule,
    *,
    torrent: str | None,
    tracker: str | None,
    since: datetime | None,
    message: str,
    action: str,
) -> Problem:
    """A problem with an id that is the same in every run that sees the same."""
    # Not the tracker of a torrent's problem: whom it blames may change while it stays the same problem.
    key = f"{rule}|{torrent or tracker or ''}"
    return Problem(
        hashlib.sha256(key.encode()).hexdigest()[:12], SEVERITIES[rule], rule, torrent, tracker, since, message, action
    )


def torrent_words(rule: Rule, evidence: Evidence) -> tuple[str, str]:
    """Message and action for a rule that a torrent breaks."""
    failed = ", ".join(evidence.names)
    match rule:
        case Rule.EXHAUSTED:
            return (
                f"no tracker is left, {_all_failed(evidence.total)}: {failed}; new peers cannot find this torrent by a tracker",
                "bring one of these trackers back, or add one that works and publish the torrent again",
            )
        case Rule.NO_SEEDERS:
            return (
                f"no seeder: the trackers know none (asked: {evidence.seen_by}); nobody can complete a download",
                "start seeding it, then check again",
            )
        case Rule.ONE_SEEDER:
            return (
                f"one seeder only (seen by {evidence.seen_by}); if it leaves, nobody can complete a download",
                "start a second seeder on another machine",
            )
        case Rule.FAILED_OVER:
            return (
                f"runs on its backup {evidence.active} (tier {evidence.active_tier}): {failed}; {_work(evidence)}",
                "find out why the earlier trackers fail; clients try them first and lose time",
            )
        case Rule.SAME_TIER_FAILOVER:
            return (
                f"uses {evidence.active}; another tracker of the same tier failed: {failed}",
                "nothing now: clients move on within the tier",
            )
        case Rule.REDUNDANCY:
            return (
                f"{_work(evidence)}, fewer than two of them independent: {failed}",
                "bring a second independent tracker back before this one fails too",
            )
        case Rule.NO_TRACKERS:
            return ("lists no usable tracker" + (f": {evidence.detail}" if evidence.detail else ""), "add a tracker")
        case Rule.UNREGISTERED:
            return (f"not registered: {failed}", "register the torrent there, or drop this tracker from it")
        case Rule.UNAUTHORIZED:
            return (f"refused: {failed}", "check the key, the account and whether this client is allowed there")
        case Rule.IMPLAUSIBLE:
            return (f"counts beyond sanity: {failed}", "do not believe this tracker's counts; ask its operator")
        case Rule.SINGLE_TRACKER:
            return ("lists a single independent tracker", "add a second one on another host")
        case Rule.DISAGREEMENT:
            return (f"trackers disagree: {evidence.detail}", "check that seeders announce to all of them")
        case Rule.SCRAPE_UNSUPPORTED:
            return (f"cannot be scraped: {failed}", "allow announces (--announce fallback), or accept unknown counts")
        case Rule.PRIVATE_NOT_ASKED:
            return (
                "private: its trackers were only checked for life, without the key",
                "allow more with --private scrape or --private announce",
            )
        case Rule.WARNING_MESSAGE:
            return (f"the tracker warns: {failed}", "read what it says")
        case _:
            return (str(rule), "")


def _all_failed(total: int) -> str:
    return "its only one failed" if total == 1 else f"all {total} failed"


def _work(evidence: Evidence) -> str:
    return f"{evidence.working} of {count_words(evidence.total, 'tracker')} {'works' if 1 in (evidence.working, evidence.total) else 'work'}"


def count_words(number: float, noun: str) -> str:
    """`1 tracker`, `3 trackers`, `0.5 days`."""
    return f"{number:,.15g} {noun}{'' if number == 1 else 's'}"


def tracker_down_words(host_port: str, reason: str, effect: tuple[int, int, int, int]) -> tuple[str, str]:
    """Message and action for a tracker that is down.

    Args:
        host_port: Its short name.
        reason: Why, in words.
        effect: Torrents unaffected, failed over, exhausted, not known.
    """
    hits = f": {effect_words(effect)}" if sum(effect) else ""
    return (
        f"{host_port} is down ({reason}){hits}",
        "read what each of its addresses says, and ask its operator; clients wait for it in vain meanwhile",
    )


def effect_words(effect: tuple[int, int, int, int]) -> str:
    """`of 5,120 torrents, 5,076 keep their tracker, 41 failed over, 3 exhausted`; `12 torrents keep their tracker`."""
    total = sum(effect)
    if not total:
        return "no torrent lists it"
    # They may have lost a backup: not "unaffected".
    keep = "keeps its tracker" if effect[0] == 1 else "keep their tracker"
    parts = [
        f"{count:,} {word}"
        for count, word in zip(effect, (keep, "failed over", "exhausted", "not known yet"), strict=True)
        if count
    ]
    return f"of {count_words(total, 'torrent')}, {', '.join(parts)}" if len(parts) > 1 else _all(parts[0], total)


def _all(part: str, total: int) -> str:
    """What holds of all torrents: `12 torrents keep their tracker`."""
    number, word = part.split(" ", 1)
    return f"{number} torrent{'' if total == 1 else 's'} {word}"


def tls_expiry_words(host_port: str, days: float) -> tuple[str, str]:
    """Message and action for a certificate that ends soon."""
    when = f"ends in {days:.0f} days" if days >= 1 else "ends within a day"
    return (f"the certificate of {host_port} {when}; then every client refuses it", "renew the certificate")


NAMED_AT_MOST = 5
"""Trackers that one line names."""


def some(names: Sequence[str]) -> str:
    """Names with commas between them, few of many: `a, b, c and 4 more`."""
    more = len(names) - NAMED_AT_MOST
    return ", ".join(names[:NAMED_AT_MOST]) + (f" and {more:,} more" if more > 0 else "")


def min_seeders_words(seen: int, wanted: int, seen_by: Sequence[str]) -> tuple[str, str]:
    """Message and action where fewer seeders are seen than a policy wants.

    Args:
        seen: The known maximum.
        wanted: As the policy says.
        seen_by: Trackers that told of so many.
    """
    told = count_words(seen, "seeder") if seen else "no seeder"
    by = f" seen by {some(seen_by)}" if seen_by else " is seen"
    missing = wanted - seen
    if not seen:
        action = "start seeding it" if wanted == 1 else f"start {wanted:,} seeders, each on a machine of its own"
    elif missing == 1:
        action = "start 1 more seeder on another machine"
    else:
        action = f"start {missing:,} more seeders on other machines"
    return (f"{told}{by}, the policy wants {wanted:,}", action)


def min_working_words(working: int, listed: int, wanted: int, failed: Sequence[str]) -> tuple[str, str]:
    """Message and action where fewer trackers work than a policy wants.

    Args:
        working: Trackers that work for the torrent.
        listed: Trackers that it lists.
        wanted: As the policy says.
        failed: Those that fail, each with its reason.
    """
    if listed < wanted and not failed:
        told = count_words(listed, "tracker") if listed else "no tracker"
        return (f"lists {told}, the policy wants {wanted:,} that work", _add(wanted - listed))
    number = f"{working:,}" if working else "none"
    verb = "works" if working <= 1 else "work"
    message = f"{number} of {count_words(listed, 'tracker')} {verb}, the policy wants {wanted:,}: {some(failed)}"
    if listed < wanted:
        return (message, f"{_add(wanted - listed)}, and bring back what fails")
    one = "this tracker" if len(failed) == 1 else "one of these trackers" if wanted - working == 1 else "these trackers"
    return (message, f"bring {one} back, or add one that works and publish the torrent again")


def _add(missing: int) -> str:
    return (
        f"add {'a tracker' if missing == 1 else f'{missing:,} trackers'} on another host and publish the torrent again"
    )


def dead_tracker_words(
    dead: Sequence[tuple[str, float, str]], allowed_days: float | None, stays: Sequence[str]
) -> tuple[str, str]:
    """Message and action where trackers have been down for so long that they should go.

    Args:
        dead: Of each its name, for how many days, and why, in words.
        allowed_days: As the policy says. None: it says nothing.
        stays: What the list is without them.
    """
    named = [(name, f"for {count_words(days, 'day')}{f' ({why})' if why else ''}") for name, days, why in dead]
    allowed = f", the policy allows {allowed_days:,.15g}" if allowed_days is not None else "; clients still try it"
    if len(dead) == 1:
        message = f"{named[0][0]} has been down {named[0][1]}{allowed}"
    else:
        told = some([" ".join(one) for one in named])
        message = f"{len(dead):,} trackers have been down: {told}{allowed.replace('try it', 'try them')}"
    them = "it" if len(dead) == 1 else "them"
    if not stays:
        return (message, f"replace {them}: the torrent lists no other tracker")
    return (message, f"take {them} out of the torrent; what stays: {some(stays)}")
