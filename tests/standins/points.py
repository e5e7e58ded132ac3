"""Stand-ins of landmarkers, which read points out of chosen cells of what they are shown."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from tests.standins.graph import Graph, StandIn, Tensor, ramp

POINTS, SIDE, GRID, CELL = 68, 256, 64, 16
STRIDE = 7


def _cells(count: int, cells: int) -> np.ndarray:
    return (np.arange(count) * STRIDE + 5) % cells


def _read(graph: Graph) -> str:
    """Return x, y and certainty (N, 68, 3), 0–1: cells of blue, green and red, in this order."""
    means = graph("AveragePool", "input", kernel_shape=[CELL, CELL], strides=[CELL, CELL])
    flat = graph("Reshape", means, np.array([0, 3, -1], np.int64))
    chosen = graph("Gather", flat, _cells(POINTS, (SIDE // CELL) ** 2), axis=2)
    return str(graph("Transpose", chosen, perm=[0, 2, 1]))


def _told(graph: Graph) -> str:
    return str(graph("Mul", _read(graph), np.array([GRID, GRID, 1.0])))


def _peppa(graph: Graph) -> tuple[str]:
    return (_told(graph),)


def _fan(graph: Graph) -> tuple[str, str]:
    read = _read(graph)
    certain = graph("Gather", read, np.array([2]), axis=2)
    hill = graph("Mul", ramp(GRID)[:, None] / ramp(GRID).max(), ramp(GRID) / ramp(GRID).max())
    maps = graph("Mul", graph("Reshape", certain, np.array([0, POINTS, 1, 1], np.int64)), hill)
    return graph("Mul", read, np.array([GRID, GRID, 0.3])), maps


def read(crop: np.ndarray) -> np.ndarray:
    """Return x, y in pixels of the crop from its edge, and certainty (68, 3), of levels in RGB."""
    found = []
    for cell in _cells(POINTS, (SIDE // CELL) ** 2):
        row, column = divmod(int(cell), SIDE // CELL)
        part = crop[row * CELL : (row + 1) * CELL, column * CELL : (column + 1) * CELL]
        red, green, blue = part.reshape(-1, 3).mean(0) / 255
        found.append((blue * SIDE, green * SIDE, red))
    return np.array(found)


def crop_around(image: np.ndarray, box: np.ndarray, turn: int) -> np.ndarray:
    """Return the crop, float levels (256, 256, 3), around a box, turned upright."""
    scale = 195 / max(box[2] - box[0], box[3] - box[1])
    middle = (box[:2] + box[2:]) / 2
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    at = [(y - (SIDE - 1) / 2) / scale + middle[1], (x - (SIDE - 1) / 2) / scale + middle[0]]
    planes = [
        ndimage.map_coordinates(image[..., c].astype(float), at, order=1, mode="grid-constant")
        for c in range(3)
    ]
    crop = np.stack(planes, -1)
    for _ in range(turn):
        crop = crop[:, ::-1].swapaxes(0, 1)  # what was at the right is at the top
    return crop


def placed(points: np.ndarray, box: np.ndarray, turn: int) -> np.ndarray:
    """Return where points (68, 2) of the upright crop are in the picture."""
    scale = 195 / max(box[2] - box[0], box[3] - box[1])
    away = points - SIDE / 2
    angle = np.pi / 2 * turn
    turned = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return away @ turned.T / scale + (box[:2] + box[2:]) / 2


_CROP = (Tensor("input", (3, SIDE, SIDE)),)
STANDINS = {
    "2dfan4": StandIn(
        _CROP, (Tensor("points", (POINTS, 3)), Tensor("maps", (POINTS, GRID, GRID))), _fan
    ),
    "peppa_wutz": StandIn(_CROP, (Tensor("output", (POINTS, 3)),), _peppa),
}
