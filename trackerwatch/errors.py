"""What can go wrong that is not a tracker's doing.

A misbehaving tracker is data (`trackerwatch.outcome.Failure`), never an exception that leaves `probe/`. What is left:

    TrackerwatchError
    ├── UsageError            a flag, filter or combination of them that cannot work          exit 3
    ├── ConfigError           a config or policy file with a mistake in it                    exit 3
    ├── InputError            one torrent, magnet, list or URL that cannot be used: the rest runs
    │   ├── MetainfoError     bytes that are not a torrent
    │   ├── MagnetError       text that is not a magnet link
    │   ├── TrackerUrlError   an announce URL that names no tracker we can ask
    │   └── ReportError       a file that is no report, where one is asked for
    └── ProtocolError         bytes from a tracker that are no answer: `probe/` makes a Failure of it

Every message is one line that names the thing, what is wrong, and where it helps what would be right; it is clean text
(no control characters, no secrets).
"""


class TrackerwatchError(Exception):
    """Base of every error this package raises on purpose."""


class UsageError(TrackerwatchError):
    """The command line asks for something that cannot be done."""


class ConfigError(TrackerwatchError):
    """A config or policy file cannot be used."""


class InputError(TrackerwatchError):
    """One input cannot be used. The message is the reason alone; the caller knows the source."""


class MetainfoError(InputError):
    """Bytes that are not a usable .torrent file (BEP 3, BEP 52)."""


class MagnetError(InputError):
    """Text that is not a usable magnet link (BEP 9)."""


class TrackerUrlError(InputError):
    """An announce URL that names no tracker that can be asked."""


class ReportError(InputError):
    """A document that is no report of ours (`trackerwatch.report/1`), or holds what no report holds.

    Its text names the source and the place; `reason` is the same without the source.
    """

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(f"{source}: {reason}")
        self.source = source
        self.reason = reason


class ProtocolError(TrackerwatchError):
    """Bytes from a tracker that break the protocol they claim to speak."""
