"""Inputs of a network in normal service, collected from images for its calibration.

Pictures go through the very code that serves: analyser, crops, adaptors. Whatever reaches the
network on the way is kept.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gateway.arrays import F32, U8, AnyFloat
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.errors import CalibrationTooSmall, ImageError, UnknownModel
from gateway.faces.analyser import FaceAnalyser
from gateway.faces.detect import DetectOptions
from gateway.faces.embedding import FaceEmbedder
from gateway.faces.face import Face
from gateway.imaging.geometry.warp import crop_affine
from gateway.inference.protocol import Inference, ModelState, Tensors
from gateway.media.image import decode_image
from gateway.models.quantize import Rows
from gateway.networks import arcface, bisenet, live_portrait, xseg
from gateway.networks.available import AvailableModels
from gateway.networks.crops import aligned_crops
from gateway.networks.detecting.network import NetworkDetector
from gateway.networks.detecting.specs import DETECTORS
from gateway.networks.landmarks import LANDMARKERS, Landmarker
from gateway.networks.restoring import RESTORERS, FaceRestorer
from gateway.networks.swapping.identity import NEUTRAL, IdentityEmbedding
from gateway.networks.swapping.network import SwapNetwork
from gateway.networks.swapping.specs import SWAPPERS
from gateway.networks.upscaling import UPSCALERS, Upscaler
from gateway.processors import maskers

LOOKED_AT = ("blazeface_short", "blazeface_full", "face_mesh", "iris")
"""The networks that finding faces runs."""
HALF = "_fp16"
"""Name suffixes of networks that are in half precision already."""
SUPPORTED = tuple(
    name
    for name in (
        *LOOKED_AT,
        "face_embedding",
        "open_nsfw",
        arcface.ARCFACE,
        *SWAPPERS,
        *RESTORERS,
        *live_portrait.MODELS,
        *UPSCALERS,
        *DETECTORS,
        *LANDMARKERS,
        *xseg.MODELS,
        *bisenet.MODELS,
    )
    if not name.endswith(HALF)
)
"""The networks that can be calibrated: those that take images, by the available adaptors."""

MOST_FACES = 4
"""Of a picture: faces beside one another are alike in light and grain."""
PICTURE_S = 600.0
"""Seconds the networks may take for one picture; large ones take long on a CPU."""

Show = Callable[[U8, Sequence[Face], Deadline], Awaitable[Any]]
"""Shows a picture and its faces to a network."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """Counts of the images and faces that were read.

    Attributes:
        pictures: Images that were read.
        faces: Faces that were found in them.
        unreadable: Files that are not images.
    """

    pictures: int
    faces: int
    unreadable: int


class Recorder:
    """An `Inference` that keeps the rows one model is given."""

    def __init__(self, inference: Inference, model: str, rows: Rows) -> None:
        """Take what runs the models, and where the rows of one of them are kept."""
        self._inference = inference
        self._model = model
        self._rows = rows

    async def infer(
        self, model: str, inputs: Tensors, *, deadline: Deadline
    ) -> dict[str, NDArray[Any]]:
        """Run a model; see `Inference.infer`."""
        if model == self._model:
            counts = {len(values) for values in inputs.values()}
            # Inputs that do not go by rows are one call, as they are.
            count = counts.pop() if len(counts) == 1 else 1
            for start in range(count):
                some = slice(start, start + 1) if count > 1 else slice(None)
                self._rows.add({name: values[some] for name, values in inputs.items()})
        return await self._inference.infer(model, inputs, deadline=deadline)

    async def model_states(self) -> list[ModelState]:
        """Return the models' states; see `Inference.model_states`."""
        return await self._inference.model_states()

    async def close(self) -> None:
        """Close what runs the models."""
        await self._inference.close()


def check_supported(name: str) -> None:
    """Check that a network can be calibrated here.

    Raises:
        UnknownModel: it is in half precision, or not given pictures by an adaptor.
    """
    if name.endswith(HALF):
        raise UnknownModel(
            f"{name} is in half precision; quantise {name.removesuffix(HALF)} instead."
        )
    if name not in SUPPORTED:
        raise UnknownModel(
            f"{name} cannot be quantised: it is not given pictures, or no adaptor tells how. "
            f"These can: {', '.join(SUPPORTED)}."
        )


async def gather(
    name: str,
    folder: Path,
    rows: Rows,
    *,
    inference: Inference,
    compute: Compute,
    pulled: AvailableModels,
    max_pixels: int,
) -> Gathered:
    """Store the inputs of a network while the images of a folder are processed.

    Args:
        name: Name of the model, one of `SUPPORTED`.
        folder: Folder of images; other files are skipped.
        rows: Storage for the network's inputs; collection ends when it is full.
        inference: Runs the networks.
        compute: Runs the array work.
        pulled: The installed model packages.
        max_pixels: Larger images are skipped.

    Raises:
        CalibrationTooSmall: there is no picture, or no face in any.
        UnknownModel: a network that this one needs is not installed.
        InferenceError, DeadlineExceeded: from the networks.
        OSError: a file cannot be read.
    """
    recorder = Recorder(inference, name, rows)
    analyser = FaceAnalyser(recorder, compute)
    show = _show_of(name, recorder, compute, pulled)
    # Crops rotated to determine a face's orientation are not regular inputs of networks.
    options = DetectOptions(thorough=name in LOOKED_AT, either_way_up=False)
    pictures = faces = unreadable = 0
    for path in _files(folder):
        if rows.full:
            break
        try:
            image = decode_image(path.read_bytes(), max_pixels=max_pixels, name=path.name).rgb
        except ImageError:
            unreadable += 1
            continue
        pictures += 1
        rows.next_picture()
        deadline = Deadline.after(PICTURE_S)
        found = await analyser.analyse(image, deadline=deadline, options=options)
        faces += len(found)
        if found and show is not None:
            await show(image, found[:MOST_FACES], deadline)
    if not pictures:
        raise CalibrationTooSmall("The folder holds no picture.")
    if not faces:
        raise CalibrationTooSmall(f"No face was found in any of the {pictures} pictures.")
    return Gathered(pictures, faces, unreadable)


def _files(folder: Path) -> Iterable[Path]:
    return (path for path in sorted(folder.iterdir()) if path.is_file())


def _show_of(
    name: str, inference: Inference, compute: Compute, pulled: AvailableModels
) -> Show | None:
    """Return the callable that passes images to a network; None if face detection does so."""
    if name in SWAPPERS:
        return _Swapping(name, inference, compute, pulled)
    if name in RESTORERS:
        return _restoring(name, inference, compute)
    if name in UPSCALERS:
        return _upscaling(name, inference, compute)
    if name in live_portrait.MODELS:
        return _Expressing(inference, compute)
    if name in (*DETECTORS, *LANDMARKERS):
        return _looking(name, inference, compute)
    if name in (*xseg.MODELS, *bisenet.MODELS):
        return _masking(name, inference, compute)
    if name == arcface.ARCFACE:
        return lambda image, faces, deadline: _embed(inference, compute, image, faces, deadline)
    if name == "face_embedding":
        embedder = FaceEmbedder(inference, compute)
        return lambda image, faces, deadline: embedder.embed(image, faces, deadline=deadline)
    if name == "open_nsfw":
        return lambda image, faces, deadline: inference.infer(
            name, {"image": _middle(image)[None]}, deadline=deadline
        )
    return None


def _points(faces: Sequence[Face]) -> F32:
    return np.stack([face.landmarks_5 for face in faces])


async def _embed(
    inference: Inference,
    compute: Compute,
    image: U8,
    faces: Sequence[Face],
    deadline: Deadline,
) -> F32:
    """Return ArcFace's embeddings of faces, (N, 512)."""
    crops, _ = aligned_crops(image, _points(faces), arcface.TEMPLATE, arcface.SIDE_PX)
    return await arcface.ArcFace(inference, compute).embed(crops, deadline=deadline)


class _Swapping:
    """Swaps each face for the one that was seen before it."""

    def __init__(
        self, name: str, inference: Inference, compute: Compute, pulled: AvailableModels
    ) -> None:
        self._network = SwapNetwork(SWAPPERS[name], inference, compute, emap=pulled.emaps.get(name))
        self._inference = inference
        self._compute = compute
        self._before: IdentityEmbedding | None = None

    async def __call__(self, image: U8, faces: Sequence[Face], deadline: Deadline) -> None:
        spec = self._network.spec
        raws = await _embed(self._inference, self._compute, image, faces, deadline)
        shown: Sequence[U8 | None] = [None] * len(faces)
        if picture := spec.family.picture:
            shown = list(aligned_crops(image, _points(faces), picture.template, picture.side_px)[0])
        crops, _ = aligned_crops(image, _points(faces), spec.template, spec.side_px)
        for crop, raw, portrait in zip(crops, raws, shown, strict=True):
            own = IdentityEmbedding.of(raw[None], portrait)
            latent = await self._network.latent(
                self._before or own, None, NEUTRAL, deadline=deadline
            )
            await self._network.swap(crop[None], latent[None], deadline=deadline)
            self._before = own


class _Expressing:
    """Gives each face the expression of the one that was seen before it."""

    def __init__(self, inference: Inference, compute: Compute) -> None:
        self._network = live_portrait.LivePortrait(inference, compute)
        self._before: U8 | None = None

    async def __call__(self, image: U8, faces: Sequence[Face], deadline: Deadline) -> None:
        side = live_portrait.SIDE_PX
        for crop in aligned_crops(image, _points(faces), live_portrait.TEMPLATE, side)[0]:
            wanted = crop if self._before is None else self._before
            await self._network.express(
                crop[None], wanted[None], factor=1, upper=True, lower=True, deadline=deadline
            )
            self._before = crop


def _looking(name: str, inference: Inference, compute: Compute) -> Show:
    if name in DETECTORS:
        detector = NetworkDetector(DETECTORS[name], inference, compute)
        return lambda image, faces, deadline: detector.find(image, min_score=0.5, deadline=deadline)
    landmarker = Landmarker(LANDMARKERS[name], inference, compute)
    return lambda image, faces, deadline: landmarker.landmarks(
        image, np.stack([face.box_xyxy for face in faces]), [0] * len(faces), deadline=deadline
    )


def _masking(name: str, inference: Inference, compute: Compute) -> Show:
    side = xseg.SIDE_PX if name in xseg.MODELS else bisenet.SIDE_PX

    async def show(image: U8, faces: Sequence[Face], deadline: Deadline) -> None:
        crops, _ = aligned_crops(image, _points(faces), maskers.TEMPLATE, side)
        if name in xseg.MODELS:
            await xseg.XSeg(name, inference, compute).seen(crops, deadline=deadline)
        else:
            await bisenet.BiSeNet(name, inference, compute).classes(crops, deadline=deadline)

    return show


def _restoring(name: str, inference: Inference, compute: Compute) -> Show:
    spec = RESTORERS[name]
    network = FaceRestorer(spec, inference, compute)

    async def show(image: U8, faces: Sequence[Face], deadline: Deadline) -> None:
        for crop in aligned_crops(image, _points(faces), spec.template, spec.side_px)[0]:
            await network.restore(crop[None], weight=0.5, deadline=deadline)

    return show


def _upscaling(name: str, inference: Inference, compute: Compute) -> Show:
    spec = UPSCALERS[name]
    side = spec.tiling.side_px // 2
    network = Upscaler(spec, inference, compute)

    async def show(image: U8, faces: Sequence[Face], deadline: Deadline) -> None:
        for face in faces:  # around each: tiles of skin, hair and what lies behind
            x, y = (int(at) for at in face.landmarks_5[2])
            rows, columns = slice(max(y - side, 0), y + side), slice(max(x - side, 0), x + side)
            around = image[rows, columns]
            if around.size:
                await network.upscale(around, deadline=deadline, batch=1)

    return show


def _middle(image: U8) -> U8:
    """Return a picture (H, W, 3) stretched to 256×256, of that the middle (224, 224, 3)."""
    scale = 256 / np.array(image.shape[1::-1])
    matrix: AnyFloat = np.column_stack([np.diag(scale), (scale - 1) / 2 - 16])
    return crop_affine(image, matrix, 224, repeat=True)
