"""People put into each other's pictures: hard stills and portraits that nothing has learned from.

Every figure is measured on the result again, who it looks like by a recogniser that the product
does not use.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from bench import data
from bench.fidelity.swaps import Case, Made, broad_luminance, light_kept, make
from bench.figures import Figure, figure
from bench.recogniser import Recogniser
from bench.running import Run
from bench.transfer import Bench
from gateway.arrays import F32, U8
from gateway.errors import SemblantError
from gateway.faces.face import Face
from gateway.imaging.color.transfer import lab_from_rgb

PORTRAITS, MAX_SIDE = 24, 800


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
    bench: Bench, recogniser: Recogniser, source: Someone, target: Someone, **options: object
) -> Pair | None:
    """Return one person in another's picture; None if it was refused."""
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


GOALS = {
    "identity_source_cos": ("", "recogniser, result to source", "≥ 0.60, p10 ≥ 0.45"),
    "identity_target_cos": ("", "recogniser, result to target", "≤ 0.22"),
    "expression_iod_pct": ("%", "of the target's expression, in inter-ocular distances", "≤ 2.5"),
    "pose_change_deg": ("°", "of the target's pose", "≤ 2"),
    "seam_ratio": ("", "slope across the border ÷ before", "0.95–1.05, p10–p90 0.9–1.15"),
    "light_corr": ("", "broad luminance of result and target", "≥ 0.95"),
    "skin_shift_lab": ("ΔE*ab", "median of skin, result to target", "≤ 4"),
    "sharpness_ratio": ("", "fine detail ÷ the target's own", "p10–p90 0.8–1.25"),
}


def summary(made: Sequence[Pair]) -> dict[str, Figure]:
    """Return the figures of all pairs, as `people_…`."""
    out = {}
    for name, (unit, what, goal) in GOALS.items():
        values = [pair.figures[name] for pair in made if name in pair.figures]
        out[f"people_{name}"] = figure(values, unit, what, goal)
    return out
