"""A network's crop becomes a layer, and it is told who the new face is."""

import cv2
import numpy as np
import pytest

from gateway.networks.arcface import ARCFACE, ArcFace
from gateway.networks.swapping.network import SwapNetwork
from gateway.networks.swapping.specs import SWAPPERS
from gateway.processors.base import Portrait
from gateway.processors.face_swapper import SwapSettings
from gateway.processors.network_swapper import NetworkSettings, NetworkSwap, NetworkSwapper
from gateway.testing import FakeInference
from tests import tolerances
from tests.unit.networks.fakes import INLINE, fake, soon
from tests.unit.pipeline.people import SHAPE, face_of, person

NAME = "hyperswap_1a_256"
PICTURE = "blendswap_256"


def photograph(seed=0):
    noise = np.random.default_rng(seed).integers(0, 256, (*SHAPE, 3), dtype=np.uint8)
    return cv2.GaussianBlur(noise, None, 3)


def portrait(seed=1, level=None):
    image = photograph(seed) if level is None else np.full((*SHAPE, 3), level, np.uint8)
    return Portrait(image, face_of(person(seed)))


def brightness(inputs):
    """An embedding that only tells how bright each channel is."""
    means = inputs["input"].mean((2, 3))
    return np.concatenate([means, np.full((len(means), 509), 0.1)], 1)


class Made:
    """A swapper over fakes, and what they were given."""

    def __init__(self, function=lambda inputs: inputs["target"], name=NAME, weight=0.5, side=256):
        self.given = []

        def remembered(inputs):
            self.given.append(inputs)
            return function(inputs)

        self.inference = FakeInference([fake(name, remembered), fake(ARCFACE, brightness)])
        spec = SWAPPERS[name]
        self.swapper = NetworkSwapper(
            SwapNetwork(spec, self.inference, INLINE),
            ArcFace(self.inference, INLINE),
            INLINE,
            NetworkSettings(side, weight, SwapSettings()),
        )

    async def layer(self, image, face, *portraits):
        swapper = self.swapper.of(portraits)
        return await swapper.process(image, face, portraits[0], patches={}, deadline=soon())

    def batches(self, name):
        return self.inference.models[name].batches


@pytest.mark.parametrize("pose", [{}, {"yaw_deg": 25}, {"at": (30, 40)}, {"scale_px": 25}])
async def test_what_the_network_leaves_is_the_picture(pose):
    image, face = photograph(), face_of(**pose)
    layer = await Made().layer(image, face, portrait())
    assert layer.region.shape == layer.mask.shape == layer.pixels.shape[:2]
    off = np.abs(layer.pixels.astype(int) - layer.region.of(image)).mean(2)
    assert off[layer.mask > 0.1].mean() < 3


async def test_eyes_and_mouth_are_the_networks_too():
    image, face = photograph(), face_of(does={"jawOpen": 0.8})
    layer = await Made().layer(image, face, portrait())
    for landmark in (159, 386, 13, 14):
        x, y = np.rint(face.landmarks[landmark, :2] - layer.region.origin_xy).astype(int)
        assert layer.mask[y, x] > 0.99
        assert not layer.skin[y, x]
    assert layer.skin.any()


async def test_the_new_face_ends_softly_inside_the_outline():
    layer = await Made().layer(photograph(), face_of(), portrait())
    edges = [layer.mask[0], layer.mask[-1], layer.mask[:, 0], layer.mask[:, -1]]
    assert max(edge.max() for edge in edges) < 0.02
    assert 0.05 < ((layer.mask > 0.05) & (layer.mask < 0.95)).mean() < 0.5
    assert np.array_equal(layer.support, layer.mask > 0.02)


async def test_a_face_beyond_the_picture_has_no_layer():
    assert await Made().layer(photograph(), face_of(at=(900, 900)), portrait()) is None


async def test_all_portraits_say_who_it_is_and_are_asked_once():
    one, other = portrait(level=40), portrait(level=200)
    made = Made()
    await made.layer(photograph(), face_of(), one, other)
    await made.layer(photograph(), face_of(yaw_deg=10), one, other)
    assert made.batches(ARCFACE) == [2]
    source = made.given[0]["source"][0]
    np.testing.assert_array_equal(source, made.given[1]["source"][0])
    assert np.linalg.norm(source) == pytest.approx(1, abs=1e-5)
    alone = Made()
    await alone.layer(photograph(), face_of(), one)
    await alone.layer(photograph(), face_of(), other)
    apart = [given["source"][0] for given in alone.given]
    between = apart[0] + apart[1]
    np.testing.assert_allclose(source, between / np.linalg.norm(between), atol=1e-5)


async def test_a_weight_lets_the_target_have_a_say():
    image, face, who = photograph(), face_of(), portrait(level=220)
    neutral, less = Made(), Made(weight=0.0)
    for made in (neutral, less):
        await made.layer(image, face, who)
    assert neutral.batches(ARCFACE) == [1]
    assert less.batches(ARCFACE) == [1, 1]
    dark = Made()
    await dark.layer(image, face, Portrait(image, face))
    ours, theirs, mixed = (m.given[0]["source"][0] for m in (neutral, dark, less))
    assert ours @ mixed < 0.9999
    assert theirs @ mixed > theirs @ ours


async def test_one_that_wants_a_picture_gets_the_nearest_portrait():
    made = Made(name=PICTURE)
    nearest, further = portrait(level=(255, 0, 51)), portrait(level=9)
    await made.layer(photograph(), face_of(), nearest, further)
    assert made.batches(ARCFACE) == []
    for plane, value in zip(made.given[0]["source"][0], (1, 0, 0.2), strict=True):
        assert plane == pytest.approx(value, abs=tolerances.LEVEL / 255)


async def test_the_faces_of_a_picture_go_out_together():
    image = photograph()
    faces = [face_of(at=(80, 120), scale_px=30), face_of(person(2), at=(230, 120), scale_px=30)]
    people = [[portrait(1)], [portrait(2), portrait(3)]]
    together, apart = Made(), Made()
    orders = [NetworkSwap(f, p, p[0]) for f, p in zip(faces, people, strict=True)]
    await together.swapper.ahead(image, orders, deadline=soon())
    for face, who in zip(faces, people, strict=True):
        ahead = await together.layer(image, face, *who)
        alone = await apart.layer(image, face, *who)
        np.testing.assert_array_equal(ahead.pixels, alone.pixels)
    assert together.batches(NAME) == [2]
    assert apart.batches(NAME) == [1, 1]


async def test_a_boost_makes_rows_of_a_larger_crop():
    made = Made(side=512)
    image, face = photograph(), face_of(scale_px=70)
    layer = await made.layer(image, face, portrait())
    assert made.batches(NAME) == [4]
    off = np.abs(layer.pixels.astype(int) - layer.region.of(image)).mean(2)
    assert off[layer.mask > 0.1].mean() < 2
