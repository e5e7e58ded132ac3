"""The one place where an exception becomes a status (google.rpc.Status)."""

from __future__ import annotations

import json
import logging
import math

from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.duration_pb2 import Duration
from google.rpc.code_pb2 import Code
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from gateway.errors import InternalError, SemblantError

log = logging.getLogger(__name__)

DOMAIN = "semblant"
"""Of the reasons in `ErrorInfo`."""


def known_error(error: Exception, request_id: str) -> SemblantError:
    """Return our error for an exception; unexpected ones are detailed in the log only."""
    if not isinstance(error, SemblantError):
        log.error("request %s failed", request_id, exc_info=error)
        return InternalError()
    if error.spec.http == InternalError.spec.http:
        # Foreseen, and still our fault: models, contracts, set-up.
        log.error("request %s: %s: %s", request_id, error.spec.code, error.detail)
    return error


def status_of(error: SemblantError, request_id: str) -> Status:
    """Return an error as a status: its code is the reason of an `ErrorInfo`.

    Findings are the field violations of a `BadRequest`; where the same can succeed later there is
    a `RetryInfo`.
    """
    spec = error.spec
    # Internal errors are not reported in detail: they may name hosts and files.
    internal = spec.http == InternalError.spec.http
    status = Status(
        code=int(Code.Value(spec.grpc)), message=spec.title if internal else error.detail
    )
    metadata = {name: _text(value) for name, value in error.extra.items()}
    metadata |= {"request_id": request_id, "retryable": str(spec.retryable).lower()}
    details = [ErrorInfo(reason=spec.code, domain=DOMAIN, metadata=metadata)]
    for detail in details:
        _pack(status, detail)
    if error.errors:
        violations = [
            BadRequest.FieldViolation(
                field=_path(found.get("pointer", "")), description=found.get("detail", "")
            )
            for found in error.errors
        ]
        _pack(status, BadRequest(field_violations=violations))
    if spec.retryable:
        seconds = max(1, math.ceil(error.retry_after_s or 1))
        _pack(status, RetryInfo(retry_delay=Duration(seconds=seconds)))
    return status


def _pack(status: Status, detail: ErrorInfo | BadRequest | RetryInfo) -> None:
    packed = Packed()
    packed.Pack(detail)
    status.details.append(packed)


def _path(pointer: str) -> str:
    """Return a JSON pointer as the path of a field: `/masks/types/0` is `masks.types[0]`."""
    out = ""
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        out += f"[{name}]" if name.isdecimal() else f".{name}" if out else name
    return out


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
