"""The seam between processors and fusion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gateway.arrays import F32, U8
from gateway.deadline import Deadline
from gateway.faces.face import Face
from gateway.imaging.warp import Region


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """New pixels for a part of a picture, and where they count.

    Attributes:
        region: The part.
        pixels: uint8 (h, w, 3) RGB, aligned with the region.
        mask: float32 (h, w), 0–1: how much of the new pixels is to be seen.
        support: bool (h, w): where the new pixels belong to the face at all. It has no holes for
            eyes and mouth: those are kept from the target, but no border runs along them.
        skin: bool (h, w): pixels whose colour speaks for the face's skin.
    """

    region: Region
    pixels: U8
    mask: F32
    support: NDArray[np.bool_]
    skin: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Portrait:
    """A source picture and the face in it that is to be used.

    Attributes:
        image: uint8 (H, W, 3) RGB.
        face: The face.
    """

    image: U8
    face: Face


class Patch(StrEnum):
    """Parts of a face that may come from a portrait of their own."""

    RIGHT_EYE = "right_eye"
    LEFT_EYE = "left_eye"
    MOUTH = "mouth"


class Swapper(Protocol):
    """Makes a layer of another person for one face of a picture."""

    name: str

    async def process(
        self,
        image: U8,
        face: Face,
        portrait: Portrait,
        *,
        patches: Mapping[Patch, Portrait],
        deadline: Deadline,
    ) -> Layer | None:
        """Return the layer for `face` of `image`, or None where there is nothing to see of it.

        Args:
            image: uint8 (H, W, 3) RGB.
            face: To be replaced.
            portrait: Of the person whose face it becomes.
            patches: Other portraits of that person, for parts of the face.
            deadline: When the layer is of no use any more.
        """
        ...
