"""What a tracker says back that it should not know we would show: keys in odd places, and more than a cache should keep."""

import pytest

from tests.hostile.cast import NASTY, PASSKEY
from tests.hostile.child import UNSAFE
from trackerwatch.bencoding import encode
from trackerwatch.metainfo.tiers import MAX_REMEMBERED_BYTES, place_trackers
from trackerwatch.outcome import FailureKind
from trackerwatch.protocol.http_announce import decode_announce
from trackerwatch.protocol.http_answer import HttpAnswer, failure_of_liveness
from trackerwatch.protocol.http_scrape import decode_scrape

SECRETS = (PASSKEY,)
ECHO = PASSKEY.encode()
HASH = b"h" * 20


def assert_clean(*lines):
    assert lines
    for line in lines:
        assert PASSKEY not in line.lower()
        assert not UNSAFE.search(line)
        assert "\n" not in line
        assert len(line) < 2000


@pytest.mark.parametrize("value", [ECHO, NASTY, [ECHO], {ECHO: ECHO}, ECHO.upper(), [[[NASTY]]], b"\x00" + ECHO])
class TestNumbersThatAreNone:
    def test_in_an_announce(self, value):
        keys = (b"complete", b"incomplete", b"downloaded", b"interval", b"min interval", b"peers", b"peers6")
        reply = decode_announce(encode(dict.fromkeys(keys, value)), secrets=SECRETS)
        assert len(reply.findings) >= 5
        assert_clean(*reply.findings, reply.in_words())

    def test_in_a_scrape(self, value):
        entry = dict.fromkeys((b"complete", b"incomplete", b"downloaded"), value)
        body = {b"files": {HASH: entry}, b"flags": {b"min_request_interval": value}}
        reply = decode_scrape(encode(body), secrets=SECRETS)
        assert reply.files == {HASH: (None, None, None)}
        assert_clean(*reply.findings)

    def test_in_texts(self, value):
        for key in (b"failure reason", b"warning message"):
            reply = decode_announce(encode({key: value, b"interval": 5}), secrets=SECRETS)
            assert_clean(reply.failure.message if reply.failure else reply.warning, reply.in_words())
            failure, said = failure_of_liveness(HttpAnswer(200, encode({key: value})), secrets=SECRETS)
            assert failure is None
            assert_clean(said)


@pytest.mark.parametrize("body", [NASTY, b"{" + NASTY, b"<title>" + NASTY, b"<html>" + NASTY, b"x d8:" + NASTY])
def test_bodies_that_are_no_reply(body):
    for status in (200, 404, 999):
        failure, said = failure_of_liveness(HttpAnswer(status, body), secrets=SECRETS)
        assert said == ""
        assert failure.kind in {FailureKind.NOT_BENCODE, FailureKind.HTTP_STATUS}
        assert_clean(failure.message)


def test_vast_announce_lists_are_no_cache_keys():
    def tiers(of, size):
        return tuple((b"http://192.0.2.1/%d/%b" % (of, b"a" * size),) for _ in range(4))

    short, vast = tiers(1, 100), tiers(2, MAX_REMEMBERED_BYTES)
    assert place_trackers(short) is place_trackers(short)
    assert place_trackers(vast) == place_trackers(vast)
    assert place_trackers(vast) is not place_trackers(vast)
