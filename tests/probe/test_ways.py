from trackerwatch.outcome import Endpoint, Family
from trackerwatch.probe.ways import leaving_address


def test_a_way_is_told_by_the_address_it_starts_from():
    assert leaving_address(Endpoint(Family.IPV4, "127.0.0.1", 9)) == "127.0.0.1"


def test_no_way_is_none():
    # Class E: no system routes it.
    assert leaving_address(Endpoint(Family.IPV4, "255.255.255.255", 9)) is None
