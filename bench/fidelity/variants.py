"""What may befall a picture, rendered: other light and colours, another camera, covers."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from bench.fidelity.occluders import PAINTERS, occlude
from gateway.arrays import F32, U8, AnyFloat
from gateway.faces.topology import N_MESH, topology
from gateway.imaging.blend.multigrid import fill_harmonic
from gateway.imaging.geometry.raster import rasterise, vertex_normals
from tools.hard_light import light_gain, surface

Variant = Callable[[U8, F32], U8]
"""Given a picture (H, W, 3) and its face's landmarks (478, 3)."""

AMBIENT, DIRECT = 0.35, 0.95
GRID = 8  # pixels to a cell of the grid on which light is continued beyond the face
LIGHTS = {"left": (-0.85, -0.1, -0.5), "right": (0.85, -0.1, -0.5), "top": (0.0, -0.9, -0.45)}


def shading(landmarks: F32, shape: tuple[int, int], towards: tuple[float, float, float]) -> F32:
    """Return the light (H, W) that a face gets from somewhere, continued around it."""
    normals = vertex_normals(landmarks[:N_MESH].astype(np.float32), topology().triangles)
    light = np.array(towards) / np.linalg.norm(towards)
    lit = AMBIENT + DIRECT * np.clip(normals @ light, 0, 1)
    small = landmarks[:N_MESH] / np.float32(GRID)
    grid = -(-shape[0] // GRID), -(-shape[1] // GRID)
    plane = rasterise(
        small, topology().triangles, lit[:, None].astype(np.float32), grid, background=-1
    )
    plane = np.ascontiguousarray(plane[0][..., None])
    inpainting_sources = fill_harmonic(plane, plane[..., 0] >= 0)[..., 0]
    smooth = cv2.GaussianBlur(inpainting_sources, (0, 0), 1.5)
    large = cv2.resize(smooth, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    return np.asarray(large, np.float32)


def relit(side: str) -> Variant:
    def make(image: U8, landmarks: F32) -> U8:
        return _levels(image * shading(landmarks, image.shape[:2], LIGHTS[side])[..., None])

    return make


def hard_light(seed: int) -> Variant:
    """Light from anywhere that is as hard as the sun's, with the face's own shadows."""

    def make(image: U8, landmarks: F32) -> U8:
        mesh = landmarks[:N_MESH].astype(np.float32)
        attributes = np.concatenate([mesh, surface(mesh)], 1)
        planes = rasterise(mesh, topology().triangles, attributes, image.shape[:2])
        points, normals = planes[:3].transpose(1, 2, 0), planes[3:].transpose(1, 2, 0)
        normals = normals / np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-6)
        gain = light_gain(np.random.default_rng(seed), mesh, points, normals)
        inside = np.any(planes[3:], axis=0)[..., None]
        bright = float(np.median(gain[inside[..., 0]]))
        return _levels(image.astype(np.float32) * np.where(inside, gain / max(bright, 0.4), 1))

    return make


def tinted(gains: tuple[float, float, float]) -> Variant:
    return lambda image, _: _levels(image * np.array(gains))


def black_and_white(image: U8, _: F32) -> U8:
    return np.repeat(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None], 3, 2)


def backlit(image: U8, landmarks: F32) -> U8:
    """A dark face before a bright background."""
    middle = landmarks[:N_MESH, :2].mean(0)
    y, x = np.mgrid[: image.shape[0], : image.shape[1]]
    size = np.ptp(landmarks[:N_MESH, 1])
    away = np.hypot(x - middle[0], y - middle[1]) / size
    return _levels(image * (0.4 + 0.9 * np.clip(away - 0.7, 0, 1))[..., None])


def blurred(image: U8, _: F32) -> U8:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), 2.5), np.uint8)


def grained(image: U8, _: F32) -> U8:
    noise = np.random.default_rng(5).normal(0, 12, (*image.shape[:2], 1))
    return _levels(image + cv2.GaussianBlur(noise, (0, 0), 0.6)[..., None])


def small(image: U8, _: F32) -> U8:
    return np.asarray(
        cv2.resize(image, None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA), np.uint8
    )


def rotated(image: U8, landmarks: F32) -> U8:
    x, y = landmarks[:N_MESH, :2].mean(0)
    matrix = cv2.getRotationMatrix2D((float(x), float(y)), 25, 1)
    size = image.shape[1], image.shape[0]
    return np.asarray(
        cv2.warpAffine(image, matrix, size, borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def covered(what: str) -> Variant:
    return lambda image, landmarks: occlude(what, image, landmarks, 3)[0]


def _levels(values: AnyFloat) -> U8:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


VARIANTS: dict[str, Variant] = {
    "as it is": lambda image, _: image,
    **{f"lit from {side}": relit(side) for side in LIGHTS},
    "tungsten": tinted((1.1, 0.85, 0.5)),
    "cold": tinted((0.75, 0.95, 1.15)),
    "black and white": black_and_white,
    "backlit": backlit,
    "blurred": blurred,
    "grained": grained,
    "small": small,
    "rotated": rotated,
    **{f"covered by {what}": covered(what) for what in PAINTERS},
}
"""Of a target, by name."""
OF_SOURCES: dict[str, Variant] = {
    "source lit from left": relit("left"),
    "source small": small,
    "source tungsten": tinted((1.1, 0.85, 0.5)),
}
