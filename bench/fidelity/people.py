"""People put into each other's pictures: hard stills and portraits that nothing has learned from.

Every figure is measured on the result again, who it looks like by a recogniser that the product
does not use. Where a person is put onto another frame of their own clip, the truth is known.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import cv2
import numpy as np

from bench import data
from bench.fidelity.swaps import Case, Made, broad_luminance, light_kept, make
from bench.figures import Figure, figure
from bench.recogniser import Recogniser, installed
from bench.running import Run
from bench.transfer import Bench
from gateway.arrays import F32, U8
from gateway.errors import SemblantError
from gateway.faces.face import Face
from gateway.faces.regions import distance_to_mouth
from gateway.faces.topology import FACE_OVAL, N_MESH
from gateway.imaging.color.transfer import lab_from_rgb
from gateway.imaging.masks.soft import soft_polygon
from gateway.imaging.metrics.fusion_quality import delta_e_2000
from gateway.processors.openings import eye_distance

PORTRAITS, MAX_SIDE = 24, 800
AROUND_MOUTH = 0.25  # inter-ocular distances


@dataclass(frozen=True)
class Someone:
    """A picture of a person.

    Attributes:
        name: Of the picture.
        image: uint8 (H, W, 3) RGB.
        face: In it.
        direction: float32 (D,), the recogniser's.
    """

    name: str
    image: U8
    face: Face
    direction: F32


@dataclass(frozen=True)
class Pair:
    """A person put into another one's picture, and its figures by name."""

    source: Someone
    target: Someone
    image: U8
    figures: dict[str, float]


async def everybody(bench: Bench, recogniser: Recogniser, run: Run) -> list[Someone]:
    """Return all people, the stills first."""
    images = data.stills(run.size(99, 1)) | data.held_out_portraits(run.size(PORTRAITS, 1))
    out = []
    for name, image in images.items():
        small = shrunk(image)
        face = await bench.face(small)
        out.append(Someone(name, small, face, recogniser.embedding(small, face)))
    return out


def shrunk(image: U8) -> U8:
    """Return a picture (H, W, 3) of at most `MAX_SIDE` pixels on the longer side."""
    factor = MAX_SIDE / max(image.shape[:2])
    if factor >= 1:
        return image
    return np.asarray(
        cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8
    )


def pairs(people: Sequence[Someone]) -> list[tuple[Someone, Someone]]:
    """Return every person with every other one, source first."""
    return list(itertools.permutations(people, 2))


async def measured(
    bench: Bench,
    recogniser: Recogniser,
    pair: tuple[Someone, Someone],
    options: Mapping[str, object] = MappingProxyType({}),
) -> Pair | None:
    """Return one person in another's picture, source first; None if it was refused."""
    source, target = pair
    case = Case(f"{source.name} in {target.name}", source.image, target.image)
    try:
        made = await make(bench, case, **options)
    except SemblantError as error:
        print(f"{case.name}: {error}")
        return None
    return Pair(source, target, made.image, await _figures(bench, recogniser, source, target, made))


async def _figures(
    bench: Bench, recogniser: Recogniser, source: Someone, target: Someone, made: Made
) -> dict[str, float]:
    own = made.figures
    out = {
        "seam_ratio": own.seam_ratio,
        "sharpness_ratio": own.sharpness_ratio,
        "patchiness": own.patchiness,
        "light_corr": light_kept(made),
        "skin_shift_lab": skin_shift(made),
        "expression_iod_pct": None if own.expression_error is None else 100 * own.expression_error,
        "pose_change_deg": own.pose_error_deg,
    }
    face = await bench.face(made.image)
    direction = recogniser.embedding(made.image, face)
    out["identity_source_cos"] = float(direction @ source.direction)
    out["identity_target_cos"] = float(direction @ target.direction)
    return {name: float(value) for name, value in out.items() if value is not None}


def skin_shift(made: Made) -> float:
    """Return how far the face's skin is from the target's own in colour, ΔE*ab of the medians."""
    _, where = broad_luminance(made.case.target, made.face)
    now, then = (
        np.median(lab_from_rgb(image[where]), axis=0) for image in (made.image, made.case.target)
    )
    return float(np.linalg.norm(now - then))


async def own_frames(bench: Bench, run: Run) -> tuple[list[float], list[float]]:
    """Return how far faces are from the truth that were swapped for other frames' of their clip.

    Their mean ΔE2000, and how far landmarks around the mouth are off, % of an inter-ocular
    distance.
    """
    colors, mouths = [], []
    around = distance_to_mouth() < AROUND_MOUTH
    for frames in data.clips(run.size(99, 1), run.size(10, 2)).values():
        for n, truth in enumerate(frames):
            case = Case("own frame", frames[(n + len(frames) // 2) % len(frames)], truth)
            made = await make(bench, case)
            oval = made.face.landmarks[list(FACE_OVAL), :2]
            inside = soft_polygon(oval, truth.shape[:2], 1) > 0.5
            off = delta_e_2000(*(lab_from_rgb(image[inside]) for image in (made.image, truth)))
            colors.append(float(off.mean()))
            apart = (await bench.face(made.image)).landmarks - (await bench.face(truth)).landmarks
            moved = np.linalg.norm(apart[:N_MESH][around, :2], axis=1).mean()
            mouths.append(100 * float(moved) / eye_distance(made.face.landmarks))
    return colors, mouths


async def portraits_of_one(
    bench: Bench, recogniser: Recogniser, others: Sequence[Someone], run: Run
) -> dict[str, list[float]]:
    """Return identity with one portrait of a person, and with three from all over a clip.

    With one it is the mean over the three, each alone; `gain` is how much better all three are.
    """
    out: dict[str, list[float]] = {"one": [], "three": [], "gain": []}
    for frames in data.clips(run.size(99, 1), 4).values():
        # The fourth is what the person is recognised by.
        directions = [recogniser.embedding(frame, await bench.face(frame)) for frame in frames]
        for target in others[: run.size(8, 1)]:
            found = []
            for chosen in ([frames[0]], [frames[1]], [frames[2]], frames[:3]):
                image = await bench.made_of(chosen, target.image)
                now = recogniser.embedding(image, await bench.face(image))
                found.append(float(now @ directions[3]))
            out["one"].append(float(np.mean(found[:3])))
            out["three"].append(found[3])
            out["gain"].append(found[3] - out["one"][-1])
    return out


async def by_option(
    bench: Bench, recogniser: Recogniser, people: Sequence[Someone], run: Run
) -> dict[str, Figure]:
    """Return identity with options that change it, on some of the pairs."""
    out = {}
    chosen = some(pairs(people), run.size(100, 1))
    for name, options in OPTIONS.items():
        made = [await measured(bench, recogniser, pair, options) for pair in chosen]
        for key in ("identity_source_cos", "identity_target_cos"):
            values = [pair.figures[key] for pair in made if pair is not None]
            out[f"{key}_{name}"] = figure(values, "", f"with {options}")
    return out


def some(all_of_them: Sequence[tuple[Someone, Someone]], n: int) -> list[tuple[Someone, Someone]]:
    """Return n of the pairs, from all over them, always the same."""
    order = np.random.default_rng(1).permutation(len(all_of_them))[:n]
    return [all_of_them[k] for k in order]


async def measure(bench: Bench, run: Run) -> tuple[dict[str, Figure], list[Pair]]:
    """Return all figures, and the pairs that were made; none without the data."""
    if not installed() or not data.PORTRAITS.is_file() or not data.LOOK.is_dir():
        return {}, []
    recogniser = Recogniser()
    people = await everybody(bench, recogniser, run)
    made = [
        done
        for pair in pairs(people)
        if (done := await measured(bench, recogniser, pair)) is not None
    ]
    out = summary(made) | await by_option(bench, recogniser, people, run)
    for name, values in (await portraits_of_one(bench, recogniser, people, run)).items():
        out[f"identity_cos_portraits_{name}"] = figure(
            values, "", "recogniser, result to another picture of the person"
        )
    what = "in the face, against the frame that was replaced"
    colors, mouths = await own_frames(bench, run)
    out["self_error_de"] = figure(colors, "ΔE2000", what, "≤ 1.2")
    out["self_mouth_iod_pct"] = figure(mouths, "%", f"landmarks around the mouth {what}")
    return out, made


OPTIONS: dict[str, dict[str, object]] = {
    "eyes_target": {"eyes": "target"},
    "shape_0": {"shape": 0},
    "shape_half": {"shape": 0.5},
    "refiner_off": {"refiner": False},
}
GOALS = {
    "identity_source_cos": ("", "recogniser, result to source", "≥ 0.60, p10 ≥ 0.45"),
    "identity_target_cos": ("", "recogniser, result to target", "≤ 0.22"),
    "expression_iod_pct": ("%", "of the target's expression, in inter-ocular distances", "≤ 2.5"),
    "pose_change_deg": ("°", "of the target's pose", "≤ 2"),
    "seam_ratio": ("", "slope across the border ÷ before", "0.95–1.05, p10–p90 0.9–1.15"),
    "light_corr": ("", "broad luminance of result and target", "≥ 0.95"),
    "skin_shift_lab": ("ΔE*ab", "median of skin, result to target", "≤ 4"),
    "patchiness": ("", "skin off in patches", "≤ 0.3"),
    "sharpness_ratio": ("", "fine detail ÷ the target's own", "p10–p90 0.8–1.25"),
}


def summary(made: Sequence[Pair]) -> dict[str, Figure]:
    """Return the figures of all pairs, as `people_…`."""
    out = {}
    for name, (unit, what, goal) in GOALS.items():
        values = [pair.figures[name] for pair in made if name in pair.figures]
        out[f"people_{name}"] = figure(values, unit, what, goal)
    return out
