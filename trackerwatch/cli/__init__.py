"""The command line: parses arguments, wires a prober into an engine and hands the result to a face."""
