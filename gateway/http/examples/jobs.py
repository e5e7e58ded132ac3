"""Requests and answers shown in the OpenAPI document: jobs and uploads."""

from __future__ import annotations

from typing import Any

from gateway.http.examples.swaps import FILE

JOBS_DESCRIPTION = """
Send `multipart/form-data`: `source` pictures or `source_id`, the video as `target`, or the id of a
finished upload as `target_upload`; and optionally `reference` pictures, `options` (JSON), `webhook`
(JSON), `priority` (`high`, `normal`, `low`) and `retention` (such as `6h`; at most the service's
own). Files are written to disk as they arrive.

The answer is the job, with status 202 and its address in `Location`. What was taken on is carried
out, whatever dies meanwhile.

`Idempotency-Key` makes it safe to send the same again: as long as the job is kept it is answered
with `Idempotent-Replayed: true`, and nothing is done twice. `Prefer: wait=30` waits up to so many
seconds (1-60) for the job to end, and answers 200 if it has. `Cancel-After: 5m` (or `90s`, `2h`)
ends it if it has not ended by then. `X-Semblant-Tenant` names whose it is; jobs of others are not
there.
"""
EVENTS_DESCRIPTION = """
The job's object whenever it has changed: events `progress`, and at last `completed`, with which
the stream ends. `Last-Event-ID` goes on where a broken stream stopped; 204 says that there is
nothing more to come.
"""
OUTPUT_DESCRIPTION = "Ranges can be asked for; `If-Range` and `If-None-Match` take the `ETag`."
CANCEL_DESCRIPTION = """
What is being made of it stops within a second. A job that has ended stays as it is.
"""
RESUME_DESCRIPTION = """
Only a failed job, as long as its files are kept. Segments that were made are not made again.
"""
DELETE_DESCRIPTION = "A job that has not ended is called off first. Its files are removed."
UPLOADS_DESCRIPTION = """
The protocol tus 1.0 (https://tus.io), with creation, creation-with-upload, expiration, checksum
and termination; any client that speaks it will do. Every request but `OPTIONS` carries
`Tus-Resumable: 1.0.0`. A finished upload is a job's `target_upload`.
"""

_ID = "job_4bf92f3577b34da6a3ce929d0e0e4736"
_UPLOAD = "upl_4bf92f3577b34da6a3ce929d0e0e4736"
_PLACE = f"/v1/jobs/{_ID}"
JOB: dict[str, Any] = {
    "id": _ID,
    "status": "processing",
    "stage": "making",
    "queue_position": None,
    "percent": 41.7,
    "frames": 125,
    "total": 300,
    "fps": 6.25,
    "eta_s": 28.0,
    "priority": "normal",
    "created": "2026-08-02T09:30:00.250000+00:00",
    "started": "2026-08-02T09:30:01.100000+00:00",
    "completed": None,
    "deadline": None,
    "expires": None,
    "source_id": None,
    "options": {},
    "webhook": {"url": "https://example.com/hook", "events": ["completed"]},
    "error": None,
    "resumable": False,
    "output": None,
    "report": None,
    "urls": {
        "get": _PLACE,
        "events": f"{_PLACE}/events",
        "cancel": f"{_PLACE}/cancel",
        "resume": f"{_PLACE}/resume",
        "output": f"{_PLACE}/output",
    },
}
JOB_LIST: dict[str, Any] = {"jobs": [JOB], "next": None}
UPLOAD: dict[str, Any] = {
    "id": _UPLOAD,
    "length": 104857600,
    "offset": 0,
    "expires": "2026-08-03T09:30:00+00:00",
}


def _header(name: str, description: str, example: Any, **schema: Any) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "description": description,
        "schema": {"type": "string", **schema},
        "example": example,
    }


def _query(name: str, description: str, **schema: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": description, "schema": schema}


_TENANT = _header(
    "X-Semblant-Tenant", "Whose jobs and uploads.", "default", pattern="^[A-Za-z0-9][\\w.-]{0,63}$"
)
_PATH_ID = {
    "name": "id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "pattern": "^job_[0-9a-f]{32}$"},
    "example": _ID,
}
JOB_PARAMETERS: dict[str, Any] = {"parameters": [_PATH_ID, _TENANT]}
EVENTS_PARAMETERS: dict[str, Any] = {
    "parameters": [
        _PATH_ID,
        _TENANT,
        _header("Last-Event-ID", "The last event that was seen.", "7", pattern="^\\d+$"),
    ]
}
OUTPUT_PARAMETERS: dict[str, Any] = {
    "parameters": [_PATH_ID, _TENANT, _header("Range", "The bytes wanted.", "bytes=0-1023")]
}
LIST_PARAMETERS: dict[str, Any] = {
    "parameters": [
        _TENANT,
        _query("status", "Only jobs in this state; may be there several times.", type="string"),
        _query("limit", "How many at most.", type="integer", minimum=1, maximum=100, default=20),
        _query("page_token", "`next` of the list before.", type="string"),
    ]
}
JOBS_REQUEST: dict[str, Any] = {
    "parameters": [
        _TENANT,
        _header("Idempotency-Key", "Tells this job from others.", "a1b2", maxLength=255),
        _header("Prefer", "Seconds to wait for the job, 1-60.", "wait=30"),
        _header("Cancel-After", "How long the job may take.", "5m", pattern="^[\\d.]+[smhd]$"),
    ],
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "source": {
                            "type": "array",
                            "items": FILE,
                            "description": "Pictures of whoever is put in.",
                        },
                        "source_id": {"type": "string", "description": "An enrolled identity."},
                        "reference": {"type": "array", "items": FILE},
                        "target": FILE,
                        "target_upload": {"type": "string", "description": "A finished upload."},
                        "options": {"type": "object"},
                        "webhook": {"$ref": "#/components/schemas/WebhookOptions"},
                        "priority": {"type": "string", "enum": ["high", "normal", "low"]},
                        "retention": {"type": "string", "example": "6h"},
                    },
                    "additionalProperties": False,
                },
                "encoding": {
                    "options": {"contentType": "application/json"},
                    "webhook": {"contentType": "application/json"},
                },
                "example": {"source": ["(bytes of alice.jpg)"], "target": "(bytes of video.mp4)"},
            }
        },
    },
}
JOBS_HEADERS = {
    "Location": "Address of the job.",
    "Idempotent-Replayed": "`true` if the job had been taken on before.",
    "Preference-Applied": "For how long the answer was allowed to wait.",
}
OUTPUT_HEADERS = {
    "ETag": "Of the content.",
    "Content-Disposition": "A name for a file.",
    "Content-Range": "Which bytes these are, if they are not all.",
}
EVENTS_CONTENT: dict[str, Any] = {
    "text/event-stream": {
        "schema": {"type": "string"},
        "example": 'id: 7\nevent: progress\ndata: {"id": "job_…", "percent": 41.7}\n\n',
    }
}
OUTPUT_CONTENT: dict[str, Any] = {"video/mp4": {"schema": FILE}}

_TUS = {**_header("Tus-Resumable", "The protocol's version.", "1.0.0"), "required": True}
_CHECKSUM = _header("Upload-Checksum", "Of this piece.", "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=")
_UPLOAD_ID = {**_PATH_ID, "schema": {"type": "string", "pattern": "^upl_[0-9a-f]{32}$"}}
_UPLOAD_ID["example"] = _UPLOAD
_PIECE: dict[str, Any] = {"content": {"application/offset+octet-stream": {"schema": FILE}}}
UPLOADS_REQUEST: dict[str, Any] = {
    "parameters": [
        _TENANT,
        _TUS,
        {**_header("Upload-Length", "Bytes it will have.", "104857600"), "required": True},
        _header("Upload-Metadata", "Kept and answered, unread.", "filename ZmlsbS5tcDQ="),
        _CHECKSUM,
    ],
    "requestBody": _PIECE,
}
UPLOAD_PARAMETERS: dict[str, Any] = {"parameters": [_UPLOAD_ID, _TENANT, _TUS]}
PIECE_REQUEST: dict[str, Any] = {
    "parameters": [
        _UPLOAD_ID,
        _TENANT,
        _TUS,
        {**_header("Upload-Offset", "Where the bytes belong.", "0"), "required": True},
        _CHECKSUM,
    ],
    "requestBody": {**_PIECE, "required": True},
}
UPLOAD_HEADERS = {
    "Upload-Offset": "Bytes that are there.",
    "Upload-Expires": "When it is removed.",
}
UPLOADS_HEADERS = {**UPLOAD_HEADERS, "Location": "Address of the upload."}
TUS_HEADERS = {
    "Tus-Version": "Versions of the protocol.",
    "Tus-Extension": "Its extensions.",
    "Tus-Max-Size": "Bytes an upload may have.",
    "Tus-Checksum-Algorithm": "Of `Upload-Checksum`.",
}
