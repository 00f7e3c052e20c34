"""The report as a monitoring plugin says it (Monitoring Plugins guidelines; Nagios, Icinga and their like).

The first line has state, counts and the age of what is remembered, and what fits of the performance data. A line for each
problem follows, worst first; behind the last line of text the rest of the performance data. No line is wider than 80 columns,
and the whole is short enough for agents that pass on 4 kB.

Performance data: torrents by verdict (`ok`, `warning`, `critical`, `unknown`), trackers by state (`up`, `degraded`, `down`),
`problems`, `skipped`, `time` in seconds, `age` in seconds of the oldest answer that is remembered. Up to `MAX_TRACKERS` trackers
have their latency in seconds each, and up to `MAX_TORRENTS` torrents their seeders. `U` is unknown.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from rich.cells import cell_len

from trackerwatch.escaping import no_workflow_command
from trackerwatch.health.states import Health
from trackerwatch.outside_text import clean
from trackerwatch.policy.rules import Verdict
from trackerwatch.reports import columns
from trackerwatch.reports.rows import Subject
from trackerwatch.reports.telling import wording
from trackerwatch.reports.telling.account import account_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from trackerwatch.reports.formats import Style
    from trackerwatch.reports.rows import Report
    from trackerwatch.reports.telling.account import Account, Block

WIDTH = 80
MAX_BYTES = 4000
"""Of the whole: NRPE and old versions of Nagios cut at 4 kB."""
MAX_TRACKERS = 16
MAX_TORRENTS = 24
"""With more of them none has a figure of its own: a graph of those that happen to be shown would have holes."""
LABEL_CHARS = 32
NAME_CELLS = 34

_WORDS = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
"""By exit code: with `--fail-on` that is what the monitoring goes by."""

_HARMLESS = str.maketrans({"|": "/", "<": "(", ">": ")", "`": "'", '"': "'", "$": "_", "&": "+", "\\": "/"})
"""What ends the text, is a tag to a web page, or does something in the shell of a notification."""
_TAKEN = frozenset({*map(str, Verdict), *map(str, Health), "problems", "skipped", "time", "age"})
"""Labels of figures of the whole."""
_KEY_DIGITS = (8, 20)
"""So many digits of its key a label has that is not the name alone; more where those of two are alike."""
_PLAIN_LABEL = re.compile(r"[A-Za-z0-9_]+")
_NOT_IN_LABELS = re.compile(r"[^A-Za-z0-9_.:/@+()\[\]-]+")


def render(report: Report, style: Style) -> Iterator[str]:  # noqa: ARG001 - every format has this signature
    """The document, a line at a time."""
    account = account_of(report)
    figures = list(_figures(report))
    state = f"TRACKERWATCH {_WORDS[report.exit_code]} - "
    # Many read figures from the first line alone: at least one stands there.
    first = state + _headline(report, WIDTH - len(state) - len(f"|{figures[0]}"))
    ahead: list[str] = []
    while figures and cell_len("|".join((first, " ".join((*ahead, figures[0]))))) <= WIDTH:
        ahead.append(figures.pop(0))
    yield f"{first}|{' '.join(ahead)}\n" if ahead else f"{first}\n"
    *lines, last = _fitting(list(_problems(account)), list(_remarks(account)), _size([first, *ahead, *figures]))
    yield from (f"{line}\n" for line in lines)
    for number, line in enumerate(_filled(figures, WIDTH - cell_len(last) - 1)):
        yield f"{line}\n" if number else f"{last}|{line}\n"


def plugin_line(text: str, cells: int) -> str:
    """Foreign text as one line of plugin output that fits."""
    # Somebody may well run it in a CI job.
    return columns.elide_end(no_workflow_command(clean(text).translate(_HARMLESS)), cells)


# -- text ------------------------------------------------------------------------------------------------------------


def _headline(report: Report, room: int) -> str:
    """Counts, as many as fit, and how old they are."""
    age = f", cached {wording.duration(report.remembered.oldest_s)} old" if report.remembered else ""
    told = ""
    for part in filter(None, (report.remark, _of_torrents(report), _of_trackers(report), _of_inputs(report))):
        longer = f"{told}, {part}" if told else part
        if told and len(longer) + len(age) > room:
            break
        told = longer
    with_title = f"{report.title}: {told}"
    if report.title and cell_len(with_title) + len(age) <= room:
        told = with_title
    return plugin_line(told, room - len(age)) + age


def _of_torrents(report: Report) -> str:
    verdicts, total = report.torrents_by_verdict, report.torrents_judged
    if not total:
        return ""
    bad = [f"{number:,} {word}" for word in (Verdict.CRITICAL, Verdict.WARNING) if (number := verdicts.get(word, 0))]
    new = f", {report.in_grace:,} in grace" if report.in_grace else ""
    if bad:
        return f"{', '.join(bad)} of {wording.many(total, 'torrent')}{new}"
    if unknown := verdicts.get(Verdict.UNKNOWN, 0):
        return f"{unknown:,} of {wording.many(total, 'torrent')} not judged{new}"
    if new:
        return f"{report.ready:,} of {wording.many(total, 'torrent')} ready{new}"
    return f"{wording.many(total, 'torrent')} ready"


def _of_trackers(report: Report) -> str:
    states, total = report.trackers_by_state, report.trackers_judged
    told = (Health.DOWN,) if report.subject is Subject.TORRENTS else (Health.DOWN, Health.DEGRADED, Health.UNKNOWN)
    bad = [f"{states[state]:,} {state}" for state in told if states.get(state)]
    if bad:
        return f"{', '.join(bad)} of {wording.many(total, 'tracker')}"
    return f"{wording.many(total, 'tracker')} up" if total and report.subject is Subject.TRACKERS else ""


def _of_inputs(report: Report) -> str:
    return f"{wording.many(len(report.skipped), 'input')} skipped" if report.skipped else ""


def _problems(account: Account) -> Iterator[str]:
    """A line for each, worst first: the list may be cut."""
    yield from map(_problem, account.blocks)
    for message, sources in account.skipped:
        name = sources[0] if len(sources) == 1 else wording.many(len(sources), "input")
        yield plugin_line(f"skipped {columns.elide_middle(clean(name), NAME_CELLS)}: {message}", WIDTH)


def _problem(block: Block) -> str:
    # The message on a tracker names it.
    name = block.subject if block.torrent or block.members else ""
    subject = f"{columns.elide_middle(clean(name), NAME_CELLS)}: " if name else ""
    return plugin_line(f"[{block.severity.upper()}] {subject}{block.message}", WIDTH)


def _remarks(account: Account) -> Iterator[str]:
    """The last lines of the text; at least one."""
    yield from (plugin_line(f"not judged: {line}", WIDTH) for line in account.not_judged)
    # The bar stands behind the last of them.
    yield from columns.wrap(plugin_line(f"seen from {account.seen_from}", 4 * WIDTH), WIDTH - 1)


def _fitting(problems: list[str], remarks: list[str], size: int) -> list[str]:
    """As many problems as there is room for beside `size` bytes, the remarks, and how many more problems there are."""
    room = MAX_BYTES - size - _size(remarks) - WIDTH
    shown = []
    for line in problems:
        room -= _size([line])
        if room < 0:
            break
        shown.append(line)
    more = len(problems) - len(shown)
    return [*shown, *([f"... {wording.many(more, 'more problem')}"] if more else []), *remarks]


def _size(lines: Iterable[str]) -> int:
    return sum(len(line.encode("utf-8", "replace")) + 1 for line in lines)


# -- performance data ------------------------------------------------------------------------------------------------


def _figures(report: Report) -> Iterator[str]:
    """Every figure as `label=value`, the most important first."""
    if report.torrents_judged or report.subject is Subject.TORRENTS:
        for verdict in (Verdict.CRITICAL, Verdict.WARNING, Verdict.UNKNOWN, Verdict.OK):
            yield f"{verdict}={report.torrents_by_verdict.get(verdict, 0)}"
    for state in (Health.DOWN, Health.DEGRADED, Health.UP):
        yield f"{state}={report.trackers_by_state.get(state, 0)}"
    yield f"problems={len(report.problems)}"
    yield f"skipped={len(report.skipped)}"
    yield f"time={_number(round(report.duration_s, 3))}s"
    if report.remembered:
        yield f"age={_number(round(report.remembered.oldest_s, 3))}s"
    yield from _of_each(report)


def _of_each(report: Report) -> Iterator[str]:
    trackers = sorted((*report.trackers, *report.unlisted_trackers), key=lambda view: view.tracker.id)
    torrents = sorted((*report.torrents, *report.unlisted_torrents), key=lambda view: view.torrent.info_hash)
    told = []
    if len(trackers) <= MAX_TRACKERS:
        for view in trackers:
            latency = "U" if (latency_s := view.latest_latency_s) is None else f"{_number(latency_s)}s"
            told.append((view.tracker.host_port, view.tracker.id, latency))
    if len(torrents) <= MAX_TORRENTS:
        for torrent in torrents:
            seeders = torrent.counts.seeders
            told.append((torrent.torrent.name, torrent.torrent.info_hash_hex, "U" if seeders is None else str(seeders)))
    labels = _labels([(name, key) for name, key, _ in told])
    for label, (_, _, value) in zip(labels, told, strict=True):
        yield f"{label}={value}" if _PLAIN_LABEL.fullmatch(label) else f"'{label}'={value}"


def _labels(named: Sequence[tuple[str, str]]) -> list[str]:
    """Labels, each once: the names, or what of them can stand in a label with the first digits of the keys.

    None depends on the place of its name among the others: what hangs on a label (a graph, years of figures) would change hands.

    Args:
        named: (name, hex digits that no other has) of each.
    """
    plain = [_NOT_IN_LABELS.sub("_", name) for name, _ in named]
    labels = [
        label if label == name and 0 < len(label) <= LABEL_CHARS and label not in _TAKEN else ""
        for label, (name, _) in zip(plain, named, strict=True)
    ]
    for digits in _KEY_DIGITS:
        times = Counter(labels)
        labels = [
            label if label and times[label] == 1 else f"{name[: LABEL_CHARS - 1 - digits]}_{key[:digits]}"
            for label, name, (_, key) in zip(labels, plain, named, strict=True)
        ]
    return labels


def _number(value: float) -> str:
    """Digits and a point: the guidelines know no exponent."""
    return f"{value:.6f}".rstrip("0").rstrip(".")


def _filled(words: list[str], first_room: int) -> Iterator[str]:
    """Words in lines, the first of which may be narrower (and empty)."""
    line, room = "", first_room
    for word in words:
        longer = f"{line} {word}" if line else word
        if len(longer) > room:
            yield line
            line, room = word, WIDTH
        else:
            line = longer
    yield line
