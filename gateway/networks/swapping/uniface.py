"""C. Xu et al., "Designing one unified framework for high-fidelity face reenactment and swapping".

(ECCV 2022.) It is shown a portrait, from 0 to 1 although the target is from -1 to 1.
"""

from gateway.networks.swapping.family import BOOSTS_256, Family, SourceCrop, SwapSpec
from gateway.networks.tensors import SIGNED, UNIT

FAMILY = Family("uniface", picture=SourceCrop("ffhq_512", 256, UNIT))
MODELS = (SwapSpec("uniface_256", FAMILY, "ffhq_512", 256, SIGNED, SIGNED, BOOSTS_256),)
