"""Which strings of a torrent or magnet are web seeds (BEP 19)."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_WEB_SEEDS = 100
MAX_WEB_SEED_BYTES = 4096

_web_seed = re.compile(rb"(?i:https?|ftp)://[^\x00-\x20\x7f]+").fullmatch


def usable_web_seeds(raw_urls: Iterable[bytes]) -> tuple[str, ...]:
    """The web seeds among some strings, each once, in their order.

    Args:
        raw_urls: As written. Blank, overlong and foreign ones are dropped: a web seed is an offer, not a promise.
    """
    urls = (url.strip() for url in raw_urls)
    kept = (url for url in urls if len(url) <= MAX_WEB_SEED_BYTES and _web_seed(url))
    return tuple(dict.fromkeys(url.decode("utf-8", "replace") for url in islice(kept, MAX_WEB_SEEDS)))
