"""Masks by name: areas, parts, and networks under the contracts they are known by."""

from dataclasses import replace
from typing import get_args

import cv2
import numpy as np
import pytest

from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.errors import UnknownModel
from gateway.faces.alignment import TEMPLATES
from gateway.faces.atlas import HEIGHT, WIDTH, atlas
from gateway.faces.topology import LEFT_EYE, LIPS_OUTER, NOSE_TIP, RIGHT_EYE
from gateway.imaging.geometry.warp import Region
from gateway.imaging.masks.soft import depth_inside
from gateway.inference.contracts import ModelContract, TensorSpec
from gateway.processors.maskers import (
    AREAS,
    CLASSES,
    IBUG_68,
    TEMPLATE,
    Area,
    MaskPart,
    NetworkMaskers,
    area_mask,
    part_mask,
)
from gateway.testing import FakeInference, FakeModel
from tests.unit.pipeline.people import SHAPE, face_of

ALL = Region(0, 0, SHAPE[1], SHAPE[0])
FACE = face_of(scale_px=60)
GRID = np.stack(np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))).astype(np.float32)
PARTS = get_args(MaskPart)
VISIBLE_PARTS = tuple(part for part in PARTS if part != "glasses")  # the mesh wears none


# Areas


def test_the_68_points_are_landmarks_of_the_mesh_and_differ():
    assert len(IBUG_68) == len(set(IBUG_68)) == 68
    assert all(0 <= n < 468 for n in IBUG_68)
    assert {n for points in AREAS.values() for n in points} <= set(range(68))


@pytest.mark.parametrize("area", get_args(Area))
def test_an_area_is_the_hull_of_its_points(area):
    mask = area_mask(FACE.landmarks, ALL, [area])
    points = FACE.landmarks[[IBUG_68[n] for n in AREAS[area]], :2]
    hull = cv2.convexHull(points)[:, 0]
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    depth = np.vectorize(lambda a, b: depth_inside(hull, a, b))(x[::3, ::3], y[::3, ::3])
    assert mask[::3, ::3][depth > 12].min(initial=1) > 0.98
    assert mask[::3, ::3][depth < -12].max() < 0.02


def test_areas_hold_what_they_are_named_for():
    def middle(ring):
        return np.rint(FACE.landmarks[list(ring), :2].mean(0)).astype(int)

    upper, lower, mouth = (area_mask(FACE.landmarks, ALL, [area]) for area in get_args(Area))
    for ring, holds in ((RIGHT_EYE, upper), (LEFT_EYE, upper), (LIPS_OUTER, lower)):
        x, y = middle(ring)
        assert holds[y, x] > 0.99
    x, y = middle(LIPS_OUTER)
    assert mouth[y, x] > 0.95
    assert upper[y, x] < 0.01
    x, y = middle(RIGHT_EYE)
    assert lower[y, x] < 0.01
    x, y = np.rint(FACE.landmarks[NOSE_TIP, :2]).astype(int)
    assert mouth[y, x] < 0.01


def test_areas_together_are_one_hull():
    each = [area_mask(FACE.landmarks, ALL, [area]) for area in get_args(Area)]
    together = area_mask(FACE.landmarks, ALL, get_args(Area))
    assert (together >= np.maximum.reduce(each) - 0.02).all()


def test_an_area_lies_in_the_region_as_it_does_in_the_picture():
    part = Region(70, 60, 240, 190)
    whole = area_mask(FACE.landmarks, ALL, ["lower-face"])
    inner = np.s_[20:-20, 20:-20]
    found = area_mask(FACE.landmarks, part, ["lower-face"])
    assert found.shape == part.shape
    assert np.abs(found - part.of(whole))[inner].max() < 0.01


# Parts of the mesh


def test_parts_share_the_face_among_them():
    masks = {part: part_mask(GRID, [part]) for part in VISIBLE_PARTS}
    total = np.sum(list(masks.values()), axis=0)
    inner = cv2.erode(atlas().face.astype(np.uint8), np.ones((15, 15), np.uint8)) > 0
    assert total[inner] == pytest.approx(1, abs=1e-3)
    assert total.max() < 1 + 1e-3
    for part, mask in masks.items():
        assert mask.max() > 0.5, part
    together = part_mask(GRID, VISIBLE_PARTS)
    assert together == pytest.approx(total, abs=1e-3)


def test_left_and_right_are_the_subject_s_own():
    for name in ("eye", "eyebrow"):
        left, right = (part_mask(GRID, [f"{side}-{name}"]) for side in ("left", "right"))
        # The subject's left is on the right of the picture.
        assert (left * GRID[0]).sum() / left.sum() > WIDTH / 2
        assert left == pytest.approx(right[:, ::-1], abs=0.5)
        assert np.abs(left - right[:, ::-1]).mean() < 0.01


def test_the_upper_lip_is_above_the_lower_one_and_the_mesh_has_no_glasses():
    upper, mouth, lower = (
        (part_mask(GRID, [part]) * GRID[1]).sum() / part_mask(GRID, [part]).sum()
        for part in ("upper-lip", "mouth", "lower-lip")
    )
    assert upper < mouth < lower
    assert not part_mask(GRID, ["glasses"]).any()


# Networks


def turned(degrees: float):
    """Return the face with its five points turned about the picture's middle."""
    turn = np.radians(degrees)
    linear = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    points = (FACE.landmarks_5 - [160, 120]) @ linear.T + [160, 120]
    return replace(FACE, landmarks_5=points.astype(np.float32))


def crop_from_picture(face, size_px: int) -> np.ndarray:
    """Return the least-squares similarity (2, 3) onto the template, by normal equations."""
    onto = TEMPLATES[TEMPLATE] * size_px - 0.5
    rows, right = [], []
    for (x, y), (u, v) in zip(face.landmarks_5.astype(float), onto, strict=True):
        rows += [[x, -y, 1, 0], [y, x, 0, 1]]
        right += [u, v]
    (a, b, s, t), *_ = np.linalg.lstsq(np.array(rows), np.array(right), rcond=None)
    return np.array([[a, -b, s], [b, a, t]])


def ramps() -> np.ndarray:
    """Return a picture whose red tells the column, whose green tells the row; blue is flat."""
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    return np.stack([x * 0.75, y, np.full_like(x, 77)], -1).astype(np.uint8)


def expected_rgb(face, size_px: int) -> tuple[np.ndarray, np.ndarray]:
    """Return what the ramps show in a crop (n, n, 3), and where it lies well in the picture."""
    matrix = crop_from_picture(face, size_px)
    v, u = np.mgrid[:size_px, :size_px]
    inverse = np.linalg.inv(matrix[:, :2])
    x, y = np.moveaxis((np.stack([u, v], -1) - matrix[:, 2]) @ inverse.T, -1, 0)
    inside = (x > 1) & (y > 1) & (x < SHAPE[1] - 2) & (y < SHAPE[0] - 2)
    return np.stack([x * 0.75, y, np.full_like(x, 77.0)], -1), inside


def xseg(answer: np.ndarray) -> tuple[FakeInference, list]:
    """Return a network with XSeg's contract that gives one mask, and what it is asked."""
    contract = ModelContract(
        "xseg_1",
        16,
        (TensorSpec("input", np.dtype(np.float32), (-1, 256, 256, 3)),),
        (TensorSpec("output", np.dtype(np.float32), (-1, 256, 256, 1)),),
    )
    return faked(contract, answer[None, ..., None])


def bisenet(classes: np.ndarray) -> tuple[FakeInference, list]:
    """Return a network with BiSeNet's contract that gives classes (512, 512)."""
    contract = ModelContract(
        "bisenet_resnet_34",
        16,
        (TensorSpec("input", np.dtype(np.float32), (-1, 3, 512, 512)),),
        (TensorSpec("output", np.dtype(np.float32), (-1, 19, 512, 512)),),
    )
    scores = (classes == np.arange(19)[:, None, None]) * 9.0 - 3
    return faked(contract, scores[None])


def faked(contract, answer) -> tuple[FakeInference, list]:
    asked = []

    def run(inputs):
        asked.append(inputs["input"])
        return {"output": answer.astype(np.float32)}

    return FakeInference([FakeModel(contract, run)]), asked


async def occlusion(answer, face=FACE, region=ALL):
    inference, asked = xseg(answer)
    mask = await NetworkMaskers(inference, Compute(inline=True)).occlusion(
        ramps(), face, region, "xseg_1", deadline=Deadline.after(9)
    )
    return mask, asked


async def parts(classes, names, face=FACE, region=ALL):
    inference, asked = bisenet(classes)
    mask = await NetworkMaskers(inference, Compute(inline=True)).parts(
        ramps(), face, region, "bisenet_resnet_34", names, deadline=Deadline.after(9)
    )
    return mask, asked


UPRIGHT_AND_TURNED = pytest.mark.parametrize("degrees", [0, 30, 90, -135])


@UPRIGHT_AND_TURNED
async def test_xseg_gets_blue_green_red_between_0_and_1(degrees):
    _, (given,) = await occlusion(np.ones((256, 256)), turned(degrees))
    assert given.shape == (1, 256, 256, 3)
    assert given.dtype == np.float32
    wanted, inside = expected_rgb(turned(degrees), 256)
    assert inside.sum() > 9000
    assert np.abs(given[0] * 255 - wanted[..., ::-1])[inside].max() < 1.6
    assert given.min() >= 0
    assert given.max() <= 1


@UPRIGHT_AND_TURNED
async def test_bisenet_gets_planes_of_red_green_blue_normalised_as_imagenet(degrees):
    _, (given,) = await parts(np.ones((512, 512)), ["skin"], turned(degrees))
    assert given.shape == (1, 3, 512, 512)
    assert given.dtype == np.float32
    mean, deviation = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    levels = (np.moveaxis(given[0], 0, -1) * deviation + mean) * 255
    wanted, inside = expected_rgb(turned(degrees), 512)
    assert np.abs(levels - wanted)[inside].max() < 1.6


def in_crop(face, size_px):
    """Return where each pixel of the picture lies in the crop, (2, h, w)."""
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    matrix = crop_from_picture(face, size_px)
    return np.einsum("ij,jhw->ihw", matrix[:, :2], np.stack([x, y])) + matrix[:, 2, None, None]


@UPRIGHT_AND_TURNED
@pytest.mark.parametrize("network", ["xseg", "bisenet"])
async def test_what_is_seen_in_the_crop_lies_where_it_does_in_the_picture(degrees, network):
    face = turned(degrees)
    size = 256 if network == "xseg" else 512
    v, u = np.mgrid[:size, :size] / size
    seen = (u > 0.4) & (u < 0.8) & (v > 0.3) & (v < 0.7)
    if network == "xseg":
        mask, _ = await occlusion(seen.astype(float), face)
    else:
        mask, _ = await parts(np.where(seen, CLASSES["nose"], 1), ["nose"], face)
    u, v = (in_crop(face, size) + 0.5) / size
    depth = np.minimum.reduce([u - 0.4, 0.8 - u, v - 0.3, 0.7 - v])
    assert mask.shape == SHAPE
    assert mask[depth > 0.09].min() > 0.95
    assert mask[depth < -0.01].max() < 0.05


async def test_outside_the_crop_there_is_no_face():
    mask, _ = await occlusion(np.ones((256, 256)))
    u, v = in_crop(FACE, 256)
    outside = (np.minimum(u, v) < -2) | (np.maximum(u, v) > 258)
    assert outside.any()
    assert not mask[outside].any()


async def test_a_region_gets_its_part_of_the_mask():
    v, u = np.mgrid[:256, :256]
    answer = (np.hypot(u - 128, v - 140) < 70).astype(float)
    part = Region(90, 70, 230, 200)
    whole, _ = await occlusion(answer)
    mask, _ = await occlusion(answer, region=part)
    assert mask.shape == part.shape
    assert mask == pytest.approx(part.of(whole), abs=0.02)


async def test_answers_beyond_0_and_1_are_cut_off():
    mask, _ = await occlusion(np.full((256, 256), 7.0))
    assert mask.max() == pytest.approx(1)
    mask, _ = await occlusion(np.full((256, 256), -7.0))
    assert mask.max() == 0


async def test_several_parts_are_seen_where_any_of_them_is():
    columns = np.arange(512)[None] * np.ones((512, 1))
    classes = np.where(columns < 256, CLASSES["left-eye"], CLASSES["mouth"])
    both, _ = await parts(classes, ["left-eye", "mouth"])
    neither, _ = await parts(classes, ["skin", "glasses"])
    u, v = in_crop(FACE, 512)
    inner = (np.minimum(u, v) > 5) & (np.maximum(u, v) < 505)
    assert both[inner].min() > 0.99
    assert neither.max() == 0


async def test_a_model_that_has_not_been_pulled_is_told():
    maskers = NetworkMaskers(FakeInference([]), Compute(inline=True))
    deadline = Deadline.after(9)
    with pytest.raises(UnknownModel):
        await maskers.occlusion(ramps(), FACE, ALL, "xseg_2", deadline=deadline)
    with pytest.raises(UnknownModel):
        await maskers.parts(ramps(), FACE, ALL, "bisenet_resnet_18", ["nose"], deadline=deadline)
