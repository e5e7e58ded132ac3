"""R. Chen et al., "SimSwap: An efficient framework for high fidelity face swapping" (MM 2020).

What it makes is 0–1, also where what it is given is counted as ImageNet's pictures are.
"""

from gateway.networks.swapping.family import BOOSTS_256, Family, SwapSpec
from gateway.networks.tensors import IMAGENET, UNIT

FAMILY = Family("simswap", converter="crossface_simswap")
MODELS = (
    SwapSpec("simswap_256", FAMILY, "arcface_112_v1", 256, IMAGENET, UNIT, BOOSTS_256),
    SwapSpec("simswap_unofficial_512", FAMILY, "arcface_112_v1", 512, UNIT, UNIT, (512, 1024)),
)
