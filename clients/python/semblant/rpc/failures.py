"""Statuses of calls as the errors they stand for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import grpc
from google.protobuf.message import DecodeError
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from gateway.errors import (
    DeadlineExceeded,
    InferenceUnavailable,
    InternalError,
    Overloaded,
    PayloadTooLarge,
    PermissionDenied,
    RequestCanceled,
    SemblantError,
    Unauthenticated,
    error_class,
)
from semblant.calls import FOREIGN

_DETAILS_KEY = "grpc-status-details-bin"
_DOMAIN = "semblant"
_PART = re.compile(r"\[(\d+)\]|([^.\[]+)")
_NOT_ERRORS = ("retryable",)
"""Metadata that the class of an error tells, too."""


def failure(error: Any, server: str) -> SemblantError:
    """Return the error that a call reports.

    Args:
        error: gRPC's, of a call or stream.
        server: The server's address, for errors that are not the server's own.
    """
    try:
        status = _status(error.trailing_metadata() or ())
    except DecodeError:
        status = None
    reported = None if status is None else _reported(status)
    return _transport_failure(error, server) if reported is None else reported


def frame_failure(code: str, detail: str) -> SemblantError:
    """Return the error of a frame in a stream."""
    return (error_class(code) or InternalError)(detail)


def _status(metadata: Iterable[tuple[str, Any]]) -> Status | None:
    for name, value in metadata:
        if name == _DETAILS_KEY:
            return Status.FromString(value)
    return None


def _reported(status: Status) -> SemblantError | None:
    """Return our error; None if the status is of somebody else, such as a proxy."""
    info, bad, retry = ErrorInfo(), BadRequest(), RetryInfo()
    for packed in status.details:
        for kind in (info, bad, retry):
            if packed.Is(kind.DESCRIPTOR):
                packed.Unpack(kind)
    if info.domain != _DOMAIN:
        return None
    delay = retry.retry_delay
    return (error_class(info.reason) or InternalError)(
        status.message,
        errors=[
            {"pointer": pointer(one.field), "detail": one.description}
            for one in bad.field_violations
        ],
        extra=_extra(info.metadata),
        retry_after_s=delay.seconds + delay.nanos / 1e9 if retry.HasField("retry_delay") else None,
    )


def pointer(path: str) -> str:
    """Return the path of a field as a JSON pointer: `masks.types[0]` is `/masks/types/0`."""
    parts = [index or name for index, name in _PART.findall(path)]
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)


def _extra(metadata: Mapping[str, str]) -> dict[str, Any]:
    """Return the extras of an error: numbers as such, words as words."""
    return {
        name: text if name == "request_id" else _value(text)
        for name, text in metadata.items()
        if name not in _NOT_ERRORS
    }


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _transport_failure(error: Any, server: str) -> SemblantError:
    """Return the error that stands for a call without an answer of the service."""
    codes = grpc.StatusCode
    code, told = error.code(), str(error.details() or "")
    if code is codes.DEADLINE_EXCEEDED:
        return DeadlineExceeded(f"The server {server} did not answer in time.")
    if code is codes.UNAVAILABLE:
        return InferenceUnavailable(f"The server {server} does not answer.")
    if code is codes.RESOURCE_EXHAUSTED:
        if "message larger" in told:
            return PayloadTooLarge()
        return Overloaded()
    kinds = {
        codes.CANCELLED: RequestCanceled,
        codes.UNAUTHENTICATED: Unauthenticated,
        codes.PERMISSION_DENIED: PermissionDenied,
    }
    kind = kinds.get(code)
    return InternalError(FOREIGN) if kind is None else kind()
