"""The interface of inference to the rest of the product."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from numpy.typing import NDArray

from gateway.deadline import Deadline

Tensors = Mapping[str, NDArray[Any]]
"""Arrays by tensor name; the first axis of each is the batch."""


@dataclass(frozen=True, slots=True)
class ModelState:
    """One model as the backend sees it now.

    Attributes:
        name: Name in the model repository.
        version: Version folder that is served; empty when none is.
        ready: Whether it answers requests.
        reason: Why it is not ready; empty when it is.
    """

    name: str
    version: str
    ready: bool
    reason: str = ""


class Inference(Protocol):
    """Runs models of the model repository.

    Implementations are safe to call concurrently from one event loop.
    """

    async def infer(
        self, model: str, inputs: Tensors, *, deadline: Deadline
    ) -> dict[str, NDArray[Any]]:
        """Run one batch through a model.

        Args:
            model: Name in the model repository.
            inputs: Every input the contract names: exact dtype, shape (N, …), N ≥ 1. A batch
                larger than the model's `max_batch_size` is split and joined again.
            deadline: When the answer is of no use any more.

        Returns:
            Every output the contract names, each with the same N first. The arrays are the
            caller's own.

        Raises:
            UnknownModel: the repository has no such model.
            ContractViolation: inputs or outputs do not fit the contract.
            DeadlineExceeded: the deadline passed, in the queue or while computing.
            InferenceError: anything else, by its subclass.
        """
        ...

    async def model_states(self) -> list[ModelState]:
        """Return every model of the repository with its state; never raises."""
        ...

    async def close(self) -> None:
        """Release connections, sessions and shared memory; calling it twice is fine."""
        ...


class ModelControl(Inference, Protocol):
    """An `Inference` whose models can be loaded and unloaded."""

    async def load(self, model: str, *, deadline: Deadline) -> None:
        """Load a model, or nothing if it is loaded.

        Raises:
            UnknownModel: the repository has no such model.
            InferenceError: it cannot be loaded.
            DeadlineExceeded: it takes too long; it may continue to load.
        """
        ...

    async def unload(self, model: str, *, deadline: Deadline) -> None:
        """Unload a model; calls under way are still answered.

        Raises:
            InferenceError: the server cannot be reached.
        """
        ...


@runtime_checkable
class Startable(Protocol):
    """An `Inference` with a server of its own, which is started before the first call."""

    async def start(self) -> None:
        """Start the server and wait until it answers.

        Raises:
            PlatformUnsupported, SetupIncomplete, InferenceUnavailable: it does not start.
        """
        ...
