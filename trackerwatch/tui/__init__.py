"""The live panes. They render `engine.views` and compute nothing of their own."""

import os

# Read once, when Textual is imported. A key that comes just after a frame waits for up to two of these periods.
os.environ.setdefault("TEXTUAL_FPS", "120")
