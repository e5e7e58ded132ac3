"""All swappers: how each is conditioned on the new face, and the format of its crops.

A new one is a line of `SWAPPERS`, and an entry of the zoo.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from gateway.faces.alignment import Template
from gateway.networks.crossface import Converter
from gateway.networks.tensors import IMAGENET, SIGNED, UNIT, Scale


@dataclass(frozen=True, slots=True)
class SourceCrop:
    """The form in which a network takes the new face's identity.

    Attributes:
        template: Where the five points lie.
        side_px: Side of the crop.
        scale: The value range of pixels, independent of the target's scale.
    """

    template: Template
    side_px: int
    scale: Scale


@dataclass(frozen=True, slots=True)
class Family:
    """Networks that take the new face's identity in the same form.

    Attributes:
        name: Its common name.
        embedding: The form of the identity it starts from: the mean of the embeddings as they are,
            or that of their directions.
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
        family: The form of its conditioning on the new face.
        template: Where the target's five points lie in a crop.
        side_px: Side of the crop.
        given: The value range of its input pixels.
        made: The value range of its output pixels.
        boosts: Sides of crops it can process, split into several rows; multiples of its own.
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
        """Whether its conditioning is a portrait instead of an embedding."""
        return self.family.picture is not None


BOOSTS_128 = (128, 256, 384, 512, 768, 1024)
BOOSTS_256 = (256, 512, 768, 1024)

# FaceFusion Labs: ArcFace's direction as it is. Its second output is a mask.
HYPERSWAP = Family("hyperswap", embedding="unit")
# InsightFace: the embedding times a matrix that comes with the model.
INSWAPPER = Family("inswapper", emap=True)
# R. Chen et al., "SimSwap: An efficient framework for high fidelity face swapping" (MM 2020). Its
# output is 0 to 1, also where its input is normalised as ImageNet's pictures are.
SIMSWAP = Family("simswap", converter="crossface_simswap")
# Y. Wang et al., "HifiFace: 3D shape and semantic prior guided face swapping" (IJCAI 2021).
HIFIFACE = Family("hififace", converter="crossface_hififace")
# A. Groshev et al., "GHOST: A new face swap approach" (IEEE Access, 2022): lengths matter.
GHOST = Family("ghost", converter="crossface_ghost", unit_length=False)
# C. Xu et al., "Designing one unified framework for high-fidelity face reenactment and swapping"
# (ECCV 2022): shown a portrait, from 0 to 1 although the target is from -1 to 1.
UNIFACE = Family("uniface", picture=SourceCrop("ffhq_512", 256, UNIT))
# K. Shiohara et al., "BlendFace" (ICCV 2023): shown a portrait.
BLENDSWAP = Family("blendswap", picture=SourceCrop("arcface_112_v2", 112, UNIT))

_V1: Template = "arcface_112_v1"
_128: Template = "arcface_128"
SWAPPERS: Mapping[str, SwapSpec] = {
    spec.name: spec
    for spec in (
        SwapSpec("hyperswap_1a_256", HYPERSWAP, _128, 256, SIGNED, SIGNED, BOOSTS_256),
        SwapSpec("hyperswap_1b_256", HYPERSWAP, _128, 256, SIGNED, SIGNED, BOOSTS_256),
        SwapSpec("hyperswap_1c_256", HYPERSWAP, _128, 256, SIGNED, SIGNED, BOOSTS_256),
        SwapSpec("inswapper_128", INSWAPPER, _128, 128, UNIT, UNIT, BOOSTS_128),
        SwapSpec("inswapper_128_fp16", INSWAPPER, _128, 128, UNIT, UNIT, BOOSTS_128),
        SwapSpec("simswap_unofficial_512", SIMSWAP, _V1, 512, UNIT, UNIT, (512, 1024)),
        SwapSpec("simswap_256", SIMSWAP, _V1, 256, IMAGENET, UNIT, BOOSTS_256),
        SwapSpec("hififace_unofficial_256", HIFIFACE, "mtcnn_512", 256, SIGNED, SIGNED, BOOSTS_256),
        SwapSpec("ghost_1_256", GHOST, _V1, 256, SIGNED, SIGNED, BOOSTS_256),
        SwapSpec("ghost_2_256", GHOST, _V1, 256, SIGNED, SIGNED, BOOSTS_256),
        SwapSpec("ghost_3_256", GHOST, _V1, 256, SIGNED, SIGNED, BOOSTS_256),
        SwapSpec("uniface_256", UNIFACE, "ffhq_512", 256, SIGNED, SIGNED, BOOSTS_256),
        SwapSpec("blendswap_256", BLENDSWAP, "ffhq_512", 256, UNIT, UNIT, BOOSTS_256),
    )
}
"""All swappers, by name, the best first: `auto` takes the first that is installed.

No measurement of this project stands behind the order, as it has run only stand-ins of these
networks. First come those that take ArcFace's embedding itself, of 256 before 128 pixels; then
those for which a converter has to guess the embedding of another recogniser, finer crops first;
last those that take one portrait, where all others take the mean of several.
"""
