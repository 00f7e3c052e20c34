"""The policy of a run: from the file and the options, over what the engine found out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from trackerwatch.cli.policies import text_of
from trackerwatch.policy.document import NO_POLICY, Policy
from trackerwatch.policy.rules import LINT, Rule
from trackerwatch.policy.ruling import Judged, judge_torrents
from trackerwatch.reports.building import selected_views
from trackerwatch.reports.rows import PolicyNote

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from trackerwatch.cli.comparing import Comparing
    from trackerwatch.cli.one_run import Run
    from trackerwatch.engine.views import Snapshot, TorrentView
    from trackerwatch.metainfo import Torrent
    from trackerwatch.policy.document import Requirements
    from trackerwatch.policy.rules import Problem


class Judging:
    """Judges the torrents of one run."""

    def __init__(self, one_run: Run, comparing: Comparing) -> None:
        """Read the policy, before anything is sent.

        Args:
            one_run: The run.
            comparing: Knows what the names of torrents stood for at the last run.

        Raises:
            ConfigError: It cannot be read, or there is a mistake in it.
        """
        self._run = one_run
        self._comparing = comparing
        arguments, config = one_run.arguments, one_run.config
        policy = policy_in(config.policy, dict(config.filters)) if config.policy else NO_POLICY
        self._policy = as_ordered(policy, min_seeders=arguments.min_seeders, lint=arguments.lint)
        self._notes: tuple[str, ...] = ()  # on the policy as it is ordered, whatever is found out
        if arguments.wait is not None and any(asked.grace_s for asked in _requirements(self._policy)):
            # A wait for what is forgiven anyway would be over before the first seeder came.
            self._policy = without_grace(self._policy)
            self._notes = ("grace: forgives nothing while --wait waits for torrents to be well",)
        self._first_seen: dict[bytes, float] = {}

    async def judge(self, snapshot: Snapshot, selected: Sequence[int] | None) -> tuple[Judged, PolicyNote | None]:
        """The selected torrents (by index; None: all) as the policy sees them, and what is told of it (None: there is none)."""
        views = selected_views(snapshot, selected)
        first_seen = await self._seen_since(views, snapshot.taken_at)
        judged = judge_torrents(
            views,
            self._policy,
            trackers=snapshot.trackers,
            now=snapshot.taken_at,
            first_seen=first_seen,
            findings=await self._findings([view.torrent for view in views]),
        )
        if self._policy == NO_POLICY:
            return judged, None
        notes = (*self._notes, *self._why_nobody_is_new(bool(first_seen)), *judged.notes)
        return judged, PolicyNote(self._policy.source, judged.in_grace, judged.overridden, notes)

    async def _seen_since(self, views: Sequence[TorrentView], now: datetime) -> Mapping[str, datetime]:
        """When each torrent was first seen by any run; also without a policy, which may come later."""
        memory = self._run.memory
        wanted = [torrent.info_hash for view in views if (torrent := view.torrent).info_hash not in self._first_seen]
        if memory is not None and wanted:
            # Nobody is new to himself: with `--wait` this is asked again and again.
            self._first_seen.update(await memory.first_seen(wanted, now.timestamp()))
        return {info_hash.hex(): datetime.fromtimestamp(at, UTC) for info_hash, at in self._first_seen.items()}

    def _why_nobody_is_new(self, some_were_seen: bool) -> Iterator[str]:  # noqa: FBT001 - private
        memory = self._run.memory
        if not any(asked.grace_s for asked in _requirements(self._policy)):
            return
        if not some_were_seen:
            why = "no store is kept" if memory is None else "the store cannot say"
            yield f"grace: {why}, so no torrent is known to be new"
        elif memory is not None and memory.is_first_run:
            yield "grace: this is the first run on this store, so no torrent is known to be new"

    async def _findings(self, torrents: Sequence[Torrent]) -> Mapping[str, Sequence[Problem]]:
        """What lint and drift find, by info hash in hex; nothing where nobody wants to know."""
        rules = sought(self._policy)
        if not rules - {Rule.DEAD_TRACKER}:
            return {}
        from trackerwatch.policy.drift import drift  # noqa: PLC0415 - only where somebody wants to know
        from trackerwatch.policy.lint import lint  # noqa: PLC0415 - as above

        drifted = drift(torrents, await self._comparing.names_before() if Rule.NEW_INFO_HASH in rules else {})
        return {one.info_hash_hex: [*drifted.get(one.info_hash_hex, ()), *lint(one)] for one in torrents}


def policy_in(path: str, named_filters: Mapping[str, str]) -> Policy:
    """The policy in a file.

    Args:
        path: Where it is.
        named_filters: Saved filters by name.

    Raises:
        ConfigError: It cannot be read, or there is a mistake in it.
    """
    from trackerwatch.policy.reading import read_policy  # noqa: PLC0415 - only where there is one

    return read_policy(text_of(path), path, named_filters)


def as_ordered(policy: Policy, *, min_seeders: int | None, lint: bool) -> Policy:
    """A policy with what the command line says of this run.

    Args:
        policy: As the file has it.
        min_seeders: For all torrents, whatever collections say; overrides still hold, for they name exceptions. None: nothing.
        lint: Whether lint is wanted, whatever the file says.
    """
    if min_seeders is not None:
        policy = replace(
            policy,
            defaults=replace(policy.defaults, min_seeders=min_seeders),
            collections=tuple(
                replace(collection, requirements=replace(collection.requirements, min_seeders=None))
                for collection in policy.collections
            ),
        )
    return replace(policy, lint=policy.lint or lint)


def without_grace(policy: Policy) -> Policy:
    """The same for new torrents as for old ones."""
    return replace(
        policy,
        defaults=replace(policy.defaults, grace_s=None),
        collections=tuple(
            replace(one, requirements=replace(one.requirements, grace_s=None)) for one in policy.collections
        ),
        overrides=tuple(replace(one, requirements=replace(one.requirements, grace_s=None)) for one in policy.overrides),
    )


def sought(policy: Policy) -> frozenset[Rule]:
    """The rules of lint that are looked for in some torrent; one that is off everywhere is not."""
    told = [item for asked in _requirements(policy) for item in asked.severities.items()]
    wanted = LINT.intersection(rule for rule, severity in told if severity is not None)
    if not policy.lint:
        return wanted
    return LINT.difference(rule for rule, severity in policy.defaults.severities.items() if severity is None) | wanted


def _requirements(policy: Policy) -> Iterator[Requirements]:
    yield policy.defaults
    yield from (collection.requirements for collection in policy.collections)
    yield from (override.requirements for override in policy.overrides)
