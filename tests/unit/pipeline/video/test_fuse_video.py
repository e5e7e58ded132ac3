"""Videos made of pictures over fake networks: order, extent, memory, endings."""

import asyncio
import gc
import weakref
from contextlib import aclosing
from fractions import Fraction

import numpy as np
import pytest

from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.errors import InferenceFailed
from gateway.faces.analyser import FaceAnalyser
from gateway.faces.detect import DetectOptions
from gateway.faces.embedding import FaceEmbedder
from gateway.pipeline.face.change import FaceChanger
from gateway.pipeline.face.masking import Masking
from gateway.pipeline.options.swap import parse_options
from gateway.pipeline.selection.assignments import SourceIdentities
from gateway.pipeline.selection.models import ModelSelector
from gateway.pipeline.selection.people import People
from gateway.pipeline.timings import Timings
from gateway.pipeline.video.cast import CastRole, VideoCast
from gateway.pipeline.video.context import VideoFusionContext
from gateway.pipeline.video.fuse_video import MOST_AHEAD, WAITING, VideoFuser
from gateway.testing_faces import fake_face_inference
from tests.unit.pipeline.video.frames import RATE, Still

SIZE = (240, 320)


def stills(count, *, lead_in=0, lead_out=0, start=0, made=None):
    """Yield frames with a slowly changing pattern; those that are made are noted."""
    rng = np.random.default_rng(1)
    still = rng.integers(80, 170, (*SIZE, 3), dtype=np.uint8)
    for n in range(count):
        picture = Still(Fraction(start + n, RATE), still.copy())
        picture.lead_in, picture.lead_out = n < lead_in, n >= count - lead_out
        if made is not None:
            made.append(weakref.ref(picture))
        yield picture


def parts(inference=None):
    inference, compute = inference or fake_face_inference(), Compute(inline=True)
    analyser, embedder = FaceAnalyser(inference, compute), FaceEmbedder(inference, compute)
    masking = Masking(ModelSelector(inference, compute))
    changer = FaceChanger(analyser, embedder, masking, compute)
    return (
        analyser,
        embedder,
        VideoFuser(analyser, embedder, masking, changer, compute, min_face_px=20),
    )


EVERYBODY = VideoCast((), (CastRole(None),), 0.6)


async def production(cast=EVERYBODY, **options) -> VideoFusionContext:
    analyser, embedder, _ = parts()
    source = np.random.default_rng(2).integers(90, 220, (200, 200, 3), dtype=np.uint8)
    portraits = await People(analyser, embedder, min_face_px=20).portraits(
        [source], deadline=Deadline.after(5), options=DetectOptions()
    )
    return VideoFusionContext(
        cast, SourceIdentities(portraits, {}), parse_options(options), Timings()
    )


async def made(pictures, what, fuser=None):
    fuser = fuser or parts()[2]
    async with aclosing(fuser.fuse(pictures, what)) as coming:
        return [item async for item in coming]


@pytest.mark.parametrize("count", [0, 1, 2, 7, 30])
async def test_every_frame_comes_out_once_in_order(count):
    out = await made(stills(count), await production())
    assert [picture.time_s for picture, _ in out] == [Fraction(n, RATE) for n in range(count)]
    assert all(report.changed == report.faces == 1 for _, report in out)
    assert [report.cut for _, report in out] == [False] * count


async def test_only_the_face_is_written():
    for picture, _ in await made(stills(12), await production()):
        (before,) = stills(1)
        different = (picture.image != before.image).any(-1)
        assert different.any()
        (region,) = picture.written
        different[region.y0 : region.y1, region.x0 : region.x1] = False
        assert not different.any()


async def test_frames_that_lead_in_stay_as_they_were_and_change_what_follows_alike():
    whole = await made(stills(20), await production())
    later = await made(stills(16, lead_in=10, start=4), await production())
    assert all(not picture.written for picture, _ in later[:10])
    assert all(picture.written for picture, _ in later[10:])
    off = np.abs(later[-1][0].image.astype(int) - whole[-1][0].image)
    assert off.mean() < 0.5


async def test_frames_that_lead_out_only_have_a_say():
    whole = await made(stills(30), await production())
    cut = await made(stills(30, lead_out=8), await production())
    assert [picture.time_s for picture, _ in cut] == [picture.time_s for picture, _ in whole[:22]]
    for (one, _), (other, _) in zip(cut, whole, strict=False):
        assert np.array_equal(one.image, other.image)


async def test_who_has_no_part_is_left_alone():
    stranger = VideoCast((), (CastRole(np.full(128, 9, np.float32)),), 0.6)
    out = await made(stills(6), await production(stranger))
    assert all(report.faces == 1 and report.changed == 0 for _, report in out)
    assert not any(picture.written for picture, _ in out)


async def test_memory_does_not_grow_with_length():
    pictures: list[weakref.ref] = []
    fuser, what, most = parts()[2], await production(), 0
    async with aclosing(fuser.fuse(stills(80, made=pictures), what)) as coming:
        async for picture, _ in coming:
            del picture
            gc.collect()
            most = max(most, sum(ref() is not None for ref in pictures))
    assert len(pictures) == 80
    assert most <= MOST_AHEAD + WAITING + 5


async def test_leaving_early_ends_what_was_begun():
    before = asyncio.all_tasks()
    fuser, what = parts()[2], await production()
    async with aclosing(fuser.fuse(stills(50), what)) as coming:
        async for _ in coming:
            break
    assert asyncio.all_tasks() == before


async def test_what_goes_wrong_while_following_is_raised():
    def broken():
        yield from stills(5)
        raise InferenceFailed("face_mesh: broke")

    with pytest.raises(InferenceFailed):
        await made(broken(), await production())


@pytest.mark.parametrize(
    "options",
    [
        {"processors": ["face_enhancer"], "enhancer_model": "classical"},
        {"processors": ["face_swapper", "face_enhancer"], "enhancer_model": "classical"},
        {"expression": {"jawOpen": 0.6}},
        {"color": "none", "blend": "feather"},
        {"masks": {"types": ["box"]}},
    ],
)
async def test_all_that_can_be_done_to_pictures_can_be_done_to_videos(options):
    out = await made(stills(4), await production(**options))
    assert len(out) == 4
    assert all(report.faces == 1 for _, report in out)
