"""The work of jobs, put together from the parts of the service."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Collection

from gateway.compute import Compute
from gateway.faces.analyser import FaceAnalyser
from gateway.faces.embedding import FaceEmbedder
from gateway.inference.cross_loop import CrossLoopInference, RoutingInference
from gateway.inference.local import LocalInference
from gateway.inference.protocol import Inference
from gateway.pipeline.face.change import FaceChanger
from gateway.pipeline.face.masking import Masking
from gateway.pipeline.fuse_image import ImageFuser
from gateway.pipeline.selection.models import ModelSelector
from gateway.pipeline.selection.people import People
from gateway.pipeline.video.fuse_video import VideoFuser
from gateway.pipeline.video.survey import Surveyor
from gateway.rendering.event_loop_threads import EventLoopThreadPool
from gateway.rendering.inputs import RenderLimits, Tools
from gateway.rendering.work import RenderWork
from gateway.settings import Settings
from gateway.storage.expressions import ExpressionStore
from gateway.storage.identities import IdentityStore


class VideoFusers:
    """Makes what changes the faces of videos, in the threads of studios."""

    def __init__(
        self, settings: Settings, networks: ModelSelector, inline: Collection[str] = ()
    ) -> None:
        """Take the settings, the networks of the service, and those to run right here instead."""
        self._settings = settings
        self._networks = networks
        self._inline = inline
        self._own = threading.local()
        self._made: list[LocalInference] = []
        self._lock = threading.Lock()

    def __call__(self, coding: Compute, home: asyncio.AbstractEventLoop) -> VideoFuser:
        """Return one for the thread this is called in; see `Tools`."""
        settings, compute = self._settings, Compute(inline=True)
        inference = self._near(home)
        networks = ModelSelector(inference, compute, self._networks.pulled)
        analyser = FaceAnalyser(
            inference,
            compute,
            max_residual=settings.max_fit_residual,
            finders=networks.finders(),
        )
        embedder, masking = FaceEmbedder(inference, compute), Masking(networks)
        return VideoFuser(
            analyser,
            embedder,
            masking,
            FaceChanger(analyser, embedder, masking, compute),
            compute,
            min_face_px=settings.min_face_px,
            reading=coding,
        )

    async def close(self) -> None:
        """Close the networks of all threads, none of which may be running any more."""
        with self._lock:
            made, self._made = self._made, []
        for inference in made:
            await inference.close()

    def _near(self, home: asyncio.AbstractEventLoop) -> Inference:
        """Return the service's networks, of which some are run right here."""
        elsewhere = CrossLoopInference(self._networks.inference, home)
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
    networks: ModelSelector,
    *,
    inline: Collection[str] = (),
    pictures: ImageFuser,
    identities: IdentityStore,
    expressions: ExpressionStore,
    compute: Compute,
) -> RenderWork:
    """Put the work of jobs together.

    Args:
        settings: Of the service.
        networks: Its networks.
        inline: Those that videos run in their own threads.
        pictures: What changes pictures.
        identities: Enrolled people.
        expressions: Libraries of expressions.
        compute: The service's threads.
    """
    inference = networks.inference
    analyser = FaceAnalyser(
        inference, compute, max_residual=settings.max_fit_residual, finders=networks.finders()
    )
    embedder = FaceEmbedder(inference, compute)
    return RenderWork(
        Tools(
            People(analyser, embedder, min_face_px=settings.min_face_px),
            Surveyor(
                analyser,
                embedder,
                compute,
                min_face_px=settings.min_face_px,
                classifier=networks.classifier(),
            ),
            VideoFusers(settings, networks, inline),
            EventLoopThreadPool(settings.segments_concurrency),
            pictures,
            identities,
            expressions,
            networks,
            compute,
        ),
        RenderLimits(
            max_pixels=settings.max_pixels,
            max_video_s=settings.max_video_s,
            call_s=settings.request_deadline_s,
            max_picture_bytes=settings.max_upload_bytes,
            threads=settings.codec_threads,
        ),
    )
