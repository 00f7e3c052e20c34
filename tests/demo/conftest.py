"""Ports for demos that run beside others."""

import os
import socket

import pytest

from tests.demo.ports import TEN_PORTS, is_free


@pytest.fixture
def base_port():
    """Ten ports in a row that are free now, away from the demo's own and from those the system gives out."""
    for base in range(21690 + os.getpid() % 500 * 10, 32000, 10):
        if all(
            is_free(address, base + n, kind)
            for address in ("127.0.0.1", "::1")
            for n in TEN_PORTS
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM)
        ):
            return base
    pytest.fail("no ten free ports")
