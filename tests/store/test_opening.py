import os
import stat

import pytest

from trackerwatch.store.opening import look, open_reader, open_writer
from trackerwatch.store.schema import STEPS
from trackerwatch.store.troubles import StoreRefusedError, explain


def test_what_is_made_is_for_its_owner_alone(tmp_path):
    path = tmp_path / "deep" / "down" / "history.db"
    before = os.umask(0)
    try:
        connection = open_writer(path)
        connection.execute("INSERT INTO word (text) VALUES ('x')")
        modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in path.parent.iterdir()}
        connection.close()
    finally:
        os.umask(before)
    assert modes == {"history.db": 0o600, "history.db-wal": 0o600, "history.db-shm": 0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "content", [b"not a database, but long enough to have a header" * 10, b"SQLite format 3\0", b"x"]
)
def test_garbage_is_refused_and_left_as_it_is(tmp_path, content):
    path = tmp_path / "history.db"
    path.write_bytes(content)
    for opener in (open_writer, open_reader):
        with pytest.raises(StoreRefusedError, match="not touched"):
            opener(path)
    assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


def test_an_empty_file_becomes_a_store(tmp_path):
    path = tmp_path / "history.db"
    path.touch()
    assert look(path, newest=len(STEPS)) is False
    open_writer(path).close()
    assert look(path, newest=len(STEPS)) is True


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda p: p.mkdir(), "it is a folder"),
        (lambda p: p.parent.joinpath("file").touch(), "a part of the path is a file"),
    ],
)
def test_a_path_that_cannot_be_is_explained(tmp_path, make, words):
    path = tmp_path / "file" / "history.db" if "part" in words else tmp_path / "history.db"
    if "part" in words:
        (tmp_path / "file").touch()
    else:
        make(path)
    with pytest.raises(OSError) as error:
        open_writer(path)
    assert explain(error.value, path).message == f"history {path}: {words}"


def test_a_device_is_no_store():
    with pytest.raises(StoreRefusedError, match="not a regular file"):
        look(__import__("pathlib").Path("/dev/null"), newest=1)


def test_a_reader_of_a_missing_file_makes_none(tmp_path):
    with pytest.raises(FileNotFoundError):
        open_reader(tmp_path / "history.db")
    assert list(tmp_path.iterdir()) == []


def test_a_reader_cannot_write(tmp_path):
    path = tmp_path / "history.db"
    open_writer(path).close()
    reader = open_reader(path)
    with pytest.raises(Exception, match="readonly"):
        reader.execute("INSERT INTO word (text) VALUES ('x')")
    reader.close()


def test_control_characters_of_a_path_stay_out_of_the_message(tmp_path):
    path = tmp_path / "a\x1b[31mb"
    path.mkdir()
    with pytest.raises(OSError) as error:
        open_writer(path)
    assert "\x1b" not in explain(error.value, path).message
