"""Stand-in of Face Mesh: every coordinate is a known mixture of what a few places show."""

from __future__ import annotations

import numpy as np

from tests.standins.graph import Graph, StandIn, Tensor, waves

SIDE, SPOTS = 192, 4
NUMBERS = 1404


def _body(graph: Graph) -> tuple[str]:
    pooled = graph(
        "AveragePool",
        graph("Transpose", "input_1", perm=[0, 3, 1, 2]),
        kernel_shape=[SIDE // SPOTS] * 2,
        strides=[SIDE // SPOTS] * 2,
    )
    seen = graph("Flatten", pooled, axis=1)
    mixed = graph("MatMul", seen, waves(3 * SPOTS**2, NUMBERS).astype(np.float32))
    return (graph("Reshape", mixed, np.array([-1, 1, 1, NUMBERS], np.int64)),)


def landmarks(crop: np.ndarray) -> np.ndarray:
    """Return the points (468, 3) that the stand-in sees in a crop, uint8 RGB (192, 192, 3)."""
    step = SIDE // SPOTS
    seen = [
        crop[row : row + step, column : column + step, channel].mean() / 255
        for channel in range(3)
        for row in range(0, SIDE, step)
        for column in range(0, SIDE, step)
    ]
    return (np.array(seen) @ waves(len(seen), NUMBERS)).reshape(-1, 3)


STANDINS = {
    "face_mesh_468": StandIn(
        (Tensor("input_1", (SIDE, SIDE, 3)),), (Tensor("conv2d_21", (1, 1, NUMBERS)),), _body
    )
}
