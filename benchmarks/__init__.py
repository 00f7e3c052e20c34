"""The budgets, measured against real peers: `python -m benchmarks`."""
