"""Triton's `backend: "onnxruntime"`, as a Python-based backend over plain ONNX files.

NVIDIA's container has a native backend of that name. The server that comes as a Python package
has not, so this file takes its place there and reads the same `config.pbtxt`: the model
repository need not know which of the two serves it. It runs inside Triton's own Python
environment (NumPy 1) and imports nothing of ours.

Triton's dynamic batcher hands `execute` several requests at once. They are joined along the
first axis, run in one go, and split again; a request that is at fault gets an error of its own
and leaves its neighbours alone.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnxruntime as ort
import triton_python_backend_utils as pb_utils

# Triton's level → ONNX Runtime's, as in NVIDIA's backend.
_GRAPH_LEVELS = {
    -1: ort.GraphOptimizationLevel.ORT_ENABLE_BASIC,
    0: ort.GraphOptimizationLevel.ORT_ENABLE_ALL,
    1: ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED,
    2: ort.GraphOptimizationLevel.ORT_DISABLE_ALL,
}


@dataclass(frozen=True)
class Slot:
    """One input or output as `config.pbtxt` states it; `dims` include the batch as -1."""

    name: str
    dtype: type
    dims: tuple[int, ...]


@dataclass(frozen=True)
class Work:
    """One sound request: its place in the answer, its arrays, rows and wanted outputs."""

    index: int
    feeds: dict[str, Any]
    rows: int
    wanted: tuple[str, ...]


class TritonPythonModel:
    """One instance of one model: an ONNX Runtime session and its contract."""

    def initialize(self, args: dict[str, str]) -> None:
        """Open the session.

        Raises:
            TritonModelException: if the file or the environment is not usable.
        """
        if int(np.__version__.split(".", 1)[0]) >= 2:
            # This server's stub is built for NumPy 1; with 2 every output would be empty.
            raise pb_utils.TritonModelException(
                f"NumPy {np.__version__} in Triton's environment; it must be below 2"
            )
        config = json.loads(args["model_config"])
        self._name = args["model_name"]
        self._max_batch = int(config.get("max_batch_size", 0))
        self._inputs = [self._slot(entry) for entry in config["input"]]
        self._outputs = [self._slot(entry) for entry in config["output"]]
        path = os.path.join(
            args["model_repository"],
            args["model_version"],
            config.get("default_model_filename") or "model.onnx",
        )
        self._session = ort.InferenceSession(
            path, _session_options(config), providers=["CPUExecutionProvider"]
        )
        self._check_names()

    def execute(self, requests: list[Any]) -> list[Any]:
        """Answer a batch of requests: one response each, in their order."""
        responses: list[Any] = [None] * len(requests)
        groups: dict[Any, list[Work]] = {}
        for index, request in enumerate(requests):
            if request.is_cancelled():
                responses[index] = _failure("canceled", pb_utils.TritonError.CANCELLED)
                continue
            try:
                work = self._read(index, request)
            except ValueError as fault:
                text = f"{self._name}: {fault}"
                responses[index] = _failure(text, pb_utils.TritonError.INVALID_ARG)
                continue
            groups.setdefault(_group_key(work, self._max_batch), []).append(work)
        for group in groups.values():
            for joined in _chunks(group, self._max_batch):
                self._answer(joined, responses)
        return responses

    def finalize(self) -> None:
        """Close the session."""
        self._session = None

    def _slot(self, entry: dict[str, Any]) -> Slot:
        dims = tuple(int(d) for d in entry["dims"])
        if self._max_batch > 0:
            dims = (-1, *dims)
        return Slot(entry["name"], pb_utils.triton_string_to_numpy(entry["data_type"]), dims)

    def _check_names(self) -> None:
        """Compare configuration and graph now rather than at the first request."""
        for kind, slots, nodes in (
            ("input", self._inputs, self._session.get_inputs()),
            ("output", self._outputs, self._session.get_outputs()),
        ):
            missing = {slot.name for slot in slots} - {node.name for node in nodes}
            if missing:
                raise pb_utils.TritonModelException(
                    f"{self._name}: config.pbtxt names {kind} {sorted(missing)}, "
                    f"the ONNX file has {sorted(node.name for node in nodes)}"
                )

    def _read(self, index: int, request: Any) -> Work:
        """Return the request as `Work`; ValueError states the defect."""
        feeds = {}
        rows = None
        for slot in self._inputs:
            tensor = pb_utils.get_input_tensor_by_name(request, slot.name)
            if tensor is None:
                raise ValueError(f"input '{slot.name}' is missing")
            array = tensor.as_numpy()
            if array.dtype != slot.dtype:
                raise ValueError(f"input '{slot.name}' is {array.dtype}, not {slot.dtype.__name__}")
            if not _fits(array.shape, slot.dims):
                raise ValueError(f"input '{slot.name}' has shape {array.shape}, not {slot.dims}")
            if self._max_batch > 0:
                rows = array.shape[0] if rows is None else rows
                if not 1 <= array.shape[0] <= self._max_batch:
                    raise ValueError(f"batch of {array.shape[0]}, not 1 to {self._max_batch}")
                if array.shape[0] != rows:
                    raise ValueError(f"input '{slot.name}' has {array.shape[0]} rows, not {rows}")
            feeds[slot.name] = array
        asked = set(request.requested_output_names())
        wanted = tuple(s.name for s in self._outputs if not asked or s.name in asked)
        return Work(index, feeds, rows or 1, wanted)

    def _answer(self, joined: list[Work], responses: list[Any]) -> None:
        """Run `joined` as one; if that fails, each alone, so that only the guilty one fails."""
        try:
            self._run(joined, responses)
        except Exception as fault:  # ONNX Runtime raises half a dozen unrelated types
            if len(joined) == 1:
                text = f"{self._name}: {fault}"
                responses[joined[0].index] = _failure(text, pb_utils.TritonError.INTERNAL)
                return
            for work in joined:
                self._answer([work], responses)

    def _run(self, joined: list[Work], responses: list[Any]) -> None:
        wanted = sorted({name for work in joined for name in work.wanted})
        feeds = joined[0].feeds
        if len(joined) > 1:
            feeds = {name: np.concatenate([work.feeds[name] for work in joined]) for name in feeds}
        outputs = dict(zip(wanted, self._session.run(wanted, feeds), strict=True))
        total = sum(work.rows for work in joined)
        if self._max_batch > 0:
            for name, array in outputs.items():
                if array.shape[:1] != (total,):
                    raise ValueError(
                        f"output '{name}' has shape {array.shape} for a batch of {total}"
                    )
        start = 0
        for work in joined:
            tensors = []
            for name in work.wanted:
                array = outputs[name]
                if len(joined) > 1:
                    array = array[start : start + work.rows]
                tensors.append(pb_utils.Tensor(name, np.ascontiguousarray(array)))
            start += work.rows
            responses[work.index] = pb_utils.InferenceResponse(output_tensors=tensors)


def _session_options(config: dict[str, Any]) -> ort.SessionOptions:
    """Return session options from the parameters NVIDIA's backend knows by the same names."""
    parameters = {k: v["string_value"] for k, v in config.get("parameters", {}).items()}
    options = ort.SessionOptions()
    # Unlike NVIDIA's default (all cores): several models share the few cores of one machine.
    options.intra_op_num_threads = int(parameters.get("intra_op_thread_count", "1"))
    options.inter_op_num_threads = int(parameters.get("inter_op_thread_count", "1"))
    if parameters.get("execution_mode") == "1":
        options.execution_mode = ort.ExecutionMode.ORT_PARALLEL
    level = int(config.get("optimization", {}).get("graph", {}).get("level", 0))
    options.graph_optimization_level = _GRAPH_LEVELS.get(level, _GRAPH_LEVELS[0])
    # A waiting thread that spins would take the core another model needs.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    options.log_severity_level = 3
    return options


def _group_key(work: Work, max_batch: int) -> Any:
    """Requests with equal keys can be joined; without batching none can."""
    if max_batch == 0:
        return work.index
    return tuple(array.shape[1:] for array in work.feeds.values())


def _chunks(group: list[Work], max_batch: int) -> Iterator[list[Work]]:
    """Cut a group into runs of at most `max_batch` rows."""
    chunk, rows = [], 0
    for work in group:
        if chunk and rows + work.rows > max_batch:
            yield chunk
            chunk, rows = [], 0
        chunk.append(work)
        rows += work.rows
    yield chunk


def _fits(shape: tuple[int, ...], dims: tuple[int, ...]) -> bool:
    return len(shape) == len(dims) and all(d in (-1, s) for s, d in zip(shape, dims, strict=True))


def _failure(text: str, code: Any) -> Any:
    return pb_utils.InferenceResponse(error=pb_utils.TritonError(text, code))
