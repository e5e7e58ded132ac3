"""Things before a face, drawn so that their outline is known to the pixel."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from gateway.arrays import F32, U8
from gateway.faces.topology import LEFT_EYE, RIGHT_EYE
from gateway.processors.openings import eye_distance

SUB = 4  # each pixel is drawn as a square of so many
SHIFT = 4  # bits after the point of drawn coordinates
BARS = ((20, 20, 22), (235, 235, 235), (60, 90, 160), (150, 30, 30), (70, 110, 60))
FRAMES = ((25, 22, 20), (120, 70, 30), (180, 180, 185), (40, 40, 90))

Painter = Callable[[np.random.Generator, U8, F32], tuple[F32, F32]]
"""Given a picture (H, W, 3) and landmarks (478, 3): what covers (H, W), 0–1, and colours."""


def occlude(name: str, image: U8, landmarks: F32, seed: int) -> tuple[U8, F32]:
    """Return a picture with something drawn over its face, and how far (H, W) it covers, 0–1."""
    alpha, color = PAINTERS[name](np.random.default_rng(seed), image, landmarks)
    # As sharp and as grainy as the picture's own things are, about.
    alpha = np.asarray(cv2.GaussianBlur(alpha, (0, 0), 0.7), np.float32)
    noise = np.random.default_rng(seed + 1).normal(0, 2.5, image.shape)
    mixed = image + alpha[..., None] * (color + noise - image)
    return np.clip(np.rint(mixed), 0, 255).astype(np.uint8), alpha


def bar(rng: np.random.Generator, image: U8, landmarks: F32) -> tuple[F32, F32]:
    """A straight bar across the face."""
    unit, middle = eye_distance(landmarks), landmarks[:468, :2].mean(0)
    angle, width = rng.uniform(0, np.pi), rng.uniform(0.25, 0.5) * unit
    along = np.array([np.cos(angle), np.sin(angle)])
    across = np.array([-along[1], along[0]])
    middle = middle + rng.uniform(-0.7, 0.7) * unit * across
    ends = [middle - 4 * unit * along, middle + 4 * unit * along]
    alpha = _drawn(image.shape[:2], [("line", np.array(ends), width)])
    return alpha, _flat(image, BARS[rng.integers(len(BARS))])


def microphone(rng: np.random.Generator, image: U8, landmarks: F32) -> tuple[F32, F32]:
    """A dark ball on a stick, before mouth or chin."""
    unit = eye_distance(landmarks)
    chin = landmarks[152, :2] + unit * np.array([rng.uniform(-0.4, 0.4), rng.uniform(-0.7, -0.2)])
    foot = chin + unit * np.array([rng.uniform(-0.5, 0.5), 3.0])
    shapes = [
        ("line", np.array([chin, chin]), 0.7 * unit),
        ("line", np.array([chin, foot]), 0.3 * unit),
    ]
    return _drawn(image.shape[:2], shapes), _shaded(image, (45, 45, 50), chin, unit)


def hand(rng: np.random.Generator, image: U8, landmarks: F32) -> tuple[F32, F32]:
    """Four fingers and the back of a hand, of the face's own skin a little off, at the jaw."""
    unit = eye_distance(landmarks)
    side = rng.choice([-1, 1])
    palm = landmarks[152, :2] + unit * np.array(
        [side * rng.uniform(0.5, 1.0), rng.uniform(0.1, 0.5)]
    )
    tip = landmarks[205 if side < 0 else 425, :2]
    along = (tip - palm) / np.linalg.norm(tip - palm)
    across = np.array([-along[1], along[0]])
    shapes = [("line", np.array([palm - 2 * unit * along, palm]), 1.1 * unit)]
    for finger, length in enumerate((1.0, 1.2, 1.1, 0.85)):
        root = palm + (finger - 1.5) * 0.28 * unit * across
        end = root + length * unit * (along + (finger - 1.5) * 0.1 * across)
        shapes.append(("line", np.array([root, end]), 0.24 * unit))
    cheek = np.rint(landmarks[[50, 280, 152], :2].mean(0)).astype(int)
    patch = image[cheek[1] - 4 : cheek[1] + 5, cheek[0] - 4 : cheek[0] + 5].reshape(-1, 3)
    tone = np.median(patch, 0) * rng.choice([0.75, 0.85, 1.12]) * rng.uniform(0.97, 1.03, 3)
    alpha = _drawn(image.shape[:2], shapes)
    # Fingers are round: darker towards their edges.
    inside = cv2.distanceTransform((alpha > 0.5).astype(np.uint8), cv2.DIST_L2, 5)
    round_ = 0.72 + 0.28 * np.clip(inside / (0.11 * unit), 0, 1)
    return alpha, np.asarray(np.asarray(tone)[None, None] * round_[..., None], np.float32)


def glasses(rng: np.random.Generator, image: U8, landmarks: F32) -> tuple[F32, F32]:
    """Two rims, a bridge and two temples."""
    unit = eye_distance(landmarks)
    width = rng.uniform(0.06, 0.11) * unit
    centres = [landmarks[list(eye), :2].mean(0) for eye in (RIGHT_EYE, LEFT_EYE)]
    along = (centres[1] - centres[0]) / np.linalg.norm(centres[1] - centres[0])
    down = np.array([-along[1], along[0]])
    size = np.array([rng.uniform(0.36, 0.42), rng.uniform(0.27, 0.36)]) * unit
    shapes = []
    turn = np.linspace(0, 2 * np.pi, 48)
    for sign, centre in zip((-1, 1), centres, strict=True):
        lens = centre + 0.05 * unit * down
        rim = (
            lens + np.outer(size[0] * np.cos(turn), along) + np.outer(size[1] * np.sin(turn), down)
        )
        shapes.append(("line", rim, width))
        hinge = lens + sign * size[0] * along
        ear = landmarks[234 if sign < 0 else 454, :2]
        shapes.append(("line", np.array([hinge, ear]), width))
    inner = [
        c + 0.05 * unit * down - s * size[0] * along for s, c in zip((-1, 1), centres, strict=True)
    ]
    shapes.append(("line", np.array([inner[0], inner[1]]), width))
    return _drawn(image.shape[:2], shapes), _flat(image, FRAMES[rng.integers(len(FRAMES))])


PAINTERS: dict[str, Painter] = {
    "bar": bar,
    "microphone": microphone,
    "hand": hand,
    "glasses": glasses,
}


def _drawn(shape: tuple[int, int], shapes: list[tuple[str, np.ndarray, float]]) -> F32:
    """Return how far pixels (H, W) are covered by thick lines with round ends, 0–1."""
    large = np.zeros((shape[0] * SUB, shape[1] * SUB), np.uint8)
    for _, points, width in shapes:
        thickness = max(1, round(width * SUB))
        cv2.polylines(large, [_fixed(points, SUB)], False, 255, thickness, cv2.LINE_8, SHIFT)
        for point in (points[0], points[-1]):
            at = _fixed(point[None], SUB)[0]
            cv2.circle(large, at.tolist(), (thickness << SHIFT) // 2, 255, -1, cv2.LINE_8, SHIFT)
    small = cv2.resize(large, (shape[1], shape[0]), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32) / np.float32(255)


def _fixed(points: np.ndarray, factor: int) -> np.ndarray:
    return np.rint(((points + 0.5) * factor - 0.5) * (1 << SHIFT)).astype(np.int32)


def _flat(image: U8, color: tuple[int, int, int]) -> F32:
    return np.broadcast_to(np.array(color, np.float32), image.shape).copy()


def _shaded(image: U8, color: tuple[int, int, int], at: np.ndarray, unit: float) -> F32:
    """A colour lit from above."""
    rows = np.arange(image.shape[0])[:, None, None]
    light = np.clip(1 - 0.6 * (rows - at[1]) / unit, 0.6, 1.6)
    return np.asarray(np.array(color, np.float32) * np.ones(image.shape) * light, np.float32)
