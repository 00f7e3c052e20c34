from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackerwatch.errors import MagnetError
from trackerwatch.metainfo import SwarmVersion, parse_magnet
from trackerwatch.metainfo.magnet import is_magnet, shown_magnet

HASH = "f7079c66cca02ab45934b9868572060010dfc97e"
PASSKEY = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("link", "info_hash"),
    [
        ("magnet:?xt=urn:btih:64DZYZWMUAVLIWJUXGDIK4QGAAIN7SL6", HASH),
        ("magnet:?xt=urn:btih:64dzyzwmuavliwjuxgdik4qgaain7sl6", HASH),
        ("magnet:?xt=urn:btih:46L3DEEONE4JK7INLRCZRZL2XSPOHJQL", "e797b1908e6938957d0d5c4598e57abc9ee3a60b"),
        (f"magnet:?xt=urn:btih:{HASH}", HASH),
        (f"  MAGNET:?XT=URN:BTIH:{HASH.upper()}\n", HASH),
        (f"magnet:?dn=x&xt.1=urn:btih:{HASH}", HASH),
        (f"magnet:?dn=x&amp;xt=urn%3Abtih%3A{HASH}", HASH),
        (f"magnet:?xt=urn:btih:{HASH}&xt=urn:btih:{HASH.upper()}", HASH),
        (
            (
                "magnet:?xt=urn:ed2k:354B15E68FB8F36D7CD88FF94116CDC1&xt=urn:tree:tiger:7N5OAMRNGMSSEUE3ORHOKWN4WWIQ5X4EBOOTLJY"
                "&xt=urn:btih:QHQXPYWMACKDWKP47RRVIV7VOURXFE5Q&xl=10826029"
            ),
            "81e177e2cc00943b29fcfc635457f575237293b0",
        ),
    ],
)
def test_v1(link: str, info_hash: str) -> None:
    torrent = parse_magnet(link)
    assert torrent.info_hash_hex == info_hash
    assert torrent.info_hash_v2 is None
    assert torrent.placements == ()
    assert torrent.size_bytes == (10826029 if "xl=" in link else None)
    assert torrent.private is False


V2 = "caf1e1c30e81cb361b9ee167c4aa64228a7fa4fa9f6105232b28ad099f3a302e"


def test_v2() -> None:
    torrent = parse_magnet(f"magnet:?xt=urn:btmh:1220{V2}&dn=bittorrent-v2-test")
    assert torrent.info_hash_v2 == bytes.fromhex(V2)
    assert torrent.swarms == ((SwarmVersion.V2, bytes.fromhex("caf1e1c30e81cb361b9ee167c4aa64228a7fa4fa")),)
    assert torrent.name == "bittorrent-v2-test"


def test_hybrid() -> None:
    torrent = parse_magnet(
        "magnet:?xt=urn:btih:631a31dd0a46257d5078c0dee4e66e26f73e42ac"
        "&xt=urn:btmh:1220d8dd32ac93357c368556af3ac1d95c9d76bd0dff6fa9833ecdac3d53134efabb&dn=bittorrent-v1-v2-hybrid-test"
    )
    assert torrent.swarms == (
        (SwarmVersion.V1, bytes.fromhex("631a31dd0a46257d5078c0dee4e66e26f73e42ac")),
        (SwarmVersion.V2, bytes.fromhex("d8dd32ac93357c368556af3ac1d95c9d76bd0dff")),
    )


@pytest.mark.parametrize(
    "link",
    [
        "magnet:?xt=urn:btih:===",
        "magnet:?xt",
        "magnet:",
        "magnet:?",
        f"magnet::?xt=urn:btih:{HASH}",
        "",
        HASH,
        f"magnet:?xt=urn:btih:{HASH[:-1]}",
        f"magnet:?xt=urn:btih:{HASH[:-1]}g",
        f"magnet:?xt=urn:btih:{HASH}00",
        f"magnet:?xt=urn:btih:{HASH[:32]}",
        f"magnet:?xt=urn:btmh:{V2}",
        f"magnet:?xt=urn:btmh:1220{V2[:-2]}",
        f"magnet:?xt=urn:btmh:1120{V2}",
        f"magnet:?xt=urn:btih:{HASH}&xt=urn:btih:{HASH[::-1]}",
        f"magnet:?dn=x&tr=udp://a.example:1/{PASSKEY}",
        "magnet:?xt=urn:ed2k:354B15E68FB8F36D7CD88FF94116CDC1",
        f"magnet:?xt=urn:btih:{HASH}&dn=" + "x" * 300_000,
    ],
)
def test_refused(link: str) -> None:
    with pytest.raises(MagnetError) as caught:
        parse_magnet(link)
    message = str(caught.value)
    assert message.isprintable()
    assert len(message) < 250
    assert PASSKEY not in message


def test_every_tr_is_a_tier_of_its_own() -> None:
    torrent = parse_magnet(
        f"magnet:?xt=urn:btih:{HASH}&tr=udp%3A%2F%2Fa.example%3A1%2Fannounce&TR.1=http://b.example/announce%3Fpasskey%3Dk+y%2By"
        "&tr=wss%3A%2F%2Fw.example&tr=&tr=udp%3A%2F%2FA.example%3A1%2Fannounce&tr.7=https%3A%2F%2Fc.example%2F%252F"
    )
    assert [(p.tier, p.position, p.tracker.url) for p in torrent.placements] == [
        (0, 0, "udp://a.example:1/announce"),
        (1, 0, "http://b.example/announce?passkey=k+y+y"),
        (5, 0, "https://c.example/%2F"),
    ]
    assert len(torrent.unusable_trackers) == 1
    assert "wss://w.example" in torrent.unusable_trackers[0]


def test_same_trackers_are_one_object() -> None:
    first = parse_magnet(f"magnet:?xt=urn:btih:{HASH}&tr=udp://a.example:1&tr=udp://b.example:1")
    second = parse_magnet(f"magnet:?xt=urn:btih:{HASH[::-1]}&tr=udp%3a//a.example:1&tr=udp://b.example:1")
    assert first.placements is second.placements


def test_names_and_web_seeds() -> None:
    torrent = parse_magnet(
        f"magnet:?xt=urn:btih:{HASH}&dn=A+name%20%C3%A9%1b&dn=other&ws=http%3A%2F%2Fw.example%2Fa+b&as=https://x.example/&ws=junk"
    )
    assert torrent.name == "A name é"
    assert torrent.web_seeds == ("http://w.example/a+b", "https://x.example/")
    assert parse_magnet(f"magnet:?xt=urn:btih:{HASH}").name == HASH


@pytest.mark.parametrize(
    ("text", "size_bytes"), [("0", 0), ("-1", None), ("x", None), ("9" * 30, None), ("9223372036854775808", None)]
)
def test_length(text: str, size_bytes: int | None) -> None:
    assert parse_magnet(f"magnet:?xt=urn:btih:{HASH}&xl={text}").size_bytes == size_bytes


def test_peers_and_selections_change_nothing() -> None:
    plain = parse_magnet(f"magnet:?xt=urn:btih:{HASH}", source="s")
    assert (
        parse_magnet(
            f"magnet:?xt=urn:btih:{HASH}&so=0,2,4,6-8&x.pe=123.213.32.10:47450&x.pe=[2001:db8::2]:55013&kt=a",
            source="s",
        )
        == plain
    )


def test_shown_without_announce_urls() -> None:
    link = f"magnet:?xt=urn:btih:{HASH}&dn=name&tr=http://a.example/{PASSKEY}/announce&tr.2=http%3A%2F%2Fb%2F%3Fkey%3Dsecretkey&ws=http://u:pw@w/"
    shown = shown_magnet(link)
    assert shown == f"magnet:?xt=urn:btih:{HASH}&dn=name&tr=…&tr.2=…&ws=…"
    assert parse_magnet(link).sources == (shown,)
    assert parse_magnet(link, source="list.txt").sources == ("list.txt",)
    for broken in (
        link.replace("?", ""),
        link.replace("magnet:", "magnet::"),
        link.replace("xt=", "xt"),
        link.replace("=", ""),
    ):
        assert PASSKEY not in shown_magnet(broken)
        assert "secretkey" not in shown_magnet(broken)


def test_is_magnet() -> None:
    assert is_magnet("MAGNET:?x")
    assert is_magnet("magnet:")
    assert not is_magnet("magnet.torrent")


@given(
    st.text(max_size=80),
    st.sampled_from(
        ["", "magnet:?", f"magnet:?xt=urn:btih:{HASH}&", f"magnet:?xt=urn:btih:{HASH}&tr=", "magnet:?xt=urn:btmh:1220"]
    ),
)
def test_any_text_is_a_torrent_or_a_reason(text: str, start: str) -> None:
    try:
        torrent = parse_magnet(start + text)
    except MagnetError as error:
        message = str(error)
        assert message.isprintable()
    else:
        assert len(torrent.info_hash) == 20
        assert torrent.name.isprintable()
        assert torrent.sources[0].isprintable()
