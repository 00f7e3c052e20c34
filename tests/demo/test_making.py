"""trackerwatch.demo.making: real torrents from generated content, judged by an independent client."""

import hashlib

import bencodepy
import libtorrent
import pytest

from trackerwatch.demo import making
from trackerwatch.demo.making import Format, Recipe, content, encode, info_dictionary, torrent_bytes, v1_hash, v2_hash

FILES = (("a.txt", 5), ("b/deep.bin", 70_000), ("b/empty", 0), ("c.bin", 200_001))


def recipe(kind: Format, **more) -> Recipe:
    return Recipe("things", FILES, format=kind, piece_bytes=32768, **more)


def test_bencode_writes_keys_in_order_of_their_bytes():
    assert encode({"b": 1, "a": ["x", b"\xff", -3], "ab": {}}) == b"d1:al1:x1:\xffi-3ee2:abde1:bi1ee"
    value = {b"\xff" * 20: {b"complete": 1}, b"\x00" * 20: [0]}
    assert encode(value) == bencodepy.encode(value)


def test_content_is_the_same_on_every_machine():
    assert content(recipe(Format.V1), "a.txt") == bytes.fromhex("b23349a6c0") == content(recipe(Format.V2), "a.txt")


@pytest.mark.parametrize("kind", Format)
def test_libtorrent_agrees_on_hashes(kind):
    made = recipe(kind, tiers=(("udp://127.0.0.1:1/announce",),))
    hashes = libtorrent.torrent_info(libtorrent.bdecode(torrent_bytes(made))).info_hashes()
    assert hashes.has_v1() is (kind is not Format.V2)
    assert hashes.has_v2() is (kind is not Format.V1)
    if hashes.has_v1():
        assert hashes.v1.to_bytes() == v1_hash(made)
    if hashes.has_v2():
        assert hashes.v2.to_bytes() == v2_hash(made)


@pytest.mark.parametrize("kind", Format)
@pytest.mark.parametrize("files", [FILES, (("", 200_001),)], ids=["folder", "single"])
def test_libtorrent_checks_the_content_and_seeds_it(kind, files, tmp_path):
    made = Recipe("things", files, format=kind, piece_bytes=32768)
    for path, _ in files:
        target = tmp_path / "things" / path if path else tmp_path / "things"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content(made, path))
    quiet = {"enable_dht": False, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False}
    session = libtorrent.session(
        {**quiet, "listen_interfaces": "", "alert_mask": libtorrent.alert.category_t.status_notification}
    )
    parameters = libtorrent.load_torrent_buffer(torrent_bytes(made))
    parameters.save_path = str(tmp_path)
    handle = session.add_torrent(parameters)
    for _ in range(200):
        if handle.status().is_seeding:
            break
        session.wait_for_alert(50)
        session.pop_alerts()
    assert handle.status().is_seeding, "the hashes in the torrent are those of its content"


def test_pad_files_align_the_v1_stream_of_a_hybrid():
    files = info_dictionary(recipe(Format.HYBRID))["files"]
    position = 0
    for entry in files:
        if entry.get("attr") != "p" and entry["length"]:
            assert position % 32768 == 0
        position += entry["length"]
    assert [entry["path"] for entry in files if entry.get("attr") == "p"] == [[".pad", "32763"], [".pad", "28304"]]


def test_single_file_root_of_a_small_file_is_its_hash():
    small = Recipe("small", (("", 100),), format=Format.V2)
    root = info_dictionary(small)["file tree"]["small"][""]["pieces root"]
    assert root == hashlib.sha256(content(small, "")).digest()


def test_tiers_and_the_rest_are_written():
    data = bencodepy.decode(
        torrent_bytes(
            recipe(
                Format.V1,
                tiers=(("udp://a", "udp://b"), ("http://c",)),
                web_seeds=("http://w/",),
                private=True,
                source="S",
                comment="c",
            )
        )
    )
    assert data[b"announce"] == b"udp://a"
    assert data[b"announce-list"] == [[b"udp://a", b"udp://b"], [b"http://c"]]
    assert data[b"url-list"] == [b"http://w/"]
    assert (data[b"info"][b"private"], data[b"info"][b"source"], data[b"comment"]) == (1, b"S", b"c")
    assert b"piece layers" not in data


@pytest.mark.parametrize(
    ("size_bytes", "root"),
    [
        (16384, "4fe7b59af6de3b665b67788cc2f99892ab827efae3a467342b3bb4e3bc8e5bfe"),
        (32768, "c36d0dd6a886e1fce758b6b5c531b703a1f21e8f6453785c390931cf8fa8a76d"),
        (49152, "1cb5a249f6e721060aae623d21d3eca23056bda8c19e4e89f9a086151553713d"),
        (16385, "477e14ff3453ec4ec3855f8753cb07288aade5618a473ccc2ab1208886e460ec"),
    ],
)
def test_merkle_roots_of_zeros(size_bytes, root):
    assert making._root(making._leaves(bytes(size_bytes))).hex() == root
