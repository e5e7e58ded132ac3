"""Stand-ins of restorers: a gain of each channel, and light that changes along the sides."""

from __future__ import annotations

import numpy as np

from tests.standins.graph import Graph, StandIn, Tensor, per_channel, ramp

GAIN, ACROSS, DOWN = (1.3, 0.8, 0.6), (0.2, 0.0, -0.1), (0.0, -0.15, 0.1)
WEIGHT = 0.4
CONTRACTS = {
    "gfpgan_1.2": ("ffhq_512", 512),
    "gfpgan_1.3": ("ffhq_512", 512),
    "gfpgan_1.4": ("ffhq_512", 512),
    "codeformer": ("ffhq_512", 512),
    "gpen_bfr_256": ("arcface_128", 256),
    "gpen_bfr_512": ("ffhq_512", 512),
    "gpen_bfr_1024": ("ffhq_512", 1024),
    "gpen_bfr_2048": ("ffhq_512", 2048),
    "restoreformer_plus_plus": ("ffhq_512", 512),
}
"""Template and side."""
WEIGHTED = "codeformer"


def _body(side: int, weighted: bool):
    def body(graph: Graph) -> tuple[str]:
        place = ramp(side)
        made = graph.total(
            graph("Mul", "input", per_channel(GAIN)),
            graph("Mul", per_channel(ACROSS), place[None, None, :]),
            graph("Mul", per_channel(DOWN), place[None, :, None]),
        )
        if weighted:
            weight = graph("Cast", "weight", to=1)
            made = graph("Add", made, graph("Mul", weight, WEIGHT))
        return (made,)

    return body


def restored(name: str, crop: np.ndarray, weight: float) -> np.ndarray:
    """Return levels (S, S, 3), unrounded but clipped, made of a crop, uint8 (S, S, 3)."""
    side = len(crop)
    out = np.empty(crop.shape)
    for row in range(side):
        for channel in range(3):
            light = GAIN[channel] * (crop[row, :, channel] / 127.5 - 1)
            light = light + ACROSS[channel] * (np.arange(side) + 0.5) / side
            light = light + DOWN[channel] * (row + 0.5) / side
            out[row, :, channel] = light + (WEIGHT * weight if name == WEIGHTED else 0)
    return (np.clip(out, -1, 1) + 1) * 127.5


def _standin(name: str, side: int) -> StandIn:
    weight = Tensor("weight", (1,), np.dtype(np.float64), per_row=False)
    planes = (3, side, side)
    inputs = (Tensor("input", planes), *([weight] if name == WEIGHTED else []))
    return StandIn(inputs, (Tensor("1288", planes),), _body(side, name == WEIGHTED))


STANDINS = {name: _standin(name, side) for name, (_, side) in CONTRACTS.items()}
