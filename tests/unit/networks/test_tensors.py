import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gateway.errors import ContractViolation
from gateway.networks.tensors import IMAGENET, SIGNED, UNIT, answer_of, pixels_of, planes_of

SCALES = pytest.mark.parametrize("scale", [UNIT, SIGNED, IMAGENET])
CROPS = arrays(np.uint8, st.tuples(*[st.integers(1, 4)] * 3, st.just(3)))


@SCALES
@given(crops=CROPS)
def test_pixels_come_back_as_they_were(scale, crops):
    np.testing.assert_array_equal(pixels_of(planes_of(crops, scale), scale), crops)


@SCALES
@given(crops=CROPS)
def test_planes_are_the_field_s(scale, crops):
    planes = planes_of(crops, scale)
    assert planes.dtype == np.float32
    assert planes.flags.c_contiguous
    expected = (crops / 255 - np.array(scale.mean)) / np.array(scale.deviation)
    np.testing.assert_allclose(planes, expected.transpose(0, 3, 1, 2), atol=1e-5)


@SCALES
@given(planes=arrays(np.float32, (1, 3, 2, 2), elements=st.floats(-9, 9, width=32)))
def test_levels_are_clipped_and_rounded_to_the_nearest(scale, planes):
    mean, deviation = np.array(scale.mean), np.array(scale.deviation)
    exact = 255 * np.clip(planes.transpose(0, 2, 3, 1) * deviation + mean, 0, 1)
    assert np.abs(pixels_of(planes, scale) - exact).max() <= 0.5 + 1e-3


def test_neither_changes_what_it_is_given():
    crops = np.full((1, 2, 2, 3), 7, np.uint8)
    planes = planes_of(crops, SIGNED)
    kept = planes.copy()
    pixels_of(planes, SIGNED)
    np.testing.assert_array_equal(planes, kept)
    assert (crops == 7).all()


ANSWERS = {"b": np.ones((2, 3), np.float32), "a": np.zeros((2, 1, 1), np.float32)}


def test_answers_are_found_by_their_place():
    assert answer_of("m", ANSWERS, (2, 3)).all()
    assert not answer_of("m", ANSWERS, (2, 1, 1), place=1).any()


@pytest.mark.parametrize("shape", [(2,), (2, 1), (2, 1, 1)])
def test_scalars_may_have_any_shape(shape):
    assert answer_of("m", {"a": np.zeros(shape)}, (2, 1), loose=True).shape == (2, 1)


@pytest.mark.parametrize(
    ("outputs", "more"),
    [
        (ANSWERS, {"place": 2}),
        (ANSWERS, {"place": 1}),
        ({}, {}),
        ({"a": np.ones((3, 2))}, {}),
        ({"a": np.ones((3, 2))}, {"loose": True}),
        ({"a": np.full((2, 3), np.nan)}, {}),
        ({"a": np.full((2, 3), np.inf)}, {}),
    ],
)
def test_what_is_not_the_contract_s_is_told_with_the_model_s_name(outputs, more):
    with pytest.raises(ContractViolation, match=r"^hyperswap_1a_256 "):
        answer_of("hyperswap_1a_256", outputs, (2, 3), **more)
