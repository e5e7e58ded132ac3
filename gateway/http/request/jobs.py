"""Shared parts of the job endpoints: tenant, request headers, and the response."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from gateway.errors import InvalidRequest, JobNotFound, JobsDisabled
from gateway.http.request.negotiate import JSON
from gateway.jobs.job import JobRecord
from gateway.jobs.protocol import JobEngine
from gateway.serving.services import Services

TENANT_HEADER = "X-Semblant-Tenant"
KEY_HEADER = "Idempotency-Key"
DEFAULT_TENANT = "default"
MAX_KEY = 255
"""Characters of an idempotency key."""
MAX_WAIT_S = 60
"""Seconds that may be waited for a job before it is answered."""
_TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_ID = re.compile(r"job_[0-9a-f]{32}")
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)(s|m|h|d)")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def engine_of(services: Services) -> JobEngine:
    """Return the engine of jobs.

    Raises:
        JobsDisabled: there is none.
    """
    if services.jobs is None:
        raise JobsDisabled()
    return services.jobs


def tenant_of(request: Request) -> str:
    """Return the tenant of a request.

    Raises:
        InvalidRequest: it does not say so in a way that can be read.
    """
    tenant = request.headers.get(TENANT_HEADER, DEFAULT_TENANT)
    if not _TENANT.fullmatch(tenant):
        raise InvalidRequest(f"{TENANT_HEADER} must be 1-64 letters, digits, `.`, `_` or `-`.")
    return tenant


def id_of(request: Request) -> str:
    """Return which job a request is about.

    Raises:
        JobNotFound: none has such an id.
    """
    id: str = request.path_params["id"]
    if not _ID.fullmatch(id):
        raise JobNotFound()
    return id


def key_of(request: Request) -> str | None:
    """Return the idempotency key of a request.

    Raises:
        InvalidRequest: it is too long, or none.
    """
    key = request.headers.get(KEY_HEADER)
    if key is not None and not (0 < len(key) <= MAX_KEY and key.isprintable()):
        raise InvalidRequest(f"{KEY_HEADER} must be 1-{MAX_KEY} characters that print.")
    return key


def duration_s(text: str, name: str) -> float:
    """Return the seconds of a duration such as `90s`, `5m`, `2h` or `7d`.

    Raises:
        InvalidRequest: it is none, or none at all.
    """
    match = _DURATION.fullmatch(text.strip())
    seconds = float(match[1]) * _SECONDS[match[2]] if match else 0.0
    if not seconds:
        raise InvalidRequest(f"{name} must be a duration such as 90s, 5m, 2h or 7d.")
    return seconds


def cancel_after_s(request: Request) -> float | None:
    """Return the seconds a job may take, if its caller says so.

    Raises:
        InvalidRequest: it is no duration.
    """
    text = request.headers.get("Cancel-After")
    return None if text is None else duration_s(text, "Cancel-After")


def wait_s(request: Request) -> int | None:
    """Return the seconds a caller prefers to wait for a job (RFC 7240); None if it does not.

    Raises:
        InvalidRequest: they are too few or too many.
    """
    for preference in request.headers.get("prefer", "").split(","):
        name, _, value = preference.partition("=")
        if name.strip().lower() == "wait":
            value = value.strip().strip('"') or str(MAX_WAIT_S)
            if not value.isdecimal() or not 1 <= int(value) <= MAX_WAIT_S:
                raise InvalidRequest(f"Prefer: wait must be 1-{MAX_WAIT_S} seconds.")
            return int(value)
    return None


@dataclass(frozen=True, slots=True)
class PageToken:
    """The cursor of the next page of a list; opaque to callers.

    Attributes:
        created: Creation time of the last job that was listed.
        id: Its id.
    """

    created: float
    id: str

    def written(self) -> str:
        """Return what callers see."""
        text = json.dumps([self.created, self.id])
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str) -> PageToken:
        """Return what it stands for.

        Raises:
            InvalidRequest: for nothing.
        """
        try:
            padded = text + "=" * (-len(text) % 4)
            created, id = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
            return cls(float(created), str(id))
        except (binascii.Error, ValueError, TypeError):
            raise InvalidRequest("The page token is none of ours.") from None


async def job_response(
    engine: JobEngine,
    job: JobRecord,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return the answer that shows a job."""
    document = json.dumps(await engine.describe(job))
    return Response(document, status_code=status, media_type=JSON, headers=dict(headers or {}))
