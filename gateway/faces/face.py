"""What is known about one face in one picture."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gateway.arrays import F32


class FaceWarning(StrEnum):
    """What may spoil a result. Each is a hint, not a refusal."""

    PROFILE = "profile"
    """Turned by more than 30° to the side."""
    STEEP = "steep"
    """Looks up or down by more than 30°."""
    BLURRED = "blurred"
    """Little fine detail for its size."""
    SMALL = "small"
    """Narrower than the networks see well."""
    CUT = "cut"
    """Partly outside the picture."""


@dataclass(frozen=True, slots=True)
class HeadPose:
    """Head angles in degrees (`gateway.imaging.geometry.euler_degrees`).

    Attributes:
        pitch: Positive looks down.
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
        warnings: What may spoil a result.
    """

    box_xyxy: F32
    landmarks_5: F32
    landmarks: F32
    score: float
    presence: float
    pose: HeadPose
    quality: FaceQuality
    warnings: tuple[FaceWarning, ...]

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
