"""The grid: pairs of portraits in every variant, and a talking head; figures of each result."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from bench import data
from bench.fidelity.variants import LIGHTS, OF_SOURCES, VARIANTS
from bench.figures import Figure, figure
from bench.pictures import FACES, scene
from bench.running import Run
from bench.transfer import Bench
from gateway.arrays import F32, U8
from gateway.deadline import Deadline
from gateway.faces.face import Face
from gateway.faces.topology import FACE_OVAL, LEFT_EYE, LIPS_OUTER, RIGHT_EYE
from gateway.imaging.masks.soft import soft_polygon
from gateway.pipeline.face.quality import Figures
from gateway.pipeline.options.swap import parse_options
from gateway.pipeline.timings import Timings
from gateway.processors.openings import eye_distance

SIZE, FACE_PX, EVERY = (640, 640), 300, 60
FRAMES = 12  # of the video, one after another
BROAD = 0.3  # inter-ocular distances over which luminance is low-frequency


@dataclass(frozen=True)
class Case:
    """One swap to be made."""

    name: str
    source: U8
    target: U8


@dataclass(frozen=True)
class Made:
    """One swap that was made; the face is the one that was in the target."""

    case: Case
    face: Face
    image: U8
    figures: Figures


async def cases(bench: Bench, run: Run) -> list[Case]:
    """Return the grid; of a smoke test, the first pair and one frame."""
    stills = {name: scene(name, SIZE, FACE_PX) for name in FACES}
    marks = {name: (await bench.face(image)).landmarks for name, image in stills.items()}
    out = []
    video = data.talking_head(run.size(EVERY, 10**4))
    for source, own in list(stills.items())[: run.size(len(stills), 1)]:
        for target, still in stills.items():
            if source != target:
                pair = f"{source} in {target}"
                for name, change in VARIANTS.items():
                    out.append(Case(f"{pair}, {name}", own, change(still, marks[target])))
                for name, change in OF_SOURCES.items():
                    out.append(Case(f"{pair}, {name}", change(own, marks[source]), still))
        out += [Case(f"{source} in a video, {n}", own, frame) for n, frame in enumerate(video)]
    return out


async def make(bench: Bench, case: Case, **options: object) -> Made:
    asked = parse_options({"quality": {"report": True, "retry": False}, **options})
    result = await bench.fuser.swap(
        [case.source], case.target, asked, deadline=Deadline.after(60), timings=Timings()
    )
    (done,) = result.swapped
    assert done.quality is not None
    return Made(case, done.face, result.image, done.quality.figures)


def broad_luminance(image: U8, face: Face) -> tuple[F32, np.ndarray]:
    """Return a face's low-frequency luminance (H, W), and where it is skin."""
    shape = image.shape[:2]
    unit = eye_distance(face.landmarks)
    skin = soft_polygon(face.landmarks[list(FACE_OVAL), :2], shape, 1)
    for ring in (RIGHT_EYE, LEFT_EYE, LIPS_OUTER):
        skin *= 1 - soft_polygon(face.landmarks[list(ring), :2], shape, 0.1 * unit)
    skin = (skin > 0.9).astype(np.float32)
    luma = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    sigma = BROAD * unit
    weight = cv2.GaussianBlur(skin, (0, 0), sigma)
    return cv2.GaussianBlur(luma * skin, (0, 0), sigma) / (weight + 1e-3), skin > 0


def light_kept(made: Made) -> float:
    """Return how the face's broad luminance correlates with that of the target's own."""
    own, where = broad_luminance(made.case.target, made.face)
    now, _ = broad_luminance(made.image, made.face)
    return float(np.corrcoef(own[where], now[where])[0, 1])


def blown(made: Made) -> float:
    """Return how much of a face's skin is at the top of the range, in percent more than was."""
    _, where = broad_luminance(made.case.target, made.face)
    shares = [(image[where].max(1) >= 254).mean() for image in (made.image, made.case.target)]
    return 100 * float(shares[0] - shares[1])


async def flicker(bench: Bench, run: Run) -> dict[str, Figure]:
    """Return how much more a swapped face flickers from frame to frame than the video did.

    Of three frames, the middle one's distance from the mean of its neighbours, on skin.
    """
    frames = data.talking_head(1)[: run.size(FRAMES, 3)]
    if len(frames) < 3:
        return {}
    out = []
    for name in FACES:
        source = scene(name, SIZE, FACE_PX)
        made = [await make(bench, Case("video", source, frame)) for frame in frames]
        for before, now, after in zip(made, made[1:], made[2:], strict=False):
            _, where = broad_luminance(now.case.target, now.face)
            trios = (
                [m.image for m in (before, now, after)],
                [m.case.target for m in (before, now, after)],
            )
            jumps = [
                np.abs(b.astype(float) - (a.astype(float) + c) / 2)[where].mean()
                for a, b, c in trios
            ]
            out.append(float((jumps[0] + 0.1) / (jumps[1] + 0.1)))
    what = "change of skin against the frames before and after ÷ the video's own"
    return {"flicker_ratio": figure(out, "", what)}


def summary(made: list[Made]) -> dict[str, Figure]:
    """Return the figures of all results."""

    def of(name: str) -> list[float]:
        values = (getattr(m.figures, name) for m in made)
        return [float(v) for v in values if v is not None]

    lit = [m for m in made if any(f"lit from {s}" in m.case.name for s in LIGHTS)]
    lit = [m for m in lit if "source lit" not in m.case.name]
    outside = [m.figures.outside_ssim for m in made]
    touched = sum(np.isfinite(m.figures.outside_psnr_db) for m in made)
    return {
        "seam_ratio": figure(of("seam_ratio"), "", "slope across the border ÷ before", "0.9–1.15"),
        "ring_delta_e": figure(
            of("ring_delta_e"), "ΔE2000", "face skin against skin beside it", "≤ 3, p95 ≤ 6"
        ),
        "target_ring_delta_e": figure(
            of("target_ring_delta_e"), "ΔE2000", "the same of the untouched targets"
        ),
        "ring_delta_e_more": figure(
            [
                m.figures.ring_delta_e - m.figures.target_ring_delta_e
                for m in made
                if m.figures.ring_delta_e is not None and m.figures.target_ring_delta_e is not None
            ],
            "ΔE2000",
            "the first less the second, result by result",
        ),
        "relight_corr": figure(
            [light_kept(m) for m in lit], "", "broad luminance of face and relit target", "≥ 0.9"
        ),
        "sharpness_ratio": figure(
            of("sharpness_ratio"), "", "fine detail ÷ the target's own", "0.8–1.25"
        ),
        "identity_distance_source": figure(
            of("identity_distance"), "", "descriptor, result to source", "≤ 0.5"
        ),
        "identity_distance_target": figure(
            of("target_identity_distance"), "", "descriptor, result to target", "≥ 0.6"
        ),
        "expression_error": figure(of("expression_error"), "iod", "of the target's expression"),
        "pose_error_deg": figure(of("pose_error_deg"), "°", "of the target's pose"),
        "blown_pct": figure(
            [blown(m) for m in made], "%", "skin at the top of the range, more than was"
        ),
        "outside_ssim": figure(
            outside, "", f"outside the mask; {touched} of {len(made)} results differ there", "1"
        ),
    }
