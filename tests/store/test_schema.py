import sqlite3
import threading

import pytest

from tests.store.making import NOON, VANTAGE, bench, sample
from trackerwatch.store.opening import open_reader, open_writer
from trackerwatch.store.schema import APPLICATION_ID, STEPS, migrate, version
from trackerwatch.store.troubles import StoreRefusedError


def test_a_new_file_has_the_latest_version_and_our_mark(tmp_path):
    path = tmp_path / "history.db"
    open_writer(path).close()
    connection = sqlite3.connect(path)
    assert version(connection) == len(STEPS)
    assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_opening_again_changes_nothing(tmp_path):
    path = tmp_path / "history.db"
    open_writer(path).close()
    before = path.read_bytes()
    open_writer(path).close()
    assert path.read_bytes() == before


def old_file(path):
    """A file as the first version wrote it: its statements, run by nothing of ours."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript(STEPS[0])
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute("PRAGMA user_version = 1")
    connection.execute(
        "INSERT INTO tracker VALUES (7, 'abcdef0123', 'udp://t.example.org:80', 't.example.org:80', 'udp')"
    )
    connection.execute("INSERT INTO transition VALUES (1000, 1, 5, 1, NULL, NULL, NULL, 'kept', 7, NULL, NULL, '')")
    connection.close()


LATER = (*STEPS, "ALTER TABLE tracker ADD COLUMN note TEXT NOT NULL DEFAULT 'none'; CREATE TABLE extra (id INTEGER)")


def test_an_old_file_is_migrated_and_keeps_what_is_in_it(tmp_path):
    path = tmp_path / "history.db"
    old_file(path)
    connection = open_writer(path, LATER)
    assert version(connection) == len(LATER)
    assert connection.execute("SELECT key, note FROM tracker").fetchall() == [("abcdef0123", "none")]
    assert connection.execute("SELECT message FROM transition").fetchall() == [("kept",)]
    assert connection.execute("SELECT count(*) FROM extra").fetchone() == (0,)
    connection.close()


def test_a_file_of_version_one_is_opened_by_this_version(tmp_path):
    path = tmp_path / "history.db"
    old_file(path)
    with bench(path) as store:
        store.write(sample(NOON))
        assert store.value("SELECT count(*) FROM sample") == 1
        assert store.rows("SELECT id, key FROM tracker ORDER BY id")[0] == (7, "abcdef0123")


def test_a_step_that_fails_leaves_the_old_version(tmp_path):
    path = tmp_path / "history.db"
    old_file(path)
    with pytest.raises(sqlite3.OperationalError):
        open_writer(path, (*STEPS, "CREATE TABLE half (id INTEGER); CREATE TABLE tracker (id INTEGER)"))
    connection = sqlite3.connect(path)
    assert version(connection) == 1
    assert connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'half'").fetchone() == (0,)
    connection.close()


def test_two_programs_that_migrate_at_once_do_it_once(tmp_path):
    path = tmp_path / "history.db"
    old_file(path)
    gate = threading.Barrier(4)
    ends = []

    def open_it():
        gate.wait()
        connection = sqlite3.connect(path, isolation_level=None, timeout=10)
        migrate(connection, "here", LATER)
        ends.append(version(connection))
        connection.close()

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ends == [len(LATER)] * 4


@pytest.mark.parametrize("opener", [open_writer, open_reader])
def test_a_newer_file_is_refused_in_one_line_and_left_as_it_is(tmp_path, opener):
    path = tmp_path / "history.db"
    open_writer(path, LATER).close()
    before = path.read_bytes()
    with pytest.raises(StoreRefusedError) as refused:
        opener(path)
    message = refused.value.trouble.message
    assert f"newer trackerwatch (schema {len(LATER)}, this one knows {len(STEPS)})" in message
    assert str(path) in message
    assert "\n" not in message
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["history.db"]


def test_a_newer_version_that_is_still_in_the_log_is_refused_too(tmp_path):
    path = tmp_path / "history.db"
    open_writer(path).close()
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("PRAGMA wal_autocheckpoint = 0")
    holder.execute("PRAGMA user_version = 9")
    assert int.from_bytes(path.read_bytes()[60:64], "big") == len(STEPS)
    with pytest.raises(StoreRefusedError, match="schema 9"):
        open_writer(path)
    holder.close()


@pytest.mark.parametrize("mark", [None, 12345])
def test_another_programs_database_is_refused_and_left_as_it_is(tmp_path, mark):
    path = tmp_path / "history.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE theirs (id INTEGER)")
    if mark is not None:
        connection.execute(f"PRAGMA application_id = {mark}")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreRefusedError, match="another program"):
        open_writer(path)
    assert path.read_bytes() == before


def test_every_fact_has_a_vantage_and_a_sequence_number():
    with bench() as store:
        tables = {row[0] for row in store.rows("SELECT name FROM sqlite_master WHERE type = 'table'")}
        lookups = {"vantage", "word", "tracker", "endpoint", "swarm", "stale_hour", "stale_day", "floor", "chore"}
        for table in tables - lookups:
            names = {row[1] for row in store.rows(f"PRAGMA table_info({table})")}
            assert names >= {"vantage", "seq"}, table
        store.write(sample(NOON), sample(NOON + 1))
        assert store.rows("SELECT uuid, name, seq FROM vantage") == [(VANTAGE, "here", 2)]
