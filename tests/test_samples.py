"""sample_torrents/ is what trackerwatch.demo.samples writes, and its torrents are real."""

import base64
import re
import subprocess
import sys
from pathlib import Path

import libtorrent
import pytest

from trackerwatch.demo.making import Format, v1_hash, v2_hash
from trackerwatch.demo.plan import HIDDEN_KEY
from trackerwatch.demo.samples import (
    MAGNETS_FILE,
    all_samples,
    broken_samples,
    magnet_list,
    policy,
    recipes,
    torrent_samples,
    write_samples,
)
from trackerwatch.errors import MetainfoError
from trackerwatch.metainfo.load import load_torrent
from trackerwatch.policy.reading import read_policy

FOLDER = Path(__file__).parent.parent / "sample_torrents"


def test_the_committed_files_are_what_the_code_writes():
    committed = {path.name: path.read_bytes() for path in FOLDER.iterdir() if path.name != "README.md"}
    assert committed == {sample.file_name: sample.data for sample in all_samples()}


def test_the_readme_says_what_each_is_for():
    readme = (FOLDER / "README.md").read_text()
    assert [s.file_name for s in all_samples() if f"| `{s.file_name}` | {s.shows} |" not in readme] == []


@pytest.mark.parametrize("sample", torrent_samples(), ids=lambda sample: sample.file_name)
def test_libtorrent_loads_it_with_the_hashes_we_computed(sample):
    recipe = next(r for r in recipes() if f"{r.name}.torrent" == sample.file_name)
    info = libtorrent.torrent_info(libtorrent.bdecode(sample.data))
    hashes = info.info_hashes()
    assert hashes.v1.to_bytes() == (bytes(20) if recipe.format is Format.V2 else v1_hash(recipe))
    assert hashes.v2.to_bytes() == (bytes(32) if recipe.format is Format.V1 else v2_hash(recipe))
    assert info.name() == recipe.name
    parameters = libtorrent.load_torrent_buffer(sample.data)
    urls = [url for tier in recipe.tiers for url in tier]
    assert list(parameters.trackers) == urls
    assert list(parameters.url_seeds) == list(recipe.web_seeds)


def test_every_kind_of_torrent_is_there():
    infos = [libtorrent.torrent_info(libtorrent.bdecode(s.data)) for s in torrent_samples()]
    kinds = {(i.info_hashes().has_v1(), i.info_hashes().has_v2()) for i in infos}
    assert kinds == {(True, False), (True, True), (False, True)}
    assert [i.name() for i in infos if i.priv()] == ["quarry-laser-scans-full"]
    assert [r.name for r in recipes() if not r.tiers] == ["old-almanac-scans-1898.pdf"]
    assert len(HIDDEN_KEY) == 32
    assert int(HIDDEN_KEY, 16)
    assert any(f"/{HIDDEN_KEY}/announce" in url for r in recipes() for tier in r.tiers for url in tier)


@pytest.mark.parametrize("sample", broken_samples(), ids=lambda sample: sample.file_name)
def test_the_broken_ones_are_broken(sample):
    with pytest.raises(RuntimeError):
        libtorrent.load_torrent_buffer(sample.data)


def test_magnets_parse_and_one_is_a_copy_of_a_file():
    lines = [line for line in magnet_list().data.decode().splitlines() if line and not line.startswith("#")]
    parsed = [libtorrent.parse_magnet_uri(line) for line in lines]
    assert [len(p.trackers) for p in parsed] == [2, 1, 2, 1]
    assert parsed[2].info_hashes.has_v2()
    assert "urn:btih:" + base64.b32encode(parsed[1].info_hashes.v1.to_bytes()).decode() in lines[1]
    assert parsed[3].info_hashes.v1.to_bytes() == v1_hash(recipes()[0])


def test_a_port_can_be_moved_without_changing_a_hash():
    moved = next(s for s in torrent_samples(50000) if s.file_name.startswith("meadow-linux-13.2-amd64-netinst"))
    assert b"http://127.0.0.1:50000/announce" in moved.data
    assert libtorrent.torrent_info(libtorrent.bdecode(moved.data)).info_hashes().v1.to_bytes() == v1_hash(recipes()[0])


def test_they_can_be_written_anywhere(tmp_path):
    assert write_samples(tmp_path / "new" / "folder") == len(all_samples())
    written = {path.name for path in (tmp_path / "new" / "folder").iterdir()}
    assert MAGNETS_FILE in written
    assert written == {s.file_name for s in all_samples()}


def test_the_module_writes_them_and_says_what_is_wrong(tmp_path):
    command = [sys.executable, "-m", "trackerwatch.demo.samples"]
    done = subprocess.run([*command, tmp_path / "out"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"17 files written to {tmp_path}/out; they name ports 41690 to 41699\n"
    (tmp_path / "file").write_text("")
    done = subprocess.run([*command, tmp_path / "file"], capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert done.stderr == f"cannot write to {tmp_path}/file: File exists\n"
    assert subprocess.run(command, capture_output=True, text=True, check=False).returncode == 3


@pytest.mark.parametrize("sample", torrent_samples(), ids=lambda sample: sample.file_name)
def test_our_own_reading_agrees_with_libtorrent(sample):
    torrent = load_torrent(sample.data, source=sample.file_name)
    info = libtorrent.torrent_info(libtorrent.bdecode(sample.data))
    hashes = info.info_hashes()
    v2 = hashes.v2.to_bytes() if hashes.has_v2() else None
    assert torrent.info_hash == (hashes.v1.to_bytes() if hashes.has_v1() else v2[:20])
    assert torrent.info_hash_v2 == v2
    assert torrent.private is info.priv()
    assert torrent.name == info.name()
    assert torrent.size_bytes == next(r.size_bytes for r in recipes() if r.name == info.name())
    tracks = libtorrent.load_torrent_buffer(sample.data)
    expected = list(zip(tracks.tracker_tiers, tracks.trackers, strict=True))
    assert [(p.tier, p.tracker.url) for p in torrent.placements] == expected


@pytest.mark.parametrize("sample", broken_samples(), ids=lambda sample: sample.file_name)
def test_our_own_reading_refuses_the_broken_ones(sample):
    with pytest.raises(MetainfoError) as caught:
        load_torrent(sample.data, source=sample.file_name)
    assert "\n" not in str(caught.value)


def test_the_policy_is_one_and_finds_its_torrents():
    text = policy().data.decode()
    read = read_policy(text, "policy.toml", {})
    names = [Path(sample.file_name).stem for sample in torrent_samples()]
    for wanted in re.findall(r"name~(\w+)", text):
        assert any(wanted in name for name in names), wanted
    assert [collection.name for collection in read.collections] == ["systems", "data"]
    assert len(read.overrides) == 1
