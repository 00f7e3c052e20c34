"""Copies: what there is, where they go, and that a paste never runs anything."""

import base64
import re
from dataclasses import replace

import pytest

from tests.tui.feeds import NOW, rich_snapshot, snapshot, torrent, torrent_view, tracker
from tests.tui.screens import show
from trackerwatch.policy.rules import Verdict
from trackerwatch.tui.lines.copies import copies, magnet, one_line
from trackerwatch.tui.lines.subject import TorrentSubject, TrackerSubject
from trackerwatch.tui.preferences import Preferences
from trackerwatch.tui.terminal.clipboard import MAX_BYTES, Clipboard, Way, through_screen, way

KEY = "0123456789abcdef0123456789abcdef"
PRIVATE = f"https://private.example/{KEY}/announce"
PUBLIC = "udp://a.example:6969/announce"


def of_torrent(name="linux", tiers=((PUBLIC,), (PRIVATE,)), *, reveal=False) -> dict[str, str]:
    view = torrent_view(0, torrent(name, tiers), Verdict.WARNING)
    return {copy.what: copy.text for copy in copies(TorrentSubject(view, (), ()), reveal=reveal)}


def of_tracker(url: str, *, reveal: bool) -> dict[str, str]:
    return {copy.what: copy.text for copy in copies(TrackerSubject(tracker(0, url)), reveal=reveal)}


def test_of_a_tracker():
    found = of_tracker(PUBLIC, reveal=False)
    assert next(iter(found)) == "URL"
    assert found["URL"] == PUBLIC
    assert found["host and port"] == "a.example:6969"
    assert found["name"] == "a.example"
    assert found["row"].startswith("state UP; tracker a.example:6969; url udp://a.example:6969/announce; torrents 0; ")


def test_keys_are_left_out_unless_they_are_to_be_revealed():
    assert not [text for text in of_tracker(PRIVATE, reveal=False).values() if KEY in text]
    assert of_tracker(PRIVATE, reveal=True)["URL"] == PRIVATE
    assert not [text for text in of_torrent().values() if KEY in text]
    assert KEY in of_torrent(reveal=True)["magnet link"]
    # A row is for others to read.
    assert KEY not in of_torrent(reveal=True)["row"]


def test_a_magnet_link_has_every_tracker_that_can_be_told():
    one = torrent("a b&c", ((PUBLIC,), (PRIVATE,)))
    link = f"magnet:?xt=urn:btih:{one.info_hash_hex}&dn=a%20b%26c&tr=udp%3A%2F%2Fa.example%3A6969%2Fannounce"
    assert magnet(one, reveal=False) == link
    assert magnet(one, reveal=True).startswith(f"{link}&tr=https%3A%2F%2Fprivate.example")


def test_a_magnet_link_of_both_versions():
    one = torrent("x", ())
    hybrid = replace(one, info_hash_v2=bytes(range(32)))
    assert magnet(hybrid, reveal=False) == (
        f"magnet:?xt=urn:btih:{one.info_hash_hex}&xt=urn:btmh:1220{bytes(range(32)).hex()}&dn=x"
    )
    alone = replace(hybrid, info_hash=bytes(range(20)))
    assert magnet(alone, reveal=False) == f"magnet:?xt=urn:btmh:1220{bytes(range(32)).hex()}&dn=x"
    nameless = replace(one, name=one.info_hash_hex)
    assert magnet(nameless, reveal=False) == f"magnet:?xt=urn:btih:{one.info_hash_hex}"


@pytest.mark.parametrize("name", ["rm -rf ~\n", "a\x1b[201~\rid\n", "x\u202etxt\u2028y", "\x00\x07", "tab\there"])
def test_a_paste_runs_nothing(name):
    assert one_line(name).isprintable()
    for text in of_torrent(name).values():
        assert text.isprintable()
        assert text == text.strip()


@pytest.mark.parametrize(
    ("environment", "how"),
    [
        ({"TERM": "xterm-256color"}, Way.TERMINAL),
        ({"TERM": "tmux-256color"}, Way.TERMINAL),
        ({"TERM": "tmux-256color", "TMUX": "/tmp/x,1,0"}, Way.TMUX),
        ({"TERM": "screen", "STY": "1.x"}, Way.SCREEN),
        ({"TERM": "linux"}, Way.FILE),
        ({"TERM": "dumb"}, Way.FILE),
        ({}, Way.FILE),
    ],
)
def test_the_way_to_a_clipboard(environment, how):
    assert way(environment) is how


def test_screen_hands_on_small_pieces_that_are_whole_together():
    text = "é" * 400
    sent = through_screen(text)
    parts = re.findall(r"\x1bP(.*?)\x1b\\", sent, re.DOTALL)
    assert max(map(len, parts)) < 256
    assert "".join(f"\x1bP{part}\x1b\\" for part in parts) == sent
    whole = "".join(parts)
    assert whole.startswith("\x1b]52;c;")
    assert base64.b64decode(whole.removeprefix("\x1b]52;c;").removesuffix("\a")).decode() == text


class Terminal:
    def __init__(self, folder) -> None:
        self.copied, self.written = [], []
        self.clipboard = Clipboard(self.copied.append, self.written.append, folder)


async def test_a_terminal_gets_it(tmp_path):
    terminal = Terminal(tmp_path)
    assert await terminal.clipboard.put("x") == "the terminal's clipboard (OSC 52)"
    assert (terminal.copied, terminal.written) == (["x"], [])


async def test_a_far_tmux_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("TERM", "tmux-256color")
    assert "set-clipboard" in await Terminal(tmp_path).clipboard.put("x")


@pytest.mark.parametrize(("term", "text"), [("linux", "x"), ("xterm", "é" * MAX_BYTES)])
async def test_else_it_is_in_a_file(tmp_path, monkeypatch, term, text):
    monkeypatch.setenv("TERM", term)
    terminal = Terminal(tmp_path)
    told = await terminal.clipboard.put(text)
    assert told.startswith(f"{tmp_path}/trackerwatch-copy.txt (")
    assert (tmp_path / "trackerwatch-copy.txt").read_text() == text + "\n"
    assert terminal.copied == []


async def test_a_file_that_cannot_be_written_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("TERM", "linux")
    told = await Terminal(tmp_path / "gone").clipboard.put("x")
    assert told == f"nowhere: {tmp_path}/gone: No such file or directory (this terminal has no clipboard)"


def fake_tmux(tmp_path, monkeypatch, script: str) -> None:
    program = tmp_path / "bin" / "tmux"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    monkeypatch.setenv("TMUX", "/tmp/nowhere,1,0")


WRITES = 'case "$*" in "load-buffer -w -") cat > "$0.got";; *) echo external;; esac'


@pytest.mark.parametrize(
    ("script", "told", "copied"),
    [
        (WRITES, "tmux's buffer, and through it to the terminal's clipboard (OSC 52)", []),
        (WRITES.replace("external", "off"), "tmux's buffer alone: its set-clipboard is off", []),
        # Before tmux 3.2 there is no -w.
        (WRITES.replace(" -w -", " -"), "tmux's buffer", []),
        ("exit 1", "the terminal's clipboard through tmux (OSC 52), where its set-clipboard is on", ["a 'b' \"c\""]),
    ],
)
async def test_tmux_is_asked_itself(tmp_path, monkeypatch, script, told, copied):
    # Others answer what is no load-buffer with an error.
    if told == "tmux's buffer":
        script = script.replace("*) echo external", "*) exit 1")
    fake_tmux(tmp_path, monkeypatch, script)
    terminal = Terminal(tmp_path)
    assert await terminal.clipboard.put("a 'b' \"c\"") == told
    assert terminal.copied == copied
    if not copied:
        assert (tmp_path / "bin" / "tmux.got").read_text() == "a 'b' \"c\""


async def test_no_tmux_and_a_silent_one(tmp_path, monkeypatch):
    monkeypatch.setenv("TMUX", "/tmp/nowhere,1,0")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "where its set-clipboard is on" in await Terminal(tmp_path).clipboard.put("x")
    monkeypatch.setattr("trackerwatch.tui.terminal.clipboard.TMUX_WITHIN_S", 0.05)
    fake_tmux(tmp_path, monkeypatch, "exec sleep 60")
    assert "where its set-clipboard is on" in await Terminal(tmp_path).clipboard.put("x")


async def test_the_screen_offers_what_there_is_and_says_where_it_went(tmp_path):
    async with show(preferences=Preferences(folder=tmp_path)) as s:
        await s.press("j", "c")
        assert "1 URL" in s.text
        await s.press("2")
        assert s.app.clipboard == "t2.bar.net:443"
        assert "host and port is in the terminal's clipboard (OSC 52): t2.bar.net:443" in s.lines[-1]
        await s.press("y")
        assert s.app.clipboard == "https://t2.bar.net/…/announce"
        await s.press("2", "y")
        assert s.app.clipboard == s.app.picture.torrent(0).torrent.info_hash_hex
        await s.press("c", "2")
        assert s.app.clipboard.startswith("magnet:?xt=urn:btih:")
        await s.press("c", "k", "enter")
        await s.app.workers.wait_for_complete()
        await s.settle()
        assert "all is in" in s.lines[-1]
        text = (tmp_path / "trackerwatch-copy.txt").read_text()
        assert text.startswith("info hash: ")
        assert "\nmagnet link: magnet:?" in text


async def test_reveal_is_for_the_screen_that_was_told_so():
    base = snapshot((tracker(0, PRIVATE),), [torrent_view(0, torrent("x", ((PRIVATE,),)), Verdict.WARNING)])
    async with show(base) as s:
        await s.press("1", "y")
        assert s.app.clipboard.startswith("https://private.example")
        assert KEY not in s.app.clipboard
        await s.press("c")
        assert "--reveal" in s.text
    async with show(base, preferences=Preferences(reveal=True)) as s:
        await s.press("1", "y")
        assert KEY in s.app.clipboard


async def test_nothing_selected_is_nothing_to_copy():
    async with show(snapshot()) as s:
        await s.press("c", "y")
        assert s.lines[-1].strip() == "nothing selected: choose a row in 1 Trackers or 2 Torrents"
        assert s.app.clipboard == ""


def test_the_clock_of_rows_is_utc():
    assert NOW.tzinfo is not None
    row = {copy.what: copy.text for copy in copies(TrackerSubject(rich_snapshot().trackers[0]), reveal=False)}["row"]
    assert re.search(r"since \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", row)
