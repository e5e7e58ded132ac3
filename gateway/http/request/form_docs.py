"""OpenAPI's description of forms and of bodies of bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.http.request.forms import Field

FILE = {"type": "string", "contentMediaType": "application/octet-stream"}
JSON_TEXT = {"contentType": "application/json"}


def form_body(fields: Mapping[str, Field], example: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of an OpenAPI operation that describe its form."""
    required = [
        name
        for name, field in fields.items()
        if (field.least > 0 if field.required is None else field.required)
    ]
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {name: _property(field) for name, field in fields.items()},
        "additionalProperties": False,
    }
    if required:
        schema["required"] = required
    content: dict[str, Any] = {"schema": schema, "example": dict(example)}
    if encoding := {name: JSON_TEXT for name, field in fields.items() if field.model}:
        content["encoding"] = encoding
    return {"requestBody": {"required": True, "content": {"multipart/form-data": content}}}


def bytes_body(media_type: str, *, required: bool = True) -> dict[str, Any]:
    """Return the members of an OpenAPI operation that describe its body of bytes."""
    return {"requestBody": {"required": required, "content": {media_type: {"schema": FILE}}}}


def _property(field: Field) -> dict[str, Any]:
    if field.model is not None:
        return {"$ref": f"#/components/schemas/{field.model.__name__}"}
    described = {"description": field.description} if field.description else {}
    if not field.file:
        return {"type": "string", **field.schema, **described}
    if field.most == 1:
        return {**FILE, **described}
    return {"type": "array", "items": FILE, **described}
