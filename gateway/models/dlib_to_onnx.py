"""dlib's face recognition network (ResNet-29) to ONNX."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gateway.errors import ContractViolation
from gateway.models.catalog import ModelEntry
from gateway.models.dlib_network import DlibLayer, read_network
from gateway.models.onnx_graph import GraphWriter


@dataclass(frozen=True, slots=True)
class _Value:
    """A tensor of the ONNX graph: its name and its shape (channels, rows, columns)."""

    name: str
    shape: tuple[int, int, int]


def dlib_resnet_to_onnx(data: bytes, entry: ModelEntry) -> bytes:
    """Export dlib's face recognition network.

    Args:
        data: The `.dat` file.
        entry: The model's contract: one image input, one output of 128 numbers.

    Returns:
        The ONNX model's bytes, with the batch axis `N` open.

    Raises:
        ContractViolation: the file holds another network, or is damaged.
    """
    (image,) = entry.inputs
    (embedding,) = entry.outputs
    layers = read_network(data, image)
    writer = GraphWriter(entry)
    height, width, channels = image.shape
    value = _Value(writer.image_front(image), (channels, height, width))
    value = _Writer(writer).run(layers, value)
    writer.head(embedding, value.name, value.shape)
    return writer.finish()


class _Writer:
    """Writes the layers one after the other, keeping what tags refer to."""

    def __init__(self, writer: GraphWriter) -> None:
        self._onnx = writer
        self._tags: dict[str, _Value] = {}
        self._count = 0

    def run(self, layers: list[DlibLayer], value: _Value) -> _Value:
        previous = "tag1"
        convolution = None
        for layer in layers:
            if layer.kind == "con":
                convolution = layer
            elif layer.kind == "affine" and convolution is not None:
                value = self._convolution(convolution, layer, value)
            elif layer.kind in ("tag1", "tag2"):
                self._tags[layer.kind] = value
                previous = layer.kind
            elif layer.kind == "skip1":
                value = self._tags["tag1"]
            elif layer.kind == "add_prev":
                value = self._add(value, self._tags[previous])
            elif layer.kind == "relu":
                value = _Value(self._onnx.node("Relu", [value.name]), value.shape)
            elif layer.kind == "fc":
                value = self._matrix(layer, value)
            else:
                value = self._pool(layer, value)
        return value

    def _convolution(self, layer: DlibLayer, affine: DlibLayer, value: _Value) -> _Value:
        """Write a convolution with the affine layer behind it folded into its weights."""
        weights = layer.weights * affine.gain[:, None, None, None]
        bias = layer.bias * affine.gain + affine.bias
        if weights.shape[1] != value.shape[0]:
            raise ContractViolation("A convolution of the dlib file does not fit its input.")
        self._count += 1
        name = self._onnx.node(
            "Conv",
            [
                value.name,
                self._onnx.constant(f"conv{self._count}_weights", weights),
                self._onnx.constant(f"conv{self._count}_bias", bias),
            ],
            kernel_shape=weights.shape[2:],
            strides=layer.stride,
            pads=layer.padding * 2,
        )
        window = (weights.shape[2], weights.shape[3])
        return _Value(name, (weights.shape[0], *_pooled(value, window, layer)))

    def _pool(self, layer: DlibLayer, value: _Value) -> _Value:
        if layer.window == (0, 0):
            name = self._onnx.node("GlobalAveragePool", [value.name])
            return _Value(name, (value.shape[0], 1, 1))
        if layer.kind == "avg_pool" and any(layer.padding):
            raise ContractViolation("Average pooling of the dlib file is padded.")
        name = self._onnx.node(
            "MaxPool" if layer.kind == "max_pool" else "AveragePool",
            [value.name],
            kernel_shape=layer.window,
            strides=layer.stride,
            pads=layer.padding * 2,
        )
        return _Value(name, (value.shape[0], *_pooled(value, layer.window, layer)))

    def _add(self, a: _Value, b: _Value) -> _Value:
        """Add two tensors of different sizes as dlib does: zeros fill the smaller one's ends."""
        shape = tuple(max(m, n) for m, n in zip(a.shape, b.shape, strict=True))
        total = (shape[0], shape[1], shape[2])
        names = [self._grown(value, total) for value in (a, b)]
        return _Value(self._onnx.node("Add", names), total)

    def _grown(self, value: _Value, shape: tuple[int, int, int]) -> str:
        missing = [n - m for m, n in zip(value.shape, shape, strict=True)]
        if not any(missing):
            return value.name
        if not any(missing[1:]):
            return self._onnx.more_channels(value.name, value.shape[0], shape[0])
        pads = np.array([0, 0, 0, 0, 0, *missing], np.int64)
        name = self._onnx.constant("pads_" + "_".join(map(str, missing)), pads)
        return self._onnx.node("Pad", [value.name, name], mode="constant")

    def _matrix(self, layer: DlibLayer, value: _Value) -> _Value:
        shape = self._onnx.constant("flat_shape", np.array([0, value.shape[0]], np.int64))
        flat = self._onnx.node("Reshape", [value.name, shape])
        weights = self._onnx.constant("fc_weights", layer.weights)
        return _Value(self._onnx.node("MatMul", [flat, weights]), (layer.weights.shape[1], 1, 1))


def _pooled(value: _Value, window: tuple[int, int], layer: DlibLayer) -> tuple[int, int]:
    """Return rows and columns after a window has moved over the value; the rest is cut off."""
    rows, columns = (
        (size + 2 * pad - width) // step + 1
        for size, pad, width, step in zip(
            value.shape[1:], layer.padding, window, layer.stride, strict=True
        )
    )
    return rows, columns
