"""What swappers have in common, and in what they differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gateway.faces.alignment import Template
from gateway.networks.crossface import Converter
from gateway.networks.tensors import Scale


@dataclass(frozen=True, slots=True)
class SourceCrop:
    """How a network wants to be shown who the new face is.

    Attributes:
        template: Where the five points lie.
        side_px: Side of the crop.
        scale: How light is counted, whatever the target's scale.
    """

    template: Template
    side_px: int
    scale: Scale


@dataclass(frozen=True, slots=True)
class Family:
    """Networks that are told in the same way who the new face is.

    Attributes:
        name: As the field calls it.
        embedding: What of an identity it starts from: the mean of the embeddings as they are, or
            that of their directions.
        converter: The network that brings it into the family's own space.
        emap: Whether a matrix that comes with the model does.
        unit_length: Whether the vector's length is 1 in the end.
        picture: If it is shown a portrait instead.
    """

    name: str
    embedding: Literal["raw", "unit"] = "raw"
    converter: Converter | None = None
    emap: bool = False
    unit_length: bool = True
    picture: SourceCrop | None = None


@dataclass(frozen=True, slots=True)
class SwapSpec:
    """One swapper.

    Attributes:
        name: Of the model.
        family: What it is told of the new face, and how.
        template: Where the target's five points lie in a crop.
        side_px: Side of the crop.
        given: How light is counted in what it is given.
        made: And in what it makes.
        boosts: Sides of crops it can be made to work on, in several rows; multiples of its own.
    """

    name: str
    family: Family
    template: Template
    side_px: int
    given: Scale
    made: Scale
    boosts: tuple[int, ...]

    @property
    def converter(self) -> Converter | None:
        """The network that converts embeddings for it."""
        return self.family.converter

    @property
    def takes_picture(self) -> bool:
        """Whether it is shown a portrait instead of being told an embedding."""
        return self.family.picture is not None


BOOSTS_256 = (256, 512, 768, 1024)
