"""/v1/uploads: files that are sent a piece at a time, by the protocol tus 1.0."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import formatdate

from fastapi.concurrency import contextmanager_in_threadpool
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from gateway.errors import (
    InvalidRequest,
    TusVersionUnsupported,
    UnsupportedRequestType,
)
from gateway.http.request.jobs import engine_of, tenant_of
from gateway.http.request.negotiate import JSON
from gateway.http.request_context import Exchange
from gateway.http.schemas.jobs import UploadObject
from gateway.serving.services import Services
from gateway.storage.uploads import ALGORITHMS, Checksum, Upload, UploadStore

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,expiration,checksum,termination"
OFFSET_TYPE = "application/offset+octet-stream"
_MAX_METADATA = 4096


async def options_uploads(services: Services, request: Request) -> Response:
    """Answer what of the protocol is spoken here."""
    headers = {
        "Tus-Resumable": VERSION,
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(engine_of(services).uploads.max_bytes),
        "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
    }
    return Response(status_code=204, headers=headers)


async def post_uploads(services: Services, request: Request) -> Response:
    """Begin an upload, with its first piece if that is there already."""
    store, tenant = _store(services, request), tenant_of(request)
    length = _whole(request, "Upload-Length")
    metadata = request.headers.get("upload-metadata", "")
    if len(metadata) > _MAX_METADATA:
        raise InvalidRequest(f"Upload-Metadata may have at most {_MAX_METADATA} characters.")
    with services.intake.ticket():
        upload = await run_in_threadpool(store.create, tenant, length, metadata)
        if request.headers.get("content-type") == OFFSET_TYPE:
            upload = await _write(store, request, upload, 0)
    headers = {**_headers(upload), "Location": f"/v1/uploads/{upload.id}"}
    return Response(_object(upload), status_code=201, media_type=JSON, headers=headers)


async def head_upload(services: Services, request: Request) -> Response:
    """Return the offset of an upload."""
    upload = await _get(_store(services, request), request)
    headers = {**_headers(upload), "Upload-Length": str(upload.length)}
    if upload.metadata:
        headers["Upload-Metadata"] = upload.metadata
    return Response(headers=headers)


async def patch_upload(services: Services, request: Request) -> Response:
    """Append a piece to an upload."""
    store = _store(services, request)
    if request.headers.get("content-type") != OFFSET_TYPE:
        raise UnsupportedRequestType(f"The request body must be {OFFSET_TYPE}.")
    offset = _whole(request, "Upload-Offset")
    with services.intake.ticket():
        upload = await _write(store, request, await _get(store, request), offset)
    return Response(status_code=204, headers=_headers(upload))


async def delete_upload(services: Services, request: Request) -> Response:
    """Remove an upload."""
    store = _store(services, request)
    await run_in_threadpool(store.delete, tenant_of(request), request.path_params["id"])
    return Response(status_code=204)


def _store(services: Services, request: Request) -> UploadStore:
    """Return where uploads are, to who speaks the protocol.

    Raises:
        TusVersionUnsupported: another one, or none.
    """
    store = engine_of(services).uploads
    headers = Exchange.of(request).headers
    headers["Tus-Resumable"] = VERSION
    if request.headers.get("tus-resumable") != VERSION:
        headers["Tus-Version"] = VERSION
        raise TusVersionUnsupported(f"The header Tus-Resumable must be {VERSION}.")
    return store


async def _get(store: UploadStore, request: Request) -> Upload:
    return await run_in_threadpool(store.get, tenant_of(request), request.path_params["id"])


async def _write(store: UploadStore, request: Request, upload: Upload, offset: int) -> Upload:
    """Append the body; what of it arrives stays, even if the rest does not."""
    header = request.headers.get("upload-checksum")
    checksum = None if header is None else Checksum(header)
    writing = store.writing(upload.tenant, upload.id, offset, checksum)
    async with contextmanager_in_threadpool(writing) as writer:
        async for chunk in request.stream():
            await run_in_threadpool(writer.write, chunk)
    return await run_in_threadpool(store.get, upload.tenant, upload.id)


def _whole(request: Request, name: str) -> int:
    text = request.headers.get(name, "")
    if not text.isdecimal() or len(text) > 18:
        raise InvalidRequest(f"The header {name} must be a number of bytes.")
    return int(text)


def _headers(upload: Upload) -> dict[str, str]:
    return {
        "Upload-Offset": str(upload.offset),
        "Upload-Expires": formatdate(upload.expires, usegmt=True),
    }


def _object(upload: Upload) -> str:
    return UploadObject(
        id=upload.id,
        length=upload.length,
        offset=upload.offset,
        expires=datetime.fromtimestamp(upload.expires, UTC).isoformat(),
    ).model_dump_json()
