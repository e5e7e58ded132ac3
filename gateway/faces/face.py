"""The properties of one face in one picture."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from gateway.arrays import F32
from gateway.faces.morphable.fit import Fit
from gateway.faces.morphable.rest import rest_in

RESIDUAL_SCALE = 0.03
"""Residual, in inter-ocular distances, at which a fit's reliability has fallen to 1/e."""


class FaceWarning(StrEnum):
    """What may spoil a result. Each is a hint, not a refusal."""

    PROFILE = "profile"
    """Turned by more than 30° to the side."""
    STEEP = "steep"
    """Pitched up or down by more than 30°."""
    BLURRED = "blurred"
    """Little fine detail for its size."""
    SMALL = "small"
    """Narrower than the networks see well."""
    CUT = "cut"
    """Partly outside the picture."""
    UNRELIABLE = "unreliable"
    """The landmarks are not those of a face: perhaps there is none."""
    ORIENTATION_UNCERTAIN = "orientation_uncertain"
    """The face is as plausible upside down as in the chosen orientation."""


@dataclass(frozen=True, slots=True)
class HeadPose:
    """Head angles in degrees (`gateway.imaging.geometry.transforms.euler_degrees`).

    Attributes:
        pitch: Positive when the face is turned down.
        yaw: Positive turns towards the right of the picture.
        roll: Positive tilts clockwise on screen.
    """

    pitch: float
    yaw: float
    roll: float


@dataclass(frozen=True, slots=True)
class FaceQuality:
    """How good the pixels are.

    Attributes:
        width_px: Width of the face's outline along its own horizontal axis.
        sharpness: 0–1; the share of fine detail, 0.5 being an ordinary photograph.
        visible: Share of the landmarks that lie inside the picture, 0–1.
        score: 0–1, one number for sorting: the product of detection, sharpness, size, pose and
            visibility terms.
    """

    width_px: float
    sharpness: float
    visible: float
    score: float


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """One face; all coordinates are pixels of the whole picture, pixel centres at whole numbers.

    Attributes:
        box_xyxy: float32 (4,) bounds of the landmarks: left, top, right, bottom.
        landmarks_5: float32 (5, 2): image-left eye, image-right eye, nose tip, image-left and
            image-right mouth corner of an upright face (the subject's right side first).
        landmarks: float32 (478, 3) Face Mesh points; z on x's scale, away from the camera.
        score: Detector's confidence, 0–1.
        presence: Landmark network's confidence that this is a face, 0–1.
        pose: Head angles.
        quality: Pixel quality.
        warnings: Issues that may degrade a result.
        fit: The face in the morphable model's terms (N = 1): identity, expression, pose.
        known_rest: float32 (K + C,), the expression the person has at rest, where other pictures
            determine it; None where only this one is known.
    """

    box_xyxy: F32
    landmarks_5: F32
    landmarks: F32
    score: float
    presence: float
    pose: HeadPose
    quality: FaceQuality
    warnings: tuple[FaceWarning, ...]
    fit: Fit
    known_rest: F32 | None = None

    @property
    def expression(self) -> F32:
        """float32 (K + C,): named controls and residual coefficients."""
        return np.asarray(self.fit.expression[0])

    @property
    def rest(self) -> F32:
        """float32 (K + C,): this face at rest, as far as is known."""
        if self.known_rest is not None:
            return self.known_rest
        return rest_in(self.fit.identity, self.fit.expression)

    @property
    def reliability(self) -> float:
        """How far identity and expression can be trusted, 0–1: by the fit's residual and the pose.

        A well-fitting frontal face has about 0.9; of one turned by 45° half the skin is a guess.
        """
        fits = float(np.exp(-((float(self.fit.residual[0, 0]) / RESIDUAL_SCALE) ** 2)))
        return fits * max(float(self.fit.rotation[0, 2, 2]), 0.0)

    def moved(self, origin_xy: tuple[float, float], scales: tuple[float, float]) -> Face:
        """Return the face as it is in a crop, whose first pixel was at `origin_xy`, (2,) floats.

        Args:
            origin_xy: x and y of the crop's first pixel in the picture.
            scales: Pixels of the crop per pixel of the picture, in x and y; nearly equal. Depths
                and lengths follow x.
        """
        across = scales[0]
        offset = np.array([*origin_xy, 0.0]) - [0.5, 0.5, 0.0]
        factors = np.array([*scales, across])

        def there(points: F32) -> F32:
            width = points.shape[-1]
            inside = (points.astype(np.float64) - offset[:width]) * factors[:width]
            return np.asarray(inside - [0.5, 0.5, 0.0][:width], np.float32)

        fit = self.fit
        return replace(
            self,
            box_xyxy=there(self.box_xyxy.reshape(2, 2)).reshape(4),
            landmarks_5=there(self.landmarks_5),
            landmarks=there(self.landmarks),
            quality=replace(self.quality, width_px=self.quality.width_px * across),
            fit=replace(
                fit,
                translation=there(fit.translation),
                scale=np.asarray(fit.scale * across, np.float32),
            ),
        )

    @property
    def centre_xy(self) -> tuple[float, float]:
        """Centre of the box."""
        x0, y0, x1, y1 = self.box_xyxy
        return float(x0 + x1) / 2, float(y0 + y1) / 2

    @property
    def area(self) -> float:
        """Area of the box in square pixels."""
        x0, y0, x1, y1 = self.box_xyxy
        return float((x1 - x0) * (y1 - y0))
