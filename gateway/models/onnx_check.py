"""Validation of a third-party ONNX file against its contract: all differences reported at once."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import onnx
from google.protobuf.message import DecodeError
from onnx import TensorProto

from gateway.errors import ModelFormatInvalid
from gateway.models.zoo import ZooModel, ZooTensor

OLDEST_OPSET, NEWEST_OPSET = 7, 21
"""Opsets that every ONNX Runtime from 1.18 on reads, that of Triton's 24.10 release among
them."""

_DOMAINS = frozenset(("", "ai.onnx", "ai.onnx.ml", "com.microsoft"))
_ELEMENT: dict[int, str] = {
    TensorProto.FLOAT: "float32",
    TensorProto.DOUBLE: "float64",
    TensorProto.FLOAT16: "float16",
    TensorProto.INT64: "int64",
    TensorProto.INT32: "int32",
    TensorProto.UINT8: "uint8",
    TensorProto.BOOL: "bool",
}
ELEMENT_OF = {name: element for element, name in _ELEMENT.items()}
Dims = tuple[int | None, ...]
"""Sizes of a tensor's axes; None is an open one."""


def read_network(path: Path) -> onnx.ModelProto:
    """Read an ONNX file; weights that lie elsewhere are not fetched.

    Raises:
        ModelFormatInvalid: the file is something else, damaged or not complete.
    """
    with path.open("rb") as file:
        begin = file.read(64)
    if begin.startswith(b"version https://git-lfs"):
        raise ModelFormatInvalid("The file is a pointer of Git LFS, not the network itself.")
    if begin.lstrip()[:1] == b"<":
        raise ModelFormatInvalid("The file is a web page, not a network.")
    if not begin:
        raise ModelFormatInvalid("The file is empty.")
    try:
        network = onnx.load(path, load_external_data=False, format="protobuf")
    except (DecodeError, ValueError, UnicodeDecodeError):
        raise ModelFormatInvalid(
            "The file is not an ONNX file, or is damaged or not complete."
        ) from None
    if not network.graph.node or not network.graph.output:
        raise ModelFormatInvalid("The file holds no network; it may not be complete.")
    return network


def differences(network: onnx.ModelProto, model: ZooModel) -> list[str]:
    """Return all that keeps a file from being a model, one sentence each."""
    return [
        *_operators(network),
        *_weights(network),
        *_inputs(network, model),
        *_outputs(network, model),
    ]


def graphs(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    """Yield a graph and all that are inside of its nodes."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for inner in (*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs):
                yield from graphs(inner)


def fed_inputs(graph: onnx.GraphProto) -> list[onnx.ValueInfoProto]:
    """Return the inputs that have to be given; old files list their weights as well."""
    weights = {tensor.name for tensor in graph.initializer}
    weights |= {tensor.values.name for tensor in graph.sparse_initializer}
    return [value for value in graph.input if value.name not in weights]


def dims_of(value: onnx.ValueInfoProto) -> Dims | None:
    """Return the sizes a file states of a tensor; None if not even their number."""
    tensor = value.type.tensor_type
    if not tensor.HasField("shape"):
        return None
    return tuple(
        axis.dim_value if axis.HasField("dim_value") and axis.dim_value > 0 else None
        for axis in tensor.shape.dim
    )


def shape_text(dims: Any) -> str:
    """Return sizes as people write them, open ones as `?`."""
    return "×".join("?" if size in (None, -1) else str(size) for size in dims) or "a single number"


def _operators(network: onnx.ModelProto) -> Iterator[str]:
    versions = {entry.domain: entry.version for entry in network.opset_import}
    version = versions.get("", versions.get("ai.onnx"))
    if version is None:
        yield "The file does not say which version of ONNX's operators it uses."
    elif not OLDEST_OPSET <= version <= NEWEST_OPSET:
        yield (
            f"The file uses ONNX's operators of version {version}; "
            f"{OLDEST_OPSET} to {NEWEST_OPSET} can be run."
        )
    used = {node.domain for graph in graphs(network.graph) for node in graph.node}
    used -= {function.domain for function in network.functions}
    if foreign := sorted(used - _DOMAINS):
        yield f"The file uses operators that are not ONNX's: {', '.join(foreign)}."


def _weights(network: onnx.ModelProto) -> Iterator[str]:
    def outside(tensor: onnx.TensorProto) -> bool:
        return bool(tensor.data_location == TensorProto.EXTERNAL)

    for graph in graphs(network.graph):
        constants = (
            attribute.t
            for node in graph.node
            for attribute in node.attribute
            if attribute.HasField("t")
        )
        if any(map(outside, graph.initializer)) or any(map(outside, constants)):
            yield "The file's weights lie in another file; it has to be one file."
            return


def _inputs(network: onnx.ModelProto, model: ZooModel) -> Iterator[str]:
    found = {value.name: value for value in fed_inputs(network.graph)}
    names = ", ".join(f"'{name}'" for name in found) or "none"
    for spec in model.inputs:
        if spec.name in found:
            yield from _tensor(f"Input '{spec.name}'", found[spec.name], spec, model)
        else:
            yield f"Input '{spec.name}' is missing; there are: {names}."
    for name in found.keys() - {spec.name for spec in model.inputs}:
        yield f"Input '{name}' is needed, which {model.name} is not given."


def _outputs(network: onnx.ModelProto, model: ZooModel) -> Iterator[str]:
    found = list(network.graph.output)
    for index, spec in enumerate(model.outputs):
        what = f"Output {index + 1} ('{spec.name}')"
        if index < len(found):
            yield from _tensor(what, found[index], spec, model)
        else:
            yield f"{what} is missing; there are {len(found)}."
    if len(found) > len(model.outputs) and not model.spare_outputs:
        names = ", ".join(f"'{value.name}'" for value in found[len(model.outputs) :])
        yield f"There are more outputs than {len(model.outputs)}: {names}."


def _tensor(
    what: str, value: onnx.ValueInfoProto, spec: ZooTensor, model: ZooModel
) -> Iterator[str]:
    element = value.type.tensor_type.elem_type
    # An output's type may be left open; running it determines it.
    if element and _ELEMENT.get(element) != spec.dtype:
        dtype = _ELEMENT.get(element, TensorProto.DataType.Name(element).lower())
        yield f"{what} is {dtype}, not {spec.dtype}."
    dims = dims_of(value)
    if dims is None:
        return
    if spec.loose:
        if None not in dims[1:] and math.prod(size or 1 for size in dims) != spec.elements:
            yield f"{what} is {shape_text(dims)}, which are not {spec.elements} numbers."
        return
    wanted = (None, *spec.shape) if model.batch == "rows" else spec.shape
    if len(dims) != len(wanted):
        yield f"{what} is {shape_text(dims)}, not {shape_text(wanted)}."
        return
    if model.batch == "rows" and dims[0] not in (None, 1):
        yield f"{what} is always {dims[0]} rows; one at a time has to be possible."
    own, asked = (dims[1:], wanted[1:]) if model.batch == "rows" else (dims, wanted)
    fits = zip(own, asked, strict=True)
    if any(size not in (None, wish) and wish not in (None, -1) for size, wish in fits):
        yield f"{what} is {shape_text(dims)}, not {shape_text(wanted)}."
    elif value.name == spec.name and _too_fixed(own, asked):
        yield f"{what} is {shape_text(dims)}; any size is needed where the contract leaves it open."


def _too_fixed(own: Dims, asked: Dims) -> bool:
    return any(wish == -1 and size is not None for size, wish in zip(own, asked, strict=True))
