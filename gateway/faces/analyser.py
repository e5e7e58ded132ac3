"""Finds the faces of a picture: detector, mesh, irises, in as few calls as it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gateway.arrays import F32, F64, U8
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.faces import blazeface
from gateway.faces.assess import MAX_RESIDUAL, assess
from gateway.faces.blazeface import Candidates
from gateway.faces.detect import DetectOptions, FaceDetector, Finder, passes, tilted
from gateway.faces.face import Face
from gateway.faces.landmarks import (
    MESH_SIDE,
    Crop,
    crop_from_detection,
    crop_square,
    eye_crops,
    eye_offsets,
    kept_eyes,
    mesh_in_image,
    refine_eyes,
    square_of_landmarks,
)
from gateway.faces.morphable.fit import Fit
from gateway.inference.protocol import Inference

FIT_MODEL = "face_3dmm"
SURE = 0.95
"""Presence from which one look at what a detector found is enough; where a face is known to have
been, any look that finds it again is."""
AROUND = ((0.6, 0.3, 0.05), (-0.3, 0.6, -0.05), (-0.6, -0.3, 0.05), (0.3, -0.6, -0.05))
"""Steps right and down, in pixels of the crop, and turns in radians of the crops averaged: half a
pixel apart, so that what the network's grid does to one is undone by another."""


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """A crop and what the mesh network saw in it: (478, 3) in the picture, and how sure it is."""

    crop: Crop
    mesh: F64
    presence: float


class FaceAnalyser:
    """Finds faces with the networks of an `Inference`."""

    def __init__(
        self,
        inference: Inference,
        compute: Compute,
        *,
        max_residual: float = MAX_RESIDUAL,
        finders: Mapping[str, Finder] = MappingProxyType({}),
    ) -> None:
        """Take what runs the networks and the array work.

        Args:
            inference: The networks.
            compute: Threads.
            max_residual: See `assess`.
            finders: Other detectors than ours, by the names that `DetectOptions` call them by.
        """
        self._max_residual = max_residual
        self._inference = inference
        self._compute = compute
        self._detector = FaceDetector(inference, compute, finders)

    async def detect(self, image: U8, *, deadline: Deadline, options: DetectOptions) -> Candidates:
        """Return where faces may be in a picture (H, W, 3) RGB, without looking at them.

        Raises:
            UnknownModel: the detector that is asked for is not there.
            InferenceError, DeadlineExceeded: from the networks.
        """
        return await self._detector.find(image, deadline=deadline, options=options)

    async def analyse(
        self, image: U8, *, deadline: Deadline, options: DetectOptions | None = None
    ) -> list[Face]:
        """Return the faces of a picture (H, W, 3) RGB, the largest first.

        Raises:
            UnknownModel: the detector that is asked for is not there.
            InferenceError, DeadlineExceeded: from the networks.
        """
        options = options or DetectOptions()
        found = Candidates.joined([])
        faces: list[Face] = []
        for one in passes(options):
            if faces and (not options.thorough or one[0] is tilted):
                break
            more = await self._detector.look(image, one, options, deadline)
            if not len(more.scores):
                continue
            found = blazeface.suppress(Candidates.joined([found, more]))
            faces = await self.look_at(image, found, deadline=deadline, options=options)
        return sorted(faces, key=lambda f: -f.area)[: options.max_faces]

    async def follow(
        self,
        image: U8,
        faces: Sequence[Face],
        *,
        deadline: Deadline,
        precise: bool = False,
        keep_eyes: bool = False,
    ) -> list[Face]:
        """Return faces again, as they are in another picture of the same place.

        For a picture that was changed, or the next one of a video: no detector runs. A face that is
        not to be seen there any more is left out.

        Args:
            image: uint8 (H, W, 3) RGB.
            faces: Where they were.
            deadline: When the answer is of no use any more.
            precise: See `DetectOptions`.
            keep_eyes: Leave lids and irises where they were beside the mesh's own, instead of
                looking at the eyes by themselves: in a moment that hardly changes.
        """
        if not faces:
            return []
        squares = [square_of_landmarks(face.landmarks) for face in faces]
        crops = await self._compute.run(
            lambda: [crop_square(image, square, MESH_SIDE) for square in squares]
        )
        scores = np.array([face.score for face in faces], np.float32)
        options = DetectOptions(precise=precise)
        return await self._faces_in(
            image, crops, scores, options, deadline, sure=options.min_presence
        )

    async def look_at(
        self, image: U8, found: Candidates, *, deadline: Deadline, options: DetectOptions
    ) -> list[Face]:
        """Return the faces of a picture (H, W, 3) RGB that are where they may be.

        Mesh, again where the first look was askew, then the irises.

        Raises:
            InferenceError, DeadlineExceeded: from the networks.
        """
        if not len(found.scores):
            return []
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
        *,
        sure: float = SURE,
        eyes: Sequence[F32 | None] | None = None,
    ) -> list[Face]:
        """Return the faces of crops that are scored (N,); see `SURE`, and for eyes `follow`."""
        meshes, presence = await self._mesh(crops, deadline)
        keep = [i for i in range(len(crops)) if presence[i] >= options.min_presence]
        keep = _distinct(meshes, keep, scores)
        if not keep:
            return []
        looks = [_Look(crops[i], meshes[i], presence[i]) for i in keep]
        looks = await self._look_again(image, looks, options, deadline, sure)
        one_each = _distinct([look.mesh for look in looks], list(range(len(looks))), scores[keep])
        keep, looks = [keep[n] for n in one_each], [looks[n] for n in one_each]
        if options.precise:
            looks = await self._look_closely(image, looks, deadline)
        offsets = [None if eyes is None else eyes[n] for n in keep]
        landmarks = await self._with_eyes(image, looks, offsets, deadline)
        shape = (image.shape[0], image.shape[1])
        fits = await self._fit(landmarks, shape, deadline)
        return await self._compute.offload(
            len(looks), self._assessed, looks, landmarks, fits, scores[keep], shape
        )

    async def _with_eyes(
        self,
        image: U8,
        looks: list[_Look],
        offsets: Sequence[F32 | None],
        deadline: Deadline,
    ) -> F32:
        """Return landmarks (N, 478, 3) with lids and irises, seen or kept."""
        if all(offset is not None for offset in offsets):
            pairs = zip(looks, offsets, strict=True)
            kept = [kept_eyes(look.mesh, offset) for look, offset in pairs if offset is not None]
            return np.asarray(np.stack(kept), np.float32)
        eyes = await self._compute.run(_all_eye_crops, image, [look.mesh for look in looks])
        pixels = np.stack([crop.pixels for pair in eyes for crop in pair])
        out = await self._inference.infer("iris", {"image": pixels}, deadline=deadline)
        return await self._compute.offload(len(looks), _with_eyes, looks, eyes, out)

    def _assessed(
        self, looks: list[_Look], landmarks: F32, fits: Fit, scores: F32, shape: tuple[int, int]
    ) -> list[Face]:
        """Make faces of the looks, their landmarks (N, 478, 3) and fits."""
        faces = []
        for n, look in enumerate(looks):
            points = landmarks[n].astype(np.float64)
            face = assess(
                points,
                fits.of(n),
                score=float(scores[n]),
                presence=look.presence,
                crop=look.crop.pixels,
                shape=shape,
                max_residual=self._max_residual,
            )
            faces.append(replace(face, eye_offsets=eye_offsets(look.mesh, points)))
        return faces

    async def _fit(self, landmarks: F32, shape: tuple[int, int], deadline: Deadline) -> Fit:
        """Fit the morphable model to the landmarks (N, 478, 3) of a picture's faces."""
        sizes = np.tile(np.array([shape[1], shape[0]], np.float32), (len(landmarks), 1))
        out = await self._inference.infer(
            FIT_MODEL, {"landmarks": landmarks, "size": sizes}, deadline=deadline
        )
        return Fit(**out)

    async def _look_again(
        self,
        image: U8,
        looks: list[_Look],
        options: DetectOptions,
        deadline: Deadline,
        sure: float,
    ) -> list[_Look]:
        """Repeat the looks whose crop does not sit on the face it found as it should.

        The network is at home in crops of one margin and upright; the detector's are often off.
        """
        crops = await self._compute.run(_better_crops, image, looks, sure)
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


def _with_eyes(looks: list[_Look], eyes: list[tuple[Crop, Crop]], out: dict[str, Any]) -> F32:
    """Return landmarks (N, 478, 3), with the iris network's answer for two eyes each."""
    contours = out["contour"].reshape(len(looks), 2, 71, 3)
    irises = out["iris"].reshape(len(looks), 2, 5, 3)
    refined = [
        refine_eyes(look.mesh, eyes[n], contours[n], irises[n]) for n, look in enumerate(looks)
    ]
    return np.asarray(np.stack(refined), np.float32)


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


def _better_crops(image: U8, looks: list[_Look], sure: float) -> list[Crop | None]:
    """Return the crop each mesh asks for, or None where the one it came from is as good."""
    squares = [square_of_landmarks(look.mesh) for look in looks]
    return [
        None
        if look.crop.fits(square) and look.presence >= sure
        else crop_square(image, square, MESH_SIDE)
        for look, square in zip(looks, squares, strict=True)
    ]


def _all_eye_crops(image: U8, meshes: list[F64]) -> list[tuple[Crop, Crop]]:
    return [eye_crops(image, mesh) for mesh in meshes]


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
