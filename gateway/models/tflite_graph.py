"""A TensorFlow Lite file as plain objects: tensors, constants, operators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import tflite
from numpy.typing import NDArray

from gateway.errors import ContractViolation
from gateway.models.tflite_sparse import SparseDimension, densify

_DTYPES: dict[int, type[np.generic]] = {
    tflite.TensorType.FLOAT32: np.float32,
    tflite.TensorType.FLOAT16: np.float16,
    tflite.TensorType.INT32: np.int32,
}
_OPERATORS = {
    value: name for name, value in vars(tflite.BuiltinOperator).items() if isinstance(value, int)
}
_OPTIONS: dict[str, Any] = {
    "CONV_2D": tflite.Conv2DOptions,
    "DEPTHWISE_CONV_2D": tflite.DepthwiseConv2DOptions,
    "MAX_POOL_2D": tflite.Pool2DOptions,
    "ADD": tflite.AddOptions,
    "CONCATENATION": tflite.ConcatenationOptions,
    "RESIZE_BILINEAR": tflite.ResizeBilinearOptions,
    "DEPTH_TO_SPACE": tflite.DepthToSpaceOptions,
}


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor of the graph.

    Attributes:
        name: Its name in the file.
        shape: Its shape, batch 1 first, channels last.
        value: Its constant value, if it has one; sparse ones are already dense.
    """

    name: str
    shape: tuple[int, ...]
    value: NDArray[Any] | None = None


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator of the graph.

    Attributes:
        kind: Name of the built-in operator.
        inputs: Tensor numbers; -1 marks an absent one.
        outputs: Tensor numbers.
        options: The operator's option table, if it has a known one.
    """

    kind: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Any = None


@dataclass(frozen=True, slots=True)
class TfliteGraph:
    """One network.

    Attributes:
        tensors: All tensors, by number.
        operators: All operators in order of execution.
        inputs: Tensor numbers by name.
        outputs: Tensor numbers by name.
    """

    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    inputs: Mapping[str, int]
    outputs: Mapping[str, int]


def read_tflite(data: bytes) -> TfliteGraph:
    """Read the only subgraph of a TensorFlow Lite file.

    Raises:
        ContractViolation: the file is no such file, or of an unknown layout.
    """
    if not tflite.Model.ModelBufferHasIdentifier(data, 0):
        raise ContractViolation("The weights are not a TensorFlow Lite file.")
    model = tflite.Model.GetRootAs(data)
    if model.SubgraphsLength() != 1:
        raise ContractViolation("A TensorFlow Lite file must hold exactly one graph.")
    graph = model.Subgraphs(0)
    tensors = tuple(_tensor(model, graph.Tensors(i)) for i in range(graph.TensorsLength()))
    operators = tuple(_operator(model, graph.Operators(i)) for i in range(graph.OperatorsLength()))
    return TfliteGraph(
        tensors,
        operators,
        {tensors[i].name: int(i) for i in graph.InputsAsNumpy()},
        {tensors[i].name: int(i) for i in graph.OutputsAsNumpy()},
    )


def _tensor(model: Any, tensor: Any) -> Tensor:
    name = tensor.Name().decode()
    shape = tuple(int(n) for n in tensor.ShapeAsNumpy()) if tensor.ShapeLength() else ()
    buffer = model.Buffers(tensor.Buffer())
    if not buffer.DataLength():
        return Tensor(name, shape)
    if tensor.Type() not in _DTYPES:
        raise ContractViolation(f"Constant {name!r} is of the unsupported type {tensor.Type()}.")
    dtype = np.dtype(_DTYPES[tensor.Type()]).newbyteorder("<")
    values = np.frombuffer(buffer.DataAsNumpy().tobytes(), dtype)
    sparsity = tensor.Sparsity()
    try:
        dense = values.reshape(shape) if sparsity is None else _dense(values, shape, sparsity)
    except ValueError as error:
        raise ContractViolation(f"Constant {name!r} cannot be read: {error}.") from None
    return Tensor(name, shape, dense)


def _dense(values: NDArray[Any], shape: tuple[int, ...], sparsity: Any) -> NDArray[Any]:
    dimensions = [_dimension(sparsity.DimMetadata(i)) for i in range(sparsity.DimMetadataLength())]
    traversal = [int(i) for i in sparsity.TraversalOrderAsNumpy()]
    blocks = [int(sparsity.BlockMap(i)) for i in range(sparsity.BlockMapLength())]
    return densify(values, shape, dimensions, traversal, blocks)


def _dimension(metadata: Any) -> SparseDimension:
    if metadata.Format() == tflite.DimensionType.DENSE:
        return SparseDimension(metadata.DenseSize())
    return SparseDimension(
        metadata.DenseSize(),
        _index_vector(metadata.ArraySegmentsType(), metadata.ArraySegments()),
        _index_vector(metadata.ArrayIndicesType(), metadata.ArrayIndices()),
    )


def _index_vector(kind: int, table: Any) -> NDArray[np.int64]:
    """Read one of the three widths in which sparse indices are stored."""
    vectors = {
        tflite.SparseIndexVector.Int32Vector: tflite.Int32Vector,
        tflite.SparseIndexVector.Uint16Vector: tflite.Uint16Vector,
        tflite.SparseIndexVector.Uint8Vector: tflite.Uint8Vector,
    }
    if kind not in vectors or table is None:
        raise ValueError(f"sparse indices of the unknown kind {kind}")
    vector = vectors[kind]()
    vector.Init(table.Bytes, table.Pos)
    values: NDArray[np.int64] = np.asarray(vector.ValuesAsNumpy()).astype(np.int64)
    return values


def _operator(model: Any, operator: Any) -> Operator:
    code = model.OperatorCodes(operator.OpcodeIndex())
    # The first 127 operators are numbered in a byte of their own, kept for old readers.
    number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
    kind = _OPERATORS.get(number, f"operator {number}")
    options = None
    table = operator.BuiltinOptions()
    if kind in _OPTIONS and table is not None:
        options = _OPTIONS[kind]()
        options.Init(table.Bytes, table.Pos)
    return Operator(
        kind,
        tuple(int(i) for i in operator.InputsAsNumpy()),
        tuple(int(i) for i in operator.OutputsAsNumpy()),
        options,
    )
