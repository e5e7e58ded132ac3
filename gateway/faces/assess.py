"""Head pose, pixel quality and warnings of a face whose landmarks are known."""

from __future__ import annotations

import cv2
import numpy as np

from gateway.arrays import F64, U8
from gateway.faces.face import Face, FaceQuality, FaceWarning, HeadPose
from gateway.faces.morphable.fit import Fit
from gateway.faces.topology import N_MESH, five_points, topology
from gateway.imaging.geometry.transforms import euler_degrees

PROFILE_DEG = 30.0
STEEP_DEG = 30.0
SMALL_PX = 64.0
BLURRED_BELOW = 0.25
CUT_BELOW = 0.97
MAX_RESIDUAL = 0.06
"""Faces lie within 0.03, also at arm's length; landmarks of something else far beyond."""


def sharpness(crop: U8) -> float:
    """Return how much fine detail a mesh crop (192, 192, 3) holds, 0–1.

    The Laplacian's spread relative to the picture's own contrast, so that neither exposure nor
    skin tone counts. 0.5 is an ordinary photograph at the crop's resolution.
    """
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
    middle = grey[32:160, 32:160]
    contrast = float(middle.std())
    if contrast < 1.0:
        return 0.0
    detail = float(cv2.Laplacian(middle, cv2.CV_32F).std()) / contrast
    return detail / (detail + 0.25)


def assess(
    landmarks: F64,
    fit: Fit,
    *,
    score: float,
    presence: float,
    crop: U8,
    shape: tuple[int, int],
    max_residual: float = MAX_RESIDUAL,
) -> Face:
    """Make a `Face` of landmarks (478, 3) found in a picture of `shape` (height, width).

    Args:
        landmarks: Picture pixels.
        fit: The morphable model's, of these landmarks; N = 1.
        score: Detector's confidence.
        presence: Landmark network's confidence.
        crop: uint8 (192, 192, 3), the pixels the landmarks came from.
        shape: Of the picture.
        max_residual: Of the fit, in inter-ocular distances; beyond it is no face.
    """
    pose = HeadPose(*euler_degrees(fit.rotation[0].astype(np.float64)))
    mean = topology().mean[:N_MESH]
    width = float(fit.scale[0, 0] * np.ptp(mean[:, 0]))
    skin = landmarks[:N_MESH, :2]
    inside = ((skin >= -0.5) & (skin <= np.array([shape[1], shape[0]]) - 0.5)).all(1)
    visible = float(inside.mean())
    sharp = sharpness(crop)
    frontal = float(np.cos(np.radians(pose.yaw)) * np.cos(np.radians(pose.pitch)))
    size = min(1.0, width / 160)
    quality = FaceQuality(
        width_px=width,
        sharpness=sharp,
        visible=visible,
        score=score * min(1.0, 2 * sharp) * size * max(frontal, 0.0) * visible,
    )
    found = {
        FaceWarning.PROFILE: abs(pose.yaw) > PROFILE_DEG,
        FaceWarning.STEEP: abs(pose.pitch) > STEEP_DEG,
        FaceWarning.BLURRED: sharp < BLURRED_BELOW,
        FaceWarning.SMALL: width < SMALL_PX,
        FaceWarning.CUT: visible < CUT_BELOW,
        FaceWarning.UNRELIABLE: not fit.residual[0, 0] <= max_residual,
    }
    return Face(
        box_xyxy=np.concatenate([skin.min(0), skin.max(0)]).astype(np.float32),
        landmarks_5=five_points(landmarks),
        landmarks=landmarks.astype(np.float32),
        score=score,
        presence=presence,
        pose=pose,
        quality=quality,
        warnings=tuple(w for w, yes in found.items() if yes),
        fit=fit,
    )
