"""Settings: declared once in `settings`, read from the command line, the environment and a file by `loading`."""
