"""Videos and libraries of expressions: what goes over the wire and comes back, for both clients."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from gateway.errors import InternalError
from semblant.calls import (
    FOREIGN,
    JSON,
    File,
    Options,
    headers_for,
    json_object,
    kept_request,
    raise_for_problem,
    read,
    server_timing,
    several,
    write_atomically,
)

VIDEO_TIMEOUT_S = 600.0
"""Seconds that a video may take."""
JSON_LINES = "application/x-ndjson"


@dataclass(frozen=True, slots=True)
class TrackResult:
    """The expression of a face in every frame of a video; iterates over the frames.

    Attributes:
        frames: One mapping per frame, as the API documents it; without `controls` where there is
            no face.
        warnings: `damaged` if a part of the video could not be read.
        timings_ms: Milliseconds by stage, in order.
        request_id: For the operator's log.
    """

    frames: Sequence[Mapping[str, Any]]
    warnings: tuple[str, ...]
    timings_ms: Mapping[str, float]
    request_id: str

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        """Iterate over the frames."""
        return iter(self.frames)

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.frames)

    def lines(self) -> Iterator[str]:
        """Yield each frame as a line of JSON, without its end."""
        return (json.dumps(frame, separators=(",", ":")) for frame in self.frames)

    def save(self, path: str | Path) -> Path:
        """Write the frames as JSON Lines; atomically, so that a partial file is never visible."""
        return write_atomically(Path(path), "".join(f"{x}\n" for x in self.lines()).encode())


@dataclass(frozen=True, slots=True)
class Library:
    """A library of expressions.

    Attributes:
        id: `exp_` and 32 hexadecimal digits.
        name: The name given by its creator.
        created: When, ISO 8601, UTC.
        size: Number of entries.
        entries: One mapping per entry, as the API documents it; none in a list of libraries.
        skipped: For a new library: the inputs that gave no entry, with reasons.
        warnings: For a new library: `damaged` if a part of the video could not be read.
    """

    id: str
    name: str
    created: str
    size: int
    entries: Sequence[Mapping[str, Any]] = ()
    skipped: Sequence[Mapping[str, Any]] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExpressionMatch:
    """The entry of a library that is nearest to an expression.

    Attributes:
        index: Its number in the library, from 0.
        distance: Its distance, relative to the spread of all expressions.
        controls: Its named controls, each 0–1.
    """

    index: int
    distance: float
    controls: Mapping[str, float]


def track_request(video: File, options: Options | None, *, timeout_s: float) -> dict[str, Any]:
    """Return httpx's arguments for a track."""
    return {
        "method": "POST",
        "url": "/v1/tracks",
        "files": [("video", ("video", read(video), "application/octet-stream"))],
        "data": {"options": json.dumps(dict(options))} if options else None,
        "headers": headers_for(JSON_LINES, timeout_s),
        "timeout": timeout_s + 5,
    }


def enrol_request(
    frames: File | Sequence[File],
    video: File | None,
    *,
    name: str,
    count: int | None,
    timeout_s: float,
) -> dict[str, Any]:
    """Return httpx's arguments for creating a library."""
    files = [("frame", ("frame", read(f), "application/octet-stream")) for f in several(frames)]
    if video is not None:
        files.append(("video", ("video", read(video), "application/octet-stream")))
    options = {"name": name} | ({} if count is None else {"count": count})
    # As a part with a type, so that the body is a form of parts even without a file.
    files.append(("options", ("options", json.dumps(options).encode(), JSON)))
    return {
        "method": "POST",
        "url": "/v1/expression-libraries",
        "files": files,
        "headers": headers_for(JSON, timeout_s),
        "timeout": timeout_s + 5,
    }


def library_request(method: str, id: str | None = None, *, timeout_s: float) -> dict[str, Any]:
    """Return httpx's arguments for one library, or for all without an id."""
    return kept_request(method, "/v1/expression-libraries", id, timeout_s=timeout_s)


def match_request(
    id: str, controls: Mapping[str, float], last: int | None, *, timeout_s: float
) -> dict[str, Any]:
    """Return httpx's arguments for finding an expression in a library."""
    arguments = library_request("POST", id, timeout_s=timeout_s)
    wanted = {"controls": dict(controls), "last": last}
    return arguments | {"url": f"{arguments['url']}/match", "json": wanted}


def track_result(response: httpx.Response) -> TrackResult:
    """Read the answer to a track.

    Raises:
        SemblantError: the error the server reported, as the matching class.
        InternalError: if it is not a track, as from a foreign server.
    """
    raise_for_problem(response)
    warnings = response.headers.get("x-semblant-warnings", "none")
    try:
        frames = [json.loads(line) for line in response.text.splitlines()]
    except ValueError:
        raise InternalError(FOREIGN) from None
    if not all(isinstance(frame, dict) and "frame" in frame for frame in frames):
        raise InternalError(FOREIGN)
    return TrackResult(
        frames=frames,
        warnings=() if warnings == "none" else tuple(warnings.split(", ")),
        timings_ms=server_timing(response.headers.get("server-timing", "")),
        request_id=response.headers.get("x-request-id", ""),
    )


def library_result(response: httpx.Response) -> Library:
    """Read the answer about one library; raises as `track_result`."""
    body = _body(response)
    try:
        return read_library(body)
    except (KeyError, TypeError):
        raise InternalError(FOREIGN) from None


def libraries_result(response: httpx.Response) -> list[Library]:
    """Read the answer about all libraries; raises as `track_result`."""
    body = _body(response)
    try:
        return [read_library(library) for library in body["libraries"]]
    except (KeyError, TypeError):
        raise InternalError(FOREIGN) from None


def match_result(response: httpx.Response) -> ExpressionMatch:
    """Read the answer to a search in a library; raises as `track_result`."""
    body = _body(response)
    try:
        return ExpressionMatch(body["index"], body["distance"], body["controls"])
    except (KeyError, TypeError):
        raise InternalError(FOREIGN) from None


def read_library(body: Mapping[str, Any]) -> Library:
    """Return a library of its object; raises `KeyError` if it is none."""
    entries = body.get("entries", ())
    return Library(
        id=body["id"],
        name=body["name"],
        created=body["created"],
        size=body.get("size", len(entries)),
        entries=entries,
        skipped=body.get("skipped", ()),
        warnings=tuple(body.get("warnings", ())),
    )


def _body(response: httpx.Response) -> dict[str, Any]:
    raise_for_problem(response)
    return json_object(response)
