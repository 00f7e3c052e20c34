"""What is remembered across runs: SQLite, one writer thread, readers beside it."""

from trackerwatch.store.store import Store, StoreFigures

__all__ = ["Store", "StoreFigures"]
