"""Files, folders, magnets, lists and URLs to torrents. Opens no sockets: what fetches URLs is handed in."""

from trackerwatch.inputs.expanding import watchable_folders
from trackerwatch.inputs.loading import Batch, Loaded, Loader, Progress, batches_off_loop, load_file, load_inputs
from trackerwatch.inputs.skipped import Skipped, fold_skipped
from trackerwatch.inputs.watching import Changes, DirectoryWatch

__all__ = [
    "Batch",
    "Changes",
    "DirectoryWatch",
    "Loaded",
    "Loader",
    "Progress",
    "Skipped",
    "batches_off_loop",
    "fold_skipped",
    "load_file",
    "load_inputs",
    "watchable_folders",
]
