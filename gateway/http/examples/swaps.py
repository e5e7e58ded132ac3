"""Requests and answers shown in the OpenAPI document."""

from __future__ import annotations

from typing import Any

SWAPS_DESCRIPTION = """
Send `multipart/form-data`: one or more `source` pictures of one person, a `target` picture, and
optionally `options` (JSON) and a `reference` picture of the person meant.

With `options.mapping` the sources may be of several people, and each entry says which of them are
one person and who in the target gets that face. Entries by `reference` are matched one to one, such
that the faces are nearest in sum. No face is changed twice; those that are nearer to the camera are
changed last, and stay before the others.

`Accept` decides about the answer. An image type gives the picture; `application/json` gives a
report of figures, which also holds the picture (Base64) with `?inline=true`. With `*/*` it is the
picture in the format of `options.output.format`, else in the target's own. Transparency of the
target is kept where the format can.

With `options.processors` = `["face_enhancer"]` the target's own faces are made clearer, and no
source is needed. With `frame_enhancer` as the last of them all of the picture is.

With the picture come `Server-Timing` (milliseconds by stage), `X-Semblant-Faces-Found`,
`X-Semblant-Faces-Swapped`, `X-Semblant-Warnings` and `X-Semblant-Quality`.

Every swapped face is measured. `options.quality.limits` ask for figures; faces that do not meet
them are fused in other ways, and if none of these is good enough the answer is the error
`quality_below_threshold`, with the figures of the best one.

`X-Request-Timeout` (seconds) shortens the time the work may take after the upload;
`X-Request-Id` is echoed.
"""
FACES_DESCRIPTION = """
Send `multipart/form-data`: an `image`, and optionally `options` (JSON). A picture without a face
is no error: `faces` is empty.

`identity` of a face, its shape in numbers, tells people apart. It is biometric data, and only
answered if the option `identity` is true.
"""

SWAP_HEADERS = {
    "Server-Timing": "Milliseconds by stage, such as `analyse;dur=41.2`.",
    "X-Semblant-Faces-Found": "Faces of the target. With a picture only, as the next three.",
    "X-Semblant-Faces-Swapped": "Faces that were changed.",
    "X-Semblant-Warnings": "What may have spoiled the result, as in a report; or `none`.",
    "X-Semblant-Quality": "Figures of the swapped faces, of each the worst, such as "
    "`seam_ratio=1.08, ring_delta_e=4.48`; or `none`.",
    "X-Request-Id": "The request's name in the service's log.",
}

WORK_HEADERS: list[dict[str, Any]] = [
    {
        "name": "X-Request-Timeout",
        "in": "header",
        "description": "Seconds the work may take, queue included; at most the service's limit.",
        "schema": {"type": "number", "exclusiveMinimum": 0},
        "example": 5,
    },
    {
        "name": "X-Request-Id",
        "in": "header",
        "description": "Echoed, and in the log: 1–64 letters, digits, `.`, `_`, `:`, `-`.",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._:-]{1,64}$"},
    },
]


def form(properties: dict[str, Any], required: list[str], example: Any) -> dict[str, Any]:
    """Return OpenAPI's request body for a form."""
    return {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": properties,
                    "required": required,
                    "additionalProperties": False,
                },
                "encoding": {"options": {"contentType": "application/json"}},
                "example": example,
            }
        },
    }


FILE = {"type": "string", "contentMediaType": "application/octet-stream"}

SWAPS_REQUEST: dict[str, Any] = {
    "parameters": [
        {
            "name": "inline",
            "in": "query",
            "description": "Whether a report holds the picture.",
            "schema": {"type": "boolean", "default": False},
        },
        *WORK_HEADERS,
    ],
    "requestBody": form(
        {
            "source": {
                "type": "array",
                "items": FILE,
                "description": "Portraits of one person, or of those that `mapping` names; for "
                "each face, and for its eyes and mouth, the one is used that is nearest in pose, "
                "expression and light. Required, unless the person stays and nothing but an "
                "expression of a library or by name is given, or nothing is done but making "
                "clearer. JPEG, PNG, WebP, BMP, TIFF, AVIF or HEIC.",
            },
            "source_id": {
                "type": "string",
                "pattern": "^idn_[0-9a-f]{32}$",
                "description": "An enrolled identity, instead of `source`.",
            },
            "target": {**FILE, "description": "The picture to change."},
            "reference": {
                "type": "array",
                "items": FILE,
                "description": "The person meant, for `face_selector.mode` = `reference`; several "
                "for `mapping`.",
            },
            "options": {"$ref": "#/components/schemas/SwapOptions"},
        },
        ["target"],
        {
            "source": ["(bytes of alice.jpg)"],
            "target": "(bytes of group.png)",
            "options": {"face_selector": {"mode": "many"}, "output": {"format": "webp"}},
        },
    ),
}
FACES_REQUEST: dict[str, Any] = {
    "parameters": WORK_HEADERS,
    "requestBody": form(
        {
            "image": {**FILE, "description": "The picture to look at."},
            "options": {"$ref": "#/components/schemas/FacesOptions"},
        },
        ["image"],
        {"image": "(bytes of group.png)", "options": {"landmarks": False}},
    ),
}
PROBLEM_PARAMETERS: dict[str, Any] = {
    "parameters": [
        {
            "name": "code",
            "in": "path",
            "required": True,
            "schema": {"type": "string"},
            "example": "no_face_in_target",
        }
    ]
}

_REQUEST_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
_MODELS = ["blazeface_short", "blazeface_full", "face_mesh", "iris", "face_3dmm"]
FACE_FIGURES: dict[str, Any] = {
    "box": {"left": 168.2, "top": 68.31, "right": 275.47, "bottom": 197.92},
    "pose": {"pitch": 4.1, "yaw": -12.73, "roll": -6.02},
    "quality": {"width_px": 104.8, "sharpness": 0.4512, "visible": 1.0, "score": 0.5104},
    "score": 0.9312,
    "presence": 0.9991,
    "warnings": [],
}
SWAP_REPORT: dict[str, Any] = {
    "size": {"width": 512, "height": 512},
    "faces": [
        {
            **FACE_FIGURES,
            "source": 0,
            "source_id": None,
            "entry": None,
            "patches": {},
            "controls": None,
            "inpainting_sources": {},
            "reference": None,
            "notes": ["lips_closed_over"],
            "swapper": "mesh",
            "restorer": None,
            "enhancer": None,
            "result_quality": {
                "seam_ratio": 1.0793,
                "ring_delta_e": 4.4755,
                "target_ring_delta_e": 4.1143,
                "sharpness_ratio": 0.8142,
                "outside_psnr_db": None,
                "outside_ssim": 1.0,
                "found": True,
                "identity_distance": 0.4101,
                "target_identity_distance": 0.6089,
                "expression_error": 0.0181,
                "pose_error_deg": 3.215,
                "findings": [],
                "attempts": 1,
                "color": "adaptive",
                "blend": "poisson",
            },
        }
    ],
    "sources": [FACE_FIGURES],
    "unmatched": [],
    "swapper": "mesh",
    "frame_enhancer": None,
    "notes": [],
    "models": [*_MODELS, "face_occlusion"],
    "timings_ms": {
        "queue": 0.02,
        "decode": 8.4,
        "analyse": 14.2,
        "select": 0.01,
        "swap": 9.8,
        "fuse": 4.1,
        "quality": 31.2,
    },
    "request_id": _REQUEST_ID,
    "image": None,
}
FACES_REPORT: dict[str, Any] = {
    "size": {"width": 512, "height": 512},
    "faces": [
        {
            **FACE_FIGURES,
            "landmarks_5": [
                [202.2, 109.8],
                [246.6, 105.2],
                [230.1, 134.9],
                [209.4, 157.3],
                [250.6, 153.1],
            ],
            "landmarks": None,
            "expression": {
                "reliability": 0.9012,
                "residual": 0.0069,
                "controls": {"jawOpen": 0.0312, "mouthSmileLeft": 0.5119, "browInnerUp": 0.0},
                "residuals": [0.3311, -0.8102],
            },
            "identity": None,
        }
    ],
    "models": _MODELS,
    "timings_ms": {"queue": 0.02, "decode": 6.1, "analyse": 12.9},
    "request_id": _REQUEST_ID,
}
MODEL_LIST: dict[str, Any] = {
    "models": [
        {
            "name": "face_mesh",
            "title": "Face Mesh, 468 points",
            "task": "face landmarks",
            "license": "Apache-2.0",
            "credit": "Google MediaPipe",
            "commercial": True,
            "version": "1",
            "ready": True,
            "reason": "",
        }
    ]
}
PROBLEM_PAGE: dict[str, Any] = {
    "code": "no_face_in_target",
    "title": "No face was found in the target picture.",
    "status": 422,
    "grpc_status": "FAILED_PRECONDITION",
    "retryable": False,
}
