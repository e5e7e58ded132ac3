"""A foreign ONNX file becomes a model of the zoo: checked, normalised, and measured.

Normalised means: inputs as the zoo states them, outputs under the zoo's names, the batch axis
open, one file. A network that was exported for one row often works for several; where a constant
1 stands for the batch inside of it, that is opened too. Whether rows then come out as they do
alone is not reasoned but measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from gateway.errors import ModelFormatInvalid
from gateway.models.onnx_check import ELEMENT_OF, differences, fed_inputs, graphs, read_network
from gateway.models.onnx_graph import BATCH
from gateway.models.onnx_measure import Measured, check_half, measure
from gateway.models.zoo import ZooModel, ZooTensor

EMAP_SHAPE = (512, 512)
# Initializers that are no inputs need 4; 10 is what ONNX Runtime 1.18 reads.
_OLDEST_IR, _NEWEST_IR = 4, 10


@dataclass(frozen=True, slots=True)
class Imported:
    """Findings about a network.

    Attributes:
        max_batch_size: Largest batch of one call that comes out right; 0 where there is no batch.
        half_agrees: Of half precision, whether it was compared with its twin, and agreed.
        emap: The matrix that embeddings are multiplied with, (512, 512) float32; None for others.
        notes: Information for users, one sentence each.
    """

    max_batch_size: int
    half_agrees: bool
    emap: NDArray[np.float32] | None
    notes: tuple[str, ...]


def import_network(
    source: Path, target: Path, model: ZooModel, *, twin: Path | None = None
) -> Imported:
    """Check a foreign ONNX file, write it normalised, and measure it.

    Args:
        source: The foreign file.
        target: Where the normalised one is written; its folder exists.
        model: The expected model.
        twin: The normalised file of `model.twin`, if that is installed.

    Raises:
        ModelFormatInvalid: it is another network, or cannot be run; `errors` list each difference.
        ModelUnsound: it answers nonsense.
        OSError: a file cannot be read or written.
    """
    network = read_network(source)
    if faults := differences(network, model):
        raise ModelFormatInvalid(
            f"The file is not {model.name}.",
            errors=[{"pointer": "/", "detail": fault} for fault in faults],
        )
    emap = _take_emap(network) if model.emap else None
    openable = bool(_reshapes_of_one(network.graph))
    _write(network, model, target)
    del network  # sessions need the memory
    batched = model.max_batch_size > 1
    measured = measure(target, model, together=batched)
    half_agrees = bool(model.twin) and check_half(model, measured.alone[0], twin)
    notes: list[str] = []
    rows = model.max_batch_size
    if batched and not measured.rows_independent:
        opened = openable and _open_reshapes(source, target, model, measured)
        notes.append(
            "A batch of one inside the network was opened."
            if opened
            else "It computes one row at a time: together they would come out otherwise."
        )
        rows = model.max_batch_size if opened else 1
    return Imported(rows, half_agrees, emap, tuple(notes))


def _open_reshapes(source: Path, target: Path, model: ZooModel, known: Measured) -> bool:
    """Try the network with its inner batches of one opened, and keep it if rows come out right."""
    network = read_network(source)
    if model.emap:
        _take_emap(network)
    for node, name in _reshapes_of_one(network.graph):
        shape = _constants(network.graph)[name]
        shape = np.array([0, *shape[1:]], np.int64)  # 0 keeps the axis as it is
        node.input[1] = f"{node.output[0]}__opened"
        network.graph.initializer.append(numpy_helper.from_array(shape, node.input[1]))
    trial = target.with_name(f".{target.name}-opened")
    try:
        _write(network, model, trial)
        del network
        try:
            tried = measure(trial, model, together=True)
        except ModelFormatInvalid:  # another 1 than a batch's was opened
            return False
        # Its output for single rows must not have changed either.
        if not tried.rows_independent or not Measured(known.alone, tried.together).rows_independent:
            return False
        trial.replace(target)
        return True
    finally:
        trial.unlink(missing_ok=True)


def _write(network: onnx.ModelProto, model: ZooModel, path: Path) -> None:
    """Normalise a network in place and write it."""
    graph = network.graph
    network.ir_version = min(max(network.ir_version, _OLDEST_IR), _NEWEST_IR)
    given = [helper.make_tensor_value_info(s.name, *_declared(s, model)) for s in model.inputs]
    assert {value.name for value in fed_inputs(graph)} == {value.name for value in given}
    del graph.input[:], graph.value_info[:]
    graph.input.extend(given)
    del graph.output[len(model.outputs) :]
    _name_outputs(graph, model)
    del graph.output[:]
    for spec in model.outputs:
        graph.output.append(helper.make_tensor_value_info(spec.name, *_declared(spec, model)))
    with path.open("wb") as file:
        file.write(network.SerializeToString())


def _declared(spec: ZooTensor, model: ZooModel) -> tuple[int, list[int | str | None]]:
    """Return element type and sizes as they are written into a file."""
    sizes: list[int | str | None] = [None if size == -1 else size for size in spec.shape]
    return ELEMENT_OF[spec.dtype], [BATCH, *sizes] if model.batch == "rows" else sizes


def _name_outputs(graph: onnx.GraphProto, model: ZooModel) -> None:
    """Give the outputs the model's names, and loose ones their shape."""
    # Ways round: an output that is an input or weight, or is there twice, or is to be brought
    # into shape, is not renamed but copied from.
    made = {name for node in graph.node for name in node.output}
    weights = {tensor.name for tensor in graph.initializer}
    renames: dict[str, str] = {}
    copies: list[tuple[ZooTensor, str]] = []
    for spec, value in zip(model.outputs, graph.output, strict=True):
        if spec.loose or value.name not in made or value.name in renames:
            copies.append((spec, value.name))
        else:
            renames[value.name] = spec.name
    for spec in model.outputs:  # a tensor that already has one of our names is renamed
        if spec.name in made | weights and renames.get(spec.name) != spec.name:
            renames.setdefault(spec.name, f"{spec.name}__inner")
    _rename(graph, renames)
    for spec, name in copies:
        _copy(graph, renames.get(name, name), spec, model)


def _copy(graph: onnx.GraphProto, name: str, spec: ZooTensor, model: ZooModel) -> None:
    if not spec.loose:
        graph.node.append(helper.make_node("Identity", [name], [spec.name]))
        return
    sizes = np.array([*([-1] if model.batch == "rows" else []), *spec.shape], np.int64)
    shape = f"{spec.name}__shape"
    graph.initializer.append(numpy_helper.from_array(sizes, shape))
    graph.node.append(helper.make_node("Reshape", [name, shape], [spec.name]))


def _rename(graph: onnx.GraphProto, names: Mapping[str, str]) -> None:
    """Rename tensors wherever they are produced or consumed, inner graphs too."""
    for inner in graphs(graph):
        for tensor in inner.initializer:
            tensor.name = names.get(tensor.name, tensor.name)
        for node in inner.node:
            for side in (node.input, node.output):
                for index, name in enumerate(side):
                    if name in names:
                        side[index] = names[name]
        if inner is not graph:
            for value in inner.output:
                value.name = names.get(value.name, value.name)


def _constants(graph: onnx.GraphProto) -> dict[str, NDArray[Any]]:
    """Return the small whole-number constants of a graph, such as shapes, by name."""
    found = {
        tensor.name: numpy_helper.to_array(tensor)
        for tensor in graph.initializer
        if tensor.data_type == TensorProto.INT64 and len(tensor.dims) == 1
    }
    for node in graph.node:
        if node.op_type == "Constant":
            for attribute in node.attribute:
                if attribute.name == "value" and attribute.t.data_type == TensorProto.INT64:
                    found[node.output[0]] = numpy_helper.to_array(attribute.t).reshape(-1)
    return found


def _reshapes_of_one(graph: onnx.GraphProto) -> list[tuple[onnx.NodeProto, str]]:
    """Return the Reshape nodes whose constant shape begins with 1, and the constants' names."""
    shapes = _constants(graph)
    return [
        (node, node.input[1])
        for node in graph.node
        if node.op_type == "Reshape"
        and not any(a.name == "allowzero" and a.i for a in node.attribute)
        and len(shape := shapes.get(node.input[1], np.zeros(0, np.int64))) > 1
        and shape[0] == 1
    ]


def _take_emap(network: onnx.ModelProto) -> NDArray[np.float32]:
    """Return the matrix that embeddings are multiplied with, and take it out if none reads it.

    It is no part of the calculation and lies among the weights: the one no node reads, else the
    last one.

    Raises:
        ModelFormatInvalid: there is none.
    """
    graph = network.graph
    read = {name for inner in graphs(graph) for node in inner.node for name in node.input}
    weights = list(graph.initializer)
    fits = [w for w in weights if tuple(w.dims) == EMAP_SHAPE]
    spare = [w for w in fits if w.name not in read]
    chosen = spare[-1] if spare else (weights[-1] if fits and fits[-1] is weights[-1] else None)
    if chosen is None:
        raise ModelFormatInvalid(
            "The file does not carry the matrix of 512×512 numbers that embeddings are "
            "multiplied with; a file that was simplified or converted may have lost it."
        )
    emap = np.ascontiguousarray(numpy_helper.to_array(chosen).astype(np.float32))
    if not np.isfinite(emap).all() or not emap.any():
        raise ModelFormatInvalid(
            "The matrix that embeddings are multiplied with is not finite, or zero."
        )
    if spare:
        del graph.initializer[next(i for i, w in enumerate(weights) if w is chosen)]
    return emap


def verify_network(path: Path, model: ZooModel) -> list[str]:
    """Return what an installed network lacks of its contract, one sentence each."""
    try:
        return differences(read_network(path), model)
    except ModelFormatInvalid as error:
        return [error.detail]
