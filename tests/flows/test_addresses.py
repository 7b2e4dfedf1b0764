"""Addresses: what the open internet reaches, and what only looks like a name."""

import ipaddress

import pytest

from fieldstone.flows.addresses import is_public, literal_address


@pytest.mark.parametrize(
    "text",
    [
        *("127.0.0.1", "127.8.9.10", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
        *("169.254.169.254", "100.64.0.1", "192.0.0.192", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1"),
        *("255.255.255.255", "168.63.129.16"),
        *("::", "::1", "::127.0.0.1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "64:ff9b::127.0.0.1", "64:ff9b::a00:1"),
        *("64:ff9b:1::1", "2002:7f00:1::", "2002:c0a8:101::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8::1"),
    ],
)
def test_what_is_not_of_the_open_internet_is_not_public(text: str) -> None:
    assert not is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize(
    "text",
    [
        *("8.8.8.8", "93.184.216.34", "172.32.0.1", "192.0.1.1", "100.128.0.1"),
        *("2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"),
    ],
)
def test_what_anybody_can_reach_is_public(text: str) -> None:
    assert is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize(
    "host",
    ["2130706433", "0x7f000001", "127.1", "0177.0.0.1", "127.0.0.0x1", "1.2.3.4.5", "300.1.1.1", "127.0.0.1.", ""],
)
def test_a_number_that_systems_read_as_an_address_is_neither_name_nor_address(host: str) -> None:
    with pytest.raises(ValueError, match="does not appear"):
        literal_address(host)


def test_names_are_no_addresses_and_addresses_are() -> None:
    assert literal_address("hooks.example.org") is None
    assert literal_address("4chan.example") is None
    assert literal_address("localhost") is None
    assert str(literal_address("10.1.2.3")) == "10.1.2.3"
    assert str(literal_address("[::1]")) == "::1"
