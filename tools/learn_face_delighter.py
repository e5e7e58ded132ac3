"""Learns `gateway/faces/data/face_delighter.npz`: portraits as they are under even light.

    python tools/learn_face_delighter.py PORTRAITS OUT.npz [--from EARLIER.npz] [--seed N]

PORTRAITS is a folder of public-domain portraits (`portraits.py`); light is put onto those that are
evenly lit (`delight_scenes.py`). PyTorch is needed here and nowhere else.
"""

from __future__ import annotations

import cv2
import numpy as np

from gateway.faces.delight import known_places
from gateway.faces.skin_levels import DARK, SKIN_LEVEL
from tools.delight_scenes import evenly_lit, scene
from tools.drawn_faces import Base
from tools.learn_face_occlusion import official
from tools.learning import Samples, asked, drawn, learnt
from tools.unet import F, UnrolledNetwork, torch

SCENES, EPOCHS, RATE = 12_000, 10, 3e-3
WIDTHS = (20, 36, 56, 72)
SLOPES = 1.5
"""How much errors of the slope between neighbours count."""
PLAIN = 0.3
"""How much a place counts where nothing is to be changed."""

_FACES: list[Base] = []


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
    wanted = asked("Learn portraits under even light.", scenes=SCENES, epochs=EPOCHS)
    faces = evenly_lit(official(wanted.portraits))
    print(f"{len(faces)} evenly lit", flush=True)
    samples = drawn(_scenes, wanted, _with_faces, faces)
    network = UnrolledNetwork(samples[0][::50], known_places(), WIDTHS, 12)
    learnt(network, samples, loss_on, wanted, RATE)


if __name__ == "__main__":
    main()
