"""What is remembered across runs: SQLite, one writer thread, readers beside it."""

from trackerwatch.store.past import Past
from trackerwatch.store.store import Store, StoreFigures

__all__ = ["Past", "Store", "StoreFigures"]
