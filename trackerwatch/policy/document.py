"""What a policy asks of torrents: immutable values, read from TOML by `policy.reading`. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from trackerwatch.filters import Filter
    from trackerwatch.policy.rules import Rule, Severity


@dataclass(frozen=True, slots=True)
class Requirements:
    """What is asked of each torrent it is about. None: nothing is said of it here."""

    min_seeders: int | None = None
    """So many at the known maximum; fewer break `min_seeders`. 1: one is enough, `one_seeder` is a remark. 0: none are needed."""
    min_working_trackers: int | None = None
    """Distinct trackers that work for it; 1: `redundancy` is a remark."""
    max_dead_days: float | None = None
    """A tracker that has been down for longer is to be taken out (`dead_tracker`)."""
    grace_s: float | None = None
    """So long after a torrent was first seen it is a remark that it is not seeded or registered (`ruling.FORGIVEN_WHEN_NEW`)."""
    severities: Mapping[Rule, Severity | None] = field(default_factory=dict)
    """Where they differ from `rules.SEVERITIES`. None: the rule is off."""

    def over(self, other: Requirements) -> Requirements:
        """These, and where nothing is said here, the other ones."""
        return Requirements(
            min_seeders=other.min_seeders if self.min_seeders is None else self.min_seeders,
            min_working_trackers=(
                other.min_working_trackers if self.min_working_trackers is None else self.min_working_trackers
            ),
            max_dead_days=other.max_dead_days if self.max_dead_days is None else self.max_dead_days,
            grace_s=other.grace_s if self.grace_s is None else self.grace_s,
            severities={**other.severities, **self.severities},
        )


@dataclass(frozen=True, slots=True)
class Collection:
    """Torrents that belong together, by a filter: the first collection that matches has a torrent."""

    name: str
    filter: Filter
    requirements: Requirements
    """Of this collection alone: lay them over `Policy.defaults`."""


@dataclass(frozen=True, slots=True)
class Override:
    """An exception: laid over the requirements of the collection, for the torrents it matches; later ones go before."""

    filter: Filter
    requirements: Requirements
    why: str
    until: datetime | None
    """Afterwards it holds no more, and a note says so. None: for good."""


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy, whole."""

    source: str = ""
    """The file it is from, safe to show. Empty: the command line alone."""
    defaults: Requirements = Requirements()
    collections: tuple[Collection, ...] = ()
    overrides: tuple[Override, ...] = ()
    lint: bool = False
    """Look for what `rules.LINT` names."""


NO_POLICY = Policy()
