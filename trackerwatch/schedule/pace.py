"""When a tracker may be asked again (spec 5). We are guests: every function here gives a lower bound."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

REASK_S = (15.0, 45.0, 120.0)
"""After the first, second, third counted failure in a row: a minimal probe, so that a lost packet is not an outage."""
PUBLIC_WINDOW_S = 60.0
"""A tracker on the net is never asked for everything more often, whoever wants it."""
LOCAL_WINDOW_S = 1.0
"""On loopback and private addresses."""
STANDARD_INTERVAL_S = 900.0
MAX_TRACKER_WAIT_S = 7 * 86400.0
"""A tracker that asks for more than a week is taken at a week."""
JITTER = 0.1
"""Waits are stretched by up to a tenth, never shortened."""


_LOCAL_NETWORKS = tuple(
    ipaddress.ip_network(network)
    for network in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16")
) + tuple(ipaddress.ip_network(network) for network in ("::1/128", "fc00::/7", "fe80::/10"))


def is_local(addresses: Iterable[str]) -> bool:
    """Whether all of these IP literals are loopback or private, so that asking often bothers nobody else."""
    known = [ipaddress.ip_address(address.partition("%")[0]) for address in addresses]
    return bool(known) and all(any(address in network for network in _LOCAL_NETWORKS) for address in known)


def round_interval_s(wanted_s: float, *, local: bool, min_request_interval_s: float | None) -> float:
    """Between full scrapes: what the user wants, but not below what manners and the tracker allow."""
    return max(wanted_s, LOCAL_WINDOW_S if local else PUBLIC_WINDOW_S, min_request_interval_s or 0.0)


def reask_delay_s(failures_in_row: int, interval_s: float, *, local: bool) -> float:
    """How long after the n-th counted failure in a row the next minimal probe comes.

    Shorter intervals than the standard one shrink it in proportion, which only local trackers feel: elsewhere it never
    falls below the first step.
    """
    step = REASK_S[min(max(failures_in_row, 1), len(REASK_S)) - 1]
    scaled = step * min(1.0, interval_s / STANDARD_INTERVAL_S)
    return max(scaled, LOCAL_WINDOW_S if local else REASK_S[0])


def stretched(wait_s: float, randomness: float) -> float:
    """A wait with jitter: `randomness` in 0 to 1 adds up to a tenth."""
    return wait_s * (1.0 + JITTER * randomness)
