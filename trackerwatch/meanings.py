"""What every state and reason means, and what to do about it: one table for screens, reports and help. Pure.

A meaning is two sentences of its own that fit a line of 100 characters or wrap well. Where nothing is to be done, that is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from trackerwatch.engine.views import AskState, LocalState
from trackerwatch.failover.states import FailoverState, Role
from trackerwatch.health.states import Health
from trackerwatch.outcome import FailureKind
from trackerwatch.policy.rules import Rule, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeAlias

    State: TypeAlias = (
        "FailureKind | Health | Rule | Verdict | FailoverState | Role | LocalState | AskState | Condition"
    )


class Condition(StrEnum):
    """What else the screen says of a tracker, or of itself."""

    RETRY = "retry"
    REFUSES = "refuses"
    DEAD = "dead"
    MOVED = "moved"
    FLAPPING = "flapping"
    MUTED = "muted"
    DISABLED = "disabled"
    REMEMBERED = "remembered"
    NOT_JUDGED = "not_judged"
    ADDED = "added"
    OWN_INTERVAL = "own_interval"
    FAILING = "failing"
    SLOW = "slow"
    LOSS = "loss"
    ENDPOINT_DOWN = "endpoint_down"
    TLS_EXPIRY = "tls_expiry"
    LOADING = "loading"
    FROZEN = "frozen"
    STALE = "stale"
    LATE = "late"
    STORE_TROUBLE = "store_trouble"


REASON_CODES = (
    Condition.FAILING,
    Condition.SLOW,
    Condition.LOSS,
    Condition.ENDPOINT_DOWN,
    Condition.TLS_EXPIRY,
)
"""Those of `TrackerView.reasons` that are no failure kinds."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """A state or reason in plain words."""

    means: str
    """What was seen, as a sentence without its full stop."""
    do: str
    """What to do next, as a sentence without its full stop."""


_FAILURES: Mapping[FailureKind, Meaning] = {
    FailureKind.LOCAL_OFFLINE: Meaning(
        "this machine itself is cut off, so nothing can be said of the tracker",
        "check this machine's network; trackers are asked again by themselves once it is back",
    ),
    FailureKind.DNS_NXDOMAIN: Meaning(
        "DNS says that the tracker's host name does not exist",
        "compare with another resolver; if the name is gone, take the tracker out of the torrents",
    ),
    FailureKind.DNS_ERROR: Meaning(
        "the resolver could not answer for the tracker's name",
        "check this machine's resolver with `trackerwatch doctor`, else wait: the name's own servers may be broken",
    ),
    FailureKind.DNS_TIMEOUT: Meaning(
        "no name server answered in time",
        "check this machine's resolver with `trackerwatch doctor`, else wait: the name's own servers may be down",
    ),
    FailureKind.DNS_BLOCKED: Meaning(
        "the name resolves to 0.0.0.0 or to this machine: a filter in between hides the tracker",
        "use a resolver that does not filter, or allow the name in the filter (Pi-hole, router, hosts file)",
    ),
    FailureKind.NO_ROUTE: Meaning(
        "this machine has no way to that address; most often it has no IPv6",
        "nothing, if another address of the tracker answers; else check this machine's IPv6 and routes",
    ),
    FailureKind.REFUSED: Meaning(
        "the machine is there, and nothing listens on that port",
        "check that the tracker runs and on which port, or ask its operator",
    ),
    FailureKind.TIMEOUT: Meaning(
        "nothing came back in time: the tracker is off, overloaded, or a firewall drops the packets",
        "try it from another network; if all udp trackers time out, UDP may be blocked here (`trackerwatch doctor`)",
    ),
    FailureKind.TLS: Meaning(
        "the tracker's certificate or its TLS cannot be trusted, so clients refuse it",
        "read the exact reason; renew or fix the certificate, or name its authority with --ca-file",
    ),
    FailureKind.HTTP_STATUS: Meaning(
        "a web server answered with an error instead of a tracker's answer",
        "check the path of the URL; a 5xx is the server's own trouble, a 404 a wrong or removed path",
    ),
    FailureKind.REDIRECT: Meaning(
        "the tracker sends clients elsewhere in a way that cannot or must not be followed",
        "look where it leads and put the new URL into the torrents, if it is right",
    ),
    FailureKind.TOO_LARGE: Meaning(
        "the answer is larger than any tracker's should be, and was cut off",
        "check that the URL is a tracker's and no download or web page",
    ),
    FailureKind.CLOSED: Meaning(
        "the connection ended before a whole answer",
        "wait for the next try; if it stays, the server or something in front of it is overloaded or filters",
    ),
    FailureKind.NOT_BENCODE: Meaning(
        "what answered does not speak the trackers' language: a web page, a login portal, a parked domain",
        "open the URL in a browser to see who answers there; on hotel or train networks log in first",
    ),
    FailureKind.BAD_REPLY: Meaning(
        "the tracker answered with something broken that clients cannot use",
        "tell its operator; nothing in the torrent or here is wrong",
    ),
    FailureKind.FAILURE_REASON: Meaning(
        "the tracker is up and says no, in its own words",
        "read what it said; it is about the torrent, the account or the client, not about the network",
    ),
    FailureKind.UNREGISTERED: Meaning(
        "the tracker is up and does not know the torrent",
        "register the torrent there, or take this tracker out of it",
    ),
    FailureKind.UNAUTHORIZED: Meaning(
        "the tracker is up and refuses the key, the account or the client",
        "check the passkey, the account and whether this client is allowed there",
    ),
    FailureKind.RATE_LIMITED: Meaning(
        "the tracker is up and wants to be asked less often",
        "nothing: it is asked again when it allows; a longer interval for it (`i`) helps",
    ),
    FailureKind.SCRAPE_UNSUPPORTED: Meaning(
        "the tracker cannot be scraped, so its counts stay unknown",
        "allow announces (--announce fallback), or accept unknown counts; the tracker itself is judged all the same",
    ),
    FailureKind.DENIED: Meaning(
        "the host says by DNS that it runs no tracker (BEP 34), so it is not asked",
        "take the tracker out of the torrents; `dns_preferences = false` ignores what DNS says",
    ),
    FailureKind.BLOCKED: Meaning(
        "our own address policy does not ask this address: it is private, local or reserved",
        "--allow-private permits it, if this network is yours",
    ),
    FailureKind.INTERNAL: Meaning(
        "a fault of this program, not of the tracker",
        "please report it, with the line that it shows; the tracker is not judged by it",
    ),
}

_HEALTH: Mapping[Health, Meaning] = {
    Health.UNKNOWN: Meaning("it was not asked yet, or what came back says nothing of it", "wait, or `r` asks now"),
    Health.UP: Meaning("it answers as a tracker should", "nothing"),
    Health.DEGRADED: Meaning(
        "it answers, and something is not right: slow, loses packets, or one of its addresses is down",
        "read the reason; clients still get peers from it",
    ),
    Health.DOWN: Meaning(
        "it failed several times in a row, too often for lost packets",
        "read the reason; enter lists the torrents that it hits",
    ),
}

_RULES: Mapping[Rule, Meaning] = {
    Rule.EXHAUSTED: Meaning(
        "every tracker of the torrent failed, so new peers cannot find it by a tracker",
        "bring one of them back, or publish the torrent with one that works",
    ),
    Rule.NO_SEEDERS: Meaning("no tracker knows a seeder, so nobody can complete a download", "start seeding it"),
    Rule.FAILED_OVER: Meaning(
        "a tracker before the one in use failed, and clients lose time on it first",
        "find out why the earlier one fails",
    ),
    Rule.REDUNDANCY: Meaning(
        "fewer than two independent trackers work, so one more failure hides the torrent",
        "bring a second one back before this one fails too",
    ),
    Rule.ONE_SEEDER: Meaning("if the one seeder leaves, nobody can complete a download", "start a second seeder"),
    Rule.NO_TRACKERS: Meaning(
        "the torrent lists no tracker that could be asked", "add a tracker, or leave it to DHT and peers"
    ),
    Rule.UNREGISTERED: Meaning(
        "a tracker is up and does not know the torrent", "register it there, or take the tracker out"
    ),
    Rule.UNAUTHORIZED: Meaning(
        "a tracker refuses the key, the account or the client", "check passkey, account and allowed clients"
    ),
    Rule.TRACKER_DOWN: Meaning(
        "a tracker that the torrent lists is down; clients wait for it in vain",
        "see in its detail what each address says",
    ),
    Rule.TLS_EXPIRY: Meaning("a certificate ends soon; then every client refuses it", "renew the certificate"),
    Rule.IMPLAUSIBLE: Meaning("a tracker counts beyond sanity", "do not believe its counts; ask its operator"),
    Rule.SKIPPED_INPUT: Meaning("something that was given could not be read, and is not watched", "read why; fix it"),
    Rule.SINGLE_TRACKER: Meaning("the torrent lists one independent tracker only", "add a second one on another host"),
    Rule.SAME_TIER_FAILOVER: Meaning("another tracker of the same tier is used", "nothing: clients do just that"),
    Rule.DISAGREEMENT: Meaning("trackers disagree on the counts", "check that seeders announce to all of them"),
    Rule.SCRAPE_UNSUPPORTED: Meaning(
        "a tracker cannot be scraped", "allow announces (--announce fallback), or accept unknown counts"
    ),
    Rule.PRIVATE_NOT_ASKED: Meaning(
        "the torrent is private: its trackers were only checked for life, without the key",
        "allow more with --private scrape or --private announce",
    ),
    Rule.WARNING_MESSAGE: Meaning("a tracker answers and warns of something", "read what it says"),
    Rule.MIN_SEEDERS: Meaning(
        "the trackers know fewer seeders than the policy asks for", "start more seeders, or ask for fewer"
    ),
    Rule.MIN_WORKING_TRACKERS: Meaning(
        "fewer of its trackers work than the policy asks for", "bring one back, add one, or ask for fewer"
    ),
    Rule.DEAD_TRACKER: Meaning(
        "a tracker has been down for so long that it is likely gone; clients still try it",
        "take it out of the torrent; the report says what stays",
    ),
    Rule.REGIONAL: Meaning(
        "some places cannot reach the tracker and others can",
        "compare the networks of those who cannot: routes, DNS, filters",
    ),
    Rule.PIECE_SIZE: Meaning(
        "the pieces are of a size that clients handle badly, or do not fit the content",
        "make the torrent anew with the piece size that is named",
    ),
    Rule.DUPLICATE_TRACKER: Meaning(
        "one tracker is listed more than once; clients use it where it stands first",
        "list it once, when the torrent is published anew",
    ),
    Rule.UNUSABLE_TRACKER: Meaning(
        "an announce URL is broken, or of a kind that clients do not ask",
        "correct the URL, or take it out",
    ),
    Rule.UNSAFE_TRACKER: Meaning(
        "an announce URL gives a key away, or leads nowhere outside its maker's network",
        "take it out of what is published; get a new key where one was given away",
    ),
    Rule.CLEARTEXT_TRACKER: Meaning(
        "a key is sent over http, where everybody on the way can read it",
        "list the tracker by https, if it has that",
    ),
    Rule.TIER_LAYOUT: Meaning(
        "the order of the trackers does not do what it seems to",
        "put independent trackers that work into tiers of their own, the best first",
    ),
    Rule.NO_WEB_SEEDS: Meaning(
        "nothing but peers has the content, so the first download waits for a seeder",
        "add the URL of a plain HTTP download as a web seed, if there is one",
    ),
    Rule.PRIVATE_WITH_PUBLIC: Meaning(
        "the torrent is private and lists a tracker that is open to all",
        "take the open tracker out, or the private flag",
    ),
    Rule.NEW_INFO_HASH: Meaning(
        "the same name has another info hash than at the last run: it was made anew",
        "nothing, if you published it anew; seeders of the old one must take the new file",
    ),
    Rule.PUBLISHED_DIFFERS: Meaning(
        "two files of one name are two torrents, and so two swarms that do not help each other",
        "publish one of them everywhere, and seed that one",
    ),
}

_VERDICTS: Mapping[Verdict, Meaning] = {
    Verdict.OK: Meaning("no rule is broken", "nothing"),
    Verdict.UNKNOWN: Meaning("too little is known to judge yet", "wait until its trackers were asked"),
    Verdict.WARNING: Meaning("it works, and something would better be put right", "read the worst problem first"),
    Verdict.CRITICAL: Meaning("it does not work for those who come new", "read the worst problem first"),
}

_FAILOVER: Mapping[FailoverState, Meaning] = {
    FailoverState.PRIMARY: Meaning("it is on the tracker that clients try first", "nothing"),
    FailoverState.FAILED_OVER: Meaning(
        "clients fail at an earlier tracker first", "find out why the earlier one fails"
    ),
    FailoverState.EXHAUSTED: Meaning("none of its trackers works", "bring one back, or add one that works"),
    FailoverState.UNKNOWN: Meaning("its trackers were not all asked yet", "wait, or `r` asks them now"),
}

_ROLES: Mapping[Role, Meaning] = {
    Role.ACTIVE: Meaning("the tracker that a client would use now", "nothing"),
    Role.BACKUP: Meaning("it works, and comes into use when those before it fail", "nothing"),
    Role.FAILED: Meaning("clients would fail at it", "read its reason"),
    Role.UNTRIED: Meaning("it was not asked for this torrent", "`r` asks it now"),
}

_LOCAL: Mapping[LocalState, Meaning] = {
    LocalState.FINE: Meaning("this machine hears from the net", "nothing"),
    LocalState.OFFLINE: Meaning(
        "nothing is heard from anywhere, so the fault is here and no tracker is judged",
        "check this machine's network; all goes on by itself",
    ),
    LocalState.UDP_BLOCKED: Meaning(
        "TCP works and nothing comes back over UDP, so udp trackers are not judged",
        "a firewall, VPN or carrier drops UDP: `trackerwatch doctor` tells more",
    ),
    LocalState.NO_NAMES: Meaning(
        "no name resolves and addresses answer: trackers are asked where they were last",
        "check this machine's resolver: `trackerwatch doctor` tells more",
    ),
}

_ASKED: Mapping[AskState, Meaning] = {
    AskState.ANSWERED: Meaning("it was asked and answered", "nothing"),
    AskState.FAILED: Meaning("it was asked and did not answer well", "read the reason"),
    AskState.SKIPPED: Meaning("it was not asked", "see the settings `announce` and `private`, or `a` announces now"),
}

_CONDITIONS: Mapping[Condition, Meaning] = {
    Condition.RETRY: Meaning(
        "it failed, and not often enough yet to be called down: one packet may get lost",
        "nothing: it is asked again in seconds",
    ),
    Condition.REFUSES: Meaning(
        "it answers, and refuses half of its torrents or more: for those it is as good as down",
        "read why (not registered, wrong key); it is about the torrents or the account, not about the network",
    ),
    Condition.DEAD: Meaning(
        "so many torrents that list it have no tracker left that works", "bring it back, or give them another tracker"
    ),
    Condition.MOVED: Meaning("so many torrents that list it run on a later tracker because of it", "see why it fails"),
    Condition.FLAPPING: Meaning(
        "it changes between answering and failing so often that its state says little",
        "look at its uptime instead; it is overloaded or behind a bad line",
    ),
    Condition.MUTED: Meaning(
        "you muted it: it is asked and recorded, and counts for no verdict and no alert",
        "`m` takes the mute back, or it ends by itself where an end was set",
    ),
    Condition.DISABLED: Meaning(
        "you switched it off: nothing is sent to it and it counts for nothing", "`d` has it asked again"
    ),
    Condition.REMEMBERED: Meaning(
        "this is from an earlier run; it was not seen again yet", "wait until it is asked, or `r` asks now"
    ),
    Condition.NOT_JUDGED: Meaning(
        "only this machine kept it from being asked, which says nothing of it",
        "nothing, if another address answers; else see `trackerwatch doctor`",
    ),
    Condition.ADDED: Meaning("it is watched by hand, for this run alone", "`u` takes the latest one back"),
    Condition.OWN_INTERVAL: Meaning(
        "it is asked at an interval that you set for it", "`i` changes it or takes it back"
    ),
    Condition.FAILING: Meaning(
        "some of the latest rounds failed, too few in a row to be down", "watch whether it gets worse"
    ),
    Condition.SLOW: Meaning(
        "it answers slower than it should", "nothing here; clients wait longer, and its operator may know why"
    ),
    Condition.LOSS: Meaning(
        "packets to it or from it get lost", "compare with other trackers: if all lose packets, the line here is bad"
    ),
    Condition.ENDPOINT_DOWN: Meaning(
        "one of its addresses is down and another answers",
        "clients that prefer the broken one suffer; its operator should take that address out of DNS",
    ),
    Condition.TLS_EXPIRY: Meaning("its certificate ends soon; then every client refuses it", "renew the certificate"),
    Condition.LOADING: Meaning("torrents are still being read", "go on: what is there can be used already"),
    Condition.FROZEN: Meaning("the picture stands still, and asking goes on", "`p` goes on with the present"),
    Condition.STALE: Meaning(
        "no answer came for a long while, so what is shown may be over",
        "see whether this machine is offline or was asleep; `r` asks now",
    ),
    Condition.LATE: Meaning(
        "questions are sent later than planned: this machine is busy",
        "close what uses its CPU, or watch fewer torrents",
    ),
    Condition.STORE_TROUBLE: Meaning(
        "history cannot be written down, and what happens now will be missing later",
        "make room or rights for the file of the store; `trackerwatch doctor` tells what it needs",
    ),
}


def meaning(state: State) -> Meaning:
    """What a state means, and what to do about it; every member of every kind of state has one."""
    # By its own kind: members of different enums may have one value, and be equal as text.
    return _TABLES[type(state)][state]


def of_reason(code: str) -> Meaning | None:
    """What one of `TrackerView.reasons` means. None: the code is of another version and not known."""
    if code in {str(reason) for reason in REASON_CODES}:
        return _CONDITIONS[Condition(code)]
    return _FAILURES[FailureKind(code)] if code in {str(kind) for kind in FailureKind} else None


_TABLES: Mapping[type, Mapping[Any, Meaning]] = {
    FailureKind: _FAILURES,
    Health: _HEALTH,
    Rule: _RULES,
    Verdict: _VERDICTS,
    FailoverState: _FAILOVER,
    Role: _ROLES,
    LocalState: _LOCAL,
    AskState: _ASKED,
    Condition: _CONDITIONS,
}
