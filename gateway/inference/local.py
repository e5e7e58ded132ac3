"""The same models in this process: no server, for one-shot use and other platforms."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.deadline import Deadline
from gateway.errors import (
    DeadlineExceeded,
    InferenceFailed,
    InferenceUnavailable,
    ModelOutOfMemory,
    SemblantError,
    SetupIncomplete,
)
from gateway.inference.batching import Outputs, run_in_pieces
from gateway.inference.contracts import ModelContract, latest_version, read_contract
from gateway.inference.protocol import ModelState, Tensors
from gateway.inference.status import tells_of_memory


@dataclass(frozen=True, slots=True)
class _Loaded:
    contract: ModelContract
    session: Any
    outputs: list[str]


class LocalInference:
    """Runs models with ONNX Runtime, in threads of its own.

    Args:
        repository: The model repository, as Triton reads it.
        providers: ONNX Runtime execution providers, first choice first.
        intra_op_threads: Threads one run may use.
        workers: Runs at the same time; 0 = one per core.
        inline: Run in the event loop's own thread. For a worker that has one core and one task at
            a time: a run cannot be cut short then, its deadline is only checked around it.
    """

    def __init__(
        self,
        repository: Path,
        *,
        providers: Sequence[str] = ("CPUExecutionProvider",),
        intra_op_threads: int = 1,
        workers: int = 0,
        inline: bool = False,
    ) -> None:
        self._repository = repository
        self._providers = list(providers)
        self._intra_op_threads = intra_op_threads
        self._pool = ThreadPoolExecutor(
            workers or os.cpu_count() or 1, thread_name_prefix="semblant-infer"
        )
        self._inline = inline
        self._models: dict[str, _Loaded] = {}
        self._loading: dict[str, asyncio.Future[_Loaded]] = {}
        self._running: set[Any] = set()
        self._closed = False

    async def infer(self, model: str, inputs: Tensors, *, deadline: Deadline) -> Outputs:
        """Run one batch through a model; see `Inference.infer`.

        Raises:
            SetupIncomplete: if ONNX Runtime or the model's file is missing.
        """
        deadline.check()
        if self._closed:
            raise InferenceUnavailable("The in-process backend is closed.")
        loaded = self._models.get(model) or await self._load_once(model, deadline)
        rows = loaded.contract.check_inputs(inputs)

        async def run(piece: Tensors, count: int) -> Outputs:
            return await self._infer_piece(loaded, piece, count, deadline)

        return await run_in_pieces(loaded.contract, inputs, rows, run)

    async def model_states(self) -> list[ModelState]:
        """Return every model of the repository with its state; see `Inference.model_states`."""
        return await asyncio.get_running_loop().run_in_executor(None, self._states)

    async def load(self, model: str, *, deadline: Deadline) -> None:
        """Open a model's session; see `ModelControl.load`."""
        deadline.check()
        if model not in self._models:
            await self._load_once(model, deadline)

    async def unload(self, model: str, *, deadline: Deadline) -> None:
        """Drop a model's session; runs under way keep it; see `ModelControl.unload`."""
        self._models.pop(model, None)

    async def close(self) -> None:
        """Drop the sessions and end the threads, after pending runs and loads.

        Calling it twice is fine.
        """
        self._closed = True
        for options in self._running:
            options.terminate = True
        await asyncio.to_thread(self._pool.shutdown, wait=True, cancel_futures=True)
        self._models.clear()

    def _states(self) -> list[ModelState]:
        states = []
        for path in sorted(self._repository.glob("*/config.pbtxt")):
            version = latest_version(path.parent)
            reason = "closed" if self._closed else "" if version else "not built"
            try:
                read_contract(path.parent)
            except SemblantError as error:
                reason = error.detail
            states.append(ModelState(path.parent.name, version, not reason, reason))
        return states

    async def _load_once(self, model: str, deadline: Deadline) -> _Loaded:
        """Return the model, opened by the first caller and awaited by concurrent callers."""
        loading = self._loading.get(model)
        if loading is None:
            loop = asyncio.get_running_loop()
            loading = loop.run_in_executor(self._pool, self._load, model)
            self._loading[model] = loading
            loading.add_done_callback(lambda done: self._keep(model, done))
        # One caller's deadline or cancellation does not stop the loading for the others.
        await asyncio.wait([loading], timeout=deadline.check())
        if not loading.done():
            raise DeadlineExceeded(f"{model}: still loading at the deadline")
        return loading.result()

    def _keep(self, model: str, loading: asyncio.Future[_Loaded]) -> None:
        self._loading.pop(model, None)  # a failure is tried afresh by the next caller
        if not loading.cancelled() and loading.exception() is None and not self._closed:
            self._models[model] = loading.result()

    def _load(self, model: str) -> _Loaded:
        folder = self._repository / model
        contract = read_contract(folder)
        version = latest_version(folder)
        if not version:
            raise SetupIncomplete(f"{model} has not been built; run `semblant setup`")
        session = _open_session(
            folder / version / "model.onnx", self._providers, self._intra_op_threads
        )
        return _Loaded(contract, session, [spec.name for spec in contract.outputs])

    async def _infer_piece(
        self, loaded: _Loaded, inputs: Tensors, rows: int, deadline: Deadline
    ) -> Outputs:
        if self._inline:
            outputs = dict(zip(loaded.outputs, _run(loaded, dict(inputs), None), strict=True))
            deadline.check()
            loaded.contract.check_outputs(outputs, rows)
            return outputs
        options = _run_options()
        self._running.add(options)
        running = asyncio.get_running_loop().run_in_executor(
            self._pool, _run, loaded, dict(inputs), options
        )
        try:
            async with asyncio.timeout(deadline.check()):
                values = await running
        except TimeoutError:
            raise DeadlineExceeded(
                f"{loaded.contract.name}: still running at the deadline"
            ) from None
        finally:
            # Without effect on a run that has ended; frees the thread of one that has not.
            options.terminate = True
            self._running.discard(options)
        outputs = dict(zip(loaded.outputs, values, strict=True))
        loaded.contract.check_outputs(outputs, rows)
        return outputs


def _run(loaded: _Loaded, inputs: dict[str, Any], options: Any) -> list[Any]:
    try:
        values: list[Any] = loaded.session.run(loaded.outputs, inputs, options)
    except Exception as error:  # ONNX Runtime raises half a dozen unrelated types
        kind = ModelOutOfMemory if tells_of_memory(str(error)) else InferenceFailed
        raise kind(f"{loaded.contract.name}: {kind.spec.title}") from error
    return values


def _onnxruntime() -> Any:
    try:
        import onnxruntime  # noqa: PLC0415 - an extra, wanted only by this backend
    except ImportError as error:
        raise SetupIncomplete(
            "backend=local needs ONNX Runtime: pip install 'semblant[local]'"
        ) from error
    return onnxruntime


def providers_here() -> list[str]:
    """Return ONNX Runtime's execution providers on this machine; none where it is missing."""
    try:
        return list(_onnxruntime().get_available_providers())
    except SetupIncomplete:
        return []


def _run_options() -> Any:
    options = _onnxruntime().RunOptions()
    options.log_severity_level = 4  # errors are raised, and reported by the handler
    return options


def _open_session(path: Path, providers: list[str], threads: int) -> Any:
    ort = _onnxruntime()
    if missing := sorted(set(providers) - set(ort.get_available_providers())):
        known = ", ".join(ort.get_available_providers())
        raise SetupIncomplete(f"ONNX Runtime has no {', '.join(missing)} here. It has: {known}.")
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # A waiting thread that spins would take the core another model needs.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    try:
        return ort.InferenceSession(str(path), options, providers=providers)
    except Exception as error:  # as above
        raise SetupIncomplete(f"{path} cannot be loaded; run `semblant setup`") from error
