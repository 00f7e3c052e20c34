"""What is between the screen and the terminal: frames, glyphs, colours, the clipboard."""
