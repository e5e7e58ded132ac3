"""/v1/uploads: files that are sent a piece at a time, by the protocol tus 1.0."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import formatdate
from typing import Annotated

from fastapi import Depends, Header, Path, Request
from fastapi.concurrency import contextmanager_in_threadpool
from pydantic import BeforeValidator
from pydantic.json_schema import SkipJsonSchema
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from gateway.errors import TusVersionUnsupported, UnsupportedRequestType
from gateway.http.dependencies import JobsTenant, RequestRecord, RunningServices
from gateway.http.request.form_docs import bytes_body
from gateway.http.request.jobs import Engine
from gateway.http.response.error_docs import (
    TUS_ERRORS,
    UPLOAD_ERRORS,
    UPLOADS_ERRORS,
    WRITE_ERRORS,
)
from gateway.http.routing import Router, responses
from gateway.operations.quotas import require_bytes
from gateway.operations.schemas.examples import UPLOAD_ID
from gateway.operations.schemas.jobs import UploadObject
from gateway.storage.uploads import ALGORITHMS, Checksum, Upload, UploadStore

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,expiration,checksum,termination"
OFFSET_TYPE = "application/offset+octet-stream"


_UPLOAD_HEADERS = {
    "Upload-Offset": "Bytes received.",
    "Upload-Expires": "Time at which it is removed.",
}
_TUS_HEADERS = {
    "Tus-Version": "Versions of the protocol.",
    "Tus-Extension": "Its extensions.",
    "Tus-Max-Size": "Bytes an upload may have.",
    "Tus-Checksum-Algorithm": "Of `Upload-Checksum`.",
}

router = Router("uploads")


def _digits(text: str) -> str:
    if not text.isdecimal() or len(text) > 18:
        raise ValueError("it must be a number of bytes")
    return text


Bytes = Annotated[int, BeforeValidator(_digits)]
UploadLength = Annotated[
    Bytes,
    Header(alias="Upload-Length", description="Total size in bytes.", examples=[104857600]),
]
UploadOffset = Annotated[
    Bytes, Header(alias="Upload-Offset", description="Offset of the chunk.", examples=[0])
]
UploadMetadata = Annotated[
    str,
    Header(
        alias="Upload-Metadata",
        max_length=4096,
        description="Stored and returned unchanged.",
        examples=["filename ZmlsbS5tcDQ="],
    ),
]
UploadChecksum = Annotated[
    str | SkipJsonSchema[None],
    Header(
        alias="Upload-Checksum",
        description="Checksum of this chunk.",
        examples=["sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0="],
    ),
]
ContentType = Annotated[str, Header(alias="Content-Type", include_in_schema=False)]
UploadId = Annotated[
    str, Path(json_schema_extra={"pattern": "^upl_[0-9a-f]{32}$"}, examples=[UPLOAD_ID])
]


async def _store(
    engine: Engine,
    exchange: RequestRecord,
    version: Annotated[
        str,
        Header(
            alias="Tus-Resumable",
            description="Required: the protocol's version.",
            examples=[VERSION],
        ),
    ] = "",
) -> UploadStore:
    """Return where uploads are kept, to clients of this version of the protocol.

    Raises:
        TusVersionUnsupported: another one, or none.
    """
    exchange.headers["Tus-Resumable"] = VERSION
    if version != VERSION:
        exchange.headers["Tus-Version"] = VERSION
        raise TusVersionUnsupported(f"The header Tus-Resumable must be {VERSION}.")
    return engine.uploads


async def _require_chunk(content_type: ContentType = "") -> None:
    """Refuse bodies of another type.

    Raises:
        UnsupportedRequestType: it is another one, or none.
    """
    if content_type != OFFSET_TYPE:
        raise UnsupportedRequestType(f"The request body must be {OFFSET_TYPE}.")


Uploads = Annotated[UploadStore, Depends(_store)]


@router.options(
    "/v1/uploads",
    status_code=204,
    responses=responses(*TUS_ERRORS, status=204, headers=_TUS_HEADERS),
)
async def options_uploads(engine: Engine) -> Response:
    """Describe the supported upload protocol.

    The protocol tus 1.0 (https://tus.io), with creation, creation-with-upload, expiration, checksum
    and termination; any client of the protocol works. Every request but `OPTIONS` carries
    `Tus-Resumable: 1.0.0`. A finished upload is a job's `target_upload`.
    """
    headers = {
        "Tus-Resumable": VERSION,
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(engine.uploads.max_bytes),
        "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
    }
    return Response(status_code=204, headers=headers)


@router.post(
    "/v1/uploads",
    status_code=201,
    responses=responses(
        *UPLOADS_ERRORS,
        status=201,
        headers={**_UPLOAD_HEADERS, "Location": "Address of the upload."},
    ),
    openapi_extra=bytes_body(OFFSET_TYPE, required=False),
)
async def post_uploads(
    *,
    request: Request,
    response: Response,
    services: RunningServices,
    store: Uploads,
    length: UploadLength,
    tenant: JobsTenant,
    metadata: UploadMetadata = "",
    checksum: UploadChecksum = None,
    content_type: ContentType = "",
) -> UploadObject:
    """Create an upload, optionally with its first chunk."""
    with services.intake.ticket():
        await require_bytes(services, tenant, length)
        upload = await run_in_threadpool(store.create, tenant, length, metadata)
        if content_type == OFFSET_TYPE:
            upload = await _write(store, request, upload, 0, checksum)
    response.headers.update({**_headers(upload), "Location": f"/v1/uploads/{upload.id}"})
    return _object(upload)


@router.head("/v1/uploads/{id}", responses=responses(*UPLOAD_ERRORS, headers=_UPLOAD_HEADERS))
async def head_upload(id: UploadId, store: Uploads, tenant: JobsTenant) -> Response:
    """Return the offset of an upload."""
    upload = await run_in_threadpool(store.get, tenant, id)
    headers = {**_headers(upload), "Upload-Length": str(upload.length)}
    if upload.metadata:
        headers["Upload-Metadata"] = upload.metadata
    return Response(headers=headers)


@router.patch(
    "/v1/uploads/{id}",
    status_code=204,
    dependencies=[Depends(_require_chunk)],
    responses=responses(*WRITE_ERRORS, status=204, headers=_UPLOAD_HEADERS),
    openapi_extra=bytes_body(OFFSET_TYPE),
)
async def patch_upload(
    *,
    id: UploadId,
    request: Request,
    services: RunningServices,
    store: Uploads,
    offset: UploadOffset,
    tenant: JobsTenant,
    checksum: UploadChecksum = None,
) -> Response:
    """Append a chunk to an upload."""
    with services.intake.ticket():
        upload = await run_in_threadpool(store.get, tenant, id)
        upload = await _write(store, request, upload, offset, checksum)
    return Response(status_code=204, headers=_headers(upload))


@router.delete("/v1/uploads/{id}", status_code=204, responses=responses(*UPLOAD_ERRORS, status=204))
async def delete_upload(id: UploadId, store: Uploads, tenant: JobsTenant) -> None:
    """Delete an upload."""
    await run_in_threadpool(store.delete, tenant, id)


async def _write(
    store: UploadStore, request: Request, upload: Upload, offset: int, checksum: str | None
) -> Upload:
    """Append the body; what of it arrives stays, even if the rest does not."""
    expected = None if checksum is None else Checksum(checksum)
    writing = store.writing(upload.tenant, upload.id, offset, expected)
    async with contextmanager_in_threadpool(writing) as writer:
        async for chunk in request.stream():
            await run_in_threadpool(writer.write, chunk)
    return await run_in_threadpool(store.get, upload.tenant, upload.id)


def _headers(upload: Upload) -> dict[str, str]:
    return {
        "Upload-Offset": str(upload.offset),
        "Upload-Expires": formatdate(upload.expires, usegmt=True),
    }


def _object(upload: Upload) -> UploadObject:
    return UploadObject(
        id=upload.id,
        length=upload.length,
        offset=upload.offset,
        expires=datetime.fromtimestamp(upload.expires, UTC).isoformat(),
    )
