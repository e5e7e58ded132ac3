"""State of a fusion kept from one frame of a video to the next, so that nothing flickers.

Colours, light, sharpness and the membrane are each computed from one frame's pixels, noise
included. Each is therefore an average over the last moments that forgets exponentially; what is
spread over the face moves along with it first. A change too large to be noise (a lamp is switched
on) is followed at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numba import njit

from gateway.arrays import F32, F64, AnyFloat
from gateway.imaging.blend.composite import Correction
from gateway.imaging.color.transfer import LabStatistics
from gateway.imaging.enhance.sharpness import CaptureTexture
from gateway.imaging.masks.soft import smoothstep

SLOW_S, QUICK_S = 0.5, 0.15
"""Seconds after which about a third of the past is left: of statistics of a whole face, and of
statistics of every place on it."""
COLOR_CHANGE, LIGHT_CHANGE = (6.0, 18.0), (3.0, 9.0)
"""Levels between which a change stops being noise: of a face's colours, and of a place's."""
MEASURED_EVERY_S, CORRECTED_EVERY_S = 0.12, 0.05
"""Seconds between two measurements of the statistics of a whole face, and of every place on it."""

Skins = tuple[LabStatistics, LabStatistics]


@dataclass(frozen=True, slots=True, eq=False)
class TemporalState:
    """The measurements of one frame, smoothed over previous frames.

    Attributes:
        cube: The lookup cube of colours; None where they are not known.
        skins: Statistics of both skins after it; None where they are not known.
        textures: Sharpness and grain, of the target and of the source; None where they cannot be
            measured.
        correction: Light and membrane; None where there is neither.
        face_from_region: float64 (2, 3), where the face was in its region: a similarity.
        age_s: Seconds since colours and textures were measured.
        corrected_s: Seconds since light and membrane were.
    """

    cube: F32 | None
    skins: Skins | None
    textures: tuple[CaptureTexture, CaptureTexture] | None
    correction: Correction | None
    face_from_region: F64
    age_s: float = 0.0
    corrected_s: float = 0.0


def is_carried(before: TemporalState, dt_s: float) -> bool:
    """Return whether light and membrane `dt_s` seconds later are carried on, not measured."""
    return before.corrected_s + dt_s < CORRECTED_EVERY_S


def steadied_colors(
    cube: F32 | None, skins: Skins | None, before: TemporalState, dt_s: float
) -> tuple[F32 | None, Skins | None]:
    """Return a frame's cube (n, n, n, 3) and skins, averaged with those `dt_s` seconds before."""
    if cube is None or skins is None or before.cube is None or before.skins is None:
        return cube, skins
    change = float(np.abs(before.cube - cube).mean())
    kept = _kept(dt_s, SLOW_S) * _doubted(change, COLOR_CHANGE)
    mixed = np.asarray(cube + np.float32(kept) * (before.cube - cube), np.float32)
    target, source = (
        LabStatistics(
            new.mean + kept * (old.mean - new.mean),
            new.deviation + kept * (old.deviation - new.deviation),
        )
        for new, old in zip(skins, before.skins, strict=True)
    )
    return mixed, (target, source)


def steadied_textures(
    now: tuple[CaptureTexture, CaptureTexture], before: TemporalState, dt_s: float
) -> tuple[CaptureTexture, CaptureTexture]:
    """Return the target's and the source's texture, averaged with those of before."""
    if before.textures is None:
        return now
    kept = _kept(dt_s, SLOW_S)
    target, source = (_between(a, b, kept) for a, b in zip(now, before.textures, strict=True))
    return target, source


def steadied_correction(
    now: Correction, before: TemporalState, face_from_region: AnyFloat, dt_s: float
) -> Correction:
    """Return light and membrane, averaged with those of before where the face then was.

    Args:
        now: Of this frame.
        before: Of the frame before.
        face_from_region: float64 (2, 3), where the face is in this frame's region.
        dt_s: Seconds between the two.
    """
    old = before.correction
    if old is None:
        return now
    planes = _moved(old, before.face_from_region, now, face_from_region)
    _settle(now.planes, planes, np.float32(_kept(dt_s, QUICK_S)), LIGHT_CHANGE)
    return replace(now, planes=planes)


def carried_correction(
    before: TemporalState, face_from_region: AnyFloat, shape: tuple[int, int], reduction: int
) -> Correction | None:
    """Return light and membrane as they were, where the face is now; None if there were none.

    Args:
        before: Of the frame before.
        face_from_region: float64 (2, 3), where the face is in this frame's region.
        shape: (rows, columns) of the grid that is wanted.
        reduction: Side of its cells in pixels.
    """
    if before.correction is None:
        return None
    empty = Correction(np.empty((*shape, 6), np.float32), reduction)
    planes = _moved(before.correction, before.face_from_region, empty, face_from_region)
    return replace(empty, planes=planes)


def _kept(dt_s: float, time_s: float) -> float:
    return float(np.exp(-dt_s / time_s))


def _doubted(change: float, limits: tuple[float, float]) -> float:
    """Return how surely a change is noise, 0–1."""
    low, high = limits
    return 1 - float(smoothstep(np.array((change - low) / (high - low), np.float32)))


def _between(now: CaptureTexture, before: CaptureTexture, kept: float) -> CaptureTexture:
    blur = now.blur_px
    if blur is not None and before.blur_px is not None:
        blur += kept * (before.blur_px - blur)
    return CaptureTexture(
        blur,
        now.grain + kept * (before.grain - now.grain),
        now.detail + kept * (before.detail - now.detail),
    )


def _moved(
    old: Correction, face_from_old: AnyFloat, new: Correction, face_from_new: AnyFloat
) -> F32:
    """Return an old correction's planes on the grid of a new one; the face has moved meanwhile."""
    old_from_new = _cells(old.reduction) @ _square(face_from_old, inverse=True)
    old_from_new = old_from_new @ _square(face_from_new) @ np.linalg.inv(_cells(new.reduction))
    rows, columns = new.planes.shape[:2]
    halves = [
        cv2.warpAffine(
            np.ascontiguousarray(old.planes[..., part]),
            old_from_new[:2],
            (columns, rows),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        for part in (slice(3), slice(3, 6))
    ]
    return np.concatenate(halves, -1, dtype=np.float32)


def _cells(reduction: int) -> F64:
    """Return the matrix (3, 3) that takes pixels to cells of a grid, middles at whole numbers."""
    offset = 0.5 / reduction - 0.5
    return np.array([[1 / reduction, 0, offset], [0, 1 / reduction, offset], [0, 0, 1]])


def _square(matrix: AnyFloat, *, inverse: bool = False) -> F64:
    whole = np.vstack([np.asarray(matrix, np.float64), [0, 0, 1]])
    return np.linalg.inv(whole) if inverse else whole


# mypy: disable-error-code="no-untyped-def,no-untyped-call"
# ruff: noqa: ANN001, ANN202


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _settle(now, planes, kept, limits):
    """Mix current values into past ones, in place; replace where they differ by more than noise."""
    low, high = np.float32(limits[0]), np.float32(limits[1])
    one, skin = np.float32(1), np.float32(128)
    for y in range(planes.shape[0]):
        for x in range(planes.shape[1]):
            change = np.float32(0)
            for c in range(3):
                # A gain works on levels of skin; an offset is levels.
                change = max(change, skin * abs(planes[y, x, c] - now[y, x, c]))
                change = max(change, abs(planes[y, x, c + 3] - now[y, x, c + 3]))
            t = min(max((change - low) / (high - low), np.float32(0)), one)
            share = kept * (one - t * t * (np.float32(3) - np.float32(2) * t))
            for c in range(6):
                planes[y, x, c] = now[y, x, c] + share * (planes[y, x, c] - now[y, x, c])
