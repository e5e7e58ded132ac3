"""The work of jobs, put together from the parts of the service."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Collection

from gateway.compute import Compute
from gateway.inference.cross_loop import CrossLoopInference, RoutingInference
from gateway.inference.local import LocalInference
from gateway.inference.protocol import Inference
from gateway.pipeline.fuse_image import ImageFuser
from gateway.pipeline.toolkit import Toolkit
from gateway.pipeline.video.fuse_video import VideoFuser
from gateway.rendering.event_loop_threads import EventLoopThreadPool
from gateway.rendering.inputs import RenderLimits, Tools
from gateway.rendering.work import RenderWork
from gateway.settings import Settings
from gateway.storage.expressions import ExpressionStore
from gateway.storage.identities import IdentityStore


class VideoFusers:
    """Makes what changes the faces of videos, in the threads of studios."""

    def __init__(self, settings: Settings, kit: Toolkit, inline: Collection[str] = ()) -> None:
        """Take the settings, the service's parts, and models to run right here instead."""
        self._settings = settings
        self._kit = kit
        self._inline = inline
        self._own = threading.local()
        self._made: list[LocalInference] = []
        self._lock = threading.Lock()

    def __call__(self, coding: Compute, home: asyncio.AbstractEventLoop) -> VideoFuser:
        """Return one for the thread this is called in; see `Tools`."""
        kit = self._kit.over(self._near(home), Compute(inline=True))
        return kit.video_fuser(reading=coding)

    async def close(self) -> None:
        """Close the networks of all threads, none of which may be running any more."""
        with self._lock:
            made, self._made = self._made, []
        for inference in made:
            await inference.close()

    def _near(self, home: asyncio.AbstractEventLoop) -> Inference:
        """Return the service's networks, of which some are run right here."""
        elsewhere = CrossLoopInference(self._kit.models.inference, home)
        if not self._inline:
            return elsewhere
        if not hasattr(self._own, "inference"):
            settings = self._settings
            self._own.inference = LocalInference(
                settings.model_repository,
                providers=settings.execution_providers,
                intra_op_threads=settings.intra_op_threads,
                inline=True,
            )
            with self._lock:
                self._made.append(self._own.inference)
        own: LocalInference = self._own.inference
        return RoutingInference(own, self._inline, elsewhere)


def video_work(
    settings: Settings,
    kit: Toolkit,
    *,
    inline: Collection[str] = (),
    pictures: ImageFuser,
    identities: IdentityStore,
    expressions: ExpressionStore,
) -> RenderWork:
    """Put the work of jobs together.

    Args:
        settings: Of the service.
        kit: Its parts.
        inline: Models that videos run in their own threads.
        pictures: What changes pictures.
        identities: Enrolled people.
        expressions: Libraries of expressions.
    """
    return RenderWork(
        Tools(
            kit,
            VideoFusers(settings, kit, inline),
            EventLoopThreadPool(settings.segments_concurrency),
            pictures,
            identities,
            expressions,
        ),
        RenderLimits(
            max_pixels=settings.max_pixels,
            max_video_s=settings.max_video_s,
            call_s=settings.request_deadline_s,
            max_picture_bytes=settings.max_upload_bytes,
            threads=settings.codec_threads,
        ),
    )
