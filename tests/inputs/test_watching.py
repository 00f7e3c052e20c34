from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from trackerwatch.inputs import Changes, DirectoryWatch

if TYPE_CHECKING:
    from pathlib import Path


def path_of(folder: Path, name: str) -> str:
    return str(folder / name)


def test_what_is_there_is_known(tmp_path: Path) -> None:
    (tmp_path / "a.torrent").touch()
    watch = DirectoryWatch([str(tmp_path), str(tmp_path)])
    assert watch.folders == (str(tmp_path),)
    assert watch.poll() == Changes()
    assert not watch.poll()


def test_a_new_file_is_told_once_it_has_settled(tmp_path: Path) -> None:
    watch = DirectoryWatch([str(tmp_path)])
    path = tmp_path / "sub" / "a.torrent"
    path.parent.mkdir()
    path.write_bytes(b"half")
    (tmp_path / "note.txt").touch()
    assert watch.poll() == Changes()
    path.write_bytes(b"half and half")
    assert watch.poll() == Changes()
    assert watch.poll() == Changes(added=(str(path),))
    assert watch.poll() == Changes()


def test_a_changed_file_is_told_again(tmp_path: Path) -> None:
    path = tmp_path / "a.torrent"
    path.write_bytes(b"one")
    watch = DirectoryWatch([str(tmp_path)], look_every=1)
    os.utime(path, ns=(1, 1))
    assert watch.poll() == Changes()
    assert watch.poll() == Changes(added=(str(path),))
    other = tmp_path / "other"
    other.write_bytes(b"one")
    os.utime(other, ns=(1, 1))
    other.replace(path)
    assert watch.poll() == Changes()
    assert watch.poll() == Changes(added=(str(path),))


def test_a_file_written_in_its_place_is_found_by_the_next_close_look(tmp_path: Path) -> None:
    path = tmp_path / "a.torrent"
    path.write_bytes(b"one")
    os.utime(tmp_path, ns=(1, 1))
    watch = DirectoryWatch([str(tmp_path)], look_every=4)
    path.write_bytes(b"another")
    polls = [watch.poll() for _ in range(5)]
    assert polls == [Changes()] * 4 + [Changes(added=(str(path),))]


def test_polls_between_close_looks_read_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/a.torrent").touch()
    for folder in (tmp_path, tmp_path / "sub"):
        os.utime(folder, ns=(1, 1))
    watch = DirectoryWatch([str(tmp_path)])
    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", None)
        assert watch.poll() == Changes()
    os.utime(tmp_path / "sub/a.torrent", ns=(1, 1))
    (tmp_path / "sub/b.torrent").touch()
    os.utime(tmp_path / "sub", ns=(2, 2))
    assert watch.poll() == Changes()
    assert watch.poll() == Changes(added=(path_of(tmp_path, "sub/a.torrent"), path_of(tmp_path, "sub/b.torrent")))


def test_removed_at_once(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("a.torrent", "sub/b.torrent"):
        (tmp_path / name).touch()
    watch = DirectoryWatch([str(tmp_path)])
    (tmp_path / "a.torrent").unlink()
    changes = watch.poll()
    assert changes == Changes(removed=(path_of(tmp_path, "a.torrent"),))
    assert changes
    (tmp_path / "sub/b.torrent").unlink()
    (tmp_path / "sub").rmdir()
    tmp_path.rmdir()
    assert watch.poll() == Changes(removed=(path_of(tmp_path, "sub/b.torrent"),))


def test_a_new_file_that_goes_again_is_never_told(tmp_path: Path) -> None:
    watch = DirectoryWatch([str(tmp_path)])
    (tmp_path / "a.torrent").touch()
    assert watch.poll() == Changes()
    (tmp_path / "a.torrent").unlink()
    assert watch.poll() == Changes()


@pytest.mark.parametrize("function", ["scandir", "stat"])
def test_what_cannot_be_read_is_not_gone(tmp_path: Path, function: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "drive").mkdir()
    path = tmp_path / "drive" / "a.torrent"
    path.touch()
    watch = DirectoryWatch([str(tmp_path)])
    real = getattr(os, function)

    def refuse(path: str, **options: object) -> object:
        if "drive" in str(path):
            raise OSError(116, "Stale file handle")
        return real(path, **options)

    with monkeypatch.context() as patch:
        patch.setattr(os, function, refuse)
        assert watch.poll() == Changes()
    assert watch.poll() == Changes()
    path.unlink()
    assert watch.poll() == Changes(removed=(str(path),))
