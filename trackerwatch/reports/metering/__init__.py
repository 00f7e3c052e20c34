"""Metrics made of views, and their text."""
