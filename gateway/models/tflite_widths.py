"""Which tensors of a network are stored wider than they are, for the sake of vector units.

ONNX Runtime's fast layout on CPUs holds channels in blocks of up to 16 and takes few operators.
A tensor of 42 channels falls out of it, and PAD along the channels, with which BlazeFace widens
its shortcuts, always does; both cost a reordering of the whole picture each way. So tensors get
extra channels that are zero from beginning to end: the layout fills its blocks up anyway, and
most of those PADs turn into nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.models.tflite_graph import Operator, TfliteGraph

BLOCK = 16

# Operators that turn channels of zeros into channels of zeros, each for itself.
_CHANNELWISE = ("ADD", "DEPTHWISE_CONV_2D", "MAX_POOL_2D", "PRELU", "RELU", "RESIZE_BILINEAR")


def channel_widths(graph: TfliteGraph) -> dict[int, int]:
    """Return the stored number of channels of every tensor that is stored wider.

    A tensor is widened only if the operator that writes it can make zeros and all that read it
    can ignore them, so neither inputs nor outputs of the network are.
    """
    widths = {
        op.outputs[0]: -(-channels // BLOCK) * BLOCK
        for op in graph.operators
        if (channels := _channels(graph, op.outputs[0])) % BLOCK
    }
    for number in graph.outputs.values():
        widths.pop(number, None)
    # Taking one out may take out its neighbours, so this continues until nothing changes.
    count = -1
    while count != len(widths):
        count = len(widths)
        for group in _groups(graph):
            if len({(n in widths, _channels(graph, n)) for n in group}) > 1 or -1 in group:
                for number in group:
                    widths.pop(number, None)
    return widths


def pads_channels_only(graph: TfliteGraph, op: Operator) -> bool:
    """Whether a PAD leaves rows, columns and the batch as they are."""
    before, after = graph.tensors[op.inputs[0]].shape, graph.tensors[op.outputs[0]].shape
    return len(before) == 4 and before[:3] == after[:3]


def _groups(graph: TfliteGraph) -> Iterator[tuple[int, ...]]:
    """Yield tensors that must be wide together; with -1 among them, none may be."""
    for op in graph.operators:
        if op.kind == "CONV_2D" or (op.kind == "PAD" and pads_channels_only(graph, op)):
            continue  # their kernels are free to read and write any width
        if op.kind == "ADD":
            yield (*op.inputs, op.outputs[0])
        elif op.kind in _CHANNELWISE or op.kind == "PAD":
            yield (op.inputs[0], op.outputs[0])
        else:
            yield (*op.inputs, *op.outputs, -1)


def _channels(graph: TfliteGraph, number: int) -> int:
    """Return a tensor's channels; 0 if it is no picture."""
    shape = graph.tensors[number].shape if number >= 0 else ()
    return shape[3] if len(shape) == 4 else 0
