"""Where faces may be in a picture: the detectors, at the scales and angles that are requested."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np

from gateway.arrays import U8
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.errors import UnknownModel
from gateway.faces import blazeface
from gateway.faces.blazeface import FULL_RANGE, SHORT_RANGE, Candidates, Detector, DetectorView
from gateway.inference.protocol import Inference

FINEST_SCALE = 0.6
"""Scale of the closest look. The full-range network is sure of faces of 12 to 130 of its pixels,
which here are 20 to 216 of the picture's."""
SCALE_STEP = 4.0
"""Ratio of neighbouring scales; their ranges overlap."""

OWN = "blazeface"
"""The name of our own detectors together."""

DetectionPasses = list[tuple[Detector, list[DetectorView]]]
MakeViews = Callable[[U8, float], DetectionPasses]
Pass = tuple[MakeViews, Sequence[float]]
"""Makes views of a picture, and the angles in degrees at which it is looked at."""


@dataclass(frozen=True, slots=True)
class DetectOptions:
    """How hard to look.

    Attributes:
        thorough: Look for small faces even after a large one was found.
        angles: Further upright directions to try, degrees out of 90, 180, 270.
        min_score: Detector confidence below which a candidate is dropped, 0–1.
        min_presence: Landmark network's confidence below which it is dropped, 0–1.
        max_faces: Faces to return at the most, the largest first.
        model: The detector: our own `blazeface`, or a `Finder`, which is called once.
        precise: Look at each face from several crops and take the mean: half the landmarks' noise,
            for four more passes. Expressions are finer than faces.
        roll: Degrees that another face of the same picture or shot is tilted by, which decides
            whether a face is upside down where nothing else does.
        either_way_up: Look at faces the detector is not sure of upside down, too.
    """

    thorough: bool = False
    angles: tuple[int, ...] = ()
    min_score: float = 0.5
    min_presence: float = 0.5
    max_faces: int = 32
    model: str = OWN
    precise: bool = False
    roll: float | None = None
    either_way_up: bool = True


class Finder(Protocol):
    """Another detector than our own."""

    async def find(
        self, image: U8, *, min_score: float, angles: Sequence[int] = (), deadline: Deadline
    ) -> Candidates:
        """Return where faces may be in a picture (H, W, 3) RGB, each once, as BlazeFace would.

        Args:
            image: uint8.
            min_score: Detections below it are dropped, 0–1.
            angles: Further upright directions to try, degrees out of 90, 180, 270.
            deadline: When the answer is of no use any more.

        Raises:
            InferenceError, DeadlineExceeded: from the network.
        """
        ...


class FaceDetector:
    """Detects faces with the detectors of an `Inference`, or with another one."""

    def __init__(
        self,
        inference: Inference,
        compute: Compute,
        finders: Mapping[str, Finder] = MappingProxyType({}),
    ) -> None:
        """Take what runs the networks and the array work, and other detectors by name."""
        self._inference = inference
        self._compute = compute
        self._finders = finders

    async def find(self, image: U8, *, deadline: Deadline, options: DetectOptions) -> Candidates:
        """Return where faces may be in a picture (H, W, 3) RGB, as found by the first pass.

        Raises:
            UnknownModel: the detector that is requested is not there.
            InferenceError, DeadlineExceeded: from the networks.
        """
        found = Candidates.joined([])
        for one in passes(options):
            if len(found.scores) and not options.thorough:
                break
            if one[0] is not tilted:
                more = await self.look(image, one, options, deadline)
                found = blazeface.suppress(Candidates.joined([found, more]))
        return found

    async def look(
        self,
        image: U8,
        one: Pass,
        options: DetectOptions,
        deadline: Deadline,
    ) -> Candidates:
        """Return the detections of a picture (H, W, 3), all views of one pass at once."""
        if options.model != OWN:
            return await self._ask(image, options, deadline)
        make_views, steps = one
        looks: DetectionPasses = []
        for made in await asyncio.gather(
            *(self._compute.run(make_views, image, step) for step in steps)
        ):
            looks += made
        parts = await asyncio.gather(
            *(self._run_detector(d, views, options.min_score, deadline) for d, views in looks)
        )
        return blazeface.suppress(Candidates.joined(list(parts)))

    async def _ask(self, image: U8, options: DetectOptions, deadline: Deadline) -> Candidates:
        finder = self._finders.get(options.model)
        if finder is None:
            raise UnknownModel(f"There is no detector {options.model}.")
        return await finder.find(
            image, min_score=options.min_score, angles=options.angles, deadline=deadline
        )

    async def _run_detector(
        self, detector: Detector, views: list[DetectorView], min_score: float, deadline: Deadline
    ) -> Candidates:
        pixels = await self._compute.offload(len(views), _stacked, [view.pixels for view in views])
        out = await self._inference.infer(detector.model, {"image": pixels}, deadline=deadline)
        return await self._compute.offload(len(views), _decoded, detector, views, out, min_score)


def _stacked(pictures: list[U8]) -> U8:
    return np.stack(pictures)


def _decoded(
    detector: Detector, views: list[DetectorView], out: dict[str, Any], min_score: float
) -> Candidates:
    return Candidates.joined(
        [
            blazeface.decode(detector, view, boxes, scores, min_score=min_score)
            for view, boxes, scores in zip(views, out["boxes"], out["scores"], strict=True)
        ]
    )


def passes(options: DetectOptions) -> list[Pass]:
    """Return how to look: the whole first, then closer, then from other angles and upside down.

    A detector other than ours processes the whole picture once.
    """
    upright = (0, *options.angles)
    if options.model != OWN:
        return [(_near, upright)]
    return [
        (_near, upright),
        (_far, upright),
        (_tiles, (0,)),
        (tilted, (0, -45, 45)),
        (upside_down, (180,)),
    ]


def _near(image: U8, angle_deg: float) -> DetectionPasses:
    """The whole picture, for faces of at least a seventh of it."""
    return [(SHORT_RANGE, [blazeface.whole_view(image, SHORT_RANGE.side, angle_deg=angle_deg)])]


def _far(image: U8, angle_deg: float) -> DetectionPasses:
    """The whole picture, for faces of at least a sixteenth of it."""
    return [(FULL_RANGE, [blazeface.whole_view(image, FULL_RANGE.side, angle_deg=angle_deg)])]


def tilted(image: U8, angle_deg: float) -> DetectionPasses:
    """A picture (H, W, 3) from an angle and further away: tilted heads, faces beyond the frame."""
    return [
        (d, [blazeface.whole_view(image, d.side, angle_deg=angle_deg, zoom_out=1.6)])
        for d in (SHORT_RANGE, FULL_RANGE)
    ]


def upside_down(image: U8, angle_deg: float) -> DetectionPasses:
    """A picture (H, W, 3) that was never rotated upright, as from an older phone or scanner."""
    return _near(image, angle_deg) + _far(image, angle_deg)


def _tiles(image: U8, _: float) -> DetectionPasses:
    """Look closely, at every scale between the finest and the whole picture."""
    side = FULL_RANGE.side
    views: list[DetectorView] = []
    scale = FINEST_SCALE
    while max(image.shape[:2]) * scale > 1.2 * side:
        views += blazeface.tiled_views(image, side, scale)
        scale /= SCALE_STEP
    return [(FULL_RANGE, views)] if views else []
