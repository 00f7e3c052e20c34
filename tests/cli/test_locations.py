from __future__ import annotations

import uuid

import pytest

from trackerwatch import locations


def test_the_vantage_keeps_its_id(tmp_path):
    first = locations.vantage_id(tmp_path / "data")
    assert str(uuid.UUID(first)) == first
    assert locations.vantage_id(tmp_path / "data") == first
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["vantage-id"]
    assert locations.vantage_id(tmp_path / "other") != first


@pytest.mark.parametrize("damage", [b"", b"nonsense\n", b"\xff" * 10_000])
def test_a_damaged_id_is_made_again(tmp_path, damage):
    (tmp_path / "vantage-id").write_bytes(damage)
    made = locations.vantage_id(tmp_path)
    assert uuid.UUID(made)
    assert locations.vantage_id(tmp_path) == made


def test_where_nothing_can_be_kept_it_is_stable_all_the_same(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    first = locations.vantage_id(tmp_path / "file" / "below")
    assert uuid.UUID(first)
    assert locations.vantage_id(tmp_path / "file" / "below") == first


def test_paths_follow_xdg(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "d"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "c"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "s"))
    assert locations.data_folder() == tmp_path / "d" / "trackerwatch"
    assert locations.config_file() == tmp_path / "c" / "trackerwatch" / "config.toml"
    assert locations.state_folder() == tmp_path / "s" / "trackerwatch"
