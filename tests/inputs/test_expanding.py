from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackerwatch.inputs import Skipped, watchable_folders
from trackerwatch.inputs.expanding import FileInput, Found, MagnetInput, UrlInput, expand

HASH = "f7079c66cca02ab45934b9868572060010dfc97e"
MAGNET = f"magnet:?xt=urn:btih:{HASH}&tr=udp://a.example:1/0123456789abcdef0123456789abcdef"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def one(text: str) -> Found:
    (found,) = expand([text])
    return found


def reason(text: str) -> str:
    found = one(text)
    assert isinstance(found, Skipped)
    return found.message


def test_tells_inputs_apart() -> None:
    Path("a.torrent").touch()
    Path("named oddly").touch()
    Path("sub").mkdir()
    Path("sub/b.torrent").touch()
    inputs = ["a.torrent", "named oddly", "sub", MAGNET, "https://x.example/a.torrent?key=1"]
    assert list(expand(inputs)) == [
        FileInput("a.torrent"),
        FileInput("named oddly"),
        FileInput("sub/b.torrent"),
        MagnetInput(MAGNET),
        UrlInput("https://x.example/a.torrent?key=1"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("none.torrent", "no such file or folder"),
        ("debain.torrent", "no such file or folder; did you mean 'debian.torrent'?"),
        ("*.torrents", "no such file or folder; the pattern matches nothing"),
        (HASH, "no such file or folder; an info hash alone names no tracker, give a magnet link"),
        ("", "an empty input"),
        ("  ", "an empty input"),
        ("empty", "empty folder"),
        ("other", "a folder without .torrent files"),
        ("a\0b", "a path with a zero byte"),
        ("x" * 5000, "file name too long"),
        ("-", "it can be read once, and only where there is one"),
        ("ftp://x.example/a", "bad URL: torrents are fetched over http and https only"),
        ("udp://x.example:1", "a tracker's URL, not a torrent's; `trackerwatch check` asks trackers alone"),
        ("file:///a.torrent", "file URLs are not read; give the path itself"),
        ("http://", "bad URL: no usable host and port"),
        ("http://x.example:99999/", "bad URL: no usable host and port"),
        ("http://[::1", "bad URL: no usable host and port"),
        ("http://x.example/a b", "bad URL: it holds white space or control characters"),
        ("http://x.example/" + "a" * 9000, "bad URL: longer than 8192 characters"),
    ],
)
def test_refusals(text: str, message: str) -> None:
    Path("debian.torrent").touch()
    Path("empty").mkdir()
    Path("other/.hidden").mkdir(parents=True)
    assert reason(text) == message


def test_what_is_shown_holds_no_secrets() -> None:
    shown = [
        found.source if isinstance(found, Skipped) else found.shown
        for found in expand([MAGNET, "http://u:secret@x/?k=secret", "udp://x/?k=secret", "ftp://x/?k=secret"])
    ]
    assert not any("secret" in text or "0123456789abcdef" in text for text in shown)
    assert shown[0] == f"magnet:?xt=urn:btih:{HASH}&tr=…"


def test_a_list() -> None:
    Path("lists").mkdir()
    Path("lists/a.torrent").touch()
    Path("lists/with # sign.torrent").touch()
    Path("lists/sub").mkdir()
    Path("lists/sub/b.torrent").touch()
    Path("lists/other.txt").touch()
    Path("lists/all.TXT").write_text(
        f"\ufeff# a comment\r\n\r\na.torrent  # mine\r  {MAGNET} # a comment\nwith # sign.torrent\nsub\nhttps://x/y # z\nother.txt\n-\ngone.torrent"
    )
    assert list(expand(["lists/all.TXT"])) == [
        FileInput("lists/a.torrent", "lists/all.TXT line 3"),
        MagnetInput(MAGNET, "lists/all.TXT line 4"),
        FileInput("lists/with # sign.torrent", "lists/all.TXT line 5"),
        FileInput("lists/sub/b.torrent", "lists/all.TXT line 6"),
        UrlInput("https://x/y", "lists/all.TXT line 7"),
        Skipped("lists/other.txt (lists/all.TXT line 8)", "a list inside a list is not followed"),
        Skipped("lists/all.TXT line 9", "standard input inside a list is not read"),
        Skipped("lists/gone.torrent (lists/all.TXT line 10)", "no such file or folder"),
    ]


def test_home_in_lists(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    Path("a.torrent").touch()
    Path("list.txt").write_text("~/a.torrent")
    assert one("list.txt") == FileInput(str(tmp_path / "a.torrent"), "list.txt line 1")


def test_lists_in_the_encoding_of_windows() -> None:
    Path("list.txt").write_bytes(f"{MAGNET}\r\n".encode("utf-16"))
    assert one("list.txt") == MagnetInput(MAGNET, "list.txt line 1")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "a list without inputs"),
        (b"# only\n\n", "a list without inputs"),
        (b"abc\0def", "not a text file with an input on each line"),
        (bytes((16 << 20) + 1), "larger than 16 MiB"),
    ],
)
def test_bad_lists(data: bytes, message: str) -> None:
    Path("list.txt").write_bytes(data)
    assert reason("list.txt") == message
    assert [found.message for found in expand(["-"], stdin=io.BytesIO(data)) if isinstance(found, Skipped)] == [message]


def test_a_list_of_too_many_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trackerwatch.inputs.expanding.MAX_LIST_LINES", 3)
    Path("list.txt").write_text("http://a/\n" * 5)
    found = list(expand(["list.txt"]))
    assert len(found) == 4
    assert found[-1] == Skipped("list.txt", "longer than 3 lines; the rest is ignored")


def test_standard_input_is_read_once() -> None:
    Path("a.torrent").touch()
    found = list(expand(["-", "-"], stdin=io.BytesIO(b"a.torrent\n")))
    assert found[0] == FileInput("a.torrent", "standard input line 1")
    assert isinstance(found[1], Skipped)
    assert len(found) == 2


def test_folders_to_watch() -> None:
    Path("sub").mkdir()
    Path("a.torrent").touch()
    assert watchable_folders(["sub", "a.torrent", "-", MAGNET, "http://x/", "none", "a\0b", "."]) == ["sub", "."]


@given(
    st.lists(st.text(max_size=30) | st.sampled_from(["-", "http://", "magnet:", "x://y"]), max_size=3),
    st.binary(max_size=100),
)
def test_any_words_are_inputs_or_reasons(inputs: list[str], stdin: bytes) -> None:
    inputs = [text for text in inputs if "/" not in text or "://" in text]
    for found in expand(
        [text for text in inputs if text.strip(".")], stdin=io.BytesIO(stdin.replace(b"/", b"").replace(b".", b""))
    ):
        shown = found.source if isinstance(found, Skipped) else found.shown
        assert shown == "" or shown.isprintable()
        assert not isinstance(found, Skipped) or found.message.isprintable()


def test_a_url_that_lost_its_beginning_shows_no_key():
    (found,) = expand(["tracker.example.org/0123456789abcdef0123456789abcdef/announce"])
    assert isinstance(found, Skipped)
    assert found.source == "tracker.example.org/…/announce"
