"""Y. Wang et al., "HifiFace: 3D shape and semantic prior guided face swapping" (IJCAI 2021)."""

from gateway.networks.swapping.family import BOOSTS_256, Family, SwapSpec
from gateway.networks.tensors import SIGNED

FAMILY = Family("hififace", converter="crossface_hififace")
MODELS = (
    SwapSpec("hififace_unofficial_256", FAMILY, "mtcnn_512", 256, SIGNED, SIGNED, BOOSTS_256),
)
