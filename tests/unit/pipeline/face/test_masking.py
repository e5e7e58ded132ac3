"""What may be seen of a new face, by options."""

import cv2
import numpy as np
import pytest

from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.errors import InferenceUnavailable, UnknownModel
from gateway.faces.delight import MODEL as DELIGHTER
from gateway.faces.glasses import MODEL as REMOVER
from gateway.faces.occlusion import MODEL
from gateway.inference.contracts import ModelContract, TensorSpec
from gateway.pipeline.face.masking import Masking
from gateway.pipeline.options.groups import MaskOptions
from gateway.pipeline.options.swap import SwapOptions
from gateway.pipeline.selection.models import ModelSelector
from gateway.processors.base import Portrait
from gateway.processors.maskers import area_mask, part_mask
from gateway.testing import FakeInference, FakeModel
from gateway.testing_faces import fake_face_inference
from tests.synthetic_faces import LIP, painted
from tests.unit.pipeline.people import SHAPE, face_of
from tests.unit.processors.layers import covered, frame, layer_of, nothing

GREEN = (10, 200, 20)
FACE = face_of(scale_px=60)
BARE = painted(FACE.landmarks, SHAPE, inside=LIP)
LAYER = layer_of(FACE, BARE)
PORTRAIT = Portrait(BARE, FACE)


def with_bar(image=BARE):
    """Return a picture with something green before its face."""
    out = image.copy()
    cv2.rectangle(out, (120, 125), (200, 140), GREEN, -1)
    return out


def with_frame() -> Portrait:
    """Return a portrait with something dark before its eyes."""
    out = BARE.copy()
    cv2.rectangle(out, (110, 80), (210, 96), (30, 30, 30), -1)
    return Portrait(out, FACE)


def bar() -> np.ndarray:
    """Return where it is in the layer's region."""
    where = np.zeros(SHAPE, bool)
    where[128:138, 125:195] = True
    return LAYER.region.of(where) & LAYER.support


def glasses(inputs):
    return {"hidden": np.stack([frame()] * len(inputs["departures"]))}


def brighter(inputs):
    return {"change": np.full((*inputs["face"].shape[:3], 3), 0.4, np.float32)}


@pytest.fixture
def inference():
    return fake_face_inference()


@pytest.fixture
def masking(inference):
    return Masking(ModelSelector(inference, Compute(inline=True)))


def options(*types, **more) -> SwapOptions:
    return SwapOptions(masks=MaskOptions(types=types or ("box",)), **more)


async def known(masking, portraits, wanted):
    return await masking.known(portraits, wanted, deadline=Deadline.after(9))


async def matte(masking, image=BARE, portrait=PORTRAIT, **masks):
    return await masking.matte(
        image, FACE, LAYER, portrait, MaskOptions(**masks), deadline=Deadline.after(9)
    )


def asked(inference) -> int:
    return sum(inference.models[MODEL].batches)


# Portraits


async def test_if_nobody_asks_no_network_does(masking, inference):
    wanted = options(source_deocclude=False, source_delight=False)
    (made,) = await known(masking, [PORTRAIT], wanted)
    assert made is PORTRAIT
    assert asked(inference) == 0


async def test_what_is_before_portraits_is_found_out(masking):
    wanted = options("occlusion", source_deocclude=False, source_delight=False)
    portraits = [PORTRAIT, Portrait(with_bar(), FACE)]
    bare, other = await known(masking, portraits, wanted)
    assert bare.seen.visible.min() > 0.9
    assert other.seen.visible.min() < 0.1
    assert [bare.image is p.image for p in portraits] == [True, False]
    assert other.image is portraits[1].image


async def test_glasses_are_known_and_can_be_taken_off(masking, inference):
    inference.models[MODEL].function = glasses
    portrait = with_frame()
    left = options("occlusion", source_deocclude=False, source_delight=False)
    (worn,) = await known(masking, [portrait], left)
    (off,) = await known(masking, [portrait], options("occlusion"))
    assert worn.image is portrait.image
    zone = frame() > 0.5
    assert worn.seen.visible[zone].max() < 0.5
    assert off.seen.visible[zone].min() == 1
    assert off.image[88, 160].min() > 2 * portrait.image[88, 160].max()


async def test_without_occlusion_glasses_are_taken_off_all_the_same(masking, inference):
    inference.models[MODEL].function = glasses
    portrait = with_frame()
    (off,) = await known(masking, [portrait], options(source_deocclude=True))
    assert (off.image != portrait.image).any()


async def test_where_there_are_no_glasses_nothing_is_taken_off(masking):
    (bare,) = await known(masking, [PORTRAIT], options("occlusion", source_delight=False))
    assert bare.image is PORTRAIT.image


@pytest.mark.parametrize("wanted", [True, False])
async def test_portraits_are_brought_under_even_light_if_that_is_wanted(masking, inference, wanted):
    inference.models[DELIGHTER].function = brighter
    (made,) = await known(masking, [PORTRAIT], options(source_delight=wanted))
    skin = tuple(FACE.landmarks[205, 1::-1].astype(int))
    assert (made.image[skin] > PORTRAIT.image[skin]).all() == wanted
    assert sum(inference.models[DELIGHTER].batches) == wanted


async def test_light_is_taken_off_what_is_left_without_glasses(masking, inference):
    inference.models[MODEL].function = glasses
    seen = []

    def look(inputs):
        seen.append(inputs["face"])
        return brighter(inputs)

    inference.models[DELIGHTER].function = look
    (made,) = await known(masking, [with_frame()], options("occlusion"))
    assert (made.seen.visible[frame() > 0.5] == 1).all()
    assert seen[0][0][frame() > 0.5].min() > 60


async def test_glasses_that_are_to_stay_are_not_looked_for(masking, inference):
    await known(masking, [with_frame()], options("occlusion", source_deocclude=False))
    assert not sum(inference.models[REMOVER].batches)


# Mattes


async def test_the_box_is_the_layer_itself(masking, inference):
    made = await matte(masking, with_bar(), types=("box",))
    assert (made.mask == LAYER.mask).all()
    assert asked(inference) == 0


async def test_what_is_before_the_target_stays(masking, inference):
    made = await matte(masking, with_bar(), types=("box", "occlusion"))
    assert made.mask[bar()].max() == 0
    assert made.mask.sum() > 0.4 * LAYER.mask.sum()
    assert asked(inference) == 1


async def test_what_is_before_the_source_stays_there(masking):
    hidden = nothing()
    hidden[80:100] = 1
    covered_portrait = Portrait(BARE, FACE, covered(hidden))
    made = await matte(masking, portrait=covered_portrait, types=("occlusion",))
    whole = await matte(masking, types=("occlusion",))
    assert (made.mask <= whole.mask + 1e-6).all()
    assert made.mask.sum() < 0.95 * whole.mask.sum()


async def test_without_occlusion_what_is_before_the_source_is_carried_over(masking):
    hidden = nothing()
    hidden[80:100] = 1
    made = await matte(masking, portrait=Portrait(BARE, FACE, covered(hidden)), types=("box",))
    assert (made.mask == LAYER.mask).all()


async def test_areas_and_parts_bound_it_each_and_together(masking):
    area = area_mask(FACE.landmarks, LAYER.region, ["lower-face"])
    part = part_mask(LAYER.place, ["skin", "nose"])
    masks = {"areas": ("lower-face",), "regions": ("skin", "nose")}
    by_area = await matte(masking, types=("area",), **masks)
    by_part = await matte(masking, types=("region",), **masks)
    by_both = await matte(masking, types=("area", "region"), **masks)
    assert (by_area.mask == np.minimum(LAYER.mask, area)).all()
    assert (by_part.mask == np.minimum(LAYER.mask, part)).all()
    assert (by_both.mask == np.minimum(by_area.mask, by_part.mask)).all()
    assert by_both.mask.any()


@pytest.mark.parametrize(
    ("network", "masks"),
    [
        ("xseg_1", {"types": ("occlusion",), "occlusion_model": "xseg_1"}),
        (
            "bisenet_resnet_18",
            {"types": ("region",), "regions": ("nose",), "region_model": "bisenet_resnet_18"},
        ),
    ],
)
async def test_another_network_may_be_asked_instead(network, masks):
    own = fake_face_inference()
    seen = FakeInference([*own.models.values(), NETWORKS[network]])
    made = await matte(Masking(ModelSelector(seen, Compute(inline=True))), with_bar(), **masks)
    assert sum(seen.models[network].batches) == 1
    assert asked(seen) == 0
    # It sees a face in the upper half of its crop only.
    rows = np.flatnonzero(made.mask.max(1) > 0.5)
    assert 0 < len(rows) < 0.7 * len(LAYER.mask)
    assert rows.max() < np.flatnonzero(LAYER.mask.max(1) > 0.5).max() - 20
    assert (made.mask <= LAYER.mask).all()


@pytest.mark.parametrize(
    "masks",
    [
        {"types": ("occlusion",), "occlusion_model": "xseg_2"},
        {"types": ("region",), "region_model": "bisenet_resnet_34"},
    ],
)
async def test_a_network_that_has_not_been_pulled_is_told(masking, masks):
    with pytest.raises(UnknownModel):
        await matte(masking, **masks)


async def test_a_network_that_fails_is_told(masking, inference):
    for call in (
        lambda: matte(masking, types=("occlusion",)),
        lambda: known(masking, [PORTRAIT], options("occlusion")),
    ):
        inference.models[MODEL].failures.append(InferenceUnavailable("gone"))
        with pytest.raises(InferenceUnavailable):
            await call()


def upper_half(shape, axis):
    out = np.zeros(shape, np.float32)
    half = [slice(None)] * len(shape)
    half[axis] = slice(shape[axis] // 2)
    out[tuple(half)] = 1
    return out


def fake(name, taken, given, answer) -> FakeModel:
    float32 = np.dtype(np.float32)
    contract = ModelContract(
        name,
        16,
        (TensorSpec("input", float32, (-1, *taken)),),
        (TensorSpec("output", float32, (-1, *given)),),
    )
    return FakeModel(contract, lambda inputs: {"output": answer[None]})


def nose_in_the_upper_half() -> np.ndarray:
    scores = np.zeros((19, 512, 512), np.float32)
    scores[1] = 0.5
    scores[10] = upper_half((512, 512), 0)
    return scores


NETWORKS = {
    "xseg_1": fake("xseg_1", (256, 256, 3), (256, 256, 1), upper_half((256, 256, 1), 0)),
    "bisenet_resnet_18": fake(
        "bisenet_resnet_18", (3, 512, 512), (19, 512, 512), nose_in_the_upper_half()
    ),
}
