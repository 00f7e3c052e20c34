"""Addresses, ports and folders that belong to one run of the lab alone."""

from __future__ import annotations

import atexit
import os
import shutil
import socket
import tempfile
from contextlib import ExitStack
from itertools import count
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
"""The project's folder."""

NPM = Path(os.environ.get("TRACKERWATCH_LAB_NPM", ROOT / ".lab" / "npm"))
"""Where `.ci/install-lab` puts the npm tracker."""

HTML_CHECKER = Path(os.environ.get("TRACKERWATCH_LAB_HTML", ROOT / ".lab" / "html")) / "node_modules" / "html-validate"
"""Where `.ci/install-lab` puts the HTML checker."""

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
"""What a Chromium may be called."""

_second, _third = 64 + os.getpid() % 128, os.getpid() // 128 % 250
_fourth = count(1)


def own_address() -> str:
    """Give an address in 127.0.0.0/8 that no other tracker or client of this run has."""
    return f"127.{_second}.{_third}.{next(_fourth)}"


def free_port(*addresses: str) -> int:
    """Find a port that is free for TCP and UDP on each of these addresses."""
    for _ in range(50):
        with ExitStack() as stack:
            port = 0
            try:
                for address in addresses:
                    family = socket.AF_INET6 if ":" in address else socket.AF_INET
                    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                        bound = stack.enter_context(socket.socket(family, kind))
                        bound.bind((address, port))
                        port = int(bound.getsockname()[1])
            except OSError:
                continue
            return port
    raise RuntimeError(f"no port is free for both TCP and UDP on {' and '.join(addresses)}")


def readable_folder(name: str) -> Path:
    """Make a temporary folder that a tracker which gave up its rights can still read; it is gone when the run ends."""
    folder = Path(tempfile.mkdtemp(prefix=f"trackerwatch-{name}-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o755)
    return folder


def find_program(name: str) -> str | None:
    """Path of a program, also where only root's PATH has it. None: not installed."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/sbin")
