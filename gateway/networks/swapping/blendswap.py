"""K. Shiohara et al., "BlendFace" (ICCV 2023): it is shown a portrait."""

from gateway.networks.swapping.family import BOOSTS_256, Family, SourceCrop, SwapSpec
from gateway.networks.tensors import UNIT

FAMILY = Family("blendswap", picture=SourceCrop("arcface_112_v2", 112, UNIT))
MODELS = (SwapSpec("blendswap_256", FAMILY, "ffhq_512", 256, UNIT, UNIT, BOOSTS_256),)
