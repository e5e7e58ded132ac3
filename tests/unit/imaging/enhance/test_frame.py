import cv2
import numpy as np
import pytest

from gateway.imaging.enhance.deblock import GRAIN_FREE, Damage
from gateway.imaging.enhance.degradation import Condition, condition_of, steadied
from gateway.imaging.enhance.frame import luma_of, noise_of, restore, restore_planes
from gateway.imaging.video.planes import Coding, Planes
from tests import tolerances

SIZE = (320, 416)
FULL = Coding(full=True)
WORST = Condition(Damage(2.0, 8.0, (7, 7)), 2.2)


def scene(size=SIZE) -> np.ndarray:
    """Return luma (h, w) with shading, shapes with sharp edges, and finer detail in places."""
    rows, columns = np.indices(size, dtype=np.float32)
    out = 90 + 40 * np.sin(columns / 90) + 30 * np.cos(rows / 70)
    rng = np.random.default_rng(3)
    for _ in range(26):
        x, y = rng.integers(0, size[1]), rng.integers(0, size[0])
        level = float(rng.integers(50, 210))
        if rng.random() < 0.5:
            cv2.circle(out, (int(x), int(y)), int(rng.integers(6, 34)), level, -1, cv2.LINE_AA)
        else:
            end = int(x + rng.integers(-80, 80)), int(y + rng.integers(-80, 80))
            cv2.line(out, (int(x), int(y)), end, level, int(rng.integers(1, 9)), cv2.LINE_AA)
    return np.clip(np.rint(cv2.GaussianBlur(out, (0, 0), 0.5)), 20, 230).astype(np.uint8)


def jpeg(plane, quality):
    data = cv2.imencode(".jpg", plane, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)


def blurred(plane, sigma):
    return cv2.GaussianBlur(plane, (0, 0), sigma)


def grainy(plane, deviation, seed=0):
    grain = np.random.default_rng(seed).normal(0, deviation, plane.shape)
    return np.clip(np.rint(plane + grain), 0, 255).astype(np.uint8)


def restored(plane, blend=1.0, condition=None, coding=FULL):
    out = plane.copy()
    found = condition or condition_of(plane, plane.shape, coding)
    restore(out, plane.shape, coding, found, blend)
    return out


def psnr(one, other):
    return float(cv2.PSNR(one, other))


def edges_off(plane, original):
    """Return how far slopes are from the original's, in levels per pixel."""
    soft = [blurred(p.astype(np.float32), 0.7) for p in (plane, original)]
    return sum(float(np.abs(np.diff(soft[0] - soft[1], axis=k)).mean()) for k in (0, 1))


DEGRADED = {
    "coarse blocks": lambda p: jpeg(p, 10),
    "blocks": lambda p: jpeg(p, 25),
    "blur": lambda p: blurred(p, 1.6),
    "much blur": lambda p: blurred(p, 2.5),
    "grain": lambda p: grainy(p, 7),
    "much grain": lambda p: grainy(p, 14),
    "blur and grain": lambda p: grainy(blurred(p, 1.6), 5),
    "blur and blocks": lambda p: jpeg(blurred(p, 1.8), 20),
}


@pytest.mark.parametrize("name", DEGRADED)
def test_a_degraded_picture_comes_nearer_to_what_it_was(name):
    original = scene()
    bad = DEGRADED[name](original)
    better = restored(bad)
    assert psnr(better, original) > psnr(bad, original)
    assert edges_off(better, original) < 0.98 * edges_off(bad, original)


def test_blocking_falls_by_half():
    bad = jpeg(scene(), 12)
    step = condition_of(bad, SIZE, FULL).damage.step
    assert step > 0.3
    assert condition_of(restored(bad), SIZE, FULL).damage.step <= step / 2


@pytest.mark.parametrize("picture", [scene(), jpeg(scene(), 97), grainy(scene(), 1.5)])
def test_a_clean_sharp_picture_is_not_changed_visibly(picture):
    assert psnr(restored(picture), picture) > 46


def test_detail_everywhere_is_not_taken_for_grain():
    leaves = blurred(np.random.default_rng(0).integers(0, 256, SIZE).astype(np.float32), 1.2)
    leaves = np.clip(128 + 4 * (leaves - 128), 0, 255).astype(np.uint8)
    assert noise_of(condition_of(leaves, SIZE, FULL).damage, 0) == 0


@pytest.mark.parametrize("deviation", [4.0, 9.0])
def test_grain_is_told_from_what_is_shown(deviation):
    found = condition_of(grainy(scene(), deviation), SIZE, FULL).damage.grain
    assert found == pytest.approx(deviation, rel=0.15)


def test_grain_is_told_between_black_bars():
    bars = grainy(scene(), 6)
    bars[:100], bars[-100:] = 0, 0
    assert condition_of(bars, SIZE, FULL).damage.grain == pytest.approx(6, rel=0.2)


def test_some_grain_stays():
    flat = grainy(np.full(SIZE, 120, np.uint8), 8)
    assert restored(flat).std() == pytest.approx(GRAIN_FREE, rel=0.2)


@pytest.mark.parametrize("sigma", [1.0, 1.6, 2.4])
def test_softness_is_measured(sigma):
    width = condition_of(blurred(scene(), sigma), SIZE, FULL).blur_px
    assert width == pytest.approx(np.hypot(sigma, 0.6), rel=0.3)


def test_a_caption_does_not_make_soft_footage_sharp():
    soft = blurred(scene(), 2)
    captioned = soft.copy()
    cv2.putText(captioned, "LIVE", (8, 30), cv2.FONT_HERSHEY_SIMPLEX, 1, 255, 2)
    widths = [condition_of(p, SIZE, FULL).blur_px for p in (soft, captioned)]
    assert widths[1] == pytest.approx(widths[0], rel=0.15)


@pytest.mark.parametrize("name", DEGRADED)
@pytest.mark.parametrize("condition", [None, WORST])
def test_nothing_leaves_what_is_around_it(name, condition):
    bad = DEGRADED[name](scene())
    out = restored(bad, condition=condition)
    around = np.ones((27, 27), np.uint8)
    room = tolerances.LEVEL
    assert (out <= cv2.dilate(bad, around).astype(int) + room).all()
    assert (out >= cv2.erode(bad, around).astype(int) - room).all()


STEEPER = {1.2: 1.02, 1.7: 1.1, 2.2: 1.2}


@pytest.mark.parametrize("soft_px", STEEPER)
def test_an_edge_gets_steeper_without_a_halo(soft_px):
    edge = np.tile(np.where(np.arange(96) < 48, 60, 180).astype(np.uint8), (96, 1))
    soft = blurred(edge, soft_px)
    out = restored(soft, condition=Condition(Damage(0, 0), soft_px)).astype(int)
    assert np.diff(out[48]).max() > STEEPER[soft_px] * np.diff(soft[48].astype(int)).max()
    assert out.min() >= 60
    assert out.max() <= 180
    assert (np.diff(out, axis=1) >= 0).all()


@pytest.mark.parametrize("condition", [None, WORST])
def test_a_blend_of_nothing_leaves_every_bit(condition):
    bad = jpeg(blurred(scene(), 2), 15)
    assert (restored(bad, 0.0, condition) == bad).all()


def test_the_blend_says_how_much_is_mixed_in():
    bad = jpeg(blurred(scene(), 2), 15)
    whole, half = restored(bad).astype(int), restored(bad, 0.5)
    assert np.abs(half - (whole + bad) / 2).max() <= tolerances.LEVEL


def test_deep_codes_are_changed_as_shallow_ones():
    bad = grainy(blurred(scene(), 1.6), 5)
    deep = bad.astype(np.uint16) * 4
    coding = Coding(10, full=True)
    out = restored(deep, coding=coding) / 4
    assert np.abs(out - restored(bad)).max() <= tolerances.LEVEL


def test_limited_codes_stay_legal_and_illegal_ones_get_no_worse():
    bad = np.clip(jpeg(blurred(scene(), 2), 8), 14, 237).astype(np.uint8)
    out = restored(bad, condition=WORST, coding=Coding())
    assert out.min() >= bad.min()
    assert out.max() <= bad.max()
    legal = (bad >= 16) & (bad <= 235)
    assert out[legal].min() >= 16
    assert out[legal].max() <= 235


def test_padding_beside_the_picture_stays():
    wide = np.full((SIZE[0], SIZE[1] + 32), 77, np.uint8)
    wide[:, : SIZE[1]] = blurred(scene(), 2)
    before = wide.copy()
    restore(wide, SIZE, FULL, WORST, 1.0)
    assert (wide[:, SIZE[1] :] == 77).all()
    assert (wide != before).any()


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (2, 2), (3, 40), (17, 5), (49, 51)])
def test_any_size_is_taken(shape):
    plane = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    condition_of(plane, shape, FULL)
    out = restored(plane, condition=WORST)
    assert out.min() >= plane.min()
    assert out.max() <= plane.max()


def test_a_mirrored_picture_gives_the_mirrored_result():
    bad = grainy(blurred(scene(), 1.6), 5)
    found = Condition(Damage(0, 5), 1.6)
    out = restored(np.ascontiguousarray(bad[:, ::-1]), condition=found)[:, ::-1]
    assert np.abs(out.astype(int) - restored(bad, condition=found)).max() <= tolerances.LEVEL


# Colours


def picture_of(plane):
    """Return a coloured picture (h, w, 3) of a brightness."""
    colors = plane[..., None] * np.array([1.1, 0.95, 0.8])
    return np.clip(np.rint(colors), 0, 255).astype(np.uint8)


def planes_of(picture):
    red, green, blue = (np.ascontiguousarray(picture[..., k]) for k in range(3))
    return Planes(green, (blue, red), green.shape, coding=Coding(8, True, "identity"))


def test_colors_change_by_what_brightness_does():
    planes, before = planes_of(picture_of(blurred(scene(), 2))), picture_of(blurred(scene(), 2))
    luma, coding = luma_of(planes)
    restore_planes(planes, condition_of(luma, SIZE, coding), 1.0)
    green, (blue, red) = planes.y, planes.chroma
    change = np.stack([red, green, blue], -1).astype(int) - before
    assert (change != 0).any()
    assert np.ptp(change, axis=2).max() == 0
    light = (before == 255).any(2)
    assert (change[light] <= 0).all()


def test_luma_of_colors_is_that_of_bt_709():
    planes = planes_of(np.tile(np.uint8([200, 100, 50]), (4, 4, 1)))
    luma, coding = luma_of(planes)
    assert coding.depth == 12
    expected = (0.2126 * 200 + 0.7152 * 100 + 0.0722 * 50) * 16
    assert luma == pytest.approx(expected, abs=0.5)


def test_of_other_videos_luma_is_the_decoders_own_memory():
    plane = scene()
    planes = Planes(plane, None, SIZE)
    assert luma_of(planes)[0] is plane


# Over time


def test_what_is_measured_goes_slowly_and_arrives():
    before, now = Condition(Damage(0, 0), 1.0), Condition(Damage(2, 6, (7, 7)), 2.0)
    soon, late = steadied(now, before, 0.05), steadied(now, before, 5.0)
    assert 0 < soon.damage.step < 1
    assert 0 < soon.damage.grain < 1
    assert 1 < soon.blur_px < 1.15
    assert late.damage.step == pytest.approx(2, rel=0.01)
    assert late.blur_px == pytest.approx(2, rel=0.01)
    assert soon.damage.grid == (7, 7)


def test_steps_rise_sooner_than_they_fall():
    none, high = Condition(Damage(0, 0), 1.0), Condition(Damage(2, 0, (7, 7)), 1.0)
    risen, fallen = steadied(high, none, 0.2).damage.step, steadied(none, high, 0.2).damage.step
    assert risen > 1.5
    assert 1 < fallen < 2


def test_where_there_are_no_edges_the_last_width_stays():
    before, now = Condition(Damage(1, 2, (3, 3)), 1.4), Condition(Damage(0, 2), None)
    after = steadied(now, before, 0.25)
    assert after.blur_px == 1.4
    assert after.damage.grid == (3, 3)
    assert steadied(before, now, 0.25).blur_px == 1.4
