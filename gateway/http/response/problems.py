"""The one place where an exception becomes an answer: problem details (RFC 9457)."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from gateway.errors import (
    ErrorSpec,
    InternalError,
    InvalidRequest,
    MethodNotAllowed,
    NotFound,
    RequestCanceled,
    SemblantError,
)
from gateway.operations.exchange import Exchange

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
RESERVED = frozenset(
    ("type", "title", "status", "detail", "instance", "code", "retryable", "request_id", "errors")
)
RETRY_STATUSES = frozenset((429, 503))
"""Statuses that come with the advice when to try again."""


def answer_error(error: Exception, exchange: Exchange, path: str) -> Response:
    """Return the response to any exception; unexpected ones are detailed in the log only."""
    known = _as_semblant(error)
    if known is None:
        log.error("request %s failed", exchange.request_id, exc_info=error)
        known = InternalError()
    elif known.spec.http == InternalError.spec.http:
        # Foreseen, and still our fault: models, contracts, set-up.
        log.error("request %s: %s: %s", exchange.request_id, known.spec.code, known.detail)
    exchange.code = known.spec.code
    headers = dict(getattr(error, "headers", None) or {})  # such as Allow
    if known.spec.http in RETRY_STATUSES:
        headers["Retry-After"] = str(max(1, math.ceil(known.retry_after_s or 1)))
    return Response(
        json.dumps(
            problem_document(
                known.spec,
                known.detail,
                exchange.request_id,
                path,
                errors=known.errors,
                extra=known.extra,
            )
        ),
        status_code=known.spec.http,
        headers=headers,
        media_type=MEDIA_TYPE,
    )


def problem_document(
    spec: ErrorSpec,
    detail: str,
    request_id: str,
    path: str,
    *,
    errors: Sequence[Mapping[str, str]] = (),
    extra: Mapping[str, Any] = MappingProxyType({}),
) -> dict[str, Any]:
    """Return an error as the members of a problem document."""
    document: dict[str, Any] = {
        "type": problem_type(spec.code),
        "title": spec.title,
        "status": spec.http,
        # Internal errors are not reported in detail: they may name hosts and files.
        "detail": spec.title if spec.http == InternalError.spec.http else detail,
        "instance": quote(path, safe="/:@!$&'()*+,;=-._~"),
        "code": spec.code,
        "retryable": spec.retryable,
        "request_id": request_id,
    }
    if errors:
        document["errors"] = list(errors)
    return document | _extras(extra)


def problem_type(code: str) -> str:
    """Return the URI (reference) of an error's page."""
    return f"/problems/{code}"


def _extras(extra: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in extra.items() if name not in RESERVED}


def _as_semblant(error: Exception) -> SemblantError | None:
    """Return our error for an exception; None if it is not one we know."""
    if isinstance(error, SemblantError):
        return error
    if isinstance(error, ClientDisconnect):
        return RequestCanceled()
    if isinstance(error, RequestValidationError):
        findings = [_finding(item) for item in error.errors()]
        first = findings[0]
        return InvalidRequest(
            f"`{first['pointer'].removeprefix('/')}`: {first['detail']}.", errors=findings
        )
    if isinstance(error, HTTPException):
        by_status = {404: NotFound, 405: MethodNotAllowed}
        kind = by_status.get(error.status_code)
        if kind is not None:
            return kind()
        return InvalidRequest() if error.status_code < 500 else InternalError()
    return None


def _finding(item: Mapping[str, Any]) -> dict[str, str]:
    """Return a finding about a parameter; where it was sent does not matter."""
    _, *place = item["loc"]
    return {
        "pointer": "".join(f"/{part}" for part in place),
        "detail": str(item["msg"]).removeprefix("Value error, "),
    }
