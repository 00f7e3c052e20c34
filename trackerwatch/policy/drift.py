"""Whether what is published is what is watched: torrents of one name that are not one torrent. Pure.

A name alone proves little: thousands of torrents are called `cover` or `Season 1`. So two torrents of one run are compared only
where something else says that they are meant to be the same: the same size, the same file name, or one of them was read
where the other one is published.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch.policy.rules import Rule
from trackerwatch.policy.words import problem, some

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trackerwatch.metainfo import Torrent
    from trackerwatch.policy.rules import Problem

MAX_OF_ONE_NAME = 20
"""A name that more torrents have names no publication; nobody reads so many comparisons either."""
_HASH_CHARS = 12
"""Of an info hash, in a sentence."""


def drift(torrents: Sequence[Torrent], before: Mapping[str, str]) -> dict[str, list[Problem]]:
    """Look for torrents that were made anew, and for files of one name that are not one torrent.

    Args:
        torrents: All of this run.
        before: Info hash in hex by name, of the last run; without names that several torrents had. Empty: there was none.

    Returns:
        Problems by info hash in hex, with the severities of `rules.SEVERITIES`; what did not drift is not in it.
    """
    by_name: dict[str, dict[str, Torrent]] = {}
    for torrent in torrents:
        if torrent.name != torrent.info_hash_hex:
            by_name.setdefault(torrent.name, {})[torrent.info_hash_hex] = torrent
    found: dict[str, list[Problem]] = {}
    for name, known in by_name.items():
        if len(known) == 1:
            info_hash, torrent = next(iter(known.items()))
            # A hybrid's other hash is no news: a magnet link may name either.
            if (was := before.get(name)) is not None and was not in {s.hex() for _, s in torrent.swarms}:
                found[info_hash] = [_new_info_hash(torrent, was)]
        elif len(known) <= MAX_OF_ONE_NAME:
            for info_hash, torrent in known.items():
                alike = [other for other in known.values() if other is torrent or _meant_alike(torrent, other)]
                if len(alike) > 1:
                    found[info_hash] = [_published_differs(torrent, alike)]
    return found


def _new_info_hash(torrent: Torrent, was: str) -> Problem:
    return problem(
        Rule.NEW_INFO_HASH,
        torrent=torrent.info_hash_hex,
        tracker=None,
        since=None,
        message=f"made anew since the last report: info hash {_short(was)} then, {_short(torrent.info_hash_hex)} now",
        action="see that all seeders have the new torrent file: those of the old one are another swarm",
    )


def _published_differs(torrent: Torrent, alike: Sequence[Torrent]) -> Problem:
    # The same words for each of them, in the order in which they were read: a report says it once.
    told = [f"{_short(one.info_hash_hex)} from {_source(one)}" for one in alike]
    return problem(
        Rule.PUBLISHED_DIFFERS,
        torrent=torrent.info_hash_hex,
        tracker=None,
        since=None,
        message=f"{len(alike)} torrents of one name: {some(told)}",
        action="publish one of them everywhere and seed that one: each is a swarm of its own",
    )


def _meant_alike(first: Torrent, second: Torrent) -> bool:
    if first.size_bytes is not None and first.size_bytes == second.size_bytes:
        return True
    files = [
        {_file_name(source) for source in torrent.sources if not _is_magnet(source)} for torrent in (first, second)
    ]
    if files[0] & files[1]:
        return True
    # One is at hand, the other out there.
    published = [
        any(_is_url(source) or _is_magnet(source) for source in torrent.sources) for torrent in (first, second)
    ]
    return published[0] != published[1]


def _short(info_hash: str) -> str:
    return info_hash[:_HASH_CHARS]


def _source(torrent: Torrent) -> str:
    return torrent.sources[0] if torrent.sources else "elsewhere"


def _file_name(source: str) -> str:
    return source.replace("\\", "/").partition("?")[0].rpartition("/")[2]


def _is_url(source: str) -> bool:
    return "://" in source


def _is_magnet(source: str) -> bool:
    return source.startswith("magnet:")
