"""Learns `gateway/faces/data/face_refiner.npz`: light for a face in another picture.

    python tools/learn_face_refiner.py PORTRAITS OUT.npz [--from EARLIER.npz] [--seed N]

PORTRAITS is a folder of public-domain portraits (`portraits.py`); the pairs are drawn from them
(`refiner_scenes.py`). PyTorch is needed here and nowhere else.
"""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from gateway.faces.refiner import known_places, skin_change, skin_share
from tools.drawn_faces import Base
from tools.learn_face_occlusion import official
from tools.refiner_scenes import pair
from tools.unet import F, UnrolledNetwork, learn, mean_loss, torch

PAIRS, EPOCHS, RATE = 24_000, 12, 3e-3
WIDTHS = (24, 40, 56, 72)
CHROMA = 2.0
"""How much more errors of chromaticity count than those of brightness."""
SLOPES = 2.0
"""How much errors of the slope between neighbours count."""

_FACES: list[Base] = []


def _with_faces(faces: list[Base]) -> None:
    cv2.setNumThreads(1)
    _FACES.extend(faces)


def _pairs(job: tuple[int, int]) -> tuple[NDArray[np.uint8], NDArray[np.float16]]:
    """Return (n, h, w, 11) inputs, and (n, 4, h, w) wanted changes and weights."""
    seed, count = job
    rng = np.random.default_rng(seed)
    inputs, wanted = [], []
    for _ in range(count):
        planes, change, weight = pair(rng, _FACES)
        inputs.append(planes)
        skin = weight * skin_share()
        stack = np.concatenate([skin_change(change, skin), skin[..., None]], -1)
        wanted.append(stack.transpose(2, 0, 1).astype(np.float16))
    return np.stack(inputs), np.stack(wanted)


def loss_on(network: UnrolledNetwork, inputs: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Return the mean absolute error of changes and of their slopes, on skin that is known."""
    off = F.pixel_shuffle(network(inputs), 2) - wanted[:, :3]
    off = off * torch.tensor([1.0, CHROMA, CHROMA])[None, :, None, None]
    weight = wanted[:, 3:]
    total = (off.abs() * weight).sum() / weight.sum()
    for axis in (2, 3):
        both = torch.minimum(weight.narrow(axis, 1, off.shape[axis] - 1),
                             weight.narrow(axis, 0, off.shape[axis] - 1))  # fmt: skip
        total = total + SLOPES * (off.diff(dim=axis).abs() * both).sum() / both.sum()
    return total / 3


def main() -> None:
    parser = argparse.ArgumentParser(description="Learn light for faces in other pictures.")
    parser.add_argument("portraits", type=Path, help="folder of portraits")
    parser.add_argument("out", type=Path)
    parser.add_argument("--from", dest="earlier", type=Path)
    parser.add_argument("--seed", type=int, default=0, help="of the pairs")
    parser.add_argument("--pairs", type=int, default=PAIRS)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    asked = parser.parse_args()
    faces, began = official(asked.portraits), time.time()
    with ProcessPoolExecutor(2, get_context("spawn"), _with_faces, (faces,)) as pool:
        jobs = [(asked.seed + n, 100) for n in range(asked.pairs // 100)]
        inputs, wanted = (
            np.concatenate(part) for part in zip(*pool.map(_pairs, jobs), strict=True)
        )
    print(f"{len(inputs)} pairs in {time.time() - began:.0f} s", flush=True)
    network = UnrolledNetwork(inputs[::50], known_places(), WIDTHS, 12)
    if asked.earlier is not None:
        network.load(asked.earlier)
    held = len(inputs) // 20

    def loss_of(network: UnrolledNetwork, chosen: NDArray[np.int64]) -> torch.Tensor:
        return loss_on(
            network, torch.from_numpy(inputs[chosen]), torch.from_numpy(wanted[chosen]).float()
        )

    def judged(network: UnrolledNetwork) -> str:
        network.save(asked.out)
        return f"held out {mean_loss(network, loss_of, held):.4f}"

    learn(network, np.arange(held, len(inputs)), loss_of, judged, epochs=asked.epochs, rate=RATE)


if __name__ == "__main__":
    main()
