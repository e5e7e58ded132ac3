"""Several Triton servers as one: calls are spread, what fails is tried elsewhere, within limits."""

from __future__ import annotations

import asyncio
import itertools
import logging
import random
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from gateway.deadline import Deadline
from gateway.errors import (
    ContractViolation,
    DeadlineExceeded,
    InferenceOverloaded,
    InferenceUnavailable,
    ModelNotReady,
    SemblantError,
)
from gateway.inference.addresses import Addresses
from gateway.inference.batching import Outputs
from gateway.inference.breaker import Breaker, RetryBudget
from gateway.inference.protocol import ModelControl, ModelState, Tensors
from gateway.telemetry.attributes import Attribute
from gateway.telemetry.spans import detailed

log = logging.getLogger(__name__)

_ELSEWHERE = (InferenceUnavailable, ModelNotReady, InferenceOverloaded, ContractViolation)
"""Errors of one server that another one may not have."""


class Observer(Protocol):
    """Is told what becomes of the servers."""

    def servers(self, *, used: int, left_alone: int) -> None:
        """Take how many servers are called, and how many are left alone."""
        ...

    def retried(self, code: str) -> None:
        """Take the error code for which a call is made again elsewhere."""
        ...


@dataclass(frozen=True, slots=True)
class BalancingRules:
    """How calls are spread.

    Attributes:
        attempt_s: Seconds after which a call is tried elsewhere, where that is possible.
        retry_share: Of all calls, how many may be made again, 0–1.
        hedge_s: Seconds after which a second server is asked as well; 0: never.
        connection_age_s: Seconds after which a connection is replaced; 0: never.
    """

    attempt_s: float = 5.0
    retry_share: float = 0.1
    hedge_s: float = 0.0
    connection_age_s: float = 0.0


@dataclass(eq=False, slots=True)
class _Server:
    """One server.

    Attributes:
        address: Where it is.
        inner: Calls it.
        until: When its connection is replaced, on `time.monotonic`'s scale.
        breaker: Whether it is left alone.
        calls: How many are under way.
        unready: Models that it does not serve now, as last seen.
        retired: Whether it gets no further calls.
    """

    address: str
    inner: ModelControl
    until: float = float("inf")
    breaker: Breaker = field(default_factory=Breaker)
    calls: int = 0
    unready: frozenset[str] = frozenset()
    retired: bool = False


class BalancedInference:
    """An `Inference` over all servers that a name stands for.

    A call goes to the server with the fewest calls under way, in turn where they are equal. Servers
    that fail, hang or are not ready are left alone; if all are, the one that was left alone first
    is asked. Belongs to the event loop of its first call.

    Args:
        addresses: Where the servers are.
        connect: Makes what calls one server, by its address.
        rules: How calls are spread.
        observer: Is told of retries, and of servers that are left alone.
    """

    def __init__(
        self,
        addresses: Addresses,
        connect: Callable[[str], ModelControl],
        rules: BalancingRules,
        observer: Observer | None = None,
    ) -> None:
        self._addresses = addresses
        self._connect = connect
        self._rules = rules
        self._observer = observer
        self._budget = RetryBudget(rules.retry_share)
        self._servers: dict[str, _Server] = {}
        self._turn = itertools.count()
        self._closing: set[asyncio.Task[None]] = set()
        self._closed = False

    async def infer(self, model: str, inputs: Tensors, *, deadline: Deadline) -> Outputs:
        """Run one batch through a model; see `Inference.infer`."""
        deadline.check()
        self._budget.earn()
        tried: list[_Server] = []
        wrong: list[_Server] = []
        while True:
            server = await self._chosen(model, tried)
            others = self._others(model, [*tried, server])
            tried.append(server)
            _note_attempt(len(tried), server)
            untried = any(one not in tried for one in self._servers.values())
            try:
                outputs = await self._hedged(server, others, model, inputs, deadline)
            except (*_ELSEWHERE, _Hung) as error:
                if not untried or deadline.remaining() <= 0 or not self._budget.spend():
                    raise _as_error(error) from error
                self._retried(error)
                if isinstance(error, ContractViolation):
                    wrong.append(server)
                continue
            for one in wrong:  # the request was right: another server has answered it
                self._failed(one)
            return outputs

    async def model_states(self) -> list[ModelState]:
        """Return every model; it is ready where one server that may be called serves it."""
        await self._refresh()
        servers = list(self._servers.values())
        found = await asyncio.gather(*(self._looked_at(server) for server in servers))
        self._observe()
        best: dict[str, ModelState] = {}
        for state in itertools.chain.from_iterable(found):
            known = best.get(state.name)
            if known is None or (state.ready and not known.ready):
                best[state.name] = state
        return [best[name] for name in sorted(best)]

    async def load(self, model: str, *, deadline: Deadline) -> None:
        """Have every server load a model; see `ModelControl.load`. One that does so is enough."""
        await self._everywhere(lambda one: one.load(model, deadline=deadline))

    async def unload(self, model: str, *, deadline: Deadline) -> None:
        """Have every server unload a model; see `ModelControl.unload`."""
        await self._everywhere(lambda one: one.unload(model, deadline=deadline))

    async def close(self) -> None:
        """Close all connections; calling it twice is fine."""
        self._closed = True
        servers, self._servers = list(self._servers.values()), {}
        await asyncio.gather(*(server.inner.close() for server in servers), *self._closing)

    async def _chosen(self, model: str, tried: Sequence[_Server]) -> _Server:
        """Return the server for the next attempt.

        Raises:
            InferenceUnavailable: no address is known, or this was closed.
        """
        if self._closed:
            raise InferenceUnavailable("The connection to the inference servers is closed.")
        if not self._servers:
            await self._refresh()
        usable = self._others(model, tried)
        if usable:
            turn = next(self._turn) % len(usable)
            return min(usable[turn:] + usable[:turn], key=lambda one: one.calls)
        rest = [one for one in self._servers.values() if one not in tried] or list(tried)
        if not rest:
            raise InferenceUnavailable("The inference server's name has no address.")
        return min(rest, key=lambda one: one.breaker.open_until)

    def _others(self, model: str, tried: Sequence[_Server]) -> list[_Server]:
        """Return the servers that may be called for a model and were not yet."""
        return [
            one
            for one in self._servers.values()
            if one not in tried and not one.breaker.is_open and model not in one.unready
        ]

    async def _hedged(
        self,
        server: _Server,
        others: Sequence[_Server],
        model: str,
        inputs: Tensors,
        deadline: Deadline,
    ) -> Outputs:
        """Ask a server, and after a while a second one as well; the first answer counts."""
        hedge_s = self._rules.hedge_s
        if not hedge_s or not others:
            return await self._attempt(server, model, inputs, deadline, alone=not others)
        first = asyncio.ensure_future(self._attempt(server, model, inputs, deadline, alone=False))
        asked = [first]
        try:
            await asyncio.wait(asked, timeout=hedge_s)
            if not first.done() and self._budget.spend():
                second = min(others, key=lambda one: one.calls)
                asked.append(
                    asyncio.ensure_future(
                        self._attempt(second, model, inputs, deadline, alone=True)
                    )
                )
            return await _first_answer(asked)
        finally:
            for task in asked:
                task.cancel()
            await asyncio.gather(*asked, return_exceptions=True)

    async def _attempt(
        self, server: _Server, model: str, inputs: Tensors, deadline: Deadline, *, alone: bool
    ) -> Outputs:
        """Ask one server.

        Raises:
            _Hung: it did not answer in its time, and others may.
            SemblantError: as `Inference.infer`.
        """
        began = time.monotonic()
        limit = deadline if alone else replace(deadline, at=min(deadline.at, self._until(began)))
        server.calls += 1
        server.breaker.begin()
        try:
            outputs = await server.inner.infer(model, inputs, deadline=limit)
        except DeadlineExceeded as error:
            # A server that answered others meanwhile is busy, not gone.
            if server.breaker.succeeded_at < began:
                self._failed(server)
            if deadline.remaining() > 0 and not alone:
                raise _Hung from error
            raise
        except (InferenceUnavailable, ModelNotReady):
            self._failed(server)
            raise
        except BaseException:
            server.breaker.left()
            raise
        finally:
            server.calls -= 1
            self._close_if_done(server)
        server.breaker.succeeded()
        return outputs

    def _until(self, began: float) -> float:
        return began + self._rules.attempt_s

    async def _looked_at(self, server: _Server) -> list[ModelState]:
        states = await server.inner.model_states()
        server.unready = frozenset(state.name for state in states if not state.ready)
        if states and len(server.unready) == len(states):
            self._failed(server)  # it does not answer, or serves nothing
        elif server.breaker.is_open:
            server.breaker.may_try()
        return states

    async def _refresh(self) -> None:
        """Call the servers that are there now, and no others; replace old connections."""
        current = await self._addresses.current()
        now = time.monotonic()
        for address, server in list(self._servers.items()):
            if address not in current or now >= server.until:
                del self._servers[address]
                server.retired = True
                self._close_if_done(server)
        age_s = self._rules.connection_age_s
        for address in current:
            if address not in self._servers and not self._closed:
                # Not all at the same time.
                until = now + age_s * random.uniform(0.8, 1.2) if age_s else float("inf")
                self._servers[address] = _Server(address, self._connect(address), until)

    def _close_if_done(self, server: _Server) -> None:
        """Close a retired server's connection with its last call."""
        if server.retired and not server.calls:
            task = asyncio.ensure_future(server.inner.close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    async def _everywhere(self, call: Callable[[ModelControl], Awaitable[None]]) -> None:
        """Make a call to every server.

        Raises:
            SemblantError: the first error, if all fail.
        """
        await self._refresh()
        servers = [one.inner for one in self._servers.values()]
        done = await asyncio.gather(*map(call, servers), return_exceptions=True)
        errors = [one for one in done if isinstance(one, BaseException)]
        if errors and len(errors) == len(done):
            raise errors[0]
        if not servers:
            raise InferenceUnavailable("The inference server's name has no address.")

    def _failed(self, server: _Server) -> None:
        if server.breaker.failed():
            log.warning("the inference server at %s is left alone for a while", server.address)
        self._observe()

    def _observe(self) -> None:
        if self._observer is not None:
            left = sum(one.breaker.is_open for one in self._servers.values())
            self._observer.servers(used=len(self._servers) - left, left_alone=left)

    def _retried(self, error: Exception) -> None:
        if (here := detailed()) is not None:
            here.event("retry", {Attribute.CODE: _as_error(error).spec.code})
        if self._observer is not None:
            self._observer.retried(_as_error(error).spec.code)


def _note_attempt(number: int, server: _Server) -> None:
    """Tell the span of a call which attempt it is, and of whom it asks."""
    if (here := detailed()) is not None:
        here.set({Attribute.ATTEMPTS: number})
        here.event("attempt", {Attribute.SERVER_ADDRESS: server.address})


class _Hung(Exception):
    """A server did not answer within an attempt's time."""


def _as_error(error: Exception) -> SemblantError:
    if isinstance(error, SemblantError):
        return error
    return InferenceUnavailable("The inference server did not answer in time.")


async def _first_answer(asked: Iterable[asyncio.Future[Outputs]]) -> Outputs:
    """Return the first result; raise the last error, if none has one."""
    pending = set(asked)
    while True:
        done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            if task.exception() is None or not pending:
                return task.result()
