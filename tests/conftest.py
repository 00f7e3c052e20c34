"""What all tests share: how a missing program is dealt with."""

from __future__ import annotations

import itertools
import os
import shutil
from typing import TYPE_CHECKING, NoReturn

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

# Tests talk to loopback alone, programs that they start included: nobody out there is asked whether we are on the net, nor
# for records of names.
os.environ["TRACKERWATCH_SENTINELS"] = "none"
os.environ["TRACKERWATCH_DNS_PREFERENCES"] = "false"


@pytest.fixture(autouse=True)
def _own_state_file(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's own orders and layout are read or changed: each test has a state file of its own, which is not there yet."""
    folder = tmp_path_factory.getbasetemp() / "state" / str(next(_numbers))
    monkeypatch.setenv("TRACKERWATCH_STATE", str(folder / "state.json"))


_numbers = itertools.count()


def give_up(reason: str) -> NoReturn:
    """Say why a test cannot run here: a skip on somebody's machine, a failure in CI, where everything is installed."""
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def cannot_run() -> Callable[[str], NoReturn]:
    """`give_up`, as a fixture."""
    return give_up


@pytest.fixture(scope="session")
def openssl() -> None:
    """Stop here unless the `openssl` program is installed."""
    if shutil.which("openssl") is None:
        give_up("not installed: openssl")
