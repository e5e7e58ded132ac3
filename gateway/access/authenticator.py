"""From credentials to a caller, for HTTP and gRPC alike."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from gateway.access.caller import ALL_SCOPES, DEFAULT_TENANT, KEY_START, TENANT, Caller
from gateway.errors import (
    AccessError,
    InvalidRequest,
    JobsUnavailable,
    PermissionDenied,
    Unauthenticated,
)

if TYPE_CHECKING:
    # Its database takes a moment to import: only where there are keys.
    from gateway.access.keys import KeyStore

log = logging.getLogger(__name__)

_MOST_CACHED = 1024
_LONGEST_CREDENTIAL = 16 * 1024


class AuthMode(StrEnum):
    """Which credentials are accepted."""

    OFF = "off"
    KEYS = "keys"
    OIDC = "oidc"
    KEYS_AND_OIDC = "keys+oidc"

    @property
    def takes_keys(self) -> bool:
        """Whether API keys are accepted."""
        return self in (AuthMode.KEYS, AuthMode.KEYS_AND_OIDC)

    @property
    def takes_tokens(self) -> bool:
        """Whether tokens of the issuer are accepted."""
        return self in (AuthMode.OIDC, AuthMode.KEYS_AND_OIDC)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a request says of its caller; secrets are left out of its `repr`.

    Attributes:
        authorization: Value of the header `Authorization`, or gRPC's metadata of that name.
        api_key: Value of `X-API-Key`.
        tenant: The tenant the request names; without authentication it is believed.
        peer: Address of the caller, for logs.
    """

    authorization: str | None = field(default=None, repr=False)
    api_key: str | None = field(default=None, repr=False)
    tenant: str | None = None
    peer: str | None = None


class TokenVerifier(Protocol):
    """Checks tokens; see `gateway.access.tokens.Tokens`."""

    async def verify(self, token: str) -> Caller:
        """Return whose token it is.

        Raises:
            Unauthenticated: it is not valid.
            IssuerUnavailable: that cannot be found out at present.
        """
        ...

    async def close(self) -> None:
        """Close its connections."""
        ...


class Authenticator:
    """Finds out who calls; of one event loop.

    A valid key is remembered for `cache_s`, under a digest of it: revocation takes effect within
    that time. What is not valid is not remembered: to refuse it costs one look-up by an index, or
    the check of a signature.

    Args:
        mode: Which credentials are accepted.
        keys: The keys; needed if these are accepted.
        tokens: Checks tokens; needed if these are accepted.
        cache_s: Seconds a valid key is remembered; 0: not at all.
        most_cached: Keys that are remembered; the least recently used ones are forgotten.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        mode: AuthMode,
        *,
        keys: KeyStore | None = None,
        tokens: TokenVerifier | None = None,
        cache_s: float = 5.0,
        most_cached: int = _MOST_CACHED,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if (mode.takes_keys and keys is None) or (mode.takes_tokens and tokens is None):
            raise ValueError(f"{mode} needs something to check credentials with")
        self.mode = mode
        self._keys = keys
        self._tokens = tokens
        self._cache_s = cache_s
        self._most_cached = most_cached
        self._clock = clock
        self._cache: OrderedDict[bytes, tuple[Caller, float]] = OrderedDict()

    async def authenticate(self, credentials: Credentials) -> Caller:
        """Return who calls.

        Raises:
            Unauthenticated: no credential, an invalid one, or more than one.
            PermissionDenied: the request names another tenant than its credential.
            InvalidRequest: without authentication, the tenant it names is none.
            IssuerUnavailable, JobsUnavailable: that cannot be found out at present.
        """
        if self.mode is AuthMode.OFF:
            return _anyone(credentials)
        try:
            caller = await self._known(_presented(credentials))
            if credentials.tenant is not None and credentials.tenant != caller.tenant:
                raise PermissionDenied("The API key or token is another tenant's.")
        except AccessError as error:
            log.info("refused a caller at %s: %s", credentials.peer or "?", error.detail)
            raise
        return caller

    async def close(self) -> None:
        """Close connections to the issuer."""
        if self._tokens is not None:
            await self._tokens.close()

    async def _known(self, presented: str) -> Caller:
        if presented.startswith(KEY_START):
            if self.mode.takes_keys and self._keys is not None:
                return await self._holder(self._keys, presented)
            raise Unauthenticated("API keys are not accepted here.")
        if self.mode.takes_tokens and self._tokens is not None:
            return await self._tokens.verify(presented)
        raise Unauthenticated("The API key is not valid.")

    async def _holder(self, keys: KeyStore, presented: str) -> Caller:
        """Return the holder of a key."""
        place = hashlib.sha256(presented.encode()).digest()
        held = self._cache.get(place)
        if held is not None and self._clock() < held[1] and not _expired(held[0]):
            self._cache.move_to_end(place)
            return held[0]
        self._cache.pop(place, None)
        asked = self._clock()  # before the answer: a revocation after that counts from then on
        record = await asyncio.to_thread(keys.find, presented)
        if record is None:
            raise Unauthenticated("The API key is not valid, has expired, or was revoked.")
        self._cache[place] = record.caller, asked + self._cache_s
        while len(self._cache) > self._most_cached:
            self._cache.popitem(last=False)
        try:
            await asyncio.to_thread(keys.used, record)
        except JobsUnavailable:  # when it was used last is no reason to refuse a valid key
            log.warning("the use of key %s was not noted", record.id)
        return record.caller


def challenge(error: AccessError, credentials: Credentials) -> str:
    """Return the header `WWW-Authenticate` of the answer to a request (RFC 6750)."""
    if isinstance(error, PermissionDenied):
        return 'Bearer realm="semblant", error="insufficient_scope"'
    if credentials.authorization is None and credentials.api_key is None:
        return 'Bearer realm="semblant"'
    return 'Bearer realm="semblant", error="invalid_token"'


def _anyone(credentials: Credentials) -> Caller:
    """Return the caller where nobody is asked for credentials."""
    tenant = DEFAULT_TENANT if credentials.tenant is None else credentials.tenant
    if not TENANT.fullmatch(tenant):
        raise InvalidRequest("The tenant's name is not valid.")
    return Caller(tenant, ALL_SCOPES, "anonymous")


def _presented(credentials: Credentials) -> str:
    """Return the one secret that a request presents.

    Raises:
        Unauthenticated: there is none, or it is not clear which one counts.
    """
    if credentials.authorization is None and credentials.api_key is None:
        raise Unauthenticated()
    if credentials.authorization is not None and credentials.api_key is not None:
        raise Unauthenticated("Either Authorization or X-API-Key may be sent, not both.")
    if credentials.api_key is not None:
        presented = credentials.api_key.strip()
        if not presented.startswith(KEY_START):
            raise Unauthenticated("The API key is not valid.")
    else:
        scheme, _, presented = (credentials.authorization or "").strip().partition(" ")
        presented = presented.strip()
        if scheme.lower() != "bearer" or not presented:
            raise Unauthenticated("Authorization must be `Bearer` and an API key or a token.")
    if len(presented) > _LONGEST_CREDENTIAL or not presented.isascii():
        raise Unauthenticated("The API key or token is not valid.")
    return presented


def _expired(caller: Caller) -> bool:
    return caller.until is not None and caller.until <= time.time()
