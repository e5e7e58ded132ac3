"""Learns `gateway/faces/data/glasses_remover.npz`: faces as they are behind their glasses.

    python tools/learn_glasses_remover.py PORTRAITS OUT.npz [--from EARLIER.npz] [--seed N]

PORTRAITS is a folder of public-domain portraits (`portraits.py`); glasses are put onto those that
wear none (`glasses_scenes.py`). PyTorch is needed here and nowhere else.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from gateway.faces.atlas import atlas
from gateway.faces.glasses import (
    COLUMNS,
    FINER_X,
    FINER_Y,
    PLANES,
    ROWS,
    TOP,
    known_places,
    skin_levels,
    unrolled_band,
)
from gateway.faces.skin_levels import DARK, SKIN_LEVEL, network_levels
from gateway.imaging.masks.soft import disc
from tools.glasses_scenes import Band, scene
from tools.learning import Samples, asked, drawn, learnt
from tools.portraits import portraits, wears_glasses
from tools.unet import F, UnrolledNetwork, torch

SCENES, EPOCHS, RATE = 10_000, 10, 3e-3
WIDTHS = (16, 32, 48, 64)
SURE = 0.6
"""How surely an occlusion is a frame from which on it is lent to others."""
THICK_PX, MOST = 4, 0.15
"""Half the width from which on something is no frame, in pixels of the atlas; and how much of the
zone frames take at most."""
BARE = 0.06
"""How much of the zone may seem hidden: beyond it glasses may be seen in part."""
ZONE = (-0.98, 0.05)
"""Heights on the mean face between which frames run, in inter-ocular distances."""
SLOPES, ENTROPY = 1.5, 0.1
"""How much errors of the slope between neighbours count, and those of what is hidden."""
PLAIN = 0.15
"""How much a place counts where nothing is to be changed."""

_BARE: list[Band] = []
_WORN: list[Band] = []


def bands(folder: Path) -> tuple[list[Band], list[Band]]:
    """Return the bands of portraits without glasses, and of those with them."""
    sheet = atlas()
    zone = sheet.face & (sheet.mean[..., 1] > ZONE[0]) & (sheet.mean[..., 1] < ZONE[1])
    bare, worn = [], []
    for one in portraits(folder):
        rgb = unrolled_band(one.image, one.face.landmarks)
        glasses = wears_glasses(one.hidden)
        inner = zone & (sheet.outline > 0.3)
        frame = np.where(inner, one.hidden > SURE, 0)
        thick = cv2.morphologyEx(frame.astype(np.uint8), cv2.MORPH_OPEN, disc(THICK_PX)) > 0
        if glasses and not thick.any() and frame[inner].mean() < MOST:
            worn.append(Band(rgb, 0 * rgb[..., 0], _band(frame)))
        elif not glasses and one.hidden[inner].mean() < BARE:
            bare.append(Band(rgb, _band(sheet.face & (one.hidden < 0.2))))
    return bare, worn


def _band(plane: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Return a plane of the atlas, 0–1, in the band: uint8 (ROWS, COLUMNS), 0–255."""
    way = np.array(
        [
            [FINER_X, 0, 0.5 * FINER_X - 0.5],
            [0, FINER_Y, (0.5 - TOP) * FINER_Y - 0.5],
        ]
    )
    levels = (255 * plane.astype(np.float32)).astype(np.uint8)
    return np.asarray(cv2.warpAffine(levels, way, (COLUMNS, ROWS), flags=cv2.INTER_LINEAR))


def _with_faces(bare: list[Band], worn: list[Band]) -> None:
    cv2.setNumThreads(1)
    _BARE.extend(bare)
    _WORN.extend(worn)


def _scenes(job: tuple[int, int]) -> tuple[NDArray[np.uint8], ...]:
    """Return (n, h, w, 3) inputs and truths, (n, h, w) of what is hidden and known: uint8."""
    seed, count = job
    rng = np.random.default_rng(seed)
    out: list[tuple[NDArray[np.uint8], ...]] = []
    while len(out) < count:
        seen, truth, hidden, known = scene(rng, _BARE, _WORN)
        skin = skin_levels(seen)
        if skin.min() < 6:
            continue
        levels = (network_levels(picture, skin) for picture in (seen, truth))
        covered = np.clip(255 * hidden, 0, 255).astype(np.uint8)
        out.append((*levels, covered, known))
    return tuple(np.stack(part) for part in zip(*out, strict=True))


def composed(answer: torch.Tensor, levels: torch.Tensor) -> torch.Tensor:
    """Return log colours over the skin's (n, 3, h, w), without glasses."""
    own = torch.log((levels + DARK) / (SKIN_LEVEL + DARK))
    hidden = torch.sigmoid(answer[:, :1])
    return torch.log(
        (1 - hidden) * torch.exp(own + answer[:, 1:4].clamp(-3, 3))
        + hidden * torch.exp(answer[:, 4:7].clamp(-4, 2))
    )


def loss_on(network: UnrolledNetwork, samples: Samples) -> torch.Tensor:
    """Return the error of what is shown without glasses, of its slopes, and of what is hidden."""
    inputs, truth, hidden, known = (torch.from_numpy(part) for part in samples)
    answer = F.pixel_shuffle(network(inputs), 2)
    levels, true = (part.permute(0, 3, 1, 2).float() for part in (inputs, truth))
    wanted = torch.log((true + DARK) / (SKIN_LEVEL + DARK))
    off = composed(answer, levels) - wanted
    share = hidden.float()[:, None] / 255
    changed = ((levels - true).abs().amax(1, keepdim=True) / 40).clamp(0, 1)
    changed = F.max_pool2d(torch.maximum(changed, share), 3, 1, 1)
    weight = known.float()[:, None] / 255 * (PLAIN + changed)
    total = (off.abs() * weight).sum() / weight.sum()
    for axis in (2, 3):
        size = off.shape[axis] - 1
        both = torch.minimum(weight.narrow(axis, 1, size), weight.narrow(axis, 0, size))
        total = total + SLOPES * (off.diff(dim=axis).abs() * both).sum() / both.sum()
    face = torch.from_numpy(known_places()[5])[None, None]
    entropy = F.binary_cross_entropy_with_logits(answer[:, :1], share, reduction="none")
    return total + ENTROPY * (entropy * face).mean()


def main() -> None:
    wanted = asked("Learn faces behind glasses.", scenes=SCENES, epochs=EPOCHS)
    bare, worn = bands(wanted.portraits)
    print(f"{len(bare)} without, {len(worn)} with glasses", flush=True)
    samples = drawn(_scenes, wanted, _with_faces, bare, worn)
    network = UnrolledNetwork(samples[0][::50], known_places(), WIDTHS, 4 * PLANES)
    learnt(network, samples, loss_on, wanted, RATE)


if __name__ == "__main__":
    main()
