"""Masks that are requested by name: areas and parts of a face, and what networks say of it.

A mask lies in a layer's region and is 0–1, 1 where the new face may be seen. What several say is
combined by the least.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Literal

import numpy as np

from gateway.arrays import F32, F64, U8, AnyFloat, Mask
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.faces.alignment import Template, crop_from_image
from gateway.faces.atlas import area_of, atlas
from gateway.faces.face import Face
from gateway.faces.topology import LEFT_EYE, LIPS_INNER, LIPS_OUTER, RIGHT_EYE, topology
from gateway.imaging.geometry.warp import Region, crop_affine
from gateway.imaging.masks.soft import from_crop, hardened, sampled, soft_hull, softened_mask
from gateway.inference.protocol import Inference
from gateway.networks import bisenet, xseg
from gateway.networks.crops import seen_from
from gateway.processors.openings import eye_distance

Area = Literal["upper-face", "lower-face", "mouth"]
MaskPart = Literal[
    "skin",
    "left-eyebrow",
    "right-eyebrow",
    "left-eye",
    "right-eye",
    "glasses",
    "nose",
    "mouth",
    "upper-lip",
    "lower-lip",
]

# fmt: off
IBUG_68 = (
    162, 234, 93, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323, 454, 389,
    71, 63, 105, 66, 107, 336, 296, 334, 293, 301, 168, 197, 5, 4, 75, 97, 2, 326, 305,
    33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380,
    61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181, 78, 82, 13, 312, 308, 317, 14, 87,
)
"""The mesh landmarks that lie nearest to the 68 of iBUG 300-W, in their order."""
# fmt: on
AREAS: dict[Area, tuple[int, ...]] = {
    "upper-face": (0, 1, 2, *range(31, 36), 14, 15, 16, *range(26, 16, -1)),
    "lower-face": (*range(3, 14), *range(35, 30, -1)),
    "mouth": tuple(range(48, 68)),
}
"""Points of the 68 whose convex hull an area is."""
CLASSES: dict[MaskPart, int] = {
    "skin": 1,
    "left-eyebrow": 2,
    "right-eyebrow": 3,
    "left-eye": 4,
    "right-eye": 5,
    "glasses": 6,
    "nose": 10,
    "mouth": 11,
    "upper-lip": 12,
    "lower-lip": 13,
}
"""Of the CelebAMask-HQ scheme."""
_NOSE = (
    168,
    122,
    174,
    198,
    209,
    49,
    48,
    64,
    98,
    97,
    2,
    326,
    327,
    294,
    278,
    279,
    429,
    420,
    399,
    351,
)
SOFTNESS = 0.06
"""Softness of an area's and of a part's edge, in inter-ocular distances."""
PART_SOFTNESS_PX = 1.2
"""The same of a part of the mesh, in pixels of the atlas."""
TEMPLATE: Template = "arcface_128"
HARDEN = 5 / 256
"""Deviation of the blur that a network's mask is hardened after, as a share of the crop's side: so
an edge is as soft on the face however finely it was seen."""


def area_mask(landmarks: AnyFloat, region: Region, areas: Sequence[Area]) -> F32:
    """Return a mask (h, w) of the convex hull of some areas of a face (478, 3) together."""
    which = sorted({IBUG_68[n] for area in areas for n in AREAS[area]})
    softness = max(SOFTNESS * eye_distance(landmarks), 0.5)
    return soft_hull(landmarks[which, :2] - region.origin_xy, region.shape, softness)


def part_mask(place: F32, parts: Sequence[MaskPart]) -> F32:
    """Return a mask (h, w) of some parts of the mesh, given places (2, h, w) in the atlas."""
    member = np.isin(_parts(), [CLASSES[part] for part in parts]).astype(np.float32)
    return sampled(softened_mask(member, PART_SOFTNESS_PX), place)


@cache
def _parts() -> U8:
    """Return which class every place of the atlas belongs to."""
    sheet = atlas()
    out = np.where(sheet.face, CLASSES["skin"], 0).astype(np.uint8)
    left = sheet.mean[..., 0] > 0  # the subject's
    eyes, lips, mouth = (
        _inside(*rings) for rings in ((RIGHT_EYE, LEFT_EYE), (LIPS_OUTER,), (LIPS_INNER,))
    )
    upper = sheet.mean[..., 1] < float(topology().mean[13, 1] + topology().mean[14, 1]) / 2
    places: dict[MaskPart, Mask] = {
        "nose": _inside(_NOSE),
        "left-eyebrow": sheet.brows & left,
        "right-eyebrow": sheet.brows & ~left,
        "left-eye": eyes & left,
        "right-eye": eyes & ~left,
        "upper-lip": lips & upper,
        "lower-lip": lips & ~upper,
        "mouth": mouth,
    }
    for part, where in places.items():
        out[where] = CLASSES[part]
    return out


def _inside(*rings: Sequence[int]) -> Mask:
    return np.asarray(area_of(atlas().place, rings))


class NetworkMaskers:
    """Masks of installed networks."""

    def __init__(self, inference: Inference, compute: Compute) -> None:
        """Take what runs the networks, and what runs the array work."""
        self._inference = inference
        self._compute = compute

    async def occlusion(
        self, image: U8, face: Face, region: Region, model: str, *, deadline: Deadline
    ) -> F32:
        """Return where XSeg sees a face (h, w) of a picture (H, W, 3) and nothing before it.

        Raises:
            UnknownModel: the model has not been installed.
            InferenceError, DeadlineExceeded: from the network.
        """
        matrix, crops = await self._compute.run(_cropped, image, face, xseg.SIDE_PX)
        network = xseg.XSeg(model, self._inference, self._compute)
        (seen,) = await network.seen(crops, deadline=deadline)
        return await self._compute.run(_in_region, seen, matrix, region)

    async def parts(
        self,
        image: U8,
        face: Face,
        region: Region,
        model: str,
        parts: Sequence[MaskPart],
        *,
        deadline: Deadline,
    ) -> F32:
        """Return where BiSeNet sees some parts (h, w) of a face of a picture (H, W, 3).

        Raises:
            UnknownModel: the model has not been installed.
            InferenceError, DeadlineExceeded: from the network.
        """
        matrix, crops = await self._compute.run(_cropped, image, face, bisenet.SIDE_PX)
        network = bisenet.BiSeNet(model, self._inference, self._compute)
        (classes,) = await network.classes(crops, deadline=deadline)
        member = np.isin(classes, [CLASSES[part] for part in parts]).astype(np.float32)
        return await self._compute.run(_in_region, member, matrix, region)


def _cropped(image: U8, face: Face, side_px: int) -> tuple[F64, U8]:
    """Return where a face's crop lies (2, 3), and it alone as crops (1, S, S, 3), else black."""
    matrix = crop_from_image(face.landmarks_5, TEMPLATE, side_px)
    return matrix, crop_affine(image, matrix, side_px)[None]


def _in_region(mask: F32, crop_from_image: AnyFloat, region: Region) -> F32:
    """Return a crop's mask, hardened, in a region (h, w) of the picture; 0 outside the crop."""
    hard = hardened(mask, HARDEN * len(mask))
    return from_crop(hard, seen_from(crop_from_image, region), region.shape)
