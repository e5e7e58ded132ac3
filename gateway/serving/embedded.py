"""Inference on a Triton server of our own: started, watched, restarted and ended by us."""

from __future__ import annotations

import asyncio
import logging
import threading
import time

from semblant_triton.launcher import EmbeddedTriton

from gateway.deadline import Deadline
from gateway.errors import InferenceUnavailable, SemblantError
from gateway.inference.batching import Outputs
from gateway.inference.protocol import ModelState, Tensors
from gateway.inference.triton import SharedMemory, TritonInference
from gateway.serving.metrics import Metrics

log = logging.getLogger(__name__)

_LOOK_S = 0.5
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 30.0


class EmbeddedInference:
    """A Triton server and the connection to it, as one `Inference`.

    Args:
        triton: The server, not yet started.
        metrics: Told of restarts.
        shared_memory: As for `TritonInference`.
        hang_s: Seconds without any answer after which the server counts as dead.
    """

    def __init__(
        self,
        triton: EmbeddedTriton,
        metrics: Metrics,
        *,
        shared_memory: SharedMemory = "auto",
        hang_s: float = 30.0,
    ) -> None:
        self._triton = triton
        self._metrics = metrics
        self._shared_memory = shared_memory
        self._hang_s = hang_s
        self._inner: TritonInference | None = None
        self._watching: asyncio.Task[None] | None = None
        self._closing = threading.Event()
        # Starting and stopping happen in threads; never both at a time.
        self._turn = threading.Lock()

    @property
    def triton(self) -> EmbeddedTriton:
        """The server."""
        return self._triton

    async def start(self) -> None:
        """Start the server, connect, and watch it from now on.

        Raises:
            PlatformUnsupported, SetupIncomplete, InferenceUnavailable: as `EmbeddedTriton.start`.
        """
        await asyncio.to_thread(self._start)
        # Restarts keep the ports, so one connection serves for good.
        self._inner = TritonInference(self._triton.grpc_url, shared_memory=self._shared_memory)
        self._watching = asyncio.create_task(self._watch(), name="watch-triton")

    async def infer(self, model: str, inputs: Tensors, *, deadline: Deadline) -> Outputs:
        """Run one batch through a model; see `Inference.infer`."""
        return await self._connected().infer(model, inputs, deadline=deadline)

    async def load(self, model: str, *, deadline: Deadline) -> None:
        """Have the server load a model; see `ModelControl.load`."""
        await self._connected().load(model, deadline=deadline)

    async def unload(self, model: str, *, deadline: Deadline) -> None:
        """Have the server unload a model; see `ModelControl.unload`."""
        await self._connected().unload(model, deadline=deadline)

    async def model_states(self) -> list[ModelState]:
        """Return every model with its state; see `Inference.model_states`."""
        return await self._inner.model_states() if self._inner else []

    async def close(self) -> None:
        """Disconnect and end the server; calling it twice is fine."""
        self._closing.set()
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        if self._inner is not None:
            await self._inner.close()
        await asyncio.to_thread(self._stop)

    def _connected(self) -> TritonInference:
        if self._inner is None:
            raise InferenceUnavailable("The embedded server has not been started.")
        return self._inner

    async def _watch(self) -> None:
        """Restart the server whenever it has died or fallen silent."""
        pause_s, heard = _FIRST_PAUSE_S, time.monotonic()
        while True:
            await asyncio.sleep(_LOOK_S)
            if any(state.ready for state in await self.model_states()):
                pause_s, heard = _FIRST_PAUSE_S, time.monotonic()
            silent = time.monotonic() - heard > self._hang_s
            if self._triton.is_alive() and not silent:
                continue
            log.error(
                "the embedded Triton %s; restarting it",
                "fell silent" if silent else f"died: {self._triton.error_text() or 'no message'}",
            )
            self._metrics.restarts.inc()
            try:
                await asyncio.to_thread(self._start, anew=True)
            except SemblantError as error:
                log.error("restart failed, next try in %.1f s: %s", pause_s, error.detail)
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
            heard = time.monotonic()

    def _start(self, *, anew: bool = False) -> None:
        with self._turn:
            if self._closing.is_set():
                raise InferenceUnavailable("The service is shutting down.")
            if anew:
                self._triton.stop()
            self._triton.start(give_up=self._closing)

    def _stop(self) -> None:
        with self._turn:
            self._triton.stop()
