"""Reports of several vantages put together."""
