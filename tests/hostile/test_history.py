"""A history that somebody else made, or half made, or that went bad: looking at it and watching with it stay bounded and plain."""

import base64
import contextlib
import json
import os
import shutil
import socket
import sqlite3
import time
from dataclasses import fields, is_dataclass
from types import SimpleNamespace

import pytest

from tests.doubles.http import HttpTracker
from tests.hostile.cast import PASSKEY, PATH
from tests.hostile.child import UNSAFE, run
from tests.metainfo.torrents import bencode, torrent_of, v1_info
from tests.store.making import (
    DAY,
    ENDPOINT,
    HOUR,
    NOON,
    TRACKER,
    all_rows,
    announced,
    bench,
    failed,
    info_hash,
    memory,
    opened,
    sample,
    scrape,
    turned,
    until,
)
from trackerwatch.cli.main import main
from trackerwatch.engine.records import GapKind, GapRecord, TransitionRecord
from trackerwatch.engine.views import EventKind
from trackerwatch.store import Past
from trackerwatch.store.reading import Reader
from trackerwatch.store.retention import Keeping, forget

VANTAGE = "11111111-2222-4333-8444-555555555555"
HASH = info_hash(0).hex()
LOOKS = (
    (),
    ("--since", "30d", "--format", "json"),
    (TRACKER.host,),
    (TRACKER.host, "--since", "400d", "--format", "csv"),
    (HASH,),
    (HASH, "--since", "300d", "--format", "json"),
)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home with a vantage, for this process and for those that it starts."""
    folder = tmp_path / "home" / ".local" / "share" / "trackerwatch"
    folder.mkdir(parents=True)
    (folder / "vantage-id").write_text(VANTAGE)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in [name for name in os.environ if name.startswith("XDG_")]:
        monkeypatch.delenv(name)
    return tmp_path / "home"


@pytest.fixture
def look(home, capsys):
    """Runs `history` in this process."""

    def look(path, *words):
        code = main(["history", "--store", str(path), *words])
        out, err = capsys.readouterr()
        return SimpleNamespace(exit_code=code, stdout=out, stderr=err, everything=out + err)

    return look


@pytest.fixture(scope="module")
def honest(tmp_path_factory):
    """A store with some of everything, of the last hours."""
    path = tmp_path_factory.mktemp("honest") / "history.db"
    now = time.time()
    moved = TransitionRecord(
        now - 500, EventKind.FAILED_OVER, "primary", "failed_over", None, "moved", TRACKER, None, info_hash(0), "debian"
    )
    with bench(path, VANTAGE) as store:
        store.write_each(
            *(sample(now - 900 * i - 10) for i in range(50)),
            *(failed(now - 900 * i - 20, said="no answer") for i in range(5)),
            sample(now - 30, endpoint=ENDPOINT),
            turned(now - 4000, "up", "down"),
            turned(now - 3000, "down", "up"),
            turned(now - 3000, "down", "up", endpoint=ENDPOINT),
            scrape(now - 100, (1, 2, 3, 1), (4, 5, 6, 1)),
            memory(now - 50),
            announced(now - 60),
            GapRecord(GapKind.SUSPENDED, now - 5000, now - 4500, "slept"),
            moved,
        )
        store.roll(now)
    return path


def spoiled(honest, folder, statements):
    """A copy of the honest store after somebody ran these."""
    path = folder / "evil.db"
    shutil.copy(honest, path)
    connection = sqlite3.connect(path)
    connection.executescript(statements)
    connection.commit()
    connection.close()
    return path


def assert_plain(result):
    """One line at most beside the document, nothing that a terminal obeys, no mistake of ours."""
    assert result.exit_code in (0, 3), result.stderr
    assert "Traceback" not in result.stderr
    assert "internal" not in result.stderr
    assert len(result.stderr.splitlines()) <= 1
    assert len(result.stdout) < 200_000
    assert not UNSAFE.search(result.everything.replace("\r\n", "\n"))


async def test_the_honest_store_is_told(honest, home):
    for words in LOOKS:
        result = await run("--store", honest, *words, home=home, command="history")
        assert (result.exit_code, result.stderr) == (0, "")
        assert_plain(result)


HUGE, LEAST = 2**63 - 1, -(2**63)
SPOILED = {
    "a hash that is text": "UPDATE swarm SET info_hash = 'zz' || id",
    "a URL of bytes": "UPDATE tracker SET url = x'00ff1b', host_port = x'ff', protocol = 5",
    "no family": "UPDATE endpoint SET family = 'ipx'",
    "a time of text": "UPDATE transition SET at = 'abc' || seq",
    "a message of bytes": "UPDATE transition SET message = x'1b5b33316d', name = zeroblob(10)",
    "text that is no UTF-8": "UPDATE transition SET message = CAST(x'ff1b5b33316d' AS TEXT)",
    "latency of text": "UPDATE sample SET latency_us = 'abc'",
    "endless latency": "UPDATE sample SET latency_us = 9e999",
    "latency of a life": f"UPDATE sample SET latency_us = {HUGE}",
    "cover of a life": f"UPDATE sample SET covers_ms = {LEAST}",
    "cover of text": "UPDATE sample SET covers_ms = 'x'",
    "answers beyond sums": f"UPDATE sample SET answered = {HUGE}",
    "roll-ups beyond sums": f"UPDATE hourly SET successes = {HUGE}, counted = {HUGE}, covered_ms = {HUGE}",
    "a tally that is a number": "UPDATE hourly SET tally = 5",
    "a vast tally": "UPDATE hourly SET tally = zeroblob(5000000)",
    "a mark of text": "INSERT INTO stale_hour SELECT tracker, endpoint, 'x', vantage FROM hourly LIMIT 1",
    "a state of nothing": f"UPDATE memory SET state = 999, since_at = {HUGE}, last_success_at = 'x'",
    "memory since ever": f"UPDATE memory SET since_at = {LEAST}, last_success_at = {LEAST}",
    "a gap without an end": f"UPDATE gap SET until = {HUGE}",
    "a gap since ever": "UPDATE gap SET begin = -9e999",
    "words of bytes": "UPDATE word SET text = CAST(id AS BLOB)",
    "counts of text": "UPDATE latest SET seeders = 'x', answer = 'y', at = 'z', seeded_at = x'00'",
    "an hour before time": f"INSERT INTO swarm_hour SELECT tracker, {LEAST}, swarm, vantage, seq, 1, 1, 1, 1, at FROM swarm_hour",
    "an hour that is a statement": "UPDATE swarm_hour SET hour = '0); DROP TABLE word; --' || swarm",
    "an announce of text": "UPDATE announced SET seeded_at = 'x', outcome = 5",
    "a vast word": "UPDATE word SET text = text || printf('%.*c', 4000000, 'a')",
    "a vaster message": "UPDATE transition SET message = printf('%.*c', 5000000, 'a')",
    "nasty texts": "UPDATE transition SET message = char(27) || '[31m' || char(8238) || '=cmd()', name = '=cmd()';"
    " UPDATE tracker SET url = 'udp://' || char(27) || ']0;owned' || char(7), host_port = '[bold]' || char(10) || 'x'",
}


@pytest.mark.parametrize("statements", SPOILED.values(), ids=SPOILED.keys())
def test_values_that_no_version_writes(honest, tmp_path, look, statements):
    path = spoiled(honest, tmp_path, statements)
    before = path.read_bytes()
    for words in LOOKS:
        result = look(path, *words)
        assert_plain(result)
        if result.exit_code:
            assert "nothing stored" in result.stderr or f"history {path}: " in result.stderr
    assert path.read_bytes() == before


OTHER_TABLES = {
    "a view that never ends": "DROP TABLE sample; CREATE VIEW sample AS WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1"
    " FROM n) SELECT 1 AS tracker, 0 AS endpoint, i AS at, 1 AS vantage, 1 AS counted FROM n",
    "a trigger": "CREATE TRIGGER t AFTER UPDATE ON vantage BEGIN UPDATE vantage SET seq = (WITH RECURSIVE n(i) AS"
    " (SELECT 0 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n); END",
    "a table less": "DROP TABLE sample",
    "a column less": "ALTER TABLE sample DROP COLUMN lost",
    "a check that never ends": "PRAGMA writable_schema = 1; UPDATE sqlite_master SET sql = replace(sql, 'name TEXT NOT NULL,',"
    " 'name TEXT NOT NULL CHECK (length(hex(randomblob(900000000))) > 0),') WHERE name = 'vantage'",
}


@pytest.mark.parametrize("statements", OTHER_TABLES.values(), ids=OTHER_TABLES.keys())
def test_other_tables_than_ours(honest, tmp_path, look, statements):
    path = spoiled(honest, tmp_path, statements)
    before = path.read_bytes()
    result = look(path)
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr == f"trackerwatch: history {path}: its tables are not those of a history; it was not touched\n"
    assert path.read_bytes() == before


def test_somebodys_own_views_are_no_reason(honest, tmp_path, look):
    path = spoiled(honest, tmp_path, "CREATE VIEW mine AS SELECT 1; CREATE TABLE notes (text TEXT)")
    result = look(path)
    assert (result.exit_code, result.stderr) == (0, "")


def test_an_old_copy_is_looked_at_and_loses_nothing(tmp_path, look):
    path = tmp_path / "backup.db"
    then = time.time() - 100 * DAY
    with bench(path, VANTAGE) as store:
        store.write_each(*(sample(then + HOUR * i) for i in range(50)), scrape(then, (1, 2, 3, 1)), memory(then))
    before = path.read_bytes()
    result = look(path, "--since", "200d", "--format", "json")
    assert json.loads(result.stdout)["trackers"][0]["uptime"][0]["counted"] == 50
    assert path.read_bytes() == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["backup.db", "home"]


def test_more_trackers_than_anybody_waits_for(honest, tmp_path, look, monkeypatch):
    monkeypatch.setattr("trackerwatch.store.reading.READ_S", 0.2)
    many = "WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 200000) INSERT INTO tracker"
    path = spoiled(honest, tmp_path, f"{many} SELECT i, 'k' || i, 'udp://a' || i, 'a' || i || ':1', 'udp' FROM n")
    result = look(path)
    assert (result.exit_code, result.stderr) == (3, f"trackerwatch: history {path}: reading it takes too long\n")


NO_FILES = {
    "a folder": (lambda path: path.mkdir(), "it is a folder"),
    "a pipe": (os.mkfifo, "not a regular file"),
    "a link to zeros": (lambda path: path.symlink_to("/dev/zero"), "not a regular file"),
    "a loop of links": (lambda path: path.symlink_to(path), "Too many levels of symbolic links"),
    "nothing in it": (lambda path: path.touch(), "it is not there, or empty"),
    "text": (lambda path: path.write_text("no database" * 50), "the file is damaged or no history; it was not touched"),
}


@pytest.mark.parametrize(("make", "words"), NO_FILES.values(), ids=NO_FILES.keys())
def test_what_is_no_file(tmp_path, look, make, words):
    path = tmp_path / "history.db"
    make(path)
    result = look(path)
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr == f"trackerwatch: history {path}: {words}\n"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["history.db", "home"]


def test_a_writer_that_comes_while_somebody_looks_is_heard(honest, tmp_path):
    path = tmp_path / "history.db"
    shutil.copy(honest, path)
    reader = Reader(path, on_damage=pytest.fail, traceless=True)
    seen = []

    def count(connection):
        if not seen:
            with bench(path, VANTAGE) as store:
                store.write(sample(time.time(), endpoint=ENDPOINT))
        seen.append(connection.execute("SELECT count(*) FROM sample").fetchone()[0])
        return seen[-1]

    found = reader.submit(count).result()
    reader.close()
    assert (len(seen), found) == (2, 57)


def test_looking_through_many_trackers_lets_others_get_on():
    many = "WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) INSERT INTO tracker"
    with bench() as store:
        store.rows(f"{many} SELECT i, 'k' || i, 'udp://a' || i, 'a' || i || ':1', 'udp' FROM n")
        steps = sum(1 for _ in forget(store.connection, time.time(), Keeping()))
    assert steps > 5


@pytest.mark.parametrize("away", ["deleted", "moved", "replaced", "its folder"])
def test_a_file_that_is_taken_away_is_missed_and_begun_anew(honest, tmp_path, away):
    path = tmp_path / "kept" / "history.db"
    with opened(path, wall=time.time) as store:
        troubles = []
        store.subscribe(troubles.append)
        store.record(sample(time.time() - 60))
        until(lambda: store.figures.written == 1)
        if away == "moved":
            path.rename(tmp_path / "elsewhere.db")
        elif away == "replaced":
            shutil.copy(honest, tmp_path / "other.db")
            # A log that is left behind belongs to whatever file lies beside it: that is SQLite's way.
            for end in ("-wal", "-shm"):
                path.with_name(path.name + end).unlink()
            (tmp_path / "other.db").replace(path)
        elif away == "its folder":
            shutil.rmtree(path.parent)
        else:
            for file in path.parent.iterdir():
                file.unlink()
        store.record(sample(time.time()))
        until(lambda: store.figures.written == 2)
        assert store.trouble == ""
        assert troubles == [f"history {path}: the file was taken away or replaced", ""]
    assert len(all_rows(path)["sample"]) == (57 if away == "replaced" else 1)


def test_a_file_that_is_taken_away_last_of_all_is_missed_too(tmp_path):
    path = tmp_path / "history.db"
    with opened(path, batch_s=60.0) as store:
        store.record(sample(NOON))
        path.unlink()
    assert len(all_rows(path)["sample"]) == 1


async def test_what_a_reader_finds_damaged_is_told_once(honest, tmp_path):
    path = tmp_path / "history.db"
    content = bytearray(honest.read_bytes())
    for page in range(2, len(content) // 4096):
        content[page * 4096 : page * 4096 + 64] = os.urandom(64)
    path.write_bytes(content)
    with opened(path, vantage=VANTAGE) as store:
        assert store.trouble.startswith(f"history {path}: the file is damaged")
        told = store.trouble
        for _ in range(3):
            await store.overview(since=NOON, until=NOON + 5, stretches=1)
            await store.recall(TRACKER, [])
        assert store.trouble == told


class Telltale(HttpTracker):
    """Says every key back, and whom it knows."""

    def __init__(self, said, **kwargs):
        super().__init__(**kwargs)
        self.said = said

    def scrape(self, _):
        return {b"failure reason": b"no " + self.said}

    def announce(self, _):
        reply = {b"interval": 1800, b"complete": 3, b"incomplete": 2, b"warning message": b"yes " + self.said}
        return reply | {b"peers": socket.inet_aton(PEER) + b"\x1a\xe1"}


PEER = "203.0.113.77"
PASSWORD = "hunter2pass"
TOLD = {
    "as it is": PASSKEY.encode(),
    "in capitals": PASSKEY.upper().encode(),
    "percent-encoded": "".join(f"%{byte:02X}" for byte in PASSKEY.encode()).encode(),
    "in UTF-16": PASSKEY.encode("utf-16-le"),
    "torn by nothing": "\u200b".join(PASSKEY).encode(),
    "with a name": f"{PASSWORD} {base64.b64encode(f'joe:{PASSWORD}'.encode()).decode()}".encode(),
}


async def test_no_key_and_no_peer_gets_into_a_history(tmp_path, home):
    folder = tmp_path / "torrents"
    folder.mkdir()
    store = tmp_path / "history.db"
    async with contextlib.AsyncExitStack() as stack:
        for number, said in enumerate(TOLD.values()):
            tracker = await stack.enter_async_context(Telltale(said, host=f"127.0.7.{number + 1}", path=PATH))
            url = tracker.tracker_at(PATH, user_info=f"joe:{PASSWORD}@").url
            content = torrent_of(bencode(v1_info(name=f"torrent {number}")), announce_list=[[url]])
            (folder / f"{number}.torrent").write_bytes(content)
        asked = ("--allow-private", "--announce", "always", "--store", store)
        watching = await run(folder, *asked, "--format", "json", home=home)
    assert watching.stdout.count("yes …") + watching.stdout.count("no …") >= len(TOLD)
    looks = [await run("--store", store, "127.0.7.1", "--format", "json", home=home, command="history")]
    looks.append(await run("--store", store, home=home, command="history"))
    kept = b"".join(file.read_bytes() for file in tmp_path.glob("history.db*"))
    assert b"127.0.7.1" in kept
    for text in (kept, *(look.everything.encode() for look in (watching, *looks))):
        for secret in (PASSWORD.encode(), PEER.encode(), socket.inet_aton(PEER), *TOLD.values()):
            assert secret.lower() not in text.lower()


def leaves(value, place=""):
    """Every value that is not made of others, with its place."""
    if is_dataclass(value):
        for field in fields(value):
            yield from leaves(getattr(value, field.name), f"{place}.{field.name}")
    elif isinstance(value, tuple | list):
        for inner in value:
            yield from leaves(inner, place)
    else:
        yield place, value


@pytest.mark.parametrize("statements", SPOILED.values(), ids=SPOILED.keys())
async def test_views_hold_what_panes_can_show(honest, tmp_path, statements):
    now = time.time()
    past = Past(spoiled(honest, tmp_path, statements), VANTAGE)
    try:
        one = await past.tracker(TRACKER.id, since=now - DAY, until=now, stretches=48)
        torrent = await past.torrent(HASH, since=now - DAY, until=now)
    finally:
        past.close()
    for place, value in (*leaves(one), *leaves(torrent)):
        if value is not None and not place.endswith(".phases_p50_s"):
            assert isinstance(value, str if place.endswith(TEXTS) else int | float), (place, value)


TEXTS = tuple(
    f".{name}"
    for name in [
        "message",
        "name",
        "url",
        "host_port",
        "protocol",
        "state",
        "kind",
        "reason",
        "tracker",
        "endpoint",
        "torrent",
        "info_hash",
        "window",
        "from_state",
        "to_state",
    ]
)
