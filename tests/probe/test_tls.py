"""Certificates: verified for the name asked, by the authorities given, and their end is read."""

import ssl
from datetime import UTC, datetime, timedelta

import pytest

from tests.doubles.http import Authority, Canned, HttpTracker, Silent, http
from trackerwatch.errors import ConfigError
from trackerwatch.outcome import FailureKind, Phase
from trackerwatch.probe.http import HttpProbe
from trackerwatch.probe.tls import TlsTrust, certificate_life
from trackerwatch.tracker import parse_tracker


@pytest.fixture(scope="module")
def authority(tmp_path_factory, openssl):
    return Authority(tmp_path_factory.mktemp("ca"))


def served(chain):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    return context


async def no_resolver(host, port, *, timeout_s):
    raise AssertionError(host)


@pytest.fixture
def probe(authority):
    return HttpProbe(resolve=no_resolver, trust=TlsTrust(authority.ca_file))


@pytest.mark.parametrize("name", ["tracker.test", "127.0.0.1"])
async def test_a_good_certificate(authority, probe, name):
    chain = authority.issue("good", "DNS:tracker.test,IP:127.0.0.1", days=20)
    async with HttpTracker(tls=served(chain), name=name) as server:
        outcome = await probe.check(server.tracker, server.endpoint, timeout_s=10)
    assert outcome.failure is None
    assert outcome.phases.connect_s > 0
    assert outcome.phases.tls_s > 0
    assert outcome.phases.exchange_s > 0
    left = outcome.tls_expires_at - datetime.now(UTC)
    assert timedelta(days=19) < left <= timedelta(days=20)


async def test_the_name_that_ends_in_a_dot_is_the_same_name(authority, probe):
    chain = authority.issue("dotted", "DNS:tracker.test")
    async with HttpTracker(tls=served(chain), name="tracker.test.") as server:
        outcome = await probe.check(server.tracker, server.endpoint, timeout_s=10)
    assert outcome.failure is None
    assert server.requests[0].headers["host"].startswith("tracker.test.:")


@pytest.mark.parametrize(
    ("alternative", "days", "name", "message"),
    [
        ("DNS:tracker.test", -1, "tracker.test", "expired"),
        ("DNS:other.test", 20, "tracker.test", "another host name"),
        ("DNS:tracker.test", 20, "127.0.0.1", "another address"),
    ],
)
async def test_a_bad_certificate(authority, probe, alternative, days, name, message):
    chain = authority.issue("bad", alternative, days=days)
    async with HttpTracker(tls=served(chain), name=name) as server:
        outcome = await probe.check(server.tracker, server.endpoint, timeout_s=10)
    assert (outcome.failure.kind, outcome.failure.phase) == (FailureKind.TLS, Phase.TLS)
    assert message in outcome.failure.message
    assert server.requests == []
    assert outcome.phases.connect_s > 0
    assert outcome.phases.tls_s is None


async def test_an_authority_that_nobody_knows(authority):
    chain = authority.issue("unknown", "DNS:tracker.test")
    async with HttpTracker(tls=served(chain), name="tracker.test") as server:
        outcome = await HttpProbe(resolve=no_resolver).check(server.tracker, server.endpoint, timeout_s=10)
    assert outcome.failure.kind is FailureKind.TLS
    assert "unknown authority" in outcome.failure.message


async def test_no_tls_behind_the_port(probe):
    class Babbling(HttpTracker):
        async def connection(self, reader, writer):
            writer.write(b"HTTP/1.0 400 Bad Request\r\n\r\n")
            await writer.drain()

        def tracker_at(self, path, **kwargs):
            return parse_tracker(f"https://127.0.0.1:{self.endpoint.port}{path}")

    async with Babbling() as server:
        outcome = await probe.check(server.tracker, server.endpoint, timeout_s=10)
    assert outcome.failure.kind is FailureKind.TLS


async def test_a_handshake_that_never_ends(probe):
    class Deaf(Silent):
        async def connection(self, reader, writer):
            await reader.read()

        def tracker_at(self, path, **kwargs):
            return parse_tracker(f"https://127.0.0.1:{self.endpoint.port}{path}")

    async with Deaf() as server:
        for with_key in (True, False):
            outcome = await probe.check(server.tracker, server.endpoint, timeout_s=0.05, with_key=with_key)
            assert (outcome.failure.kind, outcome.failure.phase) == (FailureKind.TIMEOUT, Phase.TLS)


async def test_without_the_key_the_handshake_is_all_there_is(authority, probe):
    chain = authority.issue("quiet", "DNS:tracker.test")
    async with HttpTracker(tls=served(chain), name="tracker.test") as server:
        outcome = await probe.check(server.tracker, server.endpoint, timeout_s=10, with_key=False)
    assert outcome.failure is None
    assert (outcome.requests, server.requests) == (0, [])
    assert outcome.tls_expires_at is not None
    assert outcome.phases.exchange_s is None


async def test_a_redirect_out_of_tls_is_refused(authority, probe):
    chain = authority.issue("leaky", "DNS:tracker.test")
    moved = http(b"", "302 Found", "Location: http://tracker.test/announce")
    async with Canned(moved, tls=served(chain), name="tracker.test") as server:
        outcome = await probe.check(server.tracker, server.endpoint, timeout_s=10)
    assert outcome.failure.kind is FailureKind.REDIRECT
    assert "from https" in outcome.failure.message


def test_a_ca_file_that_cannot_be_used(tmp_path):
    with pytest.raises(ConfigError, match="No such file"):
        TlsTrust(tmp_path / "missing.pem")
    empty = tmp_path / "empty.pem"
    empty.write_text("no certificate\n")
    with pytest.raises(ConfigError, match="no PEM certificate"):
        TlsTrust(str(empty))


def test_the_system_s_authorities_are_trusted_too(authority):
    assert TlsTrust().context is not None
    trust = TlsTrust(authority.ca_file)
    assert trust.context is trust.context
    assert trust.context.verify_mode is ssl.CERT_REQUIRED
    assert trust.context.check_hostname


def test_no_tls_has_no_end():
    assert certificate_life(None) == (None, None)
