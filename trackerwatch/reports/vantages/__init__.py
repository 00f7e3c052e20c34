"""Reports read back, and those of several vantages put together."""
