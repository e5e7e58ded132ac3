"""Who does what is asked for."""

from typing import get_args

import cv2
import numpy as np
import pytest

from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.errors import InvalidOptions, ModelNotPermitted, UnknownModel
from gateway.faces.embedding import FaceEmbedder
from gateway.models.zoo import load_zoo
from gateway.networks import bisenet, xseg
from gateway.networks.arcface import ARCFACE
from gateway.networks.arcface import SIDE_PX as ARCFACE_PX
from gateway.networks.available import AvailableModels
from gateway.networks.crossface import Converter
from gateway.networks.detecting.specs import DETECTORS
from gateway.networks.fairface import FAIRFACE
from gateway.networks.landmarks import LANDMARKERS
from gateway.networks.landmarks import SIDE_PX as LANDMARKS_PX
from gateway.networks.live_portrait import MODELS as LIVE_PORTRAIT_MODELS
from gateway.networks.restoring import RESTORERS
from gateway.networks.swapping.specs import SWAPPERS
from gateway.networks.upscaling import UPSCALERS
from gateway.paths import PROJECT_ROOT
from gateway.pipeline.face.masking import Masking
from gateway.pipeline.fuse_image import ImageFuser
from gateway.pipeline.options.swap import SwapOptions, parse_options
from gateway.pipeline.selection.models import (
    ModelSelector,
)
from gateway.pipeline.timings import Timings
from gateway.testing import FakeInference
from gateway.testing_faces import fake_face_inference
from tests.synthetic_faces import painted
from tests.unit.networks.fakes import fake
from tests.unit.pipeline.people import SHAPE, face_of, person
from tests.unit.pipeline.test_fuse_image import Watcher

INLINE = Compute(inline=True)
ALL = ["face_swapper", "expression_restorer", "face_enhancer", "frame_enhancer"]
NAME = "hyperswap_1a_256"


def networks(*names, refused=()):
    return ModelSelector(
        FakeInference([]), INLINE, AvailableModels(frozenset(names), frozenset(refused))
    )


def models(options):
    return (
        options.swapper_model,
        options.expression_model,
        options.enhancer_model,
        options.frame_enhancer_model,
    )


# Names


SIDES = {
    "face swap": {name: spec.side_px for name, spec in SWAPPERS.items()},
    "face enhancement": {name: spec.side_px for name, spec in RESTORERS.items()},
    "upscaling": {name: spec.tiling.side_px for name, spec in UPSCALERS.items()},
    "occlusion": dict.fromkeys(xseg.MODELS, xseg.SIDE_PX),
    "face parsing": dict.fromkeys(bisenet.MODELS, bisenet.SIDE_PX),
    "expression": dict.fromkeys(LIVE_PORTRAIT_MODELS),
    "face detection": dict.fromkeys(DETECTORS),
    "face landmarks": dict.fromkeys(LANDMARKERS, LANDMARKS_PX),
    "face identity": {ARCFACE: ARCFACE_PX},
    "embedding conversion": dict.fromkeys(get_args(Converter)),
    "age and more": dict.fromkeys([FAIRFACE]),
}
"""Of every adapter by its task: the side of what its network is shown; None where that is open."""


def side_of(model):
    shape = model.inputs[0].shape
    return shape[0] if shape[-1] == 3 else shape[-1]


def test_the_zoo_and_the_registries_list_the_same_models():
    zoo = load_zoo(PROJECT_ROOT / "model_repository").models.values()
    tasks = {model.task for model in zoo}
    assert tasks == set(SIDES)
    for task, sides in SIDES.items():
        assert {model.name for model in zoo if model.task == task} == set(sides), task


@pytest.mark.parametrize("model", load_zoo(PROJECT_ROOT / "model_repository").models.values())
def test_the_zoo_and_the_registries_agree_on_sizes(model):
    assert SIDES[model.task][model.name] in (None, side_of(model))
    if model.task == "upscaling":
        assert model.sizes["scaled"] == side_of(model) * UPSCALERS[model.name].tiling.scale
    if model.task == "face swap" and SWAPPERS[model.name].takes_picture:
        assert model.sizes["source_side"] == SWAPPERS[model.name].family.picture.side_px
    if model.task == "face swap":
        assert (SWAPPERS[model.name].converter or ARCFACE) in (*model.needs, ARCFACE)
        assert model.emap == SWAPPERS[model.name].family.emap


def test_options_take_what_the_registries_list_and_nothing_else():
    for name in (*SWAPPERS, "auto", "mesh"):
        assert parse_options({"swapper_model": name}).swapper_model == name
    for name in (*RESTORERS, "classical"):
        assert parse_options({"enhancer_model": name}).enhancer_model == name
    for field in ("enhancer_model", "frame_enhancer_model", "expression_model"):
        with pytest.raises(InvalidOptions):
            parse_options({field: "other"})


# Deciding


def test_without_any_our_own_do_it():
    settled = networks().resolve(parse_options({"processors": ALL}))
    assert models(settled) == ("mesh", "3dmm", "classical", "classical")


def test_the_best_that_is_there_does_it():
    there = networks(
        "ghost_1_256", NAME, "codeformer", "gfpgan_1.3", *LIVE_PORTRAIT_MODELS, "real_esrgan_x4"
    )
    settled = there.resolve(parse_options({"processors": ALL}))
    assert models(settled) == (NAME, "live_portrait", "gfpgan_1.3", "real_esrgan_x4")


def test_what_is_not_asked_for_stays_open():
    settled = networks(NAME).resolve(parse_options({"processors": ["face_enhancer"]}))
    assert models(settled) == ("auto", "auto", "classical", "auto")


def test_one_part_of_three_gives_no_expression():
    settled = networks(*LIVE_PORTRAIT_MODELS[:2]).resolve(parse_options({"processors": ALL}))
    assert settled.expression_model == "3dmm"


def test_the_kind_of_options_stays():
    class Further(SwapOptions):
        more: int = 1

    settled = networks().resolve(Further.model_validate({"more": 2}))
    assert (settled.more, settled.swapper_model) == (2, "mesh")


@pytest.mark.parametrize(
    ("options", "pointer"),
    [
        ({"swapper_model": NAME}, "/swapper_model"),
        ({"processors": ALL, "enhancer_model": "codeformer"}, "/enhancer_model"),
        ({"processors": ALL, "frame_enhancer_model": "span_kendata_x4"}, "/frame_enhancer_model"),
        ({"processors": ALL, "expression_model": "live_portrait"}, "/expression_model"),
        (
            {"masks": {"types": ["occlusion"], "occlusion_model": "xseg_1"}},
            "/masks/occlusion_model",
        ),
        (
            {"masks": {"types": ["region"], "region_model": "bisenet_resnet_34"}},
            "/masks/region_model",
        ),
        ({"detector": {"model": "yunet"}}, "/detector/model"),
        ({"face_selector": {"gender": "female"}}, "/face_selector"),
    ],
)
def test_one_that_is_named_and_not_there_is_told_early(options, pointer):
    with pytest.raises(UnknownModel, match="semblant models pull") as caught:
        networks().resolve(parse_options(options))
    assert caught.value.errors[0]["pointer"] == pointer


def test_what_may_not_be_used_is_not_chosen_and_refused_by_name():
    there = networks(refused=[NAME])
    assert there.resolve(parse_options({})).swapper_model == "mesh"
    with pytest.raises(ModelNotPermitted, match=NAME):
        there.resolve(parse_options({"swapper_model": NAME}))


@pytest.mark.parametrize(
    ("options", "finding"),
    [
        ({"swapper_model": NAME, "pixel_boost": 384}, "works on 256, 512, 768, 1024"),
        (
            {
                "processors": ALL,
                "frame_enhancer_model": "classical",
                "frame_enhancer_scale": 2,
            },
            "no larger",
        ),
        (
            {
                "processors": ALL,
                "frame_enhancer_model": "real_esrgan_x2",
                "frame_enhancer_scale": 4,
            },
            "2 times larger at most",
        ),
    ],
)
def test_what_a_network_cannot_do_is_told(options, finding):
    with pytest.raises(InvalidOptions) as caught:
        networks(NAME, "real_esrgan_x2").resolve(parse_options(options))
    assert finding in caught.value.errors[0]["detail"]


def test_a_larger_picture_is_left_to_one_that_can_make_it():
    there = networks("real_esrgan_x2", "real_esrgan_x4")
    for scale, name in ((1, "real_esrgan_x2"), (2, "real_esrgan_x2"), (4, "real_esrgan_x4")):
        asked = parse_options({"processors": ALL, "frame_enhancer_scale": scale})
        assert there.resolve(asked).frame_enhancer_model == name


# Doing


def embedding(inputs):
    means = inputs["input"].mean((2, 3))
    return np.concatenate([means, np.full((len(means), 509), 0.1)], 1)


class Rig:
    """Faces in pictures, and networks that are functions."""

    def __init__(self, *fakes, faces):
        own = fake_face_inference()
        self.inference = FakeInference([*own.models.values(), *fakes])
        names = frozenset(one.contract.name for one in fakes)
        self.fuser = ImageFuser(
            Watcher([face_of(person(0))], faces),
            FaceEmbedder(self.inference, INLINE),
            Masking(ModelSelector(self.inference, INLINE, AvailableModels(names))),
            INLINE,
        )
        self.target = cv2.GaussianBlur(painted(faces[0].landmarks, SHAPE), None, 1)
        self.source = painted(face_of(person(0)).landmarks, SHAPE)

    async def swap(self, sources=1, **options):
        return await self.fuser.swap(
            [self.source] * sources,
            self.target,
            parse_options({"quality": {"report": False}, **options}),
            deadline=Deadline.after(20),
            timings=Timings(),
        )

    def batches(self, name):
        return self.inference.models[name].batches


def swapper():
    return [fake(NAME, lambda inputs: inputs["target"]), fake(ARCFACE, embedding)]


async def test_a_network_swaps_and_is_named():
    rig = Rig(*swapper(), faces=[face_of(person(4))])
    result = await rig.swap(color="none", match_texture=False)
    (done,) = result.swapped
    assert (done.swapper, done.notes, done.patches) == (NAME, (), {})
    assert (result.swapper, result.networks) == (NAME, [NAME])
    # It leaves the face as it is, and so does all that comes after.
    assert np.abs(result.image.astype(int) - rig.target).mean() < 1


async def test_faces_go_to_the_network_together():
    faces = [
        face_of(person(4), at=(90, 120), scale_px=30),
        face_of(person(5), at=(230, 120), scale_px=30),
    ]
    rig = Rig(*swapper(), faces=faces)
    result = await rig.swap(face_selector={"mode": "many"})
    assert len(result.swapped) == 2
    assert rig.batches(NAME) == [2]


async def test_a_wish_for_another_expression_is_met_before_the_swap():
    rig = Rig(*swapper(), faces=[face_of(person(4))])
    result = await rig.swap(expression={"jawOpen": 0.6})
    (done,) = result.swapped
    assert (done.swapper, done.restorer) == (NAME, "3dmm")
    assert done.expression is not None


def enlarged(inputs):
    return inputs["input"].repeat(2, 2).repeat(2, 3)


async def test_a_picture_becomes_larger():
    rig = Rig(fake("real_esrgan_x2", enlarged), faces=[face_of(person(4))])
    result = await rig.swap(
        sources=0, processors=["frame_enhancer"], frame_enhancer_scale=2, frame_enhancer_blend=1
    )
    assert result.frame_enhancer == "real_esrgan_x2"
    assert result.image.shape == (2 * SHAPE[0], 2 * SHAPE[1], 3)
    assert (result.image == rig.target.repeat(2, 0).repeat(2, 1)).all()


async def test_a_picture_that_stays_as_large_is_what_the_network_makes_of_it_seen_from_afar():
    rig = Rig(fake("real_esrgan_x2", enlarged), faces=[face_of(person(4))])
    result = await rig.swap(sources=0, processors=["frame_enhancer"])
    assert (result.image == rig.target).all()
