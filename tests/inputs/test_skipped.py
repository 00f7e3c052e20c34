from __future__ import annotations

from trackerwatch.inputs import Skipped, fold_skipped


def test_nothing_skipped_is_no_line() -> None:
    assert fold_skipped([]) == []


def test_one_of_a_kind_is_told_whole() -> None:
    assert fold_skipped([Skipped("a.torrent", "not a torrent: ends inside a string at byte 512")]) == [
        "a.torrent: not a torrent: ends inside a string at byte 512"
    ]


def test_like_reasons_fold_with_a_count_in_order_of_the_first() -> None:
    skipped = [Skipped(f"{n}.torrent", f"not a torrent: ends inside a string at byte {n}") for n in range(12)]
    skipped.insert(1, Skipped("x", "permission denied"))
    skipped += [
        Skipped("m1", "bad info hash 'abc': 40 hex"),
        Skipped("m2", "bad info hash 'def': 40 hex"),
        Skipped("y", "permission denied"),
    ]
    assert fold_skipped(skipped) == [
        "12 inputs: not a torrent: ends inside a string (0.torrent, 1.torrent, 2.torrent and 9 more)",
        "2 inputs: permission denied (x, y)",
        "2 inputs: bad info hash …: 40 hex (m1, m2)",
    ]


def test_equal_messages_stay_whole() -> None:
    skipped = [Skipped("a", "ends at byte 7"), Skipped("b", "ends at byte 7")]
    assert fold_skipped(skipped) == ["2 inputs: ends at byte 7 (a, b)"]
