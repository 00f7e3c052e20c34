from __future__ import annotations

import io

from trackerwatch.cli.narration import Narrator


def test_what_is_said_is_no_command_for_a_ci_runner():
    stream = io.StringIO()
    Narrator(stream).say("skipped ##[error]x.torrent: empty file")
    assert stream.getvalue() == "trackerwatch: skipped # [error]x.torrent: empty file\n"
