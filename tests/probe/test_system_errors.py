"""`failure_from_os_error`: what systems and libraries raise, and the one line that comes of it."""

import asyncio
import errno
import socket
import ssl

import httpx
import pytest

from trackerwatch.outcome import FailureKind, Phase
from trackerwatch.probe.system_errors import failure_from_os_error


def caused(outer: BaseException, inner: BaseException) -> BaseException:
    outer.__cause__ = inner
    return outer


def certificate_error(code: int, text: str = "") -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed (_ssl.c:1016)")
    error.verify_code = code
    error.verify_message = text
    return error


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), FailureKind.REFUSED, "connection refused"),
        (ConnectionRefusedError(), FailureKind.REFUSED, "connection refused"),
        (OSError(errno.ENETUNREACH, "x"), FailureKind.NO_ROUTE, "network unreachable"),
        (OSError(errno.EHOSTUNREACH, "x"), FailureKind.NO_ROUTE, "host unreachable"),
        (OSError(errno.EADDRNOTAVAIL, "x"), FailureKind.NO_ROUTE, "no local address for this address family"),
        (OSError(errno.EAFNOSUPPORT, "x"), FailureKind.NO_ROUTE, "address family not supported on this machine"),
        (
            PermissionError(errno.EPERM, "x"),
            FailureKind.NO_ROUTE,
            "sending is not permitted on this machine (a firewall?)",
        ),
        (TimeoutError(), FailureKind.TIMEOUT, "no answer in time"),
        (OSError(errno.ETIMEDOUT, "x"), FailureKind.TIMEOUT, "no answer in time"),
        (httpx.ReadTimeout("secret"), FailureKind.TIMEOUT, "no answer in time"),
        (ConnectionResetError(errno.ECONNRESET, "x"), FailureKind.CLOSED, "connection reset by the other side"),
        (ConnectionResetError(), FailureKind.CLOSED, "the connection was closed before a whole answer"),
        (
            asyncio.IncompleteReadError(b"secret", 9),
            FailureKind.CLOSED,
            "the connection was closed before a whole answer",
        ),
        (httpx.ReadError("secret"), FailureKind.CLOSED, "the connection was closed before a whole answer"),
        (OSError(errno.EINVAL, "x"), FailureKind.INTERNAL, "Invalid argument (OSError)"),
        (OSError(errno.EMFILE, "x"), FailureKind.INTERNAL, "Too many open files (OSError)"),
        (ValueError("http://tracker/secret"), FailureKind.INTERNAL, "unexpected ValueError"),
        (socket.gaierror(socket.EAI_AGAIN, "x"), FailureKind.INTERNAL, None),
    ],
)
def test_kind_and_message(error, kind, message):
    failure = failure_from_os_error(error, Phase.CONNECT)
    assert (failure.kind, failure.phase) == (kind, Phase.CONNECT)
    if message is not None:
        assert failure.message == message
    assert "secret" not in failure.message


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (certificate_error(10), "certificate expired"),
        (certificate_error(62), "certificate is for another host name"),
        (certificate_error(18), "self-signed certificate"),
        (certificate_error(20), "certificate signed by an unknown authority"),
        (certificate_error(99, "odd\x1b[31m thing"), "certificate refused: odd thing"),
        (ssl.SSLError("made by hand"), "TLS failed"),
    ],
)
def test_certificates_in_plain_words(error, message):
    failure = failure_from_os_error(error, Phase.CONNECT)
    assert (failure.kind, failure.phase, failure.message) == (FailureKind.TLS, Phase.TLS, message)


def test_the_cause_is_found_behind_wrappers():
    error = caused(
        httpx.ConnectError("All connection attempts failed"), ConnectionRefusedError(errno.ECONNREFUSED, "x")
    )
    assert failure_from_os_error(error, Phase.CONNECT).kind is FailureKind.REFUSED
    error = caused(httpx.ConnectError(""), caused(OSError("x"), certificate_error(10)))
    assert failure_from_os_error(error, Phase.CONNECT).message == "certificate expired"
    # The wrapper's own name counts only when nothing underneath does.
    error = caused(httpx.ReadError(""), OSError(errno.EHOSTUNREACH, "x"))
    assert failure_from_os_error(error, Phase.EXCHANGE).kind is FailureKind.NO_ROUTE
    group = ExceptionGroup("both families", [OSError(errno.ENETUNREACH, "x")])
    assert failure_from_os_error(group, Phase.CONNECT).kind is FailureKind.NO_ROUTE


def test_what_happened_last_wins_over_what_was_handled_before():
    error = TimeoutError()
    error.__context__ = ConnectionRefusedError(errno.ECONNREFUSED, "x")
    assert failure_from_os_error(error, Phase.CONNECT).kind is FailureKind.TIMEOUT


def test_a_circle_of_causes_ends():
    first, second = ValueError("a"), ValueError("b")
    first.__cause__, second.__cause__ = second, first
    assert failure_from_os_error(first, Phase.CONNECT).kind is FailureKind.INTERNAL


def test_an_end_within_tls_is_closed_and_keeps_its_phase():
    assert failure_from_os_error(ssl.SSLEOFError(8, "EOF"), Phase.TLS).kind is FailureKind.CLOSED
    failure = failure_from_os_error(ssl.SSLZeroReturnError(6, "closed"), Phase.EXCHANGE)
    assert (failure.kind, failure.phase) == (FailureKind.CLOSED, Phase.EXCHANGE)


def test_a_plain_http_port_asked_for_tls_says_so():
    client, server = ssl.MemoryBIO(), ssl.MemoryBIO()
    handshake = ssl.create_default_context().wrap_bio(client, server, server_hostname="tracker.example")
    client.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    with pytest.raises(ssl.SSLError) as caught:
        handshake.do_handshake()
    failure = failure_from_os_error(caught.value, Phase.TLS)
    assert (failure.kind, failure.message) == (FailureKind.TLS, "the other side speaks no TLS on this port")
