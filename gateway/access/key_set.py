"""An issuer's keys, remembered for a while; fetched by one request at a time."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from gateway.errors import IssuerUnavailable, Unauthenticated

log = logging.getLogger(__name__)

Jwk = dict[str, Any]


class KeySet:
    """The keys of an issuer by their ids (`kid`); of one event loop.

    They are fetched again when they are old, or for a token with a key that is not known, but at
    most once in `refetch_s`: tokens of invented keys do not load the issuer. While the issuer does
    not answer, the known keys count for `grace_s` beyond their time, without anybody waiting.

    Args:
        fetch: Returns all keys of the issuer; raises IssuerUnavailable.
        max_age_s: Seconds after which keys are fetched again.
        refetch_s: Least seconds between two attempts.
        grace_s: Seconds that old keys count if they cannot be fetched again.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        fetch: Callable[[], Awaitable[Sequence[Jwk]]],
        *,
        max_age_s: float = 600.0,
        refetch_s: float = 30.0,
        grace_s: float = 3600.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._max_age_s = max_age_s
        self._refetch_s = refetch_s
        self._grace_s = grace_s
        self._clock = clock
        self._keys: Sequence[Jwk] = ()
        self._fetched_s = float("-inf")
        self._tried_s = float("-inf")
        self._failed = False
        self._fetching: asyncio.Task[None] | None = None

    async def key(self, kid: str | None) -> Jwk:
        """Return the key of an id; without an id, the only key there is.

        Raises:
            Unauthenticated: the issuer has no such key.
            IssuerUnavailable: the keys cannot be had, or not whether there is such a key.
        """
        if self._clock() - self._fetched_s >= self._max_age_s:
            refreshing = self._refresh()
            if refreshing is not None and not (self._failed and self._usable):
                await asyncio.shield(refreshing)
        found = self._find(kid)
        if found is None and (refreshing := self._refresh()) is not None:
            await asyncio.shield(refreshing)
            found = self._find(kid)
        if not self._usable or (found is None and self._failed):
            raise IssuerUnavailable(retry_after_s=self._refetch_s)
        if found is None:
            raise Unauthenticated("The token is signed with a key that its issuer does not have.")
        return found

    async def close(self) -> None:
        """Stop fetching."""
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.gather(self._fetching, return_exceptions=True)

    @property
    def _usable(self) -> bool:
        return self._clock() - self._fetched_s < self._max_age_s + self._grace_s

    def _find(self, kid: str | None) -> Jwk | None:
        if kid is None:
            return self._keys[0] if len(self._keys) == 1 else None
        return next((key for key in self._keys if key.get("kid") == kid), None)

    def _refresh(self) -> asyncio.Task[None] | None:
        """Return what is fetching the keys, begun if it is time to; None if it is not."""
        if self._fetching is not None and not self._fetching.done():
            return self._fetching
        if self._clock() - self._tried_s < self._refetch_s:
            return None
        self._tried_s = self._clock()
        # A task of its own: others wait for it, too, when the request that began it is cancelled.
        self._fetching = asyncio.create_task(self._fetch_once(), name="fetch-issuer-keys")
        return self._fetching

    async def _fetch_once(self) -> None:
        try:
            self._keys = await self._fetch()
        except IssuerUnavailable as error:
            self._failed = True
            reason = error.__cause__ or error
            log.warning("the keys of the issuer could not be fetched: %s", type(reason).__name__)
            return
        self._failed = False
        self._fetched_s = self._clock()
