"""Stand-ins of LivePortrait's networks.

The motion extractor reads what it says out of cells of the crop; the generator paints the crop at
low resolution, and over it, in a field of its own for each keypoint, how far that was moved and
where it was.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from tests.standins.graph import FLOAT32, Graph, StandIn, Tensor, waves

TEMPLATE, SIDE, SEEN, CELL = "arcface_128", 512, 256, 16
POINTS = 21
MOVED, PLACED, GAIN, LEAST = 3.0, 0.5, 0.4, 0.3
EXPRESSION_CELLS = 5 * np.arange(POINTS) + 3
POINT_CELLS = 7 * np.arange(POINTS) + 50
ANGLE, ANGLE_CELLS = 400.0, (121, 138, 155)
SCALE_CELL, TRANSLATION_CELL = 172, 189

UPPER = [1, 2, 6, 10, 11, 12, 13, 15, 16]
LOWER = [3, 7, 14, 17, 18, 19, 20]
LIMITS = """
-.02881 -.08127 -.001705 .04467 .07088 .0004083
-.04886 -.03322 -.0001674 .02143 .06159 .00004853
-.06754 -.04287 -.000199 .03024 .0445 .00001283
-.07231 -.03285 -.0007313 .03059 .03798 .000657
-.03871 -.06015 -.0005503 .04457 .03973 .000711
-.0638 -.2238 -.0007133 .09437 .09859 .0002026
-.03027 -.03932 -.000008241 .01611 .02929 .000003447
-.02958 -.05393 -.0001742 .05238 .1071 .0006615
-.02924 -.01531 -.00006305 .002857 .008323 .0002393
-.005565 -.02343 -.0001269 .02579 .01609 .00002419
-.04376 -.02778 -.02705 .04908 .03439 .03224
-.01769 -.01917 -.0001151 .01448 .03392 .0001423
-.008343 -.003998 -.00003275 .0008757 .006822 .00002761
-.03402 -.02819 -.0001967 .0187 .0384 .00007331
-.02919 -.03975 -.00002812 .02017 .04905 .0000234
-.01504 -.02495 -.00009426 .02465 .03292 .00003486
-.01679 -.0201 -.0004008 .02225 .01218 .0001564
-.01864 -.02485 -.02744 .01721 .03016 .01366
-.004612 -.01217 -.0002932 .01835 .01611 .0002874
-.041 -.07438 -.04428 .03576 .1806 .02756
-.01904 -.03744 -.01347 .02175 .08668 .03342
"""
"""Of each keypoint: least x, y, z, most x, y, z."""


def _cells(graph: Graph) -> str:
    """Return the light of cells of the crop about grey: (N, 256, 3)."""
    means = graph("AveragePool", "input", kernel_shape=[CELL, CELL], strides=[CELL, CELL])
    flat = graph("Reshape", means, np.array([0, 3, -1], np.int64))
    return graph("Sub", graph("Transpose", flat, perm=[0, 2, 1]), 0.5)


def _motion(graph: Graph) -> tuple[str, ...]:
    cells = _cells(graph)

    def of(where: np.ndarray | list[int]) -> str:
        return graph("Gather", cells, np.asarray(where, np.int64), axis=1)

    def number(cell: int, channel: int) -> str:
        only = graph("Squeeze", of([cell]), np.array([1], np.int64))
        return graph("Gather", only, np.array([channel], np.int64), axis=1)

    angles = [graph("Mul", number(cell, i), ANGLE) for i, cell in enumerate(ANGLE_CELLS)]
    scale = graph("Add", number(SCALE_CELL, 0), 1.2)
    translation = graph("Squeeze", of([TRANSLATION_CELL]), np.array([1], np.int64))
    points = graph.total(graph("Mul", of(POINT_CELLS), 0.2), 0.3 * waves(POINTS, 3))
    expression = graph("Mul", of(EXPRESSION_CELLS), 0.5)
    return (*angles, scale, graph("Mul", translation, 0.3), expression, points)


def _features(graph: Graph) -> tuple[str]:
    small = graph("AveragePool", "input", kernel_shape=[4, 4], strides=[4, 4])
    volume = graph("Reshape", small, np.array([0, 1, 3, 64, 64], np.int64))
    volume = graph("Tile", volume, np.array([1, 32, 6, 1, 1], np.int64))
    return (graph("Slice", volume, *(np.array([i], np.int64) for i in (0, 16, 2))),)


def _resized(graph: Graph, value: str, down: int, across: int) -> str:
    scales = np.array([1, 1, down, across], np.float32)
    how = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    return graph("Resize", value, "", scales, mode="nearest", **how)


def _generator(graph: Graph) -> tuple[str]:
    first = graph("Slice", "feature_volume", *(np.array([i], np.int64) for i in (0, 1, 1)))
    first = graph("Slice", first, *(np.array([i], np.int64) for i in (0, 3, 2)))
    crop = _resized(graph, graph("Squeeze", first, np.array([1], np.int64)), 8, 8)
    moved = graph("Mul", graph("Sub", "source", "target"), MOVED)
    fields = graph("Add", moved, graph("Mul", "target", PLACED))
    fields = graph("Transpose", fields, perm=[0, 2, 1])
    fields = graph("Pad", fields, np.array([0, 0, 0, 0, 0, 32 - POINTS], np.int64))
    fields = graph("Reshape", fields, np.array([0, 3, 4, 8], np.int64))
    fields = _resized(graph, fields, 128, 64)
    return (graph.total(graph("Mul", crop, GAIN), LEAST, fields),)


def _read(crop: np.ndarray) -> dict[str, np.ndarray]:
    """Return what the motion extractor says of a crop, levels (512, 512, 3)."""
    cell = 2 * CELL
    light = (crop / 255 - 0.5).reshape(SEEN // CELL, cell, SEEN // CELL, cell, 3)

    def at(index: int) -> np.ndarray:
        row, column = divmod(int(index), SEEN // CELL)
        return light[row, :, column].mean((0, 1))

    return {
        "angles": np.array([ANGLE * at(index)[i] for i, index in enumerate(ANGLE_CELLS)]),
        "scale": at(SCALE_CELL)[0] + 1.2,
        "translation": 0.3 * at(TRANSLATION_CELL),
        "expression": np.array([0.5 * at(index) for index in EXPRESSION_CELLS]),
        "points": 0.3 * waves(POINTS, 3) + np.array([0.2 * at(index) for index in POINT_CELLS]),
    }


def expressed(
    shown: np.ndarray, wanted: np.ndarray, factor: float, regions: tuple[str, ...]
) -> np.ndarray:
    """Return levels (512, 512, 3), clipped, of a face with another's expression.

    Args:
        shown: The face's crop, levels (512, 512, 3).
        wanted: Likewise, whose expression it is to show.
        factor: 0–1.
        regions: Of "upper" and "lower".
    """
    own, other = _read(shown), _read(wanted)["expression"]
    limits = np.array(LIMITS.split(), float).reshape(POINTS, 2, 3)
    expression = own["expression"].copy()
    for name, where in (("upper", UPPER), ("lower", LOWER)):
        if name in regions:
            share = 1.2 * factor
            expression[where] = share * other[where] + (1 - share) * expression[where]
    expression = np.maximum(np.minimum(expression, limits[:, 1]), limits[:, 0])
    turn = Rotation.from_euler("xyz", own["angles"], degrees=True)
    rest = turn.apply(own["points"])
    driving, origin = (
        own["scale"] * (rest + shape) + own["translation"]
        for shape in (expression, own["expression"])
    )
    out = GAIN * shown.reshape(64, 8, 64, 8, 3).mean((1, 3)).repeat(8, 0).repeat(8, 1) / 255 + LEAST
    for index in range(POINTS):
        row, column = divmod(index, 8)
        paint = MOVED * (driving[index] - origin[index]) + PLACED * origin[index]
        out[128 * row : 128 * (row + 1), 64 * column : 64 * (column + 1)] += paint
    return 255 * np.clip(out, 0, 1)


def _vectors(*told: tuple[str, tuple[int, ...]]) -> tuple[Tensor, ...]:
    return tuple(Tensor(name, shape, FLOAT32) for name, shape in told)


_SEEN = _vectors(("input", (3, SEEN, SEEN)))
_VOLUME = (32, 16, 64, 64)
STANDINS = {
    "live_portrait_feature_extractor": StandIn(_SEEN, _vectors(("volume", _VOLUME)), _features),
    "live_portrait_motion_extractor": StandIn(
        _SEEN,
        _vectors(
            ("pitch", (1,)),
            ("yaw", (1,)),
            ("roll", (1,)),
            ("scale", (1,)),
            ("translation", (3,)),
            ("expression", (POINTS, 3)),
            ("motion_points", (POINTS, 3)),
        ),
        _motion,
    ),
    "live_portrait_generator": StandIn(
        _vectors(("feature_volume", _VOLUME), ("source", (POINTS, 3)), ("target", (POINTS, 3))),
        _vectors(("output", (3, SIDE, SIDE))),
        _generator,
    ),
}
