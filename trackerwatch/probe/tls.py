"""TLS towards trackers: certificates are always verified, and their end is read."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from trackerwatch.errors import ConfigError
from trackerwatch.outside_text import clean

if TYPE_CHECKING:
    from collections.abc import Mapping


class TlsTrust:
    """Whom we believe: the system's authorities, and those of a file. One context for all connections, made when needed."""

    def __init__(self, ca_file: Path | None = None) -> None:
        """Name the authorities.

        Args:
            ca_file: PEM certificates that are trusted besides the system's. None: the system's alone.

        Raises:
            ConfigError: The file cannot be read or holds no certificate.
        """
        self._ca_file = ca_file
        self._context: ssl.SSLContext | None = None
        if ca_file is not None:
            self._context = self._make()

    @property
    def context(self) -> ssl.SSLContext:
        """The context; making it takes tens of milliseconds, so that a run without https trackers does without."""
        if self._context is None:
            self._context = self._make()
        return self._context

    def _make(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if not _system_has_authorities():
            import certifi  # noqa: PLC0415 - only where the system trusts nobody; httpx brings it

            context.load_verify_locations(certifi.where())
        if self._ca_file is not None:
            try:
                context.load_verify_locations(self._ca_file)
            except (OSError, ValueError) as error:
                # OpenSSL's own words name its source lines.
                why = "no PEM certificate in it" if isinstance(error, ssl.SSLError) else str(error.args[-1])
                raise ConfigError(clean(f"CA file {self._ca_file}: {why}")) from None
        context.set_alpn_protocols(["http/1.1"])
        return context


def _system_has_authorities() -> bool:
    # Slim container images have OpenSSL's folder and nothing in it.
    paths = ssl.get_default_verify_paths()
    # Either is None, whatever the types say, where the system has no such thing.
    return bool(paths.cafile or (paths.capath and any(Path(paths.capath).iterdir())))


def certificate_life(ssl_object: ssl.SSLObject | None) -> tuple[datetime | None, datetime | None]:
    """When the certificate that the other side showed begins and ends, UTC. None: no TLS, or no readable date."""
    certificate = ssl_object.getpeercert() if ssl_object is not None else None
    return (_date(certificate, "notBefore"), _date(certificate, "notAfter")) if certificate else (None, None)


def _date(certificate: Mapping[str, object], key: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate[key])), UTC)
    except (KeyError, ValueError, OverflowError, OSError):
        return None
