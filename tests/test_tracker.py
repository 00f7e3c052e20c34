"""`parse_tracker`: which trackers an announce URL names, and which none."""

import gc

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trackerwatch.errors import TrackerUrlError
from trackerwatch.tracker import MAX_URL_CHARS, Protocol, Tracker, at_port, parse_tracker

KEY = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("url", "protocol", "host", "port", "target"),
    [
        ("udp://tracker.example.org:6969/announce", Protocol.UDP, "tracker.example.org", 6969, "/announce"),
        ("udp://tracker.example.org:6969", Protocol.UDP, "tracker.example.org", 6969, ""),
        ("udp://tracker.example.org", Protocol.UDP, "tracker.example.org", 80, ""),
        ("http://tracker.example.org/announce", Protocol.HTTP, "tracker.example.org", 80, "/announce"),
        ("HTTPS://Tracker.Example.ORG/Announce?Key=A", Protocol.HTTPS, "tracker.example.org", 443, "/Announce?Key=A"),
        ("http://tracker.example.org?key", Protocol.HTTP, "tracker.example.org", 80, "?key"),
        (
            "http://tracker.example.org:8080/a//b/../c%2f%zz",
            Protocol.HTTP,
            "tracker.example.org",
            8080,
            "/a//b/../c%2f%zz",
        ),
        ("http://tracker.example.org/announce#fragment", Protocol.HTTP, "tracker.example.org", 80, "/announce"),
        ("  udp://tracker.example.org:1/ \r\n", Protocol.UDP, "tracker.example.org", 1, "/"),
        ("udp://[2001:DB8:0::1]:6969/announce", Protocol.UDP, "2001:db8::1", 6969, "/announce"),
        ("http://[::1]/announce", Protocol.HTTP, "::1", 80, "/announce"),
        ("http://user:p@ss@tracker.example.org:1/", Protocol.HTTP, "tracker.example.org", 1, "/"),
        ("http://bücher.example/announce", Protocol.HTTP, "xn--bcher-kva.example", 80, "/announce"),
        ("udp://under_score.example:1", Protocol.UDP, "under_score.example", 1, ""),
        ("udp://192.0.2.1:80", Protocol.UDP, "192.0.2.1", 80, ""),
        # Odd spellings of loopback are names here; the policy judges what they resolve to.
        ("udp://127.1:80", Protocol.UDP, "127.1", 80, ""),
        ("udp://0x7f.1:80", Protocol.UDP, "0x7f.1", 80, ""),
        ("udp://2130706433:80", Protocol.UDP, "2130706433", 80, ""),
        ("http://tracker.example.org:65535", Protocol.HTTP, "tracker.example.org", 65535, ""),
        ("http://tracker.example.org:", Protocol.HTTP, "tracker.example.org", 80, ""),
        ("http://" + "a" * 63 + ".example/", Protocol.HTTP, "a" * 63 + ".example", 80, "/"),
    ],
)
def test_parts(url, protocol, host, port, target):
    tracker = parse_tracker(url)
    assert (tracker.protocol, tracker.host, tracker.port, tracker.target) == (protocol, host, port, target)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "without a scheme"),
        ("tracker.example.org:6969/announce", "without a scheme"),
        ("http:/tracker.example.org/", "without a scheme"),
        ("wss://tracker.example.org/", "only udp, http and https"),
        ("dht://tracker.example.org/", "only udp, http and https"),
        ("://tracker.example.org/", "only udp, http and https"),
        ("http://", "no usable host name"),
        ("http:///announce", "no usable host name"),
        ("http://:80/announce", "no usable host name"),
        ("http://.example/", "no usable host name"),
        ("http://a..example/", "no usable host name"),
        ("http://-a.example/", "no usable host name"),
        ("http://a%41.example/", "no usable host name"),
        ("http://" + "a" * 64 + ".example/", "no usable host name"),
        ("http://" + "a." * 127 + "aa/", "no usable host name"),
        ("http://" + "ü" * 300 + "/", "no usable host name"),
        ("http://\u2100.example/", "no usable host name"),
        ("http://ü..example/", "unusable host name"),
        ("udp://tracker.example.org:0/", "no usable port"),
        ("udp://tracker.example.org:65536/", "no usable port"),
        ("udp://tracker.example.org:-1/", "no usable port"),
        ("udp://tracker.example.org:+1/", "no usable port"),
        ("udp://tracker.example.org:٣/", "no usable port"),
        ("udp://tracker.example.org:000080/", "no usable port"),
        ("udp://tracker.example.org:1:2/", "no usable port"),
        ("http://[::1/", "broken IPv6 address"),
        ("http://[]/", "broken IPv6 address"),
        ("http://[::g]/", "broken IPv6 address"),
        ("http://[127.0.0.1]/", "broken IPv6 address"),
        ("http://[::1]80/", "broken IPv6 address"),
        ("http://[fe80::1%eth0]/", "broken IPv6 address"),
        ("http://[fe80::1%25eth0]/", "broken IPv6 address"),
        ("http://::1/", "no usable"),
        ("http://tracker.example.org/a b", "holds the character ' '"),
        ("http://tracker.example.org/a\r\nHost: x", "holds the character"),
        ("http://tracker.example.org/\0", "holds the character"),
        ("http://tracker.example.org\\@evil.example/", "holds the character"),
        ("http://tracker.example.org/\ud800", "holds the character"),
        ("http://tracker.example.org/\u202e", "holds the character"),
        ("http://tracker.example.org/" + "a" * MAX_URL_CHARS, "the limit is 4096"),
        ("http://tracker.example.org:81/" + "a" * (MAX_URL_CHARS - 29), "the limit is 4096"),
    ],
)
def test_refusals_say_why_in_one_clean_line(url, reason):
    with pytest.raises(TrackerUrlError, match=reason) as caught:
        parse_tracker(url)
    message = str(caught.value)
    assert message.isprintable()
    assert len(message) < 2500


def test_spellings_of_one_tracker_are_one_object():
    tracker = parse_tracker("HTTP://Tracker.Example:80/announce#x")
    assert parse_tracker("http://tracker.example/announce") is tracker
    assert tracker.url == "http://tracker.example/announce"
    others = [
        "http://tracker.example/Announce",
        "http://tracker.example/announce/",
        "https://tracker.example/announce",
        "http://tracker.example:81/announce",
    ]
    assert len({tracker, *map(parse_tracker, others)}) == 5


def test_identity_outlives_the_cache_of_urls():
    tracker = parse_tracker("udp://kept.example:1/announce")
    parse_tracker.cache_clear()
    assert parse_tracker("UDP://kept.example:1/announce") is tracker


def test_a_tracker_that_nobody_holds_is_forgotten():
    from trackerwatch.tracker import _known  # noqa: PLC0415 - a detail of memory, looked at here alone

    parse_tracker("udp://gone.example:1/announce")
    parse_tracker.cache_clear()
    gc.collect()
    assert "udp://gone.example:1/announce" not in _known


def test_ids_are_stable_between_runs():
    assert parse_tracker("udp://tracker.example.org:6969/announce").id == "1f2d6f9121"
    assert parse_tracker("udp://TRACKER.example.org:6969/announce").id == "1f2d6f9121"


def test_secrets_do_not_show():
    tracker = parse_tracker(f"https://user:word@{KEY}.example.org:8443/{KEY}/announce?passkey=hidden")
    assert tracker.shown_url == "https://…@….example.org:8443/…/announce?passkey=…"
    assert tracker.host_port == "….example.org:8443"
    assert set(tracker.secrets) == {KEY, "user", "word", "hidden", "dXNlcjp3b3Jk"}
    for secret in tracker.secrets:
        assert secret not in repr(tracker).replace(f"host='{tracker.host}'", "")


def test_errors_keep_secrets():
    for url in (
        f"http://t.example:0/{KEY}/announce",
        f"wss://t.example/?passkey={KEY}",
        f"t.example/{KEY}",
        f"http://u:{KEY}@t.example:0/",
        f"http://u:p/{KEY}@t.example/",
    ):
        with pytest.raises(TrackerUrlError) as caught:
            parse_tracker(url)
        assert KEY not in str(caught.value)


def test_host_port_of_an_ipv6_tracker_has_brackets():
    assert parse_tracker("udp://[::1]:6969/").host_port == "[::1]:6969"


@given(
    st.one_of(
        st.text(max_size=80),
        st.builds(
            "{}://{}{}{}{}".format,
            st.sampled_from(["udp", "http", "https", "HTTP", "wss", ""]),
            st.sampled_from(["", "u:p@", "u@", "@"]),
            st.one_of(st.text(max_size=30), st.from_regex(r"\A[a-zA-Z0-9._\[\]:%üß℀-]{0,30}\Z")),
            st.sampled_from(["", ":80", ":443", ":0", ":1", ":x", ":99999", ":"]),
            st.one_of(st.text(max_size=30), st.sampled_from(["", "/", "?", "/a?b=c", "#"])),
        ),
    )
)
@example("http://" + "a" * 200 + "!/")
@example("udp://[::ffff:1.2.3.4]:80")
def test_anything_is_a_tracker_or_a_reasoned_refusal(url):
    try:
        tracker = parse_tracker(url)
    except TrackerUrlError as error:
        assert str(error).isprintable()  # noqa: PT017 - both ends are fine, and each is looked at
        return
    assert isinstance(tracker, Tracker)
    assert parse_tracker(tracker.url) is tracker
    assert 1 <= tracker.port <= 65535
    assert tracker.host.isascii()
    assert tracker.host
    assert tracker.shown_url.isprintable()
    assert tracker.target[:1] in {"", "/", "?"}
    tracker.url.encode()


@pytest.mark.parametrize(
    ("url", "moved"),
    [
        ("udp://tracker.example:6969/announce", "udp://tracker.example:1337/announce"),
        ("udp://tracker.example", "udp://tracker.example:1337"),
        ("http://me:p%40w@tracker.example/a@b:9?x=1", "http://me:p%40w@tracker.example:1337/a@b:9?x=1"),
        ("https://[2001:db8::1]:8443?k=1", "https://[2001:db8::1]:1337?k=1"),
    ],
)
def test_the_same_tracker_at_another_port(url, moved):
    tracker = parse_tracker(url)
    other = at_port(tracker, 1337)
    assert other is parse_tracker(moved)
    assert (other.target, other.host, other.port) == (tracker.target, tracker.host, 1337)
    assert at_port(tracker, tracker.port) is tracker
    assert at_port(other, tracker.port) is tracker
