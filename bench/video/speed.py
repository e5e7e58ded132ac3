"""How fast videos are made, beside decoding and encoding alone, and with how much memory."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np

from bench.figures import Figure, figure
from bench.running import Run
from bench.video import clips, studio
from gateway.rendering.work import RenderWork

ROUNDS = 3
FRAMES = 600
SLOW = 10
"""Frames a second of the videos whose memory is measured, so that ten minutes take three."""


def measure(run: Run, work: RenderWork, folder: Path) -> dict[str, Figure]:
    """Return the figures of speed."""
    head = clips.talking_head()
    if not head:
        return {}
    frames = clips.wide(clips.to_and_fro(head, run.size(FRAMES, 4)))
    path = clips.write(folder / "wide.mp4", frames, crf="20")
    portrait = studio.source(folder)
    studio.made(work, path, portrait, studio.VERYFAST)  # kernels and networks are loaded
    ours, theirs = [], []
    for _ in range(run.size(ROUNDS, 1)):
        theirs.append(studio.bare(path, folder / "bare.mp4"))
        made = studio.made(work, path, portrait, studio.VERYFAST)
        ours.append(made.fps)
    theirs.append(studio.bare(path, folder / "bare.mp4"))
    beside = [(a + b) / 2 for a, b in pairwise(theirs)]
    what = "1080p, one 400 px face, libx264 veryfast"
    return {
        "fps": figure(ours, "1/s", f"frames a second, {what}"),
        "bare_fps": figure(theirs, "1/s", f"decoding and encoding alone, {what}"),
        "throughput_ratio": figure(
            list(np.array(ours) / beside), "", f"the one over the other, {what}", "≥ 0.6"
        ),
        "plan_s": figure([made.plan_s], "s", "looking through the video first"),
        "join_s": figure([made.join_s], "s", "joining and checking"),
    }


def memory(run: Run, folder: Path) -> dict[str, Figure]:
    """Return the peak memory for a short and a long video, each in a process of its own."""
    head = clips.talking_head()
    if not head:
        return {}
    out = {}
    for key, full in (("peak_mb_10s", 10), ("peak_mb_10min", 600)):
        seconds = run.size(full, 1)
        frames = clips.to_and_fro(head, seconds * SLOW)
        path = clips.write(folder / f"{key}.mp4", frames, rate=SLOW, preset="ultrafast")
        command = [sys.executable, "-m", "bench.video.speed", str(path)]
        told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        peak = json.loads(told.splitlines()[-1])
        out[key] = figure([peak], "MB", f"peak memory, {seconds} s of 512×388, {SLOW} fps")
    return out


def _alone(path: Path) -> None:
    """Make a video and print the peak memory of this process in MB."""
    # Short videos have one part; long ones are to be compared with that.
    studio.SIDE_BY_SIDE = 1
    portrait = studio.source(path.parent)
    asyncio.run(studio.make(studio.new_work(), path, portrait, studio.VERYFAST))
    print(json.dumps(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    _alone(Path(sys.argv[1]))
