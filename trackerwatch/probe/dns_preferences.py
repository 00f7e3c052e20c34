"""Looks up what hosts say of their trackers in DNS (BEP 34), beside the address lookup and never in its way.

The statement of a host is a courtesy to its operator, so nothing waits long for it: a lookup has a second from the start of
the address lookup, goes on by itself after that, and its answer holds from the next time on. A resolver that drops such
queries costs a host that second once: hosts whose lookup failed are asked again later and later and waited for no more, and
after several failures in a row nobody is asked for a while.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from trackerwatch.outcome import Failure, FailureKind, Phase, Resolution
from trackerwatch.outside_text import clean
from trackerwatch.probe.addresses import is_local_name, is_numeric_host
from trackerwatch.protocol.dns_preferences import TrackerPreferences, Transport, read_preferences
from trackerwatch.tracker import Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from dns.asyncresolver import Resolver

    from trackerwatch.tracker import Tracker

    Lookup = Callable[[str], Awaitable[Sequence[bytes]]]

GRACE_S = 1.0
"""How long after the start of the address lookup a statement is waited for."""
LIFETIME_S = 5.0
"""Of one lookup, over all name servers and tries."""
KEPT_S = 3600.0
KEPT_AFTER_FAILURE_S = 300.0
"""Doubled with each failure of a host in a row, up to the one above."""
AT_ONCE = 8
FAILURES_IN_A_ROW = 3
"""Of lookups nobody answered: then all are left alone for a while."""
LEFT_ALONE_S = 600.0
MAX_KEPT = 4096

_NOT_IN_DNS = (".local", ".onion", ".invalid")
"""Names of multicast DNS (RFC 6762), of Tor (RFC 7686), and what is no name at all (RFC 6761)."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """What became of the last lookup for a host."""

    preferences: TrackerPreferences | None
    until: float
    failures: int = 0
    """In a row, up to now."""


class HostPreferences:
    """What hosts say of their trackers, kept for an hour. Belongs to one event loop; `close` it at the end."""

    def __init__(self, *, lookup: Lookup | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        """Make it; nothing is loaded or asked until a name is.

        Args:
            lookup: Gives the bytes of each TXT record of a name, or raises. None: asks the system's name servers.
            clock: Monotonic seconds.
        """
        self._lookup = lookup or look_up_txt
        self._clock = clock
        self._kept: dict[str, _Kept] = {}
        self._under_way: dict[str, asyncio.Task[TrackerPreferences | None]] = {}
        self._places = asyncio.Semaphore(AT_ONCE)
        self._silent_in_a_row = 0
        self._left_alone_until = 0.0

    async def applied_to(self, tracker: Tracker, addresses: Awaitable[Resolution]) -> Resolution:
        """Resolve a tracker and do with the result what its host says.

        Args:
            tracker: Whose host is asked for.
            addresses: The address lookup; it runs at the same time.

        Returns:
            Its result; with the listed port where the URL's is not listed, and with the failure `denied` where the host
            says that no such tracker runs there. The address policy has judged the addresses, whatever the port.
        """
        started = self._clock()
        task = self._begun(tracker.host)
        resolution = await addresses
        if task is not None and not task.done():
            left_s = GRACE_S - (self._clock() - started)
            if left_s > 0 and not self._expects_silence(tracker.host):
                # The lookup outlives whoever waits, so that its answer is there the next time.
                await asyncio.wait({task}, timeout=left_s)
        kept = self._kept.get(tracker.host)
        return resolution if kept is None or kept.preferences is None else apply(kept.preferences, tracker, resolution)

    def close(self) -> list[asyncio.Task[Any]]:
        """End all lookups; the tasks that are returned end with the loop's next turns."""
        tasks: list[asyncio.Task[Any]] = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        return tasks

    def _begun(self, host: str) -> asyncio.Task[TrackerPreferences | None] | None:
        """The lookup of a host, where there is one to be made."""
        if not may_be_asked(host):
            return None
        now = self._clock()
        kept = self._kept.get(host)
        if kept is not None and now < kept.until:
            return None
        task = self._under_way.get(host)
        if task is None and now >= self._left_alone_until:
            task = asyncio.get_running_loop().create_task(self._look_up(host))
            self._under_way[host] = task
            task.add_done_callback(lambda _: self._under_way.pop(host, None))
        return task

    def _expects_silence(self, host: str) -> bool:
        kept = self._kept.get(host)
        return self._silent_in_a_row >= FAILURES_IN_A_ROW or (kept is not None and kept.failures > 0)

    async def _look_up(self, host: str) -> TrackerPreferences | None:
        async with self._places:
            before = self._kept.get(host)
            if self._clock() < self._left_alone_until:
                return None
            try:
                async with asyncio.timeout(LIFETIME_S):
                    preferences = read_preferences(await self._lookup(host))
            except Exception as error:  # noqa: BLE001 - a task's boundary: whatever hostile bytes do to the library says nothing
                self._note_failure(host, before, silent=isinstance(error, TimeoutError))
                return None
            self._silent_in_a_row = 0
            self._keep(host, _Kept(preferences, self._clock() + KEPT_S))
            return preferences

    def _note_failure(self, host: str, before: _Kept | None, *, silent: bool) -> None:
        failures = 1 if before is None else before.failures + 1
        kept_s = min(KEPT_S, KEPT_AFTER_FAILURE_S * 2 ** min(failures - 1, 10))
        # A statement outlives a name server that is down; it was made once and nobody took it back.
        preferences = None if before is None else before.preferences
        self._keep(host, _Kept(preferences, self._clock() + kept_s, failures))
        if silent:
            self._silent_in_a_row += 1
            if self._silent_in_a_row >= FAILURES_IN_A_ROW:
                self._left_alone_until = self._clock() + LEFT_ALONE_S
        else:
            self._silent_in_a_row = 0

    def _keep(self, host: str, kept: _Kept) -> None:
        self._kept.pop(host, None)
        self._kept[host] = kept
        if len(self._kept) > MAX_KEPT:
            del self._kept[next(iter(self._kept))]


def apply(preferences: TrackerPreferences, tracker: Tracker, resolution: Resolution) -> Resolution:
    """Do with a resolution what the host says of its trackers.

    Args:
        preferences: What it says.
        tracker: Whose addresses these are.
        resolution: With the port of the URL.

    Returns:
        The same where the URL's port is listed; other ports and a note where another is; or `denied`.
    """
    transport = Transport.UDP if tracker.protocol is Protocol.UDP else Transport.TCP
    port = preferences.port_for(transport, tracker.port)
    if port is None:
        if preferences.denied:
            record = clean(preferences.record, secrets=tracker.secrets, limit_chars=120)
            said = f'DNS says that no tracker runs on this host (BEP 34: TXT "{record}")'
        else:
            named = ", ".join(str(preference) for preference in preferences.ports[:_MAX_SHOWN])
            more = len(preferences.ports) - _MAX_SHOWN
            said = f"DNS names only {named}{f' and {more} more' if more > 0 else ''} (BEP 34)"
        failure = Failure(FailureKind.DENIED, Phase.RESOLVE, f"{said}; {_OVERRIDE_HINT}")
        return Resolution((), (), resolution.resolve_s, failure, said)
    if port == tracker.port:
        return resolution
    return replace(
        resolution,
        endpoints=tuple(replace(endpoint, port=port) for endpoint in resolution.endpoints),
        refused=tuple((replace(endpoint, port=port), failure) for endpoint, failure in resolution.refused),
        note=f"DNS names port {port} instead of {tracker.port} (BEP 34)",
    )


_MAX_SHOWN = 4
_OVERRIDE_HINT = "the setting dns_preferences = false asks all the same"


def may_be_asked(host: str) -> bool:
    """Whether a host is a name of the public DNS by its form: no address, not local, with a dot in it."""
    name = host.rstrip(".").lower()
    return "." in name and not name.endswith(_NOT_IN_DNS) and not is_local_name(name) and not is_numeric_host(name)


async def look_up_txt(host: str) -> list[bytes]:
    """Ask the system's name servers for the TXT records of a name; none where the name or such records do not exist.

    Raises:
        TimeoutError: Nobody answered.
        Exception: What the library makes of other failures: useless answers, no name server.
    """
    # Loading the library and reading the system's settings take tens of milliseconds.
    resolver = await asyncio.to_thread(_configured)
    return await ask_for_txt(resolver, host)


async def ask_for_txt(resolver: Resolver, host: str) -> list[bytes]:
    """Ask the name servers of a `dns.asyncresolver.Resolver`, as `look_up_txt` does."""
    import dns.exception  # noqa: PLC0415 - loaded by then
    import dns.name  # noqa: PLC0415 - as above
    import dns.resolver  # noqa: PLC0415 - as above

    try:
        # Absolute: the system's search list is for names that people type.
        name = dns.name.from_text(host.rstrip(".") + ".")
        answer = await resolver.resolve(name, "TXT", lifetime=LIFETIME_S, raise_on_no_answer=False, search=False)
        records = answer.rrset if answer.rrset is not None else ()
        return [b"".join(record.strings) for record in records]
    except dns.resolver.NXDOMAIN:
        return []
    except dns.exception.Timeout as error:
        raise TimeoutError from error


def _configured() -> Resolver:
    """A resolver with the system's name servers as they are set now."""
    import dns.asyncresolver  # noqa: PLC0415 - only where names are looked up

    return dns.asyncresolver.Resolver()
