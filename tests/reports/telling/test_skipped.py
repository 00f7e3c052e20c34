from __future__ import annotations

from trackerwatch.reports.building import skipped_problem
from trackerwatch.reports.rows import SkippedInput
from trackerwatch.reports.telling import skipped

ONE = skipped.alike([SkippedInput("a", "empty file")])
MANY = skipped.alike(
    [*(SkippedInput(f"f{n}", "empty file") for n in range(5)), SkippedInput("x", "ends early"), SkippedInput("y", "no")]
)


def test_one_input():
    assert skipped.head(ONE) == "1 input skipped"
    assert list(skipped.facts(ONE, 5)) == [
        ("evidence", "a: empty file"),
        ("effect", "not part of this report"),
        ("do", "repair this input or take it out"),
    ]


def test_many_inputs_by_reason():
    assert skipped.head(MANY) == "7 inputs skipped"
    assert list(skipped.facts(MANY, 2, 4)) == [
        ("evidence", "f0; f1; f2; f3; and 1 more: empty file"),
        ("evidence", "x: ends early"),
        ("evidence", "and 1 more reason (stderr, --format json)"),
        ("effect", "not part of this report"),
        ("do", "repair these inputs or take them out"),
    ]


def test_a_machine_reads_the_same_words():
    problem = skipped_problem(SkippedInput("a", "empty file"))
    assert problem.message == "a: empty file; it is not part of this report"
    assert problem.action == skipped.action(1)
