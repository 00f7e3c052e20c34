"""Hostile torrents, magnets, lists and folders through the real command line: one clear line each, and the good one still runs."""

import asyncio
import os
import stat

import pytest

from tests.doubles.http import HttpTracker
from tests.hostile.cast import PASSKEY, SHORT_KEY, Everything, on_stage
from tests.hostile.child import run
from tests.metainfo.torrents import V1_INFO, bencode, torrent_of, v1_info

NASTY_NAMES = {
    "escapes": b"\x1b[31m\x1b]0;owned\x07\x1b[2J\x9b2Jname",
    "bidi": "invoice\u202egnp.exe\u2066\u200b\u200f\ufeff".encode(),
    "markup": b"[bold red]x[/bold red][link=http://x]y[/]",
    "lines": b"one\ntwo\r\nthree\0four\x0bfive\xe2\x80\xa8six\xc2\x85",
    "formula": b"=cmd()|'/C calc'!A0",
    "long": b"n" * 10_000_000,
    "marks": ("a" + "\u0301" * 100_000).encode(),
    "latin": bytes(range(128, 256)),
    "surrogates": b"\xed\xa0\x80\xed\xb0\x80",
    "tags": "".join(chr(0xE0000 + ord(c)) for c in "hidden").encode(),
}


@pytest.fixture
def home(tmp_path):
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


async def report(*inputs, home, deadline_s=30, **more):
    return await run(
        *inputs, "--format", "json", "--format", "table", "-o", "out.txt", "--allow-private", "--timeout", 1,
        "--deadline", deadline_s, home=home, **more,
    )  # fmt: skip


def assert_safe(result):
    assert "Traceback" not in result.stderr
    assert not result.unsafe()
    for key in (PASSKEY, SHORT_KEY):
        assert key not in result.everything.lower()


def reasons(result):
    """By the last part of the source."""
    return {one["source"].rpartition("/")[2].partition(" (")[0]: one["message"] for one in result.report["skipped"]}


@pytest.fixture
def good():
    return HttpTracker(Everything((11, 13, 12)), path=f"/{PASSKEY}/announce?key={SHORT_KEY}")


async def test_names_are_shown_as_text(folder, home, good):
    async with on_stage([good]):
        for stem, name in NASTY_NAMES.items():
            info = bencode(v1_info(name=name))
            (folder / f"{stem}.torrent").write_bytes(torrent_of(info, announce=good.tracker.url))
        # Names on disk are as foreign as those inside.
        on_disk = folder / os.fsdecode(b"\x1b[31m\xe2\x80\xae\n[bold red]\xff.torrent")
        on_disk.write_bytes(torrent_of(bencode(v1_info(name="on disk")), announce=good.tracker.url))
        (folder / "\x1b[32mbad\n.torrent").write_bytes(b"no torrent")
        result = await report(folder, home=home)
    assert_safe(result)
    assert result.exit_code == 1
    torrents = result.report["torrents"]
    assert len(torrents) == len(NASTY_NAMES) + 1
    assert {(t["seeders"], t["leechers"], t["completed"]) for t in torrents} == {(11, 12, 13)}
    assert max(len(t["name"]) for t in torrents) <= 300
    assert all(t["name"] for t in torrents)
    assert any(t["name"] == "[bold red]x[/bold red][link=http://x]y[/]" for t in torrents)
    assert max(map(len, result.files["out.txt"].splitlines())) <= 250


async def test_bad_files_are_named_and_the_good_one_runs(folder, home, good):
    def file(name, data):
        (folder / name).write_bytes(data)

    file("deep lists.torrent", b"d4:info" + b"l" * 10_000 + b"e" * 10_000 + b"e")
    file("deep dictionaries.torrent", b"d4:infod4:name1:x9:file tree" + b"d1:a" * 10_000 + b"e" * 10_000 + b"ee")
    file("deep tiers.torrent", b"d13:announce-list" + b"l" * 10_000 + b"e" * 10_000 + b"4:info" + V1_INFO + b"e")
    file("cut.torrent", torrent_of(V1_INFO)[:-20])
    file("page.torrent", b"<!DOCTYPE html><title>\x1b[31mLogin</title>")
    file("empty.torrent", b"")
    file("zeros.torrent", bytes(100_000))
    file("long integer.torrent", b"d4:infod6:lengthi" + b"9" * 500_000 + b"e4:name1:xee")
    file("negative string.torrent", b"d4:info-5:hello")
    file("long string.torrent", b"d4:info99999999999999999999:hello")
    file("decoder hang.torrent", b"d1:ai0e-6:")
    file("no info.torrent", b"d8:announce3:abce")
    file("negative length.torrent", torrent_of(bencode(v1_info(length=-1))))
    file("vast length.torrent", torrent_of(bencode(v1_info(length=2**80))))
    with (folder / "vast.torrent").open("wb") as sparse:
        sparse.truncate(100 << 20)
    with (folder / "endless.torrent").open("wb") as sparse:
        sparse.truncate(1 << 40)
    os.mkfifo(folder / "fifo.torrent")
    os.mknod(folder / "socket.torrent", stat.S_IFSOCK | 0o600)
    (folder / "device.torrent").symlink_to("/dev/zero")
    (folder / "loop.torrent").symlink_to("loop.torrent")
    (folder / "nowhere.torrent").symlink_to("is not there")
    (folder / "sub.torrent").mkdir()
    (folder / "sub.torrent" / "up").symlink_to(folder)
    (folder / "unreadable.torrent").write_bytes(torrent_of(V1_INFO))
    (folder / "unreadable.torrent").chmod(0)
    bad = {path.name for path in folder.iterdir()} - {"sub.torrent"}
    if os.geteuid() == 0:
        bad.remove("unreadable.torrent")
        (folder / "unreadable.torrent").unlink()
    async with on_stage([good]):
        (folder / "good.torrent").write_bytes(torrent_of(bencode(v1_info(name="good")), announce=good.tracker.url))
        result = await report(folder, home=home)
    assert_safe(result)
    assert result.exit_code == 1
    told = reasons(result)
    assert set(told) == bad
    assert all(0 < len(message) < 200 for message in told.values()), told
    assert "Error" not in "".join(told.values())
    assert [torrent["seeders"] for torrent in result.report["torrents"]] == [11]
    assert told["fifo.torrent"] == told["device.torrent"] == "not a regular file"
    assert told["vast.torrent"] == told["endless.torrent"] == "larger than 64 MiB"
    if result.peak_kib is not None:
        assert result.peak_kib < 200 * 1024


async def test_vast_and_odd_announce_urls(folder, home, good):
    async with on_stage([good]):
        url = good.tracker.url
        port = good.endpoint.port
        odd = [
            f"http://user:{SHORT_KEY}@127.0.0.1:{port}/announce",
            f"udp://127.0.0.1:1/{PASSKEY}\x1b[31m",
            f"wss://127.0.0.1/{PASSKEY}",
            f"http://127.0.0.1:99999/{PASSKEY}/announce",
            f"http://{PASSKEY}@/announce",
            f"http://user:{PASSKEY}/{SHORT_KEY}@127.0.0.1/announce",
            f"HTTP:/127.0.0.1/{PASSKEY}",
            f"{PASSKEY}",
            f"javascript:alert('{PASSKEY}')",
            f"http://[::1/{PASSKEY}",
            f"http://127.0.0.1:1/\u202e{PASSKEY}",
            f"http://127.0.0.1:1/announce\r\nX-Smuggled: {PASSKEY}",
            "http://" + "a." * 1_000_000 + "org/" + PASSKEY,
            "http://127.0.0.1:1/" + "a" * 1_000_000 + PASSKEY,
            "http://" + "\u00e4" * 100_000 + "/" + PASSKEY,
        ]
        for number, one in enumerate(odd):
            info = bencode(v1_info(name=f"odd {number}"))
            (folder / f"odd{number}.torrent").write_bytes(torrent_of(info, announce_list=[[one], [url]]))
        result = await report(folder, home=home)
    assert_safe(result)
    torrents = result.report["torrents"]
    assert len(torrents) == len(odd)
    assert {torrent["seeders"] for torrent in torrents} == {11}
    # Nothing but our own headers came out of a line end in a URL.
    assert {name for request in good.requests for name in request.headers} == {
        *("host", "user-agent", "accept-encoding", "connection", "authorization"),
    }


async def test_a_hundred_thousand_trackers(folder, home, good):
    async with on_stage([good]):
        many = [f"http://127.0.0.1:1/{PASSKEY}/{number}/x" for number in range(100_000)]
        bad = [f"ws://127.0.0.1:1/{PASSKEY}/{number}" for number in range(100_000)]
        same = [good.tracker.url] * 100_000
        for name, tiers in (
            ("tiers", [[url] for url in many]),
            ("one tier", [many]),
            ("empty tiers", [[]] * 100_000),
            ("unusable", [[good.tracker.url], *([url] for url in bad)]),
            ("same", [same]),
        ):
            torrent = torrent_of(bencode(v1_info(name=name)), announce=good.tracker.url, announce_list=tiers)
            (folder / f"{name}.torrent").write_bytes(torrent)
        # Those with a thousand usable ones are loaded, and not asked about: that takes a while.
        result = await report(folder, "--filter", "!(name~tier) | name~empty", home=home)
    assert_safe(result)
    assert {torrent["name"]: torrent["seeders"] for torrent in result.report["torrents"]} == {
        "empty tiers": 11,
        "unusable": 11,
        "same": 11,
    }
    assert max(len(torrent["trackers"]) for torrent in result.report["torrents"]) == 1
    assert "announce URLs after the first 1000 are ignored" in result.stderr
    assert len(result.stderr.splitlines()) < 20


async def test_a_folder_of_them_keeps_the_deadline(folder, home):
    # Few bytes, and each result of one of these trackers concerns every one of these torrents.
    for number in range(20):
        urls = [[f"http://127.0.{place % 200}.1:1/{place}"] for place in range(1000)]
        urls[number] = [f"http://127.0.0.1:1/{number}"]
        torrent = torrent_of(bencode(v1_info(name=f"wide {number}")), announce_list=urls)
        (folder / f"{number}.torrent").write_bytes(torrent)
    # Concluding for every torrent after each result would take minutes: patience is what fails then.
    result = await report(folder, home=home, deadline_s=2, patience_s=30)
    assert_safe(result)
    assert result.report["summary"]["torrents"] == 20
    # The promise of --deadline, with room for a busy machine.
    assert result.report["duration_s"] < 12


async def test_magnets_and_lists(folder, home, good):
    async with on_stage([good]):
        url = good.tracker.url.replace(":", "%3A").replace("/", "%2F").replace("?", "%3F").replace("=", "%3D")
        flood = "".join(f"&tr=http%3A%2F%2F127.0.0.1%3A1%2F{PASSKEY}%2F{n}" for n in range(200))
        vast = "".join(f"&tr=udp%3A%2F%2F127.0.0.1%3A1%2F{n}{PASSKEY}" for n in range(10_000))
        lines = [
            f"magnet:?xt=urn:btih:{'1' * 40}&dn=%1b%5b31mred%0a%e2%80%ae&tr={url}",
            f"magnet:?xt=urn:btih:{'2' * 40}&dn=flood&tr={url}{flood}",
            f"magnet:?xt=urn:btih:{'3' * 40}&dn=vast&tr={url}{vast}",
            f"magnet:?xt=urn:btih:zz&tr=http://127.0.0.1/{PASSKEY}",
            f"magnet:?dn=\x1b[31m&tr=http://127.0.0.1/{PASSKEY}",
            f"magnet:xt=urn:btih:{'4' * 40}&tr=http://127.0.0.1/{PASSKEY}",
            f"http://user:{SHORT_KEY}@127.0.0.1:1/{PASSKEY}.torrent?key={SHORT_KEY}",
            f"ftp://127.0.0.1/{PASSKEY}",
            f"udp://127.0.0.1:1/{PASSKEY}",
            "file:///etc/passwd",
            "itself.txt",
            "other.txt",
            "-",
            "/dev/zero",
            "\x1b[31mno such file\x07",
            "x" * 100_000,
            "a\0b",
        ]
        (folder / "itself.txt").write_bytes("\n".join(lines[:-1]).encode())
        (folder / "other.txt").write_text("itself.txt\n")
        (folder / "binary.txt").write_bytes(os.urandom(100_000))
        with (folder / "sparse.txt").open("wb") as sparse:
            sparse.truncate(1 << 40)
        (folder / "blank.txt").write_bytes(b"#\n\n  \n")
        os.mkfifo(folder / "fifo.txt")
        inputs = [
            folder / name for name in ("itself.txt", "other.txt", "binary.txt", "sparse.txt", "blank.txt", "fifo.txt")
        ]
        result = await report(*inputs, "-", "-", home=home, stdin=os.urandom(50_000) + b"\n" * 1_000_000)
    assert_safe(result)
    assert result.exit_code in {1, 2}
    names = {torrent["name"]: torrent["seeders"] for torrent in result.report["torrents"]}
    assert names == {"red": 11, "flood": 11}
    assert len(result.report["skipped"]) >= 20
    assert max(len(one["source"] + one["message"]) for one in result.report["skipped"]) < 1500


async def test_nothing_usable_is_unknown_and_valid(folder, home):
    (folder / "a.torrent").write_bytes(b"\x1b[31m")
    result = await report(folder, home=home)
    assert_safe(result)
    assert result.exit_code == 3
    assert result.report["torrents"] == []
    assert len(result.report["skipped"]) == 1


async def test_hostile_arguments(home):
    for arguments in (
        ["\x1b[31m\u202e" + PASSKEY],
        ["--filter", "\x1b[31m(("],
        ["x.torrent", "--filter", "name~\x1b[31m & ("],
        ["x.torrent", "--timeout", "\x1b[31m"],
        ["x.torrent", "--deadline", "1e400"],
        ["x.torrent", "--format", "\x1b[31m"],
        ["x.torrent", "--ca-file", "\x1b[31m"],
        ["x.torrent", "-o", "/no/such/\x1b[31mfolder/x"],
        ["http://127.0.0.1:1/" + "a" * 100_000],
    ):
        result = await run(*arguments, home=home)
        assert result.exit_code == 3, arguments
        assert "Traceback" not in result.stderr
        assert not result.unsafe(), arguments


async def test_check_of_odd_urls(home):
    urls = [
        f"http://user:{SHORT_KEY}@127.0.0.1:1/{PASSKEY}/announce",
        f"udp://127.0.0.1:1/\x1b[31m{PASSKEY}",
        f"ftp://127.0.0.1/{PASSKEY}",
        f"http://user:{SHORT_KEY}/x@127.0.0.1/",
        "http://127.0.0.1:1/" + "a" * 100_000,
        "",
    ]
    result = await run(*urls, "--format", "json", "--allow-private", "--timeout", 1, command="check", home=home)
    assert_safe(result)
    assert result.exit_code == 2
    assert [tracker["state"] for tracker in result.report["trackers"]] == ["down"]


async def test_urls_that_lead_to_hostile_bodies(home, good):
    class Serving(HttpTracker):
        async def respond(self, request, reader, writer):
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            start = {"/bomb": b"d4:info", "/page": b"<html>\x1b[31m"}.get(request.path, torrent_of(V1_INFO)[:-1])
            writer.write(start)
            if request.path == "/bomb":
                for _ in range(80):
                    writer.write(bytes(1 << 20))
                    await writer.drain()
                    await asyncio.sleep(0)
            return False

    async with on_stage([good, Serving()]) as (_, serving):
        urls = [f"http://127.0.0.1:{serving.endpoint.port}/{path}?key={SHORT_KEY}" for path in ("bomb", "page", "cut")]
        magnet = f"magnet:?xt=urn:btih:{'1' * 40}&dn=good&tr={good.tracker.url}"
        result = await report(*urls, magnet, home=home)
    assert_safe(result)
    assert result.exit_code == 1
    assert len(result.report["skipped"]) == 3
    assert [torrent["seeders"] for torrent in result.report["torrents"]] == [11]
    if result.peak_kib is not None:
        assert result.peak_kib < 300 * 1024
