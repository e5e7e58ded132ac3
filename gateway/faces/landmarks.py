"""Face Mesh and iris networks: crops in, 478 points in picture pixels out.

(Y. Kartynnik et al., "Real-time facial surface geometry from monocular video on mobile GPUs",
2019; A. Ablavatski et al., "Real-time pupil tracking from monocular video", 2020.)

Networks give crop coordinates with the crop's *edge* at 0; everything here has pixel centres at
whole numbers, half a pixel less.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gateway.arrays import F32, F64, U8, AnyFloat
from gateway.faces.topology import (
    LEFT_EYE,
    LEFT_IRIS,
    N_LANDMARKS,
    N_MESH,
    RIGHT_EYE,
    RIGHT_IRIS,
    topology,
)
from gateway.imaging.geometry.transforms import (
    invert_affine,
    rotated_square_to_crop,
    transform_points,
)
from gateway.imaging.geometry.warp import crop_affine

MESH_SIDE = 192
IRIS_SIDE = 64
MESH_MARGIN = 1.5
"""Side of the mesh network's crop as a multiple of the face's box."""
CROP_TOLERANCE = 0.12
"""Distance of a crop's corners from where they should be, as a fraction of its side, up to which
the mesh changes by less than a hundredth of the face's width."""
IRIS_MARGIN = 2.3
"""Side of the iris network's crop as a multiple of the eye's width."""

# Where the iris network's 48 lid points lie on the mesh, for the subject's left eye.
# fmt: off
_LEFT_LIDS = (
    263, 249, 390, 373, 374, 380, 381, 382, 362, 466, 388, 387, 386, 385, 384, 398,
    359, 255, 339, 254, 253, 252, 256, 341, 463, 467, 260, 259, 257, 258, 286, 414,
    446, 261, 448, 449, 450, 451, 452, 453, 464, 342, 445, 444, 443, 442, 441, 413,
)
# fmt: on


@dataclass(frozen=True, slots=True)
class Square:
    """A square in a picture.

    Attributes:
        x: Centre in pixels.
        y: Centre in pixels.
        side: In pixels, ≥ 1.
        angle: Of its upper edge in the picture, radians, positive clockwise on screen.
    """

    x: float
    y: float
    side: float
    angle: float


@dataclass(frozen=True, slots=True, eq=False)
class Crop:
    """A square crop of one face or eye.

    Attributes:
        pixels: uint8 (S, S, 3) RGB, black outside the picture.
        image_from_crop: float64 (2, 3).
        square: Where it was cut.
    """

    pixels: U8
    image_from_crop: F64
    square: Square

    @property
    def scale(self) -> float:
        """Picture pixels per crop pixel."""
        return self.square.side / len(self.pixels)

    def fits(self, wanted: Square) -> bool:
        """Return whether this crop's corners lie near enough to those of the wanted square."""
        return bool(
            np.abs(_corners(self.square) - _corners(wanted)).max() < CROP_TOLERANCE * wanted.side
        )


def _corners(square: Square) -> NDArray[np.complex128]:
    """The four corners as complex numbers x + iy."""
    diagonal = square.side / 2 * np.exp(1j * (square.angle + np.pi / 4 * np.array([1, 3, 5, 7])))
    return np.asarray(np.sqrt(2) * diagonal + complex(square.x, square.y))


def crop_square(image: U8, square: Square, crop_px: int) -> Crop:
    """Cut a square out of a picture (H, W, 3); see `rotated_square_to_crop`."""
    matrix = rotated_square_to_crop((square.x, square.y), square.side, square.angle, crop_px)
    return Crop(crop_affine(image, matrix, crop_px), invert_affine(matrix), square)


def crop_from_detection(image: U8, box_xyxy: F32, side: float, points: F32) -> Crop:
    """Return the mesh network's crop for a detection: eyes level, 1.5 times the box.

    Args:
        image: uint8 (H, W, 3) RGB.
        box_xyxy: (4,) bounds of the detection.
        side: Longer side of the detection along its own axes.
        points: (6, 2), right eye and left eye first.
    """
    across = points[1] - points[0]
    x, y = (box_xyxy[:2] + box_xyxy[2:]) / 2
    angle = float(np.arctan2(across[1], across[0]))
    side = max(MESH_MARGIN * float(side), 1.0)
    return crop_square(image, Square(float(x), float(y), side, angle), MESH_SIDE)


def square_of_landmarks(landmarks: AnyFloat) -> Square:
    """Return the input square of the mesh network for a face of landmarks (478, 3)."""
    flat = landmarks[:N_MESH, :2]
    across = flat[263] - flat[33]
    angle = float(np.arctan2(across[1], across[0]))
    cos, sin = np.cos(angle), np.sin(angle)
    upright = flat @ np.array([[cos, -sin], [sin, cos]])
    low, high = upright.min(0), upright.max(0)
    x, y = (low + high) / 2
    side = max(MESH_MARGIN * float((high - low).max()), 1.0)
    return Square(float(cos * x - sin * y), float(sin * x + cos * y), side, angle)


def mesh_in_image(crop: Crop, mesh: F32) -> F64:
    """Bring the mesh network's output (468, 3) into the picture: (478, 3), irises at the eyes."""
    points = np.empty((N_LANDMARKS, 3))
    points[:N_MESH, :2] = transform_points(crop.image_from_crop, mesh[:, :2] - 0.5)
    points[:N_MESH, 2] = mesh[:, 2] * crop.scale
    points[list(RIGHT_IRIS)] = points[list(RIGHT_EYE)].mean(0)
    points[list(LEFT_IRIS)] = points[list(LEFT_EYE)].mean(0)
    return points


def eye_crops(image: U8, landmarks: AnyFloat) -> tuple[Crop, Crop]:
    """Return the iris network's crops: the subject's right eye, and the left eye mirrored.

    Args:
        image: uint8 (H, W, 3) RGB.
        landmarks: (478, 3) in picture pixels.
    """
    crops = []
    for start, end in ((33, 133), (362, 263)):
        a, b = landmarks[start, :2], landmarks[end, :2]
        x, y = (a + b) / 2
        side = max(IRIS_MARGIN * float(np.hypot(*(b - a))), 1.0)
        angle = float(np.arctan2(*(b - a)[::-1]))
        crops.append(crop_square(image, Square(float(x), float(y), side, angle), IRIS_SIDE))
    right, left = crops
    # Mirrored in the crop: column j of the network's picture is column 63 - j of the crop.
    flip = np.array([[-1.0, 0.0, IRIS_SIDE - 1.0], [0.0, 1.0, 0.0]])
    matrix = left.image_from_crop @ np.vstack([flip, [0, 0, 1]])
    return right, Crop(np.ascontiguousarray(left.pixels[:, ::-1]), matrix, left.square)


def refine_eyes(landmarks: F64, crops: tuple[Crop, Crop], contours: F32, irises: F32) -> F64:
    """Replace lids and irises by the iris network's output.

    Args:
        landmarks: float64 (478, 3).
        crops: Right and left eye, from `eye_crops`.
        contours: float32 (2, 71, 3), right eye first.
        irises: float32 (2, 5, 3): centre, then the edge.

    Returns:
        float64 (478, 3). Depth of the lids stays the mesh's; the irises lie at the lids' depth.
    """
    out = landmarks.copy()
    mirror = topology().mirror
    left_lids = np.array(_LEFT_LIDS)
    for eye, (lids, iris, ring) in enumerate(
        ((mirror[left_lids], RIGHT_IRIS, RIGHT_EYE), (left_lids, LEFT_IRIS, LEFT_EYE))
    ):
        matrix = crops[eye].image_from_crop
        out[lids, :2] = transform_points(matrix, contours[eye, : len(lids), :2] - 0.5)
        edge = transform_points(matrix, irises[eye, :, :2] - 0.5)
        # The picture's right, top, left, bottom, whichever way the crop was turned.
        out[list(iris), :2] = edge if eye == 0 else edge[[0, 3, 2, 1, 4]]
        out[list(iris), 2] = landmarks[list(ring), 2].mean()
    return out
