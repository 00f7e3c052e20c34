from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tests.reports import pasts
from trackerwatch.history import Gap, Outage
from trackerwatch.reports import Style
from trackerwatch.reports.past.history_rows import distinct_outages, distinct_transitions, glyph, lasted_s, worst_first
from trackerwatch.reports.past.history_table import render

OVERVIEW = """\
3 trackers, the last 24h until 2026-11-22 14:00:00 UTC, seen from vps7

STATE      SINCE TRACKER                   UPTIME      N  SEEN    P50    P95    P99  OUTAGES LAST OK
x DOWN       14m tracker.foo.org:6969       90.6%     96   92%   31ms   48ms   90ms     2 2h     15m
                 ##################################xxxx....####!x
+ up         22d tracker.example.org:1337    100%     96  100%   31ms   48ms   90ms        -      4s
                 ################################################
? unknown      - open.baz.io:1337          n/a 1h      8    8%      -      -      -        -   never
                 ............................................####

strip   30m a column, oldest first: # answered, ! partly, x nothing answered, . not known
columns SINCE and LAST OK: how long ago; SEEN: share of the time that was watched, below 50% there
        is no uptime
n/a     n/a 1h: only 1h of that time was watched, too little for a percentage
"""

TRACKER = """\
x DOWN  tracker.foo.org:6969   0123456789
url     udp://tracker.foo.org:6969/announce
state   down since 2026-11-22 13:46:00 UTC (14m ago)
last ok 2026-11-22 13:45:00 UTC (15m ago)
seen    from vps7, 24h until 2026-11-22 14:00:00 UTC; 3 changes between answering and down

uptime   24h  90.6% (n=96, 92% seen)
          1h  25.0% (n=4, 100% seen)
          7d  98.6% (n=672, 100% seen)
         30d  n/a 9d (n=864, 30% seen)
        n/a 9d: only 9d of that time was watched, too little for a percentage

  30m  |##################################xxxx....####!x
        11-21 14:00                      11-22 14:00 UTC
        # answered, ! partly, x nothing answered, . not known

latency p50 31ms, p95 48ms, p99 90ms; median of resolve 2.0ms, connect 30ms, exchange 31ms
  94ms |                                          :::::
       |                       :::::::::::        :::::
       |       :::::::::::::::::::::::::::        :::::
  47ms |::::::::::::::::::::::::::::::::::        :::::
       |##################################        #####
       |##################################        #####
       +--------------------------------------    ------
        11-21 14:00                      11-22 14:00 UTC
        # p50, : p95 of the answers; no line below: not known

2 outages, 2h in all (a line with an endpoint is about that address alone)
FROM                TO                   FOR REASON          ENDPOINT
2026-11-22 07:00:00 2026-11-22 09:00:00   2h timeout         (all)
2026-11-22 13:29:00 goes on              31m refused         192.0.2.7:6969
2026-11-22 13:46:00 goes on              14m refused         (all)

1 gap of our own: it counts for nothing
FROM                TO                   FOR WHY
2026-11-22 09:00:00 2026-11-22 11:00:00   2h local_offline: no answer from anybody: the fault is
                                             here

changes (UTC)
2026-11-22 07:00:00 up -> down             tracker.foo.org:6969 is down: no answer (timeout)
2026-11-22 11:00:00 down -> up             tracker.foo.org:6969 answers again
2026-11-22 13:46:00 up -> down             tracker.foo.org:6969 is down: refused
"""

TORRENT = f"""\
debian
hash    {pasts.HASH}
seen    24h until 2026-11-22 14:00:00 UTC
seeder  last seen 2026-11-22 13:55:00 UTC (5m ago)

failover (UTC)
2026-11-22 13:46:00 primary -> failed_over debian failed over to tracker.example.org:1337 (tier 1)
                                           (refused)

seeders, maximum over trackers
2026-11-21 14:00:00     12
2026-11-22 13:46:00      ?
2026-11-22 13:55:00      9
"""


def text(report, **style) -> str:
    return "".join(render(report, Style(**style)))


def plain(colored: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", colored)


NARROW = """\
1 tracker, the last 24h until 2026-11-22 14:00:00 UTC, seen from vps7

STATE      SINCE TRACKER                    UPTIME  SEEN    P95  OUTAGES LAST OK
x DOWN       14m tracker.foo.org:6969        90.6%   92%   48ms     2 2h     15m
                 ##################################xxxx....####!x

strip   30m a column, oldest first: # answered, ! partly, x nothing answered, .
        not known
columns SINCE and LAST OK: how long ago; SEEN: share of the time that was
        watched, below 50% there is no uptime
"""

REPORTS = [
    (pasts.report(pasts.tracker(), pasts.well(), pasts.new()), OVERVIEW),
    (pasts.report(pasts.tracker(), in_full=True), TRACKER),
    (pasts.report(torrent=pasts.torrent()), TORRENT),
]


@pytest.mark.parametrize(("report", "told"), REPORTS)
def test_what_people_read(report, told):
    assert text(report) == told


def test_a_narrow_terminal_has_fewer_columns():
    assert text(pasts.report(pasts.tracker()), width=80) == NARROW


@pytest.mark.parametrize(("report", "told"), REPORTS)
def test_colour_adds_nothing_that_glyphs_do_not_say(report, told):
    colored = text(report, color=True)
    assert "\x1b[1" in colored
    assert plain(colored) == told


@pytest.mark.parametrize("width", [10, 80, 100, 200])
@pytest.mark.parametrize(("report", "_"), REPORTS)
def test_it_fits(report, _, width):
    long = replace(
        report, trackers=tuple(replace(t, host_port="a" * 300 + ":1", url="b" * 900) for t in report.trackers)
    )
    assert max(map(len, text(long, width=width).splitlines())) <= max(80, width)


def test_nothing_known_of_one_tracker_is_still_a_page():
    blank = pasts.new()
    blank = replace(blank, stretches=pasts.stretches("." * 48, since=pasts.NOW - pasts.DAY, until=pasts.NOW), uptime=())
    told = text(pasts.report(blank, in_full=True))
    assert "state   unknown since an unknown time" in told
    assert "last ok never" in told
    assert "latency p50 -, p95 -, p99 -\n" in told
    assert "+" not in told


def test_an_empty_overview():
    assert text(pasts.report()) == "0 trackers, the last 24h until 2026-11-22 14:00:00 UTC, seen from vps7\n"


def test_a_torrent_that_nothing_happened_to():
    told = text(pasts.report(torrent=pasts.torrent(transitions=(), seeders=(), last_seeder_at=None)))
    assert told.startswith(f"{pasts.HASH}\n")
    assert "seeder  last seen never" in told
    assert told.endswith("no tracker of it changed in that time\n")


def test_markup_is_text():
    move = pasts.transition(
        pasts.NOW, "primary", "exhausted", "[bold red]x[/] <b> has none", kind="exhausted", name="[b]"
    )
    told = text(pasts.report(torrent=pasts.torrent(transitions=(move,))))
    assert told.startswith("[b]\n")
    assert "[bold red]x[/] <b> has none" in told


@pytest.mark.parametrize(
    ("told", "more"),
    [
        ("the tracker", {"message": ""}),
        ("192.0.2.7:80", {"message": "", "endpoint": "192.0.2.7:80"}),
        ("192.0.2.7:80: refused", {"message": "", "endpoint": "192.0.2.7:80", "reason": "refused"}),
        ("192.0.2.7:80: gone (refused)", {"message": "gone", "endpoint": "192.0.2.7:80", "reason": "refused"}),
        ("failed over", {"message": "", "torrent": pasts.HASH, "kind": "failed_over"}),
    ],
)
def test_a_change_that_nobody_worded(told, more):
    moves = (pasts.transition(pasts.NOW, "unknown", "up", **more),)
    assert text(pasts.report(pasts.well(transitions=moves), in_full=True)).endswith(
        f"2026-11-22 14:00:00 unknown -> up          {told}\n"
    )


def test_many_rows_are_cut_to_the_latest():
    gaps = tuple(Gap("suspended", pasts.NOW - 1000 + n, pasts.NOW - 999 + n, f"number {n}.") for n in range(200))
    told = text(pasts.report(pasts.well(gaps=gaps), in_full=True))
    assert "200 gaps of our own, the latest 40" in told
    assert "number 160." in told
    assert "number 159." not in told


@pytest.mark.parametrize(
    ("failed", "counted", "told"),
    [(0, 96, "100%"), (96, 96, "0%"), (1, 100_000, "99.9%"), (99_999, 100_000, "0.1%"), (1, 3, "66.6%")],
)
def test_uptime_is_never_rounded_to_more_than_it_is(failed, counted, told):
    history = pasts.well(uptime=(pasts.figure("x", pasts.DAY, counted, failed),))
    assert f" {told} " in text(pasts.report(history)).splitlines()[3]


def test_worst_first():
    def of(host: str, failed: int, **more):
        return pasts.well(
            f"{host}:1", uptime=(pasts.figure("x", pasts.DAY, 100, failed, more.pop("seen", 1.0)),), **more
        )

    order = worst_first(
        [
            of("c", 0),
            of("b", 0),
            of("n", 50, seen=0.2),
            of("a", 10),
            of("d", 0, state="down"),
            of("z", 90),
            pasts.well("never:1", uptime=()),
        ]
    )
    assert [one.host_port for one in order] == ["z:1", "a:1", "d:1", "b:1", "c:1", "n:1", "never:1"]


def test_glyphs():
    made = pasts.stretches("#!x.", since=0.0, until=4.0)
    assert [glyph(one) for one in made] == ["#", "!", "x", "."]


def test_an_outage_counts_as_far_as_it_lies_in_the_stretch():
    history = pasts.tracker()
    assert [lasted_s(outage, history) for outage in history.outages] == [7200.0, 1860.0, 840.0]
    early = replace(history.outages[0], begin=0.0)
    assert lasted_s(early, history) == pasts.DAY - 5 * 3600


ONE, OTHER = "127.0.0.21:6969", "127.0.0.22:6969"


def outages_of(*outages):
    return [(one.endpoint, one.begin) for one in distinct_outages(replace(pasts.tracker(), outages=outages))]


def test_an_outage_of_the_only_address_is_told_once():
    assert outages_of(Outage(ONE, 100.0, 200.0, "refused"), Outage(None, 101.5, 201.0, "refused")) == [(None, 101.5)]
    assert outages_of(Outage(ONE, 100.0, None, "refused"), Outage(None, 100.0, None, "refused")) == [(None, 100.0)]
    both = (Outage(ONE, 100.0, 200.0, "refused"), Outage(OTHER, 100.0, 200.0, "refused"))
    assert outages_of(*both, Outage(None, 100.0, 200.0, "refused")) == [(None, 100.0)]


def test_an_outage_of_one_of_two_addresses_stays():
    first, second, whole = (
        Outage(at, since, 300.0, "refused") for at, since in ((ONE, 10.0), (OTHER, 90.0), (None, 90.0))
    )
    assert outages_of(first, second, whole) == [(ONE, 10.0), (OTHER, 90.0), (None, 90.0)]
    assert outages_of(first) == [(ONE, 10.0)]


def changes_of(*changes):
    return [
        (one.endpoint, one.message)
        for one in distinct_transitions(replace(pasts.tracker(outages=()), transitions=changes))
    ]


def test_a_change_is_told_once_in_its_fullest_words():
    alone = (
        pasts.transition(100.0, "down", "up", ""),
        pasts.transition(100.0, "down", "up", "", endpoint=ONE),
        pasts.transition(100.4, "down", "up", "foo answers again", kind="recovered"),
        pasts.transition(500.0, "down", "up", "foo answers again", kind="recovered"),
    )
    assert changes_of(*alone) == [(None, "foo answers again")] * 2
    apart = (pasts.transition(90.0, "down", "up", "", endpoint=OTHER), *alone)
    assert changes_of(*apart) == [(OTHER, ""), (ONE, ""), (None, "foo answers again"), (None, "foo answers again")]


def test_a_little_is_not_nothing_and_na_is_explained():
    little = pasts.tracker(uptime=(pasts.figure("24h", pasts.DAY, 2, 0, 0.0035),))
    told = text(pasts.report(little, in_full=True))
    assert "n/a 5m (n=2, <1% seen)\n" in told
    assert "n/a 5m: only 5m of that time was watched, too little for a percentage\n" in told
    assert "\nn/a     n/a 5m: only 5m of that time was watched" in text(pasts.report(little))
    assert "n/a" not in text(pasts.report(pasts.well(uptime=(pasts.figure("24h", pasts.DAY, 96),))))
