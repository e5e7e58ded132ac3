"""Options, as users write them, as messages; what no message can say is told as the service would.

The service checks ranges. Here are found names and values that messages do not have.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, TypeVar

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message

from gateway.deprecations import with_new_options
from gateway.errors import InvalidOptions, UnknownModel
from semblant.rpc.documents import fields_of, spellings
from semblant.v1 import annotations_pb2
from semblant.v1.annotations_pb2 import Constraint, Expression

M = TypeVar("M", bound=Message)
_MODEL_NAMES = ("swapper_model",)
"""Options whose unknown values are unknown models."""


class _Unfit(Exception):
    """A value that a field cannot hold; its text is the finding."""


def options_message(kind: type[M], options: Mapping[str, Any] | None) -> M:
    """Return options as a message.

    Raises:
        InvalidOptions: with every finding, each with its JSON pointer.
        UnknownModel: there is no such swapper.
    """
    message = kind()
    findings: list[dict[str, str]] = []
    _fill(message, with_new_options(dict(options or {})), "", findings)
    if findings:
        raise InvalidOptions(errors=findings)
    return message


def _fill(
    message: Message, values: Mapping[str, Any], place: str, findings: list[dict[str, str]]
) -> None:
    fields = {field.name: field for field in fields_of(message)}
    for name, value in values.items():
        where = f"{place}/{str(name).replace('~', '~0').replace('/', '~1')}"
        field = fields.get(name)
        try:
            if field is None:
                raise _Unfit(_unknown(str(name), list(fields)))
            _put(message, field, value, where, findings)
        except _Unfit as unfit:
            findings.append({"pointer": where, "detail": str(unfit)})


def _unknown(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f"unknown option; did you mean `{near[0]}`?" if near else "unknown option"


def _put(
    message: Message, field: FieldDescriptor, value: Any, place: str, findings: list[dict[str, str]]
) -> None:
    rule = field.GetOptions().Extensions[annotations_pb2.constraint]
    if value is None:
        if field.message_type is not None or (rule.default_json or "null") != "null":
            raise _Unfit("Input should not be null")
        return  # null, and no value, are the same of an option without a default
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        _put_numbers(getattr(message, field.name), value)
    elif field.is_repeated:
        _put_list(getattr(message, field.name), field, rule, value, place, findings)
    elif field.message_type is not None:
        _put_message(getattr(message, field.name), value, place, findings)
    else:
        _assign(lambda one: setattr(message, field.name, one), _scalar(field, value))


def _put_numbers(container: Any, value: Any) -> None:
    if not isinstance(value, Mapping):
        raise _Unfit("Input should be a valid dictionary")
    for name, number in value.items():
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise _Unfit(f"{name}: Input should be a valid number")
        container[str(name)] = number


def _put_list(
    container: Any,
    field: FieldDescriptor,
    rule: Constraint,
    value: Any,
    place: str,
    findings: list[dict[str, str]],
) -> None:
    if isinstance(value, str | bytes) or not isinstance(value, Sequence):
        raise _Unfit("a list is needed")
    if not value and json.loads(rule.default_json or "[]"):
        # A message without entries says that the default is wanted.
        raise _Unfit(f"should have at least {max(rule.min_items, 1)} item")
    for number, one in enumerate(value):
        try:
            if field.message_type is not None:
                _put_message(container.add(), one, f"{place}/{number}", findings)
            else:
                _assign(container.append, _scalar(field, one))
        except _Unfit as unfit:
            findings.append({"pointer": f"{place}/{number}", "detail": str(unfit)})


def _put_message(message: Message, value: Any, place: str, findings: list[dict[str, str]]) -> None:
    message.SetInParent()
    if isinstance(message, Expression):
        if isinstance(value, str):
            message.of = value
        elif isinstance(value, Mapping):
            message.controls.SetInParent()
            _put_numbers(message.controls.values, value)
        else:
            raise _Unfit("a word, the id of a library or an object of coefficients is needed")
    elif isinstance(value, Mapping):
        _fill(message, value, place, findings)
    else:
        raise _Unfit("Input should be a valid dictionary")


def _assign(put: Callable[[Any], None], value: Any) -> None:
    try:
        put(value)
    except (TypeError, ValueError) as error:  # such as a whole number of more than 32 bits
        raise _Unfit(str(error)) from None


def _scalar(field: FieldDescriptor, value: Any) -> Any:
    """Return a value as a field takes it."""
    if field.enum_type is not None:
        return _member(field, field.enum_type, value)
    kind, number = field.cpp_type, isinstance(value, int | float) and not isinstance(value, bool)
    if kind == FieldDescriptor.CPPTYPE_BOOL:
        fits, needed = isinstance(value, bool), "boolean"
    elif kind == FieldDescriptor.CPPTYPE_STRING:
        fits, needed = isinstance(value, str), "string"
    elif kind == FieldDescriptor.CPPTYPE_DOUBLE:
        fits, needed = number, "number"
    else:
        fits, needed = number and value == value // 1, "integer"
        value = int(value) if fits else value
    if not fits:
        raise _Unfit(f"Input should be a valid {needed}")
    return value


def _member(field: FieldDescriptor, enum: EnumDescriptor, value: Any) -> int:
    numbers = {spelled: number for number, spelled in spellings(enum).items()}
    if isinstance(value, str) and value in numbers:
        return numbers[value]
    if field.name in _MODEL_NAMES:
        raise UnknownModel(
            f"There is no swapper model {str(value)[:64]!r}. Known: {', '.join(numbers)}.",
            errors=[{"pointer": f"/{field.name}", "detail": "unknown model"}],
        )
    *most, last = (f"'{name}'" for name in numbers)
    choices = f"{', '.join(most)} or {last}" if most else last
    raise _Unfit(f"Input should be {choices}")
