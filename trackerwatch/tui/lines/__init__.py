"""What panes are made of: lines of spans from immutable views. Pure."""
