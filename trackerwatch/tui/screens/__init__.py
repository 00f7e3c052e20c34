"""Screens arrange widgets and route keys."""
