"""The network that looks at unrolled faces: down by halves and up again, joined at each scale.

What `gateway/models/unrolled.py` writes as ONNX; PyTorch is needed here and nowhere else.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

# This repository's folder of that name is not the compiler that PyTorch looks for.
sys.modules["triton"] = None  # type: ignore[assignment]

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional as F

__all__ = ["F", "UnrolledNetwork", "learn", "mean_loss", "torch"]

Loss = Callable[["UnrolledNetwork", NDArray[np.int64]], torch.Tensor]
"""Of a network on some of the samples."""


class UnrolledNetwork(nn.Module):
    """Down by halves and up again, with the finer look joined in at each scale."""

    def __init__(
        self, levels: NDArray[np.uint8], places: NDArray[np.float32], widths: Any, outputs: int
    ) -> None:
        """Make one.

        Args:
            levels: (n, h, w, c), inputs from which their scales are taken.
            places: (p, h, w), the constant input.
            widths: Channels at each of the four scales.
            outputs: Planes of the answer, at half the resolution.
        """
        super().__init__()
        a, b, c, d = widths
        flat = levels.reshape(-1, levels.shape[-1]).astype(np.float32)
        self.register_buffer("means", torch.from_numpy(flat.mean(0))[None, :, None, None])
        scales = torch.from_numpy(1 / np.maximum(flat.std(0), 1))
        self.register_buffer("scales", scales[None, :, None, None])
        self.register_buffer("places", torch.from_numpy(places)[None])
        n = 4 * (levels.shape[-1] + len(places))
        self.layers = nn.ModuleDict({
            "in": nn.Conv2d(n, a, 3, padding=1), "in2": nn.Conv2d(a, a, 3, padding=1),
            "down1": nn.Conv2d(a, b, 3, 2, 1), "mid1": nn.Conv2d(b, b, 3, padding=1),
            "down2": nn.Conv2d(b, c, 3, 2, 1), "mid2": nn.Conv2d(c, c, 3, padding=1),
            "down3": nn.Conv2d(c, d, 3, 2, 1), "mid3": nn.Conv2d(d, d, 3, padding=1),
            "up3": nn.Conv2d(d + c, c, 3, padding=1), "up2": nn.Conv2d(c + b, b, 3, padding=1),
            "up1": nn.Conv2d(b + a, a, 3, padding=1), "out": nn.Conv2d(a, outputs, 3, padding=1),
        })  # fmt: skip
        self.to(memory_format=torch.channels_last)

    def forward(self, levels: torch.Tensor) -> torch.Tensor:
        """Return (n, outputs, h / 2, w / 2) of levels uint8 (n, h, w, c)."""
        x = (levels.permute(0, 3, 1, 2).float() - self.means) * self.scales
        x = torch.cat([x, self.places.expand(len(x), -1, -1, -1)], 1)
        layer = self.layers

        def step(name: str, value: torch.Tensor) -> torch.Tensor:
            return F.relu(layer[name](value))

        one = step("in2", step("in", F.pixel_unshuffle(x, 2)))
        two = step("mid1", step("down1", one))
        three = step("mid2", step("down2", two))
        four = step("mid3", step("down3", three))
        back = step("up3", joined(four, three))
        back = step("up2", joined(back, two))
        back = step("up1", joined(back, one))
        out: torch.Tensor = layer["out"](back)
        return out

    def load(self, path: Path) -> None:
        """Take over earlier weights, and the scales that go with them."""
        with np.load(path) as arrays, torch.no_grad():
            for name in ("means", "scales"):
                getattr(self, name).copy_(torch.from_numpy(arrays[name])[None, :, None, None])
            for name, layer in self.layers.items():
                layer.weight.copy_(torch.from_numpy(arrays[f"{name}_weight"].astype(np.float32)))
                layer.bias.copy_(torch.from_numpy(arrays[f"{name}_bias"].astype(np.float32)))

    def save(self, path: Path, **more: NDArray[Any]) -> None:
        """Write the weights, in half precision, by name, and more arrays beside them."""
        out = {"means": self.means.numpy().ravel(), "scales": self.scales.numpy().ravel(), **more}
        for name, layer in self.layers.items():
            out[f"{name}_weight"] = layer.weight.detach().numpy().astype(np.float16)
            out[f"{name}_bias"] = layer.bias.detach().numpy().astype(np.float16)
        np.savez_compressed(path, allow_pickle=False, **out)


def joined(coarse: torch.Tensor, fine: torch.Tensor) -> torch.Tensor:
    """Return a picture doubled, as far as a finer one reaches, beside it."""
    large = F.interpolate(coarse, scale_factor=2)
    return torch.cat([large[..., : fine.shape[2], : fine.shape[3]], fine], 1)


def mean_loss(network: UnrolledNetwork, loss_of: Loss, count: int) -> float:
    """Return the mean loss of the first samples, nothing being learned from them."""
    with torch.no_grad():
        parts = np.array_split(np.arange(count), 10)
        return float(np.mean([float(loss_of(network, part)) for part in parts]))


def learn(
    network: UnrolledNetwork,
    samples: NDArray[np.int64],
    loss_of: Loss,
    judged: Callable[[UnrolledNetwork], str],
    *,
    epochs: int,
    rate: float,
    batch: int = 32,
) -> None:
    """Teach a network with samples, by their numbers; print what each epoch gave."""
    torch.manual_seed(0)
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "2")))
    steps = len(samples) // batch
    optimiser = torch.optim.AdamW(network.parameters(), rate, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, rate, epochs=epochs, steps_per_epoch=steps
    )
    for epoch in range(epochs):
        network.train()
        order = np.random.default_rng(epoch).permutation(samples)
        total, began = 0.0, time.time()
        for n in range(steps):
            loss = loss_of(network, order[n * batch : (n + 1) * batch])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += float(loss.detach())
        network.eval()
        took = time.time() - began
        print(f"{epoch}: loss {total / steps:.4f}, {judged(network)}, {took:.0f} s", flush=True)
