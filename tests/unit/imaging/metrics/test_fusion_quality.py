"""Figures of fused pictures."""

import cv2
import numpy as np
import pytest

from gateway.imaging.color.transfer import lab_from_rgb, lab_statistics, rgb_from_lab
from gateway.imaging.metrics.fusion_quality import (
    SECTORS,
    delta_e_2000,
    outline_distance,
    psnr_db,
    ring_delta_e,
    seam_band,
    seam_ratio,
    sharpness_ratio,
    skin_colored,
    ssim,
)
from tests.tolerances import CIEDE2000

SIDE = 120
Y, X = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
RADIUS = np.hypot(X, Y)
DISC = (RADIUS < 40).astype(np.float32)
SOFT = np.clip((44 - RADIUS) / 12, 0, 1).astype(np.float32)

# Sharma, Wu, Dalal (2005), table 1: two colours and their difference.
PAIRS = np.array(
    [
        [50.0000, 2.6772, -79.7751, 50.0000, 0.0000, -82.7485, 2.0425],
        [50.0000, 3.1571, -77.2803, 50.0000, 0.0000, -82.7485, 2.8615],
        [50.0000, 2.8361, -74.0200, 50.0000, 0.0000, -82.7485, 3.4412],
        [50.0000, -1.3802, -84.2814, 50.0000, 0.0000, -82.7485, 1.0000],
        [50.0000, -1.1848, -84.8006, 50.0000, 0.0000, -82.7485, 1.0000],
        [50.0000, -0.9009, -85.5211, 50.0000, 0.0000, -82.7485, 1.0000],
        [50.0000, 0.0000, 0.0000, 50.0000, -1.0000, 2.0000, 2.3669],
        [50.0000, -1.0000, 2.0000, 50.0000, 0.0000, 0.0000, 2.3669],
        [50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0009, 7.1792],
        [50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0010, 7.1792],
        [50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0011, 7.2195],
        [50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0012, 7.2195],
        [50.0000, -0.0010, 2.4900, 50.0000, 0.0009, -2.4900, 4.8045],
        [50.0000, -0.0010, 2.4900, 50.0000, 0.0010, -2.4900, 4.8045],
        [50.0000, -0.0010, 2.4900, 50.0000, 0.0011, -2.4900, 4.7461],
        [50.0000, 2.5000, 0.0000, 50.0000, 0.0000, -2.5000, 4.3065],
        [50.0000, 2.5000, 0.0000, 73.0000, 25.0000, -18.0000, 27.1492],
        [50.0000, 2.5000, 0.0000, 61.0000, -5.0000, 29.0000, 22.8977],
        [50.0000, 2.5000, 0.0000, 56.0000, -27.0000, -3.0000, 31.9030],
        [50.0000, 2.5000, 0.0000, 58.0000, 24.0000, 15.0000, 19.4535],
        [50.0000, 2.5000, 0.0000, 50.0000, 3.1736, 0.5854, 1.0000],
        [50.0000, 2.5000, 0.0000, 50.0000, 3.2972, 0.0000, 1.0000],
        [50.0000, 2.5000, 0.0000, 50.0000, 1.8634, 0.5757, 1.0000],
        [50.0000, 2.5000, 0.0000, 50.0000, 3.2592, 0.3350, 1.0000],
        [60.2574, -34.0099, 36.2677, 60.4626, -34.1751, 39.4387, 1.2644],
        [63.0109, -31.0961, -5.8663, 62.8187, -29.7946, -4.0864, 1.2630],
        [61.2901, 3.7196, -5.3901, 61.4292, 2.2480, -4.9620, 1.8731],
        [35.0831, -44.1164, 3.7933, 35.0232, -40.0716, 1.5901, 1.8645],
        [22.7233, 20.0904, -46.6940, 23.0331, 14.9730, -42.5619, 2.0373],
        [36.4612, 47.8580, 18.3852, 36.2715, 50.5065, 21.2231, 1.4146],
        [90.8027, -2.0831, 1.4410, 91.1528, -1.6435, 0.0447, 1.4441],
        [90.9257, -0.5406, -0.9208, 88.6381, -0.8985, -0.7239, 1.5381],
        [6.7747, -0.2908, -2.4247, 5.8714, -0.0985, -2.2286, 0.6377],
        [2.0776, 0.0795, -1.1350, 0.9033, -0.0636, -0.5514, 0.9082],
    ]
)


def noise(seed: int = 0, low: int = 0, high: int = 256) -> np.ndarray:
    return np.random.default_rng(seed).integers(low, high, (SIDE, SIDE, 3), dtype=np.uint8)


def flat(level) -> np.ndarray:
    return np.full((SIDE, SIDE, 3), level, np.uint8)


def inside(mask: np.ndarray, new: np.ndarray, old: np.ndarray) -> np.ndarray:
    return np.rint(old + mask[..., None] * (new.astype(np.float32) - old)).astype(np.uint8)


# Outside the mask


@pytest.mark.parametrize("mask", [DISC, SOFT])
def test_what_is_not_touched_is_exactly_as_it_was(mask):
    target = noise()
    result = inside(mask, noise(1), target)
    assert psnr_db(result, target, mask) == np.inf
    assert ssim(result, target, mask) == 1.0


def test_psnr_of_a_known_error():
    target = noise(0, 0, 200)
    assert psnr_db(target + 5, target, DISC) == pytest.approx(20 * np.log10(255 / 5))


def test_one_value_that_differs_is_found():
    result = noise()
    result[3, 4, 1] ^= 1
    assert np.isfinite(psnr_db(result, noise(), DISC))
    assert 0.99 < ssim(result, noise(), DISC) < 1


def test_without_a_mask_ssim_is_the_paper_s():
    x = noise(0)[..., :1].repeat(3, 2)
    y = np.clip(x.astype(int) // 2 + 40, 0, 255).astype(np.uint8)
    a, b = x[..., 0].astype(float), y[..., 0].astype(float)
    kernel = cv2.getGaussianKernel(11, 1.5)
    window = kernel @ kernel.T
    mine = ssim(x, y, np.zeros((SIDE, SIDE), np.float32))
    told = []
    for row in range(5, SIDE - 5):
        for column in range(5, SIDE - 5, 7):
            pa, pb = (p[row - 5 : row + 6, column - 5 : column + 6] for p in (a, b))
            ma, mb = (window * pa).sum(), (window * pb).sum()
            va, vb = (window * pa**2).sum() - ma**2, (window * pb**2).sum() - mb**2
            cov = (window * pa * pb).sum() - ma * mb
            c1, c2 = 6.5025, 58.5225
            told.append(
                (2 * ma * mb + c1) * (2 * cov + c2) / ((ma**2 + mb**2 + c1) * (va + vb + c2))
            )
    assert mine == pytest.approx(np.mean(told), abs=0.005)


def test_noise_has_no_structure_in_common():
    assert ssim(noise(1), noise(2), DISC) < 0.2


# Colour differences


def test_the_published_pairs():
    told = delta_e_2000(PAIRS[:, :3], PAIRS[:, 3:6])
    assert np.abs(told - PAIRS[:, 6]).max() <= CIEDE2000


def test_it_does_not_matter_which_is_first():
    there, back = (delta_e_2000(PAIRS[:, i : i + 3], PAIRS[:, 3 - i : 6 - i]) for i in (0, 3))
    assert np.allclose(there, back, atol=1e-12)
    assert (delta_e_2000(PAIRS[:, :3], PAIRS[:, :3]) == 0).all()


# Seams


@pytest.mark.parametrize("picture", [noise(), flat(90)])
@pytest.mark.parametrize("mask", [DISC, SOFT, np.zeros_like(DISC), np.ones_like(DISC)])
def test_an_untouched_picture_has_no_seam(picture, mask):
    assert seam_ratio(picture, picture, mask) == 1


@pytest.mark.parametrize("mask", [DISC, SOFT])
def test_a_step_along_the_border_is_a_seam(mask):
    target = noise(0, 100, 110)
    steps = [seam_ratio(inside(mask, target + lift, target), target, mask) for lift in (5, 20, 60)]
    assert 1 < steps[0] < steps[1] < steps[2]
    assert steps[2] > 3


def test_on_a_flat_picture_a_seam_is_finite():
    assert 3 < seam_ratio(inside(DISC, flat(150), flat(100)), flat(100), DISC) < 100


def test_what_changes_within_the_face_is_no_seam():
    target = flat(100)
    middle = (RADIUS < 20).astype(np.float32)
    assert seam_ratio(inside(middle, flat(200), target), target, SOFT) == pytest.approx(1)


def test_a_slope_along_the_border_is_no_seam():
    # Around the middle it turns with the angle; across the border it is level.
    swirl = (np.degrees(np.arctan2(Y, X)) % 180)[..., None].repeat(3, 2)
    smooth = np.abs(swirl - 90) + 60
    assert seam_ratio(smooth.astype(np.uint8), flat(100), DISC) < 1.6


def test_holes_have_no_seam():
    mask = np.where(RADIUS < 15, 0, SOFT).astype(np.float32)
    assert not (seam_band(mask) & (RADIUS < 20)).any()
    assert (seam_band(mask) == seam_band(SOFT)).all()


# Colour beside the face

RING = (RADIUS > 42) & (RADIUS < 55)
FACE = RADIUS < 35
SKIN_LAB = np.array([65.0, 15.0, 18.0])


def colored(lab: np.ndarray) -> np.ndarray:
    return np.rint(rgb_from_lab(np.broadcast_to(lab, (SIDE, SIDE, 3)))).astype(np.uint8)


def test_one_color_is_no_difference():
    assert ring_delta_e(colored(SKIN_LAB), FACE, RING) == 0


def test_another_color_is_told_by_its_difference():
    other = SKIN_LAB + np.array([0, 8, -4])
    picture = np.where(FACE[..., None], colored(other), colored(SKIN_LAB))
    wanted = float(delta_e_2000(lab_from_rgb(picture[60, 60]), lab_from_rgb(picture[60, 110])))
    assert ring_delta_e(picture, FACE, RING) == pytest.approx(wanted)


def test_light_from_above_is_no_difference():
    shaded = SKIN_LAB - 0.25 * Y[..., None] * [1, 0, 0]
    picture = np.rint(rgb_from_lab(shaded)).astype(np.uint8)
    below = RING & (Y > 0)
    near = (RADIUS > 30) & FACE
    whole = float(
        delta_e_2000(
            np.median(lab_from_rgb(picture[FACE]), axis=0),
            np.median(lab_from_rgb(picture[below]), axis=0),
        )
    )
    assert ring_delta_e(picture, near, below) < whole / 2


def test_a_few_odd_directions_do_not_count():
    odd = (np.arctan2(Y, X) > 1) & RING
    picture = np.where(odd[..., None], flat(10), colored(SKIN_LAB))
    assert ring_delta_e(picture, FACE, RING) == 0


@pytest.mark.parametrize("ring", [np.zeros_like(RING), RING & (np.abs(Y) < 1) & (X > 0)])
def test_without_skin_beside_it_nothing_is_told(ring):
    assert ring_delta_e(colored(SKIN_LAB), FACE, ring) is None
    assert ring_delta_e(colored(SKIN_LAB), np.zeros_like(FACE), RING) is None
    assert SECTORS > 1


def test_the_distance_from_an_outline_is_negative_inside():
    corners = np.array([[40, 40], [79, 40], [79, 79], [40, 79]])
    away = outline_distance(corners, (SIDE, SIDE))
    assert away[60, 79 + 4] == pytest.approx(4, abs=0.01)
    assert away[60, 40] == pytest.approx(-1, abs=0.01)
    assert away[79 + 30, 79 + 40] == pytest.approx(50, rel=0.03)
    assert (away[41:79, 41:79] < 0).all()
    assert np.isinf(outline_distance(corners + 1000, (SIDE, SIDE))).all()
    assert (outline_distance(corners * 100 - 6000, (SIDE, SIDE)) < 0).all()


def test_hair_background_and_specks_are_no_skin():
    picture = colored(SKIN_LAB)
    skin = lab_statistics(picture[FACE])
    picture[:40] = (40, 90, 200)
    picture[80:] = noise(3)[80:]
    picture[100, 100] = picture[60, 60]
    found = skin_colored(picture, RING, skin)
    assert (found[45:75] == RING[45:75]).mean() > 0.95
    assert not found[:40].any()
    assert found[81:].mean() < 0.01


# Detail


def test_a_blurred_face_has_less_detail_and_a_sharpened_one_more():
    target = noise()
    soft = cv2.GaussianBlur(target, (0, 0), 2)
    assert sharpness_ratio(target, target, FACE) == 1
    assert sharpness_ratio(soft, target, FACE) < 0.4
    assert sharpness_ratio(target, soft, FACE) > 2.5


def test_a_flat_face_has_as_much_detail_as_another():
    assert sharpness_ratio(flat(9), flat(200), FACE) == 1
    assert sharpness_ratio(noise(), noise(1), np.zeros_like(FACE)) == 1


def test_only_the_face_s_own_detail_counts():
    target = noise()
    result = np.where(FACE[..., None], target, flat(0))
    core = RADIUS < 25
    assert sharpness_ratio(result, target, core) == pytest.approx(1)
