"""Patterns of what nearly every torrent looks like: runs of file entries and lists of announce URLs in one match each.

Regular expressions cannot count, but they can list: `_short_strings` makes a pattern of exactly the bencoded strings of up to so
many bytes. What a pattern matches is well-formed; what it does not match is the scanner's to read token by token.
"""

from __future__ import annotations

import re


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


def _runs_of(pattern: str) -> re.Pattern[bytes]:
    return re.compile(rf"(?:{pattern}){{0,256}}".encode(), re.DOTALL)


def run_end_of(runs: re.Pattern[bytes], data: bytes, position: int) -> int:
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


usual_file = re.compile(_file_pattern("(", ")").encode(), re.DOTALL)
usual_files_run = _runs_of(_file_pattern("", ""))
usual_leaf = re.compile(_leaf_pattern("(", ")").encode(), re.DOTALL)
usual_leaves_run = _runs_of(_leaf_pattern("", ""))
list_of_lists = re.compile(rf"l(?:l{_SHORT_STRING}{{0,64}}e){{0,64}}e".encode(), re.DOTALL).match
