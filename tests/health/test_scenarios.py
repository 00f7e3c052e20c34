"""The files in scenarios/: outcomes in, states out."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from trackerwatch.health import EndpointHealth, Sample, Thresholds, any_flapping, apply, roll_up
from trackerwatch.outcome import FailureKind

FILES = sorted(Path(__file__).with_name("scenarios").glob("*.toml"))
DAY_S = 86400.0

SAMPLE = re.compile(
    r"(?P<outcome>[a-z_]+)(?:@(?P<latency>[\d.]+))?(?:-(?P<lost>\d+)/(?P<sent>\d+))?"
    r"(?:~(?P<left>[\d.]+)(?:/(?P<life>[\d.]+))?)?(?:\*(?P<times>\d+))?"
)


def read(text: str) -> list[Sample]:
    samples = []
    for word in text.split():
        found = SAMPLE.fullmatch(word)
        assert found, word
        ok = found["outcome"] == "ok"
        sample = Sample(
            None if ok else FailureKind(found["outcome"]),
            float(found["latency"] or 0.05) if ok else None,
            int(found["sent"] or 1),
            int(found["lost"] or 0),
            float(found["left"]) * DAY_S if found["left"] else None,
            float(found["life"]) * DAY_S if found["life"] else None,
        )
        samples += [sample] * int(found["times"] or 1)
    return samples


def shown(state: str, pending: int, *, flapping: bool, judged: bool, reasons: tuple[str, ...]) -> str:
    words = [state]
    words += [f"pending {pending}"] if pending else []
    words += ["flapping"] if flapping else []
    words += [] if judged else ["not judged"]
    return " ".join(words) + (f": {' '.join(reasons)}" if reasons else "")


def of_endpoint(health: EndpointHealth) -> str:
    return shown(health.state, health.pending, flapping=health.flapping, judged=health.judged, reasons=health.reasons)


def of_tracker(healths: list[EndpointHealth]) -> str:
    state, reasons = roll_up(healths)
    pending = max(health.pending for health in healths)
    return shown(state, pending, flapping=any_flapping(healths), judged=True, reasons=reasons)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_scenario(path):
    scenario = tomllib.loads(path.read_text(encoding="utf-8"))
    assert scenario.keys() <= {"tells", "slow_s", "one_shot", "steps"}
    one_shot = scenario.get("one_shot", False)
    thresholds = Thresholds(
        down_after=2 if one_shot else 3, conclusive_at_once=one_shot, slow_s=scenario.get("slow_s", 2.0)
    )
    healths: dict[str, EndpointHealth] = {}
    now = 0.0
    for number, step in enumerate(scenario["steps"], 1):
        assert step.keys() == {"seen", "endpoints", "tracker"}
        for endpoint, text in step["seen"].items():
            for sample in read(text):
                now += 120.0
                healths[endpoint] = apply(healths.get(endpoint, EndpointHealth()), sample, now, thresholds)
        told = {endpoint: of_endpoint(healths[endpoint]) for endpoint in step["endpoints"]}
        assert told == step["endpoints"], f"step {number}"
        assert of_tracker(list(healths.values())) == step["tracker"], f"step {number}"


def test_there_are_scenarios():
    assert len(FILES) >= 15
