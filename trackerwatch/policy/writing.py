"""Writes a policy to begin with, from torrents that are there: a collection for each folder, every key explained. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from trackerwatch.config.values import quoted
from trackerwatch.outside_text import clean
from trackerwatch.policy.reading import MAX_COLLECTIONS, MAX_NAME_CHARS
from trackerwatch.policy.words import count_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackerwatch.metainfo.torrent import Torrent

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_HEAD = """\
# A policy of trackerwatch: what `trackerwatch report --policy FILE` asks of torrents.
# Take away the # before a key to ask for it. What is not asked for is judged as without a policy.
# `trackerwatch config check --policy FILE` finds mistakes.
"""

_DEFAULTS = """\
# Of every torrent. Fewer seeders than this are a warning; 1: one is enough; 0: none are needed.
#min_seeders = 2
# So many trackers must work for it. 1: one is enough, whatever else it lists.
#min_working_trackers = 1
# A tracker that has been down for longer is to be taken out of the torrent.
max_dead_days = 30
# For so long after a torrent was first seen its problems are remarks alone. Reports know what is new from the store (--store): it
# must be kept from run to run.
#grace = "48h"
# Look at how torrents are made as well.
#lint = true

# How bad a broken rule is: critical, warning, info (a remark, which never fails a run) or off.
[severities]
#redundancy = "info"
#min_seeders = "critical"
"""

_TAIL = """\
# An exception: laid over what the collection asks for. Later ones go before earlier ones.
#[[overrides]]
#filter = "name=old-release.iso"
#min_seeders = 1
#why = "kept for the archive only"
#until = 2027-12-31
"""

_EXAMPLE = """\
# Torrents that belong together, by a filter: the first collection that matches has a torrent.
#[collections.isos]
#filter = "name~iso"
#min_seeders = 3
"""


def sample_policy(torrents: Sequence[Torrent], folder: str) -> str:
    """A policy for the torrents in a folder, in TOML.

    Args:
        torrents: As they were loaded from the folder.
        folder: As their sources begin, safe to show.
    """
    groups: dict[str, list[Torrent]] = defaultdict(list)
    spelt: dict[str, str] = {}
    for torrent in torrents:
        part = _part(torrent, folder)
        # Filters know no case: folders that differ by it alone are one collection.
        groups[part.casefold()].append(torrent)
        spelt.setdefault(part.casefold(), part)
    alone = groups.pop("", [])
    parts = [_HEAD, f"#\n# Made from {folder or '/'}: {_count(torrents)}.\n\n{_DEFAULTS}"]
    shown = sorted(groups)[:MAX_COLLECTIONS]
    names: set[str] = set()
    for n, part in enumerate(shown):
        lead = "# Torrents that belong together: the first collection that matches has a torrent.\n" if n == 0 else ""
        parts.append(f"\n{lead}{_collection(spelt[part], groups[part], folder, names)}")
    if not shown:
        parts.append(f"\n{_EXAMPLE}")
    if alone and shown:
        parts.append(f"\n# In the folder itself, and so in no collection: {_count(alone)}.\n")
    if len(groups) > len(shown):
        parts.append(f"\n# There are {len(groups) - len(shown):,} folders more than a policy may have collections.\n")
    parts.append(f"\n{_TAIL}")
    return "".join(parts)


def _collection(part: str, torrents: Sequence[Torrent], folder: str, names: set[str]) -> str:
    listed = sorted({len(torrent.placements) for torrent in torrents})
    each = "; each lists " if len(torrents) > 1 else "; it lists "
    most = f" to {listed[-1]:,}" if len(listed) > 1 else ""
    name, filter_ = _name(part, names), _filter(part, torrents, folder)
    lines = [f"[collections.{name if _BARE_KEY.fullmatch(name) else quoted(name)}]", f"filter = {_easy(filter_)}"]
    lines.append(f"# {_count(torrents)}{each}{listed[0]:,}{most}.")
    lines.append("#min_seeders = 2")
    if listed[0] > 1:
        lines.append("#min_working_trackers = 2")
    return "\n".join(lines) + "\n"


def _part(torrent: Torrent, folder: str) -> str:
    """The folder right below; empty: it lies in the folder itself."""
    for source in torrent.sources:
        within = source.removeprefix(f"{folder}/") if folder not in ("", ".") else source.removeprefix("./")
        part, slash, _ = within.lstrip("/").partition("/")
        if slash:
            return part
    return ""


def _filter(part: str, torrents: Sequence[Torrent], folder: str) -> str:
    """What finds these torrents, also where the report is made from another folder."""
    straight = f"folder={_literal(part)}"
    deeper = any(_folder_of(source) != part.casefold() for torrent in torrents for source in torrent.sources[:1])
    if not deeper:
        return straight
    above = folder.rpartition("/")[2]
    return f"{straight} | source~{_literal(f'{above}/{part}/' if above not in ('', '.') else f'{part}/')}"


def _folder_of(source: str) -> str:
    return source.casefold().rpartition("/")[0].rpartition("/")[2]


def _easy(text: str) -> str:
    """A text as a TOML string that is easy to read: most filters hold double quotes."""
    return quoted(text) if "'" in text else f"'{text}'"


def _literal(text: str) -> str:
    """A text as filters quote it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _name(part: str, names: set[str]) -> str:
    """A name that no collection has yet."""
    name = clean(part, limit_chars=MAX_NAME_CHARS - 5) or "folder"
    number = 2
    found = name
    while found in names:
        found = f"{name} {number}"
        number += 1
    names.add(found)
    return found


def _count(torrents: Sequence[Torrent]) -> str:
    trackers = {placement.tracker for torrent in torrents for placement in torrent.placements}
    return f"{count_words(len(torrents), 'torrent')}, {count_words(len(trackers), 'tracker')}"
