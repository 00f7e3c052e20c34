"""What the user orders of single trackers by hand: muted, switched off, another interval. Pure.

Orders go before the config, outlive the run in the state file, and can be undone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class TrackerOrder:
    """By hand, for one tracker or for all of a host. None: as the config says."""

    muted: bool | None = None
    """False takes back what the config mutes."""
    muted_until: float | None = None
    """Unix time. None: until it is taken back, where `muted`."""
    mute_why: str = ""
    disabled: bool | None = None
    """Nothing is sent to it; it counts for nothing."""
    disable_why: str = ""
    interval_s: float | None = None
    """Between two full scrapes."""
    given_at: float = 0.0
    """Unix time of the latest change."""

    @property
    def is_empty(self) -> bool:
        """Whether it orders nothing any more."""
        return self.muted is None and self.disabled is None and self.interval_s is None


NOTHING_ORDERED = TrackerOrder()

Orders: TypeAlias = "Mapping[str, TrackerOrder]"
"""By tracker id (`Tracker.id`), `host:port` or host, spelled as `config.places.host_maybe_port` does; the more exact goes
before, each attribute for itself."""
