"""No webhook goes inside, by whatever name or number."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import WebhookRefused
from gateway.jobs.notify.addresses import Guard, is_outside

OUTSIDE = ["93.184.216.34", "1.1.1.1", "2606:4700:4700::1111"]
INSIDE = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",  # carrier-grade NAT
    "127.0.0.1",
    "169.254.169.254",  # a cloud's metadata
    "172.16.0.1",
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:93.184.216.34",  # even a public one: nobody needs to write it so
    "64:ff9b::7f00:1",
    "64:ff9b:1::7f00:1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",  # Teredo
    "2002:7f00:1::",  # 6to4
    "2001:db8::1",
    "fc00::1",
    "fe80::1",
    "ff02::1",
]


@pytest.mark.parametrize("address", OUTSIDE)
def test_public_addresses_may_be_called(address):
    assert is_outside(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", INSIDE)
def test_addresses_inside_may_not(address):
    assert not is_outside(ipaddress.ip_address(address))
    with pytest.raises(WebhookRefused):
        Guard(resolve=lambda host, port: [address]).vet("https://innocent.example/")
    url = f"https://[{address}]/" if ":" in address else f"https://{address}/"
    with pytest.raises(WebhookRefused):
        Guard().check(url)


@given(st.integers(0, 2**32 - 1))
def test_no_ipv4_address_gets_through_inside_ipv6(number):
    for prefix in ("::", "::ffff:0:0", "64:ff9b::"):
        assert not is_outside(ipaddress.IPv6Address(int(ipaddress.IPv6Address(prefix)) + number))
    assert not is_outside(ipaddress.IPv6Address((0x2002 << 112) + (number << 80)))


def test_what_is_connected_to_is_what_was_looked_at():
    answers = iter([["93.184.216.34"], ["127.0.0.1"]])  # a name that changes its mind
    guard = Guard(resolve=lambda host, port: next(answers))
    place = guard.vet("https://rebinding.example/a?b=c")
    assert (place.address, place.host, place.target) == (
        "93.184.216.34",
        "rebinding.example",
        "/a?b=c",
    )


def test_an_address_outside_is_taken_where_there_are_several():
    guard = Guard(resolve=lambda host, port: ["10.0.0.1", "93.184.216.34"])
    assert guard.vet("https://example.com/").address == "93.184.216.34"


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "https://example.com:8443/",
        "https://user:secret@example.com/",
        "https:///path",
        "https://exa mple.com/",
        "https://example.com\\@127.0.0.1/",
        "https://example.com:port/",
        "https://example.com/\n",
        "example.com",
        "",
        "https://example.com/" + "x" * 3000,
    ],
)
def test_addresses_that_are_odd_or_not_allowed(url):
    with pytest.raises(WebhookRefused):
        Guard().check(url)


def test_a_host_nobody_knows():
    def resolve(host, port):
        raise OSError("no such host")

    with pytest.raises(WebhookRefused):
        Guard(resolve=resolve).vet("https://nowhere.invalid/")


@pytest.mark.parametrize("allowed", ["10.0.0.0/8", "cluster.local"])
def test_what_is_inside_can_be_allowed(allowed):
    guard = Guard(("http",), (8080,), (allowed,), resolve=lambda host, port: ["10.1.2.3"])
    place = guard.vet("http://cluster.local:8080/")
    assert (place.address, place.authority) == ("10.1.2.3", "cluster.local:8080")
