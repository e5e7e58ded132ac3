import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gateway.imaging.enhance.tiles import Tiling, spans_of, tile_of

TINY = Tiling(16, 2, 4, 2)
TILINGS = st.sampled_from([TINY, Tiling(9, 1, 2, 3), Tiling(64, 2, 4, 4), Tiling(256, 8, 16, 4)])


def noise(height, width):
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


@given(length=st.integers(1, 3000), tiling=TILINGS)
def test_weights_sum_to_one_at_every_pixel(length, tiling):
    total = np.zeros(length * tiling.scale)
    for span in spans_of(length, tiling):
        assert span.weights.min() >= -1e-6
        total[span.low : span.high] += span.weights
    np.testing.assert_allclose(total, 1, atol=1e-6)


@given(length=st.integers(1, 3000), tiling=TILINGS)
def test_tiles_speak_of_what_they_see_beyond_their_margin(length, tiling):
    spans = spans_of(length, tiling)
    for span in spans:
        first, last = span.low / tiling.scale, span.high / tiling.scale
        assert first >= span.start + tiling.margin_px
        assert last <= span.start + tiling.side_px - tiling.margin_px
    core = tiling.side_px - 2 * tiling.margin_px
    assert (len(spans) - 1) * (core - tiling.ramp_px) < max(length - tiling.ramp_px, 1)


@given(length=st.integers(1, 300), tiling=TILINGS)
def test_neighbours_go_over_into_each_other_smoothly(length, tiling):
    steepest = 1.5 / tiling.ramp_px / tiling.scale
    for span in spans_of(length, tiling):
        assert np.abs(np.diff(span.weights)).max(initial=0) <= steepest + 1e-6


@given(height=st.integers(1, 9), width=st.integers(1, 9))
def test_a_picture_is_mirrored_at_its_borders(height, width):
    image = noise(height, width)
    span = spans_of(1, TINY)[0]
    expected = np.pad(image, ((2, 14), (2, 14), (0, 0)), mode="symmetric")[:16, :16]
    np.testing.assert_array_equal(tile_of(image, span, span, 16), expected)
