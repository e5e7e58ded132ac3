"""Faces that are followed: which networks look at them again."""

from collections import Counter

import numpy as np

from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.faces.analyser import FaceAnalyser
from gateway.faces.landmarks import RIGHT_IRIS
from gateway.testing_faces import fake_face_inference

PICTURE = np.full((240, 320, 3), 128, np.uint8)


class Counting:
    """Networks that count how often each is asked."""

    def __init__(self) -> None:
        self._networks, self.asked = fake_face_inference(), Counter()

    async def infer(self, model, inputs, *, deadline):
        self.asked[model] += 1
        return await self._networks.infer(model, inputs, deadline=deadline)


async def followed(*, keep_eyes):
    """Return a face as it was, as it is again, and which networks were asked meanwhile."""
    networks = Counting()
    analyser = FaceAnalyser(networks, Compute(inline=True))
    faces = await analyser.analyse(PICTURE, deadline=Deadline.after(5))
    networks.asked.clear()
    again = await analyser.follow(PICTURE, faces, deadline=Deadline.after(5), keep_eyes=keep_eyes)
    return faces[0], again[0], networks.asked


async def test_eyes_that_are_kept_are_not_looked_at():
    before, after, asked = await followed(keep_eyes=True)
    assert asked["iris"] == 0
    assert asked["face_mesh"] > 0
    eyes = list(RIGHT_IRIS)
    assert np.allclose(after.landmarks[eyes, :2], before.landmarks[eyes, :2], atol=0.5)


async def test_else_they_are():
    _, _, asked = await followed(keep_eyes=False)
    assert asked["iris"] == 1
