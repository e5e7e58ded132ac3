import numpy as np
import pytest

from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.errors import NoFaceInSource
from gateway.faces.embedding import FaceEmbedder
from gateway.pipeline.fuse_image import ImageFuser
from gateway.pipeline.options import parse_options
from gateway.pipeline.timings import Timings
from gateway.testing import FakeInference


class LooksOnly:
    """Notes how hard it is asked to look, and finds nothing."""

    def __init__(self) -> None:
        self.asked: list[bool] = []

    async def analyse(self, image, *, deadline, options=None):
        self.asked.append(options.thorough)
        return []


@pytest.mark.parametrize(
    ("selector", "thorough"),
    [
        ({}, False),
        ({"order": "small-large"}, True),
        ({"order": "left-right"}, True),
        ({"position": 1}, True),
        ({"mode": "many"}, True),
        ({"mode": "reference"}, True),
    ],
)
async def test_every_wish_but_the_largest_face_needs_all_of_them(selector, thorough):
    analyser, compute = LooksOnly(), Compute(inline=True)
    fuser = ImageFuser(analyser, FaceEmbedder(FakeInference([]), compute), compute)
    picture = np.zeros((8, 8, 3), np.uint8)
    with pytest.raises(NoFaceInSource):
        await fuser.swap(
            [picture],
            picture,
            parse_options({"face_selector": selector}),
            deadline=Deadline.after(5),
            timings=Timings(),
        )
    of_source, of_target = analyser.asked
    assert (of_source, of_target) == (False, thorough)
