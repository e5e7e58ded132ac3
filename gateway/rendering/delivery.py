"""What the results of jobs are marked with, what is said of them, and who signs that."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.jobs.work import Task
from gateway.media.image import MEDIA_TYPES, OutputFormat, Picture, encode_image
from gateway.media.packets import append_packet
from gateway.pipeline.options.video import VideoOptions
from gateway.rendering.inputs import TrustSource
from gateway.trust.audit.events import AuditEvent
from gateway.trust.consent import Consent
from gateway.trust.credentials.records import Original
from gateway.trust.marking import Marks
from gateway.trust.provenance import Provenance, job_provenance
from gateway.trust.sealing import Sealer

ANALYSIS = ("blazeface_short", "blazeface_full", "face_mesh", "iris", "face_3dmm")
"""The networks that find faces."""


@dataclass(frozen=True, slots=True, eq=False)
class Delivery:
    """Marks the result of a job, and says what it is.

    Attributes:
        trust: Decides how.
        task: The job's inputs.
        options: Of the job.
        target: Its target's file.
    """

    trust: TrustSource
    task: Task
    options: VideoOptions
    target: Path

    @property
    def marks(self) -> Marks:
        """What the result is marked with: the same for each of its parts, however often made."""
        return self.trust.marks(
            self.options.marks, tenant=self.task.tenant, provenance_id=job_provenance(self.task.id)
        )

    def provenance(self, models: Iterable[str | None], used: Sequence[Consent]) -> Provenance:
        """Return what is said of the result.

        Args:
            models: Names of the networks; None for each step without one.
            used: Consents of the enrolled people whose faces are used.
        """
        return self.trust.provenance(
            job_provenance(self.task.id),
            self.task.id,
            models=[name for name in models if name],
            sources=[_sha256(path) for path in self.task.files.get("source", ())],
            consent=self.trust.claim(self.options.consent, used),
            watermark=self.marks.key is not None,
        )

    def write_picture(
        self, picture: Picture, format: OutputFormat, provenance: Provenance, out: Path
    ) -> None:
        """Write a picture, which is marked already, with its metadata and credentials.

        Raises:
            SignerUnavailable: it was not signed; there is no file.
        """
        sealer = self.trust.sealer
        data = encode_image(
            picture,
            format,
            quality=self.options.output.quality,
            xmp=sealer.packet(provenance),
        )
        original = Original.at(self.target)
        out.write_bytes(sealer.picture(data, MEDIA_TYPES[format], provenance, original))

    def seal_film(self, path: Path, media_type: str, provenance: Provenance) -> tuple[str, ...]:
        """Add metadata and credentials to a film's file; return notes on what it cannot hold.

        Raises:
            SignerUnavailable: it was not signed.
            CredentialsUnsupported: it holds no credentials, which are required.
            OSError: it cannot be written.
        """
        sealer: Sealer = self.trust.sealer
        append_packet(path, media_type, sealer.packet(provenance), sealer.tags(provenance))
        return sealer.film(path, media_type, provenance, Original.at(self.target))


def delivered(task: Task, provenance: Provenance, out: Path) -> AuditEvent:
    """Return the entry of the log about a result that is about to be delivered."""
    return AuditEvent(
        action="job_succeeded",
        tenant=task.tenant,
        reference=task.id,
        provenance_id=provenance.id,
        output_sha256=_sha256(out),
        consent=provenance.consent.facts(),
        models=tuple(sorted(provenance.models)),
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
