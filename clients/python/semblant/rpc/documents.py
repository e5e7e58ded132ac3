"""Messages of answers as the JSON that HTTP answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, cast

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct

from semblant.v1 import annotations_pb2
from semblant.v1.annotations_pb2 import Numbers
from semblant.v1.answers_pb2 import TrackLine

NULL_WHEN_EMPTY = frozenset((
    ("AnalysedFace", "landmarks"),
    ("AnalysedFace", "identity"),
    ("TargetFace", "controls"),
))  # fmt: skip
"""Fields that are null in JSON where a message has no entries."""


def document(message: Message) -> dict[str, Any]:
    """Return a message as JSON has it: every field, null where it is not set."""
    return {field.name: _value(message, field) for field in fields_of(message)}


def track_frame(line: TrackLine) -> dict[str, Any]:
    """Return a line of a track: `face` is null, or all else is there."""
    told = {name: value for name, value in document(line).items() if value not in (None, [], {})}
    if "box" in told:
        return told
    return {"frame": line.frame, "time_s": line.time_s, "face": None}


def fields_of(message: Message) -> Sequence[FieldDescriptor]:
    """Return the fields of a message."""
    return cast("Sequence[FieldDescriptor]", message.DESCRIPTOR.fields)


def _value(message: Message, field: FieldDescriptor) -> Any:
    value = getattr(message, field.name)
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        found: Any = dict(value)
    elif field.is_repeated:
        found = [_plain(field, one) for one in value]
    elif field.has_presence and not message.HasField(field.name):
        return None
    else:
        return _plain(field, value)
    null = (message.DESCRIPTOR.name, field.name) in NULL_WHEN_EMPTY
    return None if null and not found else found


def _plain(field: FieldDescriptor, value: Any) -> Any:
    if isinstance(value, Numbers):
        return list(value.values)
    if isinstance(value, Struct):
        return _whole(MessageToDict(value))
    if isinstance(value, Message):
        return document(value)
    if field.enum_type is not None:
        return spellings(field.enum_type).get(value, str(value))
    return value


def _whole(value: Any) -> Any:
    """Return JSON whose whole numbers are written as such; a `Struct` knows floats only."""
    if isinstance(value, dict):
        return {name: _whole(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_whole(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


@cache
def spellings(enum: EnumDescriptor) -> Mapping[int, str]:
    """Return the names in JSON of an enumeration's values, by number."""
    spelling = annotations_pb2.spelling
    return {
        value.number: value.GetOptions().Extensions[spelling]
        for value in enum.values
        if value.GetOptions().HasExtension(spelling)
    }
