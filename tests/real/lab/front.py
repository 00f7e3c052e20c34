"""nginx: HTTPS in front of opentracker with a CA of its own, and every broken answer a web server gives in a tracker's place."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from tests.real.lab.places import find_program, free_port, own_address, readable_folder
from tests.real.lab.processes import LabError, Program, wait_until
from tests.real.lab.wire import http_get

if TYPE_CHECKING:
    from pathlib import Path

    from tests.real.lab.trackers import Opentracker

# A strict client (Python 3.13) wants the key usages and identifiers that a real CA writes.
EXTENSIONS = """\
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = {name}
[req]
distinguished_name = dn
[dn]
"""

LOCATIONS = {
    "503": "return 503;",
    "404": "return 404;",
    "429": "add_header Retry-After 120 always; return 429;",
    "loop": "return 302 $scheme://$http_host/loop/announce;",
    "html": "default_type text/html; return 200 '<!DOCTYPE html><html><body>It works!</body></html>';",
    "empty": "return 200 '';",
}
"""What the front answers under `/<name>/`, whatever is asked."""

CONFIG = """\
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
  access_log {folder}/access.log;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  large_client_header_buffers 8 16k;
{servers}
}}
"""

SERVER = """\
  server {{
    listen {address}:{port}{tls};
{certificate}
    location / {{ proxy_pass http://{tracker}; }}
    location /files/ {{ root {folder}; }}
    location ~ ^/p/[0-9a-f]+/(announce|scrape)$ {{ proxy_pass http://{tracker}/$1$is_args$args; }}
    location ~ ^/moved/(announce|scrape)$ {{ return 301 $scheme://$http_host/$1$is_args$args; }}
{locations}
  }}
"""


class Front:
    """One nginx with four listeners: plain, HTTPS, and HTTPS with an expired and with a foreign certificate."""

    def __init__(self, tracker: Opentracker) -> None:
        """Make the certificates and start.

        Args:
            tracker: Who answers `/announce`, `/scrape`, `/p/KEY/announce` and where `/moved/announce` leads. What lies in
                `files` is served under `/files/`.
        """
        self.address = own_address()
        self.folder = readable_folder("nginx")
        self.ca_file = self.folder / "ca.pem"
        self.files = self.folder / "files"
        self.files.mkdir()
        self._ports = {name: free_port(self.address) for name in ("plain", "tls", "expired", "foreign")}
        self._make_certificates()
        locations = "\n".join(f"    location /{name}/ {{ {body} }}" for name, body in LOCATIONS.items())
        servers = "".join(
            SERVER.format(
                address=self.address,
                port=port,
                folder=self.folder,
                tls="" if name == "plain" else " ssl",
                certificate=""
                if name == "plain"
                else f"    ssl_certificate {self.folder}/{name}.pem; ssl_certificate_key {self.folder}/key.pem;",
                tracker=f"{tracker.address}:{tracker.port}",
                locations=locations,
            )
            for name, port in self._ports.items()
        )
        (self.folder / "nginx.conf").write_text(CONFIG.format(folder=self.folder, servers=servers))
        program = find_program("nginx")
        if program is None:
            raise LabError("nginx is not installed")
        self._program = Program("nginx", [program, "-c", str(self.folder / "nginx.conf"), "-e", "stderr"], self.folder)
        wait_until(
            lambda: http_get(self.address, self._ports["plain"], "/503/")[0] == 503, "nginx answers", self._program
        )

    def url(self, path: str = "/announce", *, listener: str = "tls") -> str:
        """A URL of one of its listeners: `tls`, `plain`, `expired` or `foreign` (a certificate for another name)."""
        return f"{'http' if listener == 'plain' else 'https'}://{self.address}:{self._ports[listener]}{path}"

    def requests(self) -> list[str]:
        """Every request line it saw, oldest first."""
        return [line.split('"')[1] for line in (self.folder / "access.log").read_text().splitlines()]

    def stop(self) -> None:
        """End it."""
        self._program.stop()

    def log(self) -> str:
        """The end of its logs."""
        error_log = self.folder / "error.log"
        return self._program.tail() + (error_log.read_text()[-2000:] if error_log.exists() else "")

    def _make_certificates(self) -> None:
        _openssl(self.folder, "ecparam -name prime256v1 -genkey -noout -out ca-key.pem")
        _openssl(self.folder, "ecparam -name prime256v1 -genkey -noout -out key.pem")
        (self.folder / "ca.cnf").write_text(EXTENSIONS.format(name="DNS:unused"))
        _openssl(
            self.folder,
            "req -x509 -new -key ca-key.pem -subj /CN=lab -days 60 -config ca.cnf -extensions ca -out ca.pem",
        )
        own, foreign = f"IP:{self.address}", "DNS:tracker.example.org"
        for name, alternative, days in (("tls", own, 50), ("expired", own, -1), ("foreign", foreign, 50)):
            (self.folder / f"{name}.cnf").write_text(EXTENSIONS.format(name=alternative))
            _openssl(self.folder, f"req -new -key key.pem -subj /CN={name} -config {name}.cnf -out {name}.csr")
            _openssl(
                self.folder,
                f"x509 -req -in {name}.csr -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days {days}"
                f" -extfile {name}.cnf -extensions leaf -out {name}.pem",
            )


def _openssl(folder: Path, arguments: str) -> None:
    done = subprocess.run(
        ["openssl", *arguments.split()], cwd=folder, capture_output=True, text=True, timeout=30, check=False
    )
    if done.returncode:
        raise LabError(f"openssl {arguments}: {done.stderr}")
