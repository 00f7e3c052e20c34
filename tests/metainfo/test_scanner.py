from __future__ import annotations

import contextlib
import re

import bencode2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.metainfo.torrents import V1_INFO, bencode, torrent_of
from trackerwatch.errors import MetainfoError
from trackerwatch.metainfo import scanner
from trackerwatch.metainfo.scanner import Allowance, list_items, read_integer, read_string, scan_torrent, skip

BEP3_VALUES = [
    b"4:spam",
    b"0:",
    b"i3e",
    b"i-3e",
    b"i0e",
    b"l4:spam4:eggse",
    b"le",
    b"de",
    b"d3:cow3:moo4:spam4:eggse",
    b"d4:spaml1:a1:bee",
]


@pytest.mark.parametrize("value", BEP3_VALUES)
def test_steps_over_every_kind_of_value(value: bytes) -> None:
    assert skip(value + b"tail", 0, 0, Allowance()) == len(value)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty file"),
        (b"<!DOCTYPE html><p>404", "not a torrent: it is a web page or XML"),
        (b"\x1f\x8b\x08\0\0", "not a torrent: it is compressed with gzip"),
        (b"\0" * 5000, "not a torrent: it starts with zero bytes"),
        (b"magnet:?xt=urn:btih:abc", "not a torrent: it is text with a magnet link; name it .txt to use it as a list"),
        (b"hello", "not a torrent: it does not start with a bencoded dictionary"),
        (b"4:spam", "not a torrent: it does not start with a bencoded dictionary"),
        (b"d", "not a torrent: ends before it is complete at byte 1"),
        (b"d1:", "not a torrent: ends inside a string at byte 3"),
        (b"d1:a", "not a torrent: ends before it is complete at byte 4"),
        (b"d1:a5:spam", "not a torrent: ends inside a string at byte 10"),
        (b"d1:ai12", "not a torrent: ends inside a number at byte 7"),
        (b"d1:ai", "not a torrent: ends inside a number at byte 5"),
        (b"d1:a12", "not a torrent: ends inside a number at byte 6"),
        (b"d1:al", "not a torrent: ends before it is complete at byte 5"),
        (b"d1:ae", "not a torrent: a key without a value at byte 4"),
        (b"di1ei2ee", "not a torrent: a dictionary key that is not a string at byte 1"),
        (b"d1:adlei1eee", "not a torrent: a dictionary key that is not a string at byte 5"),
        (b"d1:ai03ee", "not a torrent: a broken integer at byte 4"),
        (b"d1:ai-0ee", "not a torrent: a broken integer at byte 4"),
        (b"d1:ai+5ee", "not a torrent: a broken integer at byte 4"),
        (b"d1:aiee", "not a torrent: a broken integer at byte 4"),
        (b"d1:ai 5ee", "not a torrent: a broken integer at byte 4"),
        (b"d1:ai1_0ee", "not a torrent: a broken integer at byte 4"),
        (b"d1:ai" + b"9" * 65 + b"ee", "not a torrent: a broken integer at byte 4"),
        (b"d1:a03:abce", "not a torrent: a broken string length at byte 4"),
        (b"d1:a-1:e", "not a torrent: a broken string length at byte 4"),
        (b"d1:ai0e-6:", "not a torrent: a broken string length at byte 7"),
        (b"d1:a" + b"9" * 5000 + b":xe", "not a torrent: ends inside a string at byte 5007"),
        (b"d1:axe", "not a torrent: an unexpected byte 0x78 at byte 4"),
        (b"d1:a1:bexx", "not a torrent: something follows its end at byte 8"),
        (b"d4:infode4:infodee", "not a torrent: it has two info dictionaries"),
        (b"d4:infoi1e4:infodee", "not a torrent: it has two info dictionaries"),
    ],
)
def test_refuses_what_is_not_bencode(data: bytes, reason: str) -> None:
    with pytest.raises(MetainfoError) as caught:
        scan_torrent(data)
    assert str(caught.value) == reason


def test_white_space_may_follow() -> None:
    assert scan_torrent(torrent_of(V1_INFO) + b"\r\n \n").info is not None


@pytest.mark.parametrize("deep", [b"l" * 10_000, b"d1:a" * 10_000, b"d4:info" * 10_000, b"d1:a" + b"ld1:b" * 10_000])
def test_deep_nesting_is_an_error_and_not_a_crash(deep: bytes) -> None:
    with pytest.raises(MetainfoError, match=r"^nested deeper than 64$"):
        scan_torrent(deep)


@pytest.mark.parametrize(("containers", "fits"), [(64, True), (65, False)])
def test_depth_limit_is_exact(containers: int, fits: bool) -> None:
    inner = containers - 1
    data = b"d1:a" + b"l" * inner + b"e" * inner + b"e"
    if fits:
        scan_torrent(data)
    else:
        with pytest.raises(MetainfoError, match="deeper"):
            scan_torrent(data)


@pytest.mark.parametrize(("folders", "fits"), [(59, True), (60, False)])
def test_depth_limit_holds_in_file_trees(folders: int, fits: bool) -> None:
    leaf = {"file": {"": {"length": 1}}}
    for _ in range(folders):
        leaf = {"folder": leaf}
    data = bencode({"info": {"file tree": leaf}})
    # Outermost, info, tree, the folders, the file's name and its leaf.
    assert 3 + folders + 2 == (64 if fits else 65)
    if fits:
        assert scan_torrent(data).file_tree_size_bytes == 1
    else:
        with pytest.raises(MetainfoError, match="deeper"):
            scan_torrent(data)


def test_too_many_items_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Allowance.__init__, "__defaults__", (100_000,))
    scan_torrent(b"d1:al" + b"0:" * 90_000 + b"ee")
    with pytest.raises(MetainfoError, match="made of more than"):
        scan_torrent(b"d1:al" + b"0:" * 200_000 + b"ee")
    with pytest.raises(MetainfoError, match="made of more than"):
        scan_torrent(b"d" + b"0:le" * 200_000 + b"e")


def test_spans_of_asked_fields() -> None:
    data = torrent_of(V1_INFO, announce="udp://a.example:1", zebra=["x", 1, {"k": []}])
    spans = scan_torrent(data)
    start, end = spans.top[b"info"]
    assert data[start:end] == V1_INFO
    assert set(spans.top) == {b"announce", b"info"}
    assert read_string(data, spans.top[b"announce"]) == b"udp://a.example:1"
    assert spans.info is not None
    assert read_integer(data, spans.info[b"length"]) == 11
    assert read_integer(data, spans.info[b"name"]) is None
    assert read_string(data, spans.info[b"length"]) is None
    assert read_string(data, None) is None


def test_first_of_equal_keys_counts() -> None:
    data = b"d8:announce1:a8:announce1:b4:infod6:lengthi1e6:lengthi2eee"
    spans = scan_torrent(data)
    assert spans.info is not None
    assert read_string(data, spans.top[b"announce"]) == b"a"
    assert read_integer(data, spans.info[b"length"]) == 1


def test_list_items() -> None:
    data = b"l1:ai5el1:bede"
    assert [data[start:end] for start, end in list_items(data + b"e", (0, len(data) + 1))] == [
        b"1:a",
        b"i5e",
        b"l1:be",
        b"de",
    ]
    assert list(list_items(b"4:spam", (0, 6))) == []


BEP52_SAMPLE = (
    b"d4:infod9:file treed4:dir1d4:dir2d9:fileA.txtd0:d5:lengthi1024e11:pieces root32:" + b"a" * 32 + b"eeeeeee"
)


def test_bep52_sample_as_printed_is_broken_and_sound_once_mended() -> None:
    with pytest.raises(MetainfoError, match="not a torrent"):
        scan_torrent(BEP52_SAMPLE)
    assert scan_torrent(BEP52_SAMPLE.replace(b"5:length", b"6:length")).file_tree_size_bytes == 1024


# Sums: the road of patterns and the road of tokens must agree.

paths = st.lists(st.binary(max_size=12) | st.binary(min_size=250, max_size=260), max_size=3)
file_entries = st.fixed_dictionaries(
    {"length": st.integers(0, 1 << 40), "path": paths},
    optional={
        "attr": st.sampled_from(["p", "x", "h", "xp", "px", "hx", "l", "", "xhp", "xhpl", "pppp"]),
        "md5sum": st.binary(min_size=32, max_size=32) | st.just(b"short"),
        "path.utf-8": paths,
        "sha1": st.binary(min_size=20, max_size=20),
        "crc32": st.binary(min_size=8, max_size=8),
        "mtime": st.integers(),
        "zzz": st.lists(st.integers(), max_size=2),
    },
)


def size_of(entries: list[dict[str, object]]) -> int:
    return sum(entry["length"] for entry in entries if "p" not in str(entry.get("attr", "")))  # type: ignore[misc]


@given(st.lists(file_entries, max_size=12))
def test_files_add_up_without_pads(entries: list[dict[str, object]]) -> None:
    data = bencode({"info": {"files": entries}})
    assert scan_torrent(data).files_size_bytes == size_of(entries)


@given(st.lists(file_entries, max_size=6))
def test_patterns_only_speed_things_up(entries: list[dict[str, object]]) -> None:
    data = bencode({"info": {"files": entries, "file tree": {f"n{n}": {"": entry} for n, entry in enumerate(entries)}}})
    never = re.compile(b"(?:(?!))?")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scanner, "usual_files_run", never)
        patch.setattr(scanner, "usual_leaves_run", never)
        slow = scan_torrent(data)
    fast = scan_torrent(data)
    assert (fast.top, fast.info) == (slow.top, slow.info)
    assert fast.files_size_bytes == slow.files_size_bytes == size_of(entries)
    assert fast.file_tree_size_bytes == slow.file_tree_size_bytes == size_of(entries)


def test_many_files_take_the_fast_road(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [{"length": n, "path": ["a folder", f"file {n}"]} for n in range(1000)]
    tree = {f"{n:04d}": {"": {"length": n, "pieces root": b"r" * 32}} for n in range(1000)}
    data = bencode({"info": {"files": entries, "file tree": tree}})
    monkeypatch.setattr(scanner, "_sum_entry", None)
    spans = scan_torrent(data)
    assert spans.files_size_bytes == spans.file_tree_size_bytes == 499_500


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ("x", "files is not a list"),
        (["x"], "files holds something that is not a dictionary"),
        ([{"path": ["a"]}], "a file without a length"),
        ([{"length": "1", "path": ["a"]}], "a file without a length"),
        ([{"length": -1, "path": ["a"]}], "a file with a negative length"),
        ([{"length": 9_999_999_999_999_999_999, "path": ["a"]}], "its files add up to an impossible size"),
        ([{"length": 1 << 62, "path": ["a"]}] * 2, "its files add up to an impossible size"),
    ],
)
def test_lists_of_another_shape_are_remembered_not_raised(files: object, reason: str) -> None:
    spans = scan_torrent(bencode({"info": {"files": files, "name": "n"}}))
    assert spans.files_size_bytes is None
    assert str(spans.files_error) == reason
    assert spans.info is not None
    assert b"name" in spans.info


# Against an independent parser

values = st.recursive(
    st.integers(-(10**30), 10**30) | st.binary(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.binary(max_size=6), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.binary(max_size=6) | st.sampled_from([b"info", b"announce-list"]), values, max_size=5))
def test_accepts_everything_canonical(value: dict[bytes, object]) -> None:
    data = bencode2.bencode(value)
    spans = scan_torrent(data)
    for key, (start, end) in spans.top.items():
        assert bencode2.bdecode(data[start:end]) == value[key]


@given(st.dictionaries(st.binary(max_size=4), values, max_size=3), st.data())
def test_refuses_what_a_strict_parser_refuses(value: dict[bytes, object], data: st.DataObject) -> None:
    good = bencode2.bencode(value)
    at = data.draw(st.integers(0, len(good) - 1))
    mutated = good[:at] + data.draw(st.binary(max_size=2)) + good[at + data.draw(st.integers(0, 2)) :]
    try:
        scan_torrent(mutated)
    except MetainfoError:
        # We know fewer integers and less depth, nothing else: see the limits.
        return
    with contextlib.suppress(bencode2.BencodeDecodeError):
        bencode2.bdecode(mutated.rstrip())
        return
    # It refuses what we accept: files have unsorted and repeated keys, and that is all we forgive.
    with pytest.raises(bencode2.BencodeDecodeError, match=r"(?i)sort|duplicat|order"):
        bencode2.bdecode(mutated.rstrip())
