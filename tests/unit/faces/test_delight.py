"""What the delighter sees of a face, and how much of its answer counts."""

import numpy as np
import pytest

from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.faces.atlas import HEIGHT, WIDTH, atlas
from gateway.faces.delight import (
    MODEL,
    SURE,
    FaceDelighter,
    known_places,
    skin_levels,
    sure_change,
)
from gateway.faces.occlusion import Visibility
from gateway.faces.skin_levels import SKIN_LEVEL
from gateway.testing_faces import fake_face_inference
from tests.synthetic_faces import SKIN, painted
from tests.unit.pipeline.people import SHAPE, face_of

FACE = face_of(scale_px=60)
IMAGE = painted(FACE.landmarks, SHAPE)


def changes(level: float) -> np.ndarray:
    return np.full((HEIGHT, WIDTH, 3), level, np.float32)


def test_known_places_are_those_of_the_atlas():
    planes = known_places()
    assert planes.shape == (6, HEIGHT, WIDTH)
    assert (planes[5] == atlas().face).all()


@pytest.mark.parametrize("level", [0.05, 0.3, 1.0])
def test_large_changes_count_more_than_small_ones(level):
    share = sure_change(changes(level)) / level
    assert np.abs(share - level**2 / (level**2 + SURE**2)).max() < 1e-4


def test_darker_and_lighter_are_treated_alike():
    answer = np.random.default_rng(1).normal(0, 0.3, (HEIGHT, WIDTH, 3)).astype(np.float32)
    assert np.allclose(sure_change(-answer), -sure_change(answer))


def test_what_covers_a_face_has_no_say_in_its_complexion():
    sheet = np.full((HEIGHT, WIDTH, 3), 140, np.uint8)
    seen = np.ones((HEIGHT, WIDTH), bool)
    seen[HEIGHT // 3 :] = False
    sheet[~seen] = 10
    assert (skin_levels(sheet, seen) == 140).all()


def test_where_no_skin_is_seen_all_of_it_counts():
    sheet = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    assert (skin_levels(sheet, np.zeros((HEIGHT, WIDTH), bool)) == 90).all()


@pytest.mark.parametrize("brightness", [0.4, 0.7, 1.0])
async def test_the_network_sees_no_complexion(brightness):
    inference = fake_face_inference()
    seen = []
    answer = inference.models[MODEL].function
    inference.models[MODEL].function = lambda inputs: seen.append(inputs["face"]) or answer(inputs)
    image = np.rint(IMAGE * brightness).astype(np.uint8)
    delighter = FaceDelighter(inference, Compute(inline=True))
    whole = Visibility(np.ones((HEIGHT, WIDTH), np.float32))
    for visibility in (None, whole):
        change = await delighter.find(image, FACE.landmarks, visibility, deadline=Deadline.after(9))
        assert (change == 0).all()
    for sheets in seen:
        assert np.abs(np.median(sheets[0][atlas().plain], axis=0) - SKIN_LEVEL).max() <= 2


def test_painted_skin_is_what_the_median_finds():
    from gateway.faces.atlas import unrolled

    levels = skin_levels(unrolled(IMAGE, FACE.landmarks), atlas().face)
    assert np.abs(levels - SKIN).max() < 6
