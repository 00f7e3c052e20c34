import asyncio

import pytest


@pytest.fixture(autouse=True)
def quick_keys(monkeypatch):
    """The pilot waits twice for an idle processor after each key; the messages a key causes are waited for anyway."""

    async def yield_once(*_):
        await asyncio.sleep(0)

    monkeypatch.setattr("textual.app.wait_for_idle", yield_once)
