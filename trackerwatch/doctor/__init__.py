"""What of this machine keeps trackers from being watched well: facts in, findings out. Pure; `cli` gathers the facts."""
