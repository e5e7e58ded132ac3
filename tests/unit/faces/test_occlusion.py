import cv2
import numpy as np
import pytest

from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.errors import InferenceUnavailable
from gateway.faces.atlas import HEIGHT, WIDTH, atlas
from gateway.faces.occlusion import (
    MODEL,
    OcclusionFinder,
    Visibility,
    departures,
    known_places,
    reaching_in,
    skin_prior,
)
from gateway.faces.topology import topology
from gateway.imaging.color.skin_model import PLANES
from gateway.testing_faces import fake_face_inference
from tests.synthetic_faces import LIP, painted
from tests.unit.pipeline.people import SHAPE, face_of

GREEN = (10, 200, 20)


# What the network is asked


def test_the_prior_says_where_bare_skin_is_likely():
    prior = skin_prior()
    assert prior.shape == (HEIGHT, WIDTH)
    assert prior.min() == 0
    assert 0 < prior.max() <= 1
    assert not prior[~atlas().plain].any()


def test_places_known_beforehand_are_symmetric():
    places = known_places()
    assert places.shape == (6, HEIGHT, WIDTH)
    assert np.abs(places - places[..., ::-1]).mean() < 0.02


def test_departures_are_the_same_for_a_mirrored_picture():
    landmarks = face_of(scale_px=60).landmarks
    image = painted(landmarks, SHAPE)
    flipped = landmarks[topology().mirror] * [-1, 1, 1] + [SHAPE[1] - 1, 0, 0]
    a, b = departures(image, landmarks), departures(image[:, ::-1].copy(), flipped)
    inner = atlas().face & (atlas().outline > 0.2)
    assert np.abs(a.astype(int) - b[:, ::-1])[inner].mean() < 3


async def test_the_finder_tells_what_is_before_each_face():
    faces = [face_of(at=(90, 120), scale_px=40), face_of(at=(230, 120), scale_px=40)]
    image = painted(faces[0].landmarks, SHAPE, inside=LIP)
    second = painted(faces[1].landmarks, SHAPE, inside=LIP)
    image[:, 160:] = second[:, 160:]
    cv2.rectangle(image, (190, 125), (270, 150), GREEN, -1)
    finder = OcclusionFinder(fake_face_inference(), Compute(inline=True))
    bare, hidden = await finder.find(image, faces, deadline=Deadline.after(5))
    inner = atlas().face & (atlas().outline > 0.2)
    assert bare.visible.shape == (HEIGHT, WIDTH)
    assert bare.visible[inner].min() > 0.9
    assert (bare.visible[~atlas().face] == 1).all()
    assert 0.05 < (hidden.visible[inner] < 0.1).mean() < 0.6
    rows = np.flatnonzero((hidden.visible < 0.1).any(1))
    assert atlas().mean[rows, WIDTH // 2, 1].min() > -0.35


async def test_without_faces_no_network_is_asked():
    inference = fake_face_inference()
    finder = OcclusionFinder(inference, Compute(inline=True))
    image = np.zeros((*SHAPE, 3), np.uint8)
    assert await finder.find(image, [], deadline=Deadline.after(5)) == []
    assert inference.models[MODEL].batches == []


async def test_all_faces_are_asked_at_once_in_the_contract_s_layout():
    inference, asked = fake_face_inference(), []
    plain = inference.models[MODEL].function
    inference.models[MODEL].function = lambda inputs: asked.append(inputs) or plain(inputs)
    finder = OcclusionFinder(inference, Compute(inline=True))
    faces = [face_of(at=(90 + 20 * n, 120)) for n in range(3)]
    image = painted(faces[0].landmarks, SHAPE)
    await finder.find(image, faces, deadline=Deadline.after(5))
    (inputs,) = asked
    assert inputs["departures"].shape == (3, HEIGHT, WIDTH, PLANES)
    assert (inputs["departures"][1] == departures(image, faces[1].landmarks)).all()


async def test_a_network_that_fails_is_told():
    inference = fake_face_inference()
    inference.models[MODEL].failures.append(InferenceUnavailable("gone"))
    finder = OcclusionFinder(inference, Compute(inline=True))
    image = np.zeros((*SHAPE, 3), np.uint8)
    with pytest.raises(InferenceUnavailable):
        await finder.find(image, [face_of()], deadline=Deadline.after(5))


# Videos


def both(a: float, b: float) -> tuple[Visibility, Visibility]:
    return Visibility(np.full((HEIGHT, WIDTH), a, np.float32)), Visibility(
        np.full((HEIGHT, WIDTH), b, np.float32)
    )


@pytest.mark.parametrize("share", [0.0, 0.5, 0.9])
def test_what_stays_is_steady(share):
    now, before = both(0.3, 0.3)
    assert now.steadied(before, share).visible == pytest.approx(now.visible)


def test_a_flicker_is_evened_out_and_a_change_is_believed():
    now, before = both(0.6, 0.5)
    assert now.steadied(before, 0.5).visible == pytest.approx(0.55)
    now, before = both(1.0, 0.0)
    assert now.steadied(before, 0.9).visible == pytest.approx(1.0)


@pytest.mark.parametrize("a", [0.0, 0.2, 0.7, 1.0])
@pytest.mark.parametrize("b", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("share", [0.0, 0.7, 1.0])
def test_the_frame_before_never_carries_it_further_than_itself(a, b, share):
    now, before = both(a, b)
    found = now.steadied(before, share).visible
    assert found.min() >= min(a, b) - 1e-6
    assert found.max() <= max(a, b) + 1e-6
    if share == 0:
        assert (found == now.visible).all()


# What reaches into a portrait's face


def strip(width_px: int, *, red: int = 60, left: int = 0) -> np.ndarray:
    """Return departures of a bare face with a strip of another colour at its left outline."""
    planes = np.full((HEIGHT, WIDTH, PLANES), 128, np.uint8)
    row = atlas().face[72]
    first = int(np.flatnonzero(row)[0]) + left
    planes[40:110, first : first + width_px, 1] += np.uint8(red)
    return planes


def test_another_color_at_the_outline_is_not_the_face():
    found = reaching_in(strip(14))
    first = int(np.flatnonzero(atlas().face[72])[0])
    assert found[72, first : first + 10].all()
    assert not found[:, WIDTH // 2 :].any()


@pytest.mark.parametrize("planes", [strip(14, red=20), strip(14, left=12), strip(0)])
def test_a_shade_a_mole_and_bare_skin_are_the_face(planes):
    assert not reaching_in(planes).any()


async def test_only_a_portrait_is_doubted():
    face = face_of(at=(160, 120), scale_px=50)
    image = painted(face.landmarks, SHAPE, inside=LIP)
    side = face.landmarks[234, :2]
    cv2.circle(image, np.rint(side).astype(int).tolist(), 12, (60, 90, 200), -1)
    finder = OcclusionFinder(fake_face_inference(), Compute(inline=True))
    seen = [
        (await finder.find(image, [face], doubting=doubting, deadline=Deadline.after(5)))[0]
        for doubting in (False, True)
    ]
    hidden = [int((one.visible < 0.5).sum()) for one in seen]
    assert hidden[1] > hidden[0] + 20
