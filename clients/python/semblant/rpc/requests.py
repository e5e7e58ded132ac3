"""What calls send."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from gateway.errors import EmptyUpload, InvalidRequest, NotAcceptable
from semblant.calls import File, Options, in_memory, read, several
from semblant.jobs import JobRequest
from semblant.rpc.messages import options_message
from semblant.v1.answers_pb2 import Status
from semblant.v1.expressions_pb2 import (
    CreateLibraryRequest,
    MatchExpressionRequest,
    TrackRequest,
)
from semblant.v1.fusion_pb2 import AnalyzeRequest, SwapRequest
from semblant.v1.identities_pb2 import CreateIdentityRequest
from semblant.v1.jobs_pb2 import (
    CreateJobRequest,
    JobFile,
    JobOrder,
    JobPriority,
    ListJobsRequest,
)
from semblant.v1.options_pb2 import (
    EnrolOptions,
    FacesOptions,
    IdentityOptions,
    MatchOptions,
    SwapOptions,
    TrackOptions,
    VideoOptions,
    WebhookOptions,
)
from semblant.v1.trust_pb2 import VerifyRequest

_FORMATS = {
    "image/png": "png",
    "image/jpeg": "jpeg",
    "image/webp": "webp",
    "image/avif": "avif",
}
_ANY = ("image/*", "*/*")
_PIECE_BYTES = 256 * 1024
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)(s|m|h|d)")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PURPOSES = {
    "source": JobFile.PURPOSE_SOURCE,
    "reference": JobFile.PURPOSE_REFERENCE,
    "target": JobFile.PURPOSE_TARGET,
}


def swap_message(
    sources: File | Sequence[File],
    target: File,
    options: Options | None,
    *,
    media_type: str | None,
    reference: File | Sequence[File] | None,
    source_id: str | None,
) -> SwapRequest:
    """Return the request of a swap.

    Raises:
        InvalidOptions, UnknownModel, NotAcceptable, EmptyUpload: by name.
        OSError: a file cannot be read.
    """
    return SwapRequest(
        sources=[read(file) for file in several(sources)],
        source_id=source_id,
        target=_needed(target, "The target"),
        references=[read(file) for file in several(() if reference is None else reference)],
        options=options_message(SwapOptions, _with_format(dict(options or {}), media_type)),
    )


def _needed(file: File, name: str) -> bytes:
    """Return a file's bytes; a message cannot tell an empty file from none."""
    content = read(file)
    if not content:
        raise EmptyUpload(f"{name} is empty.")
    return content


def _with_format(options: dict[str, Any], media_type: str | None) -> dict[str, Any]:
    """Return options that ask for a media type; gRPC has no other place to ask in."""
    if media_type is None or media_type in _ANY:
        return options
    format = _FORMATS.get(media_type.lower())
    if format is None:
        offers = list(_FORMATS)
        raise NotAcceptable(f"Can be had: {', '.join(offers)}.", extra={"available": offers})
    output = options.get("output") or {}
    if not isinstance(output, Mapping):
        return options  # what is wrong with it is told with all else
    asked = output.get("format") or format
    if asked != format:
        raise NotAcceptable(
            f"The options ask for image/{asked}, which `media_type` does not include."
        )
    return options | {"output": {**output, "format": format}}


def analyze_message(image: File, options: Options | None) -> AnalyzeRequest:
    """Return the request of an analysis; raises as `swap_message`."""
    return AnalyzeRequest(
        image=_needed(image, "The image"), options=options_message(FacesOptions, options)
    )


def verify_message(file: File) -> VerifyRequest:
    """Return the request of a verification; raises as `swap_message`."""
    return VerifyRequest(file=_needed(file, "The file"))


def track_message(video: File, options: Options | None) -> TrackRequest:
    """Return the request of a track; raises as `swap_message`."""
    return TrackRequest(
        video=_needed(video, "The video"), options=options_message(TrackOptions, options)
    )


def library_message(
    frames: File | Sequence[File], video: File | None, name: str, count: int | None
) -> CreateLibraryRequest:
    """Return the request of a new library; raises as `swap_message`."""
    asked = {"name": name} | ({} if count is None else {"count": count})
    return CreateLibraryRequest(
        frames=[read(file) for file in several(frames)],
        video=b"" if video is None else read(video),
        options=options_message(EnrolOptions, asked),
    )


def match_message(
    id: str, controls: Mapping[str, float], last: int | None
) -> MatchExpressionRequest:
    """Return the request of a match; raises `InvalidOptions`."""
    asked = {"controls": dict(controls), "last": last}
    return MatchExpressionRequest(id=id, options=options_message(MatchOptions, asked))


def identity_message(
    sources: File | Sequence[File],
    *,
    consent: bool,
    name: str,
    statement: str | None,
    further: Options | None = None,
) -> CreateIdentityRequest:
    """Return the request of an enrolment; raises as `swap_message`."""
    asked: dict[str, Any] = {"name": name, "consent": consent, **(further or {})}
    if statement is not None:
        asked["statement"] = statement
    return CreateIdentityRequest(
        sources=[read(file) for file in several(sources)],
        options=options_message(IdentityOptions, asked),
    )


def list_message(statuses: Sequence[str], token: str | None) -> ListJobsRequest:
    """Return the request of a page of jobs.

    Raises:
        InvalidRequest: there is no such status.
    """
    known = {name.removeprefix("STATUS_").lower(): number for name, number in Status.items()}
    del known["unspecified"]
    for n, status in enumerate(statuses):
        if status not in known:
            detail = f"should be one of {', '.join(known)}"
            raise InvalidRequest(
                f"`status/{n}`: {detail}.",
                errors=[{"pointer": f"/status/{n}", "detail": detail}],
            )
    return ListJobsRequest(
        statuses=[known[status] for status in statuses], page_size=100, page_token=token
    )


def order_message(asked: JobRequest) -> JobOrder:
    """Return the order of a job, with a key that makes it safe to be sent again.

    Raises:
        InvalidOptions, InvalidRequest: by name.
    """
    priorities = {"high": JobPriority.JOB_PRIORITY_HIGH, "normal": JobPriority.JOB_PRIORITY_NORMAL}
    priorities["low"] = JobPriority.JOB_PRIORITY_LOW
    if asked.priority is not None and asked.priority not in priorities:
        raise InvalidRequest("The priority must be high, normal or low.")
    webhook = None
    if asked.webhook:
        webhook = options_message(WebhookOptions, asked.webhook)
    return JobOrder(
        options=options_message(VideoOptions, asked.options),
        source_id=asked.source_id,
        target_upload=asked.target_upload,
        request_id=asked.key or secrets.token_hex(16),
        webhook=webhook,
        priority=priorities.get(asked.priority or "", JobPriority.JOB_PRIORITY_UNSPECIFIED),
        retention_s=_duration_s("retention", asked.retention),
        cancel_after_s=_duration_s("Cancel-After", asked.cancel_after),
    )


def _duration_s(name: str, text: str | None) -> float | None:
    """Return the seconds of a duration such as `90s`, `5m`, `2h` or `7d`."""
    if text is None:
        return None
    match = _DURATION.fullmatch(text.strip())
    seconds = float(match[1]) * _SECONDS[match[2]] if match else 0.0
    if not seconds:
        raise InvalidRequest(f"`{name}`: it must be a duration such as 90s, 5m, 2h or 7d.")
    return seconds


@contextmanager
def job_messages(order: JobOrder, asked: JobRequest) -> Iterator[Iterator[CreateJobRequest]]:
    """Give the messages of a job; files are open for the time of the block, and read in pieces.

    Raises:
        OSError: a file cannot be read.
        TypeError, ValueError: an input is no picture.
    """
    named = [("source", file) for file in several(asked.sources)]
    named += [("reference", file) for file in several(asked.reference)]
    if asked.target is not None:
        named.append(("target", asked.target))
    with ExitStack() as stack:

        def opened(file: File) -> IO[bytes]:
            file = in_memory(file)
            if isinstance(file, bytes):
                return BytesIO(file)
            return stack.enter_context(Path(file).open("rb"))

        yield _pieces(order, [(name, opened(file)) for name, file in named])


def _pieces(order: JobOrder, files: Sequence[tuple[str, IO[bytes]]]) -> Iterator[CreateJobRequest]:
    yield CreateJobRequest(order=order)
    for name, content in files:
        yield CreateJobRequest(file=JobFile(purpose=_PURPOSES[name]))
        while piece := content.read(_PIECE_BYTES):
            yield CreateJobRequest(piece=piece)
