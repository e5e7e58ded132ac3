"""What gives faces expressions: one way for the model, one for networks."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.faces.morphable.expression import ALL_REGIONS
from gateway.pipeline.face.expression_backend import MorphableBackend, NetworkBackend
from gateway.pipeline.face.quality import Subject
from gateway.processors.base import Portrait
from gateway.processors.expression_restorer import Performance
from gateway.processors.openings import Donor, InpaintingSource
from tests.synthetic_faces import painted
from tests.unit.pipeline.people import SHAPE, face_of, person

INLINE = Compute(inline=True)
FACE = face_of(person(0))
SHOWN = face_of(person(0), {"jawOpen": 0.8})
IMAGE, AFTER = painted(FACE.landmarks, SHAPE), painted(SHOWN.landmarks, SHAPE)
ACTOR = Donor(AFTER, SHOWN.landmarks, InpaintingSource.SOURCE)
PORTRAIT = Portrait(IMAGE, face_of(person(4)))


class Network:
    """Remembers what it is asked."""

    name = "live_portrait"

    def __init__(self) -> None:
        self.asked = []

    async def process(self, image, landmarks, actor, after, *, factor, regions, deadline):
        self.asked.append((landmarks, actor, after, factor, regions))


class Follower:
    """Finds a face again, or does not."""

    def __init__(self, *found) -> None:
        self.found = list(found)

    async def follow(self, image, faces, *, deadline, precise=False):
        return self.found


def subject(shown=FACE):
    layer = SimpleNamespace(landmarks=shown.landmarks)
    return Subject(FACE, shown, PORTRAIT, layer, None, 0)


def performance(actor=ACTOR):
    return Performance(SHOWN.expression, ALL_REGIONS, None, [ACTOR], None, actor, 0.7)


async def restored(backend, what):
    pattern = backend.pattern(IMAGE, AFTER, what)
    return await backend.restore(
        AFTER, what, pattern, regions=ALL_REGIONS, deadline=Deadline.after(5)
    )


def test_a_network_needs_a_picture_that_shows_it():
    network, model = NetworkBackend(Network(), INLINE), MorphableBackend(Follower(), INLINE)
    assert [one.suits(performance()) for one in (network, model)] == [True, True]
    assert [one.suits(performance(None)) for one in (network, model)] == [False, True]
    assert (network.name, model.name) == ("live_portrait", "3dmm")


async def test_a_network_is_shown_whoever_acts():
    network = Network()
    backend = NetworkBackend(network, INLINE)
    await backend.perform(IMAGE, FACE, performance(), deadline=Deadline.after(5))
    ((landmarks, actor, after, factor, regions),) = network.asked
    assert (landmarks is FACE.landmarks, actor, factor, regions) == (True, ACTOR, 0.7, ALL_REGIONS)
    assert not np.allclose(after, FACE.landmarks)


@pytest.mark.parametrize(("shown", "image"), [(FACE, IMAGE), (SHOWN, AFTER)])
async def test_a_network_is_shown_the_face_as_it_is_to_be(shown, image):
    network = Network()
    await restored(NetworkBackend(network, INLINE), subject(shown))
    ((landmarks, pattern, after, factor, _),) = network.asked
    assert (pattern.image == image).all()
    assert pattern.landmarks is landmarks is after is shown.landmarks
    assert factor == 1


async def test_what_is_looked_at_is_not_what_is_painted_on():
    pattern = NetworkBackend(Network(), INLINE).pattern(IMAGE, AFTER, subject(SHOWN))
    assert not np.shares_memory(pattern.image, AFTER)


async def test_the_model_lends_from_the_target_and_moves_what_is_off():
    backend = MorphableBackend(Follower(FACE), INLINE)
    assert backend.pattern(IMAGE, AFTER, subject(SHOWN)).image is IMAGE
    assert await restored(MorphableBackend(Follower(), INLINE), subject(SHOWN)) is None
    assert await restored(MorphableBackend(Follower(SHOWN), INLINE), subject(SHOWN)) is None
    moved = await restored(backend, subject(SHOWN))
    assert moved is not None
    assert moved.pixels.any()


async def test_the_model_performs_without_a_picture():
    backend = MorphableBackend(Follower(), INLINE)
    wanted = replace(performance(None), donors=[])
    found = await backend.perform(IMAGE, FACE, wanted, deadline=Deadline.after(5))
    assert found is not None
    assert not np.allclose(found.landmarks, FACE.landmarks)
