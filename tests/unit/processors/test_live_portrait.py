"""LivePortrait's crop goes back into the picture."""

import cv2
import numpy as np
import pytest

from gateway.deadline import Deadline
from gateway.faces.alignment import crop_from_image
from gateway.faces.morphable.expression import ALL_REGIONS, ExpressionRegion
from gateway.faces.topology import five_points
from gateway.networks.live_portrait import SIDE_PX, TEMPLATE
from gateway.processors.live_portrait import STRENGTH, LiveRestorer
from gateway.processors.openings import Donor, InpaintingSource
from tests.unit.networks.fakes import INLINE
from tests.unit.pipeline.people import SHAPE, face_of

FACE = face_of()
AFTER = FACE.landmarks + np.float32(1)


class Network:
    """A function of what is shown, which remembers how it was called."""

    def __init__(self, function):
        self.function = function
        self.calls = []

    async def express(self, shown, wanted, **how):
        self.calls.append((shown, wanted, how))
        return self.function(shown)


def photograph(seed=0):
    noise = np.random.default_rng(seed).integers(0, 256, (*SHAPE, 3), dtype=np.uint8)
    return cv2.GaussianBlur(noise, None, 3)


async def restored(network, factor=1.0, regions=ALL_REGIONS, face=FACE):
    return await LiveRestorer(network, INLINE).process(
        photograph(),
        face.landmarks,
        Donor(
            photograph(1), face_of(at=(100, 100), scale_px=40).landmarks, InpaintingSource.SOURCE
        ),
        AFTER,
        factor=factor,
        regions=regions,
        deadline=Deadline.after(5),
    )


async def test_what_the_network_leaves_is_left():
    result = await restored(Network(lambda shown: shown))
    off = np.abs(result.pixels.astype(int) - result.region.of(photograph()))
    assert off.mean() < 2
    np.testing.assert_array_equal(result.landmarks, AFTER)
    assert result.inpainting_sources == {}


async def test_what_it_makes_is_put_back_softly():
    result = await restored(Network(lambda shown: np.full_like(shown, (255, 0, 0))))
    picture = photograph()
    before = result.region.of(picture)
    matrix = crop_from_image(five_points(FACE.landmarks), TEMPLATE, SIDE_PX)
    x, y = np.linalg.solve(matrix[:, :2], np.array([255.5, 255.5]) - matrix[:, 2])
    x, y = np.rint([x, y] - result.region.origin_xy).astype(int)
    assert tuple(result.pixels[y, x]) == (255, 0, 0)
    for edge in (np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1]):
        assert np.abs(result.pixels[edge].astype(int) - before[edge]).max() <= 8


async def test_both_faces_are_shown_as_the_template_wants_them():
    network = Network(lambda shown: shown)
    await restored(network)
    shown, wanted, _ = network.calls[0]
    assert shown.shape == wanted.shape == (1, SIDE_PX, SIDE_PX, 3)
    actor = face_of(at=(100, 100), scale_px=40)
    matrix = crop_from_image(five_points(actor.landmarks), TEMPLATE, SIDE_PX)
    expected = cv2.warpAffine(photograph(1), matrix, (SIDE_PX, SIDE_PX))
    middle = np.s_[150:350, 150:350]
    assert np.abs(wanted[0][middle].astype(int) - expected[middle]).max() <= 1


@pytest.mark.parametrize(
    ("regions", "upper", "lower"),
    [
        (ALL_REGIONS, True, True),
        ([ExpressionRegion.EYES], True, False),
        ([ExpressionRegion.MOUTH], False, True),
        ([ExpressionRegion.GAZE, ExpressionRegion.LOWER_FACE], True, True),
    ],
)
async def test_it_is_told_what_of_the_expression_counts(regions, upper, lower):
    network = Network(lambda shown: shown)
    await restored(network, factor=1.5, regions=regions)
    how = network.calls[0][2]
    assert (how["upper"], how["lower"]) == (upper, lower)
    assert how["factor"] == pytest.approx(1.5 * STRENGTH)


async def test_nothing_is_asked_for_nothing_and_a_face_beyond_the_picture_is_left():
    network = Network(lambda shown: shown)
    assert await restored(network, factor=0) is None
    assert network.calls == []
    assert await restored(network, face=face_of(at=(2000, 2000))) is None
