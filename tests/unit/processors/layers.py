"""Layers of painted faces, and things before them."""

import cv2
import numpy as np

from gateway.faces.atlas import HEIGHT, WIDTH, atlas, places_in
from gateway.faces.face import Face
from gateway.faces.occlusion import Visibility
from gateway.faces.topology import LEFT_EYE, N_MESH, RIGHT_EYE
from gateway.imaging.geometry.warp import Region, bounding_region
from gateway.processors.base import Layer


def place_of(landmarks: np.ndarray, region: Region) -> np.ndarray:
    """Return where in the atlas each pixel of a region lies, (2, h, w); -1 beside the face."""
    return places_in(region, landmarks, atlas().place)


def layer_of(face: Face, image: np.ndarray) -> Layer:
    """Return the layer that puts a picture's own pixels where a face of it is."""
    region = bounding_region(face.landmarks[:N_MESH, :2], image.shape[:2], margin=6)
    place = place_of(face.landmarks, region)
    support = place[0] >= 0
    mask = cv2.GaussianBlur(support.astype(np.float32), (0, 0), 1.5) * support
    return Layer(region, region.of(image), mask, support, support, place, face.landmarks)


def covered(hidden: np.ndarray) -> Visibility:
    """Return what is seen of a face with something before it (HEIGHT, WIDTH), 0–1."""
    return Visibility(np.where(atlas().face, 1 - hidden, 1).astype(np.float32))


def nothing() -> np.ndarray:
    """Return a plane of the atlas with nothing before the face."""
    return np.zeros((HEIGHT, WIDTH), np.float32)


def atlas_pixel(x: float, y: float) -> tuple[int, int]:
    """Return the column and row of a point of the mean face."""
    apart = np.abs(atlas().mean - [x, y, 0])[..., :2].sum(-1) + 9 * ~atlas().face
    row, column = np.unravel_index(apart.argmin(), apart.shape)
    return int(column), int(row)


def frame(*, bridge: bool = True, rims: bool = True, thick: int = 3, lens: float = 0) -> np.ndarray:
    """Return glasses: two rings about the eyes, and what joins them."""
    hidden = nothing()
    for eye in (RIGHT_EYE, LEFT_EYE):
        centre = np.rint(atlas().place[list(eye)].mean(0)).astype(int).tolist()
        if lens:
            cv2.ellipse(hidden, centre, (10, 10), 0, 0, 360, lens, -1)
        if rims:
            cv2.ellipse(hidden, centre, (10, 10), 0, 0, 360, 1.0, thick)
    if bridge:
        cv2.line(hidden, atlas_pixel(-0.17, -0.4), atlas_pixel(0.17, -0.4), 1.0, thick)
    return hidden
