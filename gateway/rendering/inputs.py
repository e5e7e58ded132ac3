"""The files of a job, read once however many of its parts are rendered here."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from gateway.arrays import U8
from gateway.compute import Compute
from gateway.deadline import CallPriority, Deadline
from gateway.errors import NotAnImage, NotAVideo, PayloadTooLarge
from gateway.jobs.work import Task
from gateway.media.containers import HEAD, moves, starts_like_a_video
from gateway.media.image import READABLE_TOLD as PICTURES_TOLD
from gateway.media.image import Picture, decode_image
from gateway.media.opening import READABLE_TOLD
from gateway.pipeline.content import ContentGate
from gateway.pipeline.fuse_image import ImageFuser
from gateway.pipeline.options.consent import ConsentOptions
from gateway.pipeline.options.marks import MarkOptions
from gateway.pipeline.options.video import VideoOptions
from gateway.pipeline.selection import detection
from gateway.pipeline.selection.assignments import SourceIdentities
from gateway.pipeline.selection.stored import (
    NO_CONSENTS,
    ConsentGuard,
    StoredInputs,
    UsedConsents,
    read_stored,
)
from gateway.pipeline.toolkit import Toolkit
from gateway.pipeline.video.fuse_video import VideoFuser
from gateway.rendering.event_loop_threads import EventLoopThreadPool
from gateway.storage.expressions import ExpressionStore, LibraryEntry
from gateway.storage.identities import IdentityStore
from gateway.trust.audit.events import AuditEvent
from gateway.trust.consent import Consent
from gateway.trust.marking import Marks
from gateway.trust.provenance import NOTHING_CLAIMED, ConsentClaim, Provenance
from gateway.trust.sealing import Sealer

REMEMBERED = 4
"""Number of jobs whose read files are cached."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RenderLimits:
    """Limits on accepted inputs, and time limits of processing.

    Attributes:
        max_pixels: Width × height of a picture or frame.
        max_video_s: Seconds of a video.
        call_s: Seconds that the processing of a frame or an image may take.
        max_picture_bytes: Size of an image file, which is read into memory.
        threads: Of decoder and encoder; 0 are as many as there are cores.
    """

    max_pixels: int
    max_video_s: float
    call_s: float
    max_picture_bytes: int
    threads: int = 0


class VideoFuserFactory(Protocol):
    """Makes what changes the faces of videos, in the threads of an `EventLoopThreadPool`."""

    def __call__(self, coding: Compute, home: asyncio.AbstractEventLoop) -> VideoFuser:
        """Return one for the thread this is called in.

        Args:
            coding: Threads to read frames in.
            home: The event loop that the service's networks belong to.
        """
        ...

    async def close(self) -> None:
        """Close the per-thread resources; none of the threads may be running any more."""
        ...


class TrustSource(Protocol):
    """Decides what results are marked with, and what is said of them."""

    def check(self, options: MarkOptions) -> None:
        """Check what is asked for.

        Raises:
            InvalidOptions: it cannot be done, or not here.
        """
        ...

    def marks(self, options: MarkOptions, *, tenant: str, provenance_id: str) -> Marks:
        """Return what a result is marked with."""
        ...

    @property
    def sealer(self) -> Sealer:
        """What adds metadata and credentials to files."""
        ...

    def claim(self, options: ConsentOptions, used: Iterable[Consent]) -> ConsentClaim:
        """Return on what grounds faces are used."""
        ...

    def provenance(
        self,
        id: str,
        reference: str,
        *,
        models: Iterable[str],
        sources: Sequence[str] = (),
        consent: ConsentClaim = NOTHING_CLAIMED,
        watermark: bool,
    ) -> Provenance:
        """Return what is said of a result."""
        ...


class AuditSink(Protocol):
    """Logs what is done."""

    def require(self) -> None:
        """Check that what is done can be logged, as far as is known.

        Raises:
            AuditUnavailable: it cannot.
        """
        ...

    def append(self, event: AuditEvent) -> None:
        """Log an event, durably; may block.

        Raises:
            AuditUnavailable: it was not logged.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Tools:
    """The components that do the work.

    Attributes:
        kit: The parts that find and change faces.
        fuser: Factory of the face processor, which belongs to its creating thread; it is given
            the threads to read frames in, and the event loop that the networks belong to.
        studio: Threads for frame processing.
        pictures: Changes the faces of an image.
        identities: Enrolled people.
        expressions: Libraries of expressions.
        trust: Decides what results are marked with, and what is said of them.
        guard: Decides whose faces may be used, and whose are protected.
        content: Refuses sexual pictures.
        audit: Logs what is done.
    """

    kit: Toolkit
    fuser: VideoFuserFactory
    studio: EventLoopThreadPool
    pictures: ImageFuser
    identities: IdentityStore
    expressions: ExpressionStore
    trust: TrustSource
    guard: ConsentGuard
    content: ContentGate
    audit: AuditSink

    @property
    def compute(self) -> Compute:
        """Threads for imaging work, and for reading and writing."""
        return self.kit.compute


@dataclass(frozen=True, slots=True, eq=False)
class RenderInputs:
    """The files of a job, but for its target.

    Attributes:
        sources: uint8 (H, W, 3) RGB each.
        references: Likewise.
        players: The enrolled people whose faces may be used.
        library: Entries to match expressions with.
        consents: What covers the use of faces.
    """

    sources: Sequence[U8]
    references: Sequence[U8]
    players: SourceIdentities
    library: Sequence[LibraryEntry]
    consents: UsedConsents


class AsyncCache(Generic[T]):
    """The last few of what takes long to find out, each found out once."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, asyncio.Future[T]] = OrderedDict()

    async def of(self, key: str, find: Callable[[], Awaitable[T]]) -> T:
        """Return the cached value of a key, or compute it."""
        while (known := self._known.get(key)) is not None:
            self._known.move_to_end(key)
            if known.done() and (known.cancelled() or known.exception() is not None):
                del self._known[key]
                continue
            return await asyncio.shield(known)
        self._known[key] = finding = asyncio.ensure_future(find())
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return await asyncio.shield(finding)


async def read_inputs(
    tools: Tools, limits: RenderLimits, task: Task, options: VideoOptions
) -> RenderInputs:
    """Read the portraits and all that is named beside them.

    Raises:
        SemblantError: an image cannot be used, or a named item does not exist.
    """
    stored = await stored_inputs(tools, task, options)
    sources = await tools.compute.run(_pictures, task, "source", limits)
    references = await tools.compute.run(_pictures, task, "reference", limits)
    portraits = await tools.kit.people.portraits(
        sources,
        deadline=Deadline.after(limits.call_s, CallPriority.VIDEO),
        options=detection.of_sources(options),
    )
    consents = stored.consent if options.uses_faces else NO_CONSENTS
    await tools.kit.people.require_claimed(
        portraits, consents, deadline=Deadline.after(limits.call_s, CallPriority.VIDEO)
    )
    await tools.content.check(
        [("source", picture) for picture in sources],
        deadline=Deadline.after(limits.call_s, CallPriority.VIDEO),
    )
    players = SourceIdentities.of(portraits, stored.identities, task.source_id)
    return RenderInputs(sources, references, players, stored.library, consents)


async def stored_inputs(tools: Tools, task: Task, options: VideoOptions) -> StoredInputs:
    """Return what a job names, if the people's consents cover it now.

    Raises:
        IdentityNotFound, LibraryNotFound, ConsentRequired, ConsentWithdrawn: by name.
    """
    return await read_stored(
        options,
        task.source_id,
        tenant=task.tenant,
        identities=tools.identities,
        expressions=tools.expressions,
        compute=tools.compute,
        guard=tools.guard,
        medium="video",
    )


def read_picture(path: Path, limits: RenderLimits, *, name: str) -> Picture:
    """Read a picture from a file.

    Args:
        path: Of the file.
        limits: Limits on its size.
        name: Its name in error messages.

    Raises:
        PayloadTooLarge: the file is larger than a picture's may be.
        EmptyUpload, NotAnImage, MultiFrameImage, TooManyPixels, ImageTruncated: by name.
    """
    most = limits.max_picture_bytes
    if path.stat().st_size > most:
        raise PayloadTooLarge(
            f"{name} is larger than {most} bytes, the most a picture may have.",
            extra={"max_bytes": most},
        )
    return decode_image(path.read_bytes(), max_pixels=limits.max_pixels, name=name)


def read_target_picture(task: Task, limits: RenderLimits) -> Picture:
    """Read the picture that is to be changed.

    Raises:
        NotAVideo: the target is neither a video nor a picture.
        PayloadTooLarge, EmptyUpload, MultiFrameImage, TooManyPixels, ImageTruncated: by name.
    """
    try:
        return read_picture(target_of(task), limits, name="The target")
    except NotAnImage as error:
        raise NotAVideo(
            f"The target is neither a video in {READABLE_TOLD} nor a {PICTURES_TOLD} picture."
        ) from error


def _pictures(task: Task, name: str, limits: RenderLimits) -> list[U8]:
    return [
        read_picture(path, limits, name=f"{name.capitalize()} {n}").rgb
        for n, path in enumerate(task.files.get(name, ()))
    ]


def target_of(task: Task) -> Path:
    """Return the file that is to be changed."""
    (path,) = task.files["target"]
    return path


def is_video(path: Path) -> bool:
    """Return whether a file is a video, or a picture that moves."""
    with path.open("rb") as file:
        head = file.read(HEAD)
        if len(head) > 8 and starts_like_a_video(head.ljust(HEAD, b"\0")):
            return True
        return moves(file)
