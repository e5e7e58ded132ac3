"""Requests and answers shown in the OpenAPI document: tracks, and libraries of expressions."""

from __future__ import annotations

from typing import Any

from gateway.http.examples.swaps import FILE, WORK_HEADERS, form
from gateway.http.request.negotiate import NDJSON

TRACKS_DESCRIPTION = """
Send `multipart/form-data`: a `video` (MP4, QuickTime, Matroska, WebM, AVI, MPEG-TS, MPEG-PS, WMV,
FLV, MXF, or an animated GIF, PNG, WebP or AVIF), and optionally `options` (JSON).

The answer has one line of JSON for each frame that was looked at. The largest face is followed;
among several it is the one nearest to where it was. After eight frames the expression is told given
who the person is by all frames so far. That starts afresh where another face appears, or none was
seen for half a second.

If a part of the video cannot be read, the rest is used, and `X-Semblant-Warnings` is `damaged`.
"""
ENROL_DESCRIPTION = """
Send `multipart/form-data`: pictures of one person (`frame`, several), a video of the person
(`video`), or both, and optionally `options` (JSON). Of each picture the largest usable face counts,
of a video the one that is followed, at most ten times a second.

Coefficients and a small picture of each entry are kept until the library is deleted. A library is
biometric data of a person, who must have agreed. Whoever can reach the service can see all
libraries.
"""

TRACK_HEADERS = {
    "Server-Timing": "Milliseconds by stage, such as `analyse;dur=41.2`.",
    "X-Semblant-Warnings": "`damaged`, or `none`.",
}
ENROL_HEADERS = {
    "Location": "Address of the library.",
    "Server-Timing": TRACK_HEADERS["Server-Timing"],
}

TRACKS_REQUEST: dict[str, Any] = {
    "parameters": WORK_HEADERS,
    "requestBody": form(
        {
            "video": {**FILE, "description": "The video."},
            "options": {"$ref": "#/components/schemas/TrackOptions"},
        },
        ["video"],
        {"video": "(bytes of interview.mp4)", "options": {"every": 2}},
    ),
}
ENROL_REQUEST: dict[str, Any] = {
    "parameters": WORK_HEADERS,
    "requestBody": form(
        {
            "frame": {"type": "array", "items": FILE, "description": "Pictures of one person."},
            "video": {**FILE, "description": "A video of the person."},
            "options": {"$ref": "#/components/schemas/EnrolOptions"},
        },
        [],
        {"video": "(bytes of interview.mp4)", "options": {"name": "Alice", "count": 12}},
    ),
}
_ID = "exp_4bf92f3577b34da6a3ce929d0e0e4736"
LIBRARY_PARAMETERS: dict[str, Any] = {
    "parameters": [
        {
            "name": "id",
            "in": "path",
            "required": True,
            "schema": {"type": "string", "pattern": "^exp_[0-9a-f]{32}$"},
            "example": _ID,
        }
    ]
}
MATCH_REQUEST: dict[str, Any] = {
    **LIBRARY_PARAMETERS,
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"$ref": "#/components/schemas/MatchRequest"},
                "example": {"controls": {"mouthSmileLeft": 0.6, "mouthSmileRight": 0.6}, "last": 0},
            }
        },
    },
}

TRACK_LINES: tuple[dict[str, Any], ...] = (
    {"frame": 0, "time_s": 0.0, "face": None},
    {
        "frame": 1,
        "time_s": 0.04,
        "box": [168.2, 68.31, 275.47, 197.92],
        "pose": [4.1, -12.73, -6.02],
        "reliability": 0.901,
        "controls": {"jawOpen": 0.031, "mouthSmileLeft": 0.512},
    },
)
TRACK: dict[str, Any] = {
    NDJSON: {
        "schema": {"$ref": "#/components/schemas/TrackLine"},
        "examples": {
            "no face": {"value": TRACK_LINES[0]},
            "a face": {"value": TRACK_LINES[1]},
        },
    }
}
_NAMED = {"id": _ID, "name": "Alice", "created": "2026-08-02T09:30:00.250000+00:00"}
LIBRARY: dict[str, Any] = {
    **_NAMED,
    "entries": [
        {
            "index": 0,
            "controls": {"jawOpen": 0.0211, "mouthSmileLeft": 0.6402},
            "reliability": 0.9107,
        }
    ],
}
NEW_LIBRARY: dict[str, Any] = {
    **LIBRARY,
    "skipped": [{"origin": "frame", "index": 2, "reason": "no_face"}],
    "warnings": [],
}
LIBRARY_LIST: dict[str, Any] = {"libraries": [{**_NAMED, "size": 1}]}
LIBRARY_MATCH: dict[str, Any] = {
    "index": 0,
    "distance": 2.3107,
    "controls": {"jawOpen": 0.0211, "mouthSmileLeft": 0.6402},
}
