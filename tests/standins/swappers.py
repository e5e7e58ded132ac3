"""Stand-ins of swappers: they see the crop through one gain a channel, lit by what they are told.

Along each side the light changes in another way for each channel, so that nothing can be turned,
moved or mixed up unseen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from tests.standins.graph import Graph, StandIn, Tensor, per_channel, ramp, waves
from tests.standins.recognition import LENGTH, crossface, emap

GAIN, LEAST = (0.6, 0.5, 0.4), (0.10, 0.15, 0.20)
ACROSS, DOWN = (0.10, 0.0, 0.05), (0.0, 0.10, -0.05)
TINT = 0.12
SPOT = 8


@dataclass(frozen=True)
class Contract:
    """What the contract says of one swapper, told independently of the adaptors."""

    template: str
    side: int
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    told: Literal["emap", "unit", "converted unit", "converted", "picture"]
    signed_output: bool
    converter: str = ""
    picture: tuple[str, int] = ("", 0)


ZERO, ONE, HALF = (0, 0, 0), (1, 1, 1), (0.5, 0.5, 0.5)
SIMSWAP, GHOST, HIFIFACE = "crossface_simswap", "crossface_ghost", "crossface_hififace"
_INSWAPPER = Contract("arcface_128", 128, ZERO, ONE, "emap", False)
_HYPERSWAP = Contract("arcface_128", 256, HALF, HALF, "unit", True)
_GHOST = Contract("arcface_112_v1", 256, HALF, HALF, "converted", True, GHOST)
CONTRACTS = {
    "inswapper_128": _INSWAPPER,
    "inswapper_128_fp16": _INSWAPPER,
    "hyperswap_1a_256": _HYPERSWAP,
    "hyperswap_1b_256": _HYPERSWAP,
    "hyperswap_1c_256": _HYPERSWAP,
    "simswap_256": Contract(
        "arcface_112_v1",
        256,
        (0.485, 0.456, 0.406),
        (0.229, 0.224, 0.225),
        "converted unit",
        False,
        SIMSWAP,
    ),
    "simswap_unofficial_512": Contract(
        "arcface_112_v1", 512, ZERO, ONE, "converted unit", False, SIMSWAP
    ),
    "ghost_1_256": _GHOST,
    "ghost_2_256": _GHOST,
    "ghost_3_256": _GHOST,
    "hififace_unofficial_256": Contract(
        "mtcnn_512", 256, HALF, HALF, "converted unit", True, HIFIFACE
    ),
    "blendswap_256": Contract(
        "ffhq_512", 256, ZERO, ONE, "picture", False, picture=("arcface_112_v2", 112)
    ),
    "uniface_256": Contract(
        "ffhq_512", 256, HALF, HALF, "picture", True, picture=("ffhq_512", 256)
    ),
}


def _loudness(contract: Contract) -> float:
    """Return what brings a vector it is told to a length of about 2."""
    return 0.05 if contract.told == "converted" else 2.0


def _spots(side: int) -> tuple[tuple[int, int], ...]:
    """Return where in a portrait its light is read: first row and column."""
    return (side // 4, side // 2), (side // 2, side // 8)


def _tint(graph: Graph, contract: Contract) -> str:
    """Return how much light of each channel is added: (N, 3, 1, 1), about -0.12 … 0.12."""
    if contract.told == "picture":
        spots = [
            graph.part("source", rows=(top, top + SPOT), columns=(left, left + SPOT))
            for top, left in _spots(contract.picture[1])
        ]
        means = [graph("ReduceMean", spot, axes=[2, 3]) for spot in spots]
        return graph("Mul", graph("Add", graph("Mul", means[0], 2.0), means[1]), TINT / 3)
    told = graph("MatMul", "source", graph("Transpose", graph.waves(3, LENGTH), perm=[1, 0]))
    tint = graph("Mul", graph("Tanh", graph("Mul", told, _loudness(contract))), TINT)
    return graph("Unsqueeze", tint, np.array([2, 3], np.int64))


def _body(contract: Contract, mask: bool):
    def body(graph: Graph) -> tuple[str, ...]:
        light = graph("Mul", "target", per_channel(contract.deviation))
        light = graph("Add", light, per_channel(contract.mean))
        place = ramp(contract.side)
        made = graph.total(
            graph("Mul", light, per_channel(GAIN)),
            per_channel(LEAST),
            graph("Mul", per_channel(ACROSS), place[None, None, :]),
            graph("Mul", per_channel(DOWN), place[None, :, None]),
            _tint(graph, contract),
        )
        if contract.signed_output:
            made = graph("Sub", graph("Mul", made, 2.0), 1.0)
        if not mask:
            return (made,)
        return made, graph("ReduceMean", light, axes=[1])

    return body


def swapped(name: str, crop: np.ndarray, told: np.ndarray) -> np.ndarray:
    """Return levels (B, B, 3), unrounded, that a swapper makes of a crop, uint8 (B, B, 3).

    B may be a multiple of its side: every k-th pixel is a crop of its own.

    Args:
        name: Of the model.
        crop: What it is given.
        told: Its vector (512,), or its picture, uint8 (S, S, 3).
    """
    contract = CONTRACTS[name]
    side, times = contract.side, len(crop) // contract.side
    out = np.empty(crop.shape)
    for channel in range(3):
        if contract.told == "picture":
            one, other = (
                told[top : top + SPOT, left : left + SPOT, channel].mean() / 255
                for top, left in _spots(len(told))
            )
            tint = TINT / 3 * (2 * one + other)
        else:
            tint = TINT * np.tanh(_loudness(contract) * (told @ waves(3, LENGTH)[channel]))
        for row in range(len(crop)):
            v, u = (row // times + 0.5) / side, (np.arange(len(crop)) // times + 0.5) / side
            own = GAIN[channel] * crop[row, :, channel] / 255 + LEAST[channel]
            out[row, :, channel] = own + ACROSS[channel] * u + DOWN[channel] * v + tint
    return 255 * out


def told(name: str, raws: np.ndarray, target: np.ndarray, weight: float) -> np.ndarray:
    """Return the vector (512,) a swapper is to be told.

    Args:
        name: Of the model.
        raws: Embeddings (P, 512) of the person's portraits.
        target: That of the target's face (512,).
        weight: 0–1.
    """
    contract = CONTRACTS[name]
    raw = raws.mean(0)
    if contract.told == "unit":
        raw = np.mean([one / np.linalg.norm(one) for one in raws], 0)
    vectors = [_in_space(contract, vector) for vector in (raw, target)]
    share = 0.35 - 0.7 * weight
    mixed = (1 - share) * vectors[0] + share * vectors[1]
    return mixed if contract.told == "converted" else mixed / np.linalg.norm(mixed)


def _in_space(contract: Contract, vector: np.ndarray) -> np.ndarray:
    """Return an embedding (512,) as the swapper was trained with."""
    moved = vector
    if contract.told == "emap":
        moved = (vector / np.linalg.norm(vector)) @ emap().astype(float)
    elif contract.converter:
        moved = crossface(contract.converter, vector)
    return moved if contract.told == "converted" else moved / np.linalg.norm(moved)


def _standin(name: str, contract: Contract) -> StandIn:
    planes = (3, contract.side, contract.side)
    shown = (3, contract.picture[1], contract.picture[1])
    source = Tensor("source", shown if contract.told == "picture" else (LENGTH,))
    mask = name.startswith("hyperswap")
    outputs = (Tensor("output", planes), Tensor("mask", (1, *planes[1:])))
    return StandIn(
        (Tensor("target", planes), source),
        outputs if mask else outputs[:1],
        _body(contract, mask),
        {"emap": emap()} if contract.told == "emap" else {},
    )


STANDINS = {name: _standin(name, contract) for name, contract in CONTRACTS.items()}
