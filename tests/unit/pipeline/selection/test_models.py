"""Who does what is asked for."""

from pathlib import Path
from typing import get_args

import cv2
import numpy as np
import pytest

from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.errors import InvalidOptions, ModelNotPermitted, UnknownModel
from gateway.faces.embedding import FaceEmbedder
from gateway.models.zoo import load_zoo
from gateway.networks.arcface import ARCFACE
from gateway.networks.available import AvailableModels
from gateway.networks.restoring import RESTORERS
from gateway.networks.swapping.models import SWAPPERS
from gateway.networks.upscaling import UPSCALERS
from gateway.paths import PROJECT_ROOT
from gateway.pipeline.face.masking import Masking
from gateway.pipeline.fuse_image import ImageFuser
from gateway.pipeline.options.swap import SwapOptions, SwapperModel, parse_options
from gateway.pipeline.selection.models import (
    BEST_RESTORERS,
    BEST_SWAPPERS,
    BEST_UPSCALERS,
    LIVE_PORTRAIT,
    ModelSelector,
)
from gateway.pipeline.timings import Timings
from gateway.processors.face_enhancer import EnhancerModel
from gateway.processors.frame_enhancer import FrameEnhancerModel
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


@pytest.mark.parametrize(
    ("names", "own", "registry"),
    [
        (SwapperModel, {"auto", "mesh"}, SWAPPERS),
        (EnhancerModel, {"auto", "classical"}, RESTORERS),
        (FrameEnhancerModel, {"auto", "classical"}, UPSCALERS),
    ],
)
def test_options_name_every_network_there_is_an_adaptor_for(names, own, registry):
    assert set(get_args(names)) == own | set(registry)


def test_every_adaptor_has_an_entry_in_the_zoo():
    zoo = load_zoo(Path(PROJECT_ROOT / "model_repository")).models
    assert {*SWAPPERS, *RESTORERS, *UPSCALERS, *LIVE_PORTRAIT} <= set(zoo)


def test_the_best_are_those_there_are():
    assert set(BEST_SWAPPERS) == set(SWAPPERS)
    assert set(BEST_RESTORERS) == set(RESTORERS)
    assert set(BEST_UPSCALERS) <= set(UPSCALERS)


# Deciding


def test_without_any_our_own_do_it():
    settled = networks().resolve(parse_options({"processors": ALL}))
    assert models(settled) == ("mesh", "3dmm", "classical", "classical")


def test_the_best_that_is_there_does_it():
    there = networks(
        "ghost_1_256", NAME, "codeformer", "gfpgan_1.3", *LIVE_PORTRAIT, "real_esrgan_x4"
    )
    settled = there.resolve(parse_options({"processors": ALL}))
    assert models(settled) == (NAME, "live_portrait", "gfpgan_1.3", "real_esrgan_x4")


def test_what_is_not_asked_for_stays_open():
    settled = networks(NAME).resolve(parse_options({"processors": ["face_enhancer"]}))
    assert models(settled) == ("auto", "auto", "classical", "auto")


def test_one_part_of_three_gives_no_expression():
    settled = networks(*LIVE_PORTRAIT[:2]).resolve(parse_options({"processors": ALL}))
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
