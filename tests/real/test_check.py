"""`trackerwatch check` against real trackers: alive or not, and nobody's swarm is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.real.conftest import Lab, Run

SCRAPES_AND_ANNOUNCES = ("udp_announce", "udp_scrape", "tcp_scrape")


def test_every_live_tracker_is_up(lab: Lab, check: Callable[..., Run], untouched: None) -> None:
    urls = lab.urls()
    asked = lab.opentracker.requests()
    run = check(*urls.values(), "--ca-file", lab.front.ca_file)
    assert {tracker["url"]: tracker["state"] for tracker in run.report["trackers"]} == dict.fromkeys(
        urls.values(), "up"
    )
    assert run.report["torrents"] == []
    assert (run.exit_code, run.report["summary"]["verdict"]) == (0, "ok")
    now = lab.opentracker.requests()
    assert {key: now[key] - asked[key] for key in SCRAPES_AND_ANNOUNCES} == dict.fromkeys(SCRAPES_AND_ANNOUNCES, 0)


@pytest.mark.parametrize("scheme", ["udp", "http", "https"])
def test_a_closed_port_is_down(lab: Lab, check: Callable[..., Run], closed_port: tuple[str, int], scheme: str) -> None:
    url = f"{scheme}://{closed_port[0]}:{closed_port[1]}/announce"
    run = check(url, lab.opentracker.udp_url)
    assert run.tracker(url)["state"] == "down"
    assert run.tracker(url)["endpoints"][0]["failure"]["kind"] == "refused"
    assert run.tracker(lab.opentracker.udp_url)["state"] == "up"
    assert run.exit_code in (1, 2)
    assert "tracker_down" in run.rules()


@pytest.mark.parametrize(
    ("path", "listener", "kind"),
    [
        ("/announce", "expired", "tls"),
        ("/html/announce", "tls", "not_bencode"),
        ("/503/announce", "tls", "http_status"),
    ],
)
def test_a_web_server_is_no_tracker(
    lab: Lab, check: Callable[..., Run], untouched: None, path: str, listener: str, kind: str
) -> None:
    url = lab.front.url(path, listener=listener)
    run = check(url, "--ca-file", lab.front.ca_file)
    assert run.tracker(url)["state"] == "down"
    assert run.tracker(url)["endpoints"][0]["failure"]["kind"] == kind
    assert run.exit_code in (1, 2)
