"""Frames as planes: what is read of them, and what writing a region back changes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.imaging.geometry.orientation import UPRIGHT, Orientation
from gateway.imaging.geometry.warp import Region
from gateway.imaging.video.planes import Coding, Planes, put_back, rgb_of, small_rgb
from tests.tolerances import CODE_LEVELS, LEVEL

CODINGS = [
    Coding(depth, full, matrix)
    for depth in (8, 10, 16)
    for full in (False, True)
    for matrix in ("bt601", "bt709", "bt2020", "identity")
]
ALL_STEPS = [(1, 1), (1, 2), (2, 2), (2, 1), None]  # None is grey
EVERY = [Orientation(s, d, a) for s in (0, 1) for d in (0, 1) for a in (0, 1)]
SIZE = (37, 51)
EIGHT = Coding()


def codings(steps) -> list[Coding]:
    return [c for c in CODINGS if c.matrix != "identity" or steps == (1, 1)]


def noise(size=SIZE, steps=(2, 2), coding=EIGHT, orientation=UPRIGHT, seed=0) -> Planes:
    """Return a frame of any codes whatever, legal or not, with padded rows."""
    rng = np.random.default_rng(seed)
    kind = np.uint8 if coding.depth == 8 else np.uint16

    def plane(height, width):
        return rng.integers(0, 2**coding.depth, (height, width + 13)).astype(kind)

    down, across = steps or (1, 1)
    small = -(-size[0] // down), -(-size[1] // across)
    chroma = (plane(*small), plane(*small)) if steps else None
    return Planes(plane(*size), chroma, size, (down, across), coding, orientation)


def picture(rgb: np.ndarray, coding: Coding) -> Planes:
    """Return an RGB picture (H, W, 3) as planes without subsampling."""
    change, offset = coding.code_from_rgb()
    kind = np.uint8 if coding.depth == 8 else np.uint16
    codes = np.rint(rgb @ change.T + offset).astype(kind)
    y, u, v = (np.ascontiguousarray(codes[..., k]) for k in range(3))
    return Planes(y, (u, v), y.shape, (1, 1), coding)


def arrays(planes: Planes) -> list[np.ndarray]:
    return [planes.y, *(planes.chroma or ())]


def copies(planes: Planes) -> list[np.ndarray]:
    return [a.copy() for a in arrays(planes)]


def colors(shape, seed=1) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (*shape, 3), dtype=np.uint8)


def whole(planes: Planes) -> Region:
    height, width = planes.shape
    return Region(0, 0, width, height)


# Reading


@pytest.mark.parametrize("coding", CODINGS, ids=str)
def test_a_picture_is_read_as_it_was_coded(coding):
    rgb = colors((20, 30))
    error = np.abs(rgb_of(picture(rgb, coding), Region(0, 0, 30, 20)).astype(int) - rgb)
    assert error.max() <= (CODE_LEVELS if coding.depth == 8 else LEVEL)


@pytest.mark.parametrize("full", [False, True])
def test_black_white_and_grey_have_their_codes(full):
    for coding, codes in [(Coding(8, full), (0, 128, 255)), (Coding(10, full), (0, 512, 1023))]:
        kind = np.uint8 if coding.depth == 8 else np.uint16
        low, high = coding.lowest[0], coding.highest[0]
        y = np.array([[low, high]], kind)
        grey = np.full_like(y, codes[1])
        for chroma in [(grey, grey), None]:
            rgb = rgb_of(Planes(y, chroma, (1, 2), (1, 1), coding), Region(0, 0, 2, 1))
            assert rgb.tolist() == [[[0] * 3, [255] * 3]]


def test_chroma_lies_left_of_its_columns_and_between_its_rows():
    y = np.full((4, 4), 128, np.uint8)
    u = np.full((2, 2), 128, np.uint8)
    v = np.array([[128, 168], [144, 184]], np.uint8)
    planes = Planes(y, (u, v), (4, 4), (2, 2), Coding())
    red = rgb_of(planes, whole(planes))[..., 0].astype(float)
    gain = (red[0, 2] - red[0, 0]) / 40  # a row at the border has one of chroma alone
    at = (red - red[0, 0]) / gain
    assert at[0] == pytest.approx([0, 20, 40, 40], abs=1)
    assert at[:, 0] == pytest.approx([0, 4, 12, 16], abs=1)


@pytest.mark.parametrize("steps", ALL_STEPS)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_a_region_is_a_part_of_the_whole_wherever_it_begins(steps, data):
    orientation = data.draw(st.sampled_from(EVERY))
    planes = noise(steps=steps, orientation=orientation)
    height, width = planes.shape
    x0, y0 = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    region = Region(
        x0, y0, data.draw(st.integers(x0 + 1, width)), data.draw(st.integers(y0 + 1, height))
    )
    assert (rgb_of(planes, region) == region.of(rgb_of(planes, whole(planes)))).all()


@pytest.mark.parametrize("orientation", EVERY)
def test_turning_views_is_turning_the_picture(orientation):
    lying = noise(steps=(2, 2))
    turned = noise(steps=(2, 2), orientation=orientation)
    upright = orientation.upright(rgb_of(lying, whole(lying)))
    assert turned.shape == upright.shape[:2]
    assert (rgb_of(turned, whole(turned)) == upright).all()
    assert (orientation.stored(upright) == rgb_of(lying, whole(lying))).all()


# Writing


@pytest.mark.parametrize("steps", ALL_STEPS)
@pytest.mark.parametrize("orientation", EVERY[::3])
def test_the_same_picture_written_back_changes_nothing(steps, orientation):
    for coding in codings(steps):
        planes = noise(steps=steps, coding=coding, orientation=orientation)
        before = copies(planes)
        for region in (Region(0, 0, 9, 11), Region(3, 5, 32, 30), whole(planes)):
            rgb = rgb_of(planes, region)
            put_back(planes, region, rgb, rgb)
        assert all((a == b).all() for a, b in zip(before, arrays(planes), strict=True))


@pytest.mark.parametrize("coding", CODINGS, ids=str)
def test_without_subsampling_the_new_picture_is_there(coding):
    old, new = colors((21, 33)), colors((21, 33), seed=2)
    planes = picture(old, coding)
    region = Region(3, 2, 28, 19)
    put_back(planes, region, region.of(old), region.of(new))
    wanted = old.copy()
    region.of(wanted)[:] = region.of(new)
    error = np.abs(rgb_of(planes, whole(planes)).astype(int) - wanted)
    assert error.max() <= (2 * CODE_LEVELS if coding.depth == 8 else LEVEL)


@pytest.mark.parametrize("steps", ALL_STEPS)
def test_only_samples_of_changed_pixels_change(steps):
    planes = noise(steps=steps)
    before = copies(planes)
    region = Region(5, 3, 30, 29)
    rgb = rgb_of(planes, region)
    new = rgb.copy()
    new[4, 6] += 60  # the pixel at column 11 and row 7
    put_back(planes, region, rgb, new)
    down, across = planes.steps
    for plane, old, at in zip(
        arrays(planes), before, [(7, 11), *[(7 // down, 11 // across)] * 2], strict=False
    ):
        changed = np.argwhere(plane != old)
        assert len(changed) <= 1
        assert all(tuple(where) == at for where in changed)
    assert (planes.y != before[0]).sum() == 1


@pytest.mark.parametrize("steps", [(1, 2), (2, 2), (2, 1)])
def test_chroma_takes_the_mean_difference_of_its_pixels(steps):
    flat = np.full((7, 9, 3), 120, np.uint8)
    planes = noise(size=(7, 9), steps=steps)
    for plane in arrays(planes):
        plane[:] = 128
    before = copies(planes)
    new = flat.copy()
    new[1::2, 1::2, 0] += 40
    put_back(planes, Region(0, 0, 9, 7), flat, new)
    change = planes.coding.code_from_rgb()[0]
    down, across = steps
    for k, (plane, old) in enumerate(zip(planes.chroma, before[1:], strict=True), 1):
        for row in range(-(-7 // down)):
            for column in range(-(-9 // across)):
                tile = (new - flat)[row * down :][:down, column * across :][:, :across, 0]
                wanted = change[k, 0] * tile.mean()
                got = int(plane[row, column]) - int(old[row, column])
                assert got == pytest.approx(wanted, abs=0.5 + 1e-6)


@pytest.mark.parametrize("orientation", EVERY)
@pytest.mark.parametrize("steps", [(2, 2), (1, 2)])
def test_writing_upright_is_writing_what_lies(orientation, steps):
    lying, turned = noise(steps=steps), noise(steps=steps, orientation=orientation)
    old, new = rgb_of(turned, whole(turned)), colors(turned.shape)
    put_back(turned, whole(turned), old, new)
    put_back(lying, whole(lying), orientation.stored(old), orientation.stored(new))
    assert all((a == b).all() for a, b in zip(arrays(lying), arrays(turned), strict=True))


def test_deep_colors_keep_what_eight_bits_do_not_show():
    planes = picture(colors((8, 8)) // 2 + 30, Coding(10))
    planes.y[:] += np.arange(64, dtype=np.uint16).reshape(8, 8) % 4
    fine = planes.y.copy()
    rgb = rgb_of(planes, whole(planes))
    put_back(planes, whole(planes), rgb, rgb + 10)
    rise = planes.y.astype(int) - fine
    assert rise == pytest.approx(10 * 219 * 4 / 255, abs=0.5)


def test_codes_are_legal_unless_they_were_not():
    y = np.array([[4, 20, 230, 250]], np.uint8)
    flat = np.full((1, 4), 128, np.uint8)
    for sign, wanted in [(-1, [4, 16, 205, 225]), (1, [29, 45, 235, 250])]:
        planes = Planes(y.copy(), (flat.copy(), flat.copy()), (1, 4), (1, 1), Coding())
        level = np.full((1, 4, 3), 100, np.uint8)
        put_back(planes, Region(0, 0, 4, 1), level, np.full_like(level, 100 + sign * 29))
        assert planes.y[0].tolist() == pytest.approx(wanted, abs=1)


# The whole frame, small


@pytest.mark.parametrize("steps", ALL_STEPS)
@pytest.mark.parametrize("longest", [51, 20, 7, 500])
def test_a_small_picture_has_the_colors_of_the_frame(steps, longest):
    for orientation in EVERY:
        planes = noise(steps=steps, orientation=orientation)
        for plane, code in zip(arrays(planes), (120, 90, 160), strict=False):
            plane[:] = code
        small = small_rgb(planes, longest)
        assert max(small.shape[:2]) == min(longest, 51)
        assert (small.shape[0] > small.shape[1]) == bool(orientation.swapped)
        wanted = rgb_of(planes, Region(0, 0, 1, 1))
        assert np.abs(small.astype(int) - wanted).max() <= LEVEL


def test_a_small_picture_is_the_mean_of_areas():
    rgb = np.kron(colors((6, 8)), np.ones((4, 4, 1), np.uint8))
    small = small_rgb(picture(rgb, Coding(8, full=True)), 8)
    assert np.abs(small.astype(int) - rgb[::4, ::4]).max() <= CODE_LEVELS
