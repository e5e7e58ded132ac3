"""Makes videos as a job does, without the engine of jobs."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from bench.pictures import portrait
from gateway.access.caller import DEFAULT_TENANT
from gateway.arrays import U8
from gateway.compute import share_heaps
from gateway.jobs.work import JobPlan, Task
from gateway.jobs.work import Made as JobsMade
from gateway.media.image import Picture, encode_image
from gateway.media.video import TimeSpan
from gateway.models.catalog import load_catalog
from gateway.pipeline.selection.models import ModelSelector
from gateway.pipeline.toolkit import Toolkit
from gateway.rendering.plan import spans_to_json
from gateway.rendering.work import RenderWork
from gateway.serving.rendering import video_work
from gateway.serving.services import build_services
from gateway.serving.threads import ThreadToolkits
from gateway.settings import Settings

SIDE_BY_SIDE = Settings().segments_concurrency
"""Parts of a video that are made at the same time, as by a service."""
VERYFAST = {"video": {"preset": "veryfast"}}
WITHOUT_LOSS = {"video": {"encoder": "ffv1"}}


class Unwatched:
    """A control that lets everything go on."""

    def advance(self, frames: int) -> None:
        """Go on."""

    def check(self) -> None:
        """Go on."""


@dataclass(frozen=True)
class Made:
    """A video that was made.

    Attributes:
        path: Of its file.
        report: As the job tells.
        plan_s: Seconds until the first frame was begun.
        frames_s: Seconds for all frames.
        join_s: Seconds from then on.
    """

    path: Path
    report: dict[str, Any]
    plan_s: float
    frames_s: float
    join_s: float

    @property
    def fps(self) -> float:
        return float(self.report["frames"] / self.frames_s)


def new_work() -> RenderWork:
    """Return the work of jobs, with networks in this process, as a service without a server."""
    share_heaps()
    cv2.setNumThreads(1)
    # Figures of faces are told from what marks do to pixels.
    settings = Settings(
        backend="local",
        job_execution="disabled",
        watermark="off",
        watermark_least="off",
        content="off",
    )
    services = build_services(settings)
    kit = Toolkit.of(ModelSelector(services.inference, services.compute))
    models = load_catalog(services.settings.model_repository).models
    return video_work(
        services.settings,
        kit,
        ThreadToolkits(services.settings, kit, models),
        pictures=services.fuser,
        identities=services.identities,
        expressions=services.expressions,
        trust=services.trust,
        guard=services.guard,
        content=services.content,
        audit=services.audit,
    )


def source(folder: Path, name: str = "hopper") -> Path:
    """Write a portrait to a file."""
    path = folder / f"{name}.png"
    path.write_bytes(encode_image(Picture(portrait(name)), "png"))
    return path


async def make(
    work: RenderWork,
    target: Path,
    portrait_of: Path,
    options: dict[str, Any],
    *,
    spans: Callable[[JobPlan], Sequence[TimeSpan]] | None = None,
) -> Made:
    """Make a video; `spans` divides it in another way."""
    task = Task(
        f"{target.stem}-{time.monotonic_ns()}",
        DEFAULT_TENANT,
        {"source": [portrait_of], "target": [target]},
        work.accept(json.dumps(options)),
    )
    control, begun = Unwatched(), time.perf_counter()
    plan = await work.plan(task, control)
    if spans is not None:
        wanted = spans(plan)
        plan = replace(
            plan, segments=len(wanted), facts={**plan.facts, "spans": spans_to_json(wanted)}
        )
    planned, places = time.perf_counter(), asyncio.Semaphore(SIDE_BY_SIDE)

    async def segment(index: int) -> tuple[Path, JobsMade]:
        path = target.with_name(f"{task.id}-{index}")
        async with places:
            return path, await work.segment(task, plan, index, path, control)

    parts = await asyncio.gather(*map(segment, range(plan.segments)))
    done = time.perf_counter()
    out = target.with_name(f"{task.id}.out")
    finished = await work.finish(task, plan, parts, out, control)
    for path, _ in parts:
        path.unlink(missing_ok=True)
    return Made(
        out,
        dict(finished.report),
        planned - begun,
        done - planned,
        time.perf_counter() - done,
    )


def made(*args: Any, **options: Any) -> Made:
    """Make a video, from where there is no event loop; see `make`."""
    return asyncio.run(make(*args, **options))


def frames(path: Path) -> list[U8]:
    """Return a video's frames (H, W, 3) RGB."""
    with av.open(str(path)) as video:
        decoded = video.decode(video=0)
        return [np.asarray(frame.to_ndarray(format="rgb24"), np.uint8) for frame in decoded]


def bare(path: Path, out: Path) -> float:
    """Decode a video and encode it again, and nothing else; return the frames a second."""
    begun, count = time.perf_counter(), 0
    with av.open(str(path)) as video, av.open(str(out), "w", format="mp4") as copy:
        picture = video.streams.video[0]
        picture.thread_type = "AUTO"
        stream = copy.add_stream("libx264", rate=30, options={"preset": "veryfast", "crf": "20"})
        stream.width, stream.height, stream.pix_fmt = picture.width, picture.height, "yuv420p"
        for frame in video.decode(picture):
            frame.pict_type = 0
            copy.mux(stream.encode(frame))
            count += 1
        copy.mux(stream.encode())
    return count / (time.perf_counter() - begun)
