"""What the screen shows, in which order and in which groups. Knows no widget."""
