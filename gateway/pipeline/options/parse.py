"""Options parsed from JSON, with every finding reported."""

from __future__ import annotations

import json
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from gateway.deprecations import with_new_options
from gateway.errors import InvalidOptions

Model = TypeVar("Model", bound=BaseModel)


def read_options(
    kind: type[Model], document: str | bytes | dict[str, Any] | None, *, field: str = "options"
) -> Model:
    """Read options from JSON or a dictionary; None and "" mean all defaults.

    Args:
        kind: The model.
        document: The options.
        field: Name of the form field they came in, for error messages.

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
            what = "The options are" if field == "options" else f"The field `{field}` is"
            raise InvalidOptions(
                f"{what} not valid JSON.", errors=[{"pointer": "", "detail": "not JSON"}]
            ) from error
    if isinstance(document, dict):
        document = with_new_options(document)
    try:
        return kind.model_validate(document)
    except ValidationError as error:
        raise InvalidOptions(errors=findings(error, kind)) from error


def findings(error: ValidationError, kind: type[BaseModel]) -> list[dict[str, str]]:
    """Return a validation error's findings as JSON pointers (RFC 6901) and sentences.

    Args:
        error: Of the validation.
        kind: The model, whose fields are suggested for unknown names.
    """
    return [
        {
            "pointer": "".join(
                "/" + str(part).replace("~", "~0").replace("/", "~1") for part in item["loc"]
            ),
            "detail": _sentence(item["type"], item["loc"], item["msg"], kind),
        }
        for item in error.errors(include_url=False, include_context=False, include_input=False)
    ]


def _sentence(fault: str, place: Sequence[int | str], message: str, kind: type[BaseModel]) -> str:
    if fault == "extra_forbidden":
        near = get_close_matches(str(place[-1]), _names_at(kind, place[:-1]), n=1)
        return f"unknown option; did you mean `{near[0]}`?" if near else "unknown option"
    if fault == "tuple_type":
        return "a list is needed"
    return message.removeprefix("Value error, ")


def _names_at(kind: type[BaseModel], groups: Sequence[int | str]) -> list[str]:
    """Return the names of the options in a group, by the way there from the model."""
    for name in groups:
        if isinstance(name, int):
            continue
        field = kind.model_fields.get(name)
        inner = [] if field is None else (field.annotation, *get_args(field.annotation))
        models = [k for k in inner if isinstance(k, type) and issubclass(k, BaseModel)]
        if not models:
            return []
        kind = models[0]
    return list(kind.model_fields)
