"""The built network that takes glasses off, on known faces."""

import numpy as np
import pytest

from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.faces.analyser import FaceAnalyser
from gateway.faces.glasses import GlassesRemover, known_places, unrolled_band
from gateway.inference.local import LocalInference
from gateway.paths import PROJECT_ROOT
from gateway.processors.base import Portrait
from gateway.processors.deocclude import without_glasses
from tests.integration.portraits import portrait

pytestmark = pytest.mark.models


@pytest.fixture
async def parts():
    inference, compute = LocalInference(PROJECT_ROOT / "model_repository"), Compute(inline=True)
    yield FaceAnalyser(inference, compute), GlassesRemover(inference, compute)
    await inference.close()


async def looked_at(parts, name):
    analyser, remover = parts
    image, deadline = portrait(name), Deadline.after(60)
    face = (await analyser.analyse(image, deadline=deadline))[0]
    return Portrait(image, face), await remover.find(image, face.landmarks, deadline=deadline)


@pytest.mark.parametrize(("name", "worn"), [("hopper", True), ("astronaut", False)])
async def test_it_sees_who_wears_glasses(parts, name, worn):
    _, removal = await looked_at(parts, name)
    assert removal.worn is worn


async def test_a_face_without_glasses_is_left_alone(parts):
    _, removal = await looked_at(parts, "astronaut")
    inner = known_places()[0] > 0.3
    assert removal.hidden[inner].mean() < 0.06
    assert np.abs(np.log(removal.gain[inner])).mean() < 0.05


async def test_without_them_none_are_seen_any_more(parts):
    worn, removal = await looked_at(parts, "hopper")
    bare = without_glasses(worn, removal)
    again = await parts[1].find(bare.image, bare.face.landmarks, deadline=Deadline.after(60))
    assert not again.worn
    assert bare.eyes_unknown  # there is hardly any light on them
    before, after = (unrolled_band(p.image, p.face.landmarks).astype(float) for p in (worn, bare))
    rims = (removal.hidden > 0.7) & (known_places()[0] > 0.3)
    assert np.abs(after - before).mean(-1)[rims].mean() > 25
