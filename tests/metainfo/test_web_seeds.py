from __future__ import annotations

from trackerwatch.metainfo.web_seeds import usable_web_seeds


def test_only_urls_that_can_be_asked_each_once() -> None:
    raw = [
        b" http://a/ ",
        b"https://b/\xff",
        b"ftp://c",
        b"file:///etc",
        b"http://",
        b"http://x y",
        b"http://a/",
        b"http://" + b"x" * 5000,
    ]
    assert usable_web_seeds(raw) == ("http://a/", "https://b/\N{REPLACEMENT CHARACTER}", "ftp://c")
