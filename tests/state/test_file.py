"""The file itself: several programs at once, damage, and folders that cannot be written."""

import fcntl
import json
import os
import subprocess
import sys
from functools import partial

import pytest

from trackerwatch.state import StateFile
from trackerwatch.state import file as state_file_module
from trackerwatch.state.file import MAX_BYTES, SCHEMA
from trackerwatch.state.locking import locked

WRITER = """
import sys
from pathlib import Path
from trackerwatch.orders import TrackerOrder
from trackerwatch.state import StateFile
path, who = Path(sys.argv[1]), sys.argv[2]
for n in range(25):
    said = StateFile(path).orders.keep({f"{who}{n}.example": TrackerOrder(muted=True)}, what="x")
    assert not said, said
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state.json"


def put(file, **more):
    return file.change(lambda sections: sections.update(more))


def test_it_is_made_with_its_folder_for_its_owner_alone(tmp_path):
    path = tmp_path / "a" / "b" / "state.json"
    file = StateFile(path)
    assert (file.read(), file.trouble, file.stamp()) == ({}, "", None)
    assert not path.parent.exists(), "reading makes nothing"
    assert put(file, x=1) == (True, "")
    assert json.loads(path.read_text()) == {"schema": SCHEMA, "x": 1}
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0
    assert sorted(p.name for p in path.parent.iterdir()) == ["state.json", "state.json.lock"]


def test_what_does_not_change_is_not_written(path):
    file = StateFile(path)
    put(file, x=1)
    stamp = file.stamp()
    assert put(file, x=1) == (True, "")
    assert file.stamp() == stamp
    put(file, x=2)
    assert file.stamp() != stamp


def test_two_programs_at_once_lose_nothing(path):
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(path), who]) for who in "ab"]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    expected = {f"{who}{n}.example" for who in "ab" for n in range(25)}
    assert StateFile(path).orders.load().keys() == expected


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b"null",
        b'{"schema": 7}',
        b'{"x": 1}',
        b'{"schema": "trackerwatch.state/1", "x": NaN}',
        b'{"schema": "trackerwatch.state/1", "x": -1e999}',
        b"[" * 100_000,
        b'{"schema": "trackerwatch.state/1", "x": ' + b"9" * 10_000 + b"}",
        b" " * (MAX_BYTES + 1),
    ],
)
def test_a_damaged_file_is_set_aside_with_one_line(path, content):
    path.write_bytes(content)
    file = StateFile(path)
    assert file.read() == {}
    assert "was damaged" in file.trouble
    assert file.trouble.isprintable()
    assert path.with_name("state.json.damaged").read_bytes() == content
    assert not path.exists()
    assert (file.read(), file.trouble) == ({}, "")
    path.write_bytes(content)
    kept, said = put(file, x=1)
    assert kept
    assert "was damaged" in said
    assert file.read() == {"schema": SCHEMA, "x": 1}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, ""),
        (b'{"schema": "trackerwatch.state/1"}', ""),
        (b'{"schema": "trackerwatch.state/2"}', "of another version"),
        (b"", "damaged (no JSON)"),
        (b"[1]", "damaged (no JSON object)"),
        (b"{}", "damaged (its schema"),
    ],
)
def test_it_is_examined_and_left_alone(path, content, told):
    if content is not None:
        path.write_bytes(content)
    said = StateFile(path).examine()
    assert told in said
    assert bool(said) == bool(told)
    assert [child.name for child in path.parent.iterdir()] == ([] if content is None else [path.name])


def test_a_file_of_a_later_version_stays_as_it_is(path):
    path.write_text('{"schema": "trackerwatch.state/2", "new": true}')
    file = StateFile(path)
    assert file.read() == {}
    assert "another version" in file.trouble
    kept, said = put(file, x=1)
    assert not kept
    assert "another version" in said
    assert "new" in path.read_text()


def test_sections_that_are_not_ours_stay(path):
    path.write_text(json.dumps({"schema": SCHEMA, "later": [1]}))
    StateFile(path).layout.save({"sort": "name"})
    assert StateFile(path).read()["later"] == [1]


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_file_is_one_line_and_holds_nobody_up(path, make):
    make(path)
    file = StateFile(path)
    assert file.read() == {}
    assert "cannot be read" in file.trouble
    kept, said = put(file, x=1)
    assert not kept
    assert said.startswith("not kept in")


def test_where_there_are_no_locks_it_is_written_all_the_same(path, monkeypatch):
    def no_locks(*_):
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    assert put(StateFile(path), x=1) == (True, "")


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    file = StateFile(tmp_path / "file" / "state.json")
    assert file.read() == {}
    assert "cannot be read" in file.trouble
    kept, said = put(file, x=1)
    assert not kept
    assert said.startswith("not kept in")
    assert "\n" not in said


def test_what_would_be_too_large_is_not_written(path):
    file = StateFile(path)
    put(file, x=1)
    kept, said = put(file, x="y" * MAX_BYTES)
    assert not kept
    assert "larger than 1024 KiB" in said
    assert file.read()["x"] == 1
    assert sorted(p.name for p in path.parent.iterdir()) == ["state.json", "state.json.lock"]


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    link = tmp_path / "state.json"
    link.symlink_to(tmp_path / "real" / "there.json")
    put(StateFile(link), x=1)
    assert link.is_symlink()
    assert json.loads((tmp_path / "real" / "there.json").read_text())["x"] == 1


def test_nobody_waits_for_ever_for_a_lock(path, monkeypatch):
    monkeypatch.setattr(state_file_module, "locked", partial(locked, wait_s=0.0))
    lock = path.with_name("state.json.lock")
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        with pytest.raises(TimeoutError, match="another program holds"), locked(lock, wait_s=0.0):
            raise AssertionError
        kept, said = put(StateFile(path), x=1)
        assert not kept
        assert "another program holds state.json.lock" in said
    finally:
        os.close(descriptor)
    assert put(StateFile(path), x=1) == (True, "")


def test_the_place_is_named_by_a_variable(tmp_path, monkeypatch):
    monkeypatch.setenv("TRACKERWATCH_STATE", str(tmp_path / "mine.json"))
    assert StateFile().path == tmp_path / "mine.json"
    monkeypatch.delenv("TRACKERWATCH_STATE")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert StateFile().path.name == "state.json"
