"""The live panes. They render `engine.views` and compute nothing of their own."""
