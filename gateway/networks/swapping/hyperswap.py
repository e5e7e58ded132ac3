"""FaceFusion Labs' hyperswap: ArcFace's direction as it is. Its second output is a mask."""

from gateway.networks.swapping.family import BOOSTS_256, Family, SwapSpec
from gateway.networks.tensors import SIGNED

FAMILY = Family("hyperswap", embedding="unit")
MODELS = tuple(
    SwapSpec(name, FAMILY, "arcface_128", 256, SIGNED, SIGNED, BOOSTS_256)
    for name in ("hyperswap_1a_256", "hyperswap_1b_256", "hyperswap_1c_256")
)
