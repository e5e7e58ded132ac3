"""InsightFace's inswapper: the embedding times a matrix that comes with the model."""

from gateway.networks.swapping.family import Family, SwapSpec
from gateway.networks.tensors import UNIT

FAMILY = Family("inswapper", emap=True)
MODELS = tuple(
    SwapSpec(name, FAMILY, "arcface_128", 128, UNIT, UNIT, (128, 256, 384, 512, 768, 1024))
    for name in ("inswapper_128", "inswapper_128_fp16")
)
