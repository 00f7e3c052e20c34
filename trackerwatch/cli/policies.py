"""Policies for `config check` and `config init`: every mistake in one, and one made from what is there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from trackerwatch.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

DEFAULT_FILE = "policy.toml"


def text_of(path: str) -> str:
    """The text of a policy.

    Raises:
        ConfigError: It cannot be read.
    """
    from trackerwatch.config.files import read_text, shown_path  # noqa: PLC0415 - only where there is one

    try:
        return read_text(path, "policy")
    except FileNotFoundError:
        raise ConfigError(f"{shown_path(path)}: no such policy file") from None


def mistakes_in(path: str, named_filters: Mapping[str, str]) -> list[str]:
    """What is wrong with a policy, one clean line each.

    Args:
        path: Where it is.
        named_filters: Saved filters by name.
    """
    from trackerwatch.policy.reading import policy_mistakes  # noqa: PLC0415 - only where there is one

    try:
        return policy_mistakes(text_of(path), path, named_filters)
    except ConfigError as error:
        return [str(error)]


def remarks_on(path: str, named_filters: Mapping[str, str], now: datetime) -> list[str]:
    """What else there is to know of a policy without mistakes: overrides that ended.

    Args:
        path: Where it is.
        named_filters: Saved filters by name.
        now: The time.
    """
    from trackerwatch.policy.reading import read_policy  # noqa: PLC0415 - only where there is one
    from trackerwatch.policy.ruling import ended_overrides  # noqa: PLC0415 - as above

    return ended_overrides(read_policy(text_of(path), path, named_filters), now)


def is_policy(path: str) -> bool:
    """Whether a file that is no config looks like a policy."""
    from trackerwatch.policy.reading import looks_like_policy  # noqa: PLC0415 - only where something is wrong

    try:
        return looks_like_policy(text_of(path))
    except ConfigError:
        return False


def made_from(folder: str) -> str:
    """A policy made from the torrents in a folder; nobody is asked, nothing is fetched.

    Raises:
        UsageError: It is no folder, or there is no torrent in it.
    """
    from trackerwatch.inputs import Loader  # noqa: PLC0415 - only where one is made
    from trackerwatch.inputs.files import shown_path  # noqa: PLC0415 - as above
    from trackerwatch.policy.writing import sample_policy  # noqa: PLC0415 - as above

    shown = shown_path(folder)
    if not os.path.isdir(folder):  # noqa: PTH112 - a plain string
        raise UsageError(f"--policy {shown}: is no folder of torrents to make a policy from")
    loader = Loader([folder])
    for _ in loader.batches():
        pass
    torrents = loader.loaded().torrents
    if not torrents:
        raise UsageError(f"--policy {shown}: there is no torrent in it")
    return sample_policy(torrents, shown.rstrip("/"))
