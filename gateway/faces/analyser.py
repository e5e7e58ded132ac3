"""Finds the faces of a picture: detector, mesh, irises, in as few calls as it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from gateway.arrays import F32, F64, U8
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.faces import blazeface
from gateway.faces.assess import MAX_RESIDUAL, assess
from gateway.faces.blazeface import Candidates
from gateway.faces.detect import (
    OWN,
    DetectOptions,
    FaceDetector,
    Finder,
    passes,
    tilted,
    upside_down,
)
from gateway.faces.face import Face, FaceWarning
from gateway.faces.landmarks import (
    MESH_SIDE,
    Crop,
    crop_square,
    mesh_in_image,
    square_of_landmarks,
)
from gateway.faces.mesh_looks import (
    AROUND,
    SURE,
    MeshLook,
    all_eye_crops,
    better_crops,
    crops_around,
    detection_crops,
    distinct,
    own_crop,
    seen_eyes,
    shares,
)
from gateway.faces.morphable.fit import Fit
from gateway.faces.uprightness import SURELY_UPRIGHT, is_uncertain, other_is_nearer, turned
from gateway.inference.protocol import Inference

FIT_MODEL = "face_3dmm"
STEPS_OVER = 3
"""Further inferences, each in the crop of the previous one, for faces that are upside down."""
_UNCERTAIN = FaceWarning.ORIENTATION_UNCERTAIN


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
            UnknownModel: the detector that is requested is not there.
            InferenceError, DeadlineExceeded: from the networks.
        """
        return await self._detector.find(image, deadline=deadline, options=options)

    async def analyse(
        self, image: U8, *, deadline: Deadline, options: DetectOptions | None = None
    ) -> list[Face]:
        """Return the faces of a picture (H, W, 3) RGB, the largest first.

        Raises:
            UnknownModel: the detector that is requested is not there.
            InferenceError, DeadlineExceeded: from the networks.
        """
        options = options or DetectOptions()
        found = Candidates.joined([])
        faces: list[Face] = []
        for one in passes(options):
            enough = not options.thorough or one[0] in (tilted, upside_down)
            if faces and enough:
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
    ) -> list[Face]:
        """Return faces again, as they are in another picture of the same place.

        For a picture that was changed, or the next one of a video: no detector runs. A face that is
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
        crops = await self._compute.offload(
            len(faces), lambda: [crop_square(image, square, MESH_SIDE) for square in squares]
        )
        scores = np.array([face.score for face in faces], np.float32)
        options = DetectOptions(precise=precise)
        looks = await self._looks(crops, deadline)
        return await self._faces_of(
            image, looks, scores, options, deadline, sure=options.min_presence
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
        crops = await self._compute.run(detection_crops, image, found)
        looks = await self._upright(image, crops, found.scores, options, deadline)
        scores = found.scores
        if any(look.over for look in looks):
            looks, scores = await self._turned_over(image, looks, scores, options, deadline)
        return await self._faces_of(image, looks, scores, options, deadline, sure=SURE)

    async def _turned_over(
        self,
        image: U8,
        looks: list[MeshLook],
        scores: F32,
        options: DetectOptions,
        deadline: Deadline,
    ) -> tuple[list[MeshLook], F32]:
        """Look for faces upside down, where there is one: the detector had it in the wrong place.

        Returns:
            The passes, repeated where that improved them, and others with their scores (N,).
        """
        over = replace(options, angles=(180,))
        found = await self._detector.look(image, (upside_down, (180,)), over, deadline)
        if not len(found.scores):
            return looks, scores
        more = await self._looks(await self._compute.run(detection_crops, image, found), deadline)
        kept = [
            n
            for n, look in enumerate(looks)
            if not (look.over and any(other.sure and shares(look, other) for other in more))
        ]
        new = [n for n, other in enumerate(more) if other.sure]
        return (
            [*(looks[n] for n in kept), *(more[n] for n in new)],
            np.concatenate([scores[kept], found.scores[new]]),
        )

    async def _upright(
        self,
        image: U8,
        crops: list[Crop],
        scores: F32,
        options: DetectOptions,
        deadline: Deadline,
    ) -> list[MeshLook]:
        """Look at crops that a detector scored (N,), each the way up that shows more of a face.

        A clearly upright face needs one inference; see `uprightness`.
        """
        doubted = [
            n
            for n in range(len(crops))
            if options.either_way_up and (options.model != OWN or scores[n] < SURELY_UPRIGHT)
        ]
        over = await self._compute.run(lambda: [turned(image, crops[n]) for n in doubted])
        looks = await self._looks([*crops, *over], deadline)
        looks, others = looks[: len(crops)], looks[len(crops) :]
        pairs = {n: (looks[n], other) for n, other in zip(doubted, others, strict=True)}
        again = [n for n, (a, b) in pairs.items() if is_uncertain(a.presence, b.presence)]
        if again:  # the network is surer where the crop is its own
            near = [own_crop(image, look) for n in again for look in pairs[n]]
            second = await self._looks(near, deadline)
            for k, n in enumerate(again):
                pairs[n] = (second[2 * k], second[2 * k + 1])
        for n, (look, other) in pairs.items():
            alike = is_uncertain(look.presence, other.presence)
            other_way = not alike and other.presence > look.presence
            if alike and options.roll is not None:  # else, as most faces are, the detector's way
                other_way = other_is_nearer(look.crop.square.angle, options.roll)
            chosen = other if other_way else look
            looks[n] = replace(chosen, uncertain=alike, over=other_way)
        return looks

    async def _looks(self, crops: list[Crop], deadline: Deadline) -> list[MeshLook]:
        return list(map(MeshLook, crops, *await self._mesh(crops, deadline)))

    async def _faces_of(
        self,
        image: U8,
        every: list[MeshLook],
        scores: F32,
        options: DetectOptions,
        deadline: Deadline,
        *,
        sure: float,
    ) -> list[Face]:
        """Return the faces of passes that are scored (N,); see `SURE`."""
        keep = [i for i, look in enumerate(every) if look.presence >= options.min_presence]
        keep = distinct([look.mesh for look in every], keep, scores)
        if not keep:
            return []
        looks = [every[i] for i in keep]
        looks = await self._look_again(image, looks, options, deadline, sure)
        for _ in range(STEPS_OVER):
            # A detector that has a face upside down has it in the wrong place, too.
            if not any(look.over for look in looks):
                break
            looks = await self._look_again(image, looks, options, deadline, sure)
        one_each = distinct([look.mesh for look in looks], list(range(len(looks))), scores[keep])
        keep, looks = [keep[n] for n in one_each], [looks[n] for n in one_each]
        if options.precise:
            looks = await self._look_closely(image, looks, deadline)
        landmarks = await self._with_eyes(image, looks, deadline)
        shape = (image.shape[0], image.shape[1])
        fits = await self._fit(landmarks, shape, deadline)
        return await self._compute.offload(
            len(looks), self._assessed, looks, landmarks, fits, scores[keep], shape
        )

    async def _with_eyes(
        self,
        image: U8,
        looks: list[MeshLook],
        deadline: Deadline,
    ) -> F32:
        """Return landmarks (N, 478, 3) with lids and irises."""
        meshes = [look.mesh for look in looks]
        eyes = await self._compute.offload(len(looks), all_eye_crops, image, meshes)
        pixels = np.stack([crop.pixels for pair in eyes for crop in pair])
        out = await self._inference.infer("iris", {"image": pixels}, deadline=deadline)
        return await self._compute.offload(len(looks), seen_eyes, looks, eyes, out)

    def _assessed(
        self, looks: list[MeshLook], landmarks: F32, fits: Fit, scores: F32, shape: tuple[int, int]
    ) -> list[Face]:
        """Build faces from the passes, their landmarks (N, 478, 3) and fits."""
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
            told = (*face.warnings, *([_UNCERTAIN] if look.uncertain else []))
            faces.append(replace(face, warnings=told))
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
        looks: list[MeshLook],
        options: DetectOptions,
        deadline: Deadline,
        sure: float,
    ) -> list[MeshLook]:
        """Repeat the passes whose crop is not aligned with the face found in it.

        The network is at home in crops of one margin and upright; the detector's are often off.
        """
        crops = await self._compute.offload(len(looks), better_crops, image, looks, sure)
        askew = [n for n, crop in enumerate(crops) if crop is not None]
        if not askew:
            return looks
        better = [crop for crop in crops if crop is not None]
        meshes, presence = await self._mesh(better, deadline)
        again = {
            n: replace(looks[n], crop=crop, mesh=mesh, presence=present)
            for n, crop, mesh, present in zip(askew, better, meshes, presence, strict=True)
        }
        # A face that hardly fits the picture may be seen better in the first crop.
        return [
            again[n] if n in again and again[n].presence >= options.min_presence else look
            for n, look in enumerate(looks)
        ]

    async def _look_closely(
        self, image: U8, looks: list[MeshLook], deadline: Deadline
    ) -> list[MeshLook]:
        """Average the landmarks of several crops, slightly offset from the preferred one."""
        crops = await self._compute.run(crops_around, image, looks)
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
