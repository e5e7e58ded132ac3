"""The errors each kind of route may return, and their OpenAPI descriptions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gateway import errors
from gateway.errors import ERROR_TABLE, SemblantError
from gateway.http.response.problems import MEDIA_TYPE, RETRY_STATUSES, problem_document
from gateway.operations.schemas.problems import Problem

Errors = tuple[type[SemblantError], ...]

ALWAYS: Errors = (errors.InternalError,)
PAGE_ERRORS: Errors = (errors.NotAcceptable, errors.NotFound, errors.MethodNotAllowed)
READ_ERRORS: Errors = (
    *PAGE_ERRORS,
    errors.InvalidRequest,
    errors.Unauthenticated,
    errors.PermissionDenied,
    errors.QuotaExceeded,
    errors.IssuerUnavailable,
    errors.JobsUnavailable,
)
"""Of everything that callers have to be let in for."""
PROBE_ERRORS: Errors = (errors.ModelNotReady, errors.ShuttingDown)

_FORM: Errors = (
    *READ_ERRORS,
    errors.InvalidRequest,
    errors.MissingField,
    errors.InvalidOptions,
    errors.RequestTimeout,
    errors.PayloadTooLarge,
    errors.UnsupportedRequestType,
)
_IMAGE: Errors = (
    errors.EmptyUpload,
    errors.NotAnImage,
    errors.ImageTruncated,
    errors.TooManyPixels,
    errors.MultiFrameImage,
    errors.OutOfMemory,
)
_VIDEO: Errors = (
    errors.EmptyUpload,
    errors.NotAVideo,
    errors.VideoCorrupt,
    errors.VideoTooLong,
    errors.TooManyPixels,
)
_WORK: Errors = (
    errors.Overloaded,
    errors.ShuttingDown,
    errors.DeadlineExceeded,
    errors.RequestCanceled,
    errors.InferenceUnavailable,
    errors.InferenceOverloaded,
    errors.ModelNotReady,
    errors.ModelTooLarge,
    errors.ModelOutOfMemory,
    errors.InferenceRejected,
    errors.InferenceFailed,
    errors.ContractViolation,
    errors.SetupIncomplete,
)
_FACE: Errors = (
    errors.UnknownModel,
    errors.NoFaceInSource,
    errors.NoFaceInTarget,
    errors.FaceTooSmall,
    errors.FaceNotReliable,
    errors.NoMatchingFace,
)
FACES_ERRORS: Errors = (*_FORM, *_IMAGE, *_WORK, errors.UnknownModel)
SWAP_ERRORS: Errors = (
    *_FORM,
    *_IMAGE,
    *_WORK,
    *_FACE,
    errors.QualityBelowThreshold,
    errors.LibraryNotFound,
    errors.IdentityNotFound,
    errors.SignerUnavailable,
    errors.CredentialsUnsupported,
    errors.AuditUnavailable,
    errors.ContentRefused,
    errors.ContentUnchecked,
    errors.ConsentRequired,
    errors.ConsentWithdrawn,
    errors.SourceMismatch,
    errors.FaceProtected,
    errors.StorageUnavailable,
)
VERIFY_ERRORS: Errors = (*_FORM, *_IMAGE, *_VIDEO, *_WORK)
TRACK_ERRORS: Errors = (*_FORM, *_VIDEO, *_WORK, errors.UnknownModel)
ENROL_ERRORS: Errors = (
    *_FORM,
    *_IMAGE,
    *_VIDEO,
    *_WORK,
    errors.UnknownModel,
    errors.NoFaceInSource,
    errors.FaceNotReliable,
    errors.LibraryLimit,
    errors.StorageFull,
    errors.StorageUnavailable,
)
IDENTIFY_ERRORS: Errors = (
    *_FORM,
    *_IMAGE,
    *_WORK,
    errors.UnknownModel,
    errors.NoFaceInSource,
    errors.FaceTooSmall,
    errors.FaceNotReliable,
    errors.IdentityLimit,
    errors.ConsentRequired,
    errors.StorageFull,
    errors.StorageUnavailable,
)
IDENTITY_ERRORS: Errors = (*READ_ERRORS, errors.IdentityNotFound, errors.StorageUnavailable)
LIBRARY_ERRORS: Errors = (*READ_ERRORS, errors.LibraryNotFound, errors.StorageUnavailable)
MATCH_ERRORS: Errors = (
    *LIBRARY_ERRORS,
    errors.InvalidOptions,
    errors.RequestTimeout,
    errors.PayloadTooLarge,
    errors.UnsupportedRequestType,
)
_JOBS: Errors = (*READ_ERRORS, errors.InvalidRequest, errors.JobsDisabled)
LIST_ERRORS: Errors = (*_JOBS, errors.JobsUnavailable)
JOB_ERRORS: Errors = (*LIST_ERRORS, errors.JobNotFound)
RESUME_ERRORS: Errors = (*JOB_ERRORS, errors.JobNotResumable)
STREAM_ERRORS: Errors = JOB_ERRORS
OUTPUT_ERRORS: Errors = (
    *JOB_ERRORS,
    errors.JobNotFinished,
    errors.ConsentWithdrawn,
    errors.RangeNotSatisfiable,
    errors.StorageUnavailable,
)
_STORE: Errors = (
    errors.Overloaded,
    errors.ShuttingDown,
    errors.StorageFull,
    errors.StorageUnavailable,
    errors.PayloadTooLarge,
    errors.RequestTimeout,
    errors.RequestCanceled,
    errors.UnsupportedRequestType,
)
JOBS_ERRORS: Errors = (
    *LIST_ERRORS,
    *_STORE,
    errors.EmptyUpload,
    errors.MissingField,
    errors.InvalidOptions,
    errors.UnknownModel,
    errors.SetupIncomplete,
    errors.IdempotencyMismatch,
    errors.IdempotencyInProgress,
    errors.WebhookRefused,
    errors.UploadNotFound,
    errors.UploadIncomplete,
    errors.UploadLocked,
)
TUS_ERRORS: Errors = (errors.JobsDisabled,)
_TUS: Errors = (*_JOBS, errors.TusVersionUnsupported)
UPLOAD_ERRORS: Errors = (
    *_TUS,
    errors.UploadNotFound,
    errors.UploadLocked,
    errors.StorageUnavailable,
)
UPLOADS_ERRORS: Errors = (*_TUS, *_STORE, errors.UploadChecksumMismatch)
WRITE_ERRORS: Errors = (
    *UPLOAD_ERRORS,
    *_STORE,
    errors.UploadOffsetMismatch,
    errors.UploadChecksumMismatch,
)


def error_responses(kinds: Iterable[type[SemblantError]]) -> dict[int | str, dict[str, Any]]:
    """Return OpenAPI's `responses` for errors: one per status, one example per code."""
    by_status: dict[int, list[str]] = {}
    for kind in {*kinds, *ALWAYS}:
        by_status.setdefault(kind.spec.http, []).append(kind.spec.code)
    responses: dict[int | str, dict[str, Any]] = {
        status: {
            "description": " ".join(ERROR_TABLE[code].title for code in sorted(codes)),
            "content": {
                MEDIA_TYPE: {
                    "schema": {"$ref": f"#/components/schemas/{Problem.__name__}"},
                    "examples": {code: {"value": _example(code)} for code in sorted(codes)},
                }
            },
        }
        for status, codes in sorted(by_status.items())
    }
    for status in responses.keys() & RETRY_STATUSES:
        responses[status]["headers"] = _RETRY_AFTER
    return responses


TIMING_HEADER = {"Server-Timing": "Milliseconds by stage, such as `analyse;dur=41.2`."}
_RETRY_AFTER = {
    "Retry-After": {
        "description": "Seconds after which to try again.",
        "schema": {"type": "integer", "minimum": 1},
    }
}
_EXTRAS: dict[str, dict[str, Any]] = {
    "not_acceptable": {"extra": {"available": ["image/png", "image/jpeg", "image/webp"]}},
    "payload_too_large": {"extra": {"max_bytes": 67108864}},
    "invalid_options": {
        "errors": [{"pointer": "/shape", "detail": "Input should be less than or equal to 1"}]
    },
    "missing_field": {"errors": [{"pointer": "/target", "detail": "required"}]},
    "video_too_long": {"extra": {"max_frames": 9000}},
    "library_limit": {"extra": {"max_libraries": 1000}},
    "identity_limit": {"extra": {"max_identities": 1000}},
    "consent_required": {"errors": [{"pointer": "/consent", "detail": "must be true"}]},
    "quality_below_threshold": {
        "extra": {
            "face": 0,
            "below": ["ring_delta_e"],
            "asked": {"max_ring_delta_e": 3.0},
            "figures": {"seam_ratio": 1.0793, "ring_delta_e": 4.4755, "target_ring_delta_e": 2.1},
            "attempts": 4,
            "color": "adaptive",
            "blend": "poisson",
        }
    },
    "permission_denied": {"extra": {"scope": "jobs", "scopes": ["swap"]}},
    "quota_exceeded": {
        "extra": {"quota": "requests", "limit": 600, "remaining": 0, "reset_s": 21.4}
    },
    "upload_offset_mismatch": {"extra": {"offset": 1048576}},
    "range_not_satisfiable": {"extra": {"size": 1048576}},
    "face_too_small": {"extra": {"width_px": 12.5, "min_width_px": 20.0}},
}


def _example(code: str) -> dict[str, Any]:
    spec = ERROR_TABLE[code]
    # Made by the same function as real answers, so that it cannot look different from them.
    return problem_document(
        spec, spec.title, "4bf92f3577b34da6a3ce929d0e0e4736", "/v1/swaps", **_EXTRAS.get(code, {})
    )
