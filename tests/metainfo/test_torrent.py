from __future__ import annotations

from trackerwatch.metainfo import Torrent, parse_magnet

HASH = "f7079c66cca02ab45934b9868572060010dfc97e"


def magnet(rest: str, source: str = "one") -> Torrent:
    return parse_magnet(f"magnet:?xt=urn:btih:{HASH}{rest}", source=source)


def test_a_copy_adds_tiers_after_the_last() -> None:
    first = magnet("&tr=udp://a.example:1&tr=udp://b.example:1")
    other = magnet("&tr=udp://c.example:1&tr=udp://a.example:1&tr=udp://d.example:1", "two")
    merged = first.merged_with(other)
    assert [(p.tier, p.position, p.tracker.host) for p in merged.placements] == [
        (0, 0, "a.example"),
        (1, 0, "b.example"),
        (2, 0, "c.example"),
        (3, 0, "d.example"),
    ]
    assert merged.sources == ("one", "two")


def test_a_copy_that_adds_no_tracker_keeps_the_shared_tuple() -> None:
    first = magnet("&tr=udp://a.example:1")
    assert first.merged_with(magnet("&tr=udp://a.example:1", "two")).placements is first.placements


def test_a_copy_fills_what_is_unknown() -> None:
    merged = magnet("").merged_with(magnet("&dn=a+name&xl=7&ws=http://w/", "two"))
    assert (merged.name, merged.size_bytes, merged.web_seeds) == ("a name", 7, ("http://w/",))
    again = merged.merged_with(magnet("&dn=other&xl=8&ws=http://v/"))
    assert (again.name, again.size_bytes, again.web_seeds) == ("a name", 7, ("http://w/", "http://v/"))
