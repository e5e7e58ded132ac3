"""Learns `gateway/faces/data/face_occlusion.npz`: what covers a face.

    python tools/learn_face_occlusion.py ASTRONAUT HOPPER BIDEN PORTRAITS OUT.npz
    python tools/learn_face_occlusion.py … OUT.npz --from EARLIER.npz --seed N

With `--from` it goes on from earlier weights, on other scenes.
The three are public-domain portraits: of Eileen Collins (as scikit-image ships it), of Grace
Hopper (as matplotlib ships it) and of Joseph Biden (as the source package face_recognition 1.3.0
ships it); what covers their faces is outlined below by hand. PORTRAITS is a folder of some
thousands more (`portraits.py`), in which the network that there is outlines hair and glasses; what
it sees on the inner face of somebody who sits for an official portrait is shade, and no cover.
Everything else is drawn (`occlusion_scenes.py`).
PyTorch is needed here and nowhere else.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np

from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.faces.analyser import FaceAnalyser
from gateway.faces.atlas import atlas, unrolled, unrolled_normals
from gateway.faces.occlusion import known_places, skin_prior
from gateway.imaging.color.skin_model import skin_departures
from gateway.inference.local import LocalInference
from gateway.media.image import decode_image
from gateway.paths import PROJECT_ROOT
from tools.drawn_faces import SHAPE, Base, line
from tools.occlusion_scenes import scene
from tools.portraits import portraits, wears_glasses
from tools.unet import F, UnrolledNetwork, learn, torch

SCENES, EPOCHS, RATE = 20_000, 12, 3e-3
MORE_SCENES, MORE_EPOCHS, MORE_RATE, MORE_SEED = 16_000, 12, 2e-3, 10_000
WIDTHS = (16, 32, 48, 64)

# What covers the portraits' faces, polygons and thick lines in pixels of the atlas.
# fmt: off
COVERED = (
    {"areas": [
        [(33, 10), (39, 14), (43, 19), (48, 22), (52, 24), (55, 22), (60, 21), (66, 21), (72, 21),
         (77, 24), (81, 27), (88, 28), (93, 26), (98, 22), (100, 30), (104, 40), (107, 48),
         (108, 60), (110, 70), (108, 78), (104, 84), (106, 90), (112, 94), (128, 94),
         (128, 0), (33, 0)],
        [(30, 14), (29, 24), (27, 34), (24, 42), (22, 50), (21, 62), (24, 72), (28, 80), (27, 86),
         (25, 92), (20, 98), (12, 101), (0, 100), (0, 14)]]},
    {"areas": [
        [(54, 0), (55, 4), (59, 7), (66, 7), (72, 5), (74, 0)],
        [(25, 33), (34, 34), (38, 35), (34, 40), (34, 46), (31, 42), (27, 36)],
        [(57, 43), (62, 45), (66, 45), (71, 43), (69, 49), (64, 48), (60, 50)],
        [(86, 35), (95, 34), (103, 33), (110, 38), (104, 40), (96, 41), (94, 46), (91, 42)],
        [(0, 0), (30, 8), (27, 20), (26, 31), (30, 44), (28, 52), (29, 66), (30, 84), (29, 92),
         (28, 98), (27, 112), (20, 120), (0, 120)],
        [(128, 0), (96, 8), (98, 20), (100, 31), (97, 42), (98, 52), (100, 60), (99, 70), (98, 84),
         (99, 96), (101, 104), (106, 112), (128, 118)]],
     "lines": [
        [(25, 34), (33, 34), (40, 33), (46, 34), (52, 37), (57, 41)],
        [(34, 42), (35, 50), (37, 58), (40, 66), (45, 71), (52, 71), (57, 67), (60, 60),
         (61, 52), (61, 48)],
        [(71, 41), (76, 37), (82, 34), (90, 34), (98, 33)],
        [(94, 42), (93, 50), (92, 58), (89, 66), (84, 71), (77, 72), (71, 68), (69, 60),
         (67, 52), (67, 48)]]},
    {"unknown": [
        [(82, 0), (83, 16), (87, 30), (89, 40), (91, 52), (95, 60), (96, 80), (93, 92), (94, 104),
         (98, 112), (84, 122), (82, 140), (128, 144), (128, 0)],
        [(0, 0), (12, 0), (12, 144), (0, 144)]]},
)
# fmt: on
RIM = 2.4
INNER, FOREHEAD, BELOW_EYES = 0.28, -0.8, 0.05
"""Where nothing covers somebody who sits for a portrait, but for glasses: from which distance to
the outline on, below which height of the mean face; and down to which there are glasses."""


def bases(paths: list[Path]) -> list[Base]:
    """Return the portraits unrolled, and mirrored."""

    async def find() -> list[Base]:
        inference, compute = LocalInference(PROJECT_ROOT / "model_repository"), Compute()
        analyser, out = FaceAnalyser(inference, compute), []
        for path, covered in zip(paths, COVERED, strict=True):
            image = decode_image(path.read_bytes(), max_pixels=10**8).rgb
            face = (await analyser.analyse(image, deadline=Deadline.after(60)))[0]
            normals = unrolled_normals(face.landmarks)
            hidden = drawn(covered.get("areas", []))
            for points in covered.get("lines", []):
                line(hidden, np.array(points, float), RIM)
            known = atlas().face * (1 - drawn(covered.get("unknown", [])))
            rgb = unrolled(image, face.landmarks)
            out.append(Base(rgb, hidden, known, normals, face.landmarks[:468], "lines" in covered))
        await inference.close()
        compute.close()
        return out

    found = asyncio.run(find())
    return found + [base.mirrored() for base in found]


def official(folder: Path) -> list[Base]:
    """Return the faces of a folder of portraits, with hair and glasses as far as they are sure."""
    sheet = atlas()
    inner = (sheet.outline > INNER) & (sheet.mean[..., 1] > FOREHEAD)
    eyes = inner & (sheet.mean[..., 1] < BELOW_EYES)
    out = []
    for one in portraits(folder):
        glasses = wears_glasses(one.hidden)
        # Around the eyes there may be glasses that were seen in part only, and what reaches in
        # from the outline may be hair: there nobody knows.
        _, pieces = cv2.connectedComponents((one.hidden > 0.3).astype(np.uint8))
        reaching = np.isin(pieces, np.unique(pieces[sheet.face & ~inner])) & (pieces > 0)
        bare = inner & ~eyes & ~reaching
        told = np.where(bare | (eyes & (one.hidden < 0.08)), 0, one.hidden)
        told = np.where(inner & ~eyes & reaching, 0.5, told)
        told = np.where(eyes & ~glasses, np.minimum(told, 0.5), told)
        doubtful = cv2.dilate(((told > 0.08) & (told < 0.75)).astype(np.uint8), np.ones((3, 3)))
        known = sheet.face & ((doubtful == 0) | bare)
        hidden = (told > 0.5).astype(np.float32)
        lent = (one.hidden > 0.7).astype(np.float32)
        marks = one.face.landmarks
        rgb = unrolled(one.image, marks)
        out.append(
            Base(
                rgb,
                hidden,
                known.astype(np.float32),
                unrolled_normals(marks),
                marks[:468],
                glasses,
                lent,
            )
        )
    return out


def drawn(areas: list[list[tuple[int, int]]]) -> np.ndarray:
    plane = np.zeros(SHAPE, np.float32)
    for area in areas:
        cv2.fillPoly(plane, [np.array(area, np.int32)], 1.0)
    return plane


_FACES: list[Base] = []


def _with_faces(faces: list[Base]) -> None:
    cv2.setNumThreads(1)
    _FACES.extend(faces)


def scenes(job: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (n, h, w, 5) departures, (n, h, w) covers and (n, h, w) weights, uint8."""
    seed, count = job
    faces, rng = _FACES, np.random.default_rng(seed)
    inputs, hidden, known = [], [], []
    for _ in range(count):
        made = scene(rng, faces)
        inputs.append(skin_departures(made.rgb, made.normals.astype(np.float32), skin_prior()))
        hidden.append(np.clip(255 * made.hidden, 0, 255).astype(np.uint8))
        known.append((255 * made.known * atlas().face).astype(np.uint8))
    return np.stack(inputs), np.stack(hidden), np.stack(known)


def logits_of(network: UnrolledNetwork, inputs: np.ndarray) -> torch.Tensor:
    """Return logits (n, h, w) of departures uint8 (n, h, w, 5)."""
    return F.pixel_shuffle(network(torch.from_numpy(inputs)), 2)[:, 0]


def network_loss(
    network: UnrolledNetwork, inputs: np.ndarray, hidden: np.ndarray, known: np.ndarray
) -> torch.Tensor:
    """Return cross-entropy plus one minus the soft overlap (Milletari et al., 3DV 2016)."""
    wanted, weight = torch.from_numpy(hidden).float() / 255, torch.from_numpy(known).float() / 255
    logits = logits_of(network, inputs)
    entropy = (
        F.binary_cross_entropy_with_logits(logits, wanted, reduction="none") * weight
    ).sum() / weight.sum()
    share = torch.sigmoid(logits) * weight
    both = (share * wanted).sum((1, 2))
    overlap = (2 * both + 20) / (share.sum((1, 2)) + (wanted * weight).sum((1, 2)) + 20)
    return entropy + 0.6 * (1 - overlap).mean()


def seen_apart(
    network: UnrolledNetwork, inputs: np.ndarray, hidden: np.ndarray, known: np.ndarray
) -> str:
    with torch.no_grad():
        logits = np.concatenate(
            [logits_of(network, part).numpy() for part in np.array_split(inputs, 20)]
        )
    told, true, where = logits > 0, hidden > 127, known > 127
    both, either = (told & true & where).sum((1, 2)), ((told | true) & where).sum((1, 2))
    some = (true & where).sum((1, 2)) > 100
    bare = (true & where).sum((1, 2)) == 0
    wrong = (told & where).sum((1, 2))[bare] / where.sum((1, 2))[bare]
    return (
        f"IoU {np.median(both[some] / either[some]):.3f}, of bare faces covered {wrong.mean():.4f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Learn what covers a face.")
    parser.add_argument("portraits", type=Path, nargs=3)
    parser.add_argument("more", type=Path, help="folder of portraits")
    parser.add_argument("out", type=Path)
    parser.add_argument("--from", dest="earlier", type=Path)
    parser.add_argument("--seed", type=int, default=MORE_SEED, help="of the other scenes")
    parser.add_argument("--scenes", type=int, default=MORE_SCENES, help="how many others")
    parser.add_argument("--epochs", type=int, default=MORE_EPOCHS, help="with the others")
    parser.add_argument("--rate", type=float, default=MORE_RATE, help="with the others")
    asked = parser.parse_args()
    faces = bases(asked.portraits) * 8 + official(asked.more)
    print(f"{len(faces)} faces", flush=True)
    first, count = (0, SCENES) if asked.earlier is None else (asked.seed, asked.scenes)
    jobs = [(first + n, 100) for n in range(count // 100)]
    began = time.time()
    with ProcessPoolExecutor(2, get_context("spawn"), _with_faces, (faces,)) as pool:
        made = zip(*pool.map(scenes, jobs), strict=True)
        inputs, hidden, known = (np.concatenate(part) for part in made)
    print(f"{len(inputs)} scenes in {time.time() - began:.0f} s", flush=True)
    network = UnrolledNetwork(inputs[::50], known_places(), WIDTHS, 4)
    epochs, rate = (EPOCHS, RATE) if asked.earlier is None else (asked.epochs, asked.rate)
    if asked.earlier is not None:
        network.load(asked.earlier)
    held = len(inputs) // 20

    def loss_of(network: UnrolledNetwork, chosen: np.ndarray) -> torch.Tensor:
        return network_loss(network, inputs[chosen], hidden[chosen], known[chosen])

    def judged(network: UnrolledNetwork) -> str:
        return seen_apart(network, inputs[:held], hidden[:held], known[:held])

    learn(network, np.arange(held, len(inputs)), loss_of, judged, epochs=epochs, rate=rate)
    told = [hashlib.sha256(path.read_bytes()).hexdigest() for path in asked.portraits]
    network.save(asked.out, portraits=np.array(told))


if __name__ == "__main__":
    main()
