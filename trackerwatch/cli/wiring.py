"""Settings become what the rooms take: an engine's settings and a prober."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import replace
from typing import TYPE_CHECKING

from trackerwatch.cli.arguments import checked_ca_file, given_settings
from trackerwatch.config.loading import load
from trackerwatch.engine.settings import AnnounceMode, EngineSettings, PrivateMode, TrackerSettings
from trackerwatch.locations import host_name
from trackerwatch.outcome import FailureKind
from trackerwatch.outside_text import clean
from trackerwatch.probe.dns_preferences import HostPreferences
from trackerwatch.probe.prober import SocketProber
from trackerwatch.protocol.failures import PHRASES, literal
from trackerwatch.schedule.windows import parse_window

if TYPE_CHECKING:
    from argparse import Namespace

    from trackerwatch.config.overrides import TrackerOverride
    from trackerwatch.config.settings import Config
    from trackerwatch.orders import Orders


def settled(arguments: Namespace) -> Config:
    """The settings of a run of watch, report or check, with what depends on the command and the machine filled in.

    Raises:
        ConfigError: A mistake in the environment or the file.
        UsageError: The file of authorities cannot be used.
    """
    found = load(given_settings(arguments), file=arguments.config, environment=os.environ)
    config = found.config
    checked_ca_file(config.ca_file, found.origins["ca_file"].where)
    return replace(
        config,
        announce=config.announce or arguments.default_announce,
        vantage=clean(config.vantage or host_name()),
    )


def engine_settings(config: Config, orders: Orders | None = None) -> EngineSettings:
    """What settings mean to the engine, with what was ordered by hand (None: nothing)."""
    return EngineSettings(
        interval_s=config.interval_s,
        timeout_s=config.timeout_s,
        announce=AnnounceMode(config.announce or AnnounceMode.FALLBACK),
        private=PrivateMode(config.private),
        private_hosts={host: PrivateMode(mode) for host, mode in config.private_hosts},
        heartbeat_s=config.heartbeat_s,
        down_after=config.down_after,
        up_after=config.up_after,
        slow_udp_s=config.slow_udp_s,
        slow_http_s=config.slow_http_s,
        loss=config.loss,
        tls_expiry_s=config.tls_expiry_s,
        client=config.client,
        trackers={place: _tracker_settings(override) for place, override in config.trackers},
        max_age_s=config.max_age_s,
        orders={} if orders is None else orders,
    )


def _tracker_settings(override: TrackerOverride) -> TrackerSettings:
    muted = override.muted
    return TrackerSettings(
        own=override.own,
        interval_s=override.interval_s,
        heartbeat_s=override.heartbeat_s,
        down_after=override.down_after,
        up_after=override.up_after,
        slow_s=override.slow_s,
        loss=override.loss,
        tls_expiry_s=override.tls_expiry_s,
        muted=muted is not False,
        muted_until=None if isinstance(muted, bool) else muted,
        mute_why=clean(override.why or ""),
        mute_windows=tuple(map(parse_window, override.mute_windows)),
        disabled=override.disabled,
        disable_why=clean(override.why or "") if override.disabled else "",
    )


def prober_of(config: Config) -> SocketProber:
    """A prober that asks what the settings allow."""
    own = tuple(literal(row.phrase, FailureKind(row.kind)) for row in config.failure_phrases)
    return SocketProber(
        allow_private=config.allow_private,
        allowed_networks=tuple(ipaddress.ip_network(network) for network in config.allowed_networks),
        ca_file=config.ca_file,
        phrases=own + PHRASES,
        sentinels=config.sentinels,
        preferences=HostPreferences() if config.dns_preferences else None,
    )
