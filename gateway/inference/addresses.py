"""The addresses that a Triton's name stands for, now and as they change."""

from __future__ import annotations

import asyncio
import logging
import socket
import time

log = logging.getLogger(__name__)

_LOOKUP_S = 2.0


class Addresses:
    """Looks names up again and again; the last answer counts while there is no other.

    Args:
        url: host:port, several of them separated by commas, or an address that gRPC alone
            understands, such as `unix:…`, which is taken as it is.
        every_s: Seconds between two lookups.
    """

    def __init__(self, url: str, *, every_s: float) -> None:
        self._parts = [part.strip() for part in url.split(",") if part.strip()]
        self._every_s = every_s
        self._looked = float("-inf")
        self._known: tuple[str, ...] = ()

    async def current(self) -> tuple[str, ...]:
        """Return the addresses, looked up again where that is due; never fewer than were known.

        Empty only if no lookup has succeeded yet.
        """
        now = time.monotonic()
        if self._known and now - self._looked < self._every_s:
            return self._known
        self._looked = now
        found: list[str] = []
        for part in self._parts:
            found += await _addresses_of(part)
        if found:
            self._known = tuple(sorted(set(found)))
        return self._known


async def _addresses_of(part: str) -> list[str]:
    """Return what one part of a URL stands for; nothing if its name is not known."""
    host, separator, port = part.rpartition(":")
    if not separator or not port.isdigit() or part.startswith(("unix:", "ipv4:", "ipv6:", "dns:")):
        return [part]
    if host == "localhost" or host.startswith(("127.", "[")):
        return [part]
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(_LOOKUP_S):
            answers = await loop.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)
    except (OSError, TimeoutError) as error:
        log.warning("no address for the inference server's name: %s", type(error).__name__)
        return []
    return [
        f"[{address[0]}]:{port}" if family == socket.AF_INET6 else f"{address[0]}:{port}"
        for family, _, _, _, address in answers
    ]
