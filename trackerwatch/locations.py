"""Where things live on disk: one function a path (XDG on Linux, the system's habits elsewhere)."""

from __future__ import annotations

import contextlib
import os
import platform
import re
import tempfile
import uuid
from pathlib import Path

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def data_folder() -> Path:
    """What must survive: the vantage's id and the history. Not created."""
    from platformdirs import user_data_dir  # noqa: PLC0415 - only where a path is needed

    return Path(user_data_dir("trackerwatch", appauthor=False))


def history_file() -> Path:
    """The store of history, where no other is named. Not created."""
    return data_folder() / "history.db"


def config_file() -> Path:
    """The user's configuration. Not created."""
    from platformdirs import user_config_dir  # noqa: PLC0415 - only where a path is needed

    return Path(user_config_dir("trackerwatch", appauthor=False)) / "config.toml"


def state_folder() -> Path:
    """What may be lost: sorts, columns, the last filter. Not created."""
    from platformdirs import user_state_dir  # noqa: PLC0415 - only where a path is needed

    return Path(user_state_dir("trackerwatch", appauthor=False))


STATE_VARIABLE = "TRACKERWATCH_STATE"


def state_file() -> Path:
    """The orders of the user, and how the screen was left: where the variable says, or in the user's folder. Not created."""
    named = os.environ.get(STATE_VARIABLE)
    return Path(named) if named else state_folder() / "state.json"


def host_name() -> str:
    """The name of this machine, the default name of the vantage."""
    return platform.node() or "localhost"


def vantage_id(folder: Path | None = None) -> str:
    """The UUID of this vantage: made at the first call and kept in a file.

    Args:
        folder: Where the file is; None: the data folder.

    Returns:
        Always one. Where it cannot be kept it is derived from the host name, so it is stable there too.
    """
    path = (data_folder() if folder is None else folder) / "vantage-id"
    if (known := _read_id(path)) is not None:
        return known
    made = str(uuid.uuid4())
    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(prefix=".vantage-id.", dir=path.parent)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(made + "\n")
        if path.exists():
            # It is there and no UUID: damaged.
            Path(temporary).replace(path)
        else:
            # Unlike a rename this does not overwrite what another instance made meanwhile.
            with contextlib.suppress(FileExistsError):
                os.link(temporary, path)
            Path(temporary).unlink()
    except OSError:
        if temporary:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
        return _read_id(path) or str(uuid.uuid5(uuid.NAMESPACE_DNS, host_name()))
    return _read_id(path) or made


def _read_id(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            text = file.read(64).decode("ascii", "replace").strip().lower()
    except OSError:
        return None
    return text if _UUID.fullmatch(text) else None
