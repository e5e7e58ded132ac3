import cv2
import numpy as np
import pytest

from gateway.faces.atlas import HEIGHT, WIDTH, area_of, atlas, unrolled
from gateway.faces.topology import LIPS_INNER, LIPS_OUTER, N_MESH, topology
from tests.synthetic_faces import LIP, SKIN, WHITE, landmarks_of, painted

SHEET = atlas()
PLANES = ("face", "eyes", "brows", "lips", "mouth", "nostrils")


def face(scale_px=100.0, **pose):
    return landmarks_of(scale_px=scale_px, at=(2.4 * scale_px, 2.4 * scale_px), **pose)


def picture(scale_px=100.0, **pose):
    side = int(4.8 * scale_px)
    return painted(face(scale_px, **pose), (side, side))


def test_every_landmark_lies_inside():
    assert SHEET.place.shape == (N_MESH, 2)
    assert (SHEET.place >= 0).all()
    assert (SHEET.place <= [WIDTH - 1, HEIGHT - 1]).all()
    columns, rows = np.rint(SHEET.place).astype(int).T
    around = cv2.dilate(SHEET.face.astype(np.uint8), np.ones((3, 3), np.uint8))
    assert around[rows, columns].all()


def test_no_two_landmarks_lie_at_one_place():
    apart = np.linalg.norm(SHEET.place[:, None] - SHEET.place, axis=-1)
    assert apart[~np.eye(N_MESH, dtype=bool)].min() > 0.1


def test_it_is_its_own_mirror_image():
    mirrored = SHEET.place[topology().mirror[:N_MESH]] * [-1, 1] + [WIDTH - 1, 0]
    assert np.abs(mirrored - SHEET.place).max() < 0.1


@pytest.mark.parametrize("name", PLANES)
def test_areas_are_mirror_symmetric_to_a_pixel(name):
    plane = getattr(SHEET, name).astype(np.uint8)
    assert plane.any()
    grown = cv2.dilate(plane, np.ones((3, 3), np.uint8))
    assert not (plane[:, ::-1].astype(bool) & (grown == 0)).any()


def test_areas_lie_in_the_face_and_plain_skin_in_none():
    for name in PLANES[1:]:
        assert not (getattr(SHEET, name) & ~SHEET.face).any(), name
        assert not (getattr(SHEET, name) & SHEET.plain).any(), name
    assert not (SHEET.mouth & ~SHEET.lips).any()
    assert SHEET.plain.sum() > 0.5 * SHEET.face.sum()


def test_places_spread_are_the_pixels_themselves():
    spread = SHEET.spread(SHEET.place)
    grid = np.stack(np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT)), -1)
    assert np.abs(spread - grid)[SHEET.face].max() < 0.01
    assert (spread[~SHEET.face] == 0).all()


def test_shares_sum_to_1_in_the_face():
    total = SHEET.shares.sum(2)
    assert total[SHEET.face] == pytest.approx(1, abs=1e-5)
    assert (total[~SHEET.face] == 0).all()
    assert SHEET.shares.min() > -1e-3


def test_the_outline_is_near_at_the_rim_and_far_in_the_middle():
    inside = cv2.distanceTransform(SHEET.face.astype(np.uint8), cv2.DIST_L2, 5)
    assert SHEET.outline[(inside > 0) & (inside < 1.5)].max() < 0.3
    assert SHEET.outline[HEIGHT // 2, WIDTH // 2] > 0.5


def test_it_cannot_be_written_to():
    with pytest.raises(ValueError, match="read-only"):
        SHEET.face[0, 0] = True
    assert atlas() is SHEET


def test_an_area_grows_by_as_much_as_is_said():
    narrow, wide = (area_of(SHEET.place, (LIPS_OUTER,), by) for by in (0, 3))
    away = cv2.distanceTransform((~narrow).astype(np.uint8), cv2.DIST_L2, 5)
    assert (narrow <= wide).all()
    assert away[wide].max() < 4.5
    assert wide[away <= 2].all()


# Pictures unrolled


@pytest.mark.parametrize("pose", [{}, {"pitch": 5}, {"roll": 70}], ids=str)
def test_features_lie_where_the_atlas_says(pose):
    sheet = unrolled(picture(**pose), face(**pose)).astype(int)
    assert sheet.shape == (HEIGHT, WIDTH, 3)
    red = area_of(SHEET.place, (LIPS_OUTER,)) & ~area_of(SHEET.place, (LIPS_INNER,), 2)
    red = cv2.erode(red.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    assert np.median(sheet[red], axis=0) == pytest.approx(LIP, abs=10)
    middle = cv2.erode(SHEET.plain.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    middle &= SHEET.outline > 0.4
    assert (np.abs(sheet[middle] - SKIN).max(-1) < 6).mean() > 0.98
    away = ~SHEET.lips & ~SHEET.eyes & (SHEET.outline > 0.2)
    assert not (np.abs(sheet - LIP).max(-1) < 10)[away].any()
    assert (np.abs(sheet - WHITE).max(-1) < 20)[SHEET.eyes].any()


@pytest.mark.parametrize("factor", [2, 4])
def test_large_faces_do_not_alias(factor):
    small = picture()
    large = cv2.resize(small, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
    there = face().copy()
    there[:, :2] = (there[:, :2] + 0.5) * factor - 0.5
    a, b = unrolled(small, face()).astype(int), unrolled(large, there).astype(int)
    assert np.abs(a - b)[SHEET.face & (SHEET.outline > 0.1)].mean() < 2


def test_fine_patterns_of_large_faces_are_averaged():
    checks = (np.indices((1920, 1920)).sum(0) % 2 * 255).astype(np.uint8)
    sheet = unrolled(np.repeat(checks[..., None], 3, -1), face(400))
    assert sheet[SHEET.face].astype(int) == pytest.approx(127.5, abs=2)


@pytest.mark.parametrize("at", [(0, 0), (480, 240), (-5000, -5000)])
def test_a_face_that_leaves_the_picture_is_unrolled_all_the_same(at):
    away = face() + np.array([*at, 0])
    assert unrolled(picture(), away).shape == (HEIGHT, WIDTH, 3)


def test_of_a_face_of_no_size_one_pixel_is_all():
    image = picture()
    sheet = unrolled(image, np.full((478, 3), 200.0))
    assert (sheet[SHEET.face] == image[200, 200]).all()
