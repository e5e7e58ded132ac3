"""Inputs and outputs of a model, validated before and after every call.

A contract is read from the model's `config.pbtxt`, by the server or by us, so the checks are the
same wherever the model runs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from google.protobuf import text_format
from numpy.typing import NDArray
from tritonclient.grpc import model_config_pb2

from gateway.errors import ContractViolation, SetupIncomplete, UnknownModel
from gateway.inference.protocol import Tensors

_DTYPES: dict[str, np.dtype[Any]] = {
    name: np.dtype(kind)
    for name, kind in {
        "TYPE_BOOL": np.bool_,
        "TYPE_UINT8": np.uint8,
        "TYPE_UINT16": np.uint16,
        "TYPE_UINT32": np.uint32,
        "TYPE_UINT64": np.uint64,
        "TYPE_INT8": np.int8,
        "TYPE_INT16": np.int16,
        "TYPE_INT32": np.int32,
        "TYPE_INT64": np.int64,
        "TYPE_FP16": np.float16,
        "TYPE_FP32": np.float32,
        "TYPE_FP64": np.float64,
    }.items()
}
_WIRE_NAMES = {dtype: name.removeprefix("TYPE_") for name, dtype in _DTYPES.items()}


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """One input or output.

    Attributes:
        name: As in the ONNX graph.
        dtype: Element type.
        dims: Full shape; -1 where any size goes. The batch is the first, if there is one.
    """

    name: str
    dtype: np.dtype[Any]
    dims: tuple[int, ...]

    @property
    def wire_dtype(self) -> str:
        """The element type as Triton's protocol names it, such as FP32."""
        return _WIRE_NAMES[self.dtype]

    def nbytes(self, rows: int | None) -> int | None:
        """Return the bytes of a batch of `rows` (None: no batch); None when left open."""
        shape = self.dims if rows is None else (rows, *self.dims[1:])
        if min(shape, default=0) < 0:
            return None
        return math.prod(shape) * self.dtype.itemsize

    def mismatch(self, array: NDArray[Any]) -> str:
        """Return the contract violation of an array; empty when there is none."""
        if array.dtype != self.dtype:
            return f"is {array.dtype}, not {self.dtype}"
        fits = len(array.shape) == len(self.dims) and all(
            wanted in (-1, size) for size, wanted in zip(array.shape, self.dims, strict=True)
        )
        return "" if fits else f"has shape {array.shape}, not {self.dims}"


@dataclass(frozen=True, slots=True)
class ModelContract:
    """Inputs, outputs and batch limit of one model.

    Attributes:
        name: Name in the model repository.
        max_batch_size: Most rows in one call; 0 when the model does not batch.
        inputs: Every input, in the order of the configuration.
        outputs: Every output, likewise.
    """

    name: str
    max_batch_size: int
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]

    def check_inputs(self, inputs: Tensors) -> int:
        """Return the number of rows.

        Raises:
            ContractViolation: naming the first thing that does not fit.
        """
        if len(inputs) != len(self.inputs) or any(s.name not in inputs for s in self.inputs):
            expected = sorted(spec.name for spec in self.inputs)
            raise self._violation(f"inputs are {sorted(inputs)}, not {expected}")
        rows = -1
        for spec in self.inputs:
            array = inputs[spec.name]
            if problem := spec.mismatch(array):
                raise self._violation(f"input '{spec.name}' {problem}")
            if array.size == 0:
                raise self._violation(f"input '{spec.name}' is empty: {array.shape}")
            if self.max_batch_size > 0:
                if rows not in (-1, array.shape[0]):
                    raise self._violation(
                        f"input '{spec.name}' has {array.shape[0]} rows, another has {rows}"
                    )
                rows = array.shape[0]
        return max(rows, 1)

    def check_outputs(self, outputs: Tensors, rows: int) -> None:
        """Check a model's answer for a batch of `rows`.

        Raises:
            ContractViolation: naming the first thing that does not fit.
        """
        for spec in self.outputs:
            array = outputs.get(spec.name)
            if array is None:
                raise self._violation(f"output '{spec.name}' is missing")
            if problem := spec.mismatch(array):
                raise self._violation(f"output '{spec.name}' {problem}")
            if self.max_batch_size > 0 and array.shape[0] != rows:
                raise self._violation(f"output '{spec.name}' has {array.shape[0]} rows, not {rows}")

    def output_bytes(self, rows: int) -> list[int] | None:
        """Return the bytes of each output for a batch; None when any is left open."""
        known = []
        for spec in self.outputs:
            nbytes = spec.nbytes(rows if self.max_batch_size > 0 else None)
            if nbytes is None:
                return None
            known.append(nbytes)
        return known

    def _violation(self, what: str) -> ContractViolation:
        return ContractViolation(f"{self.name}: {what}")


def contract_from_config(config: Any) -> ModelContract:
    """Return the contract in a `ModelConfig` message.

    Raises:
        ContractViolation: if a tensor has a type the product does not use.
    """
    batched = config.max_batch_size > 0

    def spec(entry: Any) -> TensorSpec:
        kind = model_config_pb2.DataType.Name(entry.data_type)
        if kind not in _DTYPES:
            raise ContractViolation(f"{config.name}: '{entry.name}' has unsupported type {kind}")
        return TensorSpec(entry.name, _DTYPES[kind], ((-1,) if batched else ()) + tuple(entry.dims))

    return ModelContract(
        name=config.name,
        max_batch_size=config.max_batch_size,
        inputs=tuple(spec(entry) for entry in config.input),
        outputs=tuple(spec(entry) for entry in config.output),
    )


def read_contract(model_dir: Path) -> ModelContract:
    """Read `config.pbtxt` of one model.

    Raises:
        UnknownModel: if there is no such folder or it has no configuration.
        SetupIncomplete: if the configuration cannot be parsed.
        ContractViolation: as `contract_from_config`.
    """
    config = model_config_pb2.ModelConfig()
    path = model_dir / "config.pbtxt"
    try:
        # Newer fields than our copy of the message may be there; they do not concern us.
        text_format.Parse(path.read_text(encoding="utf-8"), config, allow_unknown_field=True)
    except (FileNotFoundError, NotADirectoryError):
        raise UnknownModel(f"no model '{model_dir.name}' in the repository") from None
    except text_format.ParseError as error:
        raise SetupIncomplete(f"{path} cannot be parsed: {error}") from error
    config.name = config.name or model_dir.name
    return contract_from_config(config)


def latest_version(model_dir: Path) -> str:
    """Return the highest numbered version folder that holds a model; empty when none does."""
    versions = [
        int(path.parent.name)
        for path in model_dir.glob("*/model.onnx")
        if path.parent.name.isdigit()
    ]
    return str(max(versions)) if versions else ""
