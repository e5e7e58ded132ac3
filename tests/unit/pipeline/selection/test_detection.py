"""How hard to look: one rule for images, for videos and for the first look at a video."""

import numpy as np
import pytest

from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.errors import NoFaceInSource, NoFaceInTarget
from gateway.pipeline.options.swap import parse_options
from gateway.pipeline.selection import detection
from gateway.pipeline.selection.people import People
from gateway.pipeline.video.survey import Surveyor
from tests.unit.pipeline.people import Analyser, Sides, face_of
from tests.unit.pipeline.video.frames import video_of

CHOICES = [
    ({}, False),
    ({"face_selector": {"order": "small-large"}}, True),
    ({"face_selector": {"order": "left-right"}}, True),
    ({"face_selector": {"position": 1}}, True),
    ({"face_selector": {"mode": "many"}}, True),
    ({"face_selector": {"min_age": 20}}, True),
    ({"mapping": [{"sources": [0], "position": 0}]}, True),
    ({"face_selector": {"mode": "many"}, "detector": {"thorough": False}}, False),
    ({"detector": {"thorough": True}}, True),
]
HOW = {"angles": [90], "min_score": 0.3, "model": "yunet"}


@pytest.mark.parametrize(("options", "thorough"), CHOICES)
def test_all_faces_are_looked_for_unless_the_largest_alone_is_meant(options, thorough):
    asked = parse_options(options)
    assert detection.of_targets(asked).thorough is thorough
    assert not detection.of_sources(asked).thorough


@pytest.mark.parametrize(("options", "thorough"), CHOICES)
async def test_a_video_is_looked_through_as_an_image_is(options, thorough):
    asked = parse_options(options | {"detector": HOW | options.get("detector", {})})
    analyser = Analyser([])
    surveyor = Surveyor(
        analyser, Nobody(), Compute(inline=True), min_face_px=20, classifier=Sides(160)
    )
    with pytest.raises(NoFaceInTarget):
        await surveyor.survey(video_of([[face_of()]]), asked, deadline=Deadline.after(5))
    (how,) = analyser.asked
    assert (how.thorough, how.angles, how.min_score, how.model) == (thorough, (90,), 0.3, "yunet")


async def test_sources_lie_as_targets_do():
    asked = parse_options({"detector": HOW, "processors": ["expression_restorer"]})
    analyser = Analyser([])
    with pytest.raises(NoFaceInSource):
        await People(analyser, None, min_face_px=1).portraits(
            [np.zeros((8, 8, 3), np.uint8)],
            deadline=Deadline.after(5),
            options=detection.of_sources(asked),
        )
    (how,) = analyser.asked
    assert (how.angles, how.min_score, how.model, how.precise) == ((90,), 0.3, "yunet", True)


class Nobody:
    async def embed(self, image, faces, *, deadline):
        return np.zeros((0, 128), np.float32)
