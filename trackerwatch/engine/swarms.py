"""What one tracker says of its swarms: columns, announces, and what both together come to. Pure.

Two kinds of evidence meet here. A scrape fills whole columns; an announce tells of one swarm. What counts:

- a tracker that is down fails for every torrent, one whose every failure is not its own doing counts for none;
- a refusal of one torrent (unregistered, unauthorized) stands until a newer announce says otherwise: a client is refused. Only
  "unregistered" ends earlier, with a scrape that knows the torrent (counts for it) and did not when it was refused;
- otherwise the newer of scrape and announce has the say; an announce without any answer decides nothing;
- 0/0/0 over UDP and a hash that was left out are unknown until an announce decides them.
"""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from trackerwatch.failover import Standing
from trackerwatch.outcome import NOTHING_KNOWN, UNKNOWN_COUNT, FailureKind, ScrapeColumns, SwarmAnswer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from trackerwatch.metainfo import SwarmVersion
    from trackerwatch.outcome import AnnounceOutcome, Failure, SwarmCounts

COMPARED_AT_ONCE = 256
"""Swarms whose columns are compared as a whole before one by one."""
REFUSAL_FLAGS = {FailureKind.UNREGISTERED: 1, FailureKind.UNAUTHORIZED: 2}
"""How `Published.refused` writes that a tracker refused one torrent."""

_STANDING_OF_ANSWER = bytes(
    Standing.WORKS if answer in (SwarmAnswer.ANSWERED, SwarmAnswer.AMBIGUOUS) else Standing.UNTRIED
    for answer in range(256)
)


@dataclass(frozen=True, slots=True)
class AnnounceRecord:
    """What the latest announce of one swarm brought."""

    outcome: AnnounceOutcome
    at: float
    """Wall time."""
    not_before: float
    """Monotonic: earliest next announce of this swarm here; infinity where the tracker wants none ever again."""
    recalled: bool = False
    """It is remembered, of an earlier run or of another program on the same store."""
    despite_scrape: bool = False
    """Scrapes knew the swarm already when this came: that they still do is no news, and ends no refusal."""

    @property
    def refusal(self) -> FailureKind | None:
        """Unregistered or unauthorized, also where a warning says so. None: it was not refused so."""
        failure = self.outcome.probe.failure
        kind = failure.kind if failure else self.outcome.warning_kind
        return kind if kind in REFUSAL_FLAGS else None

    @property
    def decides(self) -> bool:
        """Whether the tracker answered it at all, so that it can settle a doubt."""
        failure = self.outcome.probe.failure
        return failure is None or (failure.kind.answered and failure.kind is not FailureKind.RATE_LIMITED)

    def disputed(self, answer: int) -> bool:
        """Whether this refused a swarm that a scrape has come to know since.

        Args:
            answer: What the latest scrape said of it (`SwarmAnswer`).
        """
        return answer == SwarmAnswer.ANSWERED and not self.despite_scrape and self.refusal is not None


@dataclass(frozen=True, slots=True)
class Published:
    """What snapshots see of a tracker's swarms: replaced as a whole, never changed."""

    seeders: array[int]
    leechers: array[int]
    completed: array[int]
    answers: bytes
    standings: bytes
    """One `Standing` a swarm."""
    failures: dict[int, Failure]
    announces: dict[int, AnnounceRecord]
    refused: dict[int, int]
    """Swarms that the tracker refused, with their flag."""
    scrape_failure: Failure | None
    """Why the latest round got not one answer."""
    scrape_latency_s: float | None
    scraped_at: float | None
    """Wall time of the counts in the columns."""
    recalled: bool = False
    """The counts are remembered, and were not asked for in this run."""
    refusals: int = 0
    """Torrents for which a tracker that answers is of no use: it refuses every swarm of theirs."""
    refusal_kind: FailureKind | None = None
    """The commonest reason. None: it refuses none."""

    def standings_at(self, columns: slice | list[int]) -> bytes:
        """The standings of these swarms."""
        if isinstance(columns, slice):
            return self.standings[columns]
        return bytes(map(self.standings.__getitem__, columns))


@dataclass(slots=True)
class Swarms:
    """The swarms of one tracker, in the order first seen: the order of every column."""

    hashes: list[bytes] = field(default_factory=list)
    """20 bytes each."""
    column_of: dict[bytes, int] = field(default_factory=dict)
    owners: array[int] = field(default_factory=lambda: array("l"))
    """Index of the torrent of each swarm."""
    repeats: bool = False
    """Some torrent may have two swarms here (hybrids)."""
    more_owners: dict[int, list[int]] = field(default_factory=dict)
    """Where a second torrent has the same swarm (a hybrid, and a v2-only magnet of it)."""
    versions: list[SwarmVersion] = field(default_factory=list)
    private: bytearray = field(default_factory=bytearray)
    """1 where the swarm's torrent is private."""
    gone: set[int] = field(default_factory=set)
    """Columns of swarms that no torrent has any more: kept in place, and never asked for."""
    columns: ScrapeColumns = field(default_factory=lambda: ScrapeColumns.unknown(0))
    asked: int = 0
    """So many of the first swarms were asked for by some scrape; those behind are new."""
    announces: dict[int, AnnounceRecord] = field(default_factory=dict)
    scrape_failure: Failure | None = None
    scrape_latency_s: float | None = None
    scraped_at: float | None = None
    recalled: bool = False
    """The counts in the columns are of an earlier run, or of another program on the same store."""
    dirty: bool = True
    """`publish` has work."""
    published: Published | None = None

    def __len__(self) -> int:
        return len(self.hashes)

    def add(self, info_hash: bytes, version: SwarmVersion, owner: int, *, private: bool) -> int:
        """List a swarm of a torrent; its column, an old one where the tracker has it already."""
        column = self.column_of.get(info_hash)
        if column is None:
            column = self.column_of[info_hash] = len(self.hashes)
            self.hashes.append(info_hash)
            self.owners.append(owner)
            self.versions.append(version)
            self.private.append(private)
            self.dirty = True
        elif column in self.gone:
            self.gone.discard(column)
            self.owners[column], self.private[column], self.dirty = owner, private, True
        else:
            self.private[column] |= private
            if self.owners[column] != owner and owner not in self.more_owners.get(column, ()):
                self.more_owners.setdefault(column, []).append(owner)
        return column

    def leave(self, column: int, owner: int) -> None:
        """A torrent gives a swarm up; without another owner it is not asked for again."""
        others = self.more_owners.get(column, [])
        if owner in others:
            others.remove(owner)
        elif others:
            self.owners[column] = others.pop(0)
        else:
            self.gone.add(column)
            self.announces.pop(column, None)
        if not others:
            self.more_owners.pop(column, None)
        self.dirty = True

    @property
    def only_private(self) -> bool:
        """Whether private torrents list the tracker and no public one does; one that left has no say."""
        if 1 not in self.private:
            return False
        return all(private or column in self.gone for column, private in enumerate(self.private))

    def fit(self) -> None:
        """Make the columns as long as the list of swarms."""
        missing = len(self.hashes) - len(self.columns)
        if missing > 0:
            blank = array("q", [UNKNOWN_COUNT]) * missing
            for counts in (self.columns.seeders, self.columns.leechers, self.columns.completed):
                counts.extend(blank)
            self.columns.answers.extend(bytes(missing))

    # ------------------------------------------------------------------ evidence

    def take(self, columns: ScrapeColumns, at: Sequence[int]) -> None:
        """Take over a scrape's answers.

        Args:
            columns: What was answered.
            at: Which of our columns each belongs to, ascending.

        A hash whose request has no answer keeps what was known of it: a lost datagram is no news of a swarm.
        """
        self.fit()
        self.dirty, self.recalled = True, False
        whole = len(at) == len(self.hashes) == len(columns)
        if whole and not columns.failures:
            self.columns = columns.copy()
            return
        ours = self.columns
        for index, column in enumerate(at):
            failure = columns.failures.get(index)
            if failure is not None and not failure.kind.answered and ours.answers[column] != SwarmAnswer.NOT_ASKED:
                continue
            ours.seeders[column], ours.leechers[column] = columns.seeders[index], columns.leechers[index]
            ours.completed[column], ours.answers[column] = columns.completed[index], columns.answers[index]
            if failure is not None:
                ours.failures[column] = failure
            else:
                ours.failures.pop(column, None)

    def refuse(self, failure: Failure, at: Sequence[int]) -> None:
        """The tracker refused a whole scrape by what it holds against these torrents."""
        self.fit()
        self.dirty = True
        columns = self.columns
        for column in at:
            columns.seeders[column] = columns.leechers[column] = columns.completed[column] = UNKNOWN_COUNT
            columns.answers[column] = SwarmAnswer.FAILED
            columns.failures[column] = failure

    def forget_counts(self) -> None:
        """What scrapes said is too old to be shown as if it were so."""
        self.columns = ScrapeColumns.unknown(len(self.hashes))
        self.dirty = True

    def undecided(self, *, supported: bool) -> Iterator[int]:
        """Columns of which scrapes cannot tell, so that an announce must.

        Args:
            supported: Whether scrapes are asked here at all. Where they are and the latest failed as a whole, what an
                earlier one told still stands until it is too old: one lost scrape is no reason to announce thousands.
        """
        answers = self.columns.answers
        if not supported or self.scrape_failure is not None:
            for column, answer in enumerate(answers):
                if not supported or answer != SwarmAnswer.ANSWERED:
                    yield column
            return
        for doubt in (SwarmAnswer.AMBIGUOUS, SwarmAnswer.OMITTED, SwarmAnswer.FAILED):
            column = answers.find(doubt)
            while column >= 0:
                yield column
                column = answers.find(doubt, column + 1)
        for column, record in self.announces.items():
            if record.refusal is not None and answers[column] == SwarmAnswer.ANSWERED:
                yield column

    # ------------------------------------------------------------------ conclusions

    def publish(self, *, down: bool, counted: bool) -> Published | None:
        """Draw the conclusions; returns what was published before.

        Args:
            down: The tracker is down.
            counted: Anything that counts is known of the tracker.
        """
        self.dirty = False
        self.fit()
        columns, before, size = self.columns, self.published, len(self.hashes)
        answers = bytes(columns.answers)
        refused: dict[int, int] = {}
        if down or not counted:
            standings = bytearray([Standing.FAILED if down else Standing.NOT_COUNTED]) * size
            seeders = leechers = completed = array("q", [UNKNOWN_COUNT]) * size
        else:
            seeders, leechers, completed = columns.seeders[:], columns.leechers[:], columns.completed[:]
            standings = bytearray(answers.translate(_STANDING_OF_ANSWER))
            for column, failure in columns.failures.items():
                if failure.kind in REFUSAL_FLAGS:
                    standings[column] = Standing.FAILED
                    refused[column] = REFUSAL_FLAGS[failure.kind]
            column = answers.find(SwarmAnswer.AMBIGUOUS)
            while column >= 0:
                seeders[column] = leechers[column] = completed[column] = UNKNOWN_COUNT
                column = answers.find(SwarmAnswer.AMBIGUOUS, column + 1)
            for column, record in self._announces_now(answers):
                standing, said = self._by_announce(record, answers[column])
                if standing is None:
                    continue
                standings[column] = standing
                refused.pop(column, None)
                if record.refusal is not None:
                    refused[column] = REFUSAL_FLAGS[record.refusal]
                for values, value in ((seeders, said.seeders), (leechers, said.leechers), (completed, said.completed)):
                    if value is not None:
                        values[column] = value
        self.published = Published(
            seeders,
            leechers,
            completed,
            answers,
            bytes(standings),
            dict(columns.failures),
            dict(self.announces),
            refused,
            self.scrape_failure,
            self.scrape_latency_s,
            self.scraped_at,
            self.recalled,
            *(self._refusals(standings, refused) if counted and not down else (0, None)),
        )
        return before

    def _refusals(self, standings: bytearray, refused: dict[int, int]) -> tuple[int, FailureKind | None]:
        """How many torrents a tracker that answers refuses, and most of them why."""
        column, owners, kinds = standings.find(Standing.FAILED), set[int](), Counter[FailureKind]()
        while column >= 0:
            if column not in self.gone:
                owners.update((self.owners[column], *self.more_owners.get(column, ())))
                kinds[self._refusal_at(column, refused)] += 1
            column = standings.find(Standing.FAILED, column + 1)
        if owners and (self.repeats or self.more_owners):
            # A torrent that works by another swarm of its own is not refused.
            owners.difference_update(
                self._owners_of(
                    c for c, standing in enumerate(standings) if standing != Standing.FAILED and c not in self.gone
                )
            )
        return (len(owners), kinds.most_common(1)[0][0]) if owners else (0, None)

    def _refusal_at(self, column: int, refused: dict[int, int]) -> FailureKind:
        for kind, flag in REFUSAL_FLAGS.items():
            if refused.get(column) == flag:
                return kind
        record = self.announces.get(column)
        failure = record.outcome.probe.failure if record is not None else None
        return failure.kind if failure is not None else FailureKind.FAILURE_REASON

    def _announces_now(self, answers: bytes) -> list[tuple[int, AnnounceRecord]]:
        """Every announce; where scrapes stopped to know a swarm, that they do again will be news.

        Of an earlier run nobody knows what its scrapes said at that moment: the first one of this run is news.
        """
        asked_at = -1.0 if self.recalled or self.scraped_at is None else self.scraped_at
        for column, record in self.announces.items():
            stopped = answers[column] not in (SwarmAnswer.ANSWERED, SwarmAnswer.NOT_ASKED)
            if record.despite_scrape and (stopped or (record.recalled and asked_at > record.at)):
                self.announces[column] = replace(record, despite_scrape=False)
        return list(self.announces.items())

    def _by_announce(self, record: AnnounceRecord, answer: int) -> tuple[Standing | None, SwarmCounts]:
        """What the latest announce of a swarm makes of it. None: the scrape has the say."""
        if record.refusal is FailureKind.UNREGISTERED and record.disputed(answer):
            return None, NOTHING_KNOWN
        if record.refusal is not None:
            # A scrape proves no key and no client: who may not announce is told by announces alone.
            return Standing.FAILED, NOTHING_KNOWN
        if not record.decides:
            return None, NOTHING_KNOWN
        scrape_is_newer = self.scraped_at is not None and self.scraped_at >= record.at
        if answer == SwarmAnswer.ANSWERED and scrape_is_newer:
            return None, NOTHING_KNOWN
        failure = record.outcome.probe.failure
        return (Standing.WORKS, record.outcome.counts) if failure is None else (Standing.FAILED, NOTHING_KNOWN)

    def news_since(self, before: Published | None) -> list[int]:
        """Torrents whose numbers or standing differ from what was published before, ascending where all are new."""
        now = self.published
        if now is None:
            return []
        if before is None or len(before.answers) != len(now.answers):
            return self.all_owners()
        if not any(before.answers) and not before.announces and before.standings != now.standings:
            # Nothing was known before: everything is news.
            return self.all_owners()
        changed = {column for column, record in now.announces.items() if before.announces.get(column) is not record}
        for old, new in (
            (before.standings, now.standings),
            (before.seeders, now.seeders),
            (before.leechers, now.leechers),
            (before.completed, now.completed),
        ):
            for start in range(0, len(old), COMPARED_AT_ONCE):
                ours, theirs = old[start : start + COMPARED_AT_ONCE], new[start : start + COMPARED_AT_ONCE]
                if ours != theirs:
                    changed.update(i for i, (a, b) in enumerate(zip(ours, theirs, strict=True), start) if a != b)
        if before.failures != now.failures or before.refused != now.refused:
            changed.update(before.failures.keys() | now.failures.keys() | before.refused.keys() | now.refused.keys())
        return self._owners_of(sorted(changed))

    def all_owners(self) -> list[int]:
        """Every torrent that lists the tracker."""
        if self.more_owners or self.repeats:
            return self._owners_of(range(len(self.owners)))
        return self.owners.tolist()

    def _owners_of(self, columns: Iterable[int]) -> list[int]:
        found: dict[int, None] = {}
        for column in columns:
            found[self.owners[column]] = None
            for owner in self.more_owners.get(column, ()):
                found[owner] = None
        return list(found)
