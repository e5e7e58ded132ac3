"""GET /v1/jobs/{id}/output: the output of a job, or a byte range of it."""

from __future__ import annotations

import re

from starlette.concurrency import iterate_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from gateway.errors import RangeNotSatisfiable
from gateway.http.request.jobs import engine_of, id_of, tenant_of
from gateway.http.request_context import Exchange
from gateway.serving.services import Services

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


async def get_job_output(services: Services, request: Request) -> Response:
    """Answer the output, whole or in part (RFC 9110 §14)."""
    engine, id = engine_of(services), id_of(request)
    output = await engine.output(tenant_of(request), id)
    etag = f'"{output.sha256}"'
    headers = {
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Content-Disposition": f'attachment; filename="{id}{output.suffix}"',
    }
    if etag in _tags(request.headers.get("if-none-match", "")):
        return Response(status_code=304, headers=headers)
    part = _part(request, etag, output.size)
    start, end = part or (0, output.size)
    headers["Content-Length"] = str(end - start)
    if part is not None:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{output.size}"
    content = iterate_in_threadpool(engine.objects.read(output.key, start, end))
    status = 200 if part is None else 206
    return StreamingResponse(content, status, headers=headers, media_type=output.media_type)


def _tags(header: str) -> list[str]:
    return [tag.strip().removeprefix("W/") for tag in header.split(",")]


def _part(request: Request, etag: str, size: int) -> tuple[int, int] | None:
    """Return start and end of the bytes that are wanted; None for all.

    Invalid headers and multiple ranges are ignored, as the standard permits.

    Raises:
        RangeNotSatisfiable: there are no such bytes.
    """
    match = _RANGE.fullmatch(request.headers.get("range", "").replace(" ", ""))
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
        Exchange.of(request).headers["Content-Range"] = f"bytes */{size}"
        raise RangeNotSatisfiable(extra={"size": size})
    return start, end
