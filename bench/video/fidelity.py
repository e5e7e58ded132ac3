"""What must not change: sound, times, and all that lies beside the faces."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from bench.figures import Figure, figure
from bench.running import Run
from bench.video import clips, studio
from gateway.arrays import U8, Mask
from gateway.imaging.geometry.warp import Region
from gateway.media.video import DecodedFrame
from gateway.rendering.work import RenderWork

Written = list[tuple[Fraction, tuple[Region, Mask]]]
"""Time of a frame, the region that was written, and where (h, w) that changed something."""


def measure(run: Run, work: RenderWork, folder: Path) -> dict[str, Figure]:
    """Return the figures of fidelity."""
    count = run.size(3 * clips.RATE, 8)
    frames = clips.to_and_fro([f for f, _ in clips.moved(run.size(40, 4))], count)
    path = clips.write(folder / "sound.mp4", frames, sound=True)
    portrait = studio.source(folder, "astronaut")
    made = studio.made(work, path, portrait, studio.VERYFAST)
    drift = [
        float((ours - theirs) * clips.RATE)
        for ours, theirs in zip(_offsets(made.path), _offsets(path), strict=True)
    ]
    written: Written = []
    write = DecodedFrame.write

    def watched(self: DecodedFrame, region: Region, before: U8, after: U8) -> None:
        written.append((self.time_s, (region, (before != after).any(-1))))
        write(self, region, before, after)

    DecodedFrame.write = watched  # type: ignore[method-assign]
    try:
        kept = studio.made(work, path, portrait, studio.WITHOUT_LOSS)
    finally:
        DecodedFrame.write = write  # type: ignore[method-assign]
    return {
        "av_drift_frames": figure(
            drift, "frames", "sound against picture, at the beginning and at the end", "0"
        ),
        "outside_changed_samples": figure(
            _outside(path, kept.path, written),
            "",
            "samples beside the masks that changed, FFV1",
            "0",
        ),
    }


def _offsets(path: Path) -> list[Fraction]:
    """Return seconds from the picture's to the sound's beginning and end."""
    with av.open(str(path)) as video:
        spans = []
        for stream in (video.streams.video[0], video.streams.audio[0]):
            video.seek(0)
            times = [
                (p.pts * p.time_base, (p.pts + (p.duration or 0)) * p.time_base)
                for p in video.demux(stream)
                if p.pts is not None
            ]
            spans.append((min(t[0] for t in times), max(t[0] for t in times)))
    return [spans[1][n] - spans[0][n] for n in (0, 1)]


def _outside(path: Path, made: Path, written: Written) -> list[float]:
    """Return for every frame how many luma samples changed where nothing was written."""
    out = []
    by_time: dict[Fraction, list[tuple[Region, Mask]]] = {}
    for time_s, change in written:
        by_time.setdefault(time_s, []).append(change)
    with av.open(str(path)) as before, av.open(str(made)) as after:
        pairs = zip(before.decode(video=0), after.decode(video=0), strict=True)
        for n, (one, other) in enumerate(pairs):
            a, b = (_luma(frame) for frame in (one, other))
            touched = np.zeros(a.shape, bool)
            for region, changed in by_time.get(Fraction(n, clips.RATE), []):
                touched[region.y0 : region.y1, region.x0 : region.x1] |= changed
            out.append(float(((a != b) & ~touched).sum()))
    return out


def _luma(frame: av.VideoFrame) -> U8:
    plane = frame.planes[0]
    rows: U8 = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return rows[: frame.height, : frame.width]
