"""Which models options may name: those that there are adapters for, and what needs none.

Choices come from the registries of `gateway.networks`, in their order, so that a model is listed
once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic_core import core_schema

from gateway.faces import delight, glasses, occlusion
from gateway.networks import bisenet, xseg
from gateway.networks.detecting.specs import DETECTORS
from gateway.networks.restoring import RESTORERS
from gateway.networks.swapping.specs import SWAPPERS
from gateway.networks.upscaling import UPSCALERS
from gateway.processors import face_enhancer, live_portrait

AUTO = "auto"
"""The best model that is installed, else what needs none."""
MESH, MORPHABLE = "mesh", "3dmm"
LIVE_PORTRAIT = live_portrait.NAME
CLASSICAL = face_enhancer.CLASSICAL
OWN_OCCLUDER = occlusion.MODEL
GLASSES_REMOVER = glasses.MODEL
DELIGHTER = delight.MODEL
BLAZEFACE = "blazeface"


@dataclass(frozen=True, slots=True)
class OneOf:
    """The names that a text may be; validated and described as a `Literal` of them is."""

    names: tuple[str, ...]

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        """Return the schema of a literal."""
        return core_schema.literal_schema(list(self.names))


SWAPPER_MODELS = (AUTO, MESH, *SWAPPERS)
ENHANCER_MODELS = (AUTO, CLASSICAL, *RESTORERS)
FRAME_ENHANCER_MODELS = (AUTO, CLASSICAL, *UPSCALERS)
SwapperModel = Annotated[str, OneOf(SWAPPER_MODELS)]
ExpressionModel = Annotated[str, OneOf((AUTO, MORPHABLE, LIVE_PORTRAIT))]
EnhancerModel = Annotated[str, OneOf(ENHANCER_MODELS)]
FrameEnhancerModel = Annotated[str, OneOf(FRAME_ENHANCER_MODELS)]
DetectorModel = Annotated[str, OneOf((BLAZEFACE, *DETECTORS))]
OccluderModel = Annotated[str, OneOf((OWN_OCCLUDER, *xseg.MODELS))]
ParserModel = Annotated[str, OneOf((MESH, *bisenet.MODELS))]
