"""Models that are loaded when they are first needed, and unloaded when others need the room."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from gateway.deadline import Deadline
from gateway.errors import (
    DeadlineExceeded,
    ModelNotReady,
    ModelTooLarge,
    SemblantError,
    UnknownModel,
)
from gateway.inference.batching import Outputs
from gateway.inference.protocol import ModelControl, ModelState, Tensors
from gateway.telemetry.attributes import Attribute
from gateway.telemetry.spans import Kind, detailed, span

log = logging.getLogger(__name__)

ON_DEMAND = "loaded when it is needed"
_MB = 1e6
_LOAD_S = 900.0
"""Longest time a model may take to load: TensorRT builds its engine meanwhile, the first time."""
_UNLOAD_S = 30.0
_PAUSES_S = (0.0, 0.1, 0.5)
"""Before each further attempt at a model that is not there any more."""


@dataclass(slots=True, eq=False)
class _ManagedModel:
    """One model that comes and goes.

    Attributes:
        size: Bytes it takes.
        loaded: Whether it is.
        users: Calls under way.
        used_s: When the last one began, on `time.monotonic`'s scale.
    """

    size: int
    loaded: bool = False
    users: int = 0
    used_s: float = 0.0


class OnDemandModels:
    """An `Inference` which ensures that the requested models are loaded.

    The least recently used models are evicted for others. A model is never unloaded while our calls
    to it are in progress; if another client unloads it, it is loaded again.

    Args:
        inner: Runs the models.
        sizes: Bytes that each of these models takes, by name; the others are always loaded.
        budget: Bytes that these may take together.
    """

    def __init__(
        self,
        inner: ModelControl,
        *,
        sizes: Mapping[str, int],
        budget: int,
    ) -> None:
        self._inner = inner
        self._managed = {name: _ManagedModel(size) for name, size in sizes.items()}
        self._budget = budget
        self._loading: dict[str, asyncio.Task[None]] = {}
        self._lock = asyncio.Lock()
        self._idle = asyncio.Event()

    async def infer(self, model: str, inputs: Tensors, *, deadline: Deadline) -> Outputs:
        """Run one batch through a model, loading it before if need be; see `Inference.infer`.

        Raises:
            ModelTooLarge: it takes more than all models may together.
        """
        if detailed() is None:
            return await self._infer(model, inputs, deadline)
        rows = max((value.shape[0] for value in inputs.values() if value.ndim), default=0)
        told = {Attribute.MODEL: model, Attribute.ROWS: rows}
        with span(f"infer {model}", told, Kind.CLIENT):
            return await self._infer(model, inputs, deadline)

    async def _infer(self, model: str, inputs: Tensors, deadline: Deadline) -> Outputs:
        managed = self._managed.get(model)
        if managed is None:
            return await self._inner.infer(model, inputs, deadline=deadline)
        async with self._using(model, managed, deadline):
            for pause_s in _PAUSES_S:
                try:
                    return await self._inner.infer(model, inputs, deadline=deadline)
                except (ModelNotReady, UnknownModel):
                    # Unloaded by another client, or the server is a new one: load it again. For
                    # a moment the server still reports a model that it is about to unload.
                    log.warning("%s was unloaded while in use; loading it again", model)
                    managed.loaded = False
                    await asyncio.sleep(pause_s)
                    await self._ensure(model, managed, deadline)
            return await self._inner.infer(model, inputs, deadline=deadline)

    async def model_states(self) -> list[ModelState]:
        """Return every model; those loaded on demand are reported as ready."""
        return [self._state(state) for state in await self._inner.model_states()]

    async def close(self) -> None:
        """Cancel pending loads, and close the inner inference."""
        loading = list(self._loading.values())
        for task in loading:
            task.cancel()
        await asyncio.gather(*loading, return_exceptions=True)
        await self._inner.close()

    def _state(self, state: ModelState) -> ModelState:
        managed = self._managed.get(state.name)
        if managed is None or state.ready or managed.loaded:
            return state
        return replace(state, reason=ON_DEMAND)

    @asynccontextmanager
    async def _using(
        self, model: str, managed: _ManagedModel, deadline: Deadline
    ) -> AsyncIterator[None]:
        """Have a model loaded for the time of the block."""
        managed.users += 1
        managed.used_s = time.monotonic()
        try:
            await self._ensure(model, managed, deadline)
            yield
        finally:
            managed.users -= 1
            if not managed.users:
                self._idle.set()

    async def _ensure(self, model: str, managed: _ManagedModel, deadline: Deadline) -> None:
        """Load a model once for concurrent callers: the first loads it, the others wait."""
        if managed.loaded:
            return
        if managed.size > self._budget:
            raise ModelTooLarge(
                f"{model} takes {managed.size / _MB:.0f} MB, all models may take "
                f"{self._budget / _MB:.0f} MB."
            )
        loading = self._loading.get(model)
        if loading is None:
            loading = self._loading[model] = asyncio.create_task(self._bring(model, managed))
            loading.add_done_callback(lambda done: self._loaded(model, done))
        # One caller's deadline or cancellation does not stop it for the others.
        await asyncio.wait([loading], timeout=deadline.check())
        if not loading.done():
            raise DeadlineExceeded(f"{model}: not loaded until the deadline.")
        loading.result()

    def _loaded(self, model: str, loading: asyncio.Task[None]) -> None:
        del self._loading[model]
        if not loading.cancelled():
            loading.exception()  # raised to the waiting callers, if any remain

    async def _bring(self, model: str, managed: _ManagedModel) -> None:
        """Load a model: one at a time, so that no two loads count on the same free memory."""
        async with self._lock:
            while self._room() < managed.size and managed.users:
                self._idle.clear()
                idle = {n: g.used_s for n, g in self._managed.items() if g.loaded and not g.users}
                if idle:
                    await self._unload(min(idle, key=lambda name: idle[name]))
                else:
                    await self._idle.wait()
            if managed.users:  # a caller still waits for it
                begun = time.monotonic()
                await self._inner.load(model, deadline=Deadline.after(_LOAD_S))
                managed.loaded = True
                log.info("loaded %s in %.1f s", model, time.monotonic() - begun)

    def _room(self) -> int:
        return self._budget - sum(
            managed.size for managed in self._managed.values() if managed.loaded
        )

    async def _unload(self, model: str) -> None:
        managed = self._managed[model]
        managed.loaded = False
        try:
            await self._inner.unload(model, deadline=Deadline.after(_UNLOAD_S))
        except SemblantError as error:
            log.warning("%s could not be unloaded: %s", model, error.detail)
        else:
            log.info("unloaded %s", model)
