"""All swappers, by name."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.networks.swapping import (
    blendswap,
    ghost,
    hififace,
    hyperswap,
    inswapper,
    simswap,
    uniface,
)
from gateway.networks.swapping.family import SwapSpec

_FAMILIES = (inswapper, hyperswap, simswap, ghost, hififace, blendswap, uniface)
SWAPPERS: Mapping[str, SwapSpec] = {
    spec.name: spec for family in _FAMILIES for spec in family.MODELS
}
