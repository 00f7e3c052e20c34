from __future__ import annotations

import shlex

import pytest

from trackerwatch.reports.telling.commands import check_again, shortened, words


@pytest.mark.parametrize(
    ("command", "again"),
    [
        ("trackerwatch report rel/", "trackerwatch report rel/ --fresh --only problems"),
        (
            "trackerwatch report rel/ --policy release.toml --format json -o a.json --format=html -oa.html --cached --all",
            "trackerwatch report rel/ --policy release.toml --fresh --only problems",
        ),
        (
            "trackerwatch report 'my rel/' --wait 20m --only problems --deadline 30",
            "trackerwatch report 'my rel/' --deadline 30 --fresh --only problems",
        ),
        ("trackerwatch check udp://t.example.org:1", ""),
        ("trackerwatch report --from a.json --from b.json", ""),
        ("trackerwatch watch rel/", ""),
        ("trackerwatch report 'rel", ""),
        ("trackerwatch report -", ""),
        ("trackerwatch report " + "a.torrent " * 40, ""),
        ("", ""),
    ],
)
def test_what_checks_again(command, again):
    assert check_again(command) == again


LONG = "trackerwatch report " + " ".join(f"rel{n}/" for n in range(20))


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("trackerwatch report rel/ --format json -o a.json", "trackerwatch report rel/ --format json -o a.json"),
        (
            f"{LONG} --policy 'my release.toml' --format json -o a.json --format=html -ob.html --only problems --wait 20m",
            f"{LONG} --policy 'my release.toml' --only problems --wait 20m",
        ),
        (f"{LONG} -o a.json  # and 4,990 more words", f"{LONG}  # and 4,990 more words"),
        (f"{LONG} -o 'a", f"{LONG} -o 'a"),
    ],
)
def test_a_long_command_leaves_out_where_else_it_went(command, told):
    assert shortened(command) == told


def test_words_keep_their_quotes():
    assert words("trackerwatch report 'a b' \"c'd\"") == ["trackerwatch", "report", "'a b'", shlex.quote("c'd")]
    assert words("a 'b") == ["a 'b"]
    assert words("report a  # and 4,990 more words") == ["report", "a", "# and 4,990 more words"]
