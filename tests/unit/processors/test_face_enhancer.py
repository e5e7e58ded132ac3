from dataclasses import replace

import cv2
import numpy as np
import pytest

from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.errors import ContractViolation, UnknownModel
from gateway.faces.alignment import TEMPLATES
from gateway.faces.atlas import atlas
from gateway.faces.occlusion import Visibility
from gateway.inference.contracts import ModelContract, TensorSpec
from gateway.networks.restoring import RESTORERS
from gateway.processors.face_enhancer import ClassicalEnhancer, NetworkEnhancer, visible_in
from gateway.testing import FakeInference, FakeModel
from tests import tolerances
from tests.unit.faces.test_landmarks import assessed, face_landmarks
from tests.unit.networks.fakes import fake

INLINE = Compute(inline=True)
SIDE_PX = RESTORERS["gfpgan_1.4"].side_px
SHAPE = (400, 500)


def gfpgan(function, name="gfpgan_1.4"):
    """Return a network of GFPGAN's shape that is a function of its input (1, 3, 512, 512)."""
    float32 = np.dtype(np.float32)
    given = TensorSpec("input", float32, (-1, 3, SIDE_PX, SIDE_PX))
    made = TensorSpec("1288", float32, (-1, 3, SIDE_PX, SIDE_PX))
    contract = ModelContract(name, 4, (given,), (made,))
    return FakeModel(contract, lambda inputs: {"1288": function(inputs["input"])})


def photograph(shape=SHAPE):
    noise = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    return cv2.GaussianBlur(noise, None, 3)


async def through(function, image, face):
    """Return the region of a network and what it makes of it."""
    enhancer = NetworkEnhancer("gfpgan_1.4", FakeInference([gfpgan(function)]), INLINE)
    region, mask = enhancer.reach(face, image.shape[:2])
    pixels = await enhancer.process(image, face, region, mask, deadline=Deadline.after(5))
    return region, mask, pixels


async def test_the_network_gets_rgb_planes_from_minus_one_to_one():
    given = []
    image = np.full((*SHAPE, 3), (255, 0, 51), np.uint8)
    await through(lambda x: given.append(x.copy()) or x, image, assessed(face_landmarks()))
    assert (given[0].dtype, given[0].shape) == (np.float32, (1, 3, SIDE_PX, SIDE_PX))
    for plane, value in zip(given[0][0], (1, -1, -0.6), strict=True):
        assert plane == pytest.approx(value, abs=1e-6)


async def test_the_face_lies_on_the_template():
    given = []
    face = assessed(face_landmarks(roll=35, size=60))
    image = np.zeros((*SHAPE, 3), np.uint8)
    for point in face.landmarks_5:
        cv2.circle(image, np.rint(point).astype(int).tolist(), 5, (255, 255, 255), -1)
    await through(lambda x: given.append(x.copy()) or x, image, face)
    row, column = np.rint(TEMPLATES["ffhq_512"][:2, ::-1] * SIDE_PX).astype(int).T
    assert (given[0][0, :, row, column] > 0.9).all()


BOTH = [ClassicalEnhancer(INLINE), NetworkEnhancer("gfpgan_1.4", FakeInference([]), INLINE)]
POSES = [{}, {"roll": 35}, {"roll": -80, "size": 30}, {"centre": (40.0, 60.0)}, {"size": 160}]


@pytest.mark.parametrize("pose", POSES)
async def test_what_the_network_leaves_lands_where_it_was(pose):
    image, face = photograph(), assessed(face_landmarks(**pose))
    region, mask, pixels = await through(lambda x: x, image, face)
    off = np.abs(pixels.astype(int) - region.of(image)).mean(2)
    assert off[mask > 0.5].mean() < 4
    middle = mask > 0.99
    if pose.get("size", 80) <= 80:  # the crop is finer than the picture
        assert off[middle].mean() < 2


@pytest.mark.parametrize("name", ["gpen_bfr_256", "codeformer"])
async def test_every_restorer_has_its_own_template_and_side(name):
    given = []
    model = fake(name, lambda inputs: given.append(inputs) or inputs["input"])
    image, face = photograph(), assessed(face_landmarks())
    enhancer = NetworkEnhancer(name, FakeInference([model]), INLINE)
    region, mask = enhancer.reach(face, image.shape[:2])
    pixels = await enhancer.process(image, face, region, mask, deadline=Deadline.after(5))
    assert np.abs(pixels.astype(int) - region.of(image))[mask > 0.99].mean() < 2
    assert given[0].get("weight", 0.5) == 0.5


async def test_the_whole_range_comes_back_clipped_and_rounded():
    image, face = photograph(), assessed(face_landmarks())
    values = {1.7: 255, -3.0: 0, 0.0: 128, -0.6: 51}
    for value, level in values.items():
        _, _, pixels = await through(lambda x, v=value: np.full_like(x, v), image, face)
        assert (pixels == level).all()


async def test_channels_keep_their_order():
    image, face = photograph(), assessed(face_landmarks())

    def painted(x):
        out = np.full_like(x, -1)
        out[:, 0] = 1
        return out

    _, _, pixels = await through(painted, image, face)
    assert (pixels == (255, 0, 0)).all()


async def test_a_network_that_is_not_there_or_answers_otherwise_is_told():
    image, face = photograph(), assessed(face_landmarks())
    enhancer = NetworkEnhancer("gfpgan_1.3", FakeInference([]), INLINE)
    region, mask = enhancer.reach(face, SHAPE)
    with pytest.raises(UnknownModel):
        await enhancer.process(image, face, region, mask, deadline=Deadline.after(5))
    with pytest.raises(ContractViolation):
        await through(lambda x: x[..., ::2], image, face)


@pytest.mark.parametrize("pose", POSES)
@pytest.mark.parametrize(
    "enhancer",
    [ClassicalEnhancer(INLINE), NetworkEnhancer("gfpgan_1.4", FakeInference([]), INLINE)],
)
def test_masks_hold_the_face_and_end_inside_their_region(enhancer, pose):
    face = assessed(face_landmarks(**pose))
    region, mask = enhancer.reach(face, SHAPE)
    assert mask.shape == region.shape
    x, y = np.rint(face.landmarks[4, :2] - region.origin_xy).astype(int)
    assert mask[y, x] > 0.99
    inner = (region.x0 > 0, region.y0 > 0, region.x1 < SHAPE[1], region.y1 < SHAPE[0])
    edges = (mask[:, 0], mask[0], mask[:, -1], mask[-1])
    assert all(edge.max() < 0.01 for edge, free in zip(edges, inner, strict=True) if free)


@pytest.mark.parametrize(
    "enhancer",
    [ClassicalEnhancer(INLINE), NetworkEnhancer("gfpgan_1.4", FakeInference([]), INLINE)],
)
def test_a_face_outside_the_picture_is_not_reached(enhancer):
    assert enhancer.reach(assessed(face_landmarks(centre=(-900.0, 0.0))), SHAPE) is None


async def test_the_classical_one_works_at_any_size():
    image = photograph()
    for pose in (*POSES, {"size": 8}, {"size": 0.5}):
        face, enhancer = assessed(face_landmarks(**pose)), ClassicalEnhancer(INLINE)
        region, mask = enhancer.reach(face, SHAPE)
        pixels = await enhancer.process(image, face, region, mask, deadline=Deadline.after(5))
        assert pixels.shape == (*region.shape, 3)


async def test_coding_is_measured_beyond_a_small_face():
    image = cv2.GaussianBlur(photograph(), None, 4)
    data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 10])[1]
    image = cv2.imdecode(data, cv2.IMREAD_COLOR)
    face, enhancer = assessed(face_landmarks(size=20)), ClassicalEnhancer(INLINE)
    region, mask = enhancer.reach(face, SHAPE)
    pixels = await enhancer.process(image, face, region, mask, deadline=Deadline.after(5))
    wide = np.abs(pixels.astype(int) - region.of(image)).mean()
    part = np.ascontiguousarray(region.of(image))
    local = replace(face, landmarks=face.landmarks - [*region.origin_xy, 0])
    inside = type(region)(0, 0, region.x1 - region.x0, region.y1 - region.y0)
    alone = await enhancer.process(part, local, inside, mask, deadline=Deadline.after(5))
    assert wide > np.abs(alone.astype(int) - part).mean()


def test_what_is_before_a_face_is_not_the_faces():
    face = assessed(face_landmarks())
    region, _ = ClassicalEnhancer(INLINE).reach(face, SHAPE)
    seen = np.ones(atlas().face.shape, np.float32)
    assert visible_in(Visibility(seen), face.landmarks, region) is None
    seen[atlas().mouth] = 0
    visible = visible_in(Visibility(seen), face.landmarks, region)
    x, y = np.rint(face.landmarks[[13, 14], :2].mean(0) - region.origin_xy).astype(int)
    assert visible[y, x] < 0.1
    assert visible[0, 0] == 1
    nose = np.rint(face.landmarks[4, :2] - region.origin_xy).astype(int)
    assert visible[nose[1], nose[0]] == pytest.approx(1, abs=tolerances.FLOAT32_PIXELS)
