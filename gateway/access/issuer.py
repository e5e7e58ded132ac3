"""The key set of an OIDC issuer, fetched over HTTP within bounds of size and time."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx

from gateway.access.exposure import is_local
from gateway.errors import IssuerUnavailable, SetupIncomplete

_DISCOVERY = "/.well-known/openid-configuration"
_MOST_BYTES = 256 * 1024
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity"}
_FAILURES = (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError, RecursionError)


class Issuer:
    """Fetches the keys that an issuer signs with.

    Args:
        issuer: Its address, as tokens name it.
        jwks_url: Address of its key set; empty: as its configuration document says.
        timeout_s: Seconds that all of it may take.
        transport: In place of the network, for tests.

    Raises:
        SetupIncomplete: an address is not one of HTTPS, or of HTTP on this machine.
    """

    def __init__(
        self,
        issuer: str,
        *,
        jwks_url: str = "",
        timeout_s: float = 5.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        for url in (issuer, *([jwks_url] if jwks_url else [])):
            if not is_safe(url):
                raise SetupIncomplete(f"{url or 'The issuer of tokens'} is no https:// address.")
        self._issuer = issuer
        self._jwks_url = jwks_url
        self._timeout_s = timeout_s
        self._client = httpx.AsyncClient(
            transport=transport, timeout=timeout_s, headers=_HEADERS, follow_redirects=False
        )

    async def keys(self) -> list[dict[str, Any]]:
        """Return its keys as it states them (RFC 7517), not checked.

        Raises:
            IssuerUnavailable: it does not answer, or nothing that could be a key set.
        """
        try:
            async with asyncio.timeout(self._timeout_s):
                url = self._jwks_url or await self._discover()
                found = (await self._get(url)).get("keys")
        except _FAILURES as error:
            # Only its kind is told: an answer may say anything.
            raise IssuerUnavailable(retry_after_s=5) from error
        if not isinstance(found, list):
            raise IssuerUnavailable("The issuer's key set cannot be read.", retry_after_s=5)
        return [key for key in found if isinstance(key, dict)]

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _discover(self) -> str:
        """Return where the key set is, after OpenID Connect Discovery 1.0."""
        told = await self._get(self._issuer.rstrip("/") + _DISCOVERY)
        if told.get("issuer") != self._issuer:
            raise ValueError("the configuration is another issuer's")
        url = told.get("jwks_uri")
        if not isinstance(url, str) or not is_safe(url):
            raise ValueError("the address of the key set is not safe")
        return url

    async def _get(self, url: str) -> dict[str, Any]:
        async with self._client.stream("GET", url) as answer:
            if answer.status_code != httpx.codes.OK:
                raise ValueError(f"status {answer.status_code}")
            data = bytearray()
            async for part in answer.aiter_bytes():
                data += part
                if len(data) > _MOST_BYTES:
                    raise ValueError("the answer is too long")
        told = json.loads(data)
        if not isinstance(told, dict):
            raise ValueError("the answer is no object")
        return told


def is_safe(url: str) -> bool:
    """Return whether nobody on the way can change what is fetched from an address."""
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, TypeError):
        return False
    if not parsed.host or parsed.userinfo:
        return False
    return parsed.scheme == "https" or (parsed.scheme == "http" and is_local(parsed.host))
