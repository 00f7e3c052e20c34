"""HTTP scrapes: where they go, what they ask, and two ways of reading the answer that must agree."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackerwatch.bencoding import encode
from trackerwatch.errors import ProtocolError
from trackerwatch.outcome import FailureKind, ScrapeColumns, SwarmAnswer, SwarmCounts
from trackerwatch.protocol.http_scrape import (
    HASH_PARAMETER_BYTES,
    ScrapeReply,
    _decode_any,
    decode_scrape,
    derive_scrape_address,
    encode_scrape_target,
    fill_columns,
)
from trackerwatch.tracker import parse_tracker

A, B, C = b"a" * 20, b"b" * 20, bytes(range(0xEC, 0x100))


@pytest.mark.parametrize(
    ("announce", "scrape"),
    [
        ("http://example.com/announce", b"/scrape"),
        ("http://example.com/x/announce", b"/x/scrape"),
        ("http://example.com/announce.php", b"/scrape.php"),
        ("http://example.com/announce?x2%0644", b"/scrape?x2%0644"),
        ("http://example.com/announce?x=2%0644", b"/scrape?x=2%0644"),
        ("http://t.example/PASSKEY/announce", b"/PASSKEY/scrape"),
        ("http://announce.example/announce", b"/scrape"),
        ("http://t.example/announce/announce", b"/announce/scrape"),
    ],
)
def test_the_rule_of_the_field(announce, scrape):
    address = derive_scrape_address(parse_tracker(announce).target)
    assert (address.target, address.guessed) == (scrape, False)


@pytest.mark.parametrize(
    ("announce", "scrape"),
    [
        ("http://example.com/announce?x=2/4", b"/scrape?x=2/4"),
        ("http://t.example/announce/0123456789abcdef", b"/scrape/0123456789abcdef"),
        ("http://t.example/x/announce.php/key", b"/x/scrape.php/key"),
    ],
)
def test_bep_48_allows_a_guess(announce, scrape):
    address = derive_scrape_address(parse_tracker(announce).target)
    assert (address.target, address.guessed) == (scrape, True)


@pytest.mark.parametrize(
    "announce",
    [
        "http://example.com/a",
        "http://example.com/x%064announce",
        "http://t.example/Announce",
        "http://announce.example/",
        "http://announce.example",
        "http://t.example/?announce",
        "http://t.example/x?u=announce",
    ],
)
def test_unsupported(announce):
    assert derive_scrape_address(parse_tracker(announce).target) is None


def test_targets_with_many_hashes():
    plain = derive_scrape_address("/announce")
    one = encode_scrape_target(plain, [A])
    assert one == b"/scrape?info_hash=" + b"%61" * 20
    assert encode_scrape_target(plain, [A, B]) == one + b"&info_hash=" + b"%62" * 20
    keyed = derive_scrape_address("/announce?key=1")
    assert encode_scrape_target(keyed, [A]).startswith(b"/scrape?key=1&info_hash=%61")
    assert len(encode_scrape_target(keyed, [A, B])) == len(keyed.target) + 2 * HASH_PARAMETER_BYTES


@pytest.mark.parametrize("hashes", [[], [b"short"], [A, b"x" * 32]])
def test_never_a_scrape_of_everything(hashes):
    with pytest.raises(ValueError, match="20 bytes"):
        encode_scrape_target(derive_scrape_address("/announce"), hashes)


def test_canonical_reply():
    body = b"d5:filesd20:....................d8:completei5e10:downloadedi50e10:incompletei10eeee"
    assert decode_scrape(body) == ScrapeReply({b"." * 20: (5, 50, 10)})
    assert decode_scrape(b"d5:filesdee") == ScrapeReply({})
    assert decode_scrape(body + b"\r\n").files == {b"." * 20: (5, 50, 10)}


def test_the_sample_of_bep_48_needs_its_missing_ends():
    broken = (
        b"d5:filesd20:xxxxxxxxxxxxxxxxxxxxd8:completei11e10:downloadedi13772e10:incompletei19e"
        b"20:yyyyyyyyyyyyyyyyyyyyd8:completei21e10:downloadedi206e10:incompletei20eee"
    )
    with pytest.raises(ProtocolError):
        decode_scrape(broken)
    mended = broken.replace(b"i19e20:", b"i19ee20:") + b"e"
    assert decode_scrape(mended).files == {b"x" * 20: (11, 13772, 19), b"y" * 20: (21, 206, 20)}


def test_waits():
    flagged = b"d5:filesdee"[:-1] + b"5:flagsd20:min_request_intervali900eee"
    assert decode_scrape(flagged).min_request_interval_s == 900
    assert decode_scrape(flagged.replace(b"i900e", b"i999999999e")).min_request_interval_s == 86400
    assert decode_scrape(flagged.replace(b"i900e", b"i0e")).min_request_interval_s is None


@pytest.mark.parametrize(
    ("reply", "files"),
    [
        # chihaya has no `downloaded`; Ocelot's keys come in another order; extra keys are nobody's business.
        ({b"files": {A: {b"complete": 1, b"incomplete": 2}}}, {A: (1, None, 2)}),
        ({b"files": {A: {b"complete": 1, b"downloaded": 3, b"incomplete": 2, b"name": b"x"}}}, {A: (1, 3, 2)}),
        ({b"host": {A: {b"complete": 1, b"downloaded": 3, b"incomplete": 2}}}, {A: (1, 3, 2)}),
        ({b"files": []}, {}),
        ({b"files": {A.hex().encode(): {b"complete": 1}}}, {A: (1, None, None)}),
        ({b"files": {C.hex().upper().encode(): {b"complete": 1}}}, {C: (1, None, None)}),
        # npm's bittorrent-tracker sends each byte of a hash as a character in UTF-8.
        ({b"files": {C.decode("latin-1").encode("utf-8"): {b"complete": 1}}}, {C: (1, None, None)}),
        ({b"files": {A: {b"complete": -1, b"incomplete": 2**40}}}, {A: (None, None, None)}),
        ({b"files": {A: 5, B: {b"complete": 1}, b"odd": {}}}, {B: (1, None, None)}),
    ],
)
def test_variations(reply, files):
    assert decode_scrape(encode(reply)).files == files


def test_what_is_odd_is_a_finding():
    reply = decode_scrape(encode({b"files": {A: {b"complete": -1}, b"odd": {}}}))
    assert reply.findings == ("complete makes no sense: -1", "1 of 2 entries are for no info hash")


def test_failure():
    reply = decode_scrape(b"d14:failure reason43:Torrent not registered with this tracker. xe")
    assert (reply.failure.kind, reply.files) == (FailureKind.UNREGISTERED, {})


@pytest.mark.parametrize("body", [b"", b"d5:peers0:e", b"de", b"d5:filesi5ee", b"d5:files3:abce", b"<html>"])
def test_what_is_no_answer_to_a_scrape(body):
    with pytest.raises(ProtocolError):
        decode_scrape(body)


COUNTS = st.integers(0, 999_999_999)
FILES = st.dictionaries(st.binary(min_size=20, max_size=20), st.tuples(COUNTS, COUNTS, COUNTS), min_size=0, max_size=6)


def canonical(files):
    return encode(
        {
            b"files": {
                h: {b"complete": complete, b"downloaded": downloaded, b"incomplete": incomplete}
                for h, (complete, downloaded, incomplete) in files.items()
            }
        }
    )


@given(FILES)
def test_both_ways_of_reading_agree(files):
    body = canonical(files)
    assert decode_scrape(body) == _decode_any(body, (), None) == ScrapeReply(files)


@given(FILES, st.data())
def test_both_ways_agree_on_a_changed_byte(files, data):
    body = bytearray(canonical(files))
    body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))

    def read(decode):
        try:
            reply = decode(bytes(body))
        except ProtocolError:
            return None
        return dict(reply.files), reply.failure

    assert read(decode_scrape) == read(lambda data: _decode_any(data, (), None))


def test_a_hash_that_looks_like_an_entry_fools_nobody():
    inside = b"d8:completei9e10:dow"
    files = {inside: (1, 2, 3), b"20:aaaaaaaaaaaaaaaaa"[:20]: (4, 5, 6)}
    assert decode_scrape(canonical(files)).files == files


def test_columns_are_filled_by_hash_and_what_is_missing_is_told():
    columns = ScrapeColumns.unknown(4)
    hashes = [A, B, C, b"d" * 20]
    reply = ScrapeReply({C: (7, None, 9), A: (1, 2, 3), b"z" * 20: (5, 5, 5)})
    assert fill_columns(columns, reply, hashes, [0, 1, 2]) == [1]
    assert columns.counts(0) == SwarmCounts(1, 3, 2)
    assert columns.counts(2) == SwarmCounts(7, 9, None)
    assert list(columns.answers) == [SwarmAnswer.ANSWERED, 0, SwarmAnswer.ANSWERED, 0]
