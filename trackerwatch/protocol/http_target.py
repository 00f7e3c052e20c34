"""Request targets: what stands between `GET` and `HTTP/1.1`. The torrent's own path and query stay byte for byte."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_UNSENDABLE = re.compile(rb"[^\x21-\x7e]")


def base_target(written: str) -> bytes:
    """The request target of an announce URL with nothing added.

    Args:
        written: Path and query as in the torrent; may be empty or start with the query.

    Returns:
        ASCII without white space, starting with `/`, without a fragment. Characters outside ASCII are sent as the escapes of
        their UTF-8 bytes; every other byte, escapes that are none included, is as written.
    """
    target = written.partition("#")[0].encode("utf-8", "surrogatepass")
    if not target.startswith(b"/"):
        target = b"/" + target
    return _UNSENDABLE.sub(lambda match: b"%%%02X" % match.group()[0], target)


def with_parameters(target: bytes, parameters: Iterable[bytes]) -> bytes:
    """Append `name=value` parameters after the query that is there: some trackers want their own key first."""
    return target + (b"&" if b"?" in target else b"?") + b"&".join(parameters)


def escape(value: bytes) -> bytes:
    """Escape every byte. No server minds, it is the fastest way, and no unescaped byte can be misread."""
    return b"%" + value.hex("%").encode("ascii") if value else b""
