"""Detectors of the field: what they are shown, and where what they saw lies."""

import numpy as np
import pytest

from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.errors import ContractViolation, UnknownModel
from gateway.faces.analyser import FaceAnalyser
from gateway.faces.blazeface import Candidates
from gateway.faces.detect import DetectOptions, FaceDetector
from gateway.networks.detecting.network import NetworkDetector
from gateway.networks.detecting.spec import SIDE_PX, DetectorHits
from gateway.networks.detecting.specs import DETECTORS
from gateway.networks.detecting.views import candidates_of, views_of
from gateway.testing import FakeInference
from tests import tolerances
from tests.unit.networks.fakes import INLINE, fake, soon

SHAPES = [(50, 70), (70, 50), (640, 640), (900, 1300), (1301, 701), (1, 1), (1, 2000)]


@pytest.mark.parametrize(("height", "width"), SHAPES)
def test_views_turn_back_onto_the_picture(height, width):
    image = np.zeros((height, width, 3), np.uint8)
    corners = np.array([[-0.5, -0.5], [width - 0.5, height - 0.5]])
    pixels, views = views_of(image, (90, 180, 270))
    assert pixels.shape == (4, SIDE_PX, SIDE_PX, 3)
    assert [view.quarters for view in views] == [0, 1, 2, 3]
    for view in views:
        size = view.size_wh[:: -1 if view.quarters % 2 else 1]
        assert max(size) == min(max(height, width), SIDE_PX)
        ends = view.in_image(np.array([[0, 0], size], np.float32))
        np.testing.assert_allclose(
            np.sort(ends, 0), corners, atol=tolerances.FLOAT32_PIXELS, rtol=1e-6
        )


@pytest.mark.parametrize("quarters", range(4))
def test_a_bright_pixel_is_found_again_from_every_side(quarters):
    image = np.zeros((30, 50, 3), np.uint8)
    image[7, 41] = 255
    pixels, views = views_of(image, (90 * quarters,))
    y, x = np.argwhere(pixels[-1].any(-1))[0]
    found = views[-1].in_image(np.array([x, y], np.float32) + 0.5)
    np.testing.assert_allclose(found, [41, 7], atol=tolerances.FLOAT32_PIXELS)


def test_angles_are_looked_at_once_each():
    assert len(views_of(np.zeros((9, 9, 3), np.uint8), (90, 90, 0, 360))[1]) == 2


def test_a_small_picture_is_not_enlarged():
    image = np.full((20, 30, 3), 9, np.uint8)
    (pixels,), _ = views_of(image, ())
    np.testing.assert_array_equal(pixels[:20, :30], image)
    assert pixels.sum() == image.sum()


def test_ears_lie_beside_the_eyes_and_the_right_one_is_first():
    points = np.array([[[40, 40], [60, 40], [50, 50], [42, 60], [58, 60]]], np.float32)
    seen = DetectorHits(np.ones(1, np.float32), np.array([[30, 20, 70, 75]], np.float32), points)
    _, (view,) = views_of(np.zeros((100, 100, 3), np.uint8), ())
    found = candidates_of(seen, view)
    (right, left) = found.points[0, 4:]
    assert right[0] < points[0, 0, 0] < points[0, 1, 0] < left[0]
    assert right[1] == left[1]
    np.testing.assert_allclose(found.points[0, 3], [49.5, 59.5])
    np.testing.assert_allclose(np.diff(found.boxes[0].reshape(2, 2), axis=0)[0], found.sides[0])


def nothing(spec, change=None):
    """Return what a detector answers that sees nothing, or what was changed of it."""

    def answer(inputs):
        rows = len(inputs["input"])
        out = [
            np.zeros((rows, *shape) if spec.batched else shape, np.float32) for shape in spec.shapes
        ]
        if change:
            change(out)
        return out

    return answer


@pytest.mark.parametrize("name", DETECTORS)
async def test_nothing_seen_is_no_error(name):
    inference = FakeInference([fake(name, nothing(DETECTORS[name]))])
    detector = NetworkDetector(DETECTORS[name], inference, INLINE)
    image = np.zeros((40, 60, 3), np.uint8)
    found = await detector.find(image, min_score=0.05, angles=(90, 180), deadline=soon())
    assert found.points.shape == (0, 6, 2)


@pytest.mark.parametrize("name", ["yolo_face", "yunet"])
async def test_all_directions_are_one_call_where_the_graph_allows(name):
    model = fake(name, nothing(DETECTORS[name]))
    detector = NetworkDetector(DETECTORS[name], FakeInference([model]), INLINE)
    image = np.zeros((40, 60, 3), np.uint8)
    await detector.find(image, min_score=0.5, angles=(90, 180, 270), deadline=soon())
    assert model.batches == [4]


@pytest.mark.parametrize("name", DETECTORS)
async def test_what_is_not_a_number_is_a_fault_of_the_network(name):
    def broken(out):
        out[0][:] = np.nan

    inference = FakeInference([fake(name, nothing(DETECTORS[name], broken))])
    detector = NetworkDetector(DETECTORS[name], inference, INLINE)
    with pytest.raises(ContractViolation):
        await detector.find(np.zeros((4, 4, 3), np.uint8), min_score=0.5, deadline=soon())


class Named:
    """A detector that counts how often it is asked."""

    def __init__(self):
        self.asked = []

    async def find(self, image, *, min_score, angles=(), deadline):
        self.asked.append((min_score, angles))
        return Candidates.joined([])


async def test_another_detector_is_asked_once_and_ours_is_not():
    named, image = Named(), np.zeros((40, 60, 3), np.uint8)
    options = DetectOptions(model="named", thorough=True, min_score=0.3, angles=(90,))
    parts = FakeInference([]), Compute(inline=True)
    deadline = Deadline.after(9)
    assert (
        await FaceAnalyser(*parts, finders={"named": named}).analyse(
            image, deadline=deadline, options=options
        )
        == []
    )
    await FaceDetector(*parts, {"named": named}).find(image, deadline=deadline, options=options)
    assert named.asked == [(0.3, (90,))] * 2


async def test_a_detector_that_is_not_there_is_named():
    detector = FaceDetector(FakeInference([]), INLINE)
    with pytest.raises(UnknownModel, match="nobody"):
        await detector.find(
            np.zeros((4, 4, 3), np.uint8), deadline=soon(), options=DetectOptions(model="nobody")
        )
