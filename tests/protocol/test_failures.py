"""Failure texts as trackers send them, and the traps among them."""

import re

import pytest

from trackerwatch.outcome import FailureKind
from trackerwatch.protocol.failures import (
    PHRASES,
    Phrase,
    classify,
    is_request_too_long,
    is_stopped_acknowledged,
    literal,
)

TEXTS = {
    FailureKind.RATE_LIMITED: """
        minimum announce time of 900 seconds
        Minimum announce lock of 300 seconds
        Please respect the min interval
        Rate limit exceeded. Please wait.
        Rate-limited, your client announces every 5 seconds
        your announces are too frequent
        Slow down!
        antispam: announcing again so soon
        Please wait 30 seconds
        Too many requests
    """,
    FailureKind.UNAUTHORIZED: """
        Passkey not found
        Unknown passkey
        Missing passkey.
        Invalid pass key
        unregistered torrent pass
        Invalid torrent pass
        authkey missing
        tracker requires authentication
        domain tracker requires authentication for peers
        unapproved request: missing jwt
        unapproved request: invalid jwt
        The supplied key: Key("abc"), is not valid
        Your account is suspended: passkey parked
        Torrent_pass missing
        Passkey does not exist. Please Re-Download The .torrent
        User does not exist. Please Re-Download
        Access denied
        access denied.
        Your account is disabled
        Your account is parked
        Your account is banned
        Your account is not enabled
        Your downloading privileges have been revoked
        Your ratio is too low
        Download slot limit reached.
        Access denied, leeching forbidden
        You are only allowed to seed
        There is a wait time for this torrent
        peers limit reached
        client limit for this torrent exceeded
        You may not seed the same torrent from more than 3 locations
        You already are downloading the same torrent
        Connection limit exceeded!
        Too many H&R
        You have reached a rate limit. You can only seed/leech a single torrent from upto 3 locations
        Seeding from 4 locations: rate limit reached
        Too many location(s), rate limit of location(s) is 3
        Your client is not approved
        Your client is not acceptable
        Your client is not on the whitelist
        This client is banned
        Client is blacklisted
        Your client is on the blacklist
        Client not whitelisted
        Client version banned
        Your client is too old
        unapproved client
        Banned client
        Browser, crawler or cheater
        Abnormal access blocked
        Invalid User-Agent
        Bad user agent
        Your client does not support compact announces
        You cannot use this agent
        your IP was refused
        Your IP address is not allowed
        Access denied, your client is bad
        The ip is banned
        Host banned
        You are blocked
        VPN connections are refused
        No proxies, please
        Access denied, wait for 2 hours
        Hit and run
    """,
    FailureKind.UNREGISTERED: """
        unregistered torrent
        Unregistered torrent: trumped by something
        Torrent not registered with this tracker.
        Torrent not registered
        TORRENT NOT FOUND
        Torrent is not found
        InfoHash not found.
        Info hash not allowed
        Requested download is not authorized for use with this tracker.
        Requested download is not authorized for use on this tracker.
        unapproved torrent
        The torrent: 0123456789abcdef, is not whitelisted, tracker error
        Resource does not exist
        unknown torrent
        Torrent does not exist
        Torrent deleted
        torrent banned
        Torrent has been nuked
        torrent nuked
        Torrent rejected
        Torrent was rejected
        This torrent has been deleted.
        Torrent was retitled
        No torrent with that info_hash has been found
        Torrent nicht registriert
        Dieser Torrent existiert nicht
        Torrent introuvable
        Torrent não registrado
        種子不存在
        种子不存在
        该种子没有在我们的服务器上
    """,
    FailureKind.FAILURE_REASON: """
        Connection ID missmatch.
        bad connection ID
        connection id could not be verified
        cookie value is expired
        Torrent is pending moderation
        Torrent not approved
        Torrent is not reviewed
        review not approved
        Torrent is postponed
        invalid port
        illegal port
        invalid query escape
        Cannot parse query params for announce request: x
        Invalid 'left'
        Invalid 'port'
        info_hash is missing
        malformed packet
        malformed event
        unsupported event
        GET string too short
        Port can't be 0
        invalid info_hash
        provided invalid infohash
        failed to parse parameter
        missing param: left
        malformed announce
        You forgot to send your torrent's info_hash
        GET string too long
        Request-URI Too Long
        temporarily unavailable
        call back later
        internal error
        try again later
        tracker is not open
        announce is currently unavailable
        the database is gone
        Tracker is overloaded
        maintenance
        Error in mysql database
        internal server error
        tracker is down, try again later
        Not a tracker
        Stopped peer doesn't exist.
        something else entirely
        the torrent was trumped
        dead
        unknown
        Uploaded
        unknown error
    """,
}


@pytest.mark.parametrize(
    ("kind", "text"), [(kind, line.strip()) for kind, lines in TEXTS.items() for line in lines.strip().splitlines()]
)
def test_texts_as_trackers_send_them(kind, text):
    assert classify(text) is kind
    assert classify(f"  {text.upper()}\0") is kind


def test_an_empty_text_is_a_failure_reason():
    assert classify("") is FailureKind.FAILURE_REASON


def test_urls_and_names_in_them_do_not_count():
    assert classify("see https://site.example/blocked/unregistered.html") is FailureKind.FAILURE_REASON


def test_slang_counts_for_private_torrents_alone():
    assert classify("Trump: better release exists", private=True) is FailureKind.UNREGISTERED
    assert classify("dupe", private=True) is FailureKind.UNREGISTERED
    assert classify("dupe") is FailureKind.FAILURE_REASON
    for text in ("Dead", "torrent dead.", "unknown", "uploaded!"):
        assert classify(text, private=True) is FailureKind.UNREGISTERED
    for text in ("unknown error", "you have uploaded nothing", "tracker is dead slow", "a dupery"):
        assert classify(text, private=True) is FailureKind.FAILURE_REASON


def test_traps():
    # A bad key, whatever else the words say.
    for text in ("unknown passkey", "unregistered torrent pass", "passkey does not exist"):
        assert classify(text, private=True) is FailureKind.UNAUTHORIZED
    # A stopped peer that is not there is nothing that is missing.
    assert classify("Stopped peer does not exist") is FailureKind.FAILURE_REASON
    assert classify("access denied") is classify("Access denied, leeching forbidden") is FailureKind.UNAUTHORIZED
    assert classify("access denied for maintenance") is FailureKind.FAILURE_REASON


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (200, FailureKind.FAILURE_REASON),
        (401, FailureKind.UNAUTHORIZED),
        (402, FailureKind.RATE_LIMITED),
        (404, FailureKind.FAILURE_REASON),
        (429, FailureKind.RATE_LIMITED),
    ],
)
def test_the_status_decides_where_the_words_do_not(status, kind):
    assert classify("no", http_status=status) is kind
    assert classify("unregistered torrent", http_status=status) is FailureKind.UNREGISTERED


def test_rows_of_ones_own_come_first():
    own = (Phrase(re.compile("unregistered torrent pass"), FailureKind.RATE_LIMITED), *PHRASES)
    assert classify("Unregistered torrent pass", table=own) is FailureKind.RATE_LIMITED
    assert classify("unregistered torrent", table=own) is FailureKind.UNREGISTERED


def test_words_of_ones_own_are_no_pattern():
    own = (literal("Go  away (now).*", FailureKind.UNAUTHORIZED),)
    assert classify("please go away (NOW).* thanks", table=own) is FailureKind.UNAUTHORIZED
    assert classify("go away now, thanks", table=own) is FailureKind.FAILURE_REASON


def test_what_is_asked_of_texts_besides_their_kind():
    assert is_stopped_acknowledged("Stopped peer doesn\u2019t exist.")
    assert not is_stopped_acknowledged("Torrent does not exist")
    assert is_request_too_long("GET string too long")
    assert is_request_too_long("Request-URI Too Large")
    assert not is_request_too_long("unregistered torrent")
