"""What a run says to whoever started it."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of every command. Contract: 0 to 3 are the Nagios plugin codes, so a usage error is 3, never 2."""

    OK = 0
    """All well; of the live screen: it was left."""
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3
    """Unknown, or it could not run: bad usage, bad config, no usable input, nothing matches, output that cannot be written."""
    INTERRUPTED = 130
    """Ctrl-C."""
