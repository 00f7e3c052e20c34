"""What a report says to people, in words and in order; formats lay it out."""
