"""Answers shown in the OpenAPI document; each belongs to a model, which a test validates."""

from __future__ import annotations

from typing import Any

_REQUEST_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
JOB_ID = f"job_{_REQUEST_ID}"
UPLOAD_ID = f"upl_{_REQUEST_ID}"
LIBRARY_ID = f"exp_{_REQUEST_ID}"
IDENTITY_ID = f"idn_{_REQUEST_ID}"
_TIME = "2026-08-02T09:30:00.250000+00:00"
STATEMENT = "The person shown has agreed that their face is kept and put into pictures."
_MODELS = ["blazeface_short", "blazeface_full", "face_mesh", "iris", "face_3dmm"]
FACE_FIGURES: dict[str, Any] = {
    "box": {"left": 168.2, "top": 68.31, "right": 275.47, "bottom": 197.92},
    "pose": {"pitch": 4.1, "yaw": -12.73, "roll": -6.02},
    "quality": {"width_px": 104.8, "sharpness": 0.4512, "visible": 1.0, "score": 0.5104},
    "score": 0.9312,
    "presence": 0.9991,
    "warnings": [],
}
VERIFY_REPORT: dict[str, Any] = {
    "verdict": "intact",
    "meaning": "The credentials are intact and fit the file: it is as it was signed.",
    "synthetic": True,
    "provenance_id": "5f2c9e01a7b4",
    "findings": [
        {"mark": "credentials", "state": "untrusted", "detail": "Acme Studio"},
        {"mark": "metadata", "state": "intact", "detail": "AIGC of Acme Studio"},
        {"mark": "watermark", "state": "intact", "detail": "5f2c9e01a7b4"},
    ],
    "credentials": {
        "validity": "valid",
        "problems": [],
        "signer": "Acme Studio",
        "signed": None,
        "generator": "Semblant",
        "reference": "4bf92f3577b34da6a3ce929d0e0e4736",
        "consent": "contract 2026-17",
        "models": ["face_mesh", "iris"],
        "ingredients": ["target", "source 0"],
    },
    "metadata": {
        "source_type": "http://cv.iptc.org/newscodes/digitalsourcetype/"
        "compositeWithTrainedAlgorithmicMedia",
        "producer": "Acme Studio",
        "produce_id": "5f2c9e01a7b4",
    },
    "watermarks": [
        {"provenance_id": "5f2c9e01a7b4", "probability": 1.0, "share": 1.0, "turn_deg": 0.0}
    ],
    "timings_ms": {"credentials": 3.1, "watermark": 61.0},
    "request_id": "4bf92f3577b34da6a3ce929d0e0e4736",
}
SWAP_REPORT: dict[str, Any] = {
    "provenance_id": "5f2c9e01a7b4",
    "content": {"source": 0.0021, "result": 0.0032},
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
                "patchiness": 0.2114,
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

# Tracks and libraries of expressions

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
_LIBRARY = {"id": LIBRARY_ID, "name": "Alice", "created": _TIME}
LIBRARY: dict[str, Any] = {
    **_LIBRARY,
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
LIBRARY_LIST: dict[str, Any] = {"libraries": [{**_LIBRARY, "size": 1}]}
LIBRARY_MATCH: dict[str, Any] = {
    "index": 0,
    "distance": 2.3107,
    "controls": {"jawOpen": 0.0211, "mouthSmileLeft": 0.6402},
}
MATCH_REQUEST: dict[str, Any] = {
    "controls": {"mouthSmileLeft": 0.6, "mouthSmileRight": 0.6},
    "last": 0,
}

# Identities

_IDENTITY = {
    "id": IDENTITY_ID,
    "name": "Alice",
    "created": _TIME,
    "size": 1,
    "consent": {
        "given": _TIME,
        "statement": STATEMENT,
        "subject": "actor-17",
        "purposes": ["dubbing"],
        "media": ["picture", "video"],
        "valid_from": None,
        "valid_until": "2027-08-02T00:00:00+00:00",
        "evidence_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "withdrawn": None,
        "record_sha256": "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752",
    },
    "protected": False,
}
IDENTITY: dict[str, Any] = {**_IDENTITY, "portraits": [FACE_FIGURES], "inconsistent_portraits": []}
IDENTITY_LIST: dict[str, Any] = {"identities": [_IDENTITY]}

# Jobs and uploads

_PLACE = f"/v1/jobs/{JOB_ID}"
JOB: dict[str, Any] = {
    "id": JOB_ID,
    "status": "processing",
    "stage": "making",
    "queue_position": None,
    "workers": 2,
    "percent": 41.7,
    "frames": 125,
    "total": 300,
    "fps": 6.25,
    "eta_s": 28.0,
    "priority": "normal",
    "created": "2026-08-02T09:30:00.250000+00:00",
    "started": "2026-08-02T09:30:01.100000+00:00",
    "completed": None,
    "deadline": None,
    "expires": None,
    "source_id": None,
    "options": {},
    "webhook": {"url": "https://example.com/hook", "events": ["completed"]},
    "error": None,
    "resumable": False,
    "output": None,
    "report": None,
    "urls": {
        "get": _PLACE,
        "events": f"{_PLACE}/events",
        "cancel": f"{_PLACE}/cancel",
        "resume": f"{_PLACE}/resume",
        "output": f"{_PLACE}/output",
    },
}
JOB_LIST: dict[str, Any] = {"jobs": [JOB], "next": None}
UPLOAD: dict[str, Any] = {
    "id": UPLOAD_ID,
    "length": 104857600,
    "offset": 0,
    "expires": "2026-08-03T09:30:00+00:00",
}
