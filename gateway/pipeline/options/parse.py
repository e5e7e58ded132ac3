"""Options parsed from JSON, with every finding reported."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from gateway.deprecations import with_new_options
from gateway.errors import InvalidOptions

Model = TypeVar("Model", bound=BaseModel)


def read_options(kind: type[Model], document: str | bytes | dict[str, Any] | None) -> Model:
    """Read options from JSON or a dictionary; None and "" mean all defaults.

    Raises:
        InvalidOptions: with every finding, each with its JSON pointer.
        UnknownModel: for an unknown model name.
    """
    if document is None or document in ("", b""):
        return kind()
    if not isinstance(document, dict):
        try:
            document = json.loads(document)
        except (ValueError, RecursionError) as error:
            raise InvalidOptions(
                "The options are not valid JSON.", errors=[{"pointer": "", "detail": "not JSON"}]
            ) from error
    if isinstance(document, dict):
        document = with_new_options(document)
    try:
        return kind.model_validate(document)
    except ValidationError as error:
        raise InvalidOptions(errors=findings(error)) from error


def findings(error: ValidationError) -> list[dict[str, str]]:
    """Return a validation error's findings as JSON pointers (RFC 6901) and sentences."""
    return [
        {
            "pointer": "".join(
                "/" + str(part).replace("~", "~0").replace("/", "~1") for part in item["loc"]
            ),
            "detail": item["msg"].removeprefix("Value error, "),
        }
        for item in error.errors(include_url=False, include_context=False, include_input=False)
    ]
