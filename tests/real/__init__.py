"""Tests against trackers and clients that nobody here wrote."""
