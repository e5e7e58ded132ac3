"""Every error a caller can meet, and the one table that says what each means outside.

    SemblantError
    ├── InputError                what was sent is wrong: repeating it will not help
    │   ├── RequestError          the request itself (form, headers, options)
    │   ├── ImageError            a file that is not a usable picture
    │   ├── VideoError            a file that is not a usable film
    │   ├── FaceError             a picture without a usable face
    │   └── ResultError           pictures of which nothing good enough can be made
    ├── CapacityError             right request, wrong moment: repeat later
    ├── InferenceError            a network did not answer, or answered nonsense
    └── InternalError             our fault; details go to the log only

A class states its own row (code, HTTP status, gRPC status, retry advice, title), and
`ERROR_TABLE` is derived from the classes, so HTTP, gRPC, SDK and docs cannot disagree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class ErrorSpec:
    """One row of the error table.

    Attributes:
        code: Stable machine-readable name, snake case.
        http: HTTP status.
        grpc: Name of the gRPC status code, as in `grpc.StatusCode`.
        retryable: Whether the same request can succeed later.
        title: One public sentence; never holds request data.
    """

    code: str
    http: int
    grpc: str
    retryable: bool
    title: str


ERROR_TABLE: dict[str, ErrorSpec] = {}
_CLASSES: dict[str, type[SemblantError]] = {}


class SemblantError(Exception):
    """Base of all errors.

    Attributes:
        detail: Public sentence about this occurrence; safe to show.
        errors: Further findings, each with a JSON `pointer` and a `detail`.
        extra: Extension members for the problem document (numbers and names only).
        retry_after_s: Advice in seconds for retryable errors, if known.
    """

    spec: ClassVar[ErrorSpec]

    def __init__(
        self,
        detail: str | None = None,
        *,
        errors: Sequence[Mapping[str, str]] = (),
        extra: Mapping[str, Any] | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        self.detail = detail or self.spec.title
        self.errors = tuple(dict(e) for e in errors)
        self.extra = dict(extra or {})
        self.retry_after_s = retry_after_s
        super().__init__(self.detail)

    def __init_subclass__(cls, *, row: tuple[str, int, str, bool, str] | None = None) -> None:
        """Register the class's row; a class without one only groups others."""
        super().__init_subclass__()
        if row is None:
            return
        cls.spec = ErrorSpec(*row)
        if cls.spec.code in ERROR_TABLE:
            raise TypeError(f"error code used twice: {cls.spec.code}")
        ERROR_TABLE[cls.spec.code] = cls.spec
        _CLASSES[cls.spec.code] = cls


def error_class(code: str) -> type[SemblantError] | None:
    """Return the class behind a code, or None if nobody knows it."""
    return _CLASSES.get(code)


class InputError(SemblantError):
    """What was sent is wrong; repeating it unchanged will not help."""


class RequestError(InputError):
    """The request itself is malformed."""


class ImageError(InputError):
    """A file that is not a usable picture."""


class VideoError(InputError):
    """A file that is not a usable film."""


class FaceError(InputError):
    """A picture without a usable face."""


class ResultError(InputError):
    """Pictures of which nothing good enough can be made."""


class CapacityError(SemblantError):
    """The service is right to refuse just now."""


class InferenceError(SemblantError):
    """A network did not answer, or answered nonsense."""


# fmt: off
class InvalidRequest(RequestError, row=("invalid_request", 400, "INVALID_ARGUMENT", False, "The request could not be read.")): ...
class MissingField(RequestError, row=("missing_field", 400, "INVALID_ARGUMENT", False, "A required field is missing.")): ...
class InvalidOptions(RequestError, row=("invalid_options", 422, "INVALID_ARGUMENT", False, "Some options are unknown or out of range.")): ...
class UnknownModel(RequestError, row=("unknown_model", 422, "NOT_FOUND", False, "No such model.")): ...
class NotFound(RequestError, row=("not_found", 404, "NOT_FOUND", False, "There is nothing at this address.")): ...
class MethodNotAllowed(RequestError, row=("method_not_allowed", 405, "UNIMPLEMENTED", False, "This address does not answer to that method.")): ...
class NotAcceptable(RequestError, row=("not_acceptable", 406, "INVALID_ARGUMENT", False, "None of the accepted media types can be produced.")): ...
class RequestTimeout(RequestError, row=("request_timeout", 408, "DEADLINE_EXCEEDED", True, "The upload did not arrive in time.")): ...
class PayloadTooLarge(RequestError, row=("payload_too_large", 413, "RESOURCE_EXHAUSTED", False, "The upload is over the size limit.")): ...
class UnsupportedRequestType(RequestError, row=("unsupported_request_type", 415, "INVALID_ARGUMENT", False, "The request body is not of the type this address takes.")): ...
class LibraryNotFound(RequestError, row=("library_not_found", 404, "NOT_FOUND", False, "There is no such expression library.")): ...
class LibraryLimit(RequestError, row=("library_limit", 409, "RESOURCE_EXHAUSTED", False, "There are as many expression libraries as may be kept; delete one first.")): ...
class IdentityNotFound(RequestError, row=("identity_not_found", 404, "NOT_FOUND", False, "There is no such enrolled identity.")): ...
class IdentityLimit(RequestError, row=("identity_limit", 409, "RESOURCE_EXHAUSTED", False, "There are as many enrolled identities as may be kept; delete one first.")): ...
class ConsentRequired(RequestError, row=("consent_required", 403, "PERMISSION_DENIED", False, "A face is kept only if the person has agreed, and it is stated so.")): ...

class EmptyUpload(ImageError, row=("empty_upload", 400, "INVALID_ARGUMENT", False, "An uploaded file is empty.")): ...
class NotAnImage(ImageError, row=("not_an_image", 415, "INVALID_ARGUMENT", False, "An uploaded file is not an image of a supported format.")): ...
class ImageTruncated(ImageError, row=("image_truncated", 422, "INVALID_ARGUMENT", False, "An image is truncated or corrupt.")): ...
class TooManyPixels(ImageError, row=("too_many_pixels", 413, "INVALID_ARGUMENT", False, "An image has more pixels than allowed.")): ...
class MultiFrameImage(ImageError, row=("multi_frame_image", 422, "INVALID_ARGUMENT", False, "An image holds several frames or pages; one is needed.")): ...

class NotAVideo(VideoError, row=("not_a_video", 415, "INVALID_ARGUMENT", False, "An uploaded file is not a film of a supported format.")): ...
class VideoCorrupt(VideoError, row=("video_corrupt", 422, "INVALID_ARGUMENT", False, "Nothing of a film can be decoded.")): ...
class VideoTooLong(VideoError, row=("video_too_long", 413, "INVALID_ARGUMENT", False, "A film has more frames than allowed.")): ...
class VideoSizeChanges(VideoError, row=("video_size_changes", 422, "INVALID_ARGUMENT", False, "A film's frames change their size on the way.")): ...
class EncoderUnavailable(VideoError, row=("encoder_unavailable", 422, "FAILED_PRECONDITION", False, "The encoder that was asked for does not work here, or not for this film.")): ...

class NoFaceInSource(FaceError, row=("no_face_in_source", 422, "FAILED_PRECONDITION", False, "No face was found in a source picture.")): ...
class NoFaceInTarget(FaceError, row=("no_face_in_target", 422, "FAILED_PRECONDITION", False, "No face was found in the target picture.")): ...
class FaceTooSmall(FaceError, row=("face_too_small", 422, "FAILED_PRECONDITION", False, "A face is too small to work with.")): ...
class FaceNotReliable(FaceError, row=("face_not_reliable", 422, "FAILED_PRECONDITION", False, "What was found does not fit a face well enough to work with.")): ...
class FaceNotSelected(FaceError, row=("face_not_selected", 422, "FAILED_PRECONDITION", False, "No face matches the selection.")): ...

class QualityBelowThreshold(ResultError, row=("quality_below_threshold", 422, "FAILED_PRECONDITION", False, "A swapped face is not as good as was asked for.")): ...

class Overloaded(CapacityError, row=("overloaded", 429, "RESOURCE_EXHAUSTED", True, "Too many requests are being worked on; try again shortly.")): ...
class ShuttingDown(CapacityError, row=("shutting_down", 503, "UNAVAILABLE", True, "The service is shutting down.")): ...
class DeadlineExceeded(CapacityError, row=("deadline_exceeded", 504, "DEADLINE_EXCEEDED", True, "The request did not finish within its deadline.")): ...
class RequestCancelled(CapacityError, row=("request_cancelled", 499, "CANCELLED", True, "The caller went away.")): ...

class InferenceUnavailable(InferenceError, row=("inference_unavailable", 503, "UNAVAILABLE", True, "The inference server is not reachable.")): ...
class InferenceOverloaded(InferenceError, row=("inference_overloaded", 503, "RESOURCE_EXHAUSTED", True, "The inference server's queue is full.")): ...
class ModelNotReady(InferenceError, row=("model_not_ready", 503, "UNAVAILABLE", True, "A model is not loaded.")): ...
class InferenceRejected(InferenceError, row=("inference_rejected", 500, "INTERNAL", False, "The inference server refused a request as malformed.")): ...
class InferenceFailed(InferenceError, row=("inference_failed", 502, "INTERNAL", True, "A model failed while computing.")): ...
class ContractViolation(InferenceError, row=("contract_violation", 500, "INTERNAL", False, "A model's inputs or outputs are not what its contract says.")): ...

class PlatformUnsupported(SemblantError, row=("platform_unsupported", 500, "UNIMPLEMENTED", False, "The embedded server cannot run on this platform.")): ...
class SetupIncomplete(SemblantError, row=("setup_incomplete", 500, "FAILED_PRECONDITION", False, "Models or environments have not been built yet.")): ...
class OutputInvalid(SemblantError, row=("output_invalid", 500, "INTERNAL", False, "A film that was made does not hold what it should.")): ...
class InternalError(SemblantError, row=("internal", 500, "INTERNAL", False, "Something went wrong on our side.")): ...
# fmt: on
