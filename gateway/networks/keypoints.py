"""LivePortrait's 21 keypoints: which of them an expression moves, how far, and where they lie.

J. Guo et al., "LivePortrait: Efficient portrait animation with stitching and retargeting control"
(2024). The ranges are those common expression restorers use, to four digits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gateway.arrays import F32, AnyFloat

NUMBER = 21
UPPER = (1, 2, 6, 10, 11, 12, 13, 15, 16)
"""Keypoints of eyes, brows and what moves with them."""
LOWER = (3, 7, 14, 17, 18, 19, 20)
"""Keypoints of mouth and jaw."""
OVERSHOOT = 1.2
"""How far an expression is gone beyond at a factor of 1: the extractor is shy."""

# fmt: off
_RANGES = np.array([
    [[-.02881, -.08127, -.001705], [.04467, .07088, .0004083]],
    [[-.04886, -.03322, -.0001674], [.02143, .06159, .00004853]],
    [[-.06754, -.04287, -.000199], [.03024, .0445, .00001283]],
    [[-.07231, -.03285, -.0007313], [.03059, .03798, .000657]],
    [[-.03871, -.06015, -.0005503], [.04457, .03973, .000711]],
    [[-.0638, -.2238, -.0007133], [.09437, .09859, .0002026]],
    [[-.03027, -.03932, -.000008241], [.01611, .02929, .000003447]],
    [[-.02958, -.05393, -.0001742], [.05238, .1071, .0006615]],
    [[-.02924, -.01531, -.00006305], [.002857, .008323, .0002393]],
    [[-.005565, -.02343, -.0001269], [.02579, .01609, .00002419]],
    [[-.04376, -.02778, -.02705], [.04908, .03439, .03224]],
    [[-.01769, -.01917, -.0001151], [.01448, .03392, .0001423]],
    [[-.008343, -.003998, -.00003275], [.0008757, .006822, .00002761]],
    [[-.03402, -.02819, -.0001967], [.0187, .0384, .00007331]],
    [[-.02919, -.03975, -.00002812], [.02017, .04905, .0000234]],
    [[-.01504, -.02495, -.00009426], [.02465, .03292, .00003486]],
    [[-.01679, -.0201, -.0004008], [.02225, .01218, .0001564]],
    [[-.01864, -.02485, -.02744], [.01721, .03016, .01366]],
    [[-.004612, -.01217, -.0002932], [.01835, .01611, .0002874]],
    [[-.041, -.07438, -.04428], [.03576, .1806, .02756]],
    [[-.01904, -.03744, -.01347], [.02175, .08668, .03342]],
])
# fmt: on
LEAST, MOST = _RANGES[:, 0], _RANGES[:, 1]
"""How far an expression moves each keypoint, (21, 3)."""


@dataclass(frozen=True, slots=True)
class Motion:
    """How N faces are held and what they show.

    Attributes:
        angles: float32 (N, 3), pitch, yaw and roll in degrees.
        scale: float32 (N, 1).
        translation: float32 (N, 3).
        expression: float32 (N, 21, 3), how far each keypoint is from rest.
        points: float32 (N, 21, 3), the keypoints at rest, seen from the front.
    """

    angles: F32
    scale: F32
    translation: F32
    expression: F32
    points: F32

    def part(self, start: int, end: int) -> Motion:
        """Return some of the faces, (n, …) of each."""
        fields = (self.angles, self.scale, self.translation, self.expression, self.points)
        return Motion(*(field[start:end] for field in fields))


def rotations(angles: AnyFloat) -> F32:
    """Return rotation matrices (N, 3, 3): about x by the pitch, then y by the yaw, z by the roll.

    Args:
        angles: (N, 3), pitch, yaw and roll in degrees, about axes that stay where they are.
    """
    cos, sin = (np.moveaxis(of(np.radians(angles)), -1, 0) for of in (np.cos, np.sin))
    matrices = []
    for axis in range(3):
        matrix = np.zeros((len(angles), 3, 3))
        first, second = [(1, 2), (2, 0), (0, 1)][axis]
        matrix[:, axis, axis] = 1
        matrix[:, first, first] = matrix[:, second, second] = cos[axis]
        matrix[:, second, first], matrix[:, first, second] = sin[axis], -sin[axis]
        matrices.append(matrix)
    about_x, about_y, about_z = matrices
    return np.asarray(about_z @ about_y @ about_x, np.float32)


def wished(own: F32, wanted: F32, factor: float, *, upper: bool, lower: bool) -> F32:
    """Return the expressions (N, 21, 3) faces are to show.

    Args:
        own: float32 (N, 21, 3), what they show.
        wanted: float32 (N, 21, 3), whose expression they are to show.
        factor: How much of that, 0–1.
        upper: Whether eyes and brows are to show it.
        lower: Whether mouth and jaw are.
    """
    moved = np.zeros((NUMBER, 1), np.float32)
    moved[[*(UPPER if upper else ()), *(LOWER if lower else ())]] = OVERSHOOT * factor
    return np.clip(own + (wanted - own) * moved, LEAST, MOST).astype(np.float32)


def placed(motion: Motion, expression: F32) -> F32:
    """Return where keypoints (N, 21, 3) lie when faces show expressions.

    Args:
        motion: How the faces are held.
        expression: float32 (N, 21, 3), what they show.
    """
    turned = motion.points @ rotations(motion.angles).swapaxes(1, 2)
    away = motion.translation[:, None]
    return np.asarray(motion.scale[:, :, None] * (turned + expression) + away, np.float32)
