"""Messages as documents and back."""

import pytest
from google.protobuf.json_format import MessageToDict
from hypothesis import given
from hypothesis import strategies as st
from semblant.v1 import answers_pb2
from semblant.v1.options_pb2 import MaskOptions, SwapOptions

from gateway.errors import InvalidOptions, SemblantError
from gateway.operations.schemas import examples
from gateway.pipeline.options import swap
from gateway.rpc.call import parsed
from gateway.rpc.messages import document_of, filled, options_of

DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "color": st.sampled_from(["adaptive", "statistics", "histogram", "none"]),
        "shape": st.floats(0, 1),
        "wrinkles": st.booleans(),
        "pixel_boost": st.integers(128, 1024),
        "frame_enhancer_scale": st.sampled_from([2, 4, 8]),
        "processors": st.lists(
            st.sampled_from(["face_swapper", "face_enhancer"]), min_size=1, unique=True
        ),
        "expression": st.one_of(
            st.sampled_from(["target", "source"]),
            st.dictionaries(st.sampled_from(["jawOpen", "mouthSmileLeft"]), st.floats(0, 1)),
        ),
        "mapping": st.lists(
            st.fixed_dictionaries(
                {"sources": st.lists(st.integers(0, 9), min_size=1)},
                optional={"position": st.integers(0, 9), "optional": st.booleans()},
            ),
            min_size=1,
        ),
        "masks": st.fixed_dictionaries(
            {"blur": st.floats(0.02, 1)},
            optional={"types": st.lists(st.sampled_from(["box", "occlusion", "area"]), min_size=1)},
        ),
    },
)


@given(DOCUMENTS)
def test_what_goes_in_comes_out(document):
    assert document_of(filled(SwapOptions, document)) == document


@given(DOCUMENTS)
def test_bytes_between_change_nothing(document):
    sent = filled(SwapOptions, document).SerializeToString()
    assert document_of(SwapOptions.FromString(sent)) == document


def test_defaults_are_the_models_own():
    assert options_of(SwapOptions(), swap.SwapOptions) == swap.SwapOptions()


@pytest.mark.parametrize(
    ("kind", "example"),
    [
        (answers_pb2.FacesReport, examples.FACES_REPORT),
        (answers_pb2.SwapReport, {k: v for k, v in examples.SWAP_REPORT.items() if k != "image"}),
        (answers_pb2.IdentityReport, examples.IDENTITY),
        (answers_pb2.LibraryBody, examples.LIBRARY),
        (answers_pb2.LibraryMatch, examples.LIBRARY_MATCH),
        (answers_pb2.ModelList, examples.MODEL_LIST),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_answers_of_the_documentation_survive(kind, example):
    message = filled(kind, example)
    assert kind.FromString(message.SerializeToString()) == message
    for name, value in example.items():
        if isinstance(value, str | bool | int | float):
            assert getattr(message, name) == value, name


def test_a_job_carries_its_options_and_report():
    job = filled(answers_pb2.JobObject, examples.JOB)
    assert MessageToDict(job.options) == examples.JOB["options"]
    assert job.id == examples.JOB["id"]
    assert answers_pb2.Status.Name(job.status) == f"STATUS_{examples.JOB['status'].upper()}"


@pytest.mark.parametrize(
    ("message", "pointer"),
    [
        (SwapOptions(color=99), "/color"),
        (SwapOptions(processors=[1, 99]), "/processors/1"),
        (SwapOptions(masks=MaskOptions(types=[0])), "/masks/types/0"),
    ],
)
def test_values_that_no_enumeration_has_are_named(message, pointer):
    with pytest.raises(InvalidOptions) as refused:
        options_of(message, swap.SwapOptions)
    assert [found["pointer"] for found in refused.value.errors] == [pointer]


@given(st.binary(max_size=200))
def test_whatever_bytes_say_is_options_or_refused(data):
    refused = ""
    try:
        options_of(parsed(SwapOptions, data), swap.SwapOptions)
    except SemblantError as error:
        refused = error.spec.grpc
    assert refused in ("", "INVALID_ARGUMENT", "NOT_FOUND")
