"""What programs that learn from drawn scenes have in common: their options, and the learning."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.unet import UnrolledNetwork, learn, mean_loss, torch

Samples = tuple[NDArray[np.uint8], ...]
JOB = 100
"""Scenes that a process draws at a time."""


def asked(description: str, *, scenes: int, epochs: int) -> argparse.Namespace:
    """Return the options: portraits, out, earlier, seed, scenes, epochs."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("portraits", type=Path, help="folder of portraits")
    parser.add_argument("out", type=Path)
    parser.add_argument("--from", dest="earlier", type=Path)
    parser.add_argument("--seed", type=int, default=0, help="of the scenes")
    parser.add_argument("--scenes", type=int, default=scenes)
    parser.add_argument("--epochs", type=int, default=epochs)
    return parser.parse_args()


def drawn(
    draw: Callable[[tuple[int, int]], Samples],
    wanted: argparse.Namespace,
    begin: Callable[..., None],
    *material: Sequence[Any],
) -> Samples:
    """Return samples that two processes draw, each begun with the material."""
    began = time.time()
    with ProcessPoolExecutor(2, get_context("spawn"), begin, material) as pool:
        jobs = [(wanted.seed + n, JOB) for n in range(wanted.scenes // JOB)]
        made = zip(*pool.map(draw, jobs), strict=True)
        samples = tuple(np.concatenate(part) for part in made)
    print(f"{len(samples[0])} scenes, {time.time() - began:.0f} s", flush=True)
    return samples


def learnt(
    network: UnrolledNetwork,
    samples: Samples,
    loss_on: Callable[[UnrolledNetwork, Samples], torch.Tensor],
    wanted: argparse.Namespace,
    rate: float,
) -> None:
    """Teach a network; the first twentieth of the samples are only for judging."""
    if wanted.earlier is not None:
        network.load(wanted.earlier)
    held = len(samples[0]) // 20

    def loss_of(network: UnrolledNetwork, chosen: NDArray[np.int64]) -> torch.Tensor:
        return loss_on(network, tuple(part[chosen] for part in samples))

    def judged(network: UnrolledNetwork) -> str:
        network.save(wanted.out)
        return f"held out {mean_loss(network, loss_of, held):.4f}"

    order = np.arange(held, len(samples[0]))
    learn(network, order, loss_of, judged, epochs=wanted.epochs, rate=rate)
