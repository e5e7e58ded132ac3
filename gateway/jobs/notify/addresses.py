"""Permitted webhook addresses: none in internal networks.

A name is resolved once, and the resulting address is checked and then connected to: the owner of
the name cannot rebind it in between.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from gateway.errors import WebhookRefused

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Sequence[str]]
"""Returns the numeric addresses of a host for a port."""

MAX_URL = 2048
"""Characters of a webhook's address."""
_EMBEDDED = tuple(
    ipaddress.ip_network(net)
    for net in (
        "::/96",  # IPv4-compatible
        "::ffff:0:0/96",  # IPv4-mapped
        "::ffff:0:0:0/96",  # IPv4-translated
        "64:ff9b::/96",  # NAT64
        "64:ff9b:1::/48",  # NAT64 of one's own
        "2001::/32",  # Teredo
        "2002::/16",  # 6to4
    )
)
"""IPv6 networks whose addresses stand for IPv4 addresses."""
_SHARED = ipaddress.ip_network("100.64.0.0/10")  # carrier-grade NAT
_PORTS = {"http": 80, "https": 443}


def resolve(host: str, port: int) -> list[str]:
    """Return the numeric addresses of a host, by the system's resolver.

    Raises:
        OSError: it has none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[4][0]) for address in found))


def is_outside(address: Address) -> bool:
    """Return whether an address is one of the public Internet's, and plainly so."""
    if isinstance(address, ipaddress.IPv6Address) and any(address in net for net in _EMBEDDED):
        return False
    if isinstance(address, ipaddress.IPv4Address) and address in _SHARED:
        return False
    inside = (
        address.is_private
        or address.is_loopback
        or address.is_link_local
        or address.is_multicast
        or address.is_reserved
        or address.is_unspecified
    )
    return address.is_global and not inside


@dataclass(frozen=True, slots=True)
class WebhookAddress:
    """The destination of a webhook.

    Attributes:
        scheme: `https`, or `http`.
        host: As the caller named it.
        port: The TCP port.
        target: Path and query.
        address: The checked numeric address, to connect to.
    """

    scheme: str
    host: str
    port: int
    target: str
    address: str

    @property
    def authority(self) -> str:
        """Host and port as the receiver knows them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Guard:
    """Decides which addresses may be called.

    Attributes:
        schemes: Of the URL.
        ports: TCP ports.
        allowed: Names of hosts, and networks, that are called although they lie inside.
        resolve: Finds the addresses of a name.
    """

    schemes: tuple[str, ...] = ("https",)
    ports: tuple[int, ...] = (443,)
    allowed: tuple[str, ...] = ()
    resolve: Resolve = resolve

    def check(self, url: str) -> None:
        """Check a URL as far as possible without network access.

        Raises:
            WebhookRefused: it may not be called.
        """
        _, host, _, _ = self._parts(url)
        address = _numeric(host)
        if address is not None and not self._may_call(host, address):
            raise WebhookRefused(
                "A webhook may not be sent to this network (SEMBLANT_WEBHOOK_ALLOW)."
            )

    def vet(self, url: str) -> WebhookAddress:
        """Resolve a URL's host and return where to connect to. Waits for the network.

        Raises:
            WebhookRefused: it may not be called, or its host has no address that may.
        """
        scheme, host, port, target = self._parts(url)
        try:
            found = [ipaddress.ip_address(address) for address in self.resolve(host, port)]
        except (OSError, ValueError, UnicodeError):
            raise WebhookRefused("The webhook's host is not known.") from None
        for address in found:
            if self._may_call(host, address):
                return WebhookAddress(scheme, host, port, target, str(address))
        raise WebhookRefused("A webhook may not be sent to this network.")

    def _parts(self, url: str) -> tuple[str, str, int, str]:
        try:
            parts = urlsplit(url)
            port = parts.port or _PORTS.get(parts.scheme, 0)
        except ValueError:
            raise WebhookRefused("The webhook's address cannot be read.") from None
        host = parts.hostname or ""
        plain = url.isascii() and url.isprintable() and " " not in url and "\\" not in url
        if not host or len(url) > MAX_URL or not plain:
            raise WebhookRefused("The webhook's address cannot be read.")
        if parts.username is not None or parts.password is not None:
            raise WebhookRefused("A webhook's address must not name a user.")
        if parts.scheme not in self.schemes:
            allowed = " or ".join(self.schemes)
            raise WebhookRefused(
                f"A webhook's scheme must be {allowed} (SEMBLANT_WEBHOOK_SCHEMES)."
            )
        if port not in self.ports:
            allowed = ", ".join(str(port) for port in self.ports)
            raise WebhookRefused(
                f"A webhook's port must be one of {allowed} (SEMBLANT_WEBHOOK_PORTS)."
            )
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return parts.scheme, host, port, target

    def _may_call(self, host: str, address: Address) -> bool:
        if is_outside(address) or host in self.allowed:
            return True
        return any(_contains(network, address) for network in self.allowed)


def _numeric(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _contains(network: str, address: Address) -> bool:
    try:
        return address in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False  # it is a host's name
