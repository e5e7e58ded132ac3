"""Stand-ins of detectors: they see a face where there is light of one colour.

Blue light makes a face of the grid of stride 8, in its very first cell, green one of stride 16, red
one of stride 32; each has a score, proportions and points of its own.
"""

from __future__ import annotations

import numpy as np

from tests.standins.graph import Graph, StandIn, Tensor

SIDE, STRIDES = 640, (8, 16, 32)
SCORES = (0.9, 0.8, 0.7)
PROPORTIONS = ((1.0, 1.3), (0.9, 1.2), (1.1, 1.15))
POINTS = (
    ((-0.2, -0.2), (0.21, -0.22), (0.02, 0.0), (-0.15, 0.25), (0.16, 0.22)),
    ((-0.25, -0.18), (0.2, -0.15), (0.05, 0.05), (-0.12, 0.3), (0.2, 0.28)),
    ((-0.18, -0.25), (0.24, -0.2), (-0.03, 0.02), (-0.2, 0.2), (0.12, 0.24)),
)
"""Width and height, and five points from the centre, in sides of a square that shines as much."""
CELLS = (0, 3 * 40 + 7, 399)
"""Row by row, which cell of its grid sees each."""
TRUST = (1.3, 0.81, 0.9)
"""What YuNet's stand-in says beside its probability; beyond 1 it counts as 1."""
SCALES = {
    "scrfd_2.5g": (127.5, 128.0),
    "retinaface_10g": (127.5, 128.0),
    "yolo_face": (0.0, 255.0),
    "yunet": (0.0, 1.0),
}
"""Level of zero, and levels of one."""


def _faces(graph: Graph, name: str) -> list[tuple[str, str, str]]:
    """Return centre (N, 2), width and height (N, 2) and points (N, 10) of the three faces."""
    zero, unit = SCALES[name]
    light = graph("Mul", graph("Add", graph("Mul", "input", unit), zero), 1 / 255)
    axes, place = np.array([2, 3], np.int64), (np.arange(SIDE) + 0.5).astype(np.float32)
    total = graph("Add", graph("ReduceSum", light, axes, keepdims=0), 1e-6)
    means = [
        graph("Div", graph("ReduceSum", graph("Mul", light, at), axes, keepdims=0), total)
        for at in (place, place[:, None])
    ]
    sides = graph("Sqrt", graph("Abs", total))
    found = []
    for channel in range(3):
        one = np.array([channel], np.int64)
        side = graph("Gather", sides, one, axis=1)
        centre = graph("Concat", *(graph("Gather", m, one, axis=1) for m in means), axis=1)
        points = graph(
            "Add",
            graph("Concat", *([centre] * 5), axis=1),
            graph("Mul", side, np.array(POINTS[channel], np.float32).reshape(1, 10)),
        )
        size = graph("Mul", side, np.array([PROPORTIONS[channel]], np.float32))
        found.append((centre, size, points))
    return found


def _corner(stride: int, cell: int) -> tuple[int, int]:
    across = SIDE // stride
    return cell % across * stride, cell // across * stride


def _only(number: int, at: int) -> np.ndarray:
    """Return a column of nothing but a one."""
    column = np.zeros((number, 1), np.float32)
    column[at] = 1
    return column


def _anchors(name: str):
    def body(graph: Graph) -> tuple[str, ...]:
        levels = []
        for n, (centre, size, points) in enumerate(_faces(graph, name)):
            stride, (x, y) = STRIDES[n], _corner(STRIDES[n], CELLS[n])
            number = 2 * (SIDE // stride) ** 2
            at = _only(number, 2 * CELLS[n] + n % 2)
            half, away = graph("Mul", size, 0.5), np.array([[x, y]], np.float32)
            left_top = graph("Sub", away, graph("Sub", centre, half))
            right_bottom = graph("Sub", graph("Add", centre, half), away)
            far = graph("Concat", left_top, right_bottom, axis=1)
            near = graph("Sub", points, np.array([[x, y] * 5], np.float32))
            levels.append(
                (
                    graph("Mul", np.float32(SCORES[n]), graph("Identity", at)),
                    graph("Mul", at, graph("Mul", far, 1 / stride)),
                    graph("Mul", at, graph("Mul", near, 1 / stride)),
                )
            )
        return tuple(level[kind] for kind in range(3) for level in levels)

    return body


def _yolo(graph: Graph) -> tuple[str]:
    columns = []
    for n, (centre, size, points) in enumerate(_faces(graph, "yolo_face")):
        nothing = graph("Mul", graph("Gather", size, np.array([0], np.int64), axis=1), 0.0)
        one = graph("Add", nothing, SCORES[n])
        rows = [centre, size, one]
        for point in range(5):
            rows += [graph("Gather", points, np.array([2 * point, 2 * point + 1]), axis=1), one]
        column = graph("Unsqueeze", graph("Concat", *rows, axis=1), np.array([2], np.int64))
        columns.append(graph("Mul", column, _only(8400, (0, 5000, 8399)[n]).T[None]))
    return (graph.total(*columns),)


def _yunet(graph: Graph) -> tuple[str, ...]:
    levels = []
    for n, (centre, size, points) in enumerate(_faces(graph, "yunet")):
        stride, (x, y) = STRIDES[n], _corner(STRIDES[n], CELLS[n])
        at = _only((SIDE // stride) ** 2, CELLS[n])[None]
        nothing = graph("Unsqueeze", graph("Mul", centre, 0.0), np.array([1], np.int64))
        nothing = graph("ReduceSum", nothing, np.array([2], np.int64), keepdims=1)

        def grid(row: str, at: np.ndarray = at) -> str:
            return graph("Mul", graph("Unsqueeze", row, np.array([1], np.int64)), at)

        def constant(value: float, at: np.ndarray = at, nothing: str = nothing) -> str:
            return graph("Add", nothing, (value * at).astype(np.float32))

        away = graph("Sub", centre, np.array([[x, y]], np.float32))
        box = graph(
            "Concat",
            graph("Mul", away, 1 / stride),
            graph("Log", graph("Mul", size, 1 / stride)),
            axis=1,
        )
        near = graph("Sub", points, np.array([[x, y] * 5], np.float32))
        levels.append(
            (
                constant(SCORES[n] ** 2 / min(TRUST[n], 1)),
                constant(TRUST[n]),
                grid(box),
                grid(graph("Mul", near, 1 / stride)),
            )
        )
    return tuple(level[kind] for kind in range(4) for level in levels)


def _outputs(widths: tuple[int, ...], each: int, *, per_row: bool) -> tuple[Tensor, ...]:
    return tuple(
        Tensor(f"out_{n}_{stride}", (each * (SIDE // stride) ** 2, width), per_row=per_row)
        for n, width in enumerate(widths)
        for stride in STRIDES
    )


_ONE = (Tensor("input", (1, 3, SIDE, SIDE), per_row=False),)
_ROWS = (Tensor("input", (3, SIDE, SIDE)),)
STANDINS = {
    **{
        name: StandIn(_ONE, _outputs((1, 4, 10), 2, per_row=False), _anchors(name))
        for name in ("scrfd_2.5g", "retinaface_10g")
    },
    "yolo_face": StandIn(_ROWS, (Tensor("output0", (20, 8400)),), _yolo),
    "yunet": StandIn(_ROWS, _outputs((1, 1, 4, 10), 1, per_row=True), _yunet),
}

PLACES = ((700, 500, 90, 60), (140, 420, 50, 80), (400, 90, 70, 72))
"""Left, top, width and height of a blue, a green and a red rectangle."""


def shown(height: int = 720, width: int = 960) -> np.ndarray:
    """Return a picture with a rectangle of each colour, uint8 RGB."""
    image = np.zeros((height, width, 3), np.uint8)
    for channel, (left, top, across, down) in zip((2, 1, 0), PLACES, strict=True):
        image[top : top + down, left : left + across, channel] = 255
    return image


def found(angle: int) -> tuple[np.ndarray, ...]:
    """Return scores (3,), sides (3,), boxes (3, 4) and five points (3, 5, 2) in that picture.

    Args:
        angle: Degrees by which it is seen turned counter-clockwise, 0 or 90.
    """
    sides, boxes, points = [], [], []
    for n, (left, top, across, down) in enumerate(PLACES):
        centre = np.array([left + across / 2, top + down / 2]) - 0.5
        shines = np.sqrt(across * down)
        five = np.array(POINTS[n])
        if angle == 90:  # what is right in the view is down in the picture, what is down is left
            five = np.stack([-five[:, 1], five[:, 0]], 1)
        five = centre + shines * five
        eyes, mouth = five[:2].mean(0), five[3:].mean(0)
        side = 0.95 * shines * np.sqrt(PROPORTIONS[n][0] * PROPORTIONS[n][1])
        middle = centre + 0.18 * (mouth - eyes)
        sides.append(side)
        boxes.append([*(middle - side / 2), *(middle + side / 2)])
        points.append(five)
    return np.array(SCORES), np.array(sides), np.array(boxes), np.array(points)
