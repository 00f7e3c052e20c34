from __future__ import annotations

import os
import socket

import pytest


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch):
    """Nothing of the user's is read or written, and no colour wish of the shell gets in."""
    home = tmp_path_factory.mktemp("home")
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(home))
    for name in ("NO_COLOR", *(name for name in os.environ if name.startswith("TRACKERWATCH_"))):
        monkeypatch.delenv(name, raising=False)
    # Tests talk to loopback alone: nobody out there is asked whether we are on the net, nor for records of names.
    monkeypatch.setenv("TRACKERWATCH_SENTINELS", "none")
    monkeypatch.setenv("TRACKERWATCH_DNS_PREFERENCES", "false")
    return home


@pytest.fixture
def closed_port() -> int:
    """A loopback port where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
