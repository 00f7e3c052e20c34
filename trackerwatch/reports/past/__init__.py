"""What `trackerwatch history` tells, in its formats."""
