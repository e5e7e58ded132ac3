"""Rendering of video files to files, here or on a server, with resumption of unfinished jobs."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from io import BytesIO
from pathlib import Path
from typing import Any

from gateway.deprecations import with_new_options
from gateway.errors import InternalError, SemblantError, error_class
from gateway.media.containers import HEAD, is_heif, moves, starts_like_a_video
from semblant.calls import File, in_memory, several
from semblant.client import AsyncClient
from semblant.images import MEDIA_TYPES
from semblant.jobs import Job, JobRequest

CONTAINERS = {
    ".mp4": "mp4",
    ".m4v": "mp4",
    ".mov": "mov",
    ".mkv": "mkv",
    ".webm": "webm",
    ".gif": "gif",
    ".webp": "webp",
}
"""File suffixes of videos; .webp is used for images as well."""
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG", b"BM", b"II*\0", b"MM\0*", b"GIF8")
LOOK_S = 0.25
"""Seconds between two polls of a job's progress."""


def is_video(path: str | Path, target: File | None = None) -> bool:
    """Return whether a result's name, or its target where the name leaves it open, is a video's."""
    return Path(path).suffix.lower() in CONTAINERS and picture_type(path, target) is None


def picture_type(path: str | Path, target: File | None = None) -> str | None:
    """Return the media type of a picture by the ending of its name; None if that is a video's.

    Args:
        path: Of the result.
        target: The target file; the result of a video is a video, too, if both have the same
            suffix.

    Raises:
        ValueError: naming the endings that are known, or an ending that does not suit the target.
        OSError: if the target cannot be read.
    """
    ending = Path(path).suffix.lower()
    if ending not in CONTAINERS and ending not in MEDIA_TYPES:
        known = ", ".join({**MEDIA_TYPES, **CONTAINERS})
        raise ValueError(f"{ending or 'no ending'}: a result ends in {known}")
    if target is None:
        return MEDIA_TYPES.get(ending)
    video = starts_like_video(target)
    if video and ending not in CONTAINERS:
        raise ValueError(f"the target is a video, but the result ends in {ending}")
    if not video and ending not in MEDIA_TYPES and starts_like_picture(target):
        raise ValueError(f"the target is a picture, but the result ends in {ending}")
    return None if video else MEDIA_TYPES.get(ending)


def starts_like_video(target: File) -> bool:
    """Return whether a file begins as videos and animations do.

    Raises:
        OSError: it cannot be read.
    """
    target = in_memory(target)
    with BytesIO(target) if isinstance(target, bytes) else Path(target).open("rb") as file:
        head = file.read(HEAD)
        return starts_like_a_video(head.ljust(HEAD, b"\0")) or moves(file)


def starts_like_picture(target: File) -> bool:
    """Return whether a file begins as one of the usual kinds of still pictures does.

    Raises:
        OSError: it cannot be read.
    """
    target = in_memory(target)
    with BytesIO(target) if isinstance(target, bytes) else Path(target).open("rb") as file:
        head = file.read(HEAD)
    return head.startswith(_PICTURES) or is_heif(head) or head[8:12] == b"WEBP"


def with_container(options: Mapping[str, Any], output: str | Path) -> dict[str, Any]:
    """Return options that say what holds a video, as its name's ending does."""
    options = with_new_options(dict(options))
    video = {"container": CONTAINERS[Path(output).suffix.lower()], **options.get("video", {})}
    return {**options, "video": video}


async def make_video(
    client: AsyncClient,
    asked: JobRequest,
    output: str | Path,
    *,
    on_progress: Callable[[Job], None] = lambda _: None,
) -> Job:
    """Render a video and save it; a job begun before and not finished is resumed.

    Args:
        client: Of a server, or of the service in this process.
        asked: The inputs of the job; its key is derived from them, too, unless one is given.
        output: Path of the result.
        on_progress: Called with the progress, several times a second.

    Raises:
        SemblantError: why there is no video, by its class.
        OSError: if a file cannot be read or written.
    """
    asked = asked if asked.key is not None else replace(asked, key=key_of(asked))
    job = await client.submit_job(asked)
    if job.status == "failed" and job.document.get("resumable"):
        job = await client.resume_job(job.id)
    elif job.final and job.status != "succeeded":
        # It was abandoned; this is another attempt.
        await client.delete_job(job.id)
        job = await client.submit_job(asked)
    while not job.final:
        on_progress(job)
        await asyncio.sleep(LOOK_S)
        job = await client.job(job.id)
    on_progress(job)
    if job.status != "succeeded":
        raise reason_of(job)
    await client.save_job_output(job.id, output)
    return job


def key_of(asked: JobRequest) -> str:
    """Return a key that is the same for the same request, with the same content of all files.

    Raises:
        OSError: if a file cannot be read.
    """
    files = ("sources", "target", "reference", "key")
    names = [field.name for field in fields(asked) if field.name not in files]
    told = {name: getattr(asked, name) for name in names}
    digest = hashlib.sha256(json.dumps(told, sort_keys=True, default=dict).encode())
    targets = [] if asked.target is None else [asked.target]
    for given in (several(asked.sources), several(asked.reference), targets):
        digest.update(b"\0files")
        for file in given:
            digest.update(_digest(file))
    return digest.hexdigest()


def reason_of(job: Job) -> SemblantError:
    """Return why a job has no output."""
    if job.error is None:
        return InternalError(f"The job ended as {job.status}.")
    kind = error_class(str(job.error.get("code"))) or InternalError
    return kind(str(job.error.get("detail")))


def _digest(file: File) -> bytes:
    file = in_memory(file)
    if isinstance(file, bytes):
        return hashlib.sha256(file).digest()
    with Path(file).open("rb") as content:
        return hashlib.file_digest(content, "sha256").digest()
