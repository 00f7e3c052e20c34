"""What changed since another report."""
