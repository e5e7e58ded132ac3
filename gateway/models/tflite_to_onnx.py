"""TensorFlow Lite networks to ONNX, for the operators the MediaPipe face networks use.

Inside the ONNX graph four-dimensional tensors are (N, C, H, W); a reshape first goes back to
TensorFlow Lite's own (N, H, W, C). Weights are turned at export, so nothing is transposed while
running except the image at the front and the outputs at the end.

Where ONNX offers several ways of saying the same, the one is written that ONNX Runtime keeps in
its blocked CPU layout (its NCHWc): convolutions, sums, ReLU and max pooling. Any other operator
in between has every picture reordered before and after it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tflite
from numpy.typing import NDArray

from gateway.errors import ContractViolation
from gateway.models.catalog import ModelEntry
from gateway.models.onnx_graph import GraphWriter
from gateway.models.tflite_graph import Operator, Tensor, TfliteGraph, read_tflite
from gateway.models.tflite_widths import channel_widths, pads_channels_only

# Position of each (N, H, W, C) axis in (N, C, H, W), and the orders that swap the two.
_AXIS = {0: 0, 1: 2, 2: 3, 3: 1}
_TO_NCHW = (0, 3, 1, 2)
_TO_NHWC = (0, 2, 3, 1)
_FOLDED = ("DEQUANTIZE", "DENSIFY")


def tflite_to_onnx(data: bytes, entry: ModelEntry) -> bytes:
    """Export a TensorFlow Lite network.

    Args:
        data: The `.tflite` file.
        entry: The model's contract; one image input, outputs named by their `source`.

    Returns:
        The ONNX model's bytes, with the batch axis `N` open.

    Raises:
        ContractViolation: an unknown operator or layout, or the contract names tensors that
            the network does not have.
    """
    return export_graph(read_tflite(data), entry)


def export_graph(graph: TfliteGraph, entry: ModelEntry) -> bytes:
    """Export a network that has been read already; see `tflite_to_onnx`."""
    return _Export(graph, entry).run()


def same_padding(size: int, kernel: int, stride: int, dilation: int = 1) -> tuple[int, int]:
    """Return the padding before and after one axis for TensorFlow's rule SAME.

    The output has ceil(size / stride) cells; an odd remainder goes to the end.
    """
    cells = -(-size // stride)
    total = max((cells - 1) * stride + (kernel - 1) * dilation + 1 - size, 0)
    return total // 2, total - total // 2


class _Export:
    """One export: the graph that is read, and the one that is written."""

    def __init__(self, graph: TfliteGraph, entry: ModelEntry) -> None:
        self.graph = graph
        self.entry = entry
        self.writer = GraphWriter(entry)
        self.values: dict[int, str] = {}
        self.widths = channel_widths(graph)
        self.channels_last: set[int] = set()  # which of the values are (N, H, W, C) after all
        self.constants: dict[int, NDArray[Any]] = {
            i: t.value for i, t in enumerate(self.graph.tensors) if t.value is not None
        }

    def run(self) -> bytes:
        (image,) = self.entry.inputs
        number = self._number(self.graph.inputs, image.source)
        if (shape := self._tensor(number).shape[1:]) != image.shape:
            raise ContractViolation(
                f"The network of {self.entry.name} takes images of the shape {shape}, "
                f"the catalogue says {image.shape}."
            )
        self.values[number] = self.writer.image_front(image)
        for operator in self.graph.operators:
            self._operator(operator)
        for spec in self.entry.outputs:
            number = self._number(self.graph.outputs, spec.source)
            shape = self._tensor(number).shape[1:]
            self.writer.head(spec, self._channels_last(number), shape)
        return self.writer.finish()

    def _number(self, numbers: Any, name: str) -> int:
        if name not in numbers:
            raise ContractViolation(
                f"The network of {self.entry.name} has no tensor {name!r}; "
                f"it has: {', '.join(numbers)}."
            )
        return int(numbers[name])

    def _operator(self, op: Operator) -> None:
        if op.kind in _FOLDED:
            # Sparse constants were densified on reading; only the element type is left.
            constant = self._constant(op.inputs[0])
            wide = op.kind == "DEQUANTIZE"
            self.constants[op.outputs[0]] = constant.astype(np.float32) if wide else constant
            return
        if op.kind not in _WRITERS:
            raise ContractViolation(
                f"The network of {self.entry.name} uses the operator {op.kind}, "
                "which the exporter does not know."
            )
        value = _WRITERS[op.kind](self, op)
        self.values[op.outputs[0]] = self._activation(op, value)

    def _activation(self, op: Operator, value: str) -> str:
        """Write the activation that is part of the operator itself."""
        if not hasattr(op.options, "FusedActivationFunction"):
            return value
        kind = op.options.FusedActivationFunction()
        kinds = tflite.ActivationFunctionType
        if kind == kinds.NONE:
            return value
        if kind == kinds.RELU:
            return self.writer.node("Relu", [value])
        if kind == kinds.RELU6:
            low = self.writer.constant("relu6_min", np.array(0, np.float32))
            high = self.writer.constant("relu6_max", np.array(6, np.float32))
            return self.writer.node("Clip", [value, low, high])
        raise ContractViolation(f"The exporter does not know the fused activation {kind}.")

    # Small questions about the source graph

    def _tensor(self, number: int) -> Tensor:
        return self.graph.tensors[number]

    def _constant(self, number: int) -> NDArray[Any]:
        if number not in self.constants:
            name = self._tensor(number).name
            raise ContractViolation(f"The exporter needs {name!r} to be a constant.")
        return self.constants[number]

    def _rank(self, number: int) -> int:
        return len(self._tensor(number).shape)

    def _value(self, number: int) -> str:
        """Return a tensor's ONNX name; a constant is stored in the layout of its rank."""
        if number in self.channels_last:
            return self.writer.node("Transpose", [self.values[number]], perm=_TO_NCHW)
        if number in self.values:
            return self.values[number]
        value = self._constant(number)
        if value.ndim == 4:
            value = value.transpose(_TO_NCHW)
        elif value.ndim > 1:
            raise ContractViolation(
                f"The exporter cannot broadcast the constant {self._tensor(number).name!r}."
            )
        return self.writer.constant(f"t{number}", value)

    def _width(self, number: int) -> int:
        """Return how many channels a four-dimensional tensor has in the ONNX graph."""
        return self.widths.get(number, self._tensor(number).shape[3])

    def _filled(self, number: int, value: NDArray[Any], *shape: int) -> str:
        """Store a constant, its ends filled with zeros up to a shape."""
        name = f"t{number}"
        if value.shape != shape:  # one constant may serve operators of different widths
            name += "_" + "x".join(str(n) for n in shape)
            value = np.pad(value, [(0, n - m) for m, n in zip(value.shape, shape, strict=True)])
        return self.writer.constant(name, value)

    def _channels_last(self, number: int) -> str:
        if number in self.channels_last:
            return self.values[number]
        value = self._value(number)
        shape = self._tensor(number).shape
        if len(shape) != 4 or shape[1:3] == (1, 1):
            return value  # the two layouts are the same bytes
        return self.writer.node("Transpose", [value], perm=_TO_NHWC)

    def _pads(self, op: Operator, kernel: tuple[int, int], dilation: tuple[int, int]) -> list[int]:
        if op.options.Padding() == tflite.Padding.VALID:
            return [0, 0, 0, 0]
        _, height, width, _ = self._tensor(op.inputs[0]).shape
        top, bottom = same_padding(height, kernel[0], op.options.StrideH(), dilation[0])
        left, right = same_padding(width, kernel[1], op.options.StrideW(), dilation[1])
        return [top, left, bottom, right]

    # One writer per operator

    def _convolution(self, op: Operator) -> str:
        weights = self._constant(op.inputs[1])
        group, depth, width = 1, self._width(op.inputs[0]), self._width(op.outputs[0])
        if op.kind == "DEPTHWISE_CONV_2D":
            group, depth = depth, 1
            kernel = weights.transpose(3, 0, 1, 2)  # 1 h w c·m → c·m 1 h w
        else:
            kernel = weights.transpose(0, 3, 1, 2)  # o h w i → o i h w
        size = (kernel.shape[2], kernel.shape[3])
        dilation = (op.options.DilationHFactor(), op.options.DilationWFactor())
        inputs = [
            self._value(op.inputs[0]),
            self._filled(op.inputs[1], kernel, width, depth, *size),
        ]
        if len(op.inputs) > 2 and op.inputs[2] >= 0:
            inputs.append(self._filled(op.inputs[2], self._constant(op.inputs[2]), width))
        return self.writer.node(
            "Conv",
            inputs,
            kernel_shape=size,
            strides=[op.options.StrideH(), op.options.StrideW()],
            dilations=dilation,
            pads=self._pads(op, size, dilation),
            group=group,
        )

    def _max_pool(self, op: Operator) -> str:
        size = (op.options.FilterHeight(), op.options.FilterWidth())
        return self.writer.node(
            "MaxPool",
            [self._value(op.inputs[0])],
            kernel_shape=size,
            strides=[op.options.StrideH(), op.options.StrideW()],
            pads=self._pads(op, size, (1, 1)),
        )

    def _prelu(self, op: Operator) -> str:
        """Write x + (1 - slope) · ReLU(-x), both factors as convolutions of single channels.

        ONNX Runtime's PRelu is a scalar loop outside its blocked layout, which takes more time
        than all the rest of these networks. All of this form stays inside, for any slope.
        """
        slope = self._constant(op.inputs[1])
        if slope.size != slope.shape[-1] or self._rank(op.inputs[0]) != 4:
            raise ContractViolation(
                "The exporter knows PRELU of pictures with one slope per channel only."
            )
        value = self._value(op.inputs[0])
        width = self._width(op.inputs[0])
        turn = self.writer.constant(f"minus_{width}", np.full((width, 1, 1, 1), -1, np.float32))
        lift = self._filled(op.inputs[1], (1 - slope).reshape(-1, 1, 1, 1), width, 1, 1, 1)
        below = self.writer.node("Conv", [value, turn], kernel_shape=[1, 1], group=width)
        below = self.writer.node("Relu", [below])
        below = self.writer.node("Conv", [below, lift], kernel_shape=[1, 1], group=width)
        return self.writer.node("Add", [value, below])

    def _add(self, op: Operator) -> str:
        if self._rank(op.inputs[0]) != self._rank(op.inputs[1]):
            raise ContractViolation("The exporter knows ADD of tensors of equal rank only.")
        return self.writer.node("Add", [self._value(i) for i in op.inputs])

    def _pad(self, op: Operator) -> str:
        amounts = self._constant(op.inputs[1])
        if amounts.shape != (4, 2):
            raise ContractViolation("The exporter knows PAD of four-dimensional tensors only.")
        if pads_channels_only(self.graph, op):
            before = int(amounts[3, 0])
            value = self._value(op.inputs[0])
            depth, width = self._width(op.inputs[0]), self._width(op.outputs[0])
            if before == 0 and depth == width:
                return value  # it has been stored with the zeros from the beginning
            return self.writer.more_channels(value, depth, width, before)
        order = amounts[list(_TO_NCHW)]
        pads = np.concatenate([order[:, 0], order[:, 1]]).astype(np.int64)
        name = self.writer.constant("pads_" + "_".join(str(n) for n in pads), pads)
        return self.writer.node("Pad", [self._value(op.inputs[0]), name], mode="constant")

    def _reshape(self, op: Operator) -> str:
        shape = self._tensor(op.outputs[0]).shape
        if shape[0] != 1 or len(shape) == 4:
            raise ContractViolation(
                "The exporter knows RESHAPE to (N, …) of up to three axes only."
            )
        # 0 keeps the batch axis as it is.
        target = self.writer.constant(f"shape_{op.outputs[0]}", np.array([0, *shape[1:]], np.int64))
        return self.writer.node("Reshape", [self._channels_last(op.inputs[0]), target])

    def _concatenation(self, op: Operator) -> str:
        rank = self._rank(op.outputs[0])
        axis = op.options.Axis() % rank
        if rank == 4:
            axis = _AXIS[axis]
        return self.writer.node("Concat", [self._value(i) for i in op.inputs], axis=axis)

    def _resize(self, op: Operator) -> str:
        _, height, width, _ = self._tensor(op.inputs[0]).shape
        _, new_height, new_width, _ = self._tensor(op.outputs[0]).shape
        scales = np.array([1, 1, new_height / height, new_width / width], np.float32)
        mode = "asymmetric"
        if op.options.HalfPixelCenters():
            mode = "half_pixel"
        elif op.options.AlignCorners():
            mode = "align_corners"
        name = self.writer.constant(f"scales_{op.outputs[0]}", scales)
        return self.writer.node(
            "Resize",
            [self._value(op.inputs[0]), "", name],
            mode="linear",
            coordinate_transformation_mode=mode,
        )

    def _depth_to_space(self, op: Operator) -> str:
        """Write it channels last, where rows of whole pixels are moved, not single numbers."""
        _, height, width, channels = self._tensor(op.outputs[0]).shape
        block = op.options.BlockSize()
        rows, columns = height // block, width // block
        # 0 keeps the batch axis as it is.
        split = np.array([0, rows, columns, block, block * channels], np.int64)
        whole = np.array([0, height, width, channels], np.int64)
        number = op.outputs[0]
        value = self._channels_last(op.inputs[0])
        value = self.writer.node("Reshape", [value, self.writer.constant(f"split_{number}", split)])
        value = self.writer.node("Transpose", [value], perm=[0, 1, 3, 2, 4])
        self.channels_last.add(number)
        return self.writer.node("Reshape", [value, self.writer.constant(f"whole_{number}", whole)])

    def _relu(self, op: Operator) -> str:
        return self.writer.node("Relu", [self._value(op.inputs[0])])

    def _logistic(self, op: Operator) -> str:
        return self.writer.node("Sigmoid", [self._value(op.inputs[0])])


_WRITERS: dict[str, Callable[[_Export, Operator], str]] = {
    "ADD": _Export._add,
    "CONCATENATION": _Export._concatenation,
    "CONV_2D": _Export._convolution,
    "DEPTHWISE_CONV_2D": _Export._convolution,
    "DEPTH_TO_SPACE": _Export._depth_to_space,
    "LOGISTIC": _Export._logistic,
    "MAX_POOL_2D": _Export._max_pool,
    "PAD": _Export._pad,
    "PRELU": _Export._prelu,
    "RELU": _Export._relu,
    "RESHAPE": _Export._reshape,
    "RESIZE_BILINEAR": _Export._resize,
}
