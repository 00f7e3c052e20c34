"""Torrents that several tests take apart: the known-answer vectors of hello.txt, and an encoder for others."""

from __future__ import annotations

S1 = bytes.fromhex("2aae6c35c94fcfb415dbe95f408b9ce91ee846ed")
S2 = bytes.fromhex("b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9")

V1_INFO = b"d6:lengthi11e4:name9:hello.txt12:piece lengthi16384e6:pieces20:" + S1 + b"e"
V1_HASH = "e797b1908e6938957d0d5c4598e57abc9ee3a60b"
UNSORTED_INFO = b"d4:name9:hello.txt6:lengthi11e12:piece lengthi16384e6:pieces20:" + S1 + b"e"
DUPLICATE_INFO = b"d6:lengthi10e6:lengthi11e4:name9:hello.txt12:piece lengthi16384e6:pieces20:" + S1 + b"e"
UNDERSCORE_INFO = b"d6:lengthi11e4:name9:hello.txt12:piece lengthi16_384e6:pieces20:" + S1 + b"e"
_FILE_TREE = b"9:file treed9:hello.txtd0:d6:lengthi11e11:pieces root32:" + S2 + b"eee"
_V2_REST = b"12:meta versioni2e4:name9:hello.txt12:piece lengthi16384e"
V2_INFO = b"d" + _FILE_TREE + _V2_REST + b"e"
HYBRID_INFO = b"d" + _FILE_TREE + b"6:lengthi11e" + _V2_REST + b"6:pieces20:" + S1 + b"e"


def bencode(value: object) -> bytes:
    """Canonical bencode of ints, strings, bytes, lists and dictionaries."""
    if isinstance(value, str):
        value = value.encode()
    match value:
        case int():
            return b"i%de" % value
        case bytes():
            return b"%d:%b" % (len(value), value)
        case list():
            return b"l" + b"".join(map(bencode, value)) + b"e"
        case dict():
            pairs = sorted((key.encode() if isinstance(key, str) else key, item) for key, item in value.items())
            return b"d" + b"".join(bencode(key) + bencode(item) for key, item in pairs) + b"e"
    raise TypeError(value)


def torrent_of(info: bytes, **top: object) -> bytes:
    """A torrent with exactly these info bytes; top-level keys are written with _ for a space or a hyphen as given."""
    keys: dict[bytes, bytes] = {key.replace("_", "-").encode(): bencode(value) for key, value in top.items()}
    keys[b"info"] = info
    return b"d" + b"".join(bencode(key) + keys[key] for key in sorted(keys)) + b"e"


def v1_info(**changes: object) -> dict[str, object]:
    """The hello.txt info dictionary with keys changed, or dropped where None."""
    info: dict[str, object] = {"length": 11, "name": "hello.txt", "piece length": 16384, "pieces": S1}
    info |= {key.replace("_", " "): value for key, value in changes.items()}
    return {key: value for key, value in info.items() if value is not None}
