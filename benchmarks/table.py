"""One table of figures, each beside its budget."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One line of the table."""

    what: str
    measured: str
    """With its unit."""
    beside: str = ""
    """What it is compared with, with its unit."""
    ratio: float | None = None
    """Measured / compared. None: the budget is absolute, or there is nothing to compare with."""
    budget: str = ""
    """In words. Empty: a figure for comparison only."""
    kept: bool | None = None
    """Whether the budget is kept. None: there is none, or it could not be measured."""

    @property
    def judgement(self) -> str:
        """`kept`, `OVER`, or nothing."""
        return {True: "kept", False: "OVER", None: ""}[self.kept]


HEADINGS = ("what", "measured", "compared with", "ratio", "budget", "")


def render(figures: list[Figure]) -> str:
    """Lay the lines out."""
    rows = [
        HEADINGS,
        *(
            (f.what, f.measured, f.beside, "" if f.ratio is None else f"{f.ratio:.2f}x", f.budget, f.judgement)
            for f in figures
        ),
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    rows.insert(1, tuple("-" * width for width in widths))
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
