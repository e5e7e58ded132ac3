"""Pictures on which a pixel too far shows, and where faces are to be found in them."""

from __future__ import annotations

import numpy as np

from tests.standins.templates import points_in

FACES = 3


def picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Return waves, uint8 (height, width, 3), of which no two channels or directions are alike."""
    y, x = np.mgrid[0:height, 0:width]
    angles = np.random.default_rng(seed).uniform(0, 2 * np.pi, 6)
    planes = [
        127.5
        + 60 * np.sin(x / (5 + c) + y / (9 - c) + angles[c])
        + 60 * np.sin(y / (6 + 2 * c) - x / (11 + c) + angles[3 + c])
        for c in range(3)
    ]
    return np.rint(np.stack(planes, -1)).astype(np.uint8)


def pictures(number: int, side: int, seed: int = 0) -> np.ndarray:
    """Return several of them, uint8 (number, side, side, 3)."""
    return np.stack([picture(side, side, 100 * seed + i) for i in range(number)])


def faces(side: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return a picture and five points (3, 5, 2) of each of its faces, about `side` pixels large.

    The points lie on no template exactly, and each face is turned in another way.
    """
    image = picture(side + side // 4, side + side // 3, seed)
    odd = np.array([[0.01, -0.015], [-0.02, 0.01], [0.03, 0.0], [0.0, 0.02], [-0.01, 0.012]])
    base = points_in("arcface_112_v2", side) + odd * side
    turned = []
    for degrees, scale, shift in ((0.0, 1.0, 0.1), (17.0, 0.9, 0.2), (-40.0, 1.1, 0.05)):
        turn = np.radians(degrees)
        linear = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        turned.append((base - side / 2) @ linear.T + side / 2 + shift * side)
    return image, np.array(turned)
