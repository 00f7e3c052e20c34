"""Patterns of what nearly every torrent looks like: runs of file entries and lists of announce URLs in one match each.

Regular expressions cannot count, but they can list: `_short_strings` makes a pattern of exactly the bencoded strings of up to so
many bytes. What a pattern matches is well-formed; what it does not match is the scanner's to read token by token.
"""

from __future__ import annotations

import re
from functools import cached_property


def _short_strings(limit_bytes: int) -> str:
    """A pattern of exactly the bencoded strings of up to so many bytes, arranged by leading digits so that few are tried."""

    def of_length(digits: str) -> str:
        length = int(digits)
        branches = [f":.{{{length}}}"]
        if 0 < length * 10 <= limit_bytes:
            branches += [
                digit + of_length(digits + digit) for digit in "0123456789" if int(digits + digit) <= limit_bytes
            ]
        return f"(?:{'|'.join(branches)})"

    return f"(?:{'|'.join(digit + of_length(digit) for digit in '0123456789')})"


_SHORT_STRING = _short_strings(255)
_LENGTH = r"(?:0|[1-9][0-9]{0,18})"
_NO_PAD = r"(?:4:attr(?:0:|1:[^p]|2:[^p]{2}|3:[^p]{3}))?"
_PAD = r"4:attr(?:1:p|2:(?:p.|.p))"
_CHECKSUMS = r"(?:5:crc328:.{8}|8:filehash20:.{20}|4:ed2k16:.{16}|6:md5sum32:.{32}|4:sha120:.{20})?"
# Repetitions are bounded because a greedy match remembers each of its steps.
_PATHS = rf"(?:(?:4:path|10:path\.utf-8)l{_SHORT_STRING}{{0,64}}e){{1,2}}"


class LatePattern:
    """A pattern of bytes that is compiled once it is needed: most runs see no torrent of many files, and compiling is slow."""

    def __init__(self, pattern: str) -> None:
        """Keep a pattern for later."""
        self._pattern = pattern.encode()

    @cached_property
    def _compiled(self) -> re.Pattern[bytes]:
        return re.compile(self._pattern, re.DOTALL)

    def match(self, data: bytes, position: int) -> re.Match[bytes] | None:
        """As of a compiled one."""
        return self._compiled.match(data, position)

    def findall(self, data: bytes, position: int, end: int) -> list[bytes]:
        """As of a compiled one with one group at most."""
        return self._compiled.findall(data, position, end)


def _runs_of(pattern: str) -> LatePattern:
    return LatePattern(rf"(?:{pattern}){{0,256}}")


def run_end_of(runs: LatePattern, data: bytes, position: int) -> int:
    """Where a run of a pattern ends; `position` itself if none starts there."""
    match = runs.match(data, position)
    return position if match is None else match.end()


def _file_pattern(open_group: str, close_group: str) -> str:
    length = f"6:lengthi{open_group}{_LENGTH}{close_group}e"
    return rf"d(?:{_NO_PAD}{_CHECKSUMS}{length}|{_PAD}6:lengthi{_LENGTH}e){_CHECKSUMS}{_PATHS}{_CHECKSUMS}e"


def _leaf_pattern(open_group: str, close_group: str) -> str:
    length = f"6:lengthi{open_group}{_LENGTH}{close_group}e"
    name = _SHORT_STRING.replace("0(?::.{0})|", "", 1)
    return rf"{name}d0:d(?:{_NO_PAD}{length}|{_PAD}6:lengthi{_LENGTH}e)(?:11:pieces root32:.{{32}})?ee"


usual_file = LatePattern(_file_pattern("(", ")"))
usual_files_run = _runs_of(_file_pattern("", ""))
usual_leaf = LatePattern(_leaf_pattern("(", ")"))
usual_leaves_run = _runs_of(_leaf_pattern("", ""))
list_of_lists = re.compile(rf"l(?:l{_SHORT_STRING}{{0,64}}e){{0,64}}e".encode(), re.DOTALL).match
