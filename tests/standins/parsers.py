"""Stand-ins of networks that say what pixels show: gains of each channel, and where they lie."""

from __future__ import annotations

import numpy as np

from tests.standins.graph import Graph, StandIn, Tensor, ramp

XSEG, BISENET, CLASSES = 256, 512, 19
GAIN = (1.1, -0.9, 0.7)
"""Of red, green and blue."""
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def _gains() -> np.ndarray:
    """Return how each class scores red, green and blue, and places across and down, (19, 5)."""
    k = np.arange(CLASSES)[:, None]
    return 1.5 * np.sin(1.7 * k + 2.3 * np.arange(5) + 0.4 * k * np.arange(5))


def _xseg(graph: Graph) -> tuple[str]:
    place = ramp(XSEG)
    own = graph("Mul", "input", np.array(GAIN[::-1], np.float32))
    light = graph("ReduceSum", own, np.array([3], np.int64), keepdims=1)
    return (
        graph.total(light, 0.4 * place[None, None, :, None], -0.3 * place[None, :, None, None]),
    )


def seen(crop: np.ndarray) -> np.ndarray:
    """Return the mask (256, 256) that XSeg's stand-in gives of a crop, uint8 RGB."""
    place = (np.arange(XSEG) + 0.5) / XSEG
    return np.clip((crop / 255) @ np.array(GAIN) + 0.4 * place - 0.3 * place[:, None], 0, 1)


def _bisenet(graph: Graph) -> tuple[str]:
    light = graph("Mul", "input", np.array(DEVIATION, np.float32)[:, None, None])
    light = graph("Add", light, np.array(MEAN, np.float32)[:, None, None])
    gains, place = _gains().astype(np.float32), ramp(BISENET)
    scores = graph("Conv", light, gains[:, :3, None, None])
    where = gains[:, 3, None, None] * place + gains[:, 4, None, None] * place[:, None]
    return (graph("Add", scores, where[None].astype(np.float32)),)


def classes(crop: np.ndarray) -> np.ndarray:
    """Return the classes (512, 512) that BiSeNet's stand-in gives of a crop, uint8 RGB."""
    place = (np.arange(BISENET) + 0.5) / BISENET
    across, down = np.broadcast_to(place, (BISENET, BISENET)), place[:, None] + 0 * place
    given = np.concatenate([crop / 255, across[..., None], down[..., None]], axis=2)
    return (given @ _gains().T).argmax(-1)


STANDINS = {
    **{
        name: StandIn(
            (Tensor("input", (XSEG, XSEG, 3)),), (Tensor("output", (XSEG, XSEG, 1)),), _xseg
        )
        for name in ("xseg_1", "xseg_2", "xseg_3")
    },
    **{
        name: StandIn(
            (Tensor("input", (3, BISENET, BISENET)),),
            (Tensor("output", (CLASSES, BISENET, BISENET)),),
            _bisenet,
        )
        for name in ("bisenet_resnet_18", "bisenet_resnet_34")
    },
}
