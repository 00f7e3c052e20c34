from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.tui.feeds import NOW, before, endpoint, marked_trackers, rich_trackers, tracker
from tests.tui.pasts import tracker_past
from trackerwatch import meanings
from trackerwatch.engine.views import Disabled, Mute, NextAsk, OrderSource
from trackerwatch.health.states import Health
from trackerwatch.meanings import Condition
from trackerwatch.outcome import Failure, FailureKind, Phase
from trackerwatch.tui.lines import tracker_page as page
from trackerwatch.tui.lines.ink import Ink, line_width
from trackerwatch.tui.lines.past import TrackerPast

FOO = rich_trackers()[1]
BAR = rich_trackers()[2]
URL = "udp://a.example:6969/announce"
HTTPS = "https://a.example/announce"


def text(section):
    return ["".join(span.text for span in row.line) for row in section.rows]


def state(view, width=80):
    return text(page.state_section(view, NOW, width))


def settings(view, *, reveal=False):
    return text(page.settings_section(view, NOW, 80, reveal=reveal))


def test_the_state_comes_first_then_what_it_hits_means_and_asks_for():
    lines = state(FOO)
    meant = meanings.meaning(FailureKind.REFUSED)
    assert lines[:6] == [
        " x DOWN for 14m, since 13:47: refused x5: Connection refused",
        " Hits 5,120 torrents: 5,076 keep their tracker, 41 failed over, 3 with none left",
        f" means {meant.means}",
        f" do    {meant.do}",
        " next  scrape of 5,120 torrents in 38s, at 14:02:49",
        "",
    ]


def test_what_is_well_needs_no_explanation():
    assert not any(line.startswith((" means", " do ")) for line in state(tracker(0, URL, torrents=1)))


@pytest.mark.parametrize(
    ("view", "what"),
    [
        (replace(FOO, state=Health.DEGRADED, failure=None, reasons=("endpoint_down",)), Condition.ENDPOINT_DOWN),
        (replace(FOO, flapping=True), Condition.FLAPPING),
        (replace(FOO, endpoints=(), failure=None, reasons=()), Health.DOWN),
        (tracker(0, URL, Health.UNKNOWN), Health.UNKNOWN),
        (replace(FOO, disabled=Disabled("gone")), Condition.DISABLED),
    ],
)
def test_every_trouble_is_explained(view, what):
    assert f" means {meanings.meaning(what).means}" in state(view)


def test_the_first_answer_after_an_outage_is_not_explained_by_the_outage():
    for failure in (None, Failure(FailureKind.FAILURE_REASON, Phase.EXCHANGE, "no")):
        lines = state(replace(FOO, failure=failure, answers_in_row=1))
        assert " means it was down and has just answered; one answer may be luck" in lines


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"next_ask": NextAsk.MINIMAL}, "heartbeat (connects, asks for nothing) in 14m"),
        (
            {"next_ask": NextAsk.MINIMAL, "pending": 1},
            "a small probe, to settle whether it is down (1 of 3 failed) in 14m",
        ),
        ({"next_ask": NextAsk.MINIMAL, "state": Health.DOWN}, "a small probe, to see whether it is back in 14m"),
        ({"next_ask": NextAsk.FRESH}, "a scrape of torrents that are new in 14m"),
        ({"next_ask": NextAsk.ANNOUNCES}, "the announces that are due in 14m"),
        ({"scrape_supported": False}, "whether it lives (it cannot be scraped) in 14m"),
        ({"torrents": 0}, "whether it lives in 14m"),
        ({"asking": True}, "it is being asked right now"),
        ({"next_probe_at": None}, "nothing is planned"),
        ({"disabled": Disabled("why")}, "nothing: it is switched off"),
        ({"retired": True}, "nothing: no torrent lists it any more"),
    ],
)
def test_what_is_asked_next(changes, told):
    view = replace(tracker(0, URL, torrents=7, next_s=840), **changes)
    line = next(line for line in state(view) if line.startswith(" next"))
    assert line.removeprefix(" next  ").startswith(told)


def test_addresses_are_a_table_with_phases():
    lines = state(FOO)
    at = next(n for n, line in enumerate(lines) if line.startswith(" STATE"))
    assert lines[at].split() == ["STATE", "ADDRESS", "RESOLVE", "CONNECT", "TLS", "ANSWER", "LAST", "OK", "MISSED"]
    assert lines[at + 1].split() == ["x", "DOWN", "192.0.2.7:6969", "4ms", "31ms", "-", "31ms", "14m", "5"]
    assert lines[at + 2].strip() == "refused: Connection refused, at connect; down for 14m"
    assert "- NOT JUDGED [2001:db8::7]:6969" in lines[at + 3]
    assert "never" in lines[at + 3]
    wide = state(FOO, 120)
    head = next(line for line in wide if line.startswith(" STATE"))
    assert head.split()[-6:] == ["P50", "P95", "LAST", "OK", "MISSED", "NEXT"]


def test_families_that_say_nothing_are_told():
    assert " v6 is not judged: no route here; that is no fault of the tracker" in state(FOO)
    assert " v6: it has no such address" in state(tracker(0, URL, endpoints=(endpoint("192.0.2.1"),)))
    both = tracker(0, URL, endpoints=(endpoint("192.0.2.1"), endpoint("2001:db8::1")))
    assert not any(line.startswith((" v4", " v6")) for line in state(both))
    nowhere = tracker(0, URL, Health.DOWN, kind=FailureKind.DNS_NXDOMAIN, endpoints=())
    assert "  none known: no such host" in state(nowhere)


@pytest.mark.parametrize("width", [20, 40, 65, 71, 72, 80, 95, 96, 140])
def test_the_table_of_addresses_fits(width):
    views = (FOO, replace(FOO, endpoints=(endpoint("2001:db8:1234:5678:9abc:def0:1234:5678"),)))
    for view in views:
        section = page.state_section(view, NOW, width)
        head = next(row.line for row in section.rows if row.line and row.line[0].text.startswith(" STATE"))
        assert line_width(head) <= max(width, 38)


def test_answers_are_word_for_word():
    one = replace(endpoint("192.0.2.1", said="interval 1800, “hello”"), last_success_at=before(60))
    asked = Failure(FailureKind.RATE_LIMITED, Phase.EXCHANGE, "slow [b]down[/]", retry_in_s=1800.0)
    two = replace(endpoint("192.0.2.2"), failure=asked, last_probe_at=before(5))
    three = replace(two, failure=replace(asked, retry_never=True), said="")
    lines = text(
        page.answers_section(
            tracker(0, URL, endpoints=(one, two, three, endpoint("192.0.2.4"))), TrackerPast(kept=False), (), NOW, 80
        )
    )
    assert "    said      “interval 1800, “hello””  60s ago" in lines
    assert "    failed    rate limited: “slow [b]down[/]”  5s ago" in lines
    assert "              it asks to be left alone for 30m" in lines
    assert "              it wants never to be asked again" in lines
    assert "    answers, and says nothing in words" in lines
    fresh = text(page.answers_section(tracker(0, URL, endpoints=()), TrackerPast(kept=False), (), NOW, 80))
    assert "  not asked yet" in fresh


def test_intervals_of_everybody_are_told():
    view = replace(tracker(0, URL), min_request_interval_s=900.0, interval_wish_s=3600.0)
    lines = settings(view)
    assert "  announce    30m  min 15m  as the tracker asks" in lines
    assert not any(line.startswith("  asked") for line in lines)
    planned = replace(view, every_s=3600.0, heartbeat_s=120.0)
    assert "  asked       every 60m, and a small probe every 2m  by us" in settings(planned)
    assert "  asked       every 60m  by us" in settings(replace(planned, heartbeat_s=None))
    assert "  scrape      answers; between scrapes 15m  as the tracker asks" in lines
    assert "  your wish   60m, by hand" in lines
    quiet = settings(replace(view, interval_s=None, min_interval_s=None, scrape_supported=None, interval_wish_s=None))
    assert "  announce    not said  min not said  as the tracker asks" in quiet
    assert "  your wish   as the settings say" in quiet
    assert any("not known yet; between scrapes" in line for line in quiet)


def test_a_certificate_says_for_whom_and_until_when():
    lines = settings(replace(BAR, tls_expires_at=datetime(2026, 3, 20, 12, 0, tzinfo=UTC)))
    assert "  certificate for t2.bar.net, ends 20 Mar 2026 12:00 UTC, in 5d" in lines
    row = next(
        row
        for row in page.settings_section(
            replace(BAR, tls_expires_at=datetime(2026, 3, 20, 12, 0, tzinfo=UTC)), NOW, 80, reveal=False
        ).rows
        if row.line and "certificate" in row.line[0].text
    )
    assert row.line[-1].ink is Ink.WARN
    assert any("EXPIRED 2m ago" in line for line in settings(BAR))
    assert "  certificate not seen yet" in settings(tracker(0, HTTPS))
    assert not any(line.startswith("  certificate ") and "degraded" not in line for line in settings(tracker(0, URL)))


def test_orders_say_who_gave_them():
    view = replace(
        tracker(0, URL, own=True, added=True),
        muted=Mute(None, "moving", OrderSource.CONFIG),
        disabled=Disabled("gone", OrderSource.HAND, before(60)),
    )
    lines = settings(view)
    assert "  orders      muted no end set (moving), by the config" in lines
    assert "              disabled since 14:01 (gone), by hand, kept in the state file; u undoes" in lines
    assert "              your own, by the config" in lines
    assert "              watched by hand, for this run alone" in lines
    assert "  orders      none" in settings(tracker(0, URL))
    assert '  in config   [trackers."a.example:6969"] changes this' in settings(tracker(0, URL))


def test_the_title_fits_and_tells_state_and_next():
    assert "".join(span.text for span in page.title(FOO, NOW, 60)) == (
        " tracker.foo.org:6969 udp  x DOWN           next try in 38s "
    )
    for width in (1, 10, 30, 60, 100):
        for view in (FOO, *marked_trackers()):
            line = page.title(view, NOW, width)
            assert line_width(line) <= max(width, 18)
            assert any(view.tracker.host_port[-5:] in span.text for span in line) or width < 20
    assert tracker_past().tracker


def test_a_refusal_of_its_torrents_is_told_with_what_it_means():
    view = tracker(0, URL, torrents=20, refused=20, refused_kind=FailureKind.UNREGISTERED)
    told = state(view)
    assert told[0].startswith(" ! REFUSES")
    assert f" means {meanings.meaning(FailureKind.UNREGISTERED).means}" in told
