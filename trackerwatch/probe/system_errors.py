"""The one classifier of what the operating system, OpenSSL and the HTTP stack say when a connection fails."""

from __future__ import annotations

import errno
import os
import socket
import ssl
from asyncio import IncompleteReadError
from typing import TYPE_CHECKING

from trackerwatch.outcome import Failure, FailureKind, Phase
from trackerwatch.outside_text import clean

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX_CHAIN = 10
"""Causes looked at: httpx wraps twice, and a chain may run in a circle."""

_KIND_BY_ERRNO = {
    errno.ECONNREFUSED: FailureKind.REFUSED,
    errno.ENETUNREACH: FailureKind.NO_ROUTE,
    errno.EHOSTUNREACH: FailureKind.NO_ROUTE,
    errno.ENETDOWN: FailureKind.NO_ROUTE,
    errno.EHOSTDOWN: FailureKind.NO_ROUTE,
    errno.EADDRNOTAVAIL: FailureKind.NO_ROUTE,
    errno.EAFNOSUPPORT: FailureKind.NO_ROUTE,
    # Nothing left this machine, so nothing is known about the tracker.
    errno.EPERM: FailureKind.NO_ROUTE,
    errno.EACCES: FailureKind.NO_ROUTE,
    errno.ETIMEDOUT: FailureKind.TIMEOUT,
    errno.ECONNRESET: FailureKind.CLOSED,
    errno.ECONNABORTED: FailureKind.CLOSED,
    errno.ENETRESET: FailureKind.CLOSED,
    errno.EPIPE: FailureKind.CLOSED,
    errno.ESHUTDOWN: FailureKind.CLOSED,
}

_KIND_BY_TYPE: tuple[tuple[type[BaseException], FailureKind], ...] = (
    # For errors without an errno: subclasses come before what they derive from.
    (ConnectionRefusedError, FailureKind.REFUSED),
    (IncompleteReadError, FailureKind.CLOSED),
    (EOFError, FailureKind.CLOSED),
    (ConnectionError, FailureKind.CLOSED),
    (TimeoutError, FailureKind.TIMEOUT),
)

_KIND_BY_CLASS_NAME = {
    # httpx and h11 are recognised by name: importing them here would cost every UDP-only run their start-up time.
    "ConnectTimeout": FailureKind.TIMEOUT,
    "ReadTimeout": FailureKind.TIMEOUT,
    "WriteTimeout": FailureKind.TIMEOUT,
    "PoolTimeout": FailureKind.TIMEOUT,
    "ReadError": FailureKind.CLOSED,
    "WriteError": FailureKind.CLOSED,
    "CloseError": FailureKind.CLOSED,
    "IncompleteRead": FailureKind.CLOSED,
}

_MESSAGES = {
    FailureKind.REFUSED: "connection refused",
    FailureKind.TIMEOUT: "no answer in time",
    FailureKind.CLOSED: "the connection was closed before a whole answer",
}

_MESSAGE_BY_ERRNO = {
    errno.ENETUNREACH: "network unreachable",
    errno.EHOSTUNREACH: "host unreachable",
    errno.ENETDOWN: "network is down",
    errno.EHOSTDOWN: "host is down",
    errno.EADDRNOTAVAIL: "no local address for this address family",
    errno.EAFNOSUPPORT: "address family not supported on this machine",
    errno.EPERM: "sending is not permitted on this machine (a firewall?)",
    errno.EACCES: "sending is not permitted on this machine (a firewall?)",
    errno.ECONNRESET: "connection reset by the other side",
    errno.EPIPE: "the other side closed the connection while the request was sent",
}

# X509_V_ERR_*: OpenSSL's x509_vfy.h. The numbers are part of its ABI.
_CERTIFICATE_MESSAGES = {
    9: "certificate not valid yet",
    10: "certificate expired",
    18: "self-signed certificate",
    19: "certificate signed by an unknown authority",
    20: "certificate signed by an unknown authority",
    21: "certificate signed by an unknown authority",
    23: "certificate revoked",
    62: "certificate is for another host name",
    64: "certificate is for another address",
}

_TLS_MESSAGES = {
    # OpenSSL's reason codes as the ssl module names them.
    "WRONG_VERSION_NUMBER": "the other side speaks no TLS on this port",
    "HTTP_REQUEST": "the other side speaks no TLS on this port",
    "RECORD_LAYER_FAILURE": "the other side speaks no TLS on this port",
    "PACKET_LENGTH_TOO_LONG": "the other side speaks no TLS on this port",
    "UNSUPPORTED_PROTOCOL": "no TLS version in common",
    "TLSV1_ALERT_PROTOCOL_VERSION": "no TLS version in common",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "no TLS parameters in common (handshake failure)",
    "TLSV1_UNRECOGNIZED_NAME": "the other side does not know this host name",
    "TLSV1_ALERT_INTERNAL_ERROR": "the other side had an internal error in the TLS handshake",
    "DH_KEY_TOO_SMALL": "the other side's key is too weak",
    "EE_KEY_TOO_SMALL": "the certificate's key is too weak",
    "CA_MD_TOO_WEAK": "the certificate's signature is too weak",
}


def failure_from_os_error(error: BaseException, phase: Phase) -> Failure:
    """Classify an error of the system, of OpenSSL or of an HTTP library.

    Args:
        error: What was raised; its causes and contexts are looked at too, outermost first.
        phase: What was under way. An error of OpenSSL is put into the TLS phase unless the exchange had begun.

    Returns:
        `refused`, `no_route`, `timeout`, `closed` or `tls`, or else `internal` with the class name of the error.
    """
    chain = list(_causes(error))
    for link in chain:
        if (failure := _by_system(link, phase)) is not None:
            return failure
    # Only then the wrappers: httpx has one ReadError for a reset and for a broken TLS record.
    for link in chain:
        for class_ in type(link).__mro__:
            if (kind := _KIND_BY_CLASS_NAME.get(class_.__name__)) is not None:
                return Failure(kind, phase, _MESSAGES[kind])
    name = type(error).__name__
    if isinstance(error, OSError) and error.errno is not None:
        return Failure(FailureKind.INTERNAL, phase, clean(f"{os.strerror(error.errno)} ({name})", limit_chars=120))
    return Failure(FailureKind.INTERNAL, phase, clean(f"unexpected {name}", limit_chars=120))


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, its members where it is a group, and what led to it, each once and in bounds."""
    waiting = [error]
    seen: set[int] = set()
    while waiting and len(seen) < _MAX_CHAIN:
        link = waiting.pop(0)
        if id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        if isinstance(link, BaseExceptionGroup):
            waiting.extend(link.exceptions)
        if link.__cause__ is not None:
            waiting.append(link.__cause__)
        if link.__context__ is not None and not link.__suppress_context__:
            waiting.append(link.__context__)


def _by_system(error: BaseException, phase: Phase) -> Failure | None:
    if isinstance(error, ssl.SSLError):
        return _tls_failure(error, phase)
    if isinstance(error, socket.gaierror):
        # A resolver's codes are another number space; `probe.resolve` reads them.
        return None
    if isinstance(error, OSError) and error.errno is not None:
        by_errno = _KIND_BY_ERRNO.get(error.errno)
        if by_errno is not None:
            return Failure(by_errno, phase, _MESSAGE_BY_ERRNO.get(error.errno) or _MESSAGES[by_errno])
    for class_, kind in _KIND_BY_TYPE:
        if isinstance(error, class_):
            return Failure(kind, phase, _MESSAGES[kind])
    return None


def _tls_failure(error: ssl.SSLError, phase: Phase) -> Failure:
    if phase is not Phase.EXCHANGE:
        phase = Phase.TLS
    if isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        message = "the connection was closed during the TLS handshake" if phase is Phase.TLS else ""
        return Failure(FailureKind.CLOSED, phase, message or _MESSAGES[FailureKind.CLOSED])
    if isinstance(error, ssl.SSLCertVerificationError):
        known = _CERTIFICATE_MESSAGES.get(error.verify_code)
        message = known or clean(f"certificate refused: {error.verify_message}", limit_chars=200)
        return Failure(FailureKind.TLS, phase, message)
    # An SSLError that Python code raised has no such attribute.
    reason: str = getattr(error, "reason", None) or ""
    message = _TLS_MESSAGES.get(reason) or reason.replace("_", " ").lower() or "TLS failed"
    return Failure(FailureKind.TLS, phase, clean(message, limit_chars=200))
