"""Looks a torrent over: what its maker would want to know before publishing, or do otherwise next time. Pure.

One problem for each rule at most, so that a remark stays one line. What a file does not prove is not said, and a magnet
link, which is no file, is judged by its trackers alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch.policy.lint_pieces import piece_size_words
from trackerwatch.policy.lint_tiers import tier_words
from trackerwatch.policy.lint_urls import cleartext_words, duplicate_words, private_words, unsafe_words, unusable_words
from trackerwatch.policy.rules import Rule
from trackerwatch.policy.words import problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from trackerwatch.metainfo import Torrent
    from trackerwatch.policy.rules import Problem


def lint(torrent: Torrent) -> list[Problem]:
    """Look one torrent over.

    Args:
        torrent: As it was read; of a magnet link there is less to say.

    Returns:
        At most one problem of each rule of `rules.LINT` but `dead_tracker`, which rests on health (`policy.demands`), and drift
        (`policy.drift`), in the order in which they are best read, with the severities of `rules.SEVERITIES`. Ids are the same
        in each run.
    """
    found = []
    for rule, look in _LOOKS:
        words = look(torrent)
        if words is not None:
            message, action = words
            found.append(
                problem(rule, torrent=torrent.info_hash_hex, tracker=None, since=None, message=message, action=action)
            )
    return found


def _web_seed_words(torrent: Torrent) -> tuple[str, str] | None:
    # A private torrent's web seed would be open to all.
    if torrent.making is None or torrent.private or torrent.web_seeds:
        return None
    return (
        "no web seed: without a seeder nobody can complete a download",
        "add the URL of a plain HTTP download, if there is one",
    )


_LOOKS: tuple[tuple[Rule, Callable[[Torrent], tuple[str, str] | None]], ...] = (
    (Rule.UNSAFE_TRACKER, unsafe_words),
    (Rule.CLEARTEXT_TRACKER, cleartext_words),
    (Rule.PRIVATE_WITH_PUBLIC, private_words),
    (Rule.UNUSABLE_TRACKER, unusable_words),
    (Rule.DUPLICATE_TRACKER, duplicate_words),
    (Rule.TIER_LAYOUT, tier_words),
    (Rule.PIECE_SIZE, piece_size_words),
    (Rule.NO_WEB_SEEDS, _web_seed_words),
)
