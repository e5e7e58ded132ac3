"""Stand-ins of networks that judge content: they weigh light by channel and place."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from tests.standins.graph import Graph, StandIn, Tensor, per_channel, ramp

BOXES = 8400
MEANS = {
    "nsfw_1": (0, 0, 0),
    "nsfw_2": (0.5, 0.5, 0.5),
    "nsfw_3": (0.48145466, 0.4578275, 0.40821073),
}
DEVIATIONS = {
    "nsfw_1": (1, 1, 1),
    "nsfw_2": (0.5, 0.5, 0.5),
    "nsfw_3": (0.26862954, 0.26130258, 0.27577711),
}
SIDES = {"nsfw_1": 640, "nsfw_2": 384, "nsfw_3": 448}
CHANNELS = (1.0, -0.6, 0.3)


def _weighed(graph: Graph, side: int) -> str:
    """Return one number per row (N, 1): light by channel, more of it below and on the left."""
    by_place = graph("Mul", graph("Mul", "input", ramp(side)[:, None]), 1 - ramp(side) / 2)
    by_channel = graph("Mul", by_place, per_channel(CHANNELS))
    mean = graph("ReduceMean", by_channel, axes=[2, 3], keepdims=0)
    return str(graph("ReduceSum", mean, np.array([1], np.int64), keepdims=1))


def _boxes(graph: Graph) -> tuple[str]:
    score = graph("Reshape", _weighed(graph, 640), np.array([-1, 1, 1], np.int64))
    rows = np.array([9, 9, 9, 9, -1, 0.2, 2, 0.5, -3.0])[:, None]
    return (graph("Mul", graph("Mul", score, rows), np.ones((1, BOXES))),)


def _two(graph: Graph) -> tuple[str]:
    return (graph("Mul", _weighed(graph, 384), np.array([3.0, -1.0])),)


def _four(graph: Graph) -> tuple[str]:
    return (graph("Mul", _weighed(graph, 448), np.array([-10.0, 5.0, 40.0, 20.0])),)


def squared(picture: np.ndarray, side: int) -> np.ndarray:
    """Return a picture, float levels (side, side, 3), in the middle of black."""
    height, width = picture.shape[:2]
    scale = side / max(height, width)
    y, x = np.mgrid[0:side, 0:side]
    at = [
        (y - (side - 1) / 2) / scale + (height - 1) / 2,
        (x - (side - 1) / 2) / scale + (width - 1) / 2,
    ]
    planes = [
        ndimage.map_coordinates(picture[..., c].astype(float), at, order=1, mode="grid-constant")
        for c in range(3)
    ]
    return np.stack(planes, -1)


def margin(name: str, picture: np.ndarray) -> float:
    """Return how far beyond what is fit a picture is."""
    side = SIDES[name]
    light = (squared(picture, side) / 255 - MEANS[name]) / DEVIATIONS[name]
    place = ramp(side)[:, None, None] * (1 - ramp(side) / 2)[None, :, None]
    number = float((light * place).mean((0, 1)) @ CHANNELS)
    if name == "nsfw_1":
        return max(number * row for row in (-1, 0.2, 2, 0.5, -3.0)) - 0.2
    if name == "nsfw_2":
        return 4 * number - 0.25
    return (40 + 20 + 10 - 5) * number - 10.5


STANDINS = {
    "nsfw_1": StandIn((Tensor("input", (3, 640, 640)),), (Tensor("output0", (9, BOXES)),), _boxes),
    "nsfw_2": StandIn((Tensor("input", (3, 384, 384)),), (Tensor("output", (2,)),), _two),
    "nsfw_3": StandIn((Tensor("input", (3, 448, 448)),), (Tensor("output", (4,)),), _four),
}
