"""The doorway: whatever comes in, one safe line comes out, and no secret."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trackerwatch.outside_text import ELLIPSIS, MAX_MARKS, clean, redact_host, redact_url, url_secrets

KEY = "0123456789abcdef0123456789abcdef"


class TestClean:
    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            ("ubuntu-24.04.iso", "ubuntu-24.04.iso"),
            ("  two \t words\r\n", "two words"),
            ("nul\0 and bell\a", "nul and bell"),
            ("red \x1b[31mtext\x1b[0m", "red text"),
            ("c1 \x9b31mred", "c1 red"),
            ("title \x1b]0;owned\x07here", "title here"),
            ("title \x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "title link"),
            ("open \x1b]0;never ends", "open ]0;never ends"),
            ("clear\x1bc", "clear"),
            ("bidi \u202eabc\u2066\u2069\u200f\u061c", "bidi abc"),
            ("zero\u200b\u200c\u200d\u2060\ufeff\u00adwidth", "zerowidth"),
            ("tags\U000e0041\U000e007f", "tags"),
            ("selectors\ufe0f\U000e0100\u180b", "selectors"),
            ("fillers\u3164\u115f\u1160\uffa0\u2800", "fillers"),
            ("lines\u2028and\u2029\x85more\x0b\x0c", "lines and more"),
            ("spaces\u00a0\u3000\u2003x", "spaces x"),
            ("surrogate\ud800\udfff", "surrogate"),
            ("private\ue000\U0010ffff", "private"),
            ("Größe 日本語 🙂", "Größe 日本語 🙂"),
            ("family 👨\u200d👩\u200d👧", "family 👨👩👧"),
            ("Việt Nam e\u0302\u0301", "Việt Nam e\u0302\u0301"),
            ("\u0301starts with a mark", "starts with a mark"),
            ("blank \u0301\u0302 mark", "blank mark"),
            ("[bold]markup[/bold] =1+1 <b>", "[bold]markup[/bold] =1+1 <b>"),
            (b"utf-8 \xc3\xa9", "utf-8 é"),
            (b"latin-1 \xe9", "latin-1 é"),
            (b"\xff\xfe\x00", "ÿþ"),
            ("", ""),
            (b"", ""),
        ],
    )
    def test_one_safe_line(self, text, shown):
        assert clean(text) == shown

    def test_every_control_goes(self):
        for code in [*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)]:
            assert clean(f"a{chr(code)}é") in {"aé", "a é"}, hex(code)

    def test_a_flood_of_marks_is_bounded(self):
        assert clean("e" + "\u0301" * 100 + "x") == "e" + "\u0301" * MAX_MARKS + "x"

    def test_long_text_is_cut_and_says_so(self):
        assert clean("x" * 300) == "x" * 300
        assert clean("x" * 301) == "x" * 299 + ELLIPSIS
        assert clean("abcdef", limit_chars=4) == "abc…"
        assert clean("abcdef", limit_chars=1) == "…"
        # What is dropped does not make a long text pass for a short one.
        assert clean("a" + "\0" * 10_000 + "b", limit_chars=10) == "a…"
        assert clean(b"a" + b"\0" * 10_000 + b"b", limit_chars=10) == "a…"

    def test_bytes_cut_inside_a_character_stay_utf8(self):
        assert clean("é".encode() * 100_000, limit_chars=5) == "éééé…"
        assert clean(b"a" + "é".encode() * 100_000, limit_chars=5) == "aééé…"

    @pytest.mark.parametrize(
        "echo",
        [
            f'The supplied key: Key("{KEY}"), is not valid',
            f"key {KEY.upper()} unknown",
            f"{KEY[:9]}\u200b{KEY[9:]}",
            f"{KEY[:9]}\x1b[0m{KEY[9:]}",
            f"{KEY[:9]}\x00{KEY[9:]}",
            KEY + KEY,
            "\0" * 500 + KEY,
        ],
    )
    def test_an_echoed_secret_is_replaced(self, echo):
        shown = clean(echo, secrets=(KEY,))
        assert KEY not in shown.lower()
        assert ELLIPSIS in shown

    @pytest.mark.parametrize("limit", range(20, 60))
    def test_no_beginning_of_a_secret_survives_a_cut(self, limit):
        # Invisible characters push the secret to where reading ends.
        text = "x" + "\0" * (limit * 8 + 20) + KEY * 3
        shown = clean(text, limit_chars=limit, secrets=(KEY,))
        assert KEY[:4] not in shown
        assert KEY[:4] not in clean("x" * (limit - 10) + KEY, limit_chars=limit, secrets=(KEY,))

    def test_short_secrets_do_not_tear_words(self):
        assert clean("a cat", secrets=("a", "", " ", "\0")) == "a cat"

    @given(
        st.one_of(
            st.text(),
            st.binary(),
            st.text(st.sampled_from("ab \u0301\u0302\x1b[m\u200b\u202e…e\x9b]\x07\ud800🙂\ufe0f")),
        ),
        st.lists(
            st.text(st.characters(exclude_characters=ELLIPSIS, exclude_categories=["Cs"]), min_size=4, max_size=12),
            max_size=3,
        ),
        st.integers(min_value=2, max_value=40),
    )
    @example("ab" * 30, ["abab"], 10)
    @example(" \u0301abc", [], 10)
    def test_always_one_printable_bounded_line_without_secrets(self, text, secrets, limit):
        if isinstance(text, str) and secrets:
            text += secrets[0] + text
        shown = clean(text, limit_chars=limit, secrets=secrets)
        assert shown.isprintable()
        assert len(shown) <= limit
        assert shown == shown.strip()
        assert clean(shown, limit_chars=limit, secrets=secrets) == shown
        assert clean(shown, limit_chars=limit) == shown
        for secret in secrets:
            if len(clean(secret)) >= 2:
                assert secret not in shown

    def test_hostile_texts_take_no_square_time(self):
        # At these lengths anything but linear time does not end.
        for text in (
            "\x1b" * 10**6,
            "\x1b[" * 10**6,
            "\x1b]" * 10**6,
            "\u0301" * 10**6,
            "\x9b0" * 10**6,
            KEY[:31] * 10**5,
        ):
            assert len(clean(text, limit_chars=2048, secrets=(KEY,))) <= 2048
        for url in (
            "http://h/" + "a" * 10**6,
            "http://" + "a." * 10**6,
            "http://h/" + "a-" * 10**6 + "%",
            "http://h/?" + "&" * 10**6,
        ):
            assert len(redact_url(url)) <= 2048
            assert url_secrets(url) is not None


REDACTED = {
    # Plain trackers stay readable in whole.
    "udp://tracker.example.org:6969/announce": "udp://tracker.example.org:6969/announce",
    "http://tracker.example.org/announce.php": "http://tracker.example.org/announce.php",
    "https://[2001:db8::1]:8443/tracker.php/announce": "https://[2001:db8::1]:8443/tracker.php/announce",
    "http://tracker.example.org/scrape": "http://tracker.example.org/scrape",
    # A key in the path, before and after the endpoint.
    f"http://t.example:2710/{KEY}/announce": "http://t.example:2710/…/announce",
    f"https://t.example/announce/{KEY}": "https://t.example/announce/…",
    f"https://t.example/announce.php/{KEY}": "https://t.example/announce.php/…",
    f"https://t.example/tracker.php/{KEY}/announce": "https://t.example/tracker.php/…/announce",
    f"http://t.example/{KEY}.php": "http://t.example/….php",
    f"http://t.example/key={KEY}/announce": "http://t.example/key=…/announce",
    f"udp://t.example:6969/announce/{KEY}": "udp://t.example:6969/announce/…",
    # Percent-encoded, twice too, and with the slash.
    "http://t.example/%30123456789abcdef0123456789abcdef/announce": "http://t.example/…/announce",
    "http://t.example/%2530123456789abcdef0123456789abcdef/announce": "http://t.example/…/announce",
    f"http://t.example/announce%2F{KEY}": "http://t.example/…",
    # In the query, bare, several, with the name as the key.
    "http://t.example/announce?passkey=abcd1234": "http://t.example/announce?passkey=…",
    "http://t.example/announce.php?pid=12&uk=ab;key=c": "http://t.example/announce.php?pid=…&uk=…",
    f"http://t.example/announce?{KEY}": "http://t.example/announce?…",
    f"http://t.example/announce?{KEY}=1": "http://t.example/announce?…=…",
    f"http://t.example/announce?{KEY}=": "http://t.example/announce?…=",
    "http://t.example?short": "http://t.example?…",
    "udp://t.example:1/?auth=x": "udp://t.example:1/?auth=…",
    "http://t.example/announce?": "http://t.example/announce?",
    # User info.
    "http://user:pass@t.example:80/announce": "http://…@t.example:80/announce",
    "http://user:p@ss@t.example/announce": "http://…@t.example/announce",
    "http://user@t.example/announce": "http://…@t.example/announce",
    # Sub-domain.
    f"https://{KEY}.t.example:443/announce": "https://….t.example:443/announce",
    # No URL that a parser would take.
    "http:///user:pass@t.example/announce": "http://…@t.example/announce",
    "http:/user:pass@t.example/announce": "…@t.example/announce",
    "http://user:pa/ss@t.example/announce": "http://…",
    "http://user:pa?ss@t.example/announce": "http://…",
    "http://user:pa#ss@t.example/announce": "http://…",
    f"{KEY}": "…",
    "": "",
    "http://t.example/announce#fragment-key": "http://t.example/announce",
    "http://t.example/\x1b[31mred\u202e": "http://t.example/red",
    # Magnets: hash and name stay, trackers are redacted.
    f"magnet:?xt=urn:btih:{KEY}01234567&dn=a+name&tr=http%3A%2F%2Ft.example%2F{KEY}%2Fannounce": (
        f"magnet:?xt=urn:btih:{KEY}01234567&dn=a+name&tr=http://t.example/…/announce"
    ),
    f"MAGNET:?tr.1=https://t.example/announce?passkey={KEY}&x.pe=192.0.2.1:1&ws=http://u:p@m.example/f": (
        "MAGNET:?tr.1=https://t.example/announce?passkey=…&x.pe=…&ws=http://…@m.example/f"
    ),
}


@pytest.mark.parametrize(("url", "shown"), REDACTED.items())
def test_redacted_urls(url, shown):
    assert redact_url(url) == shown
    assert KEY not in redact_url(url).replace(f"urn:btih:{KEY}", "")


@pytest.mark.parametrize(("url", "shown"), [(u, s) for u, s in REDACTED.items() if "…" in s])
def test_redacting_twice_changes_nothing(url, shown):
    assert redact_url(shown) == shown


@pytest.mark.parametrize(
    ("url", "secrets"),
    [
        ("udp://tracker.example.org:6969/announce", ()),
        ("http://t.example/tracker.php/announce?compact=1&action=announce&no_peer_id=true", ()),
        (f"http://t.example/{KEY}/announce", (KEY,)),
        (f"http://t.example/announce?passkey={KEY}", (KEY,)),
        (f"http://t.example/announce?{KEY}", (KEY,)),
        (f"http://t.example/{KEY}.php", (KEY,)),
        (f"https://{KEY}.t.example/announce", (KEY,)),
        ("http://user:pass@t.example/announce", ("dXNlcjpwYXNz", "pass", "user")),
        ("http://t.example/announce?key=a%20b%2Bc", ("a%20b%2Bc", "a b+c")),
        ("http://t.example/announce?key=ab+cd", ("ab cd", "ab+cd")),
        ("http://t.example/announce?key=abc", ()),
        (f"magnet:?xt=urn:btih:{KEY}&tr=http%3A%2F%2Ft.example%2Fannounce%3Fpasskey%3D{KEY[:20]}", (KEY[:20],)),
    ],
)
def test_secrets_of_a_url(url, secrets):
    assert url_secrets(url) == secrets


@given(
    st.text(max_size=60),
    st.sampled_from(
        [
            "http://t.example/{}/announce",
            "http://t.example/announce?k={}",
            "http://{}@t.example/",
            "{}",
            "http://{}",
            "magnet:?tr={}",
        ]
    ),
)
def test_any_text_is_redacted_to_one_safe_line(text, shape):
    shown = redact_url(shape.format(text))
    assert shown.isprintable()
    assert all(secret == secret.strip() or len(secret.strip()) >= 4 for secret in url_secrets(shape.format(text)))


@given(
    st.text("0123456789abcdefABCDEFGHxyz", min_size=16, max_size=40),
    st.sampled_from(
        [
            "http://t.example/{}/announce",
            "http://t.example/announce/{}",
            "udp://t.example:1/{}",
            "http://t.example/announce?passkey={}",
            "http://t.example/announce?{}",
            "http://{}@t.example/announce",
            "http://user:{}@t.example/announce",
            "magnet:?tr=http://t.example/{}/announce",
        ]
    ),
)
def test_a_key_is_never_shown_and_always_known(key, shape):
    url = shape.format(key)
    assert key not in redact_url(url)
    assert key in url_secrets(url)
    assert "t.example" in redact_url(url)
    assert key not in clean(f"unknown {key}!", secrets=url_secrets(url))


def test_hosts_keep_their_names():
    assert redact_host("tracker.example.org:80") == "tracker.example.org:80"
    assert redact_host(f"{KEY}.example.org") == "….example.org"
    assert (
        redact_host("a-long-but-quite-ordinary-host-name.example.org")
        == "a-long-but-quite-ordinary-host-name.example.org"
    )


def test_a_secret_is_known_by_its_percent_encoding_too():
    assert clean("no %68%75NTER%32, no hunter%32, no hunter", secrets=("hunter2",)) == "no …, no …, no hunter"
    assert clean("G\u00fcrtel %47%C3%9Crtel", secrets=("G\u00fcrtel",)) == "… …"
    assert clean("100%25 of 5%", secrets=("a.c", "5?")) == "100%25 of 5%"
