"""Doctor's gathering: on loopback and with doubles alone."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
from dataclasses import replace
from types import SimpleNamespace

import pytest

from tests.doubles.quiet import Quiet, TcpSentinel, UdpSentinel
from trackerwatch.cli import doctor, machine, remembering, surveying
from trackerwatch.cli.main import main
from trackerwatch.config.settings import DEFAULTS
from trackerwatch.outcome import Endpoint, Failure, FailureKind, Family, Phase, Resolution, SentinelOutcome

NXDOMAIN = Failure(FailureKind.DNS_NXDOMAIN, Phase.RESOLVE)
V6 = "2001:db8::5"


class FakeOutside:
    """Answers from tables; what is not in one hangs."""

    def __init__(self, config=None, *, heard=None, names=None, leaving=None):
        del config
        self.heard = {} if heard is None else heard
        self.names = {} if names is None else names
        self.leaving = leaving
        self.asked = []

    async def sentinel(self, sentinels):
        self.asked.append(tuple(sentinels))
        if not sentinels:
            return SentinelOutcome(None, None)
        return self.heard.get(tuple(sentinels)) or await asyncio.Event().wait()

    async def look_up(self, host):
        self.asked.append(host)
        if host.endswith(".invalid."):
            return Resolution((), (), 0.0, NXDOMAIN)
        return self.names.get(host) or await asyncio.Event().wait()

    def leaving_address(self, endpoint):
        assert endpoint.family is Family.IPV6
        return self.leaving

    def close(self):
        pass


def resolved(*addresses, refused=()):
    endpoints = tuple(Endpoint(Family.IPV4, address, 80) for address in addresses)
    return Resolution(endpoints, tuple((Endpoint(Family.IPV4, a, 80), Failure(kind, None)) for a, kind in refused), 0.0)


async def test_everything_is_asked_at_once_and_judged_by_nobody_yet():
    both = SentinelOutcome(tcp=True, udp=False)
    outside = FakeOutside(
        heard={DEFAULTS.sentinels: both, surveying.IPV6_SENTINELS: SentinelOutcome(tcp=None, udp=True)},
        names={
            "a.example": resolved("192.0.2.1"),
            "b.example": resolved(refused=[("0.0.0.0", FailureKind.DNS_BLOCKED)]),
            "nas.lan": resolved(refused=[("192.168.1.9", FailureKind.BLOCKED)]),
        },
        leaving=V6,
    )
    facts = await surveying.survey(outside, DEFAULTS, ["a.example", "b.example", "nas.lan", "a.example"])
    assert (facts.tcp, facts.udp, facts.ipv6_address, facts.ipv6_heard) == (True, False, V6, True)
    assert facts.made_up.failure is NXDOMAIN
    assert facts.in_time
    a, b, nas = facts.names
    assert a.addresses == ("192.0.2.1",)
    assert (b.refused, b.sinkhole) == (("0.0.0.0",), True)
    assert (nas.refused, nas.sinkhole) == (("192.168.1.9",), False)
    # Each name once, and few packets altogether.
    assert len(outside.asked) == 6


async def test_private_addresses_are_fine_where_they_are_allowed():
    names = {
        "nas.lan": resolved(refused=[("192.168.1.9", FailureKind.BLOCKED)]),
        "b.example": resolved(refused=[("0.0.0.0", FailureKind.DNS_BLOCKED)]),
    }
    config = replace(DEFAULTS, sentinels=(), allow_private=True)
    facts = await surveying.survey(FakeOutside(names=names), config, list(names))
    assert facts.names[0].addresses == ("192.168.1.9",)
    assert facts.names[1].sinkhole


async def test_what_hangs_stays_unknown():
    outside = FakeOutside(heard={}, names={"a.example": resolved("192.0.2.1")})
    facts = await surveying.survey(outside, DEFAULTS, ["a.example", "slow.example"], within_s=0.05)
    assert (facts.tcp, facts.udp, facts.in_time) == (None, None, False)
    assert [found.name for found in facts.names] == ["a.example"]
    assert facts.ipv6_heard is None


async def test_nobody_is_asked_whom_the_user_did_not_choose():
    own = ("tcp://192.0.2.1:443", "udp://[2001:db8::9]:53")
    assert surveying.ipv6_sentinels(own) == ("udp://[2001:db8::9]:53",)
    assert surveying.ipv6_sentinels(("tcp://sentinel.example:443",)) == ()
    assert surveying.ipv6_sentinels(()) == ()
    assert surveying.ipv6_sentinels(DEFAULTS.sentinels) == surveying.IPV6_SENTINELS
    outside = FakeOutside(leaving=V6)
    facts = await surveying.survey(outside, replace(DEFAULTS, sentinels=()), [])
    assert outside.asked[:2] == [(), ()]
    assert (facts.sentinels, facts.tcp, facts.ipv6_heard) == (0, None, None)


async def test_so_many_names_and_no_more():
    outside = FakeOutside()
    hosts = [f"t{n}.example" for n in range(100)]
    await surveying.survey(outside, replace(DEFAULTS, sentinels=()), hosts, within_s=0.01)
    assert sum(".example" in asked for asked in outside.asked if isinstance(asked, str)) == surveying.NAMES_ASKED


async def test_sentinels_are_asked_through_real_sockets():
    quiet = Quiet()
    async with TcpSentinel(quiet, "127.0.0.1") as tcp, UdpSentinel(quiet, "127.0.0.1") as udp:
        with contextlib.closing(doctor._Sockets(DEFAULTS)) as sockets:
            heard = await sockets.sentinel((tcp.url, udp.url))
            assert (heard.tcp, heard.udp, heard.local) == (True, True, True)
            assert udp.questions == 1
            (endpoint,) = (await sockets.look_up("127.0.0.1")).refused
            assert endpoint[1].kind is FailureKind.BLOCKED


# -- this machine ------------------------------------------------------------------------------------------------------


def test_a_place_is_judged_without_being_made(tmp_path):
    path = tmp_path / "deep" / "er" / "history.db"
    found = machine.place(path, "history")
    assert (found.exists, found.problem) == (False, "")
    assert found.free_bytes > 0
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("x")
    assert "is no folder" in machine.place(tmp_path / "file" / "history.db", "history").problem
    assert machine.place(tmp_path / "x", "state", "it is odd").problem == "it is odd"


def test_no_rights_are_told(tmp_path, monkeypatch):
    monkeypatch.setattr(machine.os, "access", lambda *_: False)
    assert "no right to write in" in machine.place(tmp_path / "x", "history").problem


def test_a_state_file_that_is_a_pipe_is_not_waited_for(tmp_path, monkeypatch, capsys):
    path = tmp_path / "state.json"
    os.mkfifo(path)
    monkeypatch.setenv("TRACKERWATCH_STATE", str(path))
    main(["doctor", "--offline", "--no-store"])
    assert "no regular file" in " ".join(capsys.readouterr().out.split())


class Terminal:
    """A stream that says it is one."""

    encoding = "utf-8"

    def isatty(self):
        return True

    def fileno(self):
        raise OSError


def test_a_terminal_is_known_by_what_it_says(monkeypatch):
    answers = []

    def run(*_, **settings):
        assert settings["timeout"] <= 2
        return answers.pop()

    monkeypatch.setattr(machine.subprocess, "run", run)
    answers.append(subprocess.CompletedProcess([], 0, "external\n"))
    inside = machine.terminal(Terminal(), {"TERM": "tmux-256color", "TMUX": "/x,1,2", "SSH_TTY": "/dev/pts/1"})
    assert (inside.multiplexer, inside.tmux_clipboard, inside.remote) == ("tmux", "external", True)
    assert (inside.columns, inside.rows) == (None, None)
    answers.append(subprocess.CompletedProcess([], 1, ""))
    assert machine.terminal(Terminal(), {"TMUX": "/x"}).tmux_clipboard is None
    plain = machine.terminal(Terminal(), {"TERM": "linux", "NO_COLOR": "1"})
    assert (plain.clipboard_is_file, plain.no_color, plain.multiplexer) == (True, True, "")
    assert machine.terminal(None, {}).is_terminal is False


def test_a_tmux_that_hangs_is_not_waited_for(monkeypatch):
    def run(*_, **settings):
        raise subprocess.TimeoutExpired("tmux", settings["timeout"])

    monkeypatch.setattr(machine.subprocess, "run", run)
    assert machine.terminal(Terminal(), {"TMUX": "/x"}).tmux_clipboard is None


# -- the command -------------------------------------------------------------------------------------------------------


def test_offline_sends_nothing_and_is_well(capsys, monkeypatch):
    def none(*_):
        raise AssertionError("something was asked")

    monkeypatch.setattr(doctor, "_Sockets", none)
    assert main(["doctor", "--offline"]) == 0
    out = capsys.readouterr().out
    assert "? not known  can UDP leave?" in out
    assert out.rstrip().splitlines()[-1].startswith("OK  no trouble found")


def test_the_exit_code_is_the_verdict_and_json_is_whole(capsys, monkeypatch):
    sentinels = ("tcp://192.0.2.1:443", "udp://192.0.2.1:53")
    monkeypatch.setenv("TRACKERWATCH_SENTINELS", ",".join(sentinels))
    outside = FakeOutside(
        heard={sentinels: SentinelOutcome(tcp=True, udp=False)}, names={"tracker.example": resolved("192.0.2.8")}
    )
    monkeypatch.setattr(doctor, "_Sockets", lambda _: outside)
    assert main(["doctor", "udp://tracker.example:6969/announce", "127.0.0.1:80", "localhost", "--format", "json"]) == 2
    document = json.loads(capsys.readouterr().out)
    answers = {finding["id"]: finding["answer"] for finding in document["findings"]}
    assert answers["udp"] == "trouble"
    assert answers["sinkhole"] == "ok"
    # Addresses and this machine's own names have nothing to look up.
    assert [asked for asked in outside.asked if asked == "tracker.example"] == ["tracker.example"]
    assert "localhost" not in outside.asked


def test_a_broken_config_is_a_finding(tmp_path, capsys):
    path = tmp_path / "config.toml"
    path.write_text("interval = 'often'\n")
    assert main(["doctor", "--offline", "--config", str(path)]) == 2
    assert "is the config right?" in capsys.readouterr().out


def test_trackers_of_config_and_store_are_looked_up(tmp_path, monkeypatch):
    path = tmp_path / "config.toml"
    path.write_text('[trackers."a.example:6969"]\nown = true\n[trackers."[::1]:80"]\nown = true\n')
    outside = FakeOutside(names={"a.example": resolved("192.0.2.8")})
    monkeypatch.setattr(doctor, "_Sockets", lambda _: outside)
    assert main(["doctor", "--config", str(path), "--no-store"]) == 0
    assert "a.example" in outside.asked
    assert "::1" not in outside.asked


class FakePast:
    """Remembers some trackers, one of which had a secret in its host."""

    closed = False

    async def overview(self, *, since, until, stretches):
        assert until - since <= 86400.0
        assert stretches == 1
        return [SimpleNamespace(host_port=place) for place in ("b.example:6969", "[::1]:80", "….c.example:80")]

    def close(self):
        self.closed = True


def test_trackers_of_the_store_are_looked_up_too(tmp_path, monkeypatch):
    past, outside = FakePast(), FakeOutside(names={"b.example": resolved("192.0.2.8")})
    monkeypatch.setattr(remembering, "open_past", lambda _: past)
    monkeypatch.setattr(doctor, "_Sockets", lambda _: outside)
    assert main(["doctor", "--store", str(tmp_path / "history.db")]) == 0
    assert [asked for asked in outside.asked if isinstance(asked, str) and not asked.endswith(".invalid.")] == [
        "b.example"
    ]
    assert past.closed
    assert list(tmp_path.iterdir()) == []


async def test_a_key_among_the_labels_of_a_name_is_not_shown():
    secret = "0123456789abcdef0123456789abcdef"
    host = f"{secret}.t.example"
    outside = FakeOutside(names={host: resolved("192.0.2.8")})
    facts = await surveying.survey(outside, replace(DEFAULTS, sentinels=()), [host])
    assert host in outside.asked
    assert secret not in facts.names[0].name
    assert facts.names[0].name.endswith("t.example")


@pytest.mark.parametrize("tracker", ["wss://x.example/announce", "not a host"])
def test_what_is_no_tracker_is_a_usage_error(capsys, tracker):
    assert main(["doctor", "--offline", tracker]) == 3
    assert capsys.readouterr().err.startswith("trackerwatch: ")
