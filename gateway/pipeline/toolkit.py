"""The parts that find and change faces, assembled once over an inference backend."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gateway.compute import Compute
from gateway.faces.analyser import FaceAnalyser
from gateway.faces.assess import MAX_RESIDUAL
from gateway.faces.embedding import FaceEmbedder
from gateway.inference.protocol import Inference
from gateway.pipeline.face.change import FaceChanger
from gateway.pipeline.face.masking import Masking
from gateway.pipeline.face.quality import ResultQuality
from gateway.pipeline.face.trace import Trace
from gateway.pipeline.fuse_image import ImageFuser
from gateway.pipeline.live import LiveFuser
from gateway.pipeline.options.groups import QualityLimits
from gateway.pipeline.selection.models import ModelSelector
from gateway.pipeline.selection.people import People
from gateway.pipeline.video.fuse_video import VideoFuser
from gateway.pipeline.video.survey import Surveyor


@dataclass(frozen=True, slots=True, eq=False)
class Toolkit:
    """Parts over one inference and one set of threads; they keep no state.

    Attributes:
        models: The models that are at hand, and what runs them and the array work.
        analyser: Finds faces.
        embedder: Distinguishes people.
        people: Finds portraits, and the selected faces.
        masking: Determines where a new face may be visible.
        max_residual: See `faces.assess.assess`.
        min_face_px: Width below which a face is refused, or left alone in a video.
    """

    models: ModelSelector
    analyser: FaceAnalyser
    embedder: FaceEmbedder
    people: People
    masking: Masking
    max_residual: float
    min_face_px: float

    @classmethod
    def of(
        cls,
        models: ModelSelector,
        *,
        max_residual: float = MAX_RESIDUAL,
        min_face_px: float = 20.0,
    ) -> Toolkit:
        """Make the parts; see the attributes."""
        inference, compute = models.inference, models.compute
        analyser = FaceAnalyser(
            inference, compute, max_residual=max_residual, finders=models.finders()
        )
        embedder = FaceEmbedder(inference, compute)
        people = People(analyser, embedder, min_face_px=min_face_px, classifier=models.classifier())
        return cls(models, analyser, embedder, people, Masking(models), max_residual, min_face_px)

    @property
    def compute(self) -> Compute:
        """The threads for array work."""
        return self.models.compute

    def over(self, inference: Inference, compute: Compute) -> Toolkit:
        """Return the same parts over another inference and other threads."""
        return Toolkit.of(
            ModelSelector(inference, compute, self.models.pulled),
            max_residual=self.max_residual,
            min_face_px=self.min_face_px,
        )

    def image_fuser(
        self,
        *,
        expected: QualityLimits | None = None,
        observe: Callable[[ResultQuality, bool], None] | None = None,
        trace: Trace | None = None,
    ) -> ImageFuser:
        """Return what changes the faces of images; see `ImageFuser`."""
        return ImageFuser(
            self.analyser,
            self.embedder,
            self.masking,
            self.compute,
            min_face_px=self.min_face_px,
            expected=expected,
            observe=observe,
            trace=trace,
        )

    def video_fuser(self, *, reading: Compute | None = None) -> VideoFuser:
        """Return what changes the faces of a video; `reading` has the threads that read it."""
        changer = FaceChanger(self.analyser, self.embedder, self.masking, self.compute)
        return VideoFuser(
            self.analyser,
            self.embedder,
            self.masking,
            changer,
            self.compute,
            min_face_px=self.min_face_px,
            reading=reading,
        )

    def live_fuser(self) -> LiveFuser:
        """Return what changes the faces of live streams."""
        changer = FaceChanger(self.analyser, self.embedder, self.masking, self.compute)
        return LiveFuser(
            self.analyser,
            self.embedder,
            self.masking,
            changer,
            self.people,
            self.compute,
            min_face_px=self.min_face_px,
        )

    def surveyor(self) -> Surveyor:
        """Return the survey that identifies the people in a video."""
        return Surveyor(
            self.analyser,
            self.embedder,
            self.compute,
            min_face_px=self.min_face_px,
            classifier=self.models.classifier(),
        )
