"""Host names to endpoints: the system's resolver on threads of our own, a small cache, and the address policy.

The system's `getaddrinfo` knows hosts files, search lists and whatever else the machine is set up with, but it blocks, for
tens of seconds where a name server is dead. So it runs on daemon threads: many, so that dead names stall nobody else, and
daemons, so that a lookup which hangs does not keep the program from ending (the threads of concurrent.futures are joined at
exit).
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import threading
import time
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from trackerwatch.outcome import Endpoint, Failure, FailureKind, Family, Phase, Resolution
from trackerwatch.probe.system_errors import failure_from_os_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from trackerwatch.probe.addresses import AddressPolicy

POSITIVE_TTL_S = 60.0
"""The system's resolver does not tell the record's own TTL; a minute is what most trackers' records have at least."""
NEGATIVE_TTL_S = 15.0
"""For names that do not exist. Other failures are not kept: a second attempt has to ask again."""
MAX_PER_FAMILY = 4
MAX_CACHED = 4096

_SLOW_FAILURE_S = 3.0
"""EAI_AGAIN after this long means that no name server answered; sooner, that one answered and failed."""

_NO_SUCH_NAME = {
    code for name in ("EAI_NONAME", "EAI_NODATA", "EAI_ADDRFAMILY") if (code := getattr(socket, name, None)) is not None
}

_FAMILIES = {socket.AF_INET: Family.IPV4, socket.AF_INET6: Family.IPV6}


@dataclass(frozen=True, slots=True)
class _Found:
    """What one lookup found, before ports and policy."""

    addresses: tuple[tuple[Family, str], ...]
    failure: Failure | None
    lookup_s: float


class Resolver:
    """Resolves host names. Belongs to one event loop."""

    def __init__(
        self,
        policy: AddressPolicy,
        *,
        threads: int = 64,
        clock: Callable[[], float] = time.monotonic,
        getaddrinfo: Callable[..., Iterable[tuple[Any, ...]]] = socket.getaddrinfo,
    ) -> None:
        """Make a resolver; threads start as they are needed.

        Args:
            policy: Judges each address.
            threads: Lookups under way at once; more wait.
            clock: Monotonic seconds; also read on the threads.
            getaddrinfo: The system's, or a test's.
        """
        self.policy = policy
        self._clock = clock
        self._getaddrinfo = getaddrinfo
        self._pool = _DaemonPool(threads)
        self._cache: dict[str, tuple[float, _Found]] = {}
        self._under_way: dict[str, asyncio.Future[_Found]] = {}
        self._queued: set[str] = set()
        """Hosts whose lookup no thread has begun; each operation on it is atomic."""
        self._closed = False

    async def resolve_host(self, host: str, port: int, *, timeout_s: float) -> Resolution:
        """Find the endpoints behind a host name, or say why there are none.

        Args:
            host: A host name, or an IP literal without brackets, which needs no lookup.
            port: Goes into the endpoints.
            timeout_s: Seconds to wait. A lookup that takes longer goes on by itself, and its answer is kept for later.

        Returns:
            Endpoints that may be asked and refused ones, at most four a family each, in the same order each time: the
            family that the system prefers first, and within a family by address, so that a rotating answer does not
            look like a change. `resolve_s` is what the lookup took, also where its answer was shared or kept.
        """
        if self._closed:
            return Resolution((), (), 0.0, _CLOSED)
        if (literal := _literal(host)) is not None:
            return self._resolution(host, port, _Found((literal,), None, 0.0))
        started = self._clock()
        cached = self._cache.get(host)
        if cached is not None and started < cached[0]:
            return self._resolution(host, port, cached[1])
        lookup = self._under_way.get(host)
        if lookup is None:
            lookup = self._look_up(host)
        try:
            async with asyncio.timeout(timeout_s):
                # Shielded: the lookup is shared, and goes on for the others when one gives up.
                found = await asyncio.shield(lookup)
        except TimeoutError:
            elapsed_s = self._clock() - started
            failure = Failure(FailureKind.DNS_TIMEOUT, Phase.RESOLVE, f"no answer from the resolver in {timeout_s:g} s")
            if host in self._queued:
                # Nobody asked yet: that says nothing about the name.
                failure = Failure(
                    FailureKind.INTERNAL, Phase.RESOLVE, "too many name lookups under way on this machine"
                )
            return Resolution((), (), elapsed_s, failure)
        return self._resolution(host, port, found)

    def close(self) -> None:
        """End at once: whoever waits is told, idle threads end, and threads in a lookup end with the process."""
        self._closed = True
        self._pool.close()
        for lookup in self._under_way.values():
            if not lookup.done():
                lookup.set_result(_Found((), _CLOSED, 0.0))
        self._under_way.clear()

    def _look_up(self, host: str) -> asyncio.Future[_Found]:
        loop = asyncio.get_running_loop()
        lookup: asyncio.Future[_Found] = loop.create_future()
        self._under_way[host] = lookup

        def deliver(found: _Found) -> None:
            if lookup.done():
                return
            del self._under_way[host]
            self._keep(host, found)
            lookup.set_result(found)

        def work() -> None:
            self._queued.discard(host)
            found = self._ask_system(host)
            # The loop may be gone by the time a hanging lookup comes back.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(deliver, found)

        self._queued.add(host)
        self._pool.submit(work)
        return lookup

    def _keep(self, host: str, found: _Found) -> None:
        if found.failure is None:
            ttl_s = POSITIVE_TTL_S
        elif found.failure.kind is FailureKind.DNS_NXDOMAIN:
            ttl_s = NEGATIVE_TTL_S
        else:
            return
        now = self._clock()
        if len(self._cache) >= MAX_CACHED:
            self._cache = {kept: entry for kept, entry in self._cache.items() if now < entry[0]}
            if len(self._cache) >= MAX_CACHED:
                self._cache.clear()
        self._cache[host] = (now + ttl_s, found)

    def _ask_system(self, host: str) -> _Found:
        """Ask the system; on a thread, and without raising."""
        started = self._clock()
        try:
            # As bytes: Python's own IDNA step refuses labels that the system resolves.
            name = host.encode("ascii") if host.isascii() else host.encode("idna")
            rows = list(self._getaddrinfo(name, None, type=socket.SOCK_STREAM))
        except socket.gaierror as error:
            return _Found((), _resolver_failure(error, self._clock() - started), self._clock() - started)
        except OSError as error:
            failure = failure_from_os_error(error, Phase.RESOLVE)
            if failure.kind is not FailureKind.INTERNAL:
                failure = Failure(FailureKind.DNS_ERROR, Phase.RESOLVE, f"the resolver failed: {failure.message}")
            return _Found((), failure, self._clock() - started)
        except ValueError:
            # UnicodeError too: an empty or overlong label, a NUL.
            failure = Failure(FailureKind.DNS_NXDOMAIN, Phase.RESOLVE, "this is no possible host name")
            return _Found((), failure, self._clock() - started)
        except Exception as error:  # noqa: BLE001 - a thread's boundary: whoever waits must be told
            failure = Failure(FailureKind.INTERNAL, Phase.RESOLVE, f"unexpected {type(error).__name__}")
            return _Found((), failure, self._clock() - started)
        lookup_s = self._clock() - started
        addresses = _in_stable_order(
            (_FAMILIES[family], str(sockaddr[0])) for family, _, _, _, sockaddr in rows if family in _FAMILIES
        )
        if not addresses:
            return _Found((), Failure(FailureKind.DNS_NXDOMAIN, Phase.RESOLVE, "the name has no address"), lookup_s)
        return _Found(addresses, None, lookup_s)

    def _resolution(self, host: str, port: int, found: _Found) -> Resolution:
        allowed: list[Endpoint] = []
        refused: list[tuple[Endpoint, Failure]] = []
        taken: dict[tuple[Family, bool], int] = {}
        for family, address in found.addresses:
            endpoint = Endpoint(family, address, port)
            refusal = self.policy.refusal_of_resolved(host, address)
            count = taken[family, refusal is None] = taken.get((family, refusal is None), 0) + 1
            if count > MAX_PER_FAMILY:
                continue
            if refusal is None:
                allowed.append(endpoint)
            else:
                refused.append((endpoint, refusal))
        return Resolution(tuple(allowed), tuple(refused), found.lookup_s, found.failure)


_CLOSED = Failure(FailureKind.INTERNAL, Phase.RESOLVE, "the resolver is closed")


def _resolver_failure(error: socket.gaierror, elapsed_s: float) -> Failure:
    if error.errno in _NO_SUCH_NAME:
        return Failure(FailureKind.DNS_NXDOMAIN, Phase.RESOLVE, "the name does not exist or has no address")
    if error.errno == socket.EAI_AGAIN:
        if elapsed_s >= _SLOW_FAILURE_S:
            return Failure(FailureKind.DNS_TIMEOUT, Phase.RESOLVE, "no name server answered")
        return Failure(FailureKind.DNS_ERROR, Phase.RESOLVE, "temporary failure of name resolution")
    return Failure(FailureKind.DNS_ERROR, Phase.RESOLVE, "name resolution failed")


def _literal(host: str) -> tuple[Family, str] | None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    return (Family.IPV4 if address.version == 4 else Family.IPV6, str(address))


def _in_stable_order(found: Iterable[tuple[Family, str]]) -> tuple[tuple[Family, str], ...]:
    unique = list(dict.fromkeys(found))
    families = list(dict.fromkeys(family for family, _ in unique))
    return tuple(sorted(unique, key=lambda one: (families.index(one[0]), _sort_key(one[1]))))


def _sort_key(address: str) -> tuple[bytes, str]:
    return ipaddress.ip_address(address.partition("%")[0]).packed, address


class _DaemonPool:
    """Threads that start on demand, up to a bound, and never keep the process alive."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._threads = 0
        self._idle = 0

    def submit(self, job: Callable[[], None]) -> None:
        """Run a job on some thread, in the order of asking. A job must not raise."""
        with self._lock:
            self._jobs.put(job)
            if self._idle:
                # Promised to this job, so that the next one does not count on the same thread.
                self._idle -= 1
            elif self._threads < self._size:
                thread = threading.Thread(target=self._run, name="trackerwatch-resolve", daemon=True)
                # The system may have no thread to give: then the job waits for one that exists.
                with contextlib.suppress(RuntimeError):
                    thread.start()
                    self._threads += 1

    def close(self) -> None:
        """Let idle threads end now and the others after their job; jobs that nobody began are dropped."""
        with self._lock:
            with contextlib.suppress(Empty):
                while True:
                    self._jobs.get_nowait()
            for _ in range(self._threads):
                self._jobs.put(None)

    def _run(self) -> None:
        while True:
            job = self._jobs.get()
            if job is None:
                return
            job()
            with self._lock:
                if self._jobs.empty():
                    self._idle += 1
