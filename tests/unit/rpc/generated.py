"""Messages of any kind, drawn by hypothesis from their descriptors."""

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message_factory import GetMessageClass
from hypothesis import strategies as st

from tests.unit.http.app import photograph, saved

DOCUMENTED = {
    "OK",
    "INVALID_ARGUMENT",
    "NOT_FOUND",
    "FAILED_PRECONDITION",
    "OUT_OF_RANGE",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "DEADLINE_EXCEEDED",
    "UNIMPLEMENTED",
    "ABORTED",
}
"""Codes that a call may be answered with, however wrong it is."""
PICTURES = (saved(photograph(seed=1)), saved(photograph()), saved(photograph(24, 24)))
FILES = st.one_of(st.sampled_from(PICTURES), st.binary(max_size=64))
IDS = ("idn_", "exp_", "job_", "upl_")
TEXTS = st.one_of(
    st.text(max_size=12),
    st.sampled_from([f"{kind}{'0' * 32}" for kind in IDS]),
    st.sampled_from(["target", "source", "jawOpen", "auto"]),
)
SCALARS = {
    FieldDescriptor.TYPE_BOOL: st.booleans(),
    FieldDescriptor.TYPE_INT32: st.one_of(st.integers(0, 32), st.integers(-(2**31), 2**31 - 1)),
    FieldDescriptor.TYPE_INT64: st.one_of(st.integers(0, 32), st.integers(-(2**63), 2**63 - 1)),
    FieldDescriptor.TYPE_DOUBLE: st.one_of(st.floats(0, 1), st.floats(width=64)),
    FieldDescriptor.TYPE_STRING: TEXTS,
    FieldDescriptor.TYPE_BYTES: FILES,
}
UNKNOWN = st.integers(-(2**31), 2**31 - 1)


@st.composite
def messages(draw, descriptor, depth=3):
    """Draw a message with any of its fields set, wrongly or rightly."""
    message = GetMessageClass(descriptor)()
    for field in descriptor.fields:
        if not draw(st.booleans()):
            continue
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            key, value = field.message_type.fields
            for _ in range(draw(st.integers(0, 2))):
                entry = draw(SCALARS[key.type]), draw(SCALARS[value.type])
                getattr(message, field.name)[entry[0]] = entry[1]
        elif field.is_repeated:
            for _ in range(draw(st.integers(0, 3))):
                put(draw, getattr(message, field.name), field, depth)
        elif field.message_type is not None:
            if depth:
                inner = draw(messages(field.message_type, depth - 1))
                getattr(message, field.name).CopyFrom(inner)
        else:
            setattr(message, field.name, draw(scalar(field)))
    return message


def put(draw, container, field, depth):
    if field.message_type is None:
        container.append(draw(scalar(field)))
    elif depth:
        container.add().CopyFrom(draw(messages(field.message_type, depth - 1)))


def scalar(field):
    if field.enum_type is not None:
        return st.one_of(st.sampled_from([v.number for v in field.enum_type.values]), UNKNOWN)
    return SCALARS[field.type]
