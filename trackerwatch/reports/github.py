"""The report as annotations of GitHub Actions: workflow commands on stdout, which the runner shows beside the run.

The runner takes a line for a command that begins with `::`, and one with `##[` anywhere in it: each line here is our own, and
foreign text stands in it escaped. A step shows ten annotations of a kind and drops the others without a word, so the last of
ten counts what else there is.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from trackerwatch.escaping import no_workflow_command, workflow_data, workflow_property
from trackerwatch.policy.rules import Severity
from trackerwatch.reports.telling import skipped, wording
from trackerwatch.reports.telling.account import account_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from trackerwatch.reports.formats import Style
    from trackerwatch.reports.rows import Report
    from trackerwatch.reports.telling.account import Account, Block

MAX_OF_A_KIND = 10
"""Annotations of one kind that GitHub shows of a step."""
MAX_REASONS = 5
MAX_CHARS = 3000
"""Of one annotation."""
MAX_TITLE_CHARS = 250
"""GitHub takes 255."""

_COMMANDS = {Severity.CRITICAL: "error", Severity.WARNING: "warning"}


def render(report: Report, style: Style) -> Iterator[str]:
    """A line for the sentence, then one for each problem."""
    del style
    account = account_of(report)
    title = f"trackerwatch: {account.verdict.value.upper()}"
    # The sentence is in the summary as well; an annotation has it where the summary is not read.
    yield _line("notice", title, account.sentence)
    for severity, command in _COMMANDS.items():
        blocks = [block for block in account.blocks if block.severity is severity]
        found = [(_title(block), _message(block, report.generated_at), len(block.members) or 1) for block in blocks]
        if severity is Severity.WARNING and account.skipped:
            found.append(_skipped(account))
        shown = found if len(found) <= MAX_OF_A_KIND else found[: MAX_OF_A_KIND - 1]
        yield from (_line(command, title, message) for title, message, _ in shown)
        if left_out := found[len(shown) :]:
            yield _line(command, *_rest(left_out))


def _line(command: str, title: str, message: str) -> str:
    # The old spelling of commands would be found anywhere in the line.
    title, message = no_workflow_command(title[:MAX_TITLE_CHARS]), no_workflow_command(message[:MAX_CHARS])
    return f"::{command} title={workflow_property(title)}::{workflow_data(message)}\n"


def _title(block: Block) -> str:
    return f"{block.subject}: {block.rule}" if block.subject else f"{block.rule}"


def _message(block: Block, now: datetime) -> str:
    return "\n".join([block.message, *(f"{label}: {text}" for label, text in block.facts(now))])


def _skipped(account: Account) -> tuple[str, str, int]:
    facts = skipped.facts(account.skipped, MAX_REASONS)
    return skipped.head(account.skipped), "\n".join(f"{label}: {text}" for label, text in facts), 1


def _rest(left_out: Sequence[tuple[str, str, int]]) -> tuple[str, str]:
    number = sum(count for _, _, count in left_out)
    rules = Counter[str]()
    for title, _, count in left_out:
        rules[title.rpartition(": ")[2]] += count
    told = ", ".join(f"{count:,} {rule}" for rule, count in rules.most_common())
    return f"{wording.many(number, 'more problem')}", f"{told}: the report has them all"
