"""The work of jobs, put together from the parts of the service."""

from __future__ import annotations

import asyncio

from gateway.compute import Compute
from gateway.pipeline.content import ContentGate
from gateway.pipeline.fuse_image import ImageFuser
from gateway.pipeline.toolkit import Toolkit
from gateway.pipeline.video.fuse_video import VideoFuser
from gateway.rendering.event_loop_threads import EventLoopThreadPool
from gateway.rendering.inputs import RenderLimits, Tools
from gateway.rendering.work import RenderWork
from gateway.serving.audit import Audit
from gateway.serving.consent import IdentityGuard
from gateway.serving.threads import ThreadToolkits
from gateway.serving.trust import TrustPolicy
from gateway.settings import Settings
from gateway.storage.expressions import ExpressionStore
from gateway.storage.identities import IdentityStore


class VideoFusers:
    """Makes what changes the faces of videos, in the threads of studios."""

    def __init__(self, kits: ThreadToolkits) -> None:
        """Take what makes the parts for a thread."""
        self._kits = kits

    def __call__(self, coding: Compute, home: asyncio.AbstractEventLoop) -> VideoFuser:
        """Return one for the thread this is called in; see `Tools`."""
        return self._kits.of(home).video_fuser(reading=coding)

    async def close(self) -> None:
        """Close the networks of all threads, none of which may be running any more."""
        await self._kits.close()


def video_work(
    settings: Settings,
    kit: Toolkit,
    kits: ThreadToolkits,
    *,
    pictures: ImageFuser,
    identities: IdentityStore,
    expressions: ExpressionStore,
    trust: TrustPolicy,
    guard: IdentityGuard,
    content: ContentGate,
    audit: Audit,
) -> RenderWork:
    """Put the work of jobs together.

    Args:
        settings: Of the service.
        kit: Its parts.
        kits: Makes them for the threads that render.
        pictures: What changes pictures.
        identities: Enrolled people.
        expressions: Libraries of expressions.
        trust: Decides what results are marked with, and what is said of them.
        guard: Decides whose faces may be used, and whose are protected.
        content: Refuses sexual pictures.
        audit: Logs what is done.
    """
    return RenderWork(
        Tools(
            kit,
            VideoFusers(kits),
            EventLoopThreadPool(settings.segments_concurrency),
            pictures,
            identities,
            expressions,
            trust,
            guard,
            content,
            audit,
        ),
        RenderLimits(
            max_pixels=settings.max_pixels,
            max_video_s=settings.max_video_s,
            call_s=settings.request_deadline_s,
            max_picture_bytes=settings.max_upload_bytes,
            threads=settings.codec_threads,
        ),
    )
