"""What is said of how torrents are made, with real files: a libtorrent's, those of the sample folder, and hand-made ones."""

from __future__ import annotations

import random
from pathlib import Path

import libtorrent
import pytest

from tests.metainfo.torrents import S1, bencode, torrent_of, v1_info
from tests.policy.makings import GIB, KEY, KEYED, KEYED_CLEAR, KIB, MIB, OPEN, OTHER, SEED, THIRD, made
from trackerwatch.demo.making import Format, Recipe, torrent_bytes
from trackerwatch.errors import TrackerwatchError
from trackerwatch.metainfo import Torrent, load_torrent, parse_magnet
from trackerwatch.policy.lint import lint
from trackerwatch.policy.rules import LINT, SEVERITIES, Rule

SAMPLES = Path(__file__).parents[2] / "sample_torrents"


def found(torrent: Torrent) -> dict[Rule, tuple[str, str]]:
    problems = lint(torrent)
    assert len({problem.rule for problem in problems}) == len(problems)
    for problem in problems:
        assert problem.rule in LINT
        assert problem.severity is SEVERITIES[problem.rule]
        assert (problem.torrent, problem.tracker, problem.since) == (torrent.info_hash_hex, None, None)
        for line in (problem.message, problem.action):
            assert 10 < len(line) < 700
            assert line.isprintable()
            assert KEY not in line
    return {problem.rule: (problem.message, problem.action) for problem in problems}


def only(torrent: Torrent, rule: Rule) -> tuple[str, str]:
    told = found(torrent)
    assert list(told) == [rule]
    return told[rule]


# -- nothing to say ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "torrent",
    [
        made([OPEN]),
        made([OPEN], [OTHER], [THIRD]),
        # Mirrors of one operator share a tier or not, as BEP 12 has it.
        made(["http://bt1.archive.org:6969/announce", "http://bt2.archive.org:6969/announce"]),
        made(["http://bt1.archive.org:6969/announce"], ["http://bt2.archive.org:6969/announce"]),
        # The same operator by two protocols in one tier.
        made([OPEN, "https://tracker.open.org/announce"], [OTHER]),
        made([OPEN], ["http://abcdefghijklmnop.onion/announce"], ["http://abc.i2p/announce"]),
        made(["wss://tracker.webtorrent.dev"], [OPEN]),
        made([KEYED], private=True, seeds=()),
        made([KEYED], ["https://t2.closed.me/announce"], private=True),
        # Knows its members by their address, perhaps.
        made(["https://tracker.uni.edu/announce"], private=True),
        made(),
        made([OPEN], announce="UDP://tracker.OPEN.org:1337/announce"),
        made([OPEN], announce=OPEN.removesuffix("/announce")),
    ],
    ids=lambda torrent: " ".join(p.tracker.host for p in torrent.placements) or "no tracker",
)
def test_a_torrent_well_made_is_let_alone(torrent):
    assert found(torrent) == {}


@pytest.mark.parametrize(
    ("size", "piece"),
    [
        (0, 16 * KIB),
        (11, 16 * KIB),
        (1 * MIB, 1 * MIB),
        (3 * MIB, 4 * MIB),
        (20 * MIB, 256 * KIB),
        (3900 * MIB, 256 * KIB),
        (5700 * MIB, 256 * KIB),
        (155 * GIB, 16 * MIB),
        (2000 * GIB, 16 * MIB),
        (2000 * GIB, 32 * MIB),
    ],
)
def test_usual_pieces_are_let_alone(size, piece):
    assert found(made([OPEN], size=size, piece=piece)) == {}


@pytest.mark.parametrize("format_", Format)
def test_a_torrent_of_each_format_is_let_alone(format_):
    recipe = Recipe("x", (("a", 700_001), ("b/c", 5), ("d", 1_200_000)), format=format_, tiers=((OPEN,), (OTHER,)))
    assert set(found(load_torrent(torrent_bytes(recipe), source="x.torrent"))) == {Rule.NO_WEB_SEEDS}


def test_the_samples_are_told_what_they_are_and_no_more():
    told = {}
    for path in sorted(SAMPLES.glob("*.torrent")):
        try:
            told[path.name] = set(found(load_torrent(path.read_bytes(), source=path.name)))
        except TrackerwatchError:
            assert path.name.startswith("broken-")
    assert len(told) == 13
    # All of them name a laboratory on this machine; the rest is as it should be.
    assert set().union(*told.values()) == {Rule.UNSAFE_TRACKER, Rule.NO_WEB_SEEDS}
    assert told["bramble-maps-2026-europe.mbtiles.torrent"] == {Rule.UNSAFE_TRACKER}
    assert told["quarry-laser-scans-full.torrent"] == {Rule.UNSAFE_TRACKER}
    assert told["old-almanac-scans-1898.pdf.torrent"] == {Rule.NO_WEB_SEEDS}


# -- pieces ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "message", "action"),
    [
        (
            {"size": 10 * GIB, "piece": 256 * KIB},
            "40,960 pieces of 256 KiB: 800 KiB of hashes to fetch before a magnet link starts",
            "next time make it with pieces of 4 MiB: 2,560 pieces",
        ),
        (
            {"size": 100 * MIB, "piece": 16 * MIB},
            "7 pieces of 16 MiB: peers have little to share before they have nearly all",
            "next time make it with pieces of 64 KiB: 1,600 pieces",
        ),
        (
            {"size": 100 * GIB, "piece": 64 * MIB},
            (
                "1,600 pieces of 64 MiB: some clients refuse more than 16 MiB, "
                "and a peer shares none of a piece before it has it whole"
            ),
            "next time make it with pieces of 16 MiB: 6,400 pieces",
        ),
        (
            {"size": 100 * MIB, "piece": 1_000_000},
            "105 pieces of 1,000,000 bytes, which is no power of two: some clients refuse that",
            "next time make it with pieces of 64 KiB: 1,600 pieces",
        ),
        (
            {"size": MIB, "piece": 4 * KIB},
            "256 pieces of 4 KiB, smaller than the 16 KiB that peers ask for at once",
            "next time make it with pieces of 16 KiB: 64 pieces",
        ),
        (
            {"size": 100 * MIB, "pieces": 99},
            "99 piece hashes where 104,857,600 bytes in pieces of 1 MiB need 100: clients refuse the torrent",
            "make it anew: these are not the hashes of what it names",
        ),
        (
            {"size": 100 * MIB, "pieces": 1},
            "1 piece hash where 104,857,600 bytes in pieces of 1 MiB need 100: clients refuse the torrent",
            "make it anew: these are not the hashes of what it names",
        ),
        (
            {"size": 5, "piece": None},
            "no usable piece length: clients refuse the torrent",
            "make it anew with pieces of 16 KiB: 1 piece",
        ),
        (
            {"size": 5, "piece": -16384},
            "no usable piece length: clients refuse the torrent",
            "make it anew with pieces of 16 KiB: 1 piece",
        ),
        (
            {"size": 5, "piece": 10**60},
            "pieces of more than a million GiB: clients refuse the torrent",
            "make it anew with pieces of 16 KiB: 1 piece",
        ),
    ],
)
def test_pieces_that_do_not_fit(changes, message, action):
    assert only(made([OPEN], **changes), Rule.PIECE_SIZE) == (message, action)


@pytest.mark.parametrize(("piece", "said"), [(24 * KIB, "24 KiB"), (8 * KIB, "8 KiB"), (3_000_000, "3,000,000 bytes")])
def test_v2_knows_no_other_pieces(piece, said):
    leaf = {"": {"length": MIB, "pieces root": bytes(32)}}
    info = {"file tree": {"a": leaf, "b": leaf}, "meta version": 2, "name": "n", "piece length": piece}
    torrent = load_torrent(torrent_of(bencode(info), announce_list=[[OPEN]], url_list=SEED), source="x.torrent")
    message, action = only(torrent, Rule.PIECE_SIZE)
    assert message == f"pieces of {said}, and v2 wants a power of two of at least 16 KiB: clients refuse the torrent"
    assert action == "make it anew with pieces of 16 KiB: 128 pieces"


V1, V2 = "v1", "v2"


@pytest.mark.parametrize("version", [V1, V2])
@pytest.mark.parametrize(
    "piece", [None, "x", -1, 0, 1000, 8 * KIB, 16 * KIB, 24 * KIB, 16 * MIB, 64 * MIB, 256 * MIB, 512 * MIB, 1 << 62]
)
@pytest.mark.parametrize("off_by", [-1, 0, 1])
def test_a_client_refuses_what_we_say_clients_refuse(version, piece, off_by):
    size = 3 * piece if isinstance(piece, int) and 0 < piece < 1 << 60 else 5
    number = -(-size // piece) if isinstance(piece, int) and piece > 0 else 1
    if version == V1:
        info = v1_info(length=size, piece_length=piece, pieces=S1 * (number + off_by))
    else:
        leaf = {"": {"length": 11, "pieces root": bytes(range(32))}}
        info = {"file tree": {"n": leaf}, "meta version": 2, "name": "n", "piece length": piece}
        if piece is None:
            del info["piece length"]
    data = torrent_of(bencode(info), announce_list=[[OPEN]], url_list=SEED, piece_layers={}).replace(
        b"12:piece-layers", b"12:piece layers"
    )
    told = found(load_torrent(data, source="x.torrent")).get(Rule.PIECE_SIZE, ("", ""))[0]
    try:
        libtorrent.torrent_info(libtorrent.bdecode(data))
        refused = False
    except RuntimeError:
        refused = True
    assert told.endswith("clients refuse the torrent") == refused, told


def test_pieces_of_v2_are_estimated():
    leaf = {"": {"length": 9 * GIB, "pieces root": bytes(32)}}
    info = {"file tree": {"a": leaf, "b": leaf}, "meta version": 2, "name": "n", "piece length": 256 * KIB}
    torrent = load_torrent(torrent_of(bencode(info), announce_list=[[OPEN]], url_list=SEED), source="x.torrent")
    message, _ = only(torrent, Rule.PIECE_SIZE)
    assert message.startswith("about 73,728 pieces of 256 KiB: 2,304 KiB of hashes")


@pytest.mark.parametrize(("pieces", "right"), [(1, False), (2, True), (3, True)])
def test_what_pads_fill_is_not_known(pieces, right):
    files = [
        {"length": MIB, "path": ["a"]},
        {"attr": "p", "length": 5, "path": [".pad", "5"]},
        {"length": MIB, "path": ["b"]},
    ]
    torrent = made([OPEN], pieces=pieces, length=None, files=files)
    if right:
        assert found(torrent) == {}
    else:
        assert "need at least 2: clients refuse" in only(torrent, Rule.PIECE_SIZE)[0]


# -- announce URLs -----------------------------------------------------------------------------------------------------


def test_duplicates():
    torrent = made([OPEN, OTHER], ["UDP://TRACKER.OPEN.ORG:1337/announce"], [THIRD, OTHER])
    assert only(torrent, Rule.DUPLICATE_TRACKER) == (
        f"listed more than once: {OPEN}, {OTHER}",
        "list each once: a copy is no backup, and may be asked twice",
    )


def test_over_udp_a_path_makes_no_other_tracker():
    bare = OPEN.removesuffix("/announce")
    # It is not its own backup in another tier as well.
    assert only(made([OPEN], [bare], [OTHER]), Rule.DUPLICATE_TRACKER)[0] == f"one tracker over UDP: {OPEN} and {bare}"
    assert found(made([OPEN], [OTHER])) == {}
    magnet = parse_magnet(f"magnet:?xt=urn:btih:{'a' * 40}&tr={OPEN}&tr={bare}")
    assert list(found(magnet)) == [Rule.DUPLICATE_TRACKER]


def test_unusable_urls_are_named_few_of_many():
    torrent = made(["dht://AAAA", "tracker.foo.org/announce", "wss://a.org"], ["udp://x.org:99999", OPEN])
    message, action = only(torrent, Rule.UNUSABLE_TRACKER)
    assert message.startswith("unsupported announce URL 'dht://AAAA': only udp, http and https")
    assert "tracker.foo.org/announce" in message
    assert message.endswith("; and 1 more")
    assert action == "correct them, or take them out"
    assert only(made([OPEN], ["dht://AAAA"]), Rule.UNUSABLE_TRACKER)[1] == "correct it, or take it out"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("udp://127.0.0.1:6969", "lists 127.0.0.1:6969 (a loopback address, so each client asks itself)"),
        ("http://localhost:6969/announce", "lists localhost:6969 (a loopback address, so each client asks itself)"),
        ("udp://[::1]:6969", "lists [::1]:6969 (a loopback address, so each client asks itself)"),
        ("http://192.168.1.5:9000/announce", "lists 192.168.1.5:9000 (an address of a private network)"),
        ("udp://[fd00::5]:9000", "lists [fd00::5]:9000 (an address of a private network)"),
        ("udp://169.254.1.1:9000", "lists 169.254.1.1:9000 (a link-local address, good on one wire alone)"),
        ("udp://0.0.0.0:9000", "lists 0.0.0.0:9000 (no address that the internet routes)"),
        ("udp://100.64.0.9:9000", "lists 100.64.0.9:9000 (no address that the internet routes)"),
        ("udp://224.0.0.1:9000", "lists 224.0.0.1:9000 (no address that the internet routes)"),
        ("http://nas:9000/announce", "lists nas:9000 (a name that only a local network knows)"),
        ("http://box.local/announce", "lists box.local:80 (a name that only a local network knows)"),
        ("http://box.home.arpa./announce", "lists box.home.arpa.:80 (a name that only a local network knows)"),
    ],
)
def test_trackers_that_lead_nowhere(url, message):
    beside = only(made([OPEN], [url]), Rule.UNSAFE_TRACKER)
    assert beside == (message, "take it out before you publish: clients elsewhere wait for it in vain")
    # Without names: a laboratory's torrents are all told of in one line.
    assert only(made([url]), Rule.UNSAFE_TRACKER) == (
        "every tracker listed is local (loopback, a private network): nobody elsewhere reaches one",
        "list a tracker that everybody reaches, unless the torrent is for this network alone",
    )


@pytest.mark.parametrize(
    "host", ["8.8.8.8", "[2606:4700::1111]", "tracker.localhouse.org", "home.arpa.org", "local.net"]
)
def test_what_the_internet_knows_is_let_alone(host):
    assert found(made([f"udp://{host}:6969/announce"])) == {}


def test_a_key_in_a_torrent_for_all():
    said = (
        "lists t.closed.me:443 with a key, and the torrent is not private",
        "publish it without the secret, and get a new one: whoever has the torrent has it",
    )
    assert only(made([KEYED]), Rule.UNSAFE_TRACKER) == said
    # Also where only clients of before BEP 12 read it.
    assert found(made([OPEN], announce=KEYED))[Rule.UNSAFE_TRACKER] == said
    # A magnet link does not tell whether its torrent is private.
    assert found(parse_magnet(f"magnet:?xt=urn:btih:{'a' * 40}&tr={KEYED}")) == {}


@pytest.mark.parametrize(
    "url",
    [
        "https://t.org/our-own-tracker-announce",
        "https://t.org/tracker-2-announce-v1",
        "https://t.org/announce?uid=1234",
        "https://t.org/announce?compact=1",
    ],
)
def test_not_all_that_is_hidden_is_a_key(url):
    assert found(made([url])) == {}
    assert found(made([url], [OPEN], private=True)).keys() == {Rule.PRIVATE_WITH_PUBLIC}


@pytest.mark.parametrize(
    "url",
    [
        "https://t.org/announce?k=abcd1234",
        f"https://{KEY}.t.org/announce",
        "https://t.org/x/" + "abcdefgh" * 4,
        "https://t.org/550e8400-e29b-41d4-a716-446655440000/a",
    ],
)
def test_keys_wherever_they_stand(url):
    assert list(found(made([url]))) == [Rule.UNSAFE_TRACKER]


def test_a_password_is_for_nobody_to_read():
    message, action = only(made(["https://joe:hunter22@t.closed.me/announce"], private=True), Rule.UNSAFE_TRACKER)
    assert message == "lists t.closed.me:443 with a user name or password in the URL"
    assert "hunter22" not in message + action


def test_what_is_wrong_alike_is_told_once():
    torrent = made(["udp://10.0.0.1:1", "udp://10.0.0.2:1"], ["udp://127.0.0.1:1"], [OPEN])
    message, _ = only(torrent, Rule.UNSAFE_TRACKER)
    assert message == (
        "lists 10.0.0.1:1, 10.0.0.2:1 (an address of a private network); "
        "127.0.0.1:1 (a loopback address, so each client asks itself)"
    )


def test_keys_in_clear():
    message, action = only(made([KEYED_CLEAR], private=True), Rule.CLEARTEXT_TRACKER)
    assert message == "a key is sent in clear to t.closed.me: everybody on the way can read it"
    assert action == "list it by https, if it answers there (`trackerwatch check https://...`)"
    both = only(made([KEYED, KEYED_CLEAR], private=True), Rule.CLEARTEXT_TRACKER)
    assert both == (message, "take the http one out: the same host is listed by https")


def test_private_announces_in_clear():
    message, _ = only(made(["http://tracker.uni.edu:6969/announce"], private=True), Rule.CLEARTEXT_TRACKER)
    assert message == "private, and announced in clear to tracker.uni.edu: everybody on the way sees that"
    # Nobody can do anything about UDP, and a public torrent's announces are public.
    assert found(made(["udp://tracker.uni.edu:6969/announce"], private=True)) == {}
    assert found(made([THIRD])) == {}


def test_private_beside_open_trackers():
    message, action = only(made([KEYED], [OPEN], private=True), Rule.PRIVATE_WITH_PUBLIC)
    assert message == "private, with a key for t.closed.me and none for tracker.open.org"
    assert action.startswith("take out what asks for no key")
    message, action = only(made([OPEN], [OTHER], private=True), Rule.PRIVATE_WITH_PUBLIC)
    assert message == "private, with trackers of 2 operators and a key for none: tracker.open.org, tracker.other.net"
    assert action.startswith("take the private flag out, if it is for all")


# -- tiers and web seeds -----------------------------------------------------------------------------------------------


def test_all_in_one_tier():
    message, action = only(made([OPEN, OTHER, THIRD]), Rule.TIER_LAYOUT)
    assert message.startswith("all 3 trackers in one tier: each client asks one of them by chance")
    assert action == "give each independent tracker a tier of its own, the best first"


def test_a_host_that_backs_itself_up():
    torrent = made([OPEN], [OTHER], ["https://tracker.open.org/announce"])
    message, action = only(torrent, Rule.TIER_LAYOUT)
    assert message == "tracker.open.org is in tiers 0 and 2: where it is gone, its backup is gone as well"
    assert action == "put one host's trackers into one tier"
    # With no other tracker it is `single_tracker`; in a magnet link the tiers are nobody's decision.
    assert found(made([OPEN], ["https://tracker.open.org/announce"])) == {}
    magnet = parse_magnet(f"magnet:?xt=urn:btih:{'a' * 40}&tr={OPEN}&tr={OTHER}&tr=https://tracker.open.org/announce")
    assert found(magnet) == {}


def test_tiers_of_copies_are_no_files_tiers():
    copy = parse_magnet(
        f"magnet:?xt=urn:btih:{made([OPEN], [OTHER]).info_hash_hex}&tr=https://tracker.open.org/announce"
    )
    assert found(made([OPEN], [OTHER]).merged_with(copy)) == {}


def test_an_announce_that_the_list_leaves_out():
    message, action = only(made([OPEN], [OTHER], announce=THIRD), Rule.TIER_LAYOUT)
    assert message == f"announce names {THIRD}, and announce-list leaves it out: hardly any client asks it"
    assert action == "put it into announce-list, or take it out"


def test_two_things_about_tiers_are_one_problem():
    message, action = only(made([OPEN, OTHER], announce=THIRD), Rule.TIER_LAYOUT)
    assert message.count(";") == action.count(";") == 1


def test_no_web_seed():
    assert only(made([OPEN], seeds=()), Rule.NO_WEB_SEEDS) == (
        "no web seed: without a seeder nobody can complete a download",
        "add the URL of a plain HTTP download, if there is one",
    )
    # It would be open to all.
    assert found(made([KEYED], private=True, seeds=())) == {}


def test_the_worst_is_read_first_and_ids_stay():
    torrent = made([KEYED, OPEN, OPEN], size=100 * MIB, pieces=3, seeds=())
    rules = [problem.rule for problem in lint(torrent)]
    assert rules == [
        Rule.UNSAFE_TRACKER,
        Rule.DUPLICATE_TRACKER,
        Rule.TIER_LAYOUT,
        Rule.PIECE_SIZE,
        Rule.NO_WEB_SEEDS,
    ]
    assert [one.id for one in lint(torrent)] == [one.id for one in lint(torrent)]
    assert len({one.id for one in lint(torrent)}) == 5


@pytest.mark.parametrize("seed", range(40))
def test_whatever_loads_can_be_looked_over(seed):
    rng = random.Random(seed)
    words = [
        OPEN,
        OTHER,
        KEYED,
        KEYED_CLEAR,
        "http://\u202e.org/|<b>",
        "dht://x",
        "udp://[::1]:1",
        "http://a:b@c.org/",
        "",
    ]
    odd = [0, 1, -1, 3, 16384, 1 << 24, 1 << 62, 10**40, None, "x", [], {"a": 1}]
    for _ in range(50):
        changes = {
            "piece_length": rng.choice(odd),
            "length": rng.choice([0, 1, 1 << 20, (1 << 63) - 1]),
            "pieces": S1 * rng.choice([0, 1, 2, 500]),
            "private": rng.choice([None, 0, 1, "x"]),
            "meta_version": rng.choice([None, None, 2]),
            "file_tree": {"a": {"": {"length": rng.choice([0, 1, 1 << 40]), "pieces root": bytes(32)}}},
        }
        tiers = [[rng.choice(words) for _ in range(rng.randrange(5))] for _ in range(rng.randrange(6))]
        data = torrent_of(bencode(v1_info(**changes)), announce=rng.choice(words), announce_list=tiers)
        found(load_torrent(data, source="x.torrent"))


def test_hostile_urls_are_one_clean_line():
    torrent = made(
        ["http://a.org/<script>alert(1)</script>", "=cmd()|' /C calc'!A0", "http://b.org/\x1b[31m\u202ex"],
        [f"http://c.org/{KEY}/x]]>y"],
    )
    assert Rule.UNUSABLE_TRACKER in found(torrent)
