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
    assert place_trackers_of_file(B, ((A,),)) is place_trackers_of_file(A, ((A,),))


def test_unusable_urls_are_told_once() -> None:
    placed = place_trackers(((b"wss://w", b"wss://w", A), (b"wss://w",)))
    assert urls(placed) == [(0, 2, A.decode())]
    assert len(placed.unusable) == 1


def test_unusable_announce_is_told_beside_an_unusable_list() -> None:
    placed = place_trackers_of_file(b"nonsense", ((b"wss://w",),))
    assert placed.placements == ()
    assert len(placed.unusable) == 2
