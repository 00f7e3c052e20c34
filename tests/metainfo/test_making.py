"""What is kept of how a file is made, from real bencoded files."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.metainfo.torrents import HYBRID_INFO, S1, S2, V1_INFO, V2_INFO, bencode, torrent_of, v1_info
from trackerwatch.metainfo import load_torrent, parse_magnet
from trackerwatch.metainfo.making import Making
from trackerwatch.tracker import parse_tracker

A, B, C = "udp://a.example:1", "udp://b.example:1", "http://c.example/announce"
PAD = {"attr": "p", "length": 5, "path": [".pad", "5"]}
ODD_PAD = PAD | {"sha9": "a shape that no pattern knows"}


def making_of(info: bytes | dict[str, object], **top: object) -> Making:
    data = torrent_of(info if isinstance(info, bytes) else bencode(info), **top)
    making = load_torrent(data, source="x.torrent").making
    assert making is not None
    return making


@pytest.mark.parametrize(
    ("info", "expected"),
    [
        (V1_INFO, Making(16384, 1, 1, padded=False)),
        (V2_INFO, Making(16384, None, 1, padded=False)),
        (HYBRID_INFO, Making(16384, 1, 1, padded=False)),
        (v1_info(pieces=S1 * 7, piece_length=1 << 20), Making(1 << 20, 7, 1, padded=False)),
        (v1_info(piece_length=None), Making(None, 1, 1, padded=False)),
        (v1_info(piece_length="16384"), Making(None, 1, 1, padded=False)),
        (v1_info(piece_length=-3), Making(-3, 1, 1, padded=False)),
        (v1_info(pieces=b"", length=0), Making(16384, 0, 1, padded=False)),
    ],
)
def test_pieces(info, expected):
    assert making_of(info) == expected


@pytest.mark.parametrize("pad", [PAD, ODD_PAD], ids=["usual", "token by token"])
def test_files_without_pads(pad):
    files = [{"length": 11, "path": ["a"]}, pad, {"length": 0, "path": ["b", "c"]}, pad, {"length": 1, "path": ["d"]}]
    making = making_of(v1_info(length=None, files=files))
    assert (making.files, making.padded) == (3, True)
    assert making_of(v1_info(length=None, files=files[:1])) == Making(16384, 1, 1, padded=False)


def test_files_of_a_tree():
    leaf = {"": {"length": 11, "pieces root": S2}}
    tree = {"a": leaf, "sub": {"b": leaf, "c": {"": {"length": 11, "pieces root": S2, "x": 1}}}}
    info = {"file tree": tree, "meta version": 2, "name": "n", "piece length": 16384}
    assert making_of(info).files == 3


def test_duplicates_and_an_announce_left_out():
    making = making_of(V1_INFO, announce=C, announce_list=[[A, B], ["UDP://A.EXAMPLE:1"], [B]])
    assert making.duplicates == (parse_tracker(A), parse_tracker(B))
    assert making.announce_alone is parse_tracker(C)
    assert making_of(V1_INFO, announce=A, announce_list=[[A, B]]) == Making(16384, 1, 1, padded=False)


def test_a_magnet_has_none_and_a_copy_fills_it():
    torrent = load_torrent(torrent_of(V1_INFO, announce_list=[[A, A]]), source="x.torrent")
    magnet = parse_magnet(f"magnet:?xt=urn:btih:{torrent.info_hash_hex}")
    assert magnet.making is None
    assert magnet.merged_with(torrent).making is torrent.making
    assert torrent.merged_with(magnet).making is torrent.making


def test_copies_unite_their_duplicates():
    first, second = (
        load_torrent(torrent_of(V1_INFO, announce_list=[[url, url], [C]]), source="x.torrent") for url in (A, B)
    )
    merged = first.merged_with(second).making
    assert merged is not None
    assert merged.duplicates == (parse_tracker(A), parse_tracker(B))
    assert merged.pieces == 1


def test_equal_tiers_share_their_duplicates():
    data = [torrent_of(bencode(v1_info(name=name)), announce_list=[[A, A]]) for name in ("x", "y", "z")]
    kept = [load_torrent(one, source="x").making.duplicates for one in data]
    assert all(first is second for first, second in pairwise(kept))
