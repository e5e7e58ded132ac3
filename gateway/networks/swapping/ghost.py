"""A. Groshev et al., "GHOST: A new face swap approach" (IEEE Access, 2022): lengths matter."""

from gateway.networks.swapping.family import BOOSTS_256, Family, SwapSpec
from gateway.networks.tensors import SIGNED

FAMILY = Family("ghost", converter="crossface_ghost", unit_length=False)
MODELS = tuple(
    SwapSpec(name, FAMILY, "arcface_112_v1", 256, SIGNED, SIGNED, BOOSTS_256)
    for name in ("ghost_1_256", "ghost_2_256", "ghost_3_256")
)
