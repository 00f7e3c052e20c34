"""Networks, hosts and sentinels: what is taken, what is said of the rest, and that what is written is read back."""

import tomllib

import pytest

from tests.config.test_values import KEY, complaint
from trackerwatch.config.places import HostModes, Networks, Sentinels, host_maybe_port
from trackerwatch.config.settings import PRIVATE_MODES

HOSTS = HostModes(PRIVATE_MODES)


def test_networks():
    given = ["10.0.0.0/8", "192.168.1.5", "FD00::/8", "10.0.0.0/8"]
    assert Networks().read(given) == ("10.0.0.0/8", "192.168.1.5/32", "fd00::/8")
    assert Networks().read_text("10.0.0.0/8, fd00::/8,") == ("10.0.0.0/8", "fd00::/8")


def test_no_networks():
    assert complaint(Networks().read, ["10.0.0.5/8"]) == "'10.0.0.5/8' is no network; did you mean 10.0.0.0/8?"
    assert complaint(Networks().read, ["lan"]).startswith("'lan' is no network; write it like")
    assert complaint(Networks().read, [10]).startswith("10 is no network in quotes")
    assert complaint(Networks().read, "10.0.0.0/8").startswith("'10.0.0.0/8' is no list of networks; write them like [")
    assert complaint(Networks().read_text, "10.0.0.0/99").startswith("'10.0.0.0/99' is no network")


def test_modes_of_hosts():
    table = {
        "Tracker.Example.org": "scrape",
        "[fd00::1]": "announce",
        "fd00::2": "connect",
        "münchen.example": "scrape",
    }
    assert HOSTS.read(table) == (
        ("tracker.example.org", "scrape"),
        ("fd00::1", "announce"),
        ("fd00::2", "connect"),
        ("xn--mnchen-3ya.example", "scrape"),
    )
    assert HOSTS.read_text("a.example=scrape, fd00::1=announce") == (("a.example", "scrape"), ("fd00::1", "announce"))


@pytest.mark.parametrize(
    "host",
    ["a.example:80", "udp://a.example", "a.example/announce", "me@a.example", "a b", "", "[fd00::1", "a.example?x"],
)
def test_no_hosts(host):
    assert complaint(HOSTS.read, {host: "scrape"}).endswith(
        ' is no host; write it like "tracker.example.org", without port and path'
    )


def test_no_modes():
    assert complaint(HOSTS.read, {"a.example": "ask"}) == (
        "'ask' is no choice for a.example; there are: connect, scrape, announce"
    )
    assert complaint(HOSTS.read, {"a.example": "scrape", "A.example": "scrape"}) == "a.example is named twice"
    assert complaint(HOSTS.read, {"a.example": ["scrape"]}).startswith("a list is no choice for a.example")
    assert complaint(HOSTS.read, "a.example").startswith("'a.example' is no table")
    assert complaint(HOSTS.read_text, "a.example").startswith("'a.example' names no mode")


def test_sentinels():
    given = ["tcp://1.1.1.1:443", "UDP://[2001:DB8::1]:53", "udp://Ntp.Example:0123", "tcp://1.1.1.1:443"]
    assert Sentinels().read(given) == ("tcp://1.1.1.1:443", "udp://[2001:db8::1]:53", "udp://ntp.example:123")
    assert Sentinels().read([]) == ()
    assert Sentinels().read_text("none") == ()
    assert Sentinels().read_text("tcp://1.1.1.1:443, udp://9.9.9.9:53") == ("tcp://1.1.1.1:443", "udp://9.9.9.9:53")


@pytest.mark.parametrize(
    "item",
    [
        *(
            "1.1.1.1:443",
            "http://1.1.1.1:443",
            "tcp://1.1.1.1",
            "tcp://1.1.1.1:0",
            "tcp://1.1.1.1:65536",
            "tcp://:1",
            "",
        ),
        *(
            "tcp://2001:db8::1:53",
            "tcp://a.example:80/x",
            "tcp://me@a.example:80",
            "tcp://a b:80",
            "tcp://[::1]x:80",
            53,
        ),
    ],
)
def test_no_sentinels(item):
    assert "is no sentinel; write it like [" in complaint(Sentinels().read, [item])


def test_no_list_of_sentinels():
    for value in ("tcp://1.1.1.1:443", {}, ["tcp://1.1.1.1:443"] * 9):
        assert "is no list of at most 8 sentinels; write them like [" in complaint(Sentinels().read, value)


@pytest.mark.parametrize(
    ("name", "place"),
    [
        *(("A.Example", "a.example"), ("A.Example:0080", "a.example:80"), ("192.0.2.1:80", "192.0.2.1:80")),
        *(("fd00::0:1", "fd00::1"), ("[fd00::1]", "fd00::1"), ("[FD00::1]:6969", "[fd00::1]:6969")),
        ("münchen.example:1", "xn--mnchen-3ya.example:1"),
    ],
)
def test_hosts_maybe_with_ports(name, place):
    assert host_maybe_port(name) == place


@pytest.mark.parametrize(
    "name", ["", ":80", "a.example:", "a.example:x", "a.example:0", "[fd00::1", "udp://a.example", "a/b"]
)
def test_neither_hosts_nor_with_ports(name):
    assert complaint(host_maybe_port, name).endswith(
        'write it like "tracker.example.org" or "tracker.example.org:6969"'
    )


def test_places_that_are_written_are_read_back():
    for kind, value in [
        (Networks(), ("10.0.0.0/8", "fd00::/8")),
        (HOSTS, (("a.example", "scrape"), ("fd00::1", "announce"))),
        (Sentinels(), ("tcp://1.1.1.1:443", "udp://[fd00::1]:53")),
        (Sentinels(), ()),
    ]:
        assert kind.read(tomllib.loads(f"x = {kind.write(value)}")["x"]) == value


def test_a_host_that_is_a_key_is_not_written():
    assert KEY not in HOSTS.write(((f"{KEY}.tracker.example", "scrape"),))
