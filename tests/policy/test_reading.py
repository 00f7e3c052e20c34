"""Policies: what their TOML means, and every mistake in it with its place."""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.doc_tables import DOCS
from tests.reports.scenes import seen, torrent
from trackerwatch.errors import ConfigError
from trackerwatch.policy.document import NO_POLICY, Policy, Requirements
from trackerwatch.policy.reading import (
    KEYS_OF_ALL,
    KEYS_OF_COLLECTION,
    KEYS_OF_OVERRIDE,
    MAX_COLLECTIONS,
    MAX_MISTAKES,
    MAX_OVERRIDES,
    looks_like_policy,
    policy_mistakes,
    read_policy,
)
from trackerwatch.policy.rules import OF_THE_RUN, Rule, Severity

DAY_S = 86400.0

WHOLE = """\
min_seeders = 2            # defaults for every torrent
min_working_trackers = 1
max_dead_days = 30
grace = "48h"
lint = true
[severities]               # critical | warning | info | off, by rule id
redundancy = "info"
tracker_down = "off"
[collections.isos]
filter = "name~iso"
min_seeders = 3
severities = {min_seeders = "critical"}
[collections."Old & rare"]
filter = "@old"
[[overrides]]
filter = "name=old-release"
min_seeders = 1
grace = 0
why = "kept for the archive only"
until = 2026-12-31T12:00:00Z
[[overrides]]
filter = "seeders=0"
"""


def read(text: str, **named: str) -> Policy:
    return read_policy(text, "p.toml", named)


def mistakes(text: str, **named: str) -> list[str]:
    return policy_mistakes(text, "p.toml", named)


def matches(collection, name: str) -> bool:
    return collection.filter.matches_torrent(seen(torrent(name, [])))


def test_the_whole_language():
    policy = read(WHOLE, old="name~2019")
    assert policy.source == "p.toml"
    assert policy.lint is True
    assert policy.defaults == Requirements(
        2, 1, 30.0, 2 * DAY_S, {Rule.REDUNDANCY: Severity.INFO, Rule.TRACKER_DOWN: None}
    )
    isos, old = policy.collections
    assert (isos.name, isos.requirements) == (
        "isos",
        Requirements(min_seeders=3, severities={Rule.MIN_SEEDERS: Severity.CRITICAL}),
    )
    assert matches(isos, "an.iso")
    assert not matches(isos, "a film")
    assert (old.name, old.requirements) == ("Old & rare", Requirements())
    assert matches(old, "of 2019")
    first, second = policy.overrides
    assert first.requirements == Requirements(min_seeders=1, grace_s=0.0)
    assert (first.why, first.until) == ("kept for the archive only", datetime(2026, 12, 31, 12, tzinfo=UTC))
    assert (second.why, second.until) == ("", None)


def test_the_page_shows_the_whole_language():
    page = (DOCS / "policy.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    policy = read(example)
    assert [collection.name for collection in policy.collections] == ["isos", "archive"]
    assert policy.overrides[0].requirements.min_seeders == 1
    rows = re.findall(r"^\| `(\w+)` \| ([a-z ,]+) \|", page, re.MULTILINE)
    everywhere = {key for key, where in rows if where == "everywhere"}
    assert everywhere == set(KEYS_OF_COLLECTION) - {"filter"}
    assert {key for key, _ in rows} | {"collections", "overrides"} == {*KEYS_OF_ALL, *KEYS_OF_OVERRIDE}


def test_an_empty_file_asks_for_nothing():
    assert read("") == Policy("p.toml")
    assert read("# nothing\n").defaults == NO_POLICY.defaults


@pytest.mark.parametrize(
    ("written", "seconds"), [('"48h"', 2 * DAY_S), ("90", 90.0), ('"20m"', 1200.0), ("0", 0.0), ('"0s"', 0.0)]
)
def test_grace_is_a_duration_as_in_the_config(written, seconds):
    assert read(f"grace = {written}").defaults.grace_s == seconds


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("min_seeder = 2", "line 1: unknown key 'min_seeder'; did you mean min_seeders?"),
        ("\nMin-Seeders = 2", "line 2: unknown key 'Min-Seeders'; did you mean min_seeders?"),
        (
            "expect_seeders = []",
            f"line 1: unknown key 'expect_seeders'; this version has none; there are: {', '.join(KEYS_OF_ALL)}",
        ),
        (
            '[collections.a]\nfilter = "x"\nwebseeds = "all"',
            (
                "line 3: collections.a: unknown key 'webseeds'; this version has none; "
                "there are: filter, min_seeders, min_working_trackers, max_dead_days, grace, severities"
            ),
        ),
        (
            '[severities]\nregional = "off"',
            (
                "line 2: severities.regional: comes of reports that were put together (--from), "
                "which no policy judges; leave it out"
            ),
        ),
        ('min_seeders = "2"', "line 1: min_seeders: '2' is no whole number from 0 to 1000000"),
        ("min_seeders = -1", "line 1: min_seeders: -1 is no whole number from 0 to 1000000"),
        ("min_seeders = true", "line 1: min_seeders: true is no whole number from 0 to 1000000"),
        ("min_working_trackers = 1.5", "line 1: min_working_trackers: 1.5 is no whole number from 0 to 1000"),
        (
            'max_dead_days = "30d"',
            "line 1: max_dead_days: '30d' is no number of days above 0, up to 3650; write it like 30",
        ),
        ("max_dead_days = 0", "line 1: max_dead_days: 0 is no number of days above 0, up to 3650; write it like 30"),
        (
            "max_dead_days = nan",
            "line 1: max_dead_days: nan is no number of days above 0, up to 3650; write it like 30",
        ),
        (
            'grace = "2w"',
            'line 1: grace: \'2w\' is no duration above 0; write seconds, or a number with a unit: "90s", "20m", "2h"',
        ),
        ('grace = "900d"', "line 1: grace: '900d' is too long; at most 400 days"),
        ('lint = "yes"', "line 1: lint: 'yes' is neither true nor false (written without quotes)"),
        ("severities = 1", 'line 1: severities: 1 is no table; write it like {redundancy = "info"}'),
        (
            '[severities]\nredundance = "info"',
            "line 2: severities: there is no rule 'redundance'; did you mean redundancy?",
        ),
        (
            '[severities]\none_seeder = "crit"',
            "line 2: severities.one_seeder: 'crit' is no severity; did you mean \"critical\"?",
        ),
        (
            "[severities]\none_seeder = false",
            'line 2: severities.one_seeder: false is no severity; did you mean "off"?',
        ),
        (
            "severities.one_seeder = 3",
            "line 1: severities.one_seeder: 3 is no severity; there are: info, warning, critical, off",
        ),
        (
            "collections = []",
            "line 1: collections: a list is no table; write it like [collections.isos] with keys below it",
        ),
        (
            '[collections]\nfilter = "x"',
            "line 2: collections.filter: 'x' is no table of a collection; write it like [collections.isos] with keys below it",
        ),
        (
            "[collections.isos]\nmin_seeders = 2",
            'line 1: collections.isos: filter is missing: which torrents? write it like filter = "name~iso"',
        ),
        ('[collections.isos]\nfitler = "x"', "line 2: collections.isos: unknown key 'fitler'; did you mean filter?"),
        (
            '[collections.isos]\nfilter = "x"\nlint = true',
            (
                "line 3: collections.isos: unknown key 'lint'; "
                "there are: filter, min_seeders, min_working_trackers, max_dead_days, grace, severities"
            ),
        ),
        (
            '[collections."a b"]\nfilter = "seedrs<2"',
            "line 2: collections.\"a b\".filter: unknown field 'seedrs' at column 1; did you mean seeders?",
        ),
        (
            '[collections.a]\nfilter = "name~x & @gone"',
            "line 2: collections.a.filter: no filter is saved as 'gone' at column 10; none is saved",
        ),
        (
            "[collections.a]\nfilter = 7",
            'line 2: collections.a.filter: 7 is no filter in quotes; write it like "name~iso"',
        ),
        (
            '[collections.a]\nfilter = "x"\n[collections.a.severities]\ntracker_down = "off"',
            (
                "line 4: collections.a.severities.tracker_down: no torrent breaks this rule; "
                "only [severities] at the top can have it"
            ),
        ),
        ('[overrides]\nfilter = "x"', "line 1: overrides: a table is no list of tables; begin each with [[overrides]]"),
        ("overrides = [1]", "line 1: overrides 1: 1 is no table; begin each with [[overrides]]"),
        (
            '[[overrides]]\nfilter = "a"\n[[overrides]]\nfilter = ""',
            "line 4: overrides 2.filter: an empty one is about all torrents; what holds for all stands at the top of the file",
        ),
        (
            '[[overrides]]\nfilter = "a"\nuntil = "2026-12-31"',
            "line 3: overrides 1.until: '2026-12-31' is no date; write it like 2026-12-31, unquoted",
        ),
        (
            '[[overrides]]\nfilter = "a"\nuntil = 9999-12-31T23:59:59-23:00',
            "line 3: overrides 1.until: no calendar goes that far",
        ),
        (
            '[[overrides]]\nfilter = "a"\nwhy = "a\\nb"',
            "line 3: overrides 1.why: 'a b' is no single line of at most 200 printable characters",
        ),
        ("min_seeders = 1 2", "line 1 column 17: no TOML: Expected newline or end of document after a statement"),
    ],
)
def test_a_mistake_is_one_line_with_its_place(text, told):
    place = "p.toml: " if "no TOML" in told else "p.toml "
    assert mistakes(text) == [place + told]


def test_a_name_of_a_collection_is_short_and_printable():
    assert mistakes(f'[collections.{"x" * 61}]\nfilter = "a"')[0].startswith("p.toml line 1: collections.xxx")
    (told,) = mistakes('[collections."\\u001b[31m"]\nfilter = "a"')
    assert "no name of up to 60 printable characters" in told
    assert told.isprintable()
    assert mistakes('[collections."a b"]\nfilter = "x"\n[collections."a  b"]\nfilter = "x"') == [
        'p.toml line 3: collections."a b": reads like another one above; give it a name of its own'
    ]


def test_all_mistakes_are_told_in_the_order_of_the_lines():
    told = mistakes(
        'lint = 1\nmin_seeder = 1\n[collections.a]\nfilter = "x="\n[severities]\nx = 1\n[[overrides]]\nwhy = 1\n'
    )
    assert [line.split(":")[0] for line in told] == [
        *("p.toml line 1", "p.toml line 2", "p.toml line 4", "p.toml line 6", "p.toml line 7", "p.toml line 8")
    ]


def test_the_first_mistake_ends_a_run_and_counts_the_others():
    with pytest.raises(ConfigError) as caught:
        read("lint = 1\ngrace = 1\nmin_seeders = -1\n[severities]\nx = 1\n")
    assert str(caught.value) == (
        "p.toml line 1: lint: 1 is neither true nor false (written without quotes) "
        "(and 2 more: see `trackerwatch config check --policy p.toml`)"
    )
    with pytest.raises(ConfigError) as caught:
        read("lint = 1")
    assert str(caught.value) == "p.toml line 1: lint: 1 is neither true nor false (written without quotes)"


def test_number_and_length_are_bounded():
    collections = "".join(f'[collections.c{n}]\nfilter = "x"\n' for n in range(MAX_COLLECTIONS + 1))
    assert mistakes(collections) == ["p.toml line 1: collections: 201 are too many; at most 200"]
    overrides = '[[overrides]]\nfilter = "x"\n' * (MAX_OVERRIDES + 1)
    assert mistakes(overrides) == ["p.toml line 1: overrides: 201 are too many; at most 200"]
    told = mistakes("".join(f"x{n} = 1\n" for n in range(1000)))
    assert len(told) == MAX_MISTAKES + 1
    assert told[-1] == "p.toml: there may be more"


def test_secrets_and_escapes_do_not_come_out():
    told = policy_mistakes(
        'lint = "https://t.example/0123456789abcdef0123456789abcdef/announce"\n"a\\u001b]0;x\\u0007" = 1',
        "p\n.toml",
        {},
    )
    assert all(line.isprintable() for line in told)
    assert not any("0123456789abcdef" in line for line in told)
    assert told[0].startswith("p .toml line 1: ")


@pytest.mark.parametrize("rule", sorted(set(Rule) - {Rule.REGIONAL}))
def test_every_rule_can_have_a_severity(rule):
    assert read(f'severities = {{{rule} = "off"}}').defaults.severities == {rule: None}
    collection = f'[collections.a]\nfilter = "x"\nseverities = {{{rule} = "off"}}'
    assert bool(mistakes(collection)) == (rule in OF_THE_RUN)


def test_what_looks_like_a_policy():
    assert looks_like_policy("min_seeders = 3")
    assert looks_like_policy('[[overrides]]\nfilter = "x"')
    assert not looks_like_policy("interval = 60\n[filters]\n")
    assert not looks_like_policy("= 3")


KEYS = st.sampled_from([*KEYS_OF_ALL, "filter", "why", "until", "x", "min_seeder"])
VALUES = st.recursive(
    st.sampled_from(["1", "-1", '"48h"', '"x"', "true", "nan", "2026-12-31", "10:00:00", '"name~"', '"off"', "1e400"]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.dictionaries(st.one_of(KEYS, st.sampled_from(["isos", "one_seeder"])), inner, max_size=3).map(
            lambda items: f"{{{', '.join(f'{key} = {value}' for key, value in items.items())}}}"
        ),
    ),
    max_leaves=8,
)


@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_whatever_is_written_is_a_policy_or_has_mistakes(items):
    text = "\n".join(f"{key} = {value}" for key, value in items.items())
    tomllib.loads(text)
    told = mistakes(text)
    assert all(line.startswith("p.toml line ") and line.isprintable() for line in told)
    if told:
        with pytest.raises(ConfigError):
            read(text)
    else:
        assert read(text).source == "p.toml"
