"""Videos that are lists of pictures, and faces in them that somebody is told of."""

from dataclasses import dataclass, field
from fractions import Fraction

import cv2
import numpy as np

from gateway.faces.blazeface import Candidates
from gateway.faces.face import Face
from gateway.imaging.video.planes import Coding, Planes
from gateway.pipeline.video.face_tracking import FrameCrop

RATE = 30
SHAPE = (240, 320)


@dataclass(eq=False)
class Still:
    """A frame that is a picture; `faces` are who is in it, found again by who looks."""

    time_s: Fraction
    image: np.ndarray
    lead_in: bool = False
    lead_out: bool = False
    faces: list[Face] = field(default_factory=list)
    part: object = None
    written: list = field(default_factory=list)
    luma: np.ndarray | None = None

    @property
    def shape(self):
        return self.image.shape[:2]

    def small(self, longest):
        scale = min(1.0, longest / max(self.shape))
        size = round(self.shape[1] * scale), round(self.shape[0] * scale)
        return cv2.resize(self.image, size, interpolation=cv2.INTER_AREA)

    def rgb(self, region, reduction=1):
        self.part = region, reduction
        pixels = np.ascontiguousarray(region.of(self.image))
        size = pixels.shape[1] // reduction, pixels.shape[0] // reduction
        return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)

    def write(self, region, before, after):
        view = region.of(self.image)
        view[...] = np.clip(view.astype(int) + after.astype(int) - before, 0, 255)
        self.written.append(region)

    def planes(self, *, change):
        """Return its green as if it were a video's luma; what is changed stays in `luma`."""
        if self.luma is None:
            self.luma = np.ascontiguousarray(self.image[..., 1])
        plane = self.luma if change else self.luma.copy()
        return Planes(plane, None, plane.shape, coding=Coding(full=True))


def video_of(frames, *, rate=RATE, background=None) -> list[Still]:
    """Return a video of frames whose faces are given, all before one background unless told."""
    rng = np.random.default_rng(0)
    still = cv2.GaussianBlur(rng.integers(60, 200, (*SHAPE, 3), dtype=np.uint8), (0, 0), 4)
    backgrounds = background or [still] * len(frames)
    return [
        Still(Fraction(n, rate), behind.copy(), faces=list(faces))
        for n, (faces, behind) in enumerate(zip(frames, backgrounds, strict=True))
    ]


class Eyes:
    """An analyser that sees the faces that the frame being looked at is said to have.

    `blind` are the frames in which no network sees anything.
    """

    def __init__(self, video, *, blind=()) -> None:
        self.video, self.blind = video, set(blind)
        self.now = 0
        self.looks, self.detections, self.precise = 0, 0, []

    def at(self, n) -> None:
        """Go on to a frame."""
        self.now = n

    @property
    def _faces(self):
        return [] if self.now in self.blind else self.video[self.now].faces

    async def follow(self, image, faces, *, deadline, precise=False):
        self.looks += 1
        self.precise.append(precise)
        (face,) = faces
        # In the pixels of the part that is looked at: find out where that part is.
        region, reduction = self.video[self.now].part
        view = FrameCrop(region, reduction, image)
        x, y = view.outside(face).centre_xy
        near = [
            f
            for f in self._faces
            if np.hypot(f.centre_xy[0] - x, f.centre_xy[1] - y) < f.quality.width_px / 2
        ]
        nearest = sorted(near, key=lambda f: np.hypot(f.centre_xy[0] - x, f.centre_xy[1] - y))
        return [view.inside(f) for f in nearest[:1]]

    async def detect(self, image, *, deadline, options):
        self.detections += 1
        faces = self._faces
        boxes = np.array([f.box_xyxy for f in faces], np.float32).reshape(-1, 4)
        return Candidates(
            np.ones(len(faces), np.float32),
            boxes,
            boxes[:, 2] - boxes[:, 0],
            np.zeros((len(faces), 6, 2), np.float32),
        )

    async def look_at(self, image, found, *, deadline, options):
        return [f for f in self._faces if any((f.box_xyxy == b).all() for b in found.boxes)]

    async def analyse(self, image, *, deadline, options=None):
        return list(self._faces)
