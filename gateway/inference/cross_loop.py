"""Networks that belong to another event loop, and those that are right here beside them."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Coroutine
from typing import Any, TypeVar

from numpy.typing import NDArray

from gateway.deadline import Deadline
from gateway.inference.protocol import Inference, ModelState, Tensors

T = TypeVar("T")


async def across(call: Coroutine[Any, Any, T], loop: asyncio.AbstractEventLoop) -> T:
    """Return the result of a call that is made in another thread's event loop."""
    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(call, loop))


class CrossLoopInference:
    """An `Inference` that belongs to another event loop, for use in this one."""

    def __init__(self, inference: Inference, loop: asyncio.AbstractEventLoop) -> None:
        """Take the inference, and the loop it belongs to, which must keep running."""
        self._inference = inference
        self._loop = loop

    async def infer(
        self, model: str, inputs: Tensors, *, deadline: Deadline
    ) -> dict[str, NDArray[Any]]:
        """Run one batch through a model; see `Inference.infer`."""
        call = self._inference.infer(model, inputs, deadline=deadline)
        return await across(call, self._loop)

    async def model_states(self) -> list[ModelState]:
        """Return every model with its state; see `Inference.model_states`."""
        return await across(self._inference.model_states(), self._loop)

    async def close(self) -> None:
        """Do nothing: the creator of the inference closes it."""


class RoutingInference:
    """An `Inference` that runs some models itself, and has the others run elsewhere."""

    def __init__(self, own: Inference, names: Collection[str], others: Inference) -> None:
        """Take what runs the models of those names, and what runs the others."""
        self._own = own
        self._names = frozenset(names)
        self._others = others

    async def infer(
        self, model: str, inputs: Tensors, *, deadline: Deadline
    ) -> dict[str, NDArray[Any]]:
        """Run one batch through a model; see `Inference.infer`."""
        inference = self._own if model in self._names else self._others
        return await inference.infer(model, inputs, deadline=deadline)

    async def model_states(self) -> list[ModelState]:
        """Return every model with its state; see `Inference.model_states`."""
        return await self._others.model_states()

    async def close(self) -> None:
        """Close what runs models here."""
        await self._own.close()
