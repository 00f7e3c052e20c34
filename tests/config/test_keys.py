"""Keys in the config: actions there are, keys there are, no two actions on one."""

import pytest

from trackerwatch.config.loading import ConfigFile, settle


def mistakes(tmp_path, text: str) -> list[str]:
    path = tmp_path / "config.toml"
    path.write_text(text)
    return [line.replace(str(path), "F") for line in settle({}, ConfigFile(str(path), ""), {}).mistakes]


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ('"main.srt" = "o"', """F line 2: keys."main.srt": there is no action 'main.srt'; did you mean main.sort?"""),
        ('"zzz" = "o"', "F line 2: keys.zzz: there is no action 'zzz'; `?` on the screen names them"),
        (
            '"main.sort" = "foo"',
            """F line 2: keys."main.sort": 'foo' is no key; write it like o, M, ?, space, ctrl+x, F5""",
        ),
        ('"main.sort" = "ctrl+c"', 'F line 2: keys."main.sort": ctrl+c always quits'),
        (
            '"main.sort" = "r"',
            'F line 2: keys."main.sort": r is the key of main.recheck, too; give that another one, or none',
        ),
        ('"main.sort" = 5', """F line 2: keys."main.sort": 5 is no text"""),
    ],
)
def test_mistakes_are_told_by_name_and_line(tmp_path, table, told):
    found = mistakes(tmp_path, f"[keys]\n{table}\n")
    assert len(found) == 1
    assert found[0].startswith(told)


def test_what_is_right_is_taken_as_written(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text('[keys]\n"main.sort" = "o, F6"\n"main.mute" = ""\n')
    found = settle({}, ConfigFile(str(path), ""), {})
    assert found.mistakes == ()
    assert found.config.keys == (("main.sort", "o, F6"), ("main.mute", ""))


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ('bad = "seeders<"', "F line 2: filters.bad: saved 'bad': "),
        ('bad = "@gone"', "F line 2: filters.bad: saved 'bad': "),
        ('bad = "@bad"', "F line 2: filters.bad: saved 'bad': "),
    ],
)
def test_saved_filters_are_filters(tmp_path, table, told):
    found = mistakes(tmp_path, f"[filters]\n{table}\n")
    assert len(found) == 1
    assert found[0].startswith(told)


def test_saved_filters_may_call_each_other(tmp_path):
    assert mistakes(tmp_path, '[filters]\nthin = "seeders<3"\nworse = "@thin & leechers>10"\n') == []


def test_all_mistakes_of_the_keys_are_told_at_once(tmp_path):
    (found,) = mistakes(tmp_path, '[keys]\n"main.srt" = "o"\n"main.mute" = "foo"\n"main.sort" = "r"\n')
    assert "did you mean main.sort?" in found
    assert "'main.mute': 'foo' is no key" in found
    assert "'main.sort': r is the key of main.recheck" in found
