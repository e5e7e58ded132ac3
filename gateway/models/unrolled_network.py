"""Our own networks that look at unrolled faces, as ONNX graphs.

They halve their picture three times and come back. The constant input of every pixel is the same
for all faces, so the first layer's answer to it is computed here and added as a constant.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from gateway.arrays import F32
from gateway.errors import ContractViolation
from gateway.faces import delight, glasses, occlusion, refiner
from gateway.models.catalog import ModelEntry
from gateway.models.onnx_graph import GraphWriter

HALVED = ("down1", "down2", "down3")
"""Layers that halve their picture."""
KNOWN_PLACES: Mapping[str, Callable[[], F32]] = MappingProxyType({
    occlusion.MODEL: occlusion.known_places,
    refiner.MODEL: refiner.known_places,
    glasses.MODEL: glasses.known_places,
    delight.MODEL: delight.known_places,
})  # fmt: skip
"""Each network's constant input for every pixel, float32 (p, h, w)."""


def unrolled_to_onnx(data: bytes, entry: ModelEntry) -> bytes:
    """Write the network of learned weights.

    Args:
        data: The `.npz` file that the network's program in `tools` writes.
        entry: The contract: levels (h, w, c) to planes (h, w, p) or (h, w).

    Returns:
        The ONNX model's bytes, with the batch axis `N` open.

    Raises:
        ContractViolation: the file holds something else.
    """
    try:
        places = KNOWN_PLACES[entry.name]()
        with np.load(io.BytesIO(data)) as arrays:
            weights = {name: arrays[name] for name in arrays.files}
        return _Writer(entry, weights, places).write()
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile):
        raise ContractViolation(f"The weights of {entry.name} are not of this network.") from None


class _Writer:
    def __init__(self, entry: ModelEntry, weights: Mapping[str, NDArray[Any]], places: F32) -> None:
        self._onnx = GraphWriter(entry)
        self._weights = weights
        self._places = places
        self._channels: dict[str, int] = {}

    def write(self) -> bytes:
        node = self._onnx.node
        entry = self._onnx.entry
        size = self._places.shape[1] // 2, self._places.shape[2] // 2
        coarser = _half(size)
        one = self._layer("in2", self._first())
        two = self._layer("mid1", self._layer("down1", one))
        three = self._layer("mid2", self._layer("down2", two))
        four = self._layer("mid3", self._layer("down3", three))
        back = self._layer("up3", self._joined(four, three, _half(coarser)))
        back = self._layer("up2", self._joined(back, two, coarser))
        back = self._layer("up1", self._joined(back, one, size))
        blocks = self._layer("out", back, relu=False)
        (answer,) = entry.outputs
        if self._channels[blocks] % 4:
            raise ValueError("out")
        fine = node("DepthToSpace", [blocks], blocksize=2, mode="CRD")
        out = node("Transpose", [fine], perm=[0, 2, 3, 1])
        shape = (*answer.shape[:2], self._channels[blocks] // 4)
        self._onnx.head(answer, out, shape)
        return self._onnx.finish()

    def _first(self) -> str:
        """Bring the levels to their scale, and run the first layer at half the resolution."""
        node, constant = self._onnx.node, self._onnx.constant
        (levels,) = self._onnx.entry.inputs
        x = node("Cast", [levels.name], to=TensorProto.FLOAT)
        x = node("Transpose", [x], perm=[0, 3, 1, 2])
        planes = levels.shape[-1]
        scales = self._weights["scales"].astype(np.float32)
        means = self._weights["means"].astype(np.float32)
        x = node("Sub", [x, constant("means", means.reshape(-1, 1, 1))])
        x = node("Mul", [x, constant("scales", scales.reshape(-1, 1, 1))])
        x = node("SpaceToDepth", [x], blocksize=2)
        weight, bias = self._numbers("in")
        # ONNX puts the four pixels of a block first, the channels second; the weights' order is
        # the other way round.
        width = len(weight)
        blocks = weight.reshape(width, -1, 4, 3, 3)
        own = blocks[:, :planes].transpose(0, 2, 1, 3, 4).reshape(width, 4 * planes, 3, 3)
        known = _convolved(_halved(self._places), blocks[:, planes:].reshape(width, -1, 3, 3))
        self._channels[x] = 4 * planes
        x = self._convolution("in", x, own, bias)
        out = node("Relu", [node("Add", [x, constant("known", known[None])])])
        self._channels[out] = width
        return out

    def _layer(self, name: str, value: str, *, relu: bool = True) -> str:
        out = self._convolution(name, value, *self._numbers(name))
        if not relu:
            return out
        rectified = self._onnx.node("Relu", [out])
        self._channels[rectified] = self._channels[out]
        return rectified

    def _convolution(self, name: str, value: str, weight: F32, bias: F32) -> str:
        # The checker of ONNX does not look at this.
        if weight.shape != (len(bias), self._channels[value], 3, 3):
            raise ValueError(name)
        step = 2 if name in HALVED else 1
        inputs = [
            value,
            self._onnx.constant(f"{name}_weight", weight),
            self._onnx.constant(f"{name}_bias", bias),
        ]
        out = self._onnx.node(
            "Conv", inputs, kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[step, step]
        )
        self._channels[out] = len(bias)
        return out

    def _joined(self, coarse: str, fine: str, size: tuple[int, int]) -> str:
        """Double a picture, as far as a finer one of that size reaches, and put that beside it."""
        scales = self._onnx.constant("double", np.array([1, 1, 2, 2], np.float32))
        large = self._onnx.node(
            "Resize",
            [coarse, "", scales],
            mode="nearest",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        )
        if any(side % 2 for side in size):
            ends = self._onnx.constant(
                "_".join(map(str, ("upto", *size))), np.array(size, np.int64)
            )
            starts = self._onnx.constant("starts", np.zeros(2, np.int64))
            axes = self._onnx.constant("axes", np.array([2, 3], np.int64))
            large = self._onnx.node("Slice", [large, starts, ends, axes])
        out = self._onnx.node("Concat", [large, fine], axis=1)
        self._channels[out] = self._channels[coarse] + self._channels[fine]
        return out

    def _numbers(self, name: str) -> tuple[F32, F32]:
        weight = self._weights[f"{name}_weight"].astype(np.float32)
        return weight, self._weights[f"{name}_bias"].astype(np.float32)


def _half(size: tuple[int, int]) -> tuple[int, int]:
    """Return the size of what a layer with steps of two makes of a picture."""
    return -(-size[0] // 2), -(-size[1] // 2)


def _halved(planes: F32) -> F32:
    """Return planes (c, h, w) as (c · 4, h / 2, w / 2): the pixels of each block side by side."""
    count, height, width = planes.shape
    blocks = planes.reshape(count, height // 2, 2, width // 2, 2)
    return np.ascontiguousarray(
        blocks.transpose(0, 2, 4, 1, 3).reshape(4 * count, height // 2, width // 2)
    )


def _convolved(planes: F32, weight: F32) -> F32:
    """Return a 3×3 convolution (o, h, w) of planes (c, h, w) with zeros around them."""
    padded = np.pad(planes, ((0, 0), (1, 1), (1, 1)))
    height, width = planes.shape[1:]
    total = np.zeros((len(weight), height, width))
    for y in range(3):
        for x in range(3):
            part = padded[:, y : y + height, x : x + width]
            total += np.einsum("oc,chw->ohw", weight[:, :, y, x], part)
    return total.astype(np.float32)
