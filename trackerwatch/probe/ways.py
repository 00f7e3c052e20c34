"""Whether this machine has a way out at all, by its own account: nothing is sent."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from trackerwatch.outcome import Family

if TYPE_CHECKING:
    from trackerwatch.outcome import Endpoint

_FAMILIES = {Family.IPV4: socket.AF_INET, Family.IPV6: socket.AF_INET6}


def leaving_address(endpoint: Endpoint) -> str | None:
    """The address of this machine from which packets to an endpoint would leave. None: there is no way to it.

    A UDP socket that is connected sends nothing; the system only chooses a route.
    """
    try:
        with socket.socket(_FAMILIES[endpoint.family], socket.SOCK_DGRAM) as chosen:
            chosen.connect((endpoint.address, endpoint.port))
            address = str(chosen.getsockname()[0])
    except OSError:
        return None
    return address.partition("%")[0]
