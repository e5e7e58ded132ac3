"""GET /v1/jobs/{id}/output: the output of a job, or a byte range of it."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Header, Request
from starlette.concurrency import iterate_in_threadpool
from starlette.responses import Response, StreamingResponse

from gateway.errors import RangeNotSatisfiable
from gateway.http.dependencies import JobsTenant, RunningServices
from gateway.http.request.form_docs import FILE
from gateway.http.request.jobs import Engine, JobId
from gateway.http.request_context import exchange_of
from gateway.http.response.error_docs import OUTPUT_ERRORS
from gateway.http.routing import Router, responses
from gateway.operations.identities import require_live

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


_HEADERS = {
    "ETag": "Of the content.",
    "Content-Disposition": "A name for a file.",
    "Content-Range": "Which bytes these are, if they are not all.",
}

router = Router("jobs")


@router.get(
    "/v1/jobs/{id}/output",
    responses=responses(
        *OUTPUT_ERRORS,
        content={"*/*": {"schema": FILE}},
        headers=_HEADERS,
        also={206: "The bytes wanted.", 304: "The content is known by its `ETag`."},
    ),
)
async def get_job_output(
    id: JobId,
    request: Request,
    engine: Engine,
    services: RunningServices,
    tenant: JobsTenant,
    range: Annotated[
        str, Header(alias="Range", description="The bytes wanted.", examples=["bytes=0-1023"])
    ] = "",
) -> Response:
    """Download the output of a job.

    Ranges can be asked for (RFC 9110 §14); `If-Range` and `If-None-Match` take the `ETag`.
    """
    await require_live(services, tenant, await engine.get(tenant, id))
    output = await engine.output(tenant, id)
    etag = f'"{output.sha256}"'
    headers = {
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Content-Disposition": f'attachment; filename="{id}{output.suffix}"',
    }
    if etag in _tags(request.headers.get("if-none-match", "")):
        return Response(status_code=304, headers=headers)
    part = _part(request, range, etag, output.size)
    start, end = part or (0, output.size)
    headers["Content-Length"] = str(end - start)
    if part is not None:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{output.size}"
    content = iterate_in_threadpool(engine.objects.read(output.key, start, end))
    status = 200 if part is None else 206
    return StreamingResponse(content, status, headers=headers, media_type=output.media_type)


def _tags(header: str) -> list[str]:
    return [tag.strip().removeprefix("W/") for tag in header.split(",")]


def _part(request: Request, wanted: str, etag: str, size: int) -> tuple[int, int] | None:
    """Return start and end of the bytes that are wanted; None for all.

    Invalid headers and multiple ranges are ignored, as the standard permits.

    Raises:
        RangeNotSatisfiable: there are no such bytes.
    """
    match = _RANGE.fullmatch(wanted.replace(" ", ""))
    if match is None or request.headers.get("if-range", etag) != etag:
        return None
    first, last = match[1], match[2]
    if not first and not last:
        return None
    start = int(first) if first else max(0, size - int(last))
    end = min(size, int(last) + 1) if first and last else size
    if first and last and int(last) < start:
        return None
    if start >= size:
        exchange_of(request).headers["Content-Range"] = f"bytes */{size}"
        raise RangeNotSatisfiable(extra={"size": size})
    return start, end
