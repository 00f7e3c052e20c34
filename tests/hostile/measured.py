"""Runs `python -m trackerwatch` in this process and writes down, last of all, how much memory it took at most.

    python measured.py FILE ARGUMENT...

`VmHWM` and not `ru_maxrss`: the latter begins at what the parent had when it forked.
"""

import atexit
import re
import runpy
import sys
from pathlib import Path


def _write_down(file):
    status = Path("/proc/self/status")
    if status.exists():
        file.write_text(re.search(r"VmHWM:\s+(\d+) kB", status.read_text())[1])


if __name__ == "__main__":
    # The current folder is what `python -m` puts first.
    sys.path[0] = ""
    atexit.register(_write_down, Path(sys.argv[1]))
    sys.argv[0:2] = ["trackerwatch"]
    runpy.run_module("trackerwatch", run_name="__main__", alter_sys=True)
