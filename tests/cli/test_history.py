"""`trackerwatch history`: what is found under which name, what is printed, and every way in which there is nothing."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace

import pytest

from tests.cli.fake_store import FakeStore
from tests.reports import pasts
from tests.reports.past.test_history_json import VALIDATOR
from trackerwatch.cli import past
from trackerwatch.cli.history import window
from trackerwatch.cli.main import main
from trackerwatch.cli.past import MAX_COLUMNS, NotStoredError, columns_of, which
from trackerwatch.errors import UsageError
from trackerwatch.tracker import parse_tracker

FOO = pasts.tracker()
EXAMPLE = pasts.well()
SECURE = pasts.well("tracker.example.org:443", tracker="cccccccccc", url="https://tracker.example.org/…/announce")
SIX = pasts.well("[2001:db8::1]:80", tracker="dddddddddd")
KNOWN = (FOO, EXAMPLE, SECURE, SIX)


@pytest.fixture
def stored(monkeypatch, tmp_path):
    """A file that is there, and the store that opening it gives."""

    def keep(*trackers, **more) -> FakeStore:
        store = FakeStore(*trackers, **more)
        (tmp_path / "history.db").touch()
        monkeypatch.setattr(past, "open_past", lambda _path: store)
        return store

    keep.path = str(tmp_path / "history.db")
    return keep


def run(capsys, *words: str) -> tuple[int, str, str]:
    code = main(["history", *words])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_the_overview_is_worst_first(capsys, stored):
    store = stored(EXAMPLE, FOO)
    code, out, err = run(capsys, "--store", stored.path)
    assert (code, err) == (0, "")
    assert out.startswith("2 trackers, the last 24h until 20")
    assert [line.split()[1] for line in out.splitlines() if line[:2] in ("x ", "+ ")] == ["DOWN", "up"]
    assert store.closed == 1
    assert store.asked[0]["until"] - store.asked[0]["since"] == 86400.0
    assert store.asked[0]["stretches"] == 48


def test_one_tracker_in_full(capsys, stored):
    stored(EXAMPLE, FOO)
    code, out, err = run(capsys, "tracker.foo.org", "--store", stored.path, "--since", "7d")
    assert (code, err) == (0, "")
    assert out.startswith("x DOWN  tracker.foo.org:6969   0123456789\n")
    assert "\nuptime    7d  90.6% (n=96, 92% seen)\n" in out


def test_one_torrent(capsys, stored):
    stored()
    code, out, err = run(capsys, pasts.HASH.upper(), "--store", stored.path)
    assert (code, err) == (0, "")
    assert out.startswith(f"debian\nhash    {pasts.HASH}\n")


def test_json_and_csv(capsys, stored):
    stored(EXAMPLE, FOO)
    code, out, _ = run(capsys, "--store", stored.path, "--format", "json")
    value = json.loads(out)
    VALIDATOR.validate(value)
    assert (code, len(value["trackers"])) == (0, 2)
    code, out, _ = run(capsys, "tracker.foo.org", "--store", stored.path, "--format", "csv")
    assert (code, len(list(csv.reader(io.StringIO(out))))) == (0, 49)


def test_colour_comes_when_it_is_wanted(capsys, stored):
    stored(FOO)
    assert "\x1b[" not in run(capsys, "--store", stored.path)[1]
    assert "\x1b[1;31m" in run(capsys, "--store", stored.path, "--color", "always")[1]


@pytest.mark.parametrize("name", ["json", "table", "csv"])
def test_an_empty_store_is_3_and_still_a_document(capsys, stored, name):
    stored()
    code, out, err = run(capsys, "--store", stored.path, "--format", name)
    assert (code, err) == (3, "trackerwatch: nothing stored\n")
    assert out
    if name == "json":
        VALIDATOR.validate(json.loads(out))


def test_no_file_is_3_and_none_is_made(capsys, tmp_path):
    path = tmp_path / "none.db"
    assert run(capsys, "--store", str(path)) == (
        3,
        "",
        f"trackerwatch: nothing stored: there is no {path}; `trackerwatch watch` and `report` keep one\n",
    )
    assert not path.exists()


def test_the_file_of_the_settings_is_the_usual_one(capsys, own_home):
    code, _, err = run(capsys)
    assert code == 3
    assert f"there is no {own_home}/trackerwatch/history.db;" in err


def test_no_store_by_the_users_wish(capsys, monkeypatch):
    monkeypatch.setenv("TRACKERWATCH_STORE", "false")
    assert run(capsys) == (
        3,
        "",
        "trackerwatch: no history is kept (store = false in the settings); --store FILE reads one\n",
    )


@pytest.mark.parametrize("words", [(), ("tracker.foo.org",), ("ab" * 20,)])
def test_a_store_that_cannot_be_read_is_told_instead_of_nothing(capsys, stored, words):
    stored(trouble="history h.db: the file is damaged")
    assert run(capsys, *words, "--store", stored.path) == (3, "", "trackerwatch: history h.db: the file is damaged\n")


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("0123456789", FOO),
        ("ABCDEF0123", EXAMPLE),
        ("tracker.foo.org", FOO),
        ("Tracker.Foo.org:6969", FOO),
        (" tracker.foo.org ", FOO),
        ("tracker.example.org:443", SECURE),
        ("https://tracker.example.org/…/announce", SECURE),
        ("foo.org", FOO),
        ("Example.org:1337", EXAMPLE),
        ("2001:db8::1", SIX),
        ("[2001:db8::1]", SIX),
        ("[2001:db8::1]:80", SIX),
    ],
)
def test_names(name, found):
    assert which(name, KNOWN) == found.tracker


def test_a_url_finds_its_own_tracker_before_all_that_look_like_it():
    url = "https://tracker.example.org/0123456789abcdef0123456789abcdef/announce"
    tracker = parse_tracker(url)
    own = pasts.well("tracker.example.org:443", tracker=tracker.id, url=tracker.shown_url)
    assert which(url, (SECURE, own)) == tracker.id
    with pytest.raises(UsageError, match="means 2 trackers"):
        which(tracker.shown_url, (SECURE, own))


@pytest.mark.parametrize("words", [(), ("0123456789",), (pasts.HASH,)])
@pytest.mark.parametrize("name", ["table", "json", "csv"])
def test_what_somebody_else_wrote_reaches_no_terminal(capsys, stored, monkeypatch, words, name):
    bad = "=evil\x1b]0;x\x07\x9b31m\u202e\r\n[red]"
    move = pasts.transition(pasts.NOW, "up", "down", bad, name=bad, endpoint=bad, reason=bad)
    evil = pasts.tracker(
        url=f"udp://{bad}",
        host_port=f"evil{bad}:1",
        outages=tuple(replace(outage, reason=bad, endpoint=bad) for outage in FOO.outages),
        gaps=tuple(replace(gap, kind=bad, message=bad) for gap in FOO.gaps),
        transitions=(move,),
        state=bad,
    )
    stored(evil)
    monkeypatch.setattr(pasts, "torrent", lambda torrent=pasts.torrent: torrent(transitions=(move,)))
    code, out, _ = run(capsys, *words, "--store", stored.path, "--format", name)
    assert code == 0
    assert "evil" in out
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e]", out)
    if name == "csv":
        assert not any(cell.startswith("=") for row in csv.reader(io.StringIO(out)) for cell in row)


def test_an_ambiguous_name_lists_them(capsys, stored):
    stored(*KNOWN)
    assert run(capsys, "tracker.example.org", "--store", stored.path) == (
        3,
        "",
        (
            "trackerwatch: 'tracker.example.org' means 2 trackers; name one by its id: "
            "abcdef0123 (udp://tracker.example.org:1337/announce), cccccccccc (https://tracker.example.org/…/announce)\n"
        ),
    )


def test_a_part_of_several_hosts_lists_them(capsys, stored):
    stored(*KNOWN)
    code, out, err = run(capsys, "tracker.", "--store", stored.path)
    assert (code, out) == (3, "")
    assert err.startswith(
        "trackerwatch: 'tracker.' means 3 trackers; name one by its id: 0123456789 (udp://tracker.foo"
    )


@pytest.mark.parametrize("name", ["50fc", "4f" * 19, "4f" * 32])
def test_a_part_of_an_info_hash_is_told_what_is_accepted(capsys, stored, name):
    stored(FOO, SIX)
    told = (
        f"trackerwatch: no tracker is called {name!r}, and a torrent is named by its whole info hash, 40 hex digits\n"
    )
    assert run(capsys, name, "--store", stored.path) == (3, "", told)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("tracker.fo.org", "'tracker.fo.org'; did you mean 0123456789 (udp://tracker.foo.org:6969/announce)?"),
        (
            "udp://tracker.foo.org:6969/0123456789abcdef0123456789abcdef",
            "'udp://tracker.foo.org:6969/…'; did you mean 0123456789 (udp://tracker.foo.org:6969/announce)?",
        ),
        (
            "zzz",
            "'zzz'; `trackerwatch history` lists the trackers, a torrent is named by its info hash (40 hex digits)",
        ),
        (
            "wss://zzz",
            "'wss://zzz'; `trackerwatch history` lists the trackers, a torrent is named by its info hash (40 hex digits)",
        ),
        (
            "\x1b[31mzzz\n",
            "'zzz'; `trackerwatch history` lists the trackers, a torrent is named by its info hash (40 hex digits)",
        ),
    ],
)
def test_an_unknown_name_is_3_with_near_ones(capsys, stored, name, told):
    stored(FOO, SIX)
    assert run(capsys, name, "--store", stored.path) == (3, "", f"trackerwatch: nothing stored of {told}\n")


def test_an_unknown_torrent_is_3(capsys, stored):
    stored(FOO)
    code, out, err = run(capsys, "ab" * 20, "--store", stored.path, "--since", "2h")
    assert (code, out) == (3, "")
    assert err == f"trackerwatch: nothing stored of the torrent {'ab' * 20} in the last 2h\n"


def test_a_name_in_an_empty_store():
    with pytest.raises(NotStoredError, match=r"^nothing stored$"):
        which("x", ())


def test_many_are_not_all_listed():
    many = tuple(pasts.well(f"a.org:{port}", tracker=f"{port:010}") for port in range(9))
    with pytest.raises(UsageError, match=re.escape(", and 4 more")):
        which("a.org", many)


@pytest.mark.parametrize(
    ("text", "words", "span_s"),
    [("24h", "24h", 86400.0), ("90", "90s", 90.0), ("400d", "400d", 400 * 86400.0), (" 2h ", "2h", 7200.0)],
)
def test_windows(text, words, span_s):
    assert window(text) == (words, span_s)


@pytest.mark.parametrize("text", ["0", "59s", "401d", "yesterday", "-1h", "", "nan"])
def test_windows_have_bounds(capsys, text):
    code, _, err = run(capsys, f"--since={text}")
    assert code == 3
    assert err.startswith("trackerwatch history: argument --since: ")


@pytest.mark.parametrize(
    ("span_s", "columns"),
    [(60, 1), (3600, 60), (3601, 31), (86400, 48), (7 * 86400, 56), (30 * 86400, 60), (400 * 86400, 58)],
)
def test_columns_stand_for_spans_that_have_names(span_s, columns):
    assert columns_of(span_s) == columns <= MAX_COLUMNS


@pytest.mark.parametrize("words", [["--format", "html"], ["--store", ""], ["a", "b"], ["--no-store"]])
def test_usage_errors_are_3(capsys, words):
    code, out, err = run(capsys, *words)
    assert (code, out) == (3, "")
    assert err.splitlines()[-1].startswith("`trackerwatch")
