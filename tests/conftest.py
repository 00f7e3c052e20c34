"""What all tests share: how a missing program is dealt with."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NoReturn

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(scope="session")
def cannot_run() -> Callable[[str], NoReturn]:
    """Say why a test cannot run here: a skip on somebody's machine, a failure in CI, where everything is installed."""

    def say(reason: str) -> NoReturn:
        if os.environ.get("CI", "").lower() in {"1", "true"}:
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)

    return say
