from __future__ import annotations

from trackerwatch.metainfo.tiers import place_trackers, place_trackers_of_file

A, B = b"udp://a.example:1", b"udp://b.example:1"


def urls(placed: object) -> list[tuple[int, int, str]]:
    return [(p.tier, p.position, p.tracker.url) for p in placed.placements]  # type: ignore[attr-defined]


def test_each_tracker_counts_where_it_stands_first() -> None:
    placed = place_trackers(((b"", A, b"UDP://A.EXAMPLE:1"), (), (B, A)))
    assert urls(placed) == [(0, 1, A.decode()), (2, 0, B.decode())]
    assert placed.unusable == ()


def test_the_same_tiers_are_placed_once() -> None:
    assert place_trackers(((A,), (B,))) is place_trackers(((A,), (B,)))
    assert place_trackers_of_file(A, ((A,),)) is place_trackers_of_file(A, ((A,),))
    assert place_trackers_of_file(B, ((A,),)).placements is place_trackers_of_file(A, ((A,),)).placements


def test_duplicates_are_told_each_once() -> None:
    placed = place_trackers(((A, b"UDP://A.EXAMPLE:1"), (B, A), (b"udp://c.example:1",)))
    assert [tracker.url for tracker in placed.duplicates] == [A.decode()]


def test_an_announce_that_the_list_leaves_out_is_told() -> None:
    placed = place_trackers_of_file(B, ((A,),))
    assert placed.announce_alone is not None
    assert placed.announce_alone.url == B.decode()
    # In another spelling it is in the list; alone it is the list; broken, it is nobody.
    assert place_trackers_of_file(b"UDP://A.EXAMPLE:1", ((A,),)).announce_alone is None
    assert place_trackers_of_file(A, ()).announce_alone is None
    assert place_trackers_of_file(b"nonsense", ((A,),)).announce_alone is None


def test_unusable_urls_are_told_once() -> None:
    placed = place_trackers(((b"wss://w", b"wss://w", A), (b"wss://w",)))
    assert urls(placed) == [(0, 2, A.decode())]
    assert len(placed.unusable) == 1


def test_unusable_announce_is_told_beside_an_unusable_list() -> None:
    placed = place_trackers_of_file(b"nonsense", ((b"wss://w",),))
    assert placed.placements == ()
    assert len(placed.unusable) == 2
