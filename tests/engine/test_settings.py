"""What private trackers are asked, host by host."""

from __future__ import annotations

from tests.engine.driven import Script, ScriptedProber, drive, make_engine, torrent
from trackerwatch.engine.settings import EngineSettings, PrivateMode
from trackerwatch.engine.views import AskState

ONE, TWO = "udp://one.example:1", "udp://two.example:2"


def test_the_mode_of_a_host_beats_the_general_one():
    settings = EngineSettings(private=PrivateMode.SCRAPE, private_hosts={"one.example": PrivateMode.CONNECT})
    assert settings.private_at("one.example") is PrivateMode.CONNECT
    assert settings.private_at("two.example") is PrivateMode.SCRAPE


def test_only_the_host_that_was_allowed_is_scraped_for_a_private_torrent():
    prober = ScriptedProber()
    secret = torrent(1, [ONE], [TWO], private=True)

    async def main():
        engine = make_engine(prober, EngineSettings(private_hosts={"two.example": PrivateMode.SCRAPE}))
        engine.add_torrents([secret])
        await engine.run_once(deadline_s=60.0)
        return engine.snapshot()

    snapshot = drive(main)
    assert [sent.host for sent in prober.of("scrape")] == ["two.example:2"]
    assert [sent.host for sent in prober.of("check")] == ["one.example:1"]
    first, second = snapshot.torrents.view(0).answers
    assert (first.scrape.state, first.counts.seeders) == (AskState.SKIPPED, None)
    assert (second.scrape.state, second.counts.seeders) == (AskState.ANSWERED, 5)


def test_only_the_host_that_was_allowed_is_announced_to():
    prober = ScriptedProber()
    secret = torrent(1, [ONE], [TWO], private=True)
    for url in (ONE, TWO):
        prober.script(url, Script(ambiguous=frozenset([secret.info_hash])))

    async def main():
        engine = make_engine(
            prober,
            EngineSettings(private=PrivateMode.SCRAPE, private_hosts={"two.example": PrivateMode.ANNOUNCE}),
        )
        engine.add_torrents([secret])
        await engine.run_once(deadline_s=60.0)

    drive(main)
    assert {sent.host for sent in prober.of("scrape")} == {"one.example:1", "two.example:2"}
    assert {sent.host for sent in prober.of("announce")} == {"two.example:2"}
