import asyncio

import pytest


@pytest.fixture(autouse=True)
def quick_keys(monkeypatch):
    """The pilot waits twice for an idle processor after each key; the messages a key causes are waited for anyway."""

    async def yield_once(*_):
        await asyncio.sleep(0)

    monkeypatch.setattr("textual.app.wait_for_idle", yield_once)


@pytest.fixture(autouse=True)
def plain_terminal(monkeypatch):
    """A terminal with a clipboard, and no tmux or screen around it, wherever the tests run."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("TMUX", raising=False)
    monkeypatch.delenv("STY", raising=False)
