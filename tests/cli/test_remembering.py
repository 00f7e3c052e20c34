"""How long a run waits for its store."""

import pytest

from trackerwatch.cli.remembering import open_memory
from trackerwatch.config.settings import Config
from trackerwatch.store import Store


@pytest.fixture
def opening(monkeypatch):
    """What stores were opened with."""
    seen = []
    monkeypatch.setattr(Store, "open", classmethod(lambda _, path, **more: seen.append(more) or path))
    return seen


@pytest.mark.parametrize(("deadline_s", "open_s", "all_s"), [(8.0, 0.48, 0.8), (5.0, 0.3, 0.5), (60.0, 1.5, 5.0)])
def test_a_run_with_a_deadline_gives_its_store_a_small_share(tmp_path, opening, deadline_s, open_s, all_s):
    open_memory(tmp_path / "history.db", Config(), deadline_s)
    assert opening[0]["open_s"] == pytest.approx(open_s)
    assert opening[0]["patience"].left_s == pytest.approx(all_s)


def test_a_run_without_end_waits_as_ever(tmp_path, opening):
    open_memory(tmp_path / "history.db", Config())
    assert "patience" not in opening[0]
    assert "open_s" not in opening[0]
