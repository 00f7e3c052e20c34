from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from trackerwatch.errors import InputError
from trackerwatch.inputs.files import UnreadableFolder, read_file, shown_path, torrent_paths

is_root = hasattr(os, "geteuid") and os.geteuid() == 0


def refusal(path: Path | str, **limits: int) -> str:
    with pytest.raises(InputError) as caught:
        read_file(str(path), **limits)
    return str(caught.value)


def test_reads_whole_files(tmp_path: Path) -> None:
    path = tmp_path / "a.torrent"
    path.write_bytes(b"x" * 300_000)
    assert read_file(str(path)) == b"x" * 300_000
    path.write_bytes(b"")
    assert read_file(str(path)) == b""


def test_too_large_is_told_without_reading(tmp_path: Path) -> None:
    path = tmp_path / "huge.torrent"
    with path.open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    assert refusal(path) == "larger than 64 MiB"
    path.write_bytes(bytes(1 << 20))
    assert len(read_file(str(path), limit_bytes=1 << 20)) == 1 << 20
    path.write_bytes(bytes((1 << 20) + 1))
    assert refusal(path, limit_bytes=1 << 20) == "larger than 1 MiB"


def test_what_is_no_file_never_hangs(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo.torrent"
    os.mkfifo(fifo)
    assert refusal(fifo) == "not a regular file"
    folder = tmp_path / "folder.torrent"
    folder.mkdir()
    assert refusal(folder) == "a folder, not a file"
    assert refusal("/dev/zero") == "not a regular file"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s.torrent"))
        assert refusal(tmp_path / "s.torrent") == "not a regular file"


def test_unreadable(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none") == "no such file or folder"
    assert refusal("a\0b") == "a path with a zero byte"
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    assert refusal(loop) == "too many levels of symbolic links"
    closed = tmp_path / "closed"
    closed.write_bytes(b"x")
    closed.chmod(0)
    if not is_root:
        assert refusal(closed) == "permission denied"


@pytest.mark.parametrize("size_now", [3, 7])
def test_a_file_that_changes_meanwhile_is_told(tmp_path: Path, size_now: int, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.torrent"
    path.write_bytes(b"12345")
    fstat = os.fstat

    def fstat_then_change(descriptor: int) -> os.stat_result:
        status = fstat(descriptor)
        path.write_bytes(b"x" * size_now)
        return status

    monkeypatch.setattr(os, "fstat", fstat_then_change)
    assert refusal(path) == "it changed while it was read"


def found_in(folder: Path) -> list[str]:
    return [str(Path(found).relative_to(folder)) for found in torrent_paths(str(folder)) if isinstance(found, str)]


def test_finds_torrents_below_in_stable_order(tmp_path: Path) -> None:
    names = [
        "b.torrent",
        "a/z.torrent",
        "a/deep/er/y.TORRENT",
        "c/x.torrent",
        "a.torrent",
        "note.txt",
        "torrent",
        ".hidden.torrent",
        ".git/x.torrent",
        "c/.torrent",
    ]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert found_in(tmp_path) == ["a/deep/er/y.TORRENT", "a/z.torrent", "a.torrent", "b.torrent", "c/x.torrent"]


def test_links_are_followed_once(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real/a.torrent").touch()
    (tmp_path / "real/up").symlink_to(tmp_path)
    (tmp_path / "real/self").symlink_to(tmp_path / "real")
    (tmp_path / "zlink").symlink_to(tmp_path / "real")
    (tmp_path / "round").symlink_to(tmp_path / "round")
    (tmp_path / "b.torrent").symlink_to(tmp_path / "real/a.torrent")
    assert found_in(tmp_path) == ["b.torrent", "real/a.torrent"]


def test_relative_to_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/a.torrent").touch()
    (tmp_path / "b.torrent").touch()
    monkeypatch.chdir(tmp_path)
    assert list(torrent_paths(".")) == ["b.torrent", "sub/a.torrent"]


def test_a_folder_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "closed").mkdir()
    (tmp_path / "open.torrent").touch()
    scandir = os.scandir

    def refuse(path: str) -> object:
        if path.endswith("closed"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    closed = str(tmp_path / "closed")
    assert list(torrent_paths(str(tmp_path))) == [
        UnreadableFolder(closed, "permission denied", is_gone=False),
        str(tmp_path / "open.torrent"),
    ]
    assert list(torrent_paths("/nowhere")) == [UnreadableFolder("/nowhere", "no such file or folder", is_gone=True)]


def test_names_of_any_bytes(tmp_path: Path) -> None:
    name = os.fsencode(str(tmp_path)) + b"/\xff\x1b[31m.torrent"
    Path(os.fsdecode(name)).write_bytes(b"data")
    (path,) = torrent_paths(str(tmp_path))
    assert isinstance(path, str)
    assert read_file(path) == b"data"
    assert shown_path(path).isprintable()
