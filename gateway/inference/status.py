"""Mapping of Triton's gRPC status codes to our errors; the only place that defines it."""

from __future__ import annotations

import grpc

from gateway.errors import (
    DeadlineExceeded,
    InferenceFailed,
    InferenceOverloaded,
    InferenceRejected,
    InferenceUnavailable,
    ModelNotReady,
    ModelOutOfMemory,
    RequestCanceled,
    SemblantError,
    UnknownModel,
)

STATUS_TABLE: dict[grpc.StatusCode, type[SemblantError]] = {
    grpc.StatusCode.OK: InferenceFailed,  # an error with status OK is not a valid response
    grpc.StatusCode.CANCELLED: RequestCanceled,
    grpc.StatusCode.UNKNOWN: InferenceFailed,
    grpc.StatusCode.INVALID_ARGUMENT: InferenceRejected,
    grpc.StatusCode.DEADLINE_EXCEEDED: DeadlineExceeded,
    grpc.StatusCode.NOT_FOUND: UnknownModel,
    grpc.StatusCode.ALREADY_EXISTS: InferenceRejected,
    grpc.StatusCode.PERMISSION_DENIED: InferenceRejected,
    grpc.StatusCode.UNAUTHENTICATED: InferenceRejected,
    grpc.StatusCode.RESOURCE_EXHAUSTED: InferenceOverloaded,
    grpc.StatusCode.FAILED_PRECONDITION: InferenceRejected,
    grpc.StatusCode.ABORTED: InferenceFailed,
    grpc.StatusCode.OUT_OF_RANGE: InferenceRejected,
    grpc.StatusCode.UNIMPLEMENTED: InferenceRejected,
    grpc.StatusCode.INTERNAL: InferenceFailed,
    grpc.StatusCode.UNAVAILABLE: InferenceUnavailable,
    grpc.StatusCode.DATA_LOSS: InferenceFailed,
}

# Where one status stands for several causes, Triton's message distinguishes them.
_REFINEMENTS: tuple[tuple[grpc.StatusCode, str, type[SemblantError]], ...] = (
    (grpc.StatusCode.UNAVAILABLE, "maximum queue size", InferenceOverloaded),
    (grpc.StatusCode.UNAVAILABLE, "timeout expired", DeadlineExceeded),
    (grpc.StatusCode.UNAVAILABLE, "unknown model", ModelNotReady),
    (grpc.StatusCode.UNAVAILABLE, "not ready", ModelNotReady),
    (grpc.StatusCode.NOT_FOUND, "no available versions", ModelNotReady),
    (grpc.StatusCode.RESOURCE_EXHAUSTED, "message larger than max", InferenceRejected),
)

# As CUDA, TensorRT and ONNX Runtime's allocators put it, on a GPU or not.
_OUT_OF_MEMORY = (
    "out of memory",
    "out_of_memory",
    "cudaerrormemoryallocation",
    "failed to allocate memory",
    "failed to allocate requested",
    "bad_alloc",
)
_LOST_REGION = "unable to find shared memory region"  # as 2.51 says it


def error_from_status(code: grpc.StatusCode, details: str | None, model: str) -> SemblantError:
    """Return our error for a failed call.

    Args:
        code: Status of the call.
        details: Triton's words; used to refine the status, never shown.
        model: Name of the model, for the public sentence.
    """
    words = (details or "").lower()
    kind = STATUS_TABLE[code]
    for refined_code, phrase, refined in _REFINEMENTS:
        if code is refined_code and phrase in words:
            kind = refined
            break
    if kind is InferenceFailed and tells_of_memory(words):
        kind = ModelOutOfMemory
    return kind(f"{model}: {kind.spec.title}")


def tells_of_memory(words: str) -> bool:
    """Return whether a runtime's complaint is that memory did not suffice."""
    words = words.lower()
    return any(phrase in words for phrase in _OUT_OF_MEMORY)


def is_lost_region(details: str | None) -> bool:
    """Return whether a call failed only because the server forgot a shared memory region."""
    return _LOST_REGION in (details or "").lower()


def is_lost_connection(code: grpc.StatusCode, details: str | None) -> bool:
    """Return whether the server itself was not there, as opposed to one that refuses."""
    refined = error_from_status(code, details, "")
    return type(refined) is InferenceUnavailable
