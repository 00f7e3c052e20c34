from __future__ import annotations

import sqlite3

from trackerwatch.store.examining import examine
from trackerwatch.store.opening import open_writer


def test_a_store_that_could_be_written_is_left_as_it_was(tmp_path):
    path = tmp_path / "history.db"
    assert examine(path) == ""
    assert not path.exists()
    open_writer(path).close()
    before = path.read_bytes()
    assert examine(path) == ""
    assert path.read_bytes() == before


def test_another_program_that_writes_is_no_trouble(tmp_path):
    path = tmp_path / "history.db"
    writer = open_writer(path)
    writer.execute("BEGIN IMMEDIATE")
    try:
        assert examine(path) == ""
    finally:
        writer.close()


def test_what_is_no_store_is_told(tmp_path):
    path = tmp_path / "history.db"
    path.write_bytes(b"something else" * 99)
    assert "damaged or no history" in examine(path)
    path.unlink()
    path.mkdir()
    assert "it is a folder" in examine(path)
    other = tmp_path / "other.db"
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE things (x)")
    connection.execute("PRAGMA application_id = 77")
    connection.close()
    assert examine(other) != ""
