from __future__ import annotations

from itertools import permutations

from trackerwatch.inputs.collecting import TorrentCollection
from trackerwatch.metainfo import Torrent, parse_magnet

V1 = "631a31dd0a46257d5078c0dee4e66e26f73e42ac"
V2 = "d8dd32ac93357c368556af3ac1d95c9d76bd0dff6fa9833ecdac3d53134efabb"


def magnet(*topics: str, tr: str) -> Torrent:
    return parse_magnet(
        "magnet:?" + "".join(f"xt=urn:{topic}&" for topic in topics) + f"tr=udp://{tr}.example:1", source=tr
    )


def test_copies_are_one_torrent_in_the_order_of_the_first() -> None:
    collection = TorrentCollection()
    collection.add(magnet(f"btih:{V1}", tr="a"))
    collection.add(magnet(f"btih:{V1[::-1]}", tr="a"))
    merged = collection.add(magnet(f"btih:{V1}", tr="b"))
    assert [p.tracker.host for p in merged.placements] == ["a.example", "b.example"]
    assert [torrent.info_hash_hex for torrent in collection.torrents] == [V1, V1[::-1]]
    assert next(iter(collection.torrents)) is merged
    assert len(collection) == 2


def test_one_hash_of_a_hybrid_is_enough_in_any_order() -> None:
    copies = [
        magnet(f"btih:{V1}", tr="a"),
        magnet(f"btmh:1220{V2}", tr="b"),
        magnet(f"btih:{V1}", f"btmh:1220{V2}", tr="c"),
    ]
    for order in permutations(copies):
        collection = TorrentCollection()
        for torrent in order:
            collection.add(torrent)
        (merged,) = collection.torrents
        assert merged.info_hash_hex == V1
        assert merged.is_hybrid
        assert {p.tracker.host for p in merged.placements} == {"a.example", "b.example", "c.example"}
        assert set(merged.sources) == {"a", "b", "c"}
        assert collection.key_of(bytes.fromhex(V1)) == collection.key_of(bytes.fromhex(V2)[:20]) == bytes.fromhex(V1)


def test_a_v1_and_a_v2_torrent_stay_two_until_something_joins_them() -> None:
    collection = TorrentCollection()
    collection.add(magnet(f"btih:{V1}", tr="a"))
    collection.add(magnet(f"btmh:1220{V2}", tr="b"))
    assert len(collection) == 2
