"""Stand-ins of what says who a face is, and of what converts it."""

from __future__ import annotations

import numpy as np

from tests.standins.graph import Graph, StandIn, Tensor, waves

CELL, CELLS, LENGTH = 14, 3 * 8 * 8, 512
STRIDE = 37
SHIFTS = {"crossface_ghost": 11, "crossface_hififace": 101, "crossface_simswap": 251}


def _arcface(graph: Graph) -> tuple[str]:
    means = graph("AveragePool", "input", kernel_shape=[CELL, CELL], strides=[CELL, CELL])
    told = graph("MatMul", graph("Flatten", means), graph.waves(CELLS, LENGTH))
    return (graph("Mul", graph.total(told, np.cos(0.05 * np.arange(LENGTH))), 0.3),)


def arcface(crop: np.ndarray) -> np.ndarray:
    """Return the embedding (512,) of a crop, uint8 RGB (112, 112, 3)."""
    light = crop.astype(float) / 127.5 - 1
    cells = [
        light[row : row + CELL, column : column + CELL, channel].mean()
        for channel in range(3)
        for row in range(0, 112, CELL)
        for column in range(0, 112, CELL)
    ]
    return 0.3 * (np.array(cells) @ waves(CELLS, LENGTH) + np.cos(0.05 * np.arange(LENGTH)))


def _order(name: str) -> np.ndarray:
    return (np.arange(LENGTH) * STRIDE + SHIFTS[name]) % LENGTH


def _gain() -> np.ndarray:
    return 1 + 0.5 * np.sin(0.1 * np.arange(LENGTH))


def _crossface(name: str):
    def body(graph: Graph) -> tuple[str]:
        moved = graph("Gather", "input", _order(name).astype(np.int64), axis=1)
        return (graph.total(graph("Mul", moved, _gain()), 0.4 * np.cos(np.arange(LENGTH))),)

    return body


def crossface(name: str, raw: np.ndarray) -> np.ndarray:
    """Return an embedding (512,) in another space."""
    out = np.empty(LENGTH)
    for k in range(LENGTH):
        gain = 1 + 0.5 * np.sin(0.1 * k)
        out[k] = gain * raw[(k * STRIDE + SHIFTS[name]) % LENGTH] + 0.4 * np.cos(k)
    return out


def emap() -> np.ndarray:
    """Return the matrix, float32 (512, 512), that comes with inswapper's stand-in."""
    return (np.random.default_rng(7).normal(0, 1.2 / np.sqrt(LENGTH), (LENGTH, LENGTH))).astype(
        np.float32
    )


STANDINS = {
    "arcface_w600k_r50": StandIn(
        (Tensor("input", (3, 112, 112)),), (Tensor("683", (LENGTH,)),), _arcface
    ),
    **{
        name: StandIn(
            (Tensor("input", (LENGTH,)),), (Tensor("output", (LENGTH,)),), _crossface(name)
        )
        for name in SHIFTS
    },
}
