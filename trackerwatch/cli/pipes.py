"""When the reader of stdout goes away (`| head`)."""

from __future__ import annotations

import os
import sys


def drop_stdout() -> None:
    """Let what is still buffered go nowhere, or the interpreter complains about the broken pipe when it ends."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    except (OSError, ValueError, AttributeError):
        return  # no stdout at all
