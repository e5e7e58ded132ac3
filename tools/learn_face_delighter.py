"""Learns `gateway/faces/data/face_delighter.npz`: portraits as they are under even light.

    python tools/learn_face_delighter.py PORTRAITS OUT.npz [--from EARLIER.npz] [--seed N]

PORTRAITS is a folder of public-domain portraits (`portraits.py`); light is put onto those that are
evenly lit (`delight_scenes.py`). PyTorch is needed here and nowhere else.
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

from gateway.faces.delight import known_places
from gateway.faces.skin_levels import DARK, SKIN_LEVEL
from tools.delight_scenes import evenly_lit, scene
from tools.drawn_faces import Base
from tools.learn_face_occlusion import official
from tools.unet import F, UnrolledNetwork, learn, mean_loss, torch

SCENES, EPOCHS, RATE = 12_000, 10, 3e-3
WIDTHS = (20, 36, 56, 72)
SLOPES = 1.5
"""How much errors of the slope between neighbours count."""
PLAIN = 0.3
"""How much a place counts where nothing is to be changed."""

_FACES: list[Base] = []
Samples = tuple[NDArray[np.uint8], ...]


def _with_faces(faces: list[Base]) -> None:
    cv2.setNumThreads(1)
    _FACES.extend(faces)


def _scenes(job: tuple[int, int]) -> Samples:
    """Return (n, h, w, 3) inputs and answers, and (n, h, w) weights: uint8."""
    seed, count = job
    rng = np.random.default_rng(seed)
    out = []
    for _ in range(count):
        seen, truth, weight = scene(rng, _FACES)
        out.append((seen, truth, np.rint(255 * np.clip(weight, 0, 1)).astype(np.uint8)))
    return tuple(np.stack(part) for part in zip(*out, strict=True))


def loss_on(network: UnrolledNetwork, samples: Samples) -> torch.Tensor:
    """Return the error of the logarithms of what is shown under even light, and of its slopes."""
    inputs, truth, shown = (torch.from_numpy(part) for part in samples)
    gain = F.pixel_shuffle(network(inputs), 2)
    levels, true = (part.permute(0, 3, 1, 2).float() for part in (inputs, truth))
    own, wanted = (torch.log((part + DARK) / (SKIN_LEVEL + DARK)) for part in (levels, true))
    off = own + gain - wanted
    face = torch.from_numpy(known_places()[5])[None, None]
    # What is burnt out or black says nothing of its gain.
    known = ((levels.amax(1, keepdim=True) < 254) & (true.amax(1, keepdim=True) < 254)).float()
    changed = ((wanted - own).abs().amax(1, keepdim=True) / 0.3).clamp(0, 1)
    weight = shown.float()[:, None] / 255 * face * (0.2 + 0.8 * known) * (PLAIN + changed)
    total = (off.abs() * weight).sum() / weight.sum()
    for axis in (2, 3):
        size = off.shape[axis] - 1
        both = torch.minimum(weight.narrow(axis, 1, size), weight.narrow(axis, 0, size))
        total = total + SLOPES * (off.diff(dim=axis).abs() * both).sum() / both.sum()
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description="Learn portraits under even light.")
    parser.add_argument("portraits", type=Path, help="folder of portraits")
    parser.add_argument("out", type=Path)
    parser.add_argument("--from", dest="earlier", type=Path)
    parser.add_argument("--seed", type=int, default=0, help="of the scenes")
    parser.add_argument("--scenes", type=int, default=SCENES)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    asked = parser.parse_args()
    began = time.time()
    faces = evenly_lit(official(asked.portraits))
    print(f"{len(faces)} evenly lit, {time.time() - began:.0f} s", flush=True)
    with ProcessPoolExecutor(2, get_context("spawn"), _with_faces, (faces,)) as pool:
        jobs = [(asked.seed + n, 100) for n in range(asked.scenes // 100)]
        made = zip(*pool.map(_scenes, jobs), strict=True)
        samples = tuple(np.concatenate(part) for part in made)
    print(f"{len(samples[0])} scenes, {time.time() - began:.0f} s", flush=True)
    network = UnrolledNetwork(samples[0][::50], known_places(), WIDTHS, 12)
    if asked.earlier is not None:
        network.load(asked.earlier)
    held = asked.scenes // 20

    def loss_of(network: UnrolledNetwork, chosen: NDArray[np.int64]) -> torch.Tensor:
        return loss_on(network, tuple(part[chosen] for part in samples))

    def judged(network: UnrolledNetwork) -> str:
        network.save(asked.out)
        return f"held out {mean_loss(network, loss_of, held):.4f}"

    learn(
        network,
        np.arange(held, asked.scenes),
        loss_of,
        judged,
        epochs=asked.epochs,
        rate=RATE,
    )


if __name__ == "__main__":
    main()
