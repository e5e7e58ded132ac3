import cv2
import numpy as np
import pytest

from gateway.imaging.masks.inpaint import multiplied, painted_over

SHAPE = (80, 100)
HIDDEN = np.zeros(SHAPE, bool)
HIDDEN[30:45, 20:70] = True
RNG = np.random.default_rng(0)


def scratched(image):
    return np.where(HIDDEN[..., None], np.uint8((10, 200, 30)), image).astype(np.uint8)


def test_if_nothing_is_hidden_it_is_the_same_picture():
    image = RNG.integers(0, 256, (*SHAPE, 3), dtype=np.uint8)
    assert painted_over(image, np.zeros(SHAPE, bool), 4.0) is image


def test_one_color_is_continued():
    skin = np.full((*SHAPE, 3), (200, 150, 120), np.uint8)
    out = painted_over(scratched(skin), HIDDEN, 4.0)
    inner = cv2.erode(HIDDEN.astype(np.uint8), np.ones((11, 11), np.uint8)) > 0
    # OpenCV's fast marching is off by a level or two even here.
    assert np.abs(out[inner].astype(int) - skin[inner]).max() <= 4
    # Of what is beneath a soft edge some is still to be seen.
    assert np.abs(out.astype(int) - skin)[HIDDEN].mean() < 12


def test_a_ramp_is_continued_between_what_is_known():
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    ramp = np.repeat((60 + x + y / 2)[..., None], 3, -1).astype(np.uint8)
    out = painted_over(scratched(ramp), HIDDEN, 4.0)
    inner = cv2.erode(HIDDEN.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    assert np.abs(out.astype(int) - ramp)[inner].max() < 20


@pytest.mark.parametrize("factor", [1, 2, 3])
def test_what_is_far_away_stays_bit_for_bit(factor):
    height, width = (n * factor + factor - 1 for n in SHAPE)  # not a multiple of it
    image = RNG.integers(0, 256, (height, width, 3), dtype=np.uint8)
    out = painted_over(image, HIDDEN, 4.0 * factor, factor=factor, grain_below_px=9)
    hidden = np.kron(HIDDEN, np.ones((factor, factor))) > 0
    hidden = np.pad(hidden, ((0, factor - 1), (0, factor - 1)))
    away = cv2.distanceTransform((~hidden).astype(np.uint8), cv2.DIST_L2, 5)
    # A pixel of the smaller picture, and four deviations of the soft edge.
    far = away > factor + 4 * factor + 2
    assert (out[far] == image[far]).all()
    assert (out[away == 0] != image[away == 0]).any()


def test_painted_skin_has_the_grain_of_what_is_below():
    grain = RNG.normal(0, 4, (*SHAPE, 1))
    image = np.clip(150 + np.repeat(grain, 3, -1), 0, 255).astype(np.uint8)
    plain, grained = (
        painted_over(scratched(image), HIDDEN, 4.0, grain_below_px=below)[34:41, 26:64]
        for below in (0, 20)
    )
    below = image[54:61, 26:64].astype(float)
    assert grained.std() > 2 * plain.std()
    fine = grained.astype(float) - plain
    assert np.corrcoef(fine.ravel(), below.ravel())[0, 1] > 0.8


def test_from_below_the_picture_no_grain_comes():
    image = RNG.integers(100, 120, (*SHAPE, 3), dtype=np.uint8)
    for below in (60, 79, 80, 500):
        out = painted_over(image, HIDDEN, 4.0, grain_below_px=below)
        assert (out == painted_over(image, HIDDEN, 4.0)).all()


def test_the_picture_given_is_not_changed():
    image = RNG.integers(0, 256, (*SHAPE, 3), dtype=np.uint8)
    before = image.copy()
    painted_over(image, HIDDEN, 4.0, grain_below_px=9)
    assert (image == before).all()


def test_colors_are_multiplied_rounded_and_kept_within_their_scale():
    levels = np.array([[[0, 100, 200]]], np.uint8)
    assert multiplied(levels, np.ones((1, 1, 3), np.float32)).tolist() == [[[0, 100, 200]]]
    gain = np.array([[[9, 0.504, 1.5]]], np.float32)
    assert multiplied(levels, gain).tolist() == [[[0, 50, 255]]]
