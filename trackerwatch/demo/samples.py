"""The sample torrents: a dozen that load, a list of magnets, and two that are broken on purpose.

`sample_torrents/` in the repository is the output of `python -m trackerwatch.demo.samples sample_torrents`. The torrents are
real, their content is generated; names and data are fictional.
"""

from __future__ import annotations

import base64
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from trackerwatch.demo.making import Format, Recipe, torrent_bytes, v1_hash, v2_hash
from trackerwatch.demo.plan import BASE_PORT, BY_KEY, DRIFTWOOD, TRACKERS

MAGNETS_FILE = "magnets.txt"
_POLICY = """\
# What is asked of the sample torrents:
#   trackerwatch report sample_torrents --allow-private --policy sample_torrents/policy.toml

min_working_trackers = 1

[collections.systems]
filter = "name~meadow | name~fern | name~orchard"
min_seeders = 2

[collections.data]
filter = "name~basalt | name~harbor | name~lanternfish | name~tidepool"
min_seeders = 1

[[overrides]]
filter = "name~almanac"
why = "older than trackers: peers find it without one"
min_working_trackers = 0
severities = {no_trackers = "info"}
"""


@dataclass(frozen=True, slots=True)
class Sample:
    """One file of the collection."""

    file_name: str
    shows: str
    """What it is there for, one line."""
    data: bytes


@dataclass(frozen=True, slots=True)
class _Idea:
    """A torrent before its tracker URLs are known: tiers hold keys of `plan.TRACKERS`."""

    recipe: Recipe
    tiers: tuple[tuple[str, ...], ...]
    shows: str

    def with_urls(self, base_port: int) -> Recipe:
        tiers = tuple(tuple(BY_KEY[key].url(base_port) for key in tier) for tier in self.tiers)
        return replace(self.recipe, tiers=tiers)


def _one_file(size_kib: int) -> tuple[tuple[str, int], ...]:
    return (("", size_kib * 1024),)


_TORRENTS: tuple[_Idea, ...] = (
    _Idea(
        Recipe("meadow-linux-13.2-amd64-netinst.iso", _one_file(640)),
        (("http",),),
        "one tracker, nothing else",
    ),
    _Idea(
        Recipe("meadow-linux-13.2-amd64-dvd.iso", _one_file(1500)),
        (("dying",), ("http", "udp6"), ("slow",)),
        "three tiers over UDP, HTTP and IPv6; the first tier dies and comes back",
    ),
    _Idea(
        Recipe(
            "harbor-traffic-images-2026-03",
            (("README.txt", 900), ("labels.csv", 48_317), ("shards/0001.tar", 410_000), ("shards/0002.tar", 388_121)),
        ),
        (("udp", "dying"),),
        "two trackers in one tier, several files",
    ),
    _Idea(
        Recipe("lanternfish-genomes-v6.fasta.zst", _one_file(900)),
        (("udp6",), ("http6",)),
        "trackers on IPv6 only",
    ),
    _Idea(
        Recipe(
            "orchard-os-2026.1-live",
            (("SHA256SUMS", 184), ("orchard-os-2026.1-arm64.img", 700_001), ("orchard-os-2026.1-x86_64.img", 720_000)),
            format=Format.HYBRID,
        ),
        (("http",), ("udp",)),
        "hybrid (BEP 52): one torrent, a v1 and a v2 swarm",
    ),
    _Idea(
        Recipe(
            "tidepool-census-v2",
            (("LICENSE", 1_100), ("empty.marker", 0), ("tables/observations.parquet", 530_000)),
            format=Format.V2,
        ),
        (("udp",), ("http6",)),
        "v2 only (BEP 52)",
    ),
    _Idea(
        Recipe("quarry-laser-scans-full", _one_file(800), private=True, source="QUARRY"),
        (("private",),),
        "private (BEP 27), with a passkey in the tracker's path",
    ),
    _Idea(
        Recipe(
            "bramble-maps-2026-europe.mbtiles",
            _one_file(1200),
            web_seeds=(
                "https://mirror1.bramble-maps.example/2026/bramble-maps-2026-europe.mbtiles",
                "https://mirror2.bramble-maps.example/pub/bramble-maps-2026-europe.mbtiles",
            ),
        ),
        (("garbage",), ("udp",)),
        "web seeds (BEP 19), and a first tier that answers with garbage",
    ),
    _Idea(
        Recipe("old-almanac-scans-1898.pdf", _one_file(350)),
        (),
        "no tracker at all",
    ),
    _Idea(
        Recipe("fern-desktop-24.1-arm64.img.xz", _one_file(1000)),
        (("half",), ("picky",)),
        "a tracker of which IPv4 works and IPv6 does not",
    ),
    _Idea(
        Recipe(DRIFTWOOD, (("disc-1.flac", 300_000), ("disc-2.flac", 290_500), ("notes.txt", 2_048))),
        (("picky",), ("udp",)),
        'the first tracker says "unregistered torrent"',
    ),
    _Idea(
        Recipe("kelp-kernel-sources-6.31.tar.xz", _one_file(560)),
        (("dying",), ("garbage",)),
        "left without a working tracker while the dying one is dead",
    ),
    _Idea(
        Recipe("basalt-weather-model-2026-01.nc", _one_file(1100)),
        (("slow",), ("http",)),
        "a slow tracker in the first tier",
    ),
)

_SHADOW = Recipe("meadow-linux-13.2-riscv64-netinst.iso", _one_file(620))
_GLACIER = Recipe("glacier-core-readings-2025.csv.gz", _one_file(480))
_POLLEN = Recipe("pollen-microscopy-v2.tar", _one_file(700), format=Format.V2)


def torrent_samples(base_port: int = BASE_PORT) -> tuple[Sample, ...]:
    """The torrents that load."""
    return tuple(
        Sample(f"{idea.recipe.name}.torrent", idea.shows, torrent_bytes(idea.with_urls(base_port)))
        for idea in _TORRENTS
    )


def broken_samples() -> tuple[Sample, ...]:
    """The two that do not."""
    whole = torrent_bytes(Recipe("sundial-firmware-0.9.bin", _one_file(300)))
    page = "<!DOCTYPE html>\n<title>Log in</title>\n<p>You must log in to download this torrent.</p>\n"
    return (
        Sample("broken-not-bencode.torrent", "a web page saved as a torrent: refused", page.encode()),
        Sample("broken-truncated.torrent", "a download that stopped half way: refused", whole[: len(whole) * 3 // 5]),
    )


def policy() -> Sample:
    """What is asked of these torrents, for `report --policy`."""
    return Sample("policy.toml", "a policy: what is asked of these torrents", _POLICY.encode())


def magnet_list(base_port: int = BASE_PORT) -> Sample:
    """A text list: magnets, one a line, and comments."""
    again = _TORRENTS[0].recipe
    lines = (
        "# Magnets, one a line. A line that begins with # is a comment, an empty line is nothing.",
        "",
        "# v1, hex, two trackers",
        _magnet(_SHADOW, f"urn:btih:{v1_hash(_SHADOW).hex()}", ("udp", "http"), base_port),
        "# v1, base32",
        _magnet(_GLACIER, f"urn:btih:{base64.b32encode(v1_hash(_GLACIER)).decode()}", ("http",), base_port),
        "# v2",
        _magnet(_POLLEN, f"urn:btmh:1220{v2_hash(_POLLEN).hex()}", ("udp", "udp6"), base_port),
        "# A torrent that is here as a file too: both are one, with the trackers of both.",
        _magnet(again, f"urn:btih:{v1_hash(again).hex()}", ("udp",), base_port),
    )
    return Sample(MAGNETS_FILE, "a list of four magnets with comments", ("\n".join(lines) + "\n").encode())


def all_samples(base_port: int = BASE_PORT) -> tuple[Sample, ...]:
    """Every file of the collection."""
    return (*torrent_samples(base_port), magnet_list(base_port), policy(), *broken_samples())


def unregistered_hashes(tracker_key: str) -> frozenset[bytes]:
    """Info hashes of the samples that a tracker does not know."""
    names = BY_KEY[tracker_key].unregistered
    return frozenset(v1_hash(idea.recipe) for idea in _TORRENTS if idea.recipe.name in names)


def recipes(base_port: int = BASE_PORT) -> tuple[Recipe, ...]:
    """What the torrents that load are made of, in the order of `torrent_samples`: for those who want to seed them."""
    return tuple(idea.with_urls(base_port) for idea in _TORRENTS)


def write_samples(folder: Path, base_port: int = BASE_PORT) -> int:
    """Write every sample into a folder, which is made if it is missing; how many there are is the result.

    Raises:
        OSError: The folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    samples = all_samples(base_port)
    for sample in samples:
        (folder / sample.file_name).write_bytes(sample.data)
    return len(samples)


def _magnet(recipe: Recipe, topic: str, tracker_keys: tuple[str, ...], base_port: int) -> str:
    trackers = "".join(f"&tr={quote(BY_KEY[key].url(base_port), safe='')}" for key in tracker_keys)
    return f"magnet:?xt={topic}&dn={quote(recipe.name, safe='')}&xl={recipe.size_bytes}{trackers}"


def _main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0].startswith("-"):
        sys.stderr.write("usage: python -m trackerwatch.demo.samples FOLDER\n")
        return 3
    try:
        count = write_samples(Path(arguments[0]))
    except OSError as error:
        sys.stderr.write(f"cannot write to {arguments[0]}: {error.strerror or error}\n")
        return 3
    last = BASE_PORT + len(TRACKERS) - 1
    sys.stdout.write(f"{count} files written to {arguments[0]}; they name ports {BASE_PORT} to {last}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(_main(sys.argv[1:]))
