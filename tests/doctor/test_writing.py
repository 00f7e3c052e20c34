from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

import trackerwatch.doctor
from tests.doctor.facts import facts, network, terminal
from trackerwatch.doctor.facts import NetworkFacts
from trackerwatch.doctor.findings import judge
from trackerwatch.doctor.writing import as_json, as_text, summary


def test_text_is_marked_wrapped_and_summed_up():
    findings = judge(facts(network(udp=False)))
    lines = "".join(as_text(findings, 76)).splitlines()
    assert lines[0] == "+ ok         does anything come back from the net? yes: a sentinel answered"
    at = lines.index("x trouble    can UDP leave? TCP gets through, and nothing comes back over")
    assert lines[at + 1] == "             UDP"
    assert lines[at + 2].startswith("             -> a firewall, VPN or carrier")
    assert all(len(line) <= 76 for line in lines)
    assert lines[-1] == "CRITICAL  trouble: udp"
    # Too narrow to be read is not made narrower.
    assert all(len(line) <= 40 for line in "".join(as_text(findings, 3)).splitlines())


def test_no_trouble_says_how_much_is_open():
    assert summary(judge(facts())) == "OK  no trouble found, 1 not known"


def test_json_has_every_finding():
    findings = judge(facts(network(udp=False)))
    document = json.loads(as_json(findings))
    assert document["schema"] == "trackerwatch.doctor/1"
    assert document["verdict"] == "critical"
    assert len(document["findings"]) == len(findings)
    (udp,) = [finding for finding in document["findings"] if finding["id"] == "udp"]
    assert (udp["answer"], udp["severity"]) == ("trouble", "critical")
    assert udp.keys() == {"id", "question", "answer", "severity", "seen", "do"}


@pytest.mark.parametrize(
    "ill",
    [
        facts(proxies=("https_proxy",)),
        facts(network(tcp=False, udp=False), terminal=terminal(is_terminal=False)),
        facts(NetworkFacts(asked=False, sentinels=0), config_mistakes=("x",)),
    ],
)
def test_json_is_as_its_schema_says(ill):
    schema = json.loads((Path(trackerwatch.doctor.__file__).parent / "doctor.schema.json").read_text("utf-8"))
    jsonschema.validate(json.loads(as_json(judge(ill))), schema)
