"""How steady made videos are, against the videos they were made of."""

from __future__ import annotations

import asyncio
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from bench.figures import Figure, figure
from bench.running import Run
from bench.video import clips, studio
from gateway.arrays import F64, U8, AnyFloat, Mask
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.faces.analyser import FaceAnalyser
from gateway.faces.face import Face
from gateway.faces.motion import REACH_S, Moving, steadied
from gateway.inference.local import LocalInference
from gateway.media.video import TimeSpan
from gateway.paths import PROJECT_ROOT
from gateway.rendering.work import RenderWork

NOISE = 4.0
"""Levels of a camera's noise on the still portrait."""


def flicker(before: list[U8], after: list[U8]) -> F64:
    """Return for every frame but the first how much the changed part flickers beside the video's.

    What is left between a frame and the one before it, once that is moved along with the video.
    """
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    greys = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in before]
    y, x = np.mgrid[: before[0].shape[0], : before[0].shape[1]].astype(np.float32)
    out = []
    for n in range(1, len(before)):
        # A flow that is given would be gone on from.
        flow = search.calc(greys[n], greys[n - 1], None)  # type: ignore[call-overload]
        where = _changed(before[n], after[n])

        def left(video: list[U8], n: int = n, flow: AnyFloat = flow, where: Mask = where) -> float:
            moved = cv2.remap(video[n - 1], x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR)
            return float(np.abs(moved.astype(np.float32) - video[n])[where].mean())

        out.append(left(after) / max(left(before), 1e-3) if where.sum() > 100 else np.nan)
    return np.array(out)


def _changed(before: U8, after: U8) -> Mask:
    """Return where (h, w) a frame was changed, less its rim."""
    changed = (np.abs(after.astype(np.int16) - before).max(-1) > 2).astype(np.uint8)
    closed = cv2.morphologyEx(changed, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    return np.asarray(cv2.erode(closed, np.ones((7, 7), np.uint8)) > 0)


def measure(run: Run, work: RenderWork, folder: Path) -> dict[str, Figure]:
    """Return the figures of steadiness."""
    portrait = studio.source(folder, "astronaut")
    out = {}
    moving = [frame for frame, _ in clips.moved(run.size(90, 4))]
    # Of a smoke test, one border between parts.
    head = clips.talking_head()[: run.size(10**4, 2 * clips.RATE)]
    videos = {"portrait": moving, "talking_head": head}
    for name, video in videos.items():
        if not video:
            continue
        path = clips.write(folder / f"{name}.mp4", video, crf="12")
        made = studio.made(work, path, portrait, studio.WITHOUT_LOSS)
        before, after = studio.frames(path), studio.frames(made.path)
        ratios = flicker(before, after)
        out[f"flicker_ratio_{name}"] = figure(
            ratios[np.isfinite(ratios)].tolist(),
            "",
            f"flicker of the face over the video's, {name}",
            "≤ 1.1",
        )
        if name == "talking_head":
            out["flicker_ratio"] = out.pop(f"flicker_ratio_{name}")
            out |= _borders(work, path, portrait, before, ratios)
    return out | {"jitter_px_rms": asyncio.run(_jitter(run))}


def _borders(
    work: RenderWork, path: Path, portrait: Path, before: list[U8], whole: F64
) -> dict[str, Figure]:
    """Divide a video every second, and compare what is seen there with what is seen elsewhere.

    And with what is seen at the same places of the video made as a whole.
    """
    length = len(before)
    starts = [Fraction(n, 1) for n in range(length // clips.RATE)]
    spans = [
        TimeSpan(start, following)
        for start, following in zip(starts, [*starts[1:], None], strict=True)
    ]
    made = studio.made(work, path, portrait, studio.WITHOUT_LOSS, spans=lambda _: spans)
    ratios = flicker(before, studio.frames(made.path))
    # The difference between frames n and n + 1 is the n-th.
    at = np.array([n * clips.RATE - 1 for n in range(1, len(starts))])
    elsewhere = np.delete(ratios, at)
    undivided = whole[at] / np.nanmedian(np.delete(whole, at))
    what = f"flicker at {len(at)} borders of parts over that elsewhere"
    return {
        "border_ratio": figure(list(ratios[at] / np.nanmedian(elsewhere)), "", what, "≤ 1.1"),
        "border_ratio_undivided": figure(list(undivided), "", "the same without borders there"),
    }


async def _jitter(run: Run) -> Figure:
    """Return how far landmarks stray on a portrait that does not move, in pixels of 256."""
    inference, compute = LocalInference(PROJECT_ROOT / "model_repository"), Compute()
    analyser = FaceAnalyser(inference, compute)
    faces: list[Face] = []
    out = []
    for frame in clips.still(run.size(60, 16), NOISE):
        deadline = Deadline.after(60)
        if not faces:
            faces.append((await analyser.analyse(frame, deadline=deadline))[0])
        else:
            found = await analyser.follow(frame, faces[-1:], deadline=deadline)
            faces.append(found[0])
    await inference.close()
    reach = int(REACH_S * clips.RATE)
    times = [n / clips.RATE for n in range(len(faces))]
    moving = [Moving.of(face) for face in faces]
    for n in range(reach, len(faces) - reach):
        window = slice(n - reach, n + reach + 1)
        out.append(steadied(moving[window], times[window], reach).landmarks[:, :2])
    points = np.array(out)
    width = faces[0].quality.width_px
    away = np.linalg.norm(points - points.mean(0), axis=-1) * 256 / width
    rms = np.sqrt((away**2).mean(0))
    return figure(
        [float(np.sqrt((away**2).mean()))],
        "px",
        f"landmarks of a still portrait under noise of {NOISE:g} levels; worst {rms.max():.2f}",
        "≤ 0.15",
    )
