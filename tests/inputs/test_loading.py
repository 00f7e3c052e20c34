from __future__ import annotations

import asyncio
import io
import os
import threading
from pathlib import Path

import pytest

from tests.metainfo.torrents import V1_HASH, V1_INFO, V2_INFO, bencode, torrent_of, v1_info
from trackerwatch.errors import InputError
from trackerwatch.inputs import Loader, Progress, Skipped, fold_skipped, load_file, load_inputs
from trackerwatch.inputs.loading import MAX_FETCHES

HASH = "f7079c66cca02ab45934b9868572060010dfc97e"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(name: str, data: bytes) -> None:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_bytes(data)


def write_many(count: int) -> None:
    for number in range(count):
        info = bencode(v1_info(name=f"torrent {number}"))
        write(
            f"many/{number:04d}.torrent",
            torrent_of(info, announce_list=[["udp://a.example:1"], [f"udp://b{number % 3}.example:1"]]),
        )


async def test_every_kind_of_input_and_every_copy_once() -> None:
    write("f/v1.torrent", torrent_of(V1_INFO, announce="udp://a.example:1", url_list="http://w1/"))
    write("f/copy.torrent", torrent_of(V1_INFO, announce="udp://b.example:1", url_list="http://w2/"))
    write("f/v2.torrent", torrent_of(V2_INFO))
    write("list.txt", f"magnet:?xt=urn:btih:{V1_HASH}&tr=udp://c.example:1\nf/v2.torrent".encode())
    asked: list[str] = []

    async def fetch(url: str) -> bytes:
        asked.append(url)
        return torrent_of(V1_INFO, announce="udp://d.example:1")

    stdin = io.BytesIO(f"magnet:?xt=urn:btih:{HASH}".encode())
    loaded = await load_inputs(["f", "list.txt", "-", "https://x.example/t?key=secret"], fetch=fetch, stdin=stdin)
    assert loaded.skipped == []
    assert asked == ["https://x.example/t?key=secret"]
    first, second, third = loaded.torrents
    assert first.info_hash_hex == V1_HASH
    assert [(p.tier, p.tracker.host[0]) for p in first.placements] == [(0, "b"), (1, "a"), (2, "c"), (3, "d")]
    assert first.web_seeds == ("http://w2/", "http://w1/")
    assert first.sources == (
        "f/copy.torrent",
        "f/v1.torrent",
        f"magnet:?xt=urn:btih:{V1_HASH}&tr=… (list.txt line 1)",
        "https://x.example/t?key=…",
    )
    assert second.sources == ("f/v2.torrent",)
    assert third.info_hash_hex == HASH
    assert loaded.paths["f/v1.torrent"] == loaded.paths["f/copy.torrent"] == first.info_hash
    assert set(loaded.paths) == {"f/v1.torrent", "f/copy.torrent", "f/v2.torrent"}


async def test_bad_inputs_are_named_and_the_rest_runs() -> None:
    good = torrent_of(V1_INFO)
    write("bad/cut.torrent", good[:50])
    write("bad/deep.torrent", b"l" * 10_000)
    write("bad/deeper.torrent", b"d4:info" * 10_000)
    write("bad/empty.torrent", b"")
    write("bad/good.torrent", good)
    write("bad/html.torrent", b"<html>404</html>")
    write("bad/noinfo.torrent", b"d8:announce4:http1:xi1ee")
    write("bad/huge.torrent", b"")
    os.truncate("bad/huge.torrent", 100 << 20)
    loaded = await load_inputs(["bad", "missing", "magnet:?xt=urn:btih:1", "gopher://x/"])
    assert [torrent.info_hash_hex for torrent in loaded.torrents] == [V1_HASH]
    assert fold_skipped(loaded.skipped) == [
        "bad/cut.torrent: not a torrent: ends inside a string at byte 50",
        "2 inputs: nested deeper than 64 (bad/deep.torrent, bad/deeper.torrent)",
        "bad/empty.torrent: empty file",
        "bad/html.torrent: not a torrent: it is a web page or XML",
        "bad/huge.torrent: larger than 64 MiB",
        "bad/noinfo.torrent: no info dictionary",
        "missing: no such file or folder",
        "magnet:?xt=urn:btih:1: magnet link with a bad btih info hash '1': it takes 40 hex or 32 base32 characters",
        "gopher://x/: bad URL: torrents are fetched over http and https only",
    ]


async def test_nothing_at_all() -> None:
    loaded = await load_inputs([])
    assert (loaded.torrents, loaded.skipped) == ([], [])


async def test_urls_that_fail() -> None:
    async def fetch(url: str) -> bytes:
        match url.rpartition("/")[2]:
            case "refused?k=secret":
                raise ConnectionRefusedError(111, "Connection refused")
            case "late":
                raise TimeoutError
            case "status?k=secret":
                raise InputError("HTTP status 404 of ?k=secret")
        return b"<html>"

    urls = [f"http://x.example/{name}" for name in ("refused?k=secret", "late", "status?k=secret", "page")]
    loaded = await load_inputs(urls, fetch=fetch)
    assert loaded.skipped == [
        Skipped("http://x.example/refused?k=…", "connection refused"),
        Skipped("http://x.example/late", "no answer in time"),
        Skipped("http://x.example/status?k=…", "HTTP status 404 of ?k=…"),
        Skipped("http://x.example/page", "not a torrent: it is a web page or XML"),
    ]


async def test_without_fetch_urls_are_skipped() -> None:
    loaded = await load_inputs(["http://x.example/"])
    assert loaded.skipped == [Skipped("http://x.example/", "URLs are not fetched here")]


async def test_why_urls_are_skipped_is_for_the_caller_to_say() -> None:
    loaded = await load_inputs(["http://x.example/?k=secret"], why_not_fetched="nobody is asked")
    assert loaded.skipped == [Skipped("http://x.example/?k=…", "nobody is asked")]


class Stalled:
    """Fetches that never end, but for those that are named."""

    def __init__(self, *good: str) -> None:
        self.good = good
        self.under_way = 0
        self.most = 0
        self.asked: list[str] = []

    async def __call__(self, url: str) -> bytes:
        self.asked.append(url)
        if url.endswith(self.good):
            return torrent_of(V1_INFO, announce="udp://a.example:1")
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            return await asyncio.get_running_loop().create_future()
        finally:
            self.under_way -= 1


async def test_what_hangs_ends_in_time_and_does_not_take_the_turn_of_all_others() -> None:
    write("here.torrent", torrent_of(V2_INFO))
    fetch = Stalled("/20")
    urls = [f"http://x.example/{number}" for number in range(21)]
    loaded = await load_inputs([*urls, "here.torrent"], fetch=fetch, within_s=0.2)
    assert [torrent.sources for torrent in loaded.torrents] == [("here.torrent",), ("http://x.example/20",)]
    late = "not fetched in time: fetching gets half of --deadline at most"
    assert loaded.skipped == [Skipped(url, late) for url in urls[:20]]
    assert (len(fetch.asked), fetch.most, fetch.under_way) == (21, MAX_FETCHES, 0)


async def test_where_no_time_is_left_nothing_is_begun() -> None:
    fetch = Stalled()
    loaded = await load_inputs(["http://x.example/"], fetch=fetch, within_s=-1.0)
    assert (len(loaded.skipped), fetch.asked) == (1, [])


async def test_urls_are_fetched_side_by_side_and_merge_in_order() -> None:
    both_asked = asyncio.Event()
    answered: list[str] = []

    async def fetch(url: str) -> bytes:
        if url.endswith("a"):
            await both_asked.wait()
        both_asked.set()
        answered.append(url)
        return torrent_of(V1_INFO, announce=f"udp://{url[-1]}.example:1")

    loaded = await load_inputs(["http://x/a", "http://x/b"], fetch=fetch)
    assert answered == ["http://x/b", "http://x/a"]
    (torrent,) = loaded.torrents
    assert [p.tracker.host for p in torrent.placements] == ["a.example", "b.example"]


async def test_progress_reaches_its_total() -> None:
    write_many(1200)
    seen: list[Progress] = []
    loaded = await load_inputs(["many", "missing"], on_progress=seen.append)
    assert len(loaded.torrents) == 1200
    assert seen[-1] == Progress(done=1201, total=1201, torrents=1200, skipped=1)
    assert [progress.done for progress in seen] == sorted(progress.done for progress in seen)
    assert len(seen) >= 3


async def test_a_bug_while_loading_is_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("trackerwatch.inputs.loading.load_torrent", broken)
    write("a.torrent", b"")
    with pytest.raises(ZeroDivisionError):
        await load_inputs(["a.torrent"])


async def test_loading_can_be_given_up_while_standard_input_waits() -> None:
    class Terminal(io.RawIOBase):
        def __init__(self) -> None:
            self.reading = asyncio.Event()
            self.loop = asyncio.get_running_loop()

        def read(self, size: int = -1) -> bytes:
            self.loop.call_soon_threadsafe(self.reading.set)
            released.wait()
            return b""

    released = threading.Event()
    terminal = Terminal()
    task = asyncio.create_task(load_inputs(["-"], stdin=terminal))  # type: ignore[arg-type]
    await terminal.reading.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    released.set()


def test_batches_bring_everything_once() -> None:
    write_many(25)
    write("bad.torrent", b"x")
    loader = Loader(["many", "bad.torrent", "http://x/"])
    batches = list(loader.batches(max_items=10, max_s=1e9))
    assert [batch.progress.total for batch in batches] == [None, None, 27, 27, 27]
    assert [len(batch.torrents) for batch in batches] == [0, 0, 10, 10, 5]
    assert [len(batch.skipped) for batch in batches] == [0, 0, 0, 0, 1]
    assert batches[-1].progress == Progress(done=26, total=27, torrents=25, skipped=1)
    (url,) = loader.urls
    assert loader.add_fetched(url, torrent_of(V1_INFO)) is not None
    assert loader.progress == Progress(done=27, total=27, torrents=26, skipped=1)


def test_batches_end_when_their_time_is_over() -> None:
    write_many(5)
    assert len(list(Loader(["many"]).batches(max_items=1000, max_s=0.0))) == 5 + 5 + 1


def test_torrents_share_what_is_equal() -> None:
    write_many(9)
    loader = Loader(["many"])
    for _ in loader.batches():
        pass
    torrents = loader.loaded().torrents
    assert len({id(torrent.placements) for torrent in torrents}) == 3
    assert len({id(placement.tracker) for torrent in torrents for placement in torrent.placements}) == 4


def test_load_file() -> None:
    write("a.torrent", torrent_of(V1_INFO))
    assert load_file("a.torrent").sources == ("a.torrent",)
    with pytest.raises(InputError, match="no such file"):
        load_file("b.torrent")
