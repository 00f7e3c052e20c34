"""Every file in `scenarios/`: outcomes in; states, roles, events and explanations out."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tests.failover.stage import Stage, announces
from trackerwatch.failover.explain import MOST_CHARS

FILES = sorted((Path(__file__).parent / "scenarios").glob("*.toml"))
STEERING = {"minute", "outcomes", "mute", "walk_as", "notes"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_scenario(path):
    file = tomllib.loads(path.read_text())
    assert file.get("at") or file.get("announces"), "a scenario shows something"
    stage = Stage(file)
    for scene in file.get("at", []):
        seen = stage.play(scene)
        expected = {key: value for key, value in scene.items() if key not in STEERING}
        assert expected, "a scene expects something"
        assert {key: seen[key] for key in expected} == expected, f"{path.name}, minute {scene.get('minute', 0)}"
        assert all(len(line) <= MOST_CHARS for line in seen["explanation"])
    if plan := file.get("announces"):
        done, order, _ = announces(file)
        assert done == plan["expect"]
        assert order == plan.get("order_after", order)


def test_there_are_scenarios_for_every_client():
    clients = {tomllib.loads(path.read_text()).get("client", "listed") for path in FILES}
    assert clients == {"listed", "bep12", "libtorrent", "transmission", "all-trackers"}
    assert len(FILES) >= 20
