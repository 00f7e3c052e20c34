"""Local trackers that fail on schedule, and the sample torrents that name them."""
