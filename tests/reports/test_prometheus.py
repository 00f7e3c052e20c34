"""Reports as metrics, read back by the parser of prometheus-client."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from tests.reports import scenes
from tests.reports.test_building import HERE, report_on
from trackerwatch import __version__
from trackerwatch.engine.views import Mute
from trackerwatch.outcome import SwarmCounts
from trackerwatch.policy.rules import BUILT_IN, Rule, Severity, Verdict
from trackerwatch.reports import Style
from trackerwatch.reports.building import empty_report
from trackerwatch.reports.metering.exposition import DROPPED_FIRST, MAX_SERIES, Family, labels, within_limit, written
from trackerwatch.reports.prometheus import families_of, render
from trackerwatch.reports.rows import SkippedInput


def parsed(text):
    """Samples by name, each as (labels, value); checks what the textfile collector asks for."""
    assert text.endswith("\n")
    samples = {}
    for family in text_string_to_metric_families(text):
        assert family.name.startswith("trackerwatch_")
        assert family.documentation
        assert family.type == "gauge"
        assert family.name not in samples, "a family comes once"
        samples[family.name] = [(sample.labels, sample.value) for sample in family.samples]
        assert all(sample.timestamp is None for sample in family.samples)
        keys = [tuple(sorted(labels.items())) for labels, _ in samples[family.name]]
        assert len(set(keys)) == len(keys), "a series comes once"
    return samples


def metrics(report):
    return parsed("".join(render(report, Style())))


def values(samples, name, **wanted):
    return [value for labels, value in samples[f"trackerwatch_{name}"] if wanted.items() <= labels.items()]


def test_who_looks_and_where_from():
    samples = metrics(report_on(scenes.failed_over_scene()))
    assert samples["trackerwatch_build_info"] == [({"version": __version__}, 1)]
    assert samples["trackerwatch_vantage_info"] == [({"vantage_id": HERE.id, "vantage": "vps7"}, 1)]
    assert samples["trackerwatch_last_round_timestamp_seconds"] == [({}, scenes.EARLIER.timestamp())]


def test_trackers():
    report = report_on(scenes.failed_over_scene())
    samples = metrics(report)
    dead, alive, private = (view.tracker for view in report.trackers)
    states = [labels["state"] for labels, value in samples["trackerwatch_tracker_state"] if value == 1]
    assert states == ["down", "up", "unknown"]
    assert values(samples, "tracker_state", tracker_id=dead.id) == [0, 0, 0, 1]
    assert values(samples, "tracker_state", tracker="https://private.example.net/…/announce", state="unknown") == [1]
    assert values(samples, "tracker_muted") == [0, 0, 0]
    assert values(samples, "tracker_last_probe_timestamp_seconds", tracker_id=dead.id) == [scenes.EARLIER.timestamp()]
    assert values(samples, "tracker_last_success_timestamp_seconds") == [scenes.EARLIER.timestamp()]
    assert values(samples, "tracker_interval_seconds", tracker_id=alive.id) == [1800]
    assert "trackerwatch_tracker_tls_cert_expiry_timestamp_seconds" not in samples, "no tracker here has one"
    where = {"address": "192.0.2.7", "family": "ipv4"}
    assert values(samples, "endpoint_state", tracker_id=dead.id, state="down", **where) == [1]
    assert values(samples, "endpoint_state", tracker_id=alive.id, state="down", **where) == [0]
    assert values(samples, "endpoint_state", tracker_id=private.id) == []
    assert values(samples, "probe_phase_seconds", tracker_id=alive.id, phase="exchange") == [0.031]
    assert values(samples, "probe_phase_seconds", tracker_id=dead.id, phase="exchange") == []


def test_what_is_muted_and_what_expires():
    ends = datetime(2027, 1, 1, tzinfo=UTC)
    view = replace(scenes.tracker(scenes.UP), muted=Mute(None, ""), tls_expires_at=ends, interval_s=float("inf"))
    samples = metrics(report_on(scenes.snapshot([scenes.seen(scenes.torrent("a", [scenes.UP]))], [view])))
    assert values(samples, "tracker_muted") == [1]
    assert values(samples, "tracker_tls_cert_expiry_timestamp_seconds") == [ends.timestamp()]
    assert "trackerwatch_tracker_interval_seconds" not in samples


def test_torrents():
    report = report_on(scenes.failed_over_scene())
    backup, well, private = (view.torrent.info_hash_hex for view in report.torrents)
    samples = metrics(replace(report, collection_of={backup: "data"}))
    assert values(samples, "torrent_seeders", torrent=backup) == [12]
    assert values(samples, "torrent_leechers", torrent=well) == [212]
    assert values(samples, "torrent_completed", torrent=backup) == [4811]
    assert values(samples, "torrent_completed", torrent=well) == [], "unknown is no series"
    assert values(samples, "torrent_seeders", torrent=private) == []
    assert values(samples, "torrent_working_trackers", torrent=private) == [0]
    info = {labels["torrent"]: labels for labels, _ in samples["trackerwatch_torrent_info"]}
    assert info[backup] == {"torrent": backup, "name": "dataset-imaging-v3", "collection": "data"}
    assert info[well]["collection"] == ""


def test_zero_is_a_series():
    view = scenes.seen(scenes.torrent("a", [scenes.UP]), Verdict.CRITICAL, counts=SwarmCounts(0, 0, 0))
    samples = metrics(report_on(scenes.snapshot([view], [scenes.tracker(scenes.UP)])))
    assert values(samples, "torrent_seeders") == [0]


def test_verdicts_by_collection():
    report = report_on(scenes.failed_over_scene())
    samples = metrics(replace(report, collections={"data": {Verdict.WARNING: 1}, "empty": {}}))
    assert values(samples, "torrent_verdict_count", collection="data", verdict="warning") == [1]
    assert values(samples, "torrent_verdict_count", collection="empty") == [0, 0, 0, 0]
    assert values(samples, "torrent_verdict_count", collection="", verdict="warning") == [0]
    assert values(samples, "torrent_verdict_count", collection="", verdict="ok") == [1]
    assert sum(values(samples, "torrent_verdict_count")) == 3


def test_violations():
    scene = scenes.failed_over_scene()
    report = report_on(scene, skipped=[SkippedInput("a", "b"), SkippedInput("c", "d")])
    worse = replace(report.problems[0], severity=Severity.CRITICAL)
    samples = metrics(replace(report, problems=(worse, *report.problems[1:])))
    assert values(samples, "policy_violations", rule="tracker_down") == [1]
    assert values(samples, "policy_violations", rule="tracker_down", severity="critical") == [1]
    assert values(samples, "policy_violations", rule="skipped_input", severity="warning") == [2]
    assert values(samples, "policy_violations", rule="exhausted", severity="critical") == [0]
    rules = {labels["rule"] for labels, _ in samples["trackerwatch_policy_violations"]}
    assert rules == {*BUILT_IN}
    assert Rule.MIN_SEEDERS not in rules, "nobody asked for it: that it is not broken is not known"


def test_nothing_to_report_is_still_metrics():
    samples = metrics(empty_report("no usable input", vantage=HERE, duration_s=0.0))
    assert values(samples, "torrent_verdict_count") == [0, 0, 0, 0]
    assert "trackerwatch_last_round_timestamp_seconds" not in samples


@pytest.mark.parametrize("name", ['a"} 1', "a\\", "a\nb", "a\\nb", "日本語", "# HELP x", "a b"])
def test_labels_survive(name):
    scene = scenes.snapshot([scenes.seen(scenes.torrent(name, [scenes.UP]))], [scenes.tracker(scenes.UP)])
    ((read, value),) = metrics(report_on(scene))["trackerwatch_torrent_info"]
    assert (read["name"], value) == (name, 1)


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"])))
def test_any_label_is_read_back(text):
    document = "".join(written([Family("torrent_info", "x", [(labels(name=text), 1)])]))
    (sample,) = next(iter(text_string_to_metric_families(document))).samples
    assert sample.labels == {"name": "".join(c for c in text if c not in "\ufffe\uffff")}


# -- too many --------------------------------------------------------------------------------------------------------


def many(well: int, troubled: int):
    views = [
        scenes.seen(
            scenes.torrent(f"t{n}", [scenes.UP]),
            Verdict.OK if n < well else Verdict.CRITICAL,
            counts=SwarmCounts(n, 1, 2),
        )
        for n in range(well + troubled)
    ]
    return report_on(scenes.snapshot(views, [scenes.tracker(scenes.UP)]))


def test_over_the_limit_whole_families_go():
    samples = metrics(many(5000, 100))
    assert sum(map(len, samples.values())) <= MAX_SERIES
    dropped = {labels["metric"]: value for labels, value in samples["trackerwatch_metrics_series_dropped"]}
    assert [name.removeprefix("trackerwatch_") for name in dropped] == list(DROPPED_FIRST)
    # 25,500 of torrents: those that are well go first, and the least missed of them.
    assert dropped["trackerwatch_torrent_completed"] == 5000
    assert dropped["trackerwatch_torrent_leechers"] == 5000
    assert dropped["trackerwatch_torrent_seeders"] == 0
    assert dropped["trackerwatch_tracker_state"] == 0
    assert len(samples["trackerwatch_torrent_completed"]) == 100, "those of troubled torrents stay"
    assert len(samples["trackerwatch_torrent_seeders"]) == 5100
    assert len(samples["trackerwatch_tracker_state"]) == 4


def test_nothing_is_dropped_below_the_limit():
    samples = metrics(many(10, 10))
    assert set(values(samples, "metrics_series_dropped")) == {0}
    assert len(samples["trackerwatch_torrent_completed"]) == 20


def test_troubled_torrents_and_trackers_go_last():
    families = families_of(many(50, 50))
    sizes = {}
    for limit in range(900, 0, -10):
        kept = {family.name: family for family in within_limit(families, limit)}
        sizes[limit] = {name: len(kept[name]) for name in ("torrent_seeders", "torrent_completed", "tracker_state")}
        if len(kept["torrent_completed"].series) < 50:
            assert all(not family.of_the_well for family in kept.values())
        if not kept["tracker_state"]:
            assert not kept["torrent_seeders"]
    assert sizes[900] == {"torrent_seeders": 100, "torrent_completed": 100, "tracker_state": 4}
    assert sizes[10] == {"torrent_seeders": 0, "torrent_completed": 0, "tracker_state": 0}


def test_the_limit_holds_exactly():
    families = [Family("torrent_seeders", "x", [(labels(torrent=str(n)), n) for n in range(10)])]
    overhead = len(DROPPED_FIRST)
    assert len(within_limit(families, 10 + overhead)[0]) == 10
    assert len(within_limit(families, 9 + overhead)[0]) == 0
    assert "torrent_seeders{" not in "".join(written(within_limit(families, 9 + overhead)))


# -- docs ------------------------------------------------------------------------------------------------------------


def test_the_page_tells_every_metric_and_the_order_in_which_they_go():
    page = (Path(__file__).parents[2] / "docs" / "formats.md").read_text("utf-8")
    tls = replace(scenes.tracker(scenes.UP), tls_expires_at=scenes.NOW)
    scene = scenes.snapshot([scenes.seen(scenes.torrent("a", [scenes.UP]), counts=SwarmCounts(1, 1, 1))], [tls])
    for name, samples in metrics(report_on(scene)).items():
        (told,) = re.findall(rf"^\| `{name}` \| (.*?) \|", page, re.MULTILINE)
        of_tracker = {"tracker_id", "tracker"} if "tracker_id" in samples[0][0] else set()
        assert {*re.findall(r"`(\w+)`", told)} | of_tracker == {*samples[0][0]}
    order = page.partition("metrics go in this order")[2].partition(". So")[0]
    assert tuple(re.findall(r"`(\w+)`", order)) == DROPPED_FIRST
