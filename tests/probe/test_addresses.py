"""`AddressPolicy`: what may be asked, what not, and what counts as a sinkhole."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackerwatch.outcome import FailureKind
from trackerwatch.probe.addresses import AddressPolicy, describe_non_public, is_local_name, is_sinkhole

POLICY = AddressPolicy()

PUBLIC = [
    "1.1.1.1",
    "93.184.216.34",
    "172.15.255.255",
    "172.32.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "223.255.255.255",
    "2606:4700::1111",
    "2a01:4f8::1",
    "::ffff:1.1.1.1",
    "2002:101:101::1",
    "64:ff9b::101:101",
]

REFUSED = {
    "127.0.0.1": "a loopback address",
    "127.255.255.254": "a loopback address",
    "::1": "a loopback address",
    "0.0.0.0": "the unspecified address",
    "::": "the unspecified address",
    "0.1.2.3": "a reserved address",
    "10.0.0.1": "a private address",
    "172.16.0.1": "a private address",
    "172.31.255.255": "a private address",
    "192.168.255.255": "a private address",
    "fc00::1": "a private address",
    "fdff::1": "a private address",
    "fec0::1": "a private address",
    "169.254.1.1": "a link-local address",
    "fe80::1": "a link-local address",
    "fe80::1%eth0": "an address with a zone id",
    "2606:4700::1111%1": "an address with a zone id",
    "100.64.0.1": "a shared address of a provider's own network",
    "100.127.255.255": "a shared address of a provider's own network",
    "169.254.169.254": "a cloud metadata address",
    "fd00:ec2::254": "a cloud metadata address",
    "100.100.100.200": "a cloud metadata address",
    "224.0.0.1": "a multicast address",
    "239.255.255.250": "a multicast address",
    "ff02::1": "a multicast address",
    "ff0e::1": "a multicast address",
    "255.255.255.255": "the broadcast address",
    "240.0.0.1": "a reserved address",
    "192.0.2.1": "an address for documentation",
    "2001:db8::1": "an address for documentation",
    "198.18.0.1": "an address for benchmarks",
    "64:ff9b:1::101:101": "an address of a local NAT64 gateway",
    "::ffff:127.0.0.1": "a loopback address (127.0.0.1) inside an IPv6 one",
    "::ffff:10.1.2.3": "a private address (10.1.2.3) inside an IPv6 one",
    "::ffff:169.254.169.254": "a cloud metadata address (169.254.169.254) inside an IPv6 one",
    "::127.0.0.1": "a loopback address (127.0.0.1) inside an IPv6 one",
    "::ffff:0:192.168.0.1": "a private address (192.168.0.1) inside an IPv6 one",
    "64:ff9b::7f00:1": "a loopback address (127.0.0.1) inside an IPv6 one",
    "64:ff9b::a9fe:a9fe": "a cloud metadata address (169.254.169.254) inside an IPv6 one",
    "2002:7f00:1::": "a loopback address (127.0.0.1) inside an IPv6 one",
    "2002:a00:1::1": "a private address (10.0.0.1) inside an IPv6 one",
    # Teredo holds the client's address inverted.
    "2001:0:4136:e378:8000:63bf:f5ff:fffe": "a private address (10.0.0.1) inside an IPv6 one",
    "2a01:4f8::5efe:10.0.0.1": "a private address (10.0.0.1) inside an IPv6 one",
    "not an address": "no IP address",
}


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_may_be_asked(address):
    assert POLICY.refusal(address) is None
    assert POLICY.refusal_of_resolved("tracker.example", address) is None


@pytest.mark.parametrize(("address", "what"), REFUSED.items())
def test_others_are_refused_with_the_flag_that_permits_them(address, what):
    failure = POLICY.refusal(address)
    assert failure is not None
    assert failure.kind is FailureKind.BLOCKED
    assert failure.message == f"{address} is {what}; --allow-private permits it"
    assert AddressPolicy(allow_private=True).refusal(address) is None


@pytest.mark.parametrize(
    "address", ["0.0.0.0", "127.0.0.1", "127.9.9.9", "::1", "::", "::ffff:127.0.0.1", "::ffff:0.0.0.0"]
)
def test_a_name_that_leads_to_this_machine_is_a_sinkhole(address):
    failure = POLICY.refusal_of_resolved("tracker.example", address)
    assert failure is not None
    assert failure.kind is FailureKind.DNS_BLOCKED
    assert failure.message == f"the name resolves to {address}: a resolver or a hosts file blocks it"
    assert is_sinkhole(address)
    assert AddressPolicy(allow_private=True).refusal_of_resolved("tracker.example", address) is None


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST.", "tracker.localhost", "localhost.localdomain", "ip6-localhost"],
)
def test_names_for_this_machine_are_no_sinkholes(host):
    assert is_local_name(host)
    failure = POLICY.refusal_of_resolved(host, "127.0.0.1")
    assert failure is not None
    assert failure.kind is FailureKind.BLOCKED


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "::1", "127.1", "0x7f.1", "2130706433", "017700000001", "0x7f000001", "127.0.0.1."]
)
def test_a_literal_in_any_spelling_is_blocked_and_no_sinkhole(host):
    failure = POLICY.refusal_of_resolved(host, "127.0.0.1")
    assert failure is not None
    assert failure.kind is FailureKind.BLOCKED


def test_a_name_in_a_private_network_is_blocked_and_no_sinkhole():
    failure = POLICY.refusal_of_resolved("tracker.example", "192.168.1.2")
    assert failure is not None
    assert failure.kind is FailureKind.BLOCKED
    assert not is_sinkhole("192.168.1.2")


def test_allowed_networks_permit_exactly_themselves():
    policy = AddressPolicy(allowed_networks=(ipaddress.ip_network("10.1.0.0/16"), ipaddress.ip_network("fd12::/32")))
    assert policy.refusal("10.1.2.3") is None
    assert policy.refusal("::ffff:10.1.2.3") is None
    assert policy.refusal("fd12::5") is None
    assert policy.refusal("10.2.0.1") is not None
    assert policy.refusal("fd13::5") is not None


@given(st.ip_addresses(v=4))
def test_every_ipv4_address_that_python_calls_non_global_is_refused(address):
    if not address.is_global or address.is_multicast:
        assert describe_non_public(str(address)) is not None


@given(st.ip_addresses(v=4))
def test_wrapping_an_ipv4_address_never_makes_it_more_permitted(address):
    packed = int(address)
    plain = describe_non_public(str(address))
    for wrapped in ((0xFFFF << 32) | packed, (0x64FF9B << 96) | packed, (0x2002 << 112) | (packed << 80) | 1):
        if plain is not None:
            assert describe_non_public(str(ipaddress.IPv6Address(wrapped))) is not None
