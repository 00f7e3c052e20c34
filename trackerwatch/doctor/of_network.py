"""What is to be said of the network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch.doctor.finding import Finding, many, not_known, note, ok, trouble
from trackerwatch.outcome import FailureKind
from trackerwatch.policy.rules import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trackerwatch.doctor.facts import NameFound, NetworkFacts

_NET, _UDP, _IPV6 = "does anything come back from the net?", "can UDP leave?", "is there IPv6?"
_LIES, _SINKHOLE = "does the resolver tell the truth?", "is DNS sinkholed?"
_SENDING = "leave --offline out"


def of_network(facts: NetworkFacts) -> Iterator[Finding]:
    """Every question that needs an answer from outside."""
    yield _net(facts)
    yield _udp(facts)
    yield _ipv6(facts)
    yield _resolver(facts)
    yield _sinkhole(facts)


def _net(facts: NetworkFacts) -> Finding:
    name, question = "net", _NET
    heard = facts.tcp or facts.udp
    if not facts.asked:
        return not_known(name, question, "nothing was sent, as you wished", _SENDING)
    if heard and facts.local:
        return not_known(
            name, question, "a sentinel of this network answered, and none is outside", "add one outside to `sentinels`"
        )
    if heard:
        return ok(name, question, "yes: a sentinel answered")
    if facts.made_up is not None and facts.made_up.failure is None and facts.tcp is None:
        return not_known(name, question, "no sentinel was asked over TCP", "set `sentinels` in the config")
    if facts.tcp is None and facts.udp is None:
        if not facts.sentinels:
            return not_known(name, question, "no sentinels are set", "set `sentinels` in the config to have them asked")
        return not_known(name, question, "no answer when time was up", "try again", Severity.WARNING)
    return trouble(
        name,
        question,
        "no: every sentinel is silent",
        "check cable, wifi, VPN and firewall; or choose `sentinels` that this network lets through",
        Severity.CRITICAL,
    )


def _udp(facts: NetworkFacts) -> Finding:
    name, question = "udp", _UDP
    if not facts.asked:
        return not_known(name, question, "nothing was sent, as you wished", _SENDING)
    if facts.udp and facts.local:
        return not_known(
            name, question, "it can here; no UDP sentinel is outside this network", "add one to `sentinels`"
        )
    if facts.udp:
        return ok(name, question, "yes: a sentinel answered over UDP")
    if facts.udp is None:
        if not facts.in_time and facts.sentinels:
            return not_known(name, question, "no answer when time was up", "try again", Severity.WARNING)
        return not_known(name, question, "no UDP sentinel is set", "add one to `sentinels`, like udp://9.9.9.9:53")
    if not facts.tcp:
        return not_known(name, question, "nothing comes back at all, over UDP or not", "see the line above")
    return trouble(
        name,
        question,
        "TCP gets through, and nothing comes back over UDP",
        "a firewall, VPN or carrier drops UDP: allow outgoing UDP, or expect udp:// trackers to stay unjudged",
        Severity.CRITICAL,
    )


def _ipv6(facts: NetworkFacts) -> Finding:
    name, question = "ipv6", _IPV6
    if facts.ipv6_address is None:
        return note(
            name,
            question,
            "no: this machine has no way out over IPv6",
            "nothing need be done: IPv6 addresses of trackers are then not judged, which is no fault of theirs",
        )
    seen = f"there is an address to leave from, {facts.ipv6_address}"
    if facts.ipv6_heard:
        return ok(name, question, f"yes: {seen}, and an answer came back")
    if facts.ipv6_heard is None:
        return note(name, question, f"{seen}; nobody was asked over it", "")
    return trouble(
        name,
        question,
        f"{seen}, and nothing comes back",
        "broken IPv6 makes trackers look half down: mend the route, or switch IPv6 off on this machine",
    )


def _resolver(facts: NetworkFacts) -> Finding:
    name, question, found = "dns", _LIES, facts.made_up
    if not facts.asked:
        return not_known(name, question, "nothing was sent, as you wished", _SENDING)
    if found is None:
        return trouble(
            name,
            question,
            "the resolver did not answer in time",
            "check the name servers of this machine (/etc/resolv.conf, VPN, router)",
            Severity.CRITICAL,
        )
    if found.failure is not None and found.failure.kind is FailureKind.DNS_NXDOMAIN:
        return ok(name, question, "yes: a made-up name does not exist")
    if found.failure is not None:
        return trouble(
            name,
            question,
            f"a made-up name gives no answer: {found.failure.kind} ({found.failure.message})",
            "check the name servers of this machine (/etc/resolv.conf, VPN, router)",
            Severity.CRITICAL,
        )
    where = ", ".join((*found.addresses, *found.refused)) or "somewhere"
    return trouble(
        name,
        question,
        f"no: a name that cannot exist leads to {where}",
        "use a resolver that does not answer for missing names: dead trackers look like web servers with it",
    )


def _sinkhole(facts: NetworkFacts) -> Finding:
    name, question = "sinkhole", _SINKHOLE
    if not facts.asked:
        return not_known(name, question, "nothing was looked up, as you wished", _SENDING)
    if not facts.names:
        return not_known(
            name, question, "no tracker's name is known to look up", "name some: trackerwatch doctor TRACKER..."
        )
    hidden = [found for found in facts.names if found.sinkhole]
    inside = [found for found in facts.names if found.refused and not found.addresses and not found.sinkhole]
    missing = [found for found in facts.names if found.failure is not None]
    if hidden:
        told = _told(hidden, len(facts.names))
        return trouble(
            name,
            question,
            f"yes: {told} 0.0.0.0 or to this machine",
            "allow these names in the filter (Pi-hole, router, hosts file), or use another resolver",
        )
    if inside:
        told = _told(inside, len(facts.names))
        return trouble(
            name,
            question,
            f"perhaps: {told} addresses that are not public",
            "right for trackers of your own network (--allow-private); else a resolver hides them: use another",
        )
    good = len(facts.names) - len(missing)
    if not good:
        return not_known(
            name, question, f"{many(len(missing), 'name')} looked up, and none resolves", "see the resolver above"
        )
    gone = f", {len(missing)} not at all" if missing else ""
    return ok(
        name, question, f"no: {many(good, 'name')} of trackers resolve{'s' if good == 1 else ''} as they should{gone}"
    )


def _told(found: list[NameFound], total: int) -> str:
    names = ", ".join(one.name for one in found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")
    return f"{len(found)} of {many(total, 'name')} ({names}) lead{'s' if len(found) == 1 else ''} to"
