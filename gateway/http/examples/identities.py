"""Requests and answers shown in the OpenAPI document: enrolled identities."""

from __future__ import annotations

from typing import Any

from gateway.http.examples.swaps import FACE_FIGURES, FILE, WORK_HEADERS, form
from gateway.http.examples.videos import ENROL_HEADERS
from gateway.http.schemas.identities import STATEMENT

IDENTIFY_DESCRIPTION = """
Send `multipart/form-data`: portraits of one person (`source`, several), and `options` (JSON) with
`consent`: true, by which you state that the person has agreed. Of each portrait the largest face
counts.

Kept are a crop of each portrait, what was found in it, a descriptor that tells the person from
others, and the statement with its time, until the identity is deleted. All this is biometric data.
Whoever can reach the service can see and use all identities.

A swap takes the id as `source_id` instead of `source` pictures, and in entries of `mapping`.
"""
_ID = "idn_4bf92f3577b34da6a3ce929d0e0e4736"
_TIME = "2026-08-02T09:30:00.250000+00:00"
IDENTITY_PARAMETERS: dict[str, Any] = {
    "parameters": [
        {
            "name": "id",
            "in": "path",
            "required": True,
            "schema": {"type": "string", "pattern": "^idn_[0-9a-f]{32}$"},
            "example": _ID,
        }
    ]
}
IDENTIFY_HEADERS = {**ENROL_HEADERS, "Location": "Address of the identity."}
IDENTIFY_REQUEST: dict[str, Any] = {
    "parameters": WORK_HEADERS,
    "requestBody": form(
        {
            "source": {"type": "array", "items": FILE, "description": "Portraits of one person."},
            "options": {"$ref": "#/components/schemas/IdentityOptions"},
        },
        ["source", "options"],
        {"source": ["(bytes of alice.jpg)"], "options": {"name": "Alice", "consent": True}},
    ),
}
_NAMED = {
    "id": _ID,
    "name": "Alice",
    "created": _TIME,
    "size": 1,
    "consent": {"given": _TIME, "statement": STATEMENT},
}
IDENTITY: dict[str, Any] = {**_NAMED, "portraits": [FACE_FIGURES], "inconsistent_portraits": []}
IDENTITY_LIST: dict[str, Any] = {"identities": [_NAMED]}
