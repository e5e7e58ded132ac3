"""The work of jobs, put together from the parts of the service."""

from __future__ import annotations

import asyncio
import threading

from gateway.compute import Compute
from gateway.faces.analyser import FaceAnalyser
from gateway.faces.embedding import FaceEmbedder
from gateway.films.inputs import Limits, Tools
from gateway.films.studio import Studio
from gateway.films.work import FilmWork
from gateway.inference.elsewhere import Elsewhere
from gateway.inference.local import LocalInference
from gateway.inference.protocol import Inference
from gateway.pipeline.change_face import FaceChanger
from gateway.pipeline.film.fuse_film import FilmFuser
from gateway.pipeline.film.survey import Surveyor
from gateway.pipeline.fuse_image import ImageFuser
from gateway.pipeline.masking import Masking
from gateway.pipeline.people import People
from gateway.settings import Settings
from gateway.storage.expressions import ExpressionStore
from gateway.storage.identities import IdentityStore


class FilmFusers:
    """Makes what changes the faces of films, in the threads of studios."""

    def __init__(self, settings: Settings, inference: Inference) -> None:
        """Take the settings, and the networks of the service."""
        self._settings = settings
        self._inference = inference
        self._own = threading.local()

    def __call__(self, coding: Compute, home: asyncio.AbstractEventLoop) -> FilmFuser:
        """Return one for the thread this is called in; see `Tools`."""
        settings, compute = self._settings, Compute(inline=True)
        inference = self._networks(home)
        analyser = FaceAnalyser(inference, compute, max_residual=settings.max_fit_residual)
        embedder, masking = FaceEmbedder(inference, compute), Masking(inference, compute)
        return FilmFuser(
            analyser,
            embedder,
            masking,
            FaceChanger(analyser, embedder, masking, compute),
            compute,
            min_face_px=settings.min_face_px,
            reading=coding,
        )

    def _networks(self, home: asyncio.AbstractEventLoop) -> Inference:
        """Return the service's networks; those in this process are run right here instead."""
        if not isinstance(self._inference, LocalInference):
            return Elsewhere(self._inference, home)
        if not hasattr(self._own, "inference"):
            settings = self._settings
            self._own.inference = LocalInference(
                settings.model_repository,
                providers=settings.execution_providers,
                intra_op_threads=settings.intra_op_threads,
                inline=True,
            )
        own: LocalInference = self._own.inference
        return own


def film_work(
    settings: Settings,
    inference: Inference,
    *,
    pictures: ImageFuser,
    identities: IdentityStore,
    expressions: ExpressionStore,
    compute: Compute,
) -> FilmWork:
    """Put the work of jobs together.

    Args:
        settings: Of the service.
        inference: Its networks.
        pictures: What changes pictures.
        identities: Enrolled people.
        expressions: Libraries of expressions.
        compute: The service's threads.
    """
    analyser = FaceAnalyser(inference, compute, max_residual=settings.max_fit_residual)
    embedder = FaceEmbedder(inference, compute)
    return FilmWork(
        Tools(
            People(analyser, embedder, min_face_px=settings.min_face_px),
            Surveyor(analyser, embedder, compute, min_face_px=settings.min_face_px),
            FilmFusers(settings, inference),
            Studio(settings.segments_concurrency),
            pictures,
            identities,
            expressions,
            inference,
            compute,
        ),
        Limits(
            max_pixels=settings.max_pixels,
            max_film_s=settings.max_film_s,
            call_s=settings.request_deadline_s,
            max_picture_bytes=settings.max_upload_bytes,
            threads=settings.coding_threads,
        ),
    )
