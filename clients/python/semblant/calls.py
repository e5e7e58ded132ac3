"""Requests and responses on the wire: pure functions, shared by both clients."""

from __future__ import annotations

import json
import re
import secrets
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast
from urllib.parse import quote

import httpx

from gateway.errors import (
    DeadlineExceeded,
    InferenceUnavailable,
    InternalError,
    SemblantError,
    error_class,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Readable(Protocol):
    """A file that is open for reading bytes."""

    def read(self, size: int = -1, /) -> bytes:
        """Return its bytes."""


class Pixels(Protocol):
    """An array of NumPy's, or a picture of Pillow's."""

    @property
    def __array_interface__(self) -> Mapping[str, Any]:
        """The NumPy array interface."""


File = bytes | str | PathLike[str] | Readable | Pixels
"""A picture: its bytes, where it lies, an open file, an array or a picture of Pillow's.

Arrays are uint8, (H, W, 3) RGB, (H, W, 4) RGBA or (H, W) grey. Neither NumPy nor Pillow is needed
unless one of theirs is given. Files are read from where they are, and left open.
"""

Options = Mapping[str, Any]

_STANDARD = {"type", "title", "status", "detail", "instance", "code", "retryable", "errors"}
_STAGE = re.compile(r"([\w-]+);dur=(\d+(?:\.\d+)?(?:e[+-]?\d+)?)")
JSON = "application/json"
_FIGURE = re.compile(r"(\w+)=(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)")
FOREIGN = "The server's answer is not one of Semblant's."
"""The error message for a malformed response."""


@dataclass(frozen=True, slots=True)
class SwapResult:
    """A fused picture and what happened.

    Attributes:
        data: The encoded picture.
        media_type: Its encoding.
        faces_found: Faces the target shows.
        faces_swapped: Those that were changed.
        warnings: Conditions that may impair the result.
        timings_ms: Milliseconds by stage, in order.
        request_id: For the operator's log.
        quality: Figures of the swapped faces by name, of each the worst.
    """

    data: bytes = field(repr=False)
    media_type: str
    faces_found: int
    faces_swapped: int
    warnings: tuple[str, ...]
    timings_ms: Mapping[str, float]
    request_id: str
    quality: Mapping[str, float] = field(default_factory=dict)

    def save(self, path: str | Path) -> Path:
        """Write the picture; atomically, so that a partial file is never visible."""
        return write_atomically(Path(path), self.data)

    @property
    def image(self) -> NDArray[np.uint8]:
        """The picture as an array, uint8 (H, W, 3) RGB; decoded anew on each access.

        Raises:
            ImportError: NumPy or Pillow is not installed.
        """
        import numpy as np  # noqa: PLC0415 - most callers want the file
        from PIL import Image  # noqa: PLC0415

        with Image.open(BytesIO(self.data)) as image:
            return np.array(image.convert("RGB"))


@dataclass(frozen=True, slots=True)
class FacesResult:
    """The faces of a picture.

    Attributes:
        faces: One mapping per face, as the API documents it; the largest first.
        width: Of the upright picture, pixels.
        height: Likewise.
        timings_ms: Milliseconds by stage, in order.
        request_id: For the operator's log.
    """

    faces: Sequence[Mapping[str, Any]]
    width: int
    height: int
    timings_ms: Mapping[str, float]
    request_id: str


def swap_request(
    sources: File | Sequence[File],
    target: File,
    options: Options | None,
    *,
    media_type: str | None,
    reference: File | Sequence[File] | None,
    source_id: str | None = None,
    timeout_s: float,
) -> dict[str, Any]:
    """Return httpx's arguments for a swap."""
    parts = [("source", file) for file in several(sources)]
    parts.append(("target", target))
    parts += [("reference", file) for file in several(() if reference is None else reference)]
    data = {"options": json.dumps(dict(options))} if options else {}
    if source_id is not None:
        data["source_id"] = source_id
    return {
        "method": "POST",
        "url": "/v1/swaps",
        "files": [(name, (name, read(file), "application/octet-stream")) for name, file in parts],
        "data": data or None,
        "headers": headers_for(media_type or "image/*", timeout_s),
        "timeout": timeout_s + 5,
    }


def faces_request(image: File, options: Options | None, *, timeout_s: float) -> dict[str, Any]:
    """Return httpx's arguments for an analysis."""
    return {
        "method": "POST",
        "url": "/v1/faces",
        "files": [("image", ("image", read(image), "application/octet-stream"))],
        "data": {"options": json.dumps(dict(options))} if options else None,
        "headers": headers_for(JSON, timeout_s),
        "timeout": timeout_s + 5,
    }


def kept_request(method: str, folder: str, id: str | None, *, timeout_s: float) -> dict[str, Any]:
    """Return httpx's arguments for one thing that is kept, or for all without an id."""
    return {
        "method": method,
        "url": folder if id is None else f"{folder}/{quote(id, safe='')}",
        "headers": {"Accept": JSON},
        "timeout": timeout_s,
    }


def swap_result(response: httpx.Response) -> SwapResult:
    """Read the answer to a swap.

    Raises:
        SemblantError: the error the server reported, as the matching class.
        InternalError: if it is not an image, as from a foreign server.
    """
    raise_for_problem(response)
    headers = response.headers
    media_type = headers.get("content-type", "")
    warnings = headers.get("x-semblant-warnings", "none")
    try:
        found = int(headers["x-semblant-faces-found"])
        swapped = int(headers["x-semblant-faces-swapped"])
    except (KeyError, ValueError):
        raise InternalError(FOREIGN) from None
    if not media_type.startswith("image/"):
        raise InternalError(FOREIGN)
    return SwapResult(
        data=response.content,
        media_type=media_type,
        faces_found=found,
        faces_swapped=swapped,
        warnings=() if warnings == "none" else tuple(warnings.split(", ")),
        timings_ms=server_timing(headers.get("server-timing", "")),
        request_id=headers.get("x-request-id", ""),
        quality=quality_figures(headers.get("x-semblant-quality", "")),
    )


def faces_result(response: httpx.Response) -> FacesResult:
    """Read the answer to an analysis.

    Raises:
        SemblantError: the error the server reported, as the matching class.
        InternalError: if it is not a report, as from a foreign server.
    """
    raise_for_problem(response)
    try:
        body = response.json()
        return FacesResult(
            faces=body["faces"],
            width=body["size"]["width"],
            height=body["size"]["height"],
            timings_ms=body["timings_ms"],
            request_id=body["request_id"],
        )
    except (ValueError, KeyError, TypeError):
        raise InternalError(FOREIGN) from None


def models_result(response: httpx.Response) -> list[dict[str, Any]]:
    """Read the answer about all networks; raises as `faces_result`."""
    raise_for_problem(response)
    models = json_object(response).get("models")
    if not isinstance(models, list) or not all(isinstance(one, dict) for one in models):
        raise InternalError(FOREIGN)
    return models


def raise_for_problem(response: httpx.Response) -> None:
    """Raise the error a response reports, if any.

    Raises:
        SemblantError: the class of the problem's `code`, with its detail and findings; an
            `InternalError` for a response that is not one of our problem documents.
    """
    if deprecated := response.headers.get("x-semblant-deprecated"):
        warnings.warn(deprecated, DeprecationWarning, stacklevel=2)
    if response.is_success:
        return
    body = json_object(response)
    kind = error_class(str(body.get("code"))) or InternalError
    detail = body.get("detail")
    errors = body.get("errors")
    retry_after = response.headers.get("retry-after", "")
    raise kind(
        detail if isinstance(detail, str) else f"The server answered {response.status_code}.",
        errors=[e for e in errors if isinstance(e, dict)] if isinstance(errors, list) else (),
        extra={k: v for k, v in body.items() if k not in _STANDARD},
        retry_after_s=float(retry_after) if retry_after.isdecimal() else None,
    )


def request_failure(error: httpx.RequestError) -> SemblantError:
    """Return the error that stands for a request without an answer."""
    try:
        url = error.request.url
        server = f"The server {url.scheme}://{url.netloc.decode()}"
    except RuntimeError:  # it belongs to no request
        server = "The server"
    if isinstance(error, httpx.TimeoutException) and not isinstance(error, httpx.ConnectTimeout):
        return DeadlineExceeded(f"{server} did not answer in time.")
    if isinstance(error, httpx.TransportError):
        return InferenceUnavailable(f"{server} does not answer.")
    return InternalError(FOREIGN)


def several(files: File | Sequence[File]) -> list[File]:
    """Return a list of files, also of a single one."""
    one = isinstance(files, bytes | bytearray | memoryview | str | PathLike)
    if one or hasattr(files, "read") or hasattr(files, "__array_interface__"):
        return [cast(File, files)]
    return list(cast(Sequence[File], files))


def read(file: File) -> bytes:
    """Return a file's bytes; of an array or a picture of Pillow's those of a PNG.

    Raises:
        TypeError: it is of no type that a `File` may have.
        ValueError: an array is not of a shape and type that a picture has.
        OSError: it cannot be read.
    """
    file = in_memory(file)
    return file if isinstance(file, bytes) else Path(file).read_bytes()


def in_memory(file: File) -> bytes | str | PathLike[str]:
    """Return the bytes of an input that is not a path; raises as `read`."""
    if isinstance(file, bytes | str | PathLike):
        return file
    if isinstance(file, bytearray | memoryview):
        return bytes(file)
    if hasattr(file, "__array_interface__"):
        return _png(file)
    if hasattr(file, "read"):
        content = file.read()
        if isinstance(content, bytes):
            return content
        raise TypeError("the file is open for text; open it for bytes (`rb`)")
    raise TypeError(f"{type(file).__name__} is no picture: bytes, a path, a file or an array is")


def _png(pixels: Any) -> bytes:
    from PIL import Image, ImageOps  # noqa: PLC0415 - files need none of it

    if isinstance(pixels, Image.Image):
        image, profile = ImageOps.exif_transpose(pixels), pixels.info.get("icc_profile")
        if image.mode not in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"):
            image, profile = image.convert("RGB"), None
    else:
        told = pixels.__array_interface__
        shape, kind = tuple(told["shape"]), told["typestr"]
        plane = len(shape) == 2 or (len(shape) == 3 and shape[2] in (3, 4))
        if kind != "|u1" or not plane or 0 in shape:
            raise ValueError(
                f"an array is uint8, (H, W), (H, W, 3) RGB or (H, W, 4) RGBA, not {kind} {shape}"
            )
        image, profile = Image.fromarray(pixels), None
    out = BytesIO()
    image.save(out, "PNG", compress_level=1, icc_profile=profile)
    return out.getvalue()


def write_atomically(path: Path, data: bytes) -> Path:
    """Write a file atomically, creating its folder; returns the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{secrets.token_hex(8)}.part")  # two writers must not share one
    try:
        part.write_bytes(data)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path


def headers_for(media_type: str, timeout_s: float) -> dict[str, str]:
    """Return what every request for work says of the answer."""
    return {"Accept": media_type, "X-Request-Timeout": f"{timeout_s:g}"}


def server_timing(header: str) -> dict[str, float]:
    """Return a `Server-Timing` header's milliseconds by stage."""
    return {name: float(ms) for name, ms in _STAGE.findall(header)}


def quality_figures(header: str) -> dict[str, float]:
    """Return an `X-Semblant-Quality` header's figures by name."""
    return {name: float(value) for name, value in _FIGURE.findall(header)}


def json_object(response: httpx.Response) -> dict[str, Any]:
    """Return a response's JSON object; an empty one if it has none."""
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
