"""The engine: one schedule, immutable snapshots, no face. It is given a prober and imports none."""
