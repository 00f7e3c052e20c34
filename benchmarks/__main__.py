"""Print how the budgets are kept: `python -m benchmarks [--quick] [scraping] [loading] [starting] [reporting] [history] [screen]`.

Ends 0 when every figure could be taken, over budget or not, and 1 when one could not or a count was wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import traceback
from typing import TYPE_CHECKING

from benchmarks.table import Figure, render
from tests.real.lab.places import ROOT, find_program

if TYPE_CHECKING:
    from collections.abc import Iterator

PARTS = ("scraping", "loading", "starting", "reporting", "history", "screen")


def main() -> int:
    """Measure, print one table, give the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure the budgets against real peers.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)} (all of them)")
    parser.add_argument(
        "--quick", action="store_true", help="a tenth of the torrents and files: for trying the benchmark"
    )
    arguments = parser.parse_args()
    if unknown := set(arguments.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    size = 1000 if arguments.quick else 10_000
    figures: list[Figure] = []
    failed = False
    for part in arguments.parts or PARTS:
        print(f"measuring {part} ...", file=sys.stderr)
        try:
            for figure in _measure(part, size):
                figures.append(figure)
                print(f"  {figure.what}: {figure.measured}", file=sys.stderr)
        # One broken part must not hide the others' figures.
        except Exception as error:  # noqa: BLE001 - the boundary of the benchmark: it is named in the table and in the exit code
            traceback.print_exc()
            figures.append(Figure(part, "no figure", f"{type(error).__name__}: {str(error)[:60]}"))
            failed = True
    print(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} processors")
    print("Medians of alternating runs; the floor and ours in one process, the others as processes timed from within.")
    print(render(figures))
    judged = [figure.kept for figure in figures if figure.kept is not None]
    print(f"{judged.count(True)} of {len(judged)} budgets measured here are kept")
    return int(failed)


def _measure(part: str, size: int) -> Iterator[Figure]:
    if part == "loading":
        yield _loading(size)
        return
    if part == "history":
        from benchmarks import history  # noqa: PLC0415 - imported when measured, as below

        yield from history.figures(size)
        return
    if part == "screen":
        from benchmarks import screen  # noqa: PLC0415 - as above

        yield from screen.figures(size)
        return
    if find_program("opentracker") is None:
        raise RuntimeError("opentracker is not installed (make lab)")
    # Imported when measured: a part that is broken takes no other with it.
    if part == "scraping":
        from benchmarks import scraping  # noqa: PLC0415 - see above

        yield from scraping.figures(size)
    elif part == "reporting":
        from benchmarks import reporting  # noqa: PLC0415 - see above

        yield from reporting.figures(size)
    else:
        from benchmarks import starting  # noqa: PLC0415 - see above

        yield from starting.figures()


def _loading(files: int) -> Figure:
    command = [
        sys.executable,
        "-m",
        "benchmarks.loading",
        "--json",
        "--files",
        str(files),
        "--cache-dir",
        ".benchmarks",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.strip().rpartition("\n")[2] or f"exit code {done.returncode}")
    row = json.loads(done.stdout)
    return Figure(
        row["what"],
        f"{row['ours_s']:.2f} s",
        f"libtorrent {row['libtorrent_s']:.2f} s",
        row["ratio"],
        f"at most {row['budget_ratio']:g}x",
        row["ratio"] <= row["budget_ratio"],
    )


if __name__ == "__main__":
    sys.exit(main())
