"""Torrents made well and badly, as real files: what lint has something to say of."""

from __future__ import annotations

from tests.metainfo.torrents import S1, bencode, torrent_of, v1_info
from trackerwatch.metainfo import Torrent, load_torrent
from trackerwatch.policy.rules import Rule

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
KEY = "0123456789abcdef0123456789abcdef"
OPEN = "udp://tracker.open.org:1337/announce"
OTHER = "udp://tracker.other.net:6969/announce"
THIRD = "http://third.org/announce"
KEYED = f"https://t.closed.me/{KEY}/announce"
KEYED_CLEAR = f"http://t.closed.me/announce?passkey={KEY}"
SEED = "https://mirror.open.org/x.iso"


def made(
    *tiers: list[str],
    size: int = 700 * MIB,
    piece: object = MIB,
    pieces: int | None = None,
    private: bool = False,
    announce: str | None = None,
    seeds: tuple[str, ...] = (SEED,),
    **info: object,
) -> Torrent:
    """A file with nothing to remark, but for what is asked for."""
    if pieces is None:
        pieces = -(-size // piece) if isinstance(piece, int) and piece > 0 else 1
    changes = {"length": size, "piece_length": piece, "pieces": S1 * pieces, "private": 1 if private else None, **info}
    top: dict[str, object] = {"url_list": list(seeds)} if seeds else {}
    if tiers:
        top["announce_list"] = [list(tier) for tier in tiers]
    if announce:
        top["announce"] = announce
    return load_torrent(torrent_of(bencode(v1_info(**changes)), **top), source="x.torrent")


EXAMPLES: dict[Rule, Torrent] = {
    Rule.PIECE_SIZE: made([OPEN], size=10 * GIB, piece=256 * KIB),
    Rule.DUPLICATE_TRACKER: made([OPEN, OTHER], [OPEN]),
    Rule.UNUSABLE_TRACKER: made([OPEN], ["tracker.other.net/announce"]),
    Rule.UNSAFE_TRACKER: made([KEYED]),
    Rule.CLEARTEXT_TRACKER: made([KEYED_CLEAR], private=True),
    Rule.TIER_LAYOUT: made([OPEN, OTHER, THIRD]),
    Rule.NO_WEB_SEEDS: made([OPEN], seeds=()),
    Rule.PRIVATE_WITH_PUBLIC: made([KEYED], [OPEN], private=True),
}
"""One of each rule, for the documentation."""
