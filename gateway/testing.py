"""Stand-ins for tests, shipped with the package: no models, server or network needed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gateway.deadline import Deadline
from gateway.errors import (
    DeadlineExceeded,
    InferenceOverloaded,
    InferenceUnavailable,
    SemblantError,
    UnknownModel,
)
from gateway.inference.batching import Outputs, run_in_pieces
from gateway.inference.contracts import ModelContract
from gateway.inference.protocol import ModelState, Tensors

FakeFunction = Callable[[Tensors], Mapping[str, NDArray[Any]]]


@dataclass(slots=True)
class FakeModel:
    """A model that is a plain function.

    Attributes:
        contract: The contract checked before and after, as with a real model.
        function: Inputs → outputs, for at most `max_batch_size` rows.
        failures: Errors raised by the next calls, one each.
        delay_s: Seconds every call takes.
        max_queue: Calls that may be under way at a time; None = any number.
        batches: Rows of every call that was run.
    """

    contract: ModelContract
    function: FakeFunction
    failures: list[SemblantError] = field(default_factory=list)
    delay_s: float = 0.0
    max_queue: int | None = None
    batches: list[int] = field(default_factory=list)


class FakeInference:
    """Inference without networks, deterministic, and as disobedient as a test needs.

    Args:
        models: The models; each can be configured to fail, to be slow or to be full.
    """

    def __init__(self, models: Iterable[FakeModel]) -> None:
        self.models = {model.contract.name: model for model in models}
        self._running = dict.fromkeys(self.models, 0)
        self._gate = asyncio.Event()
        self._gate.set()
        self._begun = asyncio.Event()
        self._closed = False

    def hold(self) -> None:
        """Let calls wait, until `release` or their deadline."""
        self._gate.clear()

    def release(self) -> None:
        """Let the waiting calls continue."""
        self._gate.set()

    async def under_way(self, model: str, calls: int = 1) -> None:
        """Return as soon as so many calls of a model are under way."""
        while self._running[model] < calls:
            self._begun.clear()
            await self._begun.wait()

    async def infer(self, model: str, inputs: Tensors, *, deadline: Deadline) -> Outputs:
        """Run one batch through a model; see `Inference.infer`."""
        deadline.check()
        if self._closed:
            raise InferenceUnavailable("The fake is closed.")
        fake = self.models.get(model)
        if fake is None:
            raise UnknownModel(f"no model '{model}'")
        rows = fake.contract.check_inputs(inputs)

        async def run(piece: Tensors, count: int) -> Outputs:
            return await self._run(fake, piece, count, deadline)

        return await run_in_pieces(fake.contract, inputs, rows, run)

    async def model_states(self) -> list[ModelState]:
        """Return every model as ready, or none of them once closed."""
        reason = "closed" if self._closed else ""
        return [ModelState(name, "1", not self._closed, reason) for name in sorted(self.models)]

    async def load(self, model: str, *, deadline: Deadline) -> None:
        """Do nothing: all models are always loaded."""

    async def unload(self, model: str, *, deadline: Deadline) -> None:
        """Do nothing, likewise."""

    async def close(self) -> None:
        """Refuse further calls."""
        self._closed = True

    async def _run(
        self, fake: FakeModel, inputs: Tensors, rows: int, deadline: Deadline
    ) -> Outputs:
        name = fake.contract.name
        if fake.max_queue is not None and self._running[name] >= fake.max_queue:
            raise InferenceOverloaded(f"{name}: {InferenceOverloaded.spec.title}")
        self._running[name] += 1
        self._begun.set()
        try:
            async with asyncio.timeout(deadline.check()):
                await self._gate.wait()
                await asyncio.sleep(fake.delay_s)
        except TimeoutError:
            raise DeadlineExceeded(f"{name}: {DeadlineExceeded.spec.title}") from None
        finally:
            self._running[name] -= 1
        fake.batches.append(rows)
        if fake.failures:
            raise fake.failures.pop(0)
        # Copies: a real backend's outputs never are its inputs' memory.
        outputs = {key: np.array(value) for key, value in fake.function(inputs).items()}
        fake.contract.check_outputs(outputs, rows)
        return outputs
