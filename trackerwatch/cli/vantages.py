"""`report --from FILE ...`: reports of several vantages put together; nobody is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import Namespace


def report_on_vantages(arguments: Namespace) -> int:
    """Make one report of several, and give its exit code."""
    raise NotImplementedError
