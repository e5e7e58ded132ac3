"""What the refiner sees, and what is made of its answer."""

import numpy as np
import pytest

from gateway.faces.atlas import HEIGHT, WIDTH, atlas
from gateway.faces.refiner import (
    COLUMNS,
    ROWS,
    STRENGTH,
    gains_of,
    refiner_planes,
    skin_change,
    skin_share,
)

NORMALS = np.zeros((HEIGHT, WIDTH, 3), np.float32)
NORMALS[..., 2] = -1
SEEN = np.ones((HEIGHT, WIDTH), np.float32)


def skin(tone=(180, 130, 110), *, eyes=(20, 20, 20)) -> np.ndarray:
    picture = np.broadcast_to(np.array(tone, np.uint8), (HEIGHT, WIDTH, 3)).copy()
    picture[atlas().eyes | atlas().brows] = eyes
    return picture


def test_features_of_the_old_face_are_not_told():
    planes = [refiner_planes(skin(), skin(eyes=e), NORMALS, SEEN, SEEN) for e in (0, 250)]
    apart = np.abs(planes[0][..., 3:7].astype(int) - planes[1][..., 3:7])
    assert apart[skin_share() > 0.99].max() <= 24  # half a natural logarithm
    assert np.median(apart) == 0


def test_light_and_complexion_of_both_pictures_together_are_not_told():
    own, dark = (skin(tone) for tone in ((180, 130, 110), (90, 65, 55)))
    planes = [refiner_planes(p, p, NORMALS, SEEN, SEEN)[..., :6].astype(int) for p in (own, dark)]
    plain = skin_share() > 0.99
    assert np.abs(planes[0] - planes[1])[plain].max() <= 4


def test_what_is_before_the_old_face_has_no_say():
    covered = skin()
    covered[60:90, 20:60] = (0, 200, 0)
    seen = SEEN.copy()
    seen[58:92, 18:62] = 0
    planes = refiner_planes(skin(), covered, NORMALS, SEEN, seen)
    assert np.abs(planes[..., 3:6].astype(int) - 128)[skin_share() > 0.9].max() <= 10


def test_no_change_is_a_gain_of_one():
    assert gains_of(np.zeros((ROWS, COLUMNS, 3), np.float32)) == pytest.approx(1)


def test_brighter_is_a_gain_of_all_colours_alike():
    change = np.zeros((ROWS, COLUMNS, 3), np.float32)
    change[..., 0] = np.log(1.5)
    assert gains_of(change)[ROWS // 2, COLUMNS // 2] == pytest.approx(1.5**STRENGTH, rel=0.01)


def test_a_feature_is_under_the_light_of_the_skin_around_it():
    change = np.zeros((ROWS, COLUMNS, 3), np.float32)
    features = skin_share() < 0.5
    change[features, 0] = 3
    told = skin_change(change, np.where(features, 0, 1).astype(np.float32))
    assert np.abs(told).max() < 0.01
