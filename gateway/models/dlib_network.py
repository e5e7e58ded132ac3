"""dlib's face recognition network (ResNet-29), read from its file.

The file names its layers but not how they hang together, so that is stated here, and every
name in the file is compared with it. Layers are stored from the input to the output, after one
version number per layer from the output to the input.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gateway.errors import ContractViolation
from gateway.models.catalog import CatalogTensor
from gateway.models.dlib_format import DlibReader

# Residual blocks from the input to the output: whether each halves rows and columns. The levels
# have 32, 64, 128, 256 and 256 filters.
_HALVES = (
    *(False, False, False),
    *(True, False, False, False),
    *(True, False, False),
    *(True, False, False),
    *(True,),
)
_MARKERS = ("tag1", "tag2", "skip1")  # parts of the network's type that store a version only
_LAYER_VERSION, _FIRST_LAYER_VERSION, _MARKER_VERSION = 2, 3, 1


def _nothing() -> NDArray[np.float32]:
    return np.zeros(0, np.float32)


@dataclass(frozen=True, slots=True)
class DlibLayer:
    """One stored layer or marker; each kind uses the fields it needs.

    Attributes:
        kind: Which layer.
        weights: Filters (out, in, rows, columns), or the matrix (in, out) of `fc`.
        bias: Per output channel.
        gain: Per channel, of `affine`.
        window: Rows and columns of a pooling window; 0 = everything.
        stride: Down, across.
        padding: Down, across.
    """

    kind: str
    weights: NDArray[np.float32] = field(default_factory=_nothing)
    bias: NDArray[np.float32] = field(default_factory=_nothing)
    gain: NDArray[np.float32] = field(default_factory=_nothing)
    window: tuple[int, int] = (0, 0)
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)


def read_network(data: bytes, image: CatalogTensor) -> list[DlibLayer]:
    """Read all layers and markers, from the input to the output.

    Args:
        data: The `.dat` file.
        image: The contract of the input, which the file's input layer must agree with.

    Raises:
        ContractViolation: the file holds another network, or is damaged.
    """
    reader = DlibReader(data)
    layers = list(_layers(reader, image))
    if not reader.finished:
        raise ContractViolation("The dlib file goes on after the network's end.")
    return layers


def _architecture() -> Iterator[str]:
    """Yield the kinds of all layers and markers, from the input to the output."""
    yield from ("con", "affine", "relu", "max_pool")
    for halves in _HALVES:
        yield from ("tag1", "con", "affine", "relu", "con", "affine")
        if halves:
            yield from ("tag2", "skip1", "avg_pool")
        yield from ("add_prev", "relu")
    yield from ("avg_pool", "fc")


def _layers(reader: DlibReader, image: CatalogTensor) -> Iterator[DlibLayer]:
    kinds = list(_architecture())
    reader.expect_version(1, "a loss layer")
    reader.expect("loss_metric_2")
    reader.real(), reader.real()  # margin and distance threshold of the training
    for kind in reversed(kinds[1:]):
        marker = kind in _MARKERS
        reader.expect_version(_MARKER_VERSION if marker else _LAYER_VERSION, kind)
    reader.expect_version(_FIRST_LAYER_VERSION, "the first layer")
    _read_input(reader, image)
    for number, kind in enumerate(kinds):
        if kind in _MARKERS:
            yield DlibLayer(kind)
            continue
        yield _READERS[kind](reader)
        for _ in range(3):
            reader.boolean()
        for _ in range(3):
            reader.tensor()  # gradients and the last output; empty in a published network
        if number == 0:
            reader.expect_version(1, "the sample expansion")


def _read_input(reader: DlibReader, image: CatalogTensor) -> None:
    """Read the input layer, which must match the contract of the image."""
    reader.expect("input_rgb_image_sized")
    mean = [reader.real() for _ in range(3)]
    rows, columns = reader.integer(), reader.integer()
    if (rows, columns, 3) != image.shape or not np.allclose(mean, image.mean, atol=1e-4):
        raise ContractViolation(
            f"The dlib network takes {rows}×{columns} pixels with the means {mean}; "
            "the catalogue says otherwise."
        )


def _read_con(reader: DlibReader) -> DlibLayer:
    reader.expect("con_4")
    parameters = reader.tensor().ravel()
    filters, rows, columns = (reader.integer() for _ in range(3))
    stride = (reader.integer(), reader.integer())
    padding = (reader.integer(), reader.integer())
    shape = reader.alias_shape()
    bias_shape = reader.alias_shape()
    for _ in range(4):
        reader.real()  # learning rates and weight decays
    size = int(np.prod(shape))
    if (shape[0], *shape[2:]) != (filters, rows, columns) or bias_shape[1] != filters:
        raise ContractViolation("A convolution of the dlib file contradicts itself.")
    if len(parameters) != size + filters:
        raise ContractViolation("A convolution of the dlib file lacks parameters.")
    weights = parameters[:size].reshape(shape)
    return DlibLayer("con", weights, parameters[size:], stride=stride, padding=padding)


def _read_affine(reader: DlibReader) -> DlibLayer:
    reader.expect("affine_")
    parameters = reader.tensor().ravel()
    channels = reader.alias_shape()[1]
    reader.alias_shape()
    per_channel = reader.integer() == 0
    if not per_channel or len(parameters) != 2 * channels:
        raise ContractViolation("An affine layer of the dlib file is not one per channel.")
    return DlibLayer("affine", gain=parameters[:channels], bias=parameters[channels:])


def _read_pool(reader: DlibReader, kind: str) -> DlibLayer:
    reader.expect(f"{kind}_2")
    window, stride, padding = ((reader.integer(), reader.integer()) for _ in range(3))
    return DlibLayer(kind, window=window, stride=stride, padding=padding)


def _read_fc(reader: DlibReader) -> DlibLayer:
    reader.expect("fc_2")
    outputs, inputs = reader.integer(), reader.integer()
    weights = reader.tensor()
    reader.alias_shape(), reader.alias_shape()
    reader.integer()  # bias mode; without a bias there are no rows beyond the inputs
    for _ in range(4):
        reader.real()
    if weights.shape != (inputs, outputs, 1, 1):
        raise ContractViolation("The last layer of the dlib file has a bias or another shape.")
    return DlibLayer("fc", weights.reshape(inputs, outputs))


def _read_plain(reader: DlibReader, kind: str) -> DlibLayer:
    reader.expect(f"{kind}_")
    return DlibLayer(kind)


_READERS = {
    "con": _read_con,
    "affine": _read_affine,
    "relu": lambda reader: _read_plain(reader, "relu"),
    "add_prev": lambda reader: _read_plain(reader, "add_prev"),
    "max_pool": lambda reader: _read_pool(reader, "max_pool"),
    "avg_pool": lambda reader: _read_pool(reader, "avg_pool"),
    "fc": _read_fc,
}
