from dataclasses import replace

from tests.tui.feeds import snapshot, torrent, torrent_view, tracker
from trackerwatch.health.states import Health
from trackerwatch.outcome import SwarmCounts
from trackerwatch.policy.rules import Verdict
from trackerwatch.tui.model.gathering import Collections, Grade, Hosts
from trackerwatch.tui.model.grouping import NAMED, Groups

CRITICAL, WARNING, OK, UNKNOWN = Verdict.CRITICAL, Verdict.WARNING, Verdict.OK, Verdict.UNKNOWN


def of_folders(*rows, version=1):
    """A snapshot of torrents, each by folder and verdict."""
    views = [
        torrent_view(n, torrent(f"t{n}", sources=(f"/srv/{folder}/t{n}.torrent",)), verdict)
        for n, (folder, verdict) in enumerate(rows)
    ]
    return snapshot((), views, version=version)


def grouped(found, order=None, *, by_name=False, groups=None):
    groups = groups or Groups(Collections())
    groups.on = True
    groups.arrange(found, range(len(found.torrents)) if order is None else order, by_name=by_name)
    return groups


def test_without_grouping_the_rows_are_the_order_itself():
    groups = Groups(Collections())
    order = (1, 0)
    groups.arrange(of_folders(("a", OK), ("b", OK)), order, by_name=False)
    assert groups.rows is order
    assert groups.heading_of(0) is None


def test_groups_come_in_the_order_of_their_first_rows_and_keep_the_order_within():
    found = of_folders(("calm", OK), ("bad", CRITICAL), ("odd", WARNING), ("bad", OK), ("calm", OK))
    groups = grouped(found, (1, 2, 4, 0, 3))
    bad, odd, calm = groups.groups
    assert [group.name for group in groups.groups] == ["/srv/bad", "/srv/odd", "/srv/calm"]
    assert (list(bad.members), list(odd.members), list(calm.members)) == ([1, 3], [2], [4, 0])
    assert (bad.critical, bad.warning, odd.critical, odd.warning) == (1, 0, 0, 1)
    # What is in trouble is open at first, what is well is folded.
    assert list(groups.rows) == [bad.key, 1, 3, odd.key, 2, calm.key]
    assert max(bad.key, odd.key, calm.key) < 0


def test_an_order_by_name_is_one_of_the_groups_too_also_backwards():
    found = of_folders(("disc10", OK), ("disc2", OK), ("disc1", OK))
    assert [g.name for g in grouped(found, (2, 1, 0), by_name=True).groups] == [
        "/srv/disc1",
        "/srv/disc2",
        "/srv/disc10",
    ]
    assert [g.name for g in grouped(found, (0, 1, 2), by_name=True).groups] == [
        "/srv/disc10",
        "/srv/disc2",
        "/srv/disc1",
    ]


def test_folding_is_kept_by_name_when_all_else_changes():
    groups = grouped(of_folders(("a", OK), ("b", OK), ("a", OK)))
    a, b = groups.groups
    groups.fold(a)
    assert list(groups.rows) == [a.key, 0, 2, b.key]
    groups.fold(b)
    groups.fold(b)
    # Another order, another snapshot, and trouble where there was none: what the user chose stays.
    grouped(of_folders(("a", OK), ("b", CRITICAL), ("a", OK), ("new", WARNING)), (1, 3, 2, 0), groups=groups)
    assert list(groups.rows) == [b.key, groups.groups[1].key, 3, a.key, 2, 0]
    assert groups.groups[1].name == "/srv/new"


def test_what_gets_into_trouble_opens_and_what_gets_well_does_not_fold():
    groups = grouped(of_folders(("a", UNKNOWN), ("b", OK)))
    a, b = groups.groups
    assert list(groups.rows) == [a.key, b.key]
    grouped(of_folders(("a", WARNING), ("b", OK)), groups=groups)
    assert list(groups.rows) == [a.key, 0, b.key]
    grouped(of_folders(("a", OK), ("b", OK)), groups=groups)
    assert list(groups.rows) == [a.key, 0, b.key]


def test_groups_are_made_in_steps_and_show_at_the_end():
    found = of_folders(*[("a", OK)] * 2500)
    groups = grouped(found, (0,))
    groups.fold_all()
    steps = groups.steps(found, range(2500), by_name=False)
    looked_at = [next(steps) for _ in range(3)]
    assert looked_at == [1000, 1000, 500]
    assert list(groups.rows) == [-1, 0]
    assert sum(steps) == 2500
    assert len(groups.rows) == 2501


def test_switched_off_in_the_middle_of_the_steps_the_rows_are_the_order():
    found = of_folders(("a", OK), ("b", OK))
    groups = grouped(found)
    steps = groups.steps(found, (1, 0), by_name=False)
    next(steps)
    groups.on = False
    list(steps)
    assert list(groups.rows) == [1, 0]
    assert groups.group(-1) is None


def test_a_torrent_that_is_found_elsewhere_changes_its_group():
    found = of_folders(("a", OK))
    groups = grouped(found)
    torrents = found.torrents.torrents
    torrents[0] = replace(torrents[0], sources=("/srv/b/t0.torrent",))
    groups = grouped(found, groups=groups)
    assert [group.name for group in groups.groups] == ["/srv/b"]


def test_folding_all_hides_all_rows_and_then_shows_all():
    groups = grouped(of_folders(("a", CRITICAL), ("b", OK)))
    a, b = groups.groups
    assert groups.fold_all() is False
    assert list(groups.rows) == [a.key, b.key]
    assert groups.fold_all() is True
    assert list(groups.rows) == [a.key, 0, b.key, 1]


def test_a_row_knows_its_group_and_is_revealed():
    groups = grouped(of_folders(("a", OK), ("b", OK)))
    a, b = groups.groups
    assert groups.heading_of(1) is b
    assert groups.heading_of(a.key) is None
    # One that came since belongs to none yet.
    assert groups.heading_of(2) is None
    assert groups.reveal(1)
    assert list(groups.rows) == [a.key, b.key, 1]
    assert not groups.reveal(1)
    assert list(groups.rows) == [a.key, b.key, 1]


def test_a_group_knows_how_many_of_it_are_not_shown():
    groups = grouped(of_folders(("a", CRITICAL), ("a", OK), ("a", OK), ("b", OK)), (0,))
    (group,) = groups.groups
    assert (len(group.members), group.total) == (1, 3)


def test_totals_follow_torrents_that_come():
    groups = grouped(of_folders(("a", OK)), (0,))
    grouped(of_folders(("a", OK), ("a", OK)), (0,), groups=groups)
    assert groups.groups[0].total == 2


def test_private_torrents_that_nobody_may_ask_about_are_not_unknown():
    view = torrent_view(0, torrent("p", private=True, sources=("/a/p.torrent",)), UNKNOWN)
    other = torrent_view(1, torrent("q", sources=("/a/q.torrent",)), UNKNOWN)
    (group,) = grouped(snapshot((), [view, other])).groups
    assert (group.unknown, group.grade) == (1, Grade.UNKNOWN)
    (group,) = grouped(snapshot((), [view])).groups
    assert (group.unknown, group.grade) == (0, Grade.ASIDE)


def test_a_group_knows_its_worst_since_when_and_the_fewest_seeders():
    def one(n, verdict, seeders, since_s):
        counts = SwarmCounts(seeders, 0, 0)
        return torrent_view(n, torrent(f"t{n}", sources=("/a/x.torrent",)), verdict, counts=counts, since_s=since_s)

    views = [one(0, OK, 7, 99), one(1, WARNING, None, 500), one(2, CRITICAL, 3, None), one(3, CRITICAL, 5, 60)]
    (group,) = grouped(snapshot((), views)).groups
    assert (list(group.worst), group.grade) == ([2, 3, 1, 0], Grade.CRITICAL)
    assert group.since == views[3].since.timestamp()
    assert group.fewest == 3
    (group,) = grouped(snapshot((), views), (1,)).groups
    assert (group.fewest, group.since) == (None, views[1].since.timestamp())


def test_a_group_names_a_few_of_its_worst():
    found = of_folders(*[("a", OK)] * 100, ("a", WARNING))
    (group,) = grouped(found).groups
    assert group.worst[0] == 100
    assert len(group.worst) == NAMED


def test_hosts_with_one_tracker_stand_alone():
    views = (
        tracker(0, "udp://a.example:6969/announce"),
        tracker(1, "udp://b.example:6969/announce"),
        tracker(2, "http://a.example/announce", Health.DOWN),
    )
    found = snapshot(views)
    groups = Groups(Hosts())
    groups.on = True
    groups.arrange(found, [2, 1, 0], by_name=False)
    a, b = groups.groups
    assert (a.name, b.name) == ("a.example", "b.example")
    assert list(groups.rows) == [a.key, 2, 0, 1]
    assert groups.heading_of(1) is None
    assert groups.heading_of(0) is a
    # A filter that leaves one of two trackers leaves the heading.
    groups.arrange(found, [2, 1], by_name=False)
    assert list(groups.rows) == [a.key, 2, 1]


def test_no_view_of_a_torrent_is_made_to_group_them():
    found = of_folders(*[("a", OK), ("b", CRITICAL)] * 500)
    groups = grouped(found)
    groups.fold(groups.groups[0])
    assert found.torrents.looked_at == []
