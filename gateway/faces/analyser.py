"""Finds the faces of a picture: detector, mesh, irises, in as few calls as it takes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray

from gateway.arrays import F32, F64, U8
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.faces import blazeface
from gateway.faces.assess import MAX_RESIDUAL, assess
from gateway.faces.blazeface import FULL_RANGE, SHORT_RANGE, Candidates, Detector, View
from gateway.faces.face import Face
from gateway.faces.landmarks import (
    MESH_SIDE,
    Crop,
    crop_from_detection,
    crop_square,
    eye_crops,
    mesh_in_image,
    refine_eyes,
    square_of_landmarks,
)
from gateway.faces.morphable.fit import Fit
from gateway.inference.protocol import Inference


@dataclass(frozen=True, slots=True)
class DetectOptions:
    """How hard to look.

    Attributes:
        thorough: Look for small faces even after a large one was found.
        angles: Further upright directions to try, degrees out of 90, 180, 270.
        min_score: Detector confidence below which a candidate is dropped, 0–1.
        min_presence: Landmark network's confidence below which it is dropped, 0–1.
        max_faces: Faces to return at the most, the largest first.
        precise: Look at each face from several crops and take the mean: half the landmarks' noise,
            for four more looks. Expressions are finer than faces.
    """

    thorough: bool = False
    angles: tuple[int, ...] = ()
    min_score: float = 0.5
    min_presence: float = 0.5
    max_faces: int = 32
    precise: bool = False


FIT_MODEL = "face_3dmm"
AROUND = ((0.6, 0.3, 0.05), (-0.3, 0.6, -0.05), (-0.6, -0.3, 0.05), (0.3, -0.6, -0.05))
"""Steps right and down, in pixels of the crop, and turns in radians of the crops averaged: half a
pixel apart, so that what the network's grid does to one is undone by another."""
FINEST_SCALE = 0.6
"""Scale of the closest look. The full-range network is sure of faces of 12 to 130 of its pixels,
which here are 20 to 216 of the picture's."""
SCALE_STEP = 4.0
"""Ratio of neighbouring scales; their ranges overlap."""

P = ParamSpec("P")
T = TypeVar("T")
Looks = list[tuple[Detector, list[View]]]
MakeViews = Callable[[U8, float], Looks]


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """A crop and what the mesh network saw in it: (478, 3) in the picture, and how sure it is."""

    crop: Crop
    mesh: F64
    presence: float


class FaceAnalyser:
    """Finds faces with the networks of an `Inference`."""

    def __init__(
        self, inference: Inference, compute: Compute, *, max_residual: float = MAX_RESIDUAL
    ) -> None:
        """Take what runs the networks and the array work; for `max_residual` see `assess`."""
        self._max_residual = max_residual
        self._inference = inference
        self._compute = compute

    async def analyse(
        self, image: U8, *, deadline: Deadline, options: DetectOptions | None = None
    ) -> list[Face]:
        """Return the faces of a picture (H, W, 3) RGB, the largest first.

        Raises:
            InferenceError, DeadlineExceeded: from the networks.
        """
        options = options or DetectOptions()
        found = Candidates.joined([])
        faces: list[Face] = []
        for make_views, steps in _passes(options):
            if faces and not options.thorough:
                break
            if faces and make_views is _tilted:
                break
            more = await self._look(image, make_views, steps, options, deadline)
            if not len(more.scores):
                continue
            found = blazeface.suppress(Candidates.joined([found, more]))
            faces = await self._landmarks(image, found, options, deadline)
        return sorted(faces, key=lambda f: -f.area)[: options.max_faces]

    async def follow(
        self, image: U8, faces: Sequence[Face], *, deadline: Deadline, precise: bool = False
    ) -> list[Face]:
        """Return faces again, as they are in another picture of the same place.

        For a picture that was changed, or the next one of a film: no detector runs. A face that is
        not to be seen there any more is left out.

        Args:
            image: uint8 (H, W, 3) RGB.
            faces: Where they were.
            deadline: When the answer is of no use any more.
            precise: See `DetectOptions`.
        """
        if not faces:
            return []
        squares = [square_of_landmarks(face.landmarks) for face in faces]
        crops = await self._compute.run(
            lambda: [crop_square(image, square, MESH_SIDE) for square in squares]
        )
        scores = np.array([face.score for face in faces], np.float32)
        options = DetectOptions(precise=precise)
        return await self._faces_in(image, crops, scores, options, deadline)

    async def _look(
        self,
        image: U8,
        make_views: MakeViews,
        steps: Sequence[float],
        options: DetectOptions,
        deadline: Deadline,
    ) -> Candidates:
        """Run the detectors over the views of all steps, all at once."""
        looks: Looks = []
        for made in await asyncio.gather(
            *(self._compute.run(make_views, image, step) for step in steps)
        ):
            looks += made
        parts = await asyncio.gather(
            *(self._run_detector(d, views, options.min_score, deadline) for d, views in looks)
        )
        return blazeface.suppress(Candidates.joined(list(parts)))

    async def _run_detector(
        self, detector: Detector, views: list[View], min_score: float, deadline: Deadline
    ) -> Candidates:
        pixels = await self._offload(len(views), _stacked, [view.pixels for view in views])
        out = await self._inference.infer(detector.model, {"image": pixels}, deadline=deadline)
        return await self._offload(len(views), _decoded, detector, views, out, min_score)

    async def _offload(
        self, amount: int, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Compute in a thread what is much; what is little costs less than handing it over."""
        if amount > LITTLE:
            return await self._compute.run(function, *args, **kwargs)
        return function(*args, **kwargs)

    async def _landmarks(
        self, image: U8, found: Candidates, options: DetectOptions, deadline: Deadline
    ) -> list[Face]:
        """Mesh, again where the first look was askew, then the irises."""
        found = found.largest(2 * options.max_faces)
        crops = await self._compute.run(_detection_crops, image, found)
        return await self._faces_in(image, crops, found.scores, options, deadline)

    async def _faces_in(
        self,
        image: U8,
        crops: list[Crop],
        scores: F32,
        options: DetectOptions,
        deadline: Deadline,
    ) -> list[Face]:
        """Return the faces of crops that are scored (N,)."""
        meshes, presence = await self._mesh(crops, deadline)
        keep = [i for i in range(len(crops)) if presence[i] >= options.min_presence]
        keep = _distinct(meshes, keep, scores)
        if not keep:
            return []
        looks = [_Look(crops[i], meshes[i], presence[i]) for i in keep]
        looks = await self._look_again(image, looks, options, deadline)
        scores = scores[keep]
        keep = _distinct([look.mesh for look in looks], list(range(len(looks))), scores)
        looks = [looks[n] for n in keep]
        if options.precise:
            looks = await self._look_closely(image, looks, deadline)
        eyes = await self._compute.run(_all_eye_crops, image, [look.mesh for look in looks])
        pixels = np.stack([crop.pixels for pair in eyes for crop in pair])
        out = await self._inference.infer("iris", {"image": pixels}, deadline=deadline)
        landmarks = await self._offload(len(looks), _with_eyes, looks, eyes, out)
        shape = (image.shape[0], image.shape[1])
        fits = await self._fit(landmarks, shape, deadline)
        return await self._offload(
            len(looks), self._assessed, looks, landmarks, fits, scores[keep], shape
        )

    def _assessed(
        self, looks: list[_Look], landmarks: F32, fits: Fit, scores: F32, shape: tuple[int, int]
    ) -> list[Face]:
        """Make faces of the looks, their landmarks (N, 478, 3) and fits."""
        return [
            assess(
                landmarks[n].astype(np.float64),
                fits.of(n),
                score=float(scores[n]),
                presence=look.presence,
                crop=look.crop.pixels,
                shape=shape,
                max_residual=self._max_residual,
            )
            for n, look in enumerate(looks)
        ]

    async def _fit(self, landmarks: F32, shape: tuple[int, int], deadline: Deadline) -> Fit:
        """Fit the morphable model to the landmarks (N, 478, 3) of a picture's faces."""
        sizes = np.tile(np.array([shape[1], shape[0]], np.float32), (len(landmarks), 1))
        out = await self._inference.infer(
            FIT_MODEL, {"landmarks": landmarks, "size": sizes}, deadline=deadline
        )
        return Fit(**out)

    async def _look_again(
        self, image: U8, looks: list[_Look], options: DetectOptions, deadline: Deadline
    ) -> list[_Look]:
        """Repeat the looks whose crop does not sit on the face it found as it should.

        The network is at home in crops of one margin and upright; the detector's are often off.
        """
        crops = await self._compute.run(_better_crops, image, looks)
        askew = [n for n, crop in enumerate(crops) if crop is not None]
        if not askew:
            return looks
        better = [crop for crop in crops if crop is not None]
        meshes, presence = await self._mesh(better, deadline)
        again = dict(zip(askew, map(_Look, better, meshes, presence), strict=True))
        # A face that hardly fits the picture may be seen better in the first crop.
        return [
            again[n] if n in again and again[n].presence >= options.min_presence else look
            for n, look in enumerate(looks)
        ]

    async def _look_closely(self, image: U8, looks: list[_Look], deadline: Deadline) -> list[_Look]:
        """Average what is seen in several crops, each a little off the one the network wants."""
        crops = await self._compute.run(_crops_around, image, looks)
        meshes, _ = await self._mesh(crops, deadline)
        several = len(AROUND)
        return [
            replace(look, mesh=np.mean(meshes[n * several : (n + 1) * several], axis=0))
            for n, look in enumerate(looks)
        ]

    async def _mesh(self, crops: list[Crop], deadline: Deadline) -> tuple[list[F64], list[float]]:
        pixels = np.stack([crop.pixels for crop in crops])
        out = await self._inference.infer("face_mesh", {"image": pixels}, deadline=deadline)
        meshes = [mesh_in_image(c, m) for c, m in zip(crops, out["landmarks"], strict=True)]
        return meshes, out["presence"].reshape(-1).astype(float).tolist()


def _stacked(pictures: list[U8]) -> U8:
    return np.stack(pictures)


def _decoded(
    detector: Detector, views: list[View], out: dict[str, Any], min_score: float
) -> Candidates:
    return Candidates.joined(
        [
            blazeface.decode(detector, view, boxes, scores, min_score=min_score)
            for view, boxes, scores in zip(views, out["boxes"], out["scores"], strict=True)
        ]
    )


def _with_eyes(looks: list[_Look], eyes: list[tuple[Crop, Crop]], out: dict[str, Any]) -> F32:
    """Return landmarks (N, 478, 3), with the iris network's answer for two eyes each."""
    contours = out["contour"].reshape(len(looks), 2, 71, 3)
    irises = out["iris"].reshape(len(looks), 2, 5, 3)
    refined = [
        refine_eyes(look.mesh, eyes[n], contours[n], irises[n]) for n, look in enumerate(looks)
    ]
    return np.asarray(np.stack(refined), np.float32)


def _passes(options: DetectOptions) -> list[tuple[MakeViews, Sequence[float]]]:
    """The whole first, then closer, then from other angles and further away."""
    upright = (0, *options.angles)
    return [
        (_near, upright),
        (_far, upright),
        (_tiles, (0,)),
        (_tilted, (0, -45, 45)),
    ]


def _near(image: U8, angle_deg: float) -> Looks:
    """The whole picture, for faces of at least a seventh of it."""
    return [(SHORT_RANGE, [blazeface.whole_view(image, SHORT_RANGE.side, angle_deg=angle_deg)])]


def _far(image: U8, angle_deg: float) -> Looks:
    """The whole picture, for faces of at least a sixteenth of it."""
    return [(FULL_RANGE, [blazeface.whole_view(image, FULL_RANGE.side, angle_deg=angle_deg)])]


def _tilted(image: U8, angle_deg: float) -> Looks:
    """Look from an angle and from further away: tilted heads, and faces larger than the frame."""
    return [
        (d, [blazeface.whole_view(image, d.side, angle_deg=angle_deg, zoom_out=1.6)])
        for d in (SHORT_RANGE, FULL_RANGE)
    ]


def _tiles(image: U8, _: float) -> Looks:
    """Look closely, at every scale between the finest and the whole picture."""
    side = FULL_RANGE.side
    views: list[View] = []
    scale = FINEST_SCALE
    while max(image.shape[:2]) * scale > 1.2 * side:
        views += blazeface.tiled_views(image, side, scale)
        scale /= SCALE_STEP
    return [(FULL_RANGE, views)] if views else []


def _detection_crops(image: U8, found: Candidates) -> list[Crop]:
    return [
        crop_from_detection(image, *args)
        for args in zip(found.boxes, found.sides, found.points, strict=True)
    ]


def _crops_around(image: U8, looks: list[_Look]) -> list[Crop]:
    """Return the crops to average, those of one look after those of another."""
    crops = []
    for look in looks:
        square = square_of_landmarks(look.mesh)
        pixel = square.side / MESH_SIDE
        for right, down, turn in AROUND:
            near = replace(
                square,
                x=square.x + right * pixel,
                y=square.y + down * pixel,
                angle=square.angle + turn,
            )
            crops.append(crop_square(image, near, MESH_SIDE))
    return crops


def _better_crops(image: U8, looks: list[_Look]) -> list[Crop | None]:
    """Return the crop each mesh asks for, or None where the one it came from is as good."""
    squares = [square_of_landmarks(look.mesh) for look in looks]
    return [
        None
        if look.crop.fits(square) and look.presence >= SURE
        else crop_square(image, square, MESH_SIDE)
        for look, square in zip(looks, squares, strict=True)
    ]


def _all_eye_crops(image: U8, meshes: list[F64]) -> list[tuple[Crop, Crop]]:
    return [eye_crops(image, mesh) for mesh in meshes]


LITTLE = 2
"""Views or faces up to which their arithmetic, a third of a millisecond each, stays in the loop."""
SURE = 0.95
"""Presence from which one look is enough."""
SAME_FACE = 0.4
"""Share of the smaller mesh's box inside another's from which they are one face."""


def _distinct(meshes: list[F64], keep: list[int], scores: NDArray[np.float32]) -> list[int]:
    """Drop meshes that lie on a face already taken by a better candidate, or on a part of it."""
    bounds = [(mesh[:, :2].min(0), mesh[:, :2].max(0)) for mesh in meshes]

    def shared(i: int, j: int) -> float:
        low, high = np.maximum(bounds[i][0], bounds[j][0]), np.minimum(bounds[i][1], bounds[j][1])
        areas = [float(np.prod(bounds[k][1] - bounds[k][0])) for k in (i, j)]
        return float(np.prod(np.maximum(high - low, 0))) / max(min(areas), 1e-9)

    taken: list[int] = []
    for i in sorted(keep, key=lambda i: -scores[i]):
        if all(shared(i, j) < SAME_FACE for j in taken):
            taken.append(i)
    return sorted(taken)
