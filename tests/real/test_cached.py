"""`--cached` at the wire: not one datagram in any format, and every format says how old its answers are."""

from __future__ import annotations

import asyncio
import csv
import json
import re
from datetime import UTC, datetime

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.real.lab.relay import CountingRelay
from tests.real.lab.torrents import Kind, make_torrent
from tests.real.lab.trackers import Opentracker
from tests.real.lab.watch import PATIENCE_S, Home
from tests.real.lab.wire import Announce, UdpVisitor
from trackerwatch.reports.formats import FORMATS

PUBLIC = "192.0.2.1"
"""For documentation (RFC 5737): no private address, so public manners hold, and in a network of our own nobody else's."""
AGE = r"\d+ ?s(econds)?\b"


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.fixture
def asked(needs, own_net, tmp_path):
    """A home that asked a public tracker once, behind a relay that counts; gives home, torrent file and relay."""
    needs("opentracker", "timeout")
    own_net.add(PUBLIC)
    torrent = make_torrent(tmp_path / "content", "shared", Kind.V1)
    tracker = Opentracker([torrent.key])
    try:
        with UdpVisitor(tracker.address, tracker.port) as visitor:
            visitor.announce_all(Announce(torrent.key, 2000 + peer, left=0, event=2) for peer in range(2))
        with CountingRelay(tracker.address, tracker.port, PUBLIC) as relay:
            yield Home(tmp_path / "home"), torrent.write(tmp_path, [[relay.udp_url]]), relay
    finally:
        tracker.stop()


async def said(home: Home, *words: object) -> tuple[int, str, str]:
    """Exit code, stdout and stderr."""
    child = await asyncio.create_subprocess_exec(
        *home.command("report", *words),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=home.environment,
    )
    async with asyncio.timeout(PATIENCE_S):
        out, err = await child.communicate()
    assert child.returncode is not None
    assert b"Traceback" not in err, err
    return child.returncode, out.decode(), err.decode()


async def test_no_format_sends_anything_and_each_tells_the_age(asked):
    home, path, relay = asked
    begun = datetime.now(UTC)
    assert (await home.report(path)).exit_code == 0
    sent = dict(relay.seen)
    assert sent["scrape"] == 1
    told = {}
    for name in FORMATS:
        code, told[name], err = await said(home, path, "--cached", "--format", name)
        assert (code, err) == (0, ""), name
        assert dict(relay.seen) == sent, name

    assert re.search(rf"(store|remembered|cached)[^<]{{0,60}}{AGE}", told["junit"]), told["junit"]
    words = {name: " ".join(re.sub(r"<[^>]*>|[*_`\\]", " ", text).split()) for name, text in told.items()}
    for name in ("table", "markdown", "github", "html"):
        assert re.search(rf"(store|remembered|cached).{{0,60}}{AGE}", words[name]), (name, words[name][:600])
    first = told["nagios"].splitlines()[0]
    assert re.search(rf"cached {AGE}", first), first
    value = json.loads(told["json"])
    assert value["summary"]["remembered"]["trackers"] == 1
    assert 0 <= value["summary"]["remembered"]["oldest_s"] < 60
    assert json.loads(told["jsonl"].splitlines()[0])["summary"]["remembered"]["trackers"] == 1
    (row,) = csv.DictReader(told["csv"].splitlines())
    assert row["source"] == "store"
    assert begun <= moment(row["observed_at"]) <= datetime.now(UTC)
    families = {family.name: family.samples for family in text_string_to_metric_families(told["prometheus"])}
    (probed,) = families["trackerwatch_tracker_last_probe_timestamp_seconds"]
    assert begun.timestamp() - 1 <= probed.value <= datetime.now(UTC).timestamp()


async def test_nothing_stored_is_3_with_a_line(asked):
    home, path, relay = asked
    code, out, err = await said(home, path, "--cached")
    assert code == 3
    assert err == "trackerwatch: nothing stored of these torrents' trackers\n"
    assert out.startswith("UNKNOWN")
    assert not relay.seen
    code, out, err = await said(home, path, "--cached", "--format", "nagios")
    assert code == 3
    assert re.match(r"TRACKERWATCH UNKNOWN - .*nothing stored", out), out
