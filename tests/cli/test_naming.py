from __future__ import annotations

import shlex
from argparse import Namespace

import pytest

from trackerwatch.cli.naming import MAX_COMMAND_CHARS, command_line, title_of


@pytest.mark.parametrize(
    ("inputs", "title"),
    [
        (["rel/"], "rel"),
        (["/srv/release 13.2"], "release 13.2"),
        (["a.torrent", "b.torrent"], ""),
        (["-"], ""),
        (["https://example.org/list?key=0123456789abcdef"], ""),
        (["magnet:?xt=urn:btih:00"], ""),
        ([], ""),
        (["x\x1b[31m\u202ey"], "xy"),
    ],
)
def test_the_title_is_the_name_of_the_only_input(inputs, title):
    assert title_of(Namespace(inputs=inputs)) == title


def test_a_title_that_is_given_comes_first():
    assert title_of(Namespace(title="release\n13.2", inputs=["rel"])) == "release 13.2"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("at http://x.example/ann?passkey=abc now", "at http://x.example/ann?passkey=… now"),
        ("passkey=abc and more", "passkey=… and more"),
        ("key = value", "key = value"),
    ],
)
def test_a_title_gives_no_key_away(given, shown):
    assert title_of(Namespace(title=given, inputs=[])) == shown


@pytest.mark.parametrize("key", ["a1b2c3d4e5f6a7b8c9d0", "0123456789abcdef0123456789abcdef"])
def test_a_filter_on_a_key_gives_it_not_away(key):
    assert key not in command_line(["report", "rel", "--filter", f"tracker~{key}"])


def test_a_filter_on_an_info_hash_is_told():
    info_hash = "0123456789abcdef0123456789abcdef01234567"
    assert info_hash in command_line(["report", "rel", "--filter", f"info_hash={info_hash}"])


def test_the_command_is_quoted_for_a_shell():
    words = ["report", "my files/a b.torrent", "--filter", "name~x & seeders<3", "-o", "it's.json"]
    assert shlex.split(command_line(words)) == ["trackerwatch", *words]


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("https://t.example.org/0123456789abcdef0123456789abcdef/announce", "https://t.example.org/…/announce"),
        ("https://user:pass@example.org/list?key=abcdef", "https://…@example.org/list?key=…"),
        ("magnet:?xt=urn:btih:00&tr=udp%3A%2F%2Ft.org%3A1%2F0123456789abcdef0123", "tr=udp://t.org:1/…"),
        ("url~0123456789abcdef0123456789abcdef", "url~…"),
        ("t.example.org/0123456789abcdef0123456789abcdef/announce", "t.example.org/…/announce"),
    ],
)
def test_no_secret_is_in_the_command(word, told):
    line = command_line(["report", word])
    assert "0123456789abcdef0123" not in line
    assert "pass" not in line
    assert told in line


def test_a_url_without_its_beginning_has_secrets_as_well():
    told = command_line(["check", "t.example.org/abcdef0123456789abcd/announce", "--ca-file", "/etc/hosts"])
    assert told == "trackerwatch check 't.example.org/…/announce' --ca-file /etc/hosts"


def test_names_of_files_are_no_secrets(tmp_path):
    path = tmp_path / "0123456789abcdef0123456789abcdef"
    path.touch()
    assert command_line(["report", str(path)]) == f"trackerwatch report {path}"


def test_info_hashes_are_no_secrets():
    words = ["check", "udp://t.example.org:1", "--info-hash", "0123456789abcdef0123456789abcdef01234567"]
    assert command_line(words) == " ".join(["trackerwatch", *words])


def test_thousands_of_inputs_are_counted_and_options_stay():
    words = ["report", *(f"rel/{n}.torrent" for n in range(5000)), "--format", "json", "-o", "a.json"]
    line = command_line(words)
    assert len(line) <= MAX_COMMAND_CHARS
    assert line.startswith("trackerwatch report rel/0.torrent rel/1.torrent ")
    told, _, comment = line.partition("  # ")
    assert told.endswith(" --format json -o a.json")
    assert comment == f"and {5000 - told.count('.torrent'):,} more words"
