"""Messages as the documents that models validate, and models as messages.

Both follow the descriptors: a field that is not set is absent from the document, so that defaults
are the models' own; a value of an enumeration is written as its `spelling`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, TypeVar

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct
from pydantic import BaseModel
from semblant.rpc.documents import spellings
from semblant.v1.annotations_pb2 import Expression, Numbers

from gateway.errors import InvalidOptions
from gateway.pipeline.options.parse import read_options

M = TypeVar("M", bound=Message)
Model = TypeVar("Model", bound=BaseModel)


def options_of(message: Message, kind: type[Model], **absent: Any) -> Model:
    """Return the options of a message, validated as those of HTTP are.

    Args:
        message: The options.
        kind: Their model.
        absent: Values of required fields that a message cannot tell from unset ones.

    Raises:
        InvalidOptions, UnknownModel: by name.
    """
    return read_options(kind, absent | document_of(message))


def document_of(message: Message, place: str = "") -> dict[str, Any]:
    """Return what is set in a message, as JSON has it.

    Args:
        message: Of options.
        place: JSON pointer of the message, for what is found.

    Raises:
        InvalidOptions: an enumeration has no such value.
    """
    out: dict[str, Any] = {}
    for field, value in message.ListFields():
        where = f"{place}/{field.name}"
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            out[field.name] = dict(value)
        elif field.is_repeated:
            out[field.name] = [_plain(field, one, f"{where}/{n}") for n, one in enumerate(value)]
        else:
            out[field.name] = _plain(field, value, where)
    return out


def _plain(field: FieldDescriptor, value: Any, place: str) -> Any:
    if isinstance(value, Expression):
        return dict(value.controls.values) if value.HasField("controls") else value.of
    if isinstance(value, Message):
        return document_of(value, place)
    if field.enum_type is not None:
        spelled = spellings(field.enum_type).get(value)
        if spelled is None:
            known = field.enum_type.full_name
            raise InvalidOptions(
                errors=[{"pointer": place, "detail": f"{value} is no value of {known}"}]
            )
        return spelled
    return value


def filled(kind: type[M], values: Mapping[str, Any] | BaseModel) -> M:
    """Return a message with the values of a model, or of a document as JSON has it."""
    message = kind()
    _fill(message, values.model_dump(mode="json") if isinstance(values, BaseModel) else values)
    return message


def _fill(message: Message, values: Mapping[str, Any]) -> None:
    fields = message.DESCRIPTOR.fields_by_name
    for name, value in values.items():
        field = fields.get(name)
        if field is not None and value is not None:
            _put(message, field, value)


def _put(message: Message, field: Any, value: Any) -> None:
    name = field.name
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        getattr(message, name).update(value)
    elif field.is_repeated:
        _extend(getattr(message, name), field, value)
    elif field.message_type is not None:
        _fill_one(getattr(message, name), value)
    elif field.enum_type is not None:
        setattr(message, name, _numbers(field.enum_type)[value])
    else:
        setattr(message, name, value)


def _extend(container: Any, field: Any, values: Iterable[Any]) -> None:
    if field.message_type is not None:
        for value in values:
            _fill_one(container.add(), value)
    elif field.enum_type is not None:
        container.extend(_numbers(field.enum_type)[value] for value in values)
    else:
        container.extend(values)


def _fill_one(message: Message, value: Any) -> None:
    message.SetInParent()
    if isinstance(message, Numbers):
        message.values.extend(value)
    elif isinstance(message, Expression):
        if isinstance(value, str):
            message.of = value
        else:
            message.controls.SetInParent()
            message.controls.values.update(value)
    elif isinstance(message, Struct):
        message.update(value)
    else:
        _fill(message, value)


@cache
def _numbers(enum: EnumDescriptor) -> Mapping[str, int]:
    return {spelled: number for number, spelled in spellings(enum).items()}
