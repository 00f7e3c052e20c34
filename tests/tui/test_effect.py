from tests.tui.feeds import rich_snapshot, rich_trackers, snapshot, torrent, torrent_view, tracker
from trackerwatch.failover.states import FailoverState
from trackerwatch.health.states import Health
from trackerwatch.policy.rules import Verdict
from trackerwatch.tui.lines import effect
from trackerwatch.tui.lines.ink import Ink, line_width
from trackerwatch.tui.lines.page import Fold, Layout

BASE = rich_snapshot()
FOO = BASE.trackers[1]
SPLIT = BASE.torrents.torrents_of(1)


def view_of(index):
    return BASE.torrents.views[index]


def told(width=80, view=FOO, split=SPLIT, **more):
    options = {"unfolded": False, "toggled": ()} | more
    layout = Layout(effect.sections(view, split, view_of, width=width, **options), width)
    return ["".join(span.text for span in layout.line(at)) for at in range(len(layout))]


def test_torrents_are_split_by_effect_worst_first():
    lines = told()
    assert [line for line in lines if "  no tracker of theirs" in line or "  this one failed" in line] == [
        "   x exhausted 1  no tracker of theirs works",
        " ▸ ! failed over 21  this one failed, another one serves them",
    ]
    assert lines.index("   x exhausted 1  no tracker of theirs works") == 2
    assert sum("! BACKUP" in line for line in lines) == effect.BRIEF[FailoverState.FAILED_OVER]
    assert "   15 more: enter shows all" in lines


def test_a_row_tells_state_name_seeders_where_it_went_and_why():
    line = next(line for line in told(100) if "dataset-imaging" in line)
    assert line.startswith("  ! BACKUP   dataset-imaging-v3 ")
    assert "   12 t1 ….example.org:1337 foo refused; last one" in line
    exhausted = next(line for line in told(100) if "linux-archive" in line)
    assert "- none -" in exhausted
    assert "    ? " in exhausted


def test_a_torrent_on_this_very_tracker_is_here():
    line = effect.torrent_line(view_of(1), BASE.trackers[0], 90)
    assert "t1 here" in "".join(span.text for span in line)
    assert next(span.ink for span in line if "here" in span.text) is Ink.GOOD


def test_folding_is_the_other_way_where_there_is_room():
    key = effect.section_key(FailoverState.FAILED_OVER)
    assert sum("! BACKUP" in line for line in told(unfolded=True)) == 21
    assert sum("! BACKUP" in line for line in told(toggled={key})) == 21
    assert sum("! BACKUP" in line for line in told(unfolded=True, toggled={key})) == 6
    assert sum("! BACKUP" in line for line in told(more=5)) == 11
    found = effect.sections(FOO, SPLIT, view_of, width=80, unfolded=False, toggled=())
    assert [section.rows[0].target for section in found[1:]] == [None, Fold(key)]


def test_a_tracker_that_works_lists_all_its_torrents():
    up = tracker(0, "udp://a.example:6969/announce", torrents=3)
    views = [torrent_view(n, torrent(f"t{n}", (("udp://a.example:6969/announce",),)), Verdict.OK) for n in range(3)]
    base = snapshot((up,), views)
    found = effect.sections(up, base.torrents.torrents_of(0), base.torrents.view, width=80, unfolded=False, toggled=())
    lines = [Layout(found, 80).line(at) for at in range(len(Layout(found, 80)))]
    text = ["".join(span.text for span in line) for line in lines]
    assert text[0].startswith("── 2 Torrents 3 ─")
    assert "   + unaffected 3  it is no trouble to them" in text
    assert sum(" t0 here" in line for line in text) == 3


def test_no_torrent_and_nothing_known_is_said():
    empty = tracker(0, "udp://a.example:6969/announce")
    assert "  no torrent lists it: it is watched for itself" in told(view=empty, split={})
    fresh = tracker(0, "udp://a.example:6969/announce", Health.UNKNOWN, torrents=1)
    assert any("? unknown 1  not asked yet" in line for line in told(view=fresh, split={FailoverState.UNKNOWN: [5]}))


def test_rows_are_as_wide_as_there_is_room():
    for width in (20, 40, 59, 60, 80, 120, 200):
        for index in (0, 1, 3, 4, 6):
            line = effect.torrent_line(view_of(index), FOO, width)
            assert line_width(line) <= max(width, 24)
        if width >= 60:
            assert line_width(effect.column_line(width)) == width
            assert line_width(effect.torrent_line(view_of(6), FOO, width)) == width
    assert effect.torrent_line(None, FOO, 80) == ()


def test_the_worst_names_are_those_without_a_tracker_first():
    assert effect.worst_names(SPLIT, lambda index: view_of(index).torrent.name, 3) == [
        (FailoverState.EXHAUSTED, "linux-archive-2024-full"),
        (FailoverState.FAILED_OVER, "dataset-imaging-v3"),
        (FailoverState.FAILED_OVER, "release-009-amd64.iso"),
    ]
    assert effect.worst_names({FailoverState.PRIMARY: [1]}, str, 3) == []
    assert rich_trackers()[1].tracker is FOO.tracker
