"""Why one torrent was not judged, in a few words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackerwatch.engine.views import AskState
from trackerwatch.health.states import Health
from trackerwatch.policy.rules import Rule
from trackerwatch.policy.words import KIND_WORDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trackerwatch.engine.views import AnswerView, TorrentView, TrackerView
    from trackerwatch.reports.rows import Quorum

MAX_REASONS = 3
"""Different ones that are told of one torrent."""

_NOTHING_SAID = "no tracker told the seeders"


def reason(view: TorrentView, trackers: Mapping[str, TrackerView], quorum: Quorum | None) -> str:
    """Why a torrent is unknown: `private, not asked`, `blocked, not public`, `too few fresh vantages`.

    Args:
        view: The torrent.
        trackers: By id.
        quorum: Of several vantages.
    """
    if quorum is not None and not quorum.reached:
        return "too few fresh vantages"
    if any(problem.rule is Rule.PRIVATE_NOT_ASKED for problem in view.problems):
        return "private, not asked"
    if not view.torrent.placements:
        return "no tracker is listed"
    if view.counts.seeders is not None:
        return "too little is known for what the policy asks"
    told = list(dict.fromkeys(_of_answer(answer, trackers.get(answer.tracker.id)) for answer in view.answers))
    told = [one for one in told if one]
    if not told:
        return "nothing known of the trackers"
    if told == [_NOTHING_SAID] and view.counts.leechers is not None:
        return "no tracker told the seeders, which the policy asks for"
    return ", ".join((*told[:MAX_REASONS], *(["..."] if len(told) > MAX_REASONS else [])))


def _of_answer(answer: AnswerView, view: TrackerView | None) -> str:
    """Why one tracker told nothing; empty: it is not known why."""
    if view is not None and view.disabled is not None:
        return "switched off by you"
    cause = answer.scrape.failure or answer.announce.failure
    if cause is None and view is not None and view.state is Health.UNKNOWN:
        cause = view.failure
    if cause is not None:
        return KIND_WORDS[cause.kind]
    if AskState.ANSWERED in (answer.scrape.state, answer.announce.state):
        return _NOTHING_SAID
    # It works, or may: this question alone was not answered before the run ended.
    asked = view is not None and view.last_probe_at is not None
    return "no answer in time" if asked else ""
