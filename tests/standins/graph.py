"""A thin writer of small ONNX graphs, and what a stand-in is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET, IR_VERSION = 17, 9
ROWS = "N"
FLOAT32 = np.dtype(np.float32)
_ELEMENT = {
    FLOAT32: TensorProto.FLOAT,
    np.dtype(np.float64): TensorProto.DOUBLE,
    np.dtype(np.int64): TensorProto.INT64,
}


@dataclass(frozen=True)
class Tensor:
    """An input or output.

    `per_row` says whether `shape` has the rows' axis before it, as all but weights have.
    """

    name: str
    shape: tuple[int, ...]
    dtype: Any = FLOAT32
    per_row: bool = True

    def dims(self, rows: int | None) -> list[int | str]:
        return [*([rows or ROWS] if self.per_row else []), *self.shape]


@dataclass(frozen=True)
class StandIn:
    """A small graph in the place of a network.

    Attributes:
        inputs: With the real names, shapes and types.
        outputs: In the real order; the names do not matter.
        body: Writes the nodes: takes the graph, returns what becomes the outputs.
        last: Initialisers no node consumes, written last.
    """

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    body: Callable[[Graph], tuple[str, ...]]
    last: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def batched(self) -> bool:
        """Whether all that goes in and comes out has the rows' axis."""
        return all(tensor.per_row for tensor in (*self.inputs, *self.outputs))

    def build(self, name: str, rows: int | None) -> bytes:
        graph = Graph()
        for made, output in zip(self.body(graph), self.outputs, strict=True):
            graph.nodes.append(helper.make_node("Identity", [made], [output.name]))

        def info(tensor: Tensor) -> Any:
            return helper.make_tensor_value_info(
                tensor.name, _ELEMENT[tensor.dtype], tensor.dims(rows)
            )

        last = {key: np.asarray(value, np.float32) for key, value in self.last.items()}
        written = helper.make_graph(
            graph.nodes,
            name,
            [info(tensor) for tensor in self.inputs],
            [info(tensor) for tensor in self.outputs],
            [numpy_helper.from_array(v, k) for k, v in {**graph.constants, **last}.items()],
        )
        model = helper.make_model(
            written, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
        )
        onnx.checker.check_model(model, full_check=True)
        return bytes(model.SerializeToString(deterministic=True))


class Graph:
    """Collects nodes; calling it adds one and returns its output's name."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, np.ndarray] = {}

    def __call__(self, kind: str, *inputs: Any, outputs: int = 1, **attributes: Any) -> Any:
        names = [self.name_of(value) for value in inputs]
        made = [f"v{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, names, made, **attributes))
        return made[0] if outputs == 1 else made

    def name_of(self, value: Any) -> str:
        """Return a tensor's name; numbers and arrays become constants, float32 unless whole."""
        if isinstance(value, str):
            return value
        array = np.asarray(value)
        if array.dtype == np.float64:
            array = array.astype(np.float32)
        name = f"c{len(self.constants)}"
        self.constants[name] = array
        return name

    def total(self, *values: Any) -> str:
        """Return the sum of values that broadcast."""
        result = values[0]
        for value in values[1:]:
            result = self("Add", result, value)
        return result

    def waves(self, down: int, across: int) -> str:
        """Return a matrix of waves, see `waves`, without storing it."""
        rows = np.arange(down, dtype=np.float32)[:, None]
        columns = np.arange(across, dtype=np.float32)
        product = self("Mul", self("Mul", rows, columns), 0.0131)
        phase = self.total(product, self("Mul", columns, 0.3))
        return self("Sin", phase)

    def part(self, value: str, **spans: tuple[int, int]) -> str:
        """Return a part of planes (N, C, h, w): `rows` and `columns` from … to."""
        axes = {"channels": 1, "rows": 2, "columns": 3}
        for axis, (start, end) in spans.items():
            bounds = (np.array([bound], np.int64) for bound in (start, end, axes[axis]))
            value = self("Slice", value, *bounds)
        return value


def waves(down: int, across: int) -> np.ndarray:
    """Return a known matrix (down, across), float64, that nothing is symmetric in."""
    k, j = np.arange(down)[:, None], np.arange(across)
    return np.sin(0.0131 * k * j + 0.3 * j)


def ramp(size: int) -> np.ndarray:
    """Return where pixels lie on a side, 0–1."""
    return (np.arange(size) + 0.5) / size


def per_channel(values: tuple[float, ...]) -> np.ndarray:
    return np.array(values, np.float32)[:, None, None]
