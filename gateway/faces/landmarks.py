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

from gateway.faces.topology import (
    LEFT_EYE,
    LEFT_IRIS,
    N_LANDMARKS,
    N_MESH,
    RIGHT_EYE,
    RIGHT_IRIS,
    topology,
)
from gateway.imaging.geometry import (
    F64,
    AnyFloat,
    invert_affine,
    rotated_square_to_crop,
    transform_points,
)
from gateway.imaging.warp import crop_affine

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]

MESH_SIDE = 192
IRIS_SIDE = 64
MESH_MARGIN = 1.5
"""Side of the mesh network's crop as a multiple of the face's box."""
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


@dataclass(frozen=True, slots=True, eq=False)
class Crop:
    """A square crop of one face or eye.

    Attributes:
        pixels: uint8 (S, S, 3) RGB, black outside the picture.
        image_from_crop: float64 (2, 3).
        scale: Picture pixels per crop pixel.
    """

    pixels: U8
    image_from_crop: F64
    scale: float


def crop_square(
    image: U8, centre_xy: AnyFloat, side: float, angle_rad: float, crop_px: int
) -> Crop:
    """Cut a rotated square out of a picture; see `rotated_square_to_crop`."""
    side = max(side, 1.0)
    centre = float(centre_xy[0]), float(centre_xy[1])
    matrix = rotated_square_to_crop(centre, side, angle_rad, crop_px)
    return Crop(crop_affine(image, matrix, crop_px), invert_affine(matrix), side / crop_px)


def crop_from_detection(image: U8, box_xyxy: F32, side: float, points: F32) -> Crop:
    """Return the mesh network's crop for a detection: eyes level, 1.5 times the box.

    Args:
        image: uint8 (H, W, 3) RGB.
        box_xyxy: (4,) bounds of the detection.
        side: Longer side of the detection along its own axes.
        points: (6, 2), right eye and left eye first.
    """
    across = points[1] - points[0]
    angle = float(np.arctan2(across[1], across[0]))
    centre = (box_xyxy[:2] + box_xyxy[2:]) / 2
    return crop_square(image, centre, MESH_MARGIN * side, angle, MESH_SIDE)


def crop_from_landmarks(image: U8, landmarks: AnyFloat) -> Crop:
    """Return the mesh network's crop for a face whose landmarks (478, 3) are nearly known."""
    flat = landmarks[:N_MESH, :2]
    across = flat[263] - flat[33]
    angle = float(np.arctan2(across[1], across[0]))
    cos, sin = np.cos(angle), np.sin(angle)
    upright = flat @ np.array([[cos, -sin], [sin, cos]])
    low, high = upright.min(0), upright.max(0)
    middle = (low + high) / 2
    centre = np.array([cos * middle[0] - sin * middle[1], sin * middle[0] + cos * middle[1]])
    return crop_square(image, centre, MESH_MARGIN * float((high - low).max()), angle, MESH_SIDE)


def mesh_in_image(crop: Crop, mesh: F32) -> F64:
    """Bring the mesh network's output (468, 3) into the picture: (478, 3), irises at the eyes."""
    points = np.empty((N_LANDMARKS, 3))
    points[:N_MESH, :2] = transform_points(crop.image_from_crop, mesh[:, :2] - 0.5)
    points[:N_MESH, 2] = mesh[:, 2] * crop.scale
    points[list(RIGHT_IRIS)] = points[list(RIGHT_EYE)].mean(0)
    points[list(LEFT_IRIS)] = points[list(LEFT_EYE)].mean(0)
    return points


def eye_crops(image: U8, landmarks: AnyFloat) -> tuple[Crop, Crop]:
    """Return the iris network's crops: the subject's right eye, and the left eye mirrored."""
    crops = []
    for start, end in ((33, 133), (362, 263)):
        a, b = landmarks[start, :2], landmarks[end, :2]
        across = b - a
        crops.append(
            crop_square(
                image,
                (a + b) / 2,
                IRIS_MARGIN * float(np.hypot(*across)),
                float(np.arctan2(across[1], across[0])),
                IRIS_SIDE,
            )
        )
    right, left = crops
    # Mirrored in the crop: column j of the network's picture is column 63 - j of the crop.
    flip = np.array([[-1.0, 0.0, IRIS_SIDE - 1.0], [0.0, 1.0, 0.0]])
    matrix = left.image_from_crop @ np.vstack([flip, [0, 0, 1]])
    return right, Crop(np.ascontiguousarray(left.pixels[:, ::-1]), matrix, left.scale)


def refine_eyes(landmarks: F64, crops: tuple[Crop, Crop], contours: F32, irises: F32) -> F64:
    """Replace lids and irises by what the iris network saw.

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
