from __future__ import annotations

import hashlib

import libtorrent
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.metainfo.torrents import (
    DUPLICATE_INFO,
    HYBRID_INFO,
    S2,
    UNDERSCORE_INFO,
    UNSORTED_INFO,
    V1_HASH,
    V1_INFO,
    V2_INFO,
    bencode,
    torrent_of,
    v1_info,
)
from trackerwatch.errors import MetainfoError
from trackerwatch.metainfo import SwarmVersion, Torrent, load_torrent

V2_HASH = "fefb9f0b8035c3fcbed1c691531e44c649697c938629ab4f867a684a5db502fa"


def load(data: bytes) -> Torrent:
    return load_torrent(data, source="test.torrent")


def load_info(**changes: object) -> Torrent:
    return load(torrent_of(bencode(v1_info(**changes))))


def refusal(data: bytes) -> str:
    with pytest.raises(MetainfoError) as caught:
        load(data)
    return str(caught.value)


def tiers_of(torrent: Torrent) -> list[tuple[int, int, str]]:
    return [(placement.tier, placement.position, placement.tracker.url) for placement in torrent.placements]


# Info hashes


@pytest.mark.parametrize(
    ("info", "info_hash"),
    [
        (V1_INFO, V1_HASH),
        (UNSORTED_INFO, "0df57d58fb4c4ffa6b6ce52a50a930e0382d3f28"),
        (DUPLICATE_INFO, "764b647da2a7bf38ee0e899b9e41c76e48a2f73a"),
    ],
)
def test_hashes_the_raw_span(info: bytes, info_hash: str) -> None:
    torrent = load(torrent_of(info))
    assert torrent.info_hash_hex == info_hash
    assert torrent.swarms == ((SwarmVersion.V1, bytes.fromhex(info_hash)),)
    assert torrent.name == "hello.txt"
    assert torrent.sources == ("test.torrent",)
    assert torrent.info_hash_v2 is None
    # The first of two lengths counts, as in libtorrent.
    assert torrent.size_bytes == (10 if info is DUPLICATE_INFO else 11)


def test_integers_with_underscores_are_no_integers() -> None:
    assert hashlib.sha1(UNDERSCORE_INFO).hexdigest() == "6715ad3b2796f938468a3febdd2f791b4a8febc8"
    assert refusal(torrent_of(UNDERSCORE_INFO)).startswith("not a torrent: a broken integer")


def test_v2_only() -> None:
    assert len(V2_INFO) == 150
    torrent = load(torrent_of(V2_INFO))
    assert torrent.info_hash_v2 == bytes.fromhex(V2_HASH)
    assert torrent.info_hash_hex == V2_HASH[:40]
    assert torrent.swarms == ((SwarmVersion.V2, bytes.fromhex(V2_HASH[:40])),)
    assert not torrent.is_hybrid
    assert torrent.size_bytes == 11


def test_hybrid_has_two_swarms() -> None:
    assert len(HYBRID_INFO) == 193
    torrent = load(torrent_of(HYBRID_INFO))
    assert torrent.is_hybrid
    assert torrent.swarms == (
        (SwarmVersion.V1, bytes.fromhex("b469fd83e9f3716e0eac9e8bf39c731e1593df4f")),
        (SwarmVersion.V2, bytes.fromhex("ccba9428cba1d98f8725fc76628f326755a93cec")),
    )
    assert torrent.info_hash_v2 == bytes.fromhex("ccba9428cba1d98f8725fc76628f326755a93cec372f882e6f3b655ed798e723")
    assert torrent.size_bytes == 11


@pytest.mark.parametrize("info", [V1_INFO, UNSORTED_INFO, V2_INFO, HYBRID_INFO])
def test_agrees_with_libtorrent(info: bytes) -> None:
    trackers = [["udp://a.example:1/announce", "http://b.example/announce"], ["https://c.example/x?passkey=secret"]]
    data = torrent_of(info, announce="udp://shadowed.example:9", announce_list=trackers)
    parameters = libtorrent.load_torrent_buffer(data)
    theirs = parameters.ti
    ours = load(data)
    hashes = theirs.info_hashes()
    if hashes.has_v1():
        assert ours.info_hash == hashes.v1.to_bytes()
    if hashes.has_v2():
        assert ours.info_hash_v2 == hashes.v2.to_bytes()
    if hashes.has_v1():
        # Of v2-only torrents it counts whole pieces.
        assert ours.size_bytes == theirs.total_size()
    assert ours.name == theirs.name()
    assert [(p.tracker.url, p.tier) for p in ours.placements] == list(
        zip(parameters.trackers, parameters.tracker_tiers, strict=True)
    )


@pytest.mark.parametrize("order", [0, libtorrent.create_torrent.canonical_files])
def test_agrees_with_libtorrent_on_a_torrent_it_made(order: int) -> None:
    entries = [("set/one.bin", 100_000), ("set/deep/two.bin", 0), ("set/three.bin", 1 << 30)]
    files = [libtorrent.create_file_entry(*entry) for entry in entries]
    maker = libtorrent.create_torrent(files, 1 << 24, libtorrent.create_torrent.v1_only | order)
    for piece in range(maker.num_pieces()):
        maker.set_hash(piece, bytes([piece + 1]) * 20)
    data = libtorrent.bencode(maker.generate())
    assert (b"4:attr1:p" in data) == bool(order)
    ours = load(data)
    assert ours.info_hash == libtorrent.torrent_info(data).info_hashes().v1.to_bytes()
    assert ours.size_bytes == 100_000 + (1 << 30)
    assert ours.name == "set"


# Kinds


def test_a_newer_meta_version_is_refused_before_anything_else() -> None:
    info = bencode({"meta version": 3, "file tree": ["another shape"], "pieces": 7})
    assert refusal(torrent_of(info)) == "meta version 3 is not supported: only v1 and v2 torrents are"


@pytest.mark.parametrize(
    ("info", "reason"),
    [
        ({}, "info has neither pieces (v1) nor a file tree with meta version 2 (v2)"),
        (v1_info(pieces=None), "info has neither pieces (v1) nor a file tree with meta version 2 (v2)"),
        (v1_info(pieces=b"x" * 21), "pieces is not a string of 20-byte hashes"),
        (v1_info(pieces=5), "pieces is not a string of 20-byte hashes"),
        (v1_info(length=None), "info has neither length nor files"),
        (v1_info(length="11"), "info has neither length nor files"),
        (v1_info(length=-1), "info has an impossible length"),
        (v1_info(length=1 << 63), "info has an impossible length"),
        (v1_info(length=None, files=[{"length": -5, "path": ["x"]}]), "a file with a negative length"),
        (v1_info(meta_version=2), "meta version 2 without a file tree"),
        (v1_info(meta_version="2"), "meta version is not an integer"),
        ({"meta version": 2, "file tree": "x"}, "file tree is not a dictionary"),
        ({"meta version": 2, "file tree": {"a": 1}}, "file tree holds something that is not a dictionary"),
        ({"meta version": 2, "file tree": {"a": {"": {}}}}, "a file without a length"),
    ],
)
def test_refuses_unusable_info(info: dict[str, object], reason: str) -> None:
    assert refusal(torrent_of(bencode(info))) == reason


@pytest.mark.parametrize("data", [b"de", b"d4:infoi1ee", b"d4:info4:spame", b"d8:announce3:abce"])
def test_no_info_dictionary(data: bytes) -> None:
    assert refusal(data) == "no info dictionary"


def test_a_file_that_only_holds_a_magnet() -> None:
    magnet = f"magnet:?xt=urn:btih:{V1_HASH}&tr=udp%3A%2F%2Fa.example%3A1"
    torrent = load(bencode({"magnet-uri": magnet}))
    assert torrent.info_hash_hex == V1_HASH
    assert tiers_of(torrent) == [(0, 0, "udp://a.example:1")]
    assert torrent.sources == ("test.torrent",)
    assert refusal(bencode({"magnet-uri": "magnet:?"})).startswith(
        "no info dictionary, and its magnet-uri is unusable: "
    )


def test_more_than_64_mib_is_refused_unread() -> None:
    assert refusal(bytes((64 << 20) + 1)) == "larger than 64 MiB"


# Fields


@pytest.mark.parametrize(
    ("value", "private"), [(1, True), (2, True), (-1, True), (0, False), ("1", False), (None, False)]
)
def test_private_is_a_non_zero_integer(value: object, private: bool) -> None:
    assert load_info(private=value).private is private


def test_private_outside_info_means_nothing() -> None:
    assert load(torrent_of(V1_INFO, private=1)).private is False


def test_names() -> None:
    assert load_info(name="déjà vu").name == "déjà vu"
    assert load_info(name=b"caf\xe9").name == "café"
    assert load(torrent_of(bencode({**v1_info(name=b"\xb2\xe2"), "name.utf-8": "测试"}))).name == "测试"
    assert load_info(name="evil\u202egnp\x07.exe\nline").name == "evilgnp.exe line"
    nameless = load_info(name=None)
    assert nameless.name == nameless.info_hash_hex
    assert load_info(name="\x1b\x07").name != ""


def test_source_tag() -> None:
    assert load_info(source="SITE\x07 A").source_tag == "SITE A"
    assert load_info(source=5).source_tag is None
    assert load_info().source_tag is None


def test_pad_files_do_not_count() -> None:
    files = [
        {"length": 10, "path": ["a"]},
        {"attr": "p", "length": 6, "path": [".pad", "6"]},
        {"length": 1, "path": ["b"]},
    ]
    assert load_info(length=None, files=files).size_bytes == 11


def test_web_seeds() -> None:
    def seeds(value: object) -> tuple[str, ...]:
        return load(torrent_of(V1_INFO, url_list=value)).web_seeds

    assert seeds("https://mirror.example/pub/") == ("https://mirror.example/pub/",)
    assert seeds(["http://a/", "", "HTTP://b/x", "http://a/", 5, "javascript:x", "http://c/ d", "ftp://f/"]) == (
        "http://a/",
        "HTTP://b/x",
        "ftp://f/",
    )
    assert seeds("") == ()
    assert seeds([]) == ()
    assert seeds(7) == ()
    assert len(seeds([f"http://a/{n}" for n in range(500)])) == 100


# Trackers


def trackers(announce: object = None, announce_list: object = None) -> Torrent:
    top = {"announce": announce, "announce_list": announce_list}
    return load(torrent_of(V1_INFO, **{key: value for key, value in top.items() if value is not None}))


A, B, C = "udp://a.example:1/announce", "http://b.example/announce", "https://c.example/announce"


def test_a_torrent_without_trackers_is_a_torrent() -> None:
    torrent = load(torrent_of(V1_INFO))
    assert torrent.placements == ()
    assert torrent.unusable_trackers == ()


def test_announce_alone_is_one_tier() -> None:
    assert tiers_of(trackers(f" {A}\r\n")) == [(0, 0, A)]


def test_announce_list_shadows_announce() -> None:
    assert tiers_of(trackers(C, [[A, B]])) == [(0, 0, A), (0, 1, B)]


@pytest.mark.parametrize("useless", [[], [[]], [[""]], ["", A], [A, B], "text", 7, {"x": A}, [["  "]]])
def test_a_list_without_urls_does_not_shadow(useless: object) -> None:
    torrent = trackers(C, useless)
    assert tiers_of(torrent) == [(0, 0, C)]
    assert torrent.unusable_trackers == ()


def test_a_list_with_unusable_urls_only_does_not_shadow() -> None:
    torrent = trackers(C, [["wss://w.example"], ["nonsense"]])
    assert tiers_of(torrent) == [(0, 0, C)]
    assert len(torrent.unusable_trackers) == 2
    assert torrent.unusable_trackers[0].startswith("unsupported announce URL 'wss://w.example'")


def test_tiers_and_positions_are_those_of_the_file() -> None:
    torrent = trackers(
        None, [[A, "wss://w.example", A, B], ["dht://x"], "no list", [A], [B, C.replace("https", "HTTPS")]]
    )
    assert tiers_of(torrent) == [(0, 0, A), (0, 3, B), (4, 1, C)]
    assert [line.split("'")[1] for line in torrent.unusable_trackers] == ["wss://w.example", "dht://x"]


def test_secrets_stay_out_of_unusable_lines() -> None:
    torrent = trackers("wss://w.example/0123456789abcdef0123456789abcdef/announce?passkey=topsecret")
    assert torrent.placements == ()
    assert len(torrent.unusable_trackers) == 1
    assert "0123456789abcdef" not in torrent.unusable_trackers[0]
    assert "topsecret" not in torrent.unusable_trackers[0]


def test_an_announce_url_of_other_bytes_is_unusable() -> None:
    assert trackers(b"http://b.example/\xff\xfe").unusable_trackers == ("announce URL that is not UTF-8 text",)


def test_same_tiers_are_one_object() -> None:
    first = load(torrent_of(V1_INFO, announce_list=[[A], [B]]))
    second = load(torrent_of(V2_INFO, announce_list=[[A], [B]], announce=A))
    assert first.placements is second.placements
    assert load(torrent_of(V1_INFO, announce=A)).placements is load(torrent_of(V2_INFO, announce_list=[[A]])).placements


def test_thousands_of_announce_urls_are_cut() -> None:
    urls = [[f"udp://t{n}.example:1"] for n in range(3000)]
    torrent = trackers(None, urls)
    assert len(torrent.placements) == 1000
    assert torrent.unusable_trackers == ("announce URLs after the first 1000 are ignored",)
    torrent = trackers(None, [[f"wss://t{n}.example" for n in range(900)]])
    assert len(torrent.unusable_trackers) == 51
    assert torrent.unusable_trackers[-1] == "850 more unusable announce URLs"


# Anything from outside


def judge(data: bytes) -> None:
    try:
        torrent = load(data)
    except MetainfoError as error:
        message = str(error)
        assert message
        assert message.isprintable()
        assert len(message) < 400
    else:
        assert len(torrent.info_hash) == 20
        assert torrent.name.isprintable()
        assert all(line.isprintable() for line in torrent.unusable_trackers)
        assert torrent.size_bytes is None or 0 <= torrent.size_bytes < 1 << 63


@given(st.binary(max_size=200))
@example(b"d4:infod")
def test_any_bytes_are_a_torrent_or_a_reason(data: bytes) -> None:
    judge(data)
    judge(b"d" + data)
    judge(b"d4:info" + data)
    judge(torrent_of(V1_INFO)[:-1] + data)


GOOD = [
    torrent_of(V1_INFO, announce=A, announce_list=[[A, B], [C]], url_list=["http://w/"]),
    torrent_of(HYBRID_INFO, announce=A),
    torrent_of(V2_INFO, announce_list=[[B]]),
    torrent_of(bencode(v1_info(length=None, files=[{"length": n, "path": ["d", str(n)]} for n in range(5)]))),
]


@given(st.sampled_from(GOOD), st.data())
def test_mutated_torrents_are_a_torrent_or_a_reason(good: bytes, data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(good)))
        cut = data.draw(st.integers(0, 8))
        put = data.draw(
            st.binary(max_size=6) | st.sampled_from([b"e", b"d", b"l", b"i1e", b"0:", b"i-1e", b"99999999:", S2])
        )
        good = good[:at] + put + good[at + cut :]
    judge(good)


@pytest.mark.parametrize("good", GOOD)
def test_every_truncation_is_a_reason(good: bytes) -> None:
    for length in range(len(good)):
        assert refusal(good[:length])


announce_texts = st.text(max_size=30) | st.sampled_from(
    [
        "udp://",
        "http://[::1",
        "http://[::1]:99999/",
        "http://a:b@c/",
        "udp://a:1",
        "http://\uff41.example",
        "http://" + "x" * 70,
    ]
)


@given(st.lists(st.lists(announce_texts, max_size=3), max_size=3), announce_texts)
def test_any_announce_text_is_a_tracker_or_a_line(tiers: list[list[str]], announce: str) -> None:
    judge(
        torrent_of(
            V1_INFO,
            announce=announce.encode("utf-8", "surrogatepass"),
            announce_list=[[url.encode("utf-8", "surrogatepass") for url in tier] for tier in tiers],
        )
    )
