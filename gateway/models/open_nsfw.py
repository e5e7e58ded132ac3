"""Open NSFW, already ONNX: a uint8 front, an open batch axis, the repository's ONNX version."""

from __future__ import annotations

import onnx
from google.protobuf.message import DecodeError

from gateway.errors import ContractViolation
from gateway.models.catalog import ModelEntry
from gateway.models.onnx_graph import GraphWriter

# Operators that mean the same in every version from the source's to ours as they are used here
# (Softmax over the last axis of a matrix, no Reshape with literal zeros).
_UNCHANGED = frozenset(
    ("Add", "AveragePool", "Conv", "MatMul", "MaxPool", "Relu", "Reshape", "Softmax")
)
_OLDEST_OPSET = 9


def onnx_to_onnx(data: bytes, entry: ModelEntry) -> bytes:
    """Rewrap a channels-last ONNX classifier under the contract.

    Args:
        data: The original ONNX file: one float image (N, H, W, C) that is transposed first.
        entry: The model's contract.

    Returns:
        The ONNX model's bytes, with the batch axis `N` open.

    Raises:
        ContractViolation: the file holds something else.
    """
    graph = _read(data).graph
    (image,) = entry.inputs
    first = graph.node[0]
    perm = [list(a.ints) for a in first.attribute if a.name == "perm"]
    if first.op_type != "Transpose" or perm != [[0, 3, 1, 2]] or first.input[0] != image.source:
        raise ContractViolation(f"The network of {entry.name} does not begin with its image.")
    writer = GraphWriter(entry)
    writer.constants.update((c.name, c) for c in graph.initializer)
    front = writer.image_front(image)
    for node in graph.node[1:]:
        if node.op_type not in _UNCHANGED:
            raise ContractViolation(
                f"The network of {entry.name} uses the operator {node.op_type}, "
                "which the exporter does not know."
            )
        for i, name in enumerate(node.input):
            if name == first.output[0]:
                node.input[i] = front
            elif name == image.source:
                raise ContractViolation(f"The network of {entry.name} reads its image twice.")
        writer.nodes.append(node)
    shapes = {o.name: [d.dim_value for d in o.type.tensor_type.shape.dim] for o in graph.output}
    for spec in entry.outputs:
        if spec.source not in shapes:
            raise ContractViolation(f"The network of {entry.name} has no output {spec.source!r}.")
        writer.head(spec, spec.source, shapes[spec.source][1:])
    return writer.finish()


def _read(data: bytes) -> onnx.ModelProto:
    try:
        model = onnx.load_model_from_string(data)
    except DecodeError:
        raise ContractViolation("The weights are not an ONNX file.") from None
    versions = [o.version for o in model.opset_import if o.domain in ("", "ai.onnx")]
    if versions != [_OLDEST_OPSET]:
        raise ContractViolation(f"The weights use the ONNX operators of versions {versions}.")
    return model
