"""Options as messages, and messages as JSON: what is said by one is said by the other."""

import typing

import pytest
from pydantic import BaseModel
from semblant.rpc.documents import NULL_WHEN_EMPTY
from semblant.rpc.messages import options_message
from semblant.v1 import options_pb2

from gateway.errors import InvalidOptions
from gateway.pipeline.options.parse import read_options
from gateway.rpc.messages import document_of
from tools.protos import ANSWERS, NAMES, OPTIONS


def models_in(kind, found=None):
    """Return a model and those inside of it."""
    found = set() if found is None else found
    if isinstance(kind, type) and issubclass(kind, BaseModel) and kind not in found:
        found.add(kind)
        for field in kind.model_fields.values():
            models_in(field.annotation, found)
    for argument in typing.get_args(kind):
        models_in(argument, found)
    return found


def test_lists_that_may_be_null_are_known():
    """A message cannot tell an empty list from none: where it may be null, it is."""
    nullable = set()
    for model in set().union(*(models_in(answer) for answer in ANSWERS)):
        for name, field in model.model_fields.items():
            choices = typing.get_args(field.annotation)
            lists = [c for c in choices if typing.get_origin(c) in (list, dict)]
            if type(None) in choices and lists:
                nullable.add((model.__name__, name))
    tracks = {pair for pair in nullable if pair[0] == "TrackLine"}  # read by `track_frame`
    free_form = {("JobObject", "report")}  # a Struct, which may be unset
    assert nullable - tracks - free_form == NULL_WHEN_EMPTY


WITH_DEFAULTS = [
    kind for kind in OPTIONS if not any(f.is_required() for f in kind.model_fields.values())
]


@pytest.mark.parametrize("kind", WITH_DEFAULTS, ids=lambda kind: kind.__name__)
def test_defaults_that_are_said_are_those_that_are_not(kind):
    message = getattr(options_pb2, NAMES.get(kind.__name__, kind.__name__))
    said = kind().model_dump(mode="json", exclude_none=True)
    assert read_options(kind, document_of(options_message(message, said))) == kind()
    assert read_options(kind, document_of(options_message(message, None))) == kind()


@pytest.mark.parametrize(
    ("options", "pointers"),
    [
        ({"shape": None}, ["/shape"]),
        ({"shape": "a", "refiner": 1, "masks": 3}, ["/shape", "/refiner", "/masks"]),
        ({"processors": []}, ["/processors"]),
        ({"masks": {"types": ["nope"], "blr": 1}}, ["/masks/types/0", "/masks/blr"]),
        ({"frame_enhancer_scale": 2.5}, ["/frame_enhancer_scale"]),
        ({"expression": {"jawOpen": "wide"}}, ["/expression"]),
        ({"a/b~": 1}, ["/a~1b~0"]),
        ({"video": {}}, ["/video"]),
    ],
)
def test_what_no_message_can_say_is_found_before_it_is_sent(options, pointers):
    with pytest.raises(InvalidOptions) as raised:
        options_message(options_pb2.SwapOptions, options)
    assert [one["pointer"] for one in raised.value.errors] == pointers


def test_whole_numbers_may_be_written_as_others():
    message = options_message(options_pb2.SwapOptions, {"frame_enhancer_scale": 2.0, "shape": 1})
    assert (message.frame_enhancer_scale, message.shape) == (2, 1.0)


def test_a_number_that_is_too_large_is_told():
    with pytest.raises(InvalidOptions):
        options_message(options_pb2.TrackOptions, {"every": 2**40})


@pytest.mark.parametrize("expression", ["source", {"jawOpen": 0.5}, {}])
def test_expressions_by_name_and_by_controls(expression):
    message = options_message(options_pb2.SwapOptions, {"expression": expression})
    assert document_of(message) == {"expression": expression}
