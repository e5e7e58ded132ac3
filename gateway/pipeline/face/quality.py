"""Quality of a swapped face: its figures, and whether they are as expected."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass

import numpy as np

from gateway.arrays import F32, U8
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.faces.analyser import FaceAnalyser
from gateway.faces.embedding import FaceEmbedder
from gateway.faces.face import Face
from gateway.faces.morphable.expression import displacement
from gateway.faces.morphable.model import N_NAMED
from gateway.faces.occlusion import departures, inner_skin
from gateway.faces.topology import FACE_OVAL, N_MESH
from gateway.imaging.blend.fuse import BlendMode, ColorMode
from gateway.imaging.color.light_field import LightField
from gateway.imaging.geometry.transforms import angle_degrees
from gateway.imaging.geometry.warp import Region, bounding_region
from gateway.imaging.masks.matte import Matte
from gateway.imaging.metrics.comparison import MARGIN, ComparedRegion, PixelFigures, compare
from gateway.imaging.metrics.patchiness import patchiness
from gateway.pipeline.face.canvas import UndoCanvas
from gateway.pipeline.options.groups import QualityLimits
from gateway.processors.base import Layer, Portrait


@dataclass(frozen=True, slots=True)
class Figures(PixelFigures):
    """Measurements of a swapped face: on its pixels, and by the networks, if these are to run.

    Attributes:
        patchiness: How patchy the skin is that is neither light's nor the target's doing; see
            `imaging/metrics/patchiness.py`. None where hardly any skin is seen.
        found: Whether a face was found again where it should be.
        identity_distance: Euclidean distance of descriptors to the source's face.
        target_identity_distance: The same to the target's face that was there.
        expression_error: Root mean square distance of the skin's landmarks, in inter-ocular
            distances, between the expression the face was to show and the one it shows: of the
            named controls; the residual beside them is about identity, which was to change.
        pose_error_deg: Angle between the target's pose and the result's, degrees.
    """

    patchiness: float | None = None
    found: bool | None = None
    identity_distance: float | None = None
    target_identity_distance: float | None = None
    expression_error: float | None = None
    pose_error_deg: float | None = None

    def told(self) -> dict[str, float | bool | None]:
        """Return the figures by name, rounded; None also stands for infinite values."""
        return {name: _rounded(value) for name, value in asdict(self).items()}


def _rounded(value: float | bool | None) -> float | bool | None:
    if value is None or isinstance(value, bool):
        return value
    return round(value, 4) if math.isfinite(value) else None


@dataclass(frozen=True, slots=True)
class ResultQuality:
    """Quality of a swapped face, and how it was produced.

    Attributes:
        figures: The measured values.
        findings: Names of the figures outside the service's expectations.
        attempts: How many times the face was fused.
        color: How its colours were brought to the target's.
        blend: How its edge was hidden.
    """

    figures: Figures
    findings: tuple[str, ...]
    attempts: int
    color: ColorMode
    blend: BlendMode


LIMITS = {
    "seam_ratio": "max_seam_ratio",
    "ring_delta_e": "max_ring_delta_e",
    "sharpness_ratio": "min_sharpness_ratio",
    "patchiness": "max_patchiness",
    "identity_distance": "max_identity_distance",
    "expression_error": "max_expression_error",
    "pose_error_deg": "max_pose_error_deg",
}
"""The limit of each figure that has one."""
PATCH_MARGIN_PX = 2
"""Pixels around a face that its unrolled skin may be taken from."""
PATCHES_FACING = 100
"""Level of 255 from which on skin faces the viewer squarely enough to be judged."""
TOUCHED = 0.01
"""Least mask of pixels that may have changed: no seam runs there."""
_OF_A_FACE = frozenset(("expression_error", "pose_error_deg"))
LOST = 1.0
"""By how much a figure falls short that cannot be had, because there is no face any more."""


def shortfalls(figures: Figures, limits: QualityLimits) -> dict[str, float]:
    """Return the figures that do not meet their limits, and by what share of these, > 0.

    A face need not be nearer in colour to the skin beside it than the target's own was, and where
    there is no such skin any colour will do. A figure that was not measured is no shortfall; what
    was looked for and is not there any more is one.
    """
    out = {figure: _short(figures, figure, limits) for figure in LIMITS}
    return {figure: short for figure, short in out.items() if short > 0}


def _short(figures: Figures, figure: str, limits: QualityLimits) -> float:
    name = LIMITS[figure]
    limit, value = getattr(limits, name), getattr(figures, figure)
    if limit is None:
        return 0.0
    if value is None:
        return LOST if figures.found is False and figure in _OF_A_FACE else 0.0
    if figure == "ring_delta_e":
        limit = max(limit, figures.target_ring_delta_e or 0.0)
    if name.startswith("min_"):
        return float(1 - value / limit) if limit else 0.0
    return float(value / limit - 1)


def worst(faces: Iterable[ResultQuality | None]) -> dict[str, float]:
    """Return the worst value of each figure that has a limit, of those that were measured."""
    figures = [face.figures for face in faces if face is not None]
    out = {}
    for name, limit in LIMITS.items():
        values = [v for f in figures if (v := getattr(f, name)) is not None]
        if values:
            out[name] = min(values) if limit.startswith("min_") else max(values)
    return out


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """A face that is being replaced.

    Attributes:
        face: As it was in the target.
        shown: As it is to be shown: with the expression that was requested.
        portrait: The portrait that provides the face.
        layer: The new pixels.
        matte: Where they count.
        mark: The moment of the canvas before anything of it was changed.
        light: Light for the new face, as far as it is known.
    """

    face: Face
    shown: Face
    portrait: Portrait
    layer: Layer
    matte: Matte
    mark: int
    light: LightField | None = None


class Inspector:
    """Measures swapped faces."""

    def __init__(self, analyser: FaceAnalyser, embedder: FaceEmbedder, compute: Compute) -> None:
        """Take the parts."""
        self._analyser = analyser
        self._embedder = embedder
        self._compute = compute

    async def known(self, subject: Subject, target: U8, deadline: Deadline) -> F32:
        """Return the descriptors (2, 128) of the portrait (0) and the target's face (1).

        Args:
            subject: Both of them.
            target: uint8 (H, W, 3) RGB, as it was sent.
            deadline: When the answer is of no use any more.

        Raises:
            InferenceError, DeadlineExceeded: from the network.
        """
        portrait = subject.portrait
        both = await asyncio.gather(
            self._embedder.embed(portrait.image, [portrait.face], deadline=deadline),
            self._embedder.embed(target, [subject.face], deadline=deadline),
        )
        return np.concatenate(both)

    async def measure(
        self, subject: Subject, canvas: UndoCanvas, known: F32 | None, *, deadline: Deadline
    ) -> Figures:
        """Return the figures of a face that has been painted on the canvas.

        Args:
            subject: The face.
            canvas: As it is now.
            known: float32 (2, 128), the identities it was built from; None leaves the networks out.
            deadline: When the answer is of no use any more.

        Raises:
            InferenceError, DeadlineExceeded: from the networks.
        """
        deadline.check()
        pixels = asdict(await self._compute.run(pixel_figures, subject, canvas))
        pixels["patchiness"] = await self._compute.run(patches, subject, canvas)
        if known is None:
            return Figures(**pixels)
        again = await self._analyser.follow(canvas.image, [subject.shown], deadline=deadline)
        seen = again[0] if again else subject.shown
        (now,) = await self._embedder.embed(canvas.image, [seen], deadline=deadline)
        source, target = np.linalg.norm(known - now, axis=1).tolist()
        return Figures(
            **pixels,
            found=bool(again),
            identity_distance=source,
            target_identity_distance=target,
            expression_error=expression_error(seen, subject.shown) if again else None,
            pose_error_deg=pose_error_deg(seen, subject.face) if again else None,
        )


def pixel_figures(subject: Subject, canvas: UndoCanvas) -> PixelFigures:
    """Return the pixel metrics of a face on the canvas, compared with the original."""
    layer, outline = subject.layer, subject.shown.landmarks[list(FACE_OVAL), :2]
    unit_px = float(subject.shown.fit.scale[0, 0])
    region = _around(layer.region, outline, MARGIN * unit_px, canvas)
    rows, columns = layer.region.slices_in(region)
    mask, skin = np.zeros(region.shape, np.float32), np.zeros(region.shape, np.bool_)
    mask[rows, columns], skin[rows, columns] = subject.matte.mask, subject.matte.skin
    if layer.kept is not None:  # what is kept and has moved is no part of the outside
        mask[rows, columns] = np.maximum(mask[rows, columns], TOUCHED * (layer.kept.share > 0))
    part = ComparedRegion(
        mask=mask,
        skin=skin,
        outline=outline - region.origin_xy,
        width_px=subject.shown.quality.width_px,
        unit_px=unit_px,
    )
    now = np.ascontiguousarray(region.of(canvas.image), np.uint8)
    return compare(now, canvas.was(subject.mark, region), part)


def patches(subject: Subject, canvas: UndoCanvas) -> float | None:
    """Return how patchy a face on the canvas is, compared with the original."""
    layer, landmarks = subject.layer, subject.shown.landmarks
    region = _around(layer.region, landmarks[:N_MESH, :2], PATCH_MARGIN_PX, canvas)
    marks = np.asarray(landmarks, np.float32).copy()
    marks[:, :2] -= region.origin_xy
    now = np.ascontiguousarray(region.of(canvas.image), np.uint8)
    planes = [departures(image, marks) for image in (now, canvas.was(subject.mark, region))]
    squarely = planes[0][..., -1] > PATCHES_FACING
    return patchiness(planes[0], planes[1], inner_skin() & squarely)


def _around(region: Region, outline: F32, margin_px: float, canvas: UndoCanvas) -> Region:
    """Return the region that contains another one and the surroundings of an outline (n, 2)."""
    corners = [[region.x0, region.y0], [region.x1 - 1, region.y1 - 1]]
    wide = [outline.min(0) - margin_px, outline.max(0) + margin_px]
    shape = (canvas.image.shape[0], canvas.image.shape[1])
    return bounding_region(np.array([*corners, *wide]), shape, 1) or region


def expression_error(face: Face, wanted: Face) -> float:
    """Return how far a face's expression is from a wanted one; see `Figures`."""
    shown = wanted.expression.copy()
    shown[:N_NAMED] = face.expression[:N_NAMED]
    off = displacement(shown, wanted.expression)[:N_MESH]
    return float(np.sqrt((off**2).sum(1).mean()))


def pose_error_deg(face: Face, wanted: Face) -> float:
    """Return the angle in degrees between the poses of two faces."""
    return angle_degrees(face.fit.rotation[0], wanted.fit.rotation[0])
