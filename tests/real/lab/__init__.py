"""Real trackers and BitTorrent clients on loopback, and the truth about them.

The truth is what was started, never what a tracker answered; the trackers' own memory is read by hand-written bytes (`wire`),
so that no codec under test judges itself.
"""
