"""Networks that find a face wherever a test needs one: the whole pipeline without models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gateway.arrays import F32
from gateway.faces.atlas import HEIGHT, WIDTH
from gateway.faces.blazeface import FULL_RANGE, SHORT_RANGE, Detector
from gateway.faces.delight import MODEL as DELIGHTER
from gateway.faces.glasses import COLUMNS as BAND_COLUMNS
from gateway.faces.glasses import MODEL as REMOVER
from gateway.faces.glasses import PLANES as REMOVER_PLANES
from gateway.faces.glasses import ROWS as BAND_ROWS
from gateway.faces.landmarks import (
    _LEFT_LIDS,
    IRIS_MARGIN,
    IRIS_SIDE,
    MESH_MARGIN,
    MESH_SIDE,
)
from gateway.faces.morphable.fit import fit_landmarks
from gateway.faces.morphable.model import N_NAMED, face_model
from gateway.faces.occlusion import MODEL as OCCLUSION
from gateway.faces.refiner import COLUMNS, ROWS
from gateway.faces.refiner import MODEL as REFINER
from gateway.faces.refiner import PLANES as REFINER_PLANES
from gateway.faces.skin_levels import SKIN_LEVEL
from gateway.faces.topology import N_LANDMARKS, N_MESH, RIGHT_IRIS, topology
from gateway.imaging.color.skin_model import PLANES, ZERO
from gateway.inference.contracts import ModelContract, TensorSpec
from gateway.inference.protocol import Tensors
from gateway.testing import FakeFunction, FakeInference, FakeModel

FacePlacement = tuple[float, float, float]
"""Centre x, centre y and side of a face, as fractions of the square around the picture."""

GREENER = -60
"""Levels of departure, of red and of blue over green, from which on something is before a face."""
_BLACK = 8
"""Level up to which the pixel in a face's place means that there is none."""


def fake_face_inference(places: Sequence[FacePlacement] = ((0.5, 0.5, 0.5),)) -> FakeInference:
    """Return networks that find an upright mean face in each place of any picture.

    Where a picture is black in a face's place, there is no face; places must not overlap.
    """

    def detect(detector: Detector) -> FakeFunction:
        return lambda inputs: _detections(detector, inputs["image"], places)

    return FakeInference(
        [
            _model(SHORT_RANGE, detect(SHORT_RANGE)),
            # One of the two suffices; this one sees tiles of the picture, too.
            _model(FULL_RANGE, lambda inputs: _detections(FULL_RANGE, inputs["image"], ())),
            FakeModel(
                _contract("face_mesh", MESH_SIDE, {"landmarks": (N_MESH, 3), "presence": (1,)}),
                _mesh,
            ),
            FakeModel(_contract("iris", IRIS_SIDE, {"contour": (71, 3), "iris": (5, 3)}), _irises),
            FakeModel(_contract("face_embedding", 150, {"embedding": (128,)}), _embedding),
            FakeModel(_fit_contract(), _fit),
            FakeModel(_occlusion_contract(), _hidden),
            FakeModel(_refiner_contract(), _unchanged),
            FakeModel(_remover_contract(), _dark_is_skin),
            FakeModel(_delighter_contract(), _even_already),
        ]
    )


def _model(detector: Detector, function: FakeFunction) -> FakeModel:
    anchors = len(detector.anchors())
    outputs = {"boxes": (anchors, 16), "scores": (anchors,)}
    return FakeModel(_contract(detector.model, detector.side, outputs), function)


def _contract(name: str, side: int, outputs: Mapping[str, tuple[int, ...]]) -> ModelContract:
    image = TensorSpec("image", np.dtype(np.uint8), (-1, side, side, 3))
    return ModelContract(name, 16, (image,), _floats(outputs))


def _floats(shapes: Mapping[str, tuple[int, ...]]) -> tuple[TensorSpec, ...]:
    return tuple(
        TensorSpec(name, np.dtype(np.float32), (-1, *shape)) for name, shape in shapes.items()
    )


def _fit_contract() -> ModelContract:
    model = face_model()
    outputs: dict[str, tuple[int, ...]] = {
        "identity": (model.n_identity,),
        "expression": (N_NAMED + model.n_residual,),
        "rotation": (3, 3),
        "translation": (3,),
        "scale": (1,),
        "residual": (1,),
    }
    inputs = _floats({"landmarks": (N_LANDMARKS, 3), "size": (2,)})
    return ModelContract("face_3dmm", 16, inputs, _floats(outputs))


def _occlusion_contract() -> ModelContract:
    departures = TensorSpec("departures", np.dtype(np.uint8), (-1, HEIGHT, WIDTH, PLANES))
    outputs = _floats({"hidden": (HEIGHT, WIDTH)})
    return ModelContract(OCCLUSION, 16, (departures,), outputs)


def _refiner_contract() -> ModelContract:
    inputs = (TensorSpec("planes", np.dtype(np.uint8), (-1, ROWS, COLUMNS, REFINER_PLANES)),)
    return ModelContract(REFINER, 16, inputs, _floats({"change": (ROWS, COLUMNS, 3)}))


def _unchanged(inputs: Tensors) -> dict[str, F32]:
    """Return no change of light."""
    return {"change": np.zeros((len(inputs["planes"]), ROWS, COLUMNS, 3), np.float32)}


def _remover_contract() -> ModelContract:
    band = (TensorSpec("band", np.dtype(np.uint8), (-1, BAND_ROWS, BAND_COLUMNS, 3)),)
    answer = _floats({"removal": (BAND_ROWS, BAND_COLUMNS, REMOVER_PLANES)})
    return ModelContract(REMOVER, 16, band, answer)


def _dark_is_skin(inputs: Tensors) -> dict[str, F32]:
    """Return that all that is darker than skin hides skin."""
    levels = inputs["band"].astype(np.float32)
    removal = np.zeros((*levels.shape[:3], REMOVER_PLANES), np.float32)
    removal[..., 0] = np.where(levels.max(-1) < 0.7 * SKIN_LEVEL, 20, -20)
    return {"removal": removal}


def _delighter_contract() -> ModelContract:
    face = (TensorSpec("face", np.dtype(np.uint8), (-1, HEIGHT, WIDTH, 3)),)
    return ModelContract(DELIGHTER, 16, face, _floats({"change": (HEIGHT, WIDTH, 3)}))


def _even_already(inputs: Tensors) -> dict[str, F32]:
    """Return that faces are under even light already."""
    return {"change": np.zeros((len(inputs["face"]), HEIGHT, WIDTH, 3), np.float32)}


def _hidden(inputs: Tensors) -> dict[str, F32]:
    """Return an occlusion mask: pixels much greener than the face's skin."""
    red, blue = (inputs["departures"][..., n].astype(np.float32) - ZERO for n in (1, 2))
    return {"hidden": np.where((red < GREENER) & (blue < GREENER), 0.99, 0.01).astype(np.float32)}


def _fit(inputs: Tensors) -> dict[str, F32]:
    """Return the fit itself: the network is the same calculation."""
    fit = fit_landmarks(inputs["landmarks"], inputs["size"])
    return {spec.name: getattr(fit, spec.name) for spec in _fit_contract().outputs}


def _detections(
    detector: Detector, images: NDArray[Any], places: Sequence[FacePlacement]
) -> dict[str, F32]:
    anchors, side = detector.anchors(), detector.side
    boxes = np.zeros((len(images), len(anchors), 16), np.float32)
    scores = np.zeros((len(images), len(anchors)), np.float32)
    mean = topology().mean
    # Eyes, nose tip, mouth and ears, about where they are in the mean face's box.
    points = mean[[33, 263, 1, 13, 234, 454], :2] / float(np.ptp(mean[:, 1]))
    for x, y, size in places:
        nearest = int(np.argmin(np.abs(anchors - [x, y]).sum(1)))
        offset = (np.array([x, y]) - anchors[nearest]) * side
        raw = np.concatenate([[offset, [size * side] * 2], points * size * side + offset])
        seen = images[:, int(y * side), int(x * side)].max(1) > _BLACK
        boxes[seen, nearest], scores[seen, nearest] = raw.ravel(), 0.9
    return {"boxes": boxes, "scores": scores}


def _mesh(inputs: Tensors) -> dict[str, F32]:
    count = len(inputs["image"])
    mean = topology().mean[:N_MESH].astype(np.float64)
    low, high = mean[:, :2].min(0), mean[:, :2].max(0)
    scale = MESH_SIDE / MESH_MARGIN / float((high - low).max())
    mesh = mean * scale
    # In the crop's middle, so that the crop made from it is the same again.
    mesh[:, :2] += MESH_SIDE / 2 - scale * (low + high) / 2
    return {
        "landmarks": np.repeat(mesh[None].astype(np.float32), count, axis=0),
        "presence": np.ones((count, 1), np.float32),
    }


def _irises(inputs: Tensors) -> dict[str, F32]:
    """Return the mean face's right eye; the left one is its mirror image, as the network's is."""
    count = len(inputs["image"])
    mean = topology().mean
    outer, inner = mean[33, :2], mean[133, :2]
    across = (inner - outer) / np.hypot(*(inner - outer))
    to_crop = np.array([across, [-across[1], across[0]]]) * (
        IRIS_SIDE / IRIS_MARGIN / np.hypot(*(inner - outer))
    )

    def crop(indices: Sequence[int], rows: int) -> F32:
        out = np.zeros((count, rows, 3), np.float32)
        points = (mean[list(indices), :2] - (outer + inner) / 2) @ to_crop.T + IRIS_SIDE / 2
        out[:, : len(points), :2] = points
        return out

    return {
        "contour": crop([int(i) for i in topology().mirror[list(_LEFT_LIDS)]], 71),
        "iris": crop(RIGHT_IRIS, 5),
    }


def _embedding(inputs: Tensors) -> dict[str, F32]:
    """Return a descriptor that follows the colour: people of one colour are one person."""
    means = inputs["image"].reshape(len(inputs["image"]), -1, 3).mean(1) / 255
    out = np.zeros((len(means), 128), np.float32)
    out[:, :3] = means
    return {"embedding": out}
