"""Whether the pieces of a torrent fit what it holds: what a maintainer would do otherwise next time. Pure.

Two kinds of findings. Some torrents are broken: the number of hashes does not fit the size, or the piece length is none that
BEP 3 and BEP 52 allow; clients refuse them. Others work and could do better: every piece costs 20 bytes of the .torrent
file, and a peer shares nothing of a piece before it has all of it. The field's habit is one to two thousand pieces, of 16 KiB to
16 MiB; only what is far away from that is remarked, since a torrent made anew is another swarm.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch.policy.words import count_words

if TYPE_CHECKING:
    from trackerwatch.metainfo import Torrent

SMALLEST_BYTES = 16 * 1024
"""A block, which is what peers ask each other for; BEP 52 allows no smaller piece."""
LARGEST_BYTES = 16 * 1024 * 1024
"""The largest that every client in use takes."""
REFUSED_BYTES = 256 * 1024 * 1024
"""What is larger libtorrent does not take."""
SUGGESTED_PIECES = 2560
"""At most so many, where the largest piece allows it."""
TOO_MANY_PIECES = 30_000
TOO_FEW_PIECES = 32
SMALL_CONTENT_BYTES = 4 * 1024 * 1024
"""Downloaded at once: its number of pieces does not matter."""
_MODEST_BYTES = 256 * 1024
"""Pieces up to this size are nobody's trouble, however few."""


def piece_size_words(torrent: Torrent) -> tuple[str, str] | None:
    """Message and action for pieces that do not fit. None: they do, or nothing is known of them."""
    making = torrent.making
    if making is None:
        return None
    length = making.piece_length_bytes
    if length is None or length <= 0:
        return "no usable piece length: clients refuse the torrent", _anew(torrent, broken=True)
    if length > REFUSED_BYTES:
        return f"pieces of {size_words(length)}: clients refuse the torrent", _anew(torrent, broken=True)
    if torrent.info_hash_v2 is not None and not (length >= SMALLEST_BYTES and _power_of_two(length)):
        wanted = "v2 wants a power of two of at least 16 KiB"
        return f"pieces of {size_words(length)}, and {wanted}: clients refuse the torrent", _anew(torrent, broken=True)
    if wrong := _wrong_number(torrent, length):
        return f"{wrong}: clients refuse the torrent", "make it anew: these are not the hashes of what it names"
    found = _odd(torrent, length)
    return (found, _anew(torrent, broken=False)) if found else None


def suggested_piece_length(size_bytes: int) -> int:
    """The smallest usual piece length in bytes that makes at most `SUGGESTED_PIECES`, or the largest one."""
    length = SMALLEST_BYTES
    while length < LARGEST_BYTES and size_bytes > length * SUGGESTED_PIECES:
        length *= 2
    return length


def size_words(size_bytes: int) -> str:
    """`4 MiB`, `256 KiB`; bytes where neither says it exactly."""
    if size_bytes >= 1 << 50:
        # Whoever writes a number of sixty digits into a torrent need not be quoted.
        return "more than a million GiB"
    for unit, name in ((1 << 20, "MiB"), (1 << 10, "KiB")):
        if size_bytes and size_bytes % unit == 0:
            return f"{size_bytes // unit:,} {name}"
    return f"{size_bytes:,} bytes"


def _wrong_number(torrent: Torrent, length: int) -> str:
    making, size = torrent.making, torrent.size_bytes
    if making is None or making.pieces is None or size is None:
        return ""
    needed = -(-size // length)
    # What pad files fill is not known: they add pieces and take none away.
    if making.pieces == needed or (making.padded and making.pieces > needed):
        return ""
    least = "at least " if making.padded else ""
    hashes = f"{making.pieces:,} piece hash{'' if making.pieces == 1 else 'es'}"
    return f"{hashes} where {size:,} bytes in pieces of {size_words(length)} need {least}{needed:,}"


def _odd(torrent: Torrent, length: int) -> str:
    size = torrent.size_bytes or 0
    making = torrent.making
    hashes = making.pieces if making else None
    number = -(-size // length) if hashes is None else hashes
    # In v2 every file ends its own last piece.
    about = "about " if hashes is None and making and making.files > 1 else ""
    pieces = f"{about}{count_words(number, 'piece')} of {size_words(length)}"
    if not _power_of_two(length):
        return f"{pieces}, which is no power of two: some clients refuse that"
    if length < SMALLEST_BYTES:
        return f"{pieces}, smaller than the 16 KiB that peers ask for at once"
    if length > LARGEST_BYTES and size <= LARGEST_BYTES * TOO_MANY_PIECES:
        return (
            f"{pieces}: some clients refuse more than 16 MiB, and a peer shares none of a piece before it has it whole"
        )
    if number > TOO_MANY_PIECES and length < LARGEST_BYTES:
        # 20 bytes in v1, 32 in v2.
        hash_bytes = 32 if hashes is None else 20
        return f"{pieces}: {number * hash_bytes // 1024:,} KiB of hashes to fetch before a magnet link starts"
    if number < TOO_FEW_PIECES and length > _MODEST_BYTES and size >= SMALL_CONTENT_BYTES:
        return f"{pieces}: peers have little to share before they have nearly all"
    return ""


def _anew(torrent: Torrent, *, broken: bool) -> str:
    when = "make it anew" if broken else "next time make it"
    if torrent.size_bytes is None:
        return f"{when} with pieces of 16 KiB to 16 MiB"
    length = suggested_piece_length(torrent.size_bytes)
    return f"{when} with pieces of {size_words(length)}: {count_words(-(-torrent.size_bytes // length), 'piece')}"


def _power_of_two(number: int) -> bool:
    return number & (number - 1) == 0
