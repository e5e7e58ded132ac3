"""Whole pictures and videos made clearer, with and without faces."""

from contextlib import aclosing
from fractions import Fraction

import cv2
import numpy as np
import pytest

from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.errors import (
    DeadlineExceeded,
    InvalidOptions,
    NoFaceInTarget,
    NoMatchingFace,
)
from gateway.faces.embedding import FaceEmbedder
from gateway.pipeline.enhance_frame import FrameEnhancement
from gateway.pipeline.face.masking import Masking
from gateway.pipeline.fuse_image import ImageFuser
from gateway.pipeline.options.swap import parse_options
from gateway.pipeline.selection.assignments import SourceIdentities
from gateway.pipeline.selection.models import ModelSelector
from gateway.pipeline.timings import Timings
from gateway.pipeline.video.cast import VideoCast
from gateway.pipeline.video.context import FrameReport, VideoFusionContext
from gateway.pipeline.video.fuse_video import VideoFuser
from gateway.processors.frame_enhancer import ClassicalFrameEnhancer
from gateway.testing_faces import fake_face_inference
from tests.synthetic_faces import painted
from tests.unit.imaging.enhance.test_frame import scene
from tests.unit.pipeline.people import SHAPE, face_of, person
from tests.unit.pipeline.test_fuse_image import Watcher
from tests.unit.pipeline.video.frames import Still
from tests.unit.pipeline.video.test_fuse_video import made, parts, production

ALONE, BOTH = ["frame_enhancer"], ["face_enhancer", "frame_enhancer"]
RATE = 25
NOBODY = VideoCast((), (), 0.6)


class Blind:
    """An analyser that nobody may ask."""

    def __getattr__(self, name):
        raise AssertionError(f"{name}: nobody is to look for faces")


def degraded(picture):
    """Return a picture as a soft lens and a coarse JPEG show it."""
    soft = cv2.GaussianBlur(picture, None, 2)
    data = cv2.imencode(".jpg", soft, [cv2.IMWRITE_JPEG_QUALITY, 20])[1]
    return np.ascontiguousarray(cv2.imdecode(data, cv2.IMREAD_COLOR))


def original():
    """Return a grey picture (h, w, 3) of shapes and shading."""
    return np.repeat(scene()[..., None], 3, axis=2)


def photo():
    return painted(face_of(person(0)).landmarks, SHAPE)


async def result_of(analyser, picture, *, source=None, timings=None, **options):
    compute, inference = Compute(inline=True), fake_face_inference()
    fuser = ImageFuser(
        analyser,
        FaceEmbedder(inference, compute),
        Masking(ModelSelector(inference, compute)),
        compute,
    )
    return await fuser.swap(
        [] if source is None else [painted(source.landmarks, SHAPE)],
        picture,
        parse_options({"quality": {"report": False}, **options}),
        deadline=Deadline.after(5),
        timings=timings or Timings(),
    )


# Pictures


async def test_a_picture_is_made_clearer_and_nobody_looks_for_faces():
    timings, picture = Timings(), degraded(original())
    before = picture.copy()
    result = await result_of(Blind(), picture, processors=ALONE, timings=timings)
    assert result.frame_enhancer == "classical"
    assert (result.faces, result.swapped, result.portraits) == ((), (), ())
    assert cv2.PSNR(result.image, original()) > cv2.PSNR(picture, original())
    assert (picture == before).all()
    assert set(timings.seconds) == {"enhance"}


async def test_a_blend_of_nothing_leaves_the_picture():
    picture = degraded(photo())
    result = await result_of(Blind(), picture, processors=ALONE, frame_enhancer_blend=0)
    assert (result.image == picture).all()
    assert result.frame_enhancer is None


async def test_a_face_is_made_clearer_before_all_of_the_picture():
    face, picture = face_of(person(0)), degraded(photo())
    frame, both, alone = [
        await result_of(Watcher([face]), picture, processors=steps)
        for steps in (ALONE, BOTH, ["face_enhancer"])
    ]
    assert both.swapped[0].enhancer == both.frame_enhancer == "classical"
    assert alone.frame_enhancer is None
    assert (both.image != frame.image).any()
    assert (both.image != alone.image)[:8].any()
    # What the step is given is the picture as the one before it left it.
    again = await result_of(Blind(), alone.image, processors=ALONE)
    assert (again.image == both.image).all()


async def test_it_comes_after_a_swap():
    face, source = face_of(person(0)), face_of(person(4))
    steps = ["face_swapper", "frame_enhancer"]
    swapped = await result_of(Watcher([source], [face]), degraded(photo()), source=source)
    both = await result_of(
        Watcher([source], [face]), degraded(photo()), source=source, processors=steps
    )
    assert len(both.swapped) == 1
    again = await result_of(Blind(), swapped.image, processors=ALONE)
    assert (again.image == both.image).all()


async def test_a_picture_without_faces_is_made_clearer():
    result = await result_of(Watcher([]), degraded(photo()), processors=BOTH)
    assert result.frame_enhancer == "classical"
    assert result.swapped == ()
    assert (result.image != degraded(photo())).any()
    with pytest.raises(NoFaceInTarget):
        await result_of(Watcher([]), degraded(photo()), processors=["face_enhancer"])


async def test_a_picture_without_the_face_that_is_meant_is_made_clearer():
    options = {"face_selector": {"position": 3}}
    face = face_of(person(0))
    result = await result_of(Watcher([face]), degraded(photo()), processors=BOTH, **options)
    assert result.frame_enhancer == "classical"
    with pytest.raises(NoMatchingFace):
        await result_of(Watcher([face]), photo(), processors=["face_enhancer"], **options)


async def test_what_is_too_late_is_told():
    options, compute = parse_options({"processors": ALONE}), Compute(inline=True)
    step = FrameEnhancement(ClassicalFrameEnhancer(compute), compute, options, Timings())
    with pytest.raises(DeadlineExceeded):
        await step.picture(photo(), Deadline.after(-1))


# Options


@pytest.mark.parametrize(
    ("options", "finding"),
    [
        ({"processors": ["frame_enhancer", "face_enhancer"]}, "comes last"),
        ({"processors": ["face_enhancer", "face_swapper", "frame_enhancer"]}, "comes last"),
        ({"processors": [*ALONE, "frame_enhancer"]}, "named once"),
        ({"processors": ALONE, "expression": "source"}, "gives no expression"),
        ({"processors": BOTH, "expression_factor": 1.5}, "gives no expression"),
        ({"processors": BOTH, "quality": {"limits": {"max_seam_ratio": 2}}}, "none is swapped"),
        ({"frame_enhancer_blend": -0.1}, "greater than or equal to 0"),
        ({"frame_enhancer_model": "real_esrgan"}, "Input should be"),
    ],
)
def test_what_makes_no_sense_is_refused(options, finding):
    with pytest.raises(InvalidOptions) as caught:
        parse_options(options)
    assert finding in str(caught.value.errors)


@pytest.mark.parametrize(
    ("steps", "needs_source", "faceless", "expresses"),
    [
        (ALONE, False, True, False),
        (BOTH, False, True, False),
        (["face_enhancer"], False, False, False),
        (["face_swapper", "frame_enhancer"], True, False, True),
        (["face_swapper", "expression_restorer", *BOTH], True, False, True),
        (["expression_restorer", "frame_enhancer"], True, False, True),
    ],
)
def test_what_is_needed(steps, needs_source, faceless, expresses):
    options = parse_options({"processors": steps})
    assert options.needs_source == needs_source
    assert options.faceless == faceless
    assert options.expresses == expresses


@pytest.mark.parametrize(("steps", "restores"), [([], False), (["expression_restorer"], True)])
def test_a_swapped_expression_is_mended_whatever_is_enhanced(steps, restores):
    options = parse_options({"processors": ["face_swapper", *steps, *BOTH]})
    assert options.restores == restores


# Videos


def still_video(count, *, grain=6.0, lead_in=0, cut_at=None, soft_px=1.5):
    """Yield frames of something that stands still, with new grain on each."""
    still = cv2.GaussianBlur(original(), None, soft_px)
    rng = np.random.default_rng(5)
    for n in range(count):
        shown = still if cut_at is None or n < cut_at else 0.3 * still[:, ::-1]
        frame = np.clip(np.rint(shown + rng.normal(0, grain, still.shape)), 0, 255)
        yield Still(Fraction(n, RATE), frame.astype(np.uint8), lead_in=n < lead_in)


async def video_of(pictures, **options):
    options = {"processors": ALONE, **options}
    what = VideoFusionContext(NOBODY, SourceIdentities((), {}), parse_options(options), Timings())
    compute = Compute(inline=True)
    inference = fake_face_inference()
    fuser = VideoFuser(
        Blind(),
        Blind(),
        Masking(ModelSelector(inference, compute)),
        Blind(),
        compute,
        min_face_px=20,
    )
    async with aclosing(fuser.fuse(pictures, what)) as coming:
        return [item async for item in coming]


def shown(picture):
    return picture.image[..., 1] if picture.luma is None else picture.luma


async def test_every_frame_is_made_clearer_and_nobody_looks_for_faces():
    out = await video_of(still_video(6))
    assert [picture.time_s for picture, _ in out] == [Fraction(n, RATE) for n in range(6)]
    assert {report.frame_enhancer for _, report in out} == {"classical"}
    assert {(report.faces, report.changed) for _, report in out} == {(0, 0)}
    sharp = scene()
    for picture, _ in out:
        assert cv2.PSNR(picture.luma, sharp) > cv2.PSNR(picture.image[..., 1].copy(), sharp)


async def test_frames_that_lead_in_are_only_looked_at():
    out = await video_of(still_video(8, lead_in=5))
    assert all((shown(p) == p.image[..., 1]).all() for p, _ in out[:5])
    assert all((p.luma != p.image[..., 1]).any() for p, _ in out[5:])


async def test_a_blend_of_nothing_leaves_every_frame():
    out = await video_of(still_video(3), frame_enhancer_blend=0)
    assert all(p.luma is None and r.frame_enhancer is None for p, r in out)


@pytest.mark.parametrize("grain", [2.0, 4.0, 8.0])
async def test_what_stands_still_does_not_flicker_more_than_it_did(grain):
    out = await video_of(still_video(30, grain=grain), frame_enhancer_blend=1)
    before = np.stack([picture.image[..., 1] for picture, _ in out]).astype(float)
    after = np.stack([picture.luma for picture, _ in out]).astype(float)
    assert after.std(0).mean() <= before.std(0).mean()
    # Neither does all of it pump: sharpness and grain go on as they were.
    for figure in (lambda f: np.abs(np.diff(f, axis=1)).mean(), lambda f: f.mean()):
        jumps = [np.abs(np.diff([figure(frame) for frame in video])) for video in (before, after)]
        assert jumps[1].max() <= 1.5 * jumps[0].max() + 0.02


async def test_shots_begin_where_they_do_and_are_measured_anew():
    out = await video_of(still_video(12, cut_at=7))
    assert [report.cut for _, report in out] == [n == 7 for n in range(12)]


async def test_a_cut_forgets_and_time_averages():
    grainy, clean = list(still_video(8, grain=8)), list(still_video(8, grain=0.0))
    follows, begins = (ClassicalFrameEnhancer(Compute(inline=True)) for _ in range(2))
    for n, still in enumerate([*grainy, *clean]):
        time_s, planes = Fraction(n, RATE), still.planes(change=False)
        await follows.look(planes, time_s, cut=n == 0)
        await begins.look(planes, time_s, cut=n in (0, len(grainy)))
    same = [clean[-1].planes(change=False) for _ in range(2)]
    for enhancer, planes in zip((follows, begins), same, strict=True):
        await enhancer.process(planes, 1.0, deadline=Deadline.after(5))
    fine = [np.abs(np.diff(planes.y.astype(float), axis=1)).mean() for planes in same]
    assert fine[0] != fine[1]


async def test_faces_come_first_and_frames_without_any_are_enhanced_too():
    def some():
        yield from still_video(3)

    with_faces = await made(some(), await production(processors=BOTH), parts()[2])
    assert all(report.changed == 1 for _, report in with_faces)
    assert all(report.frame_enhancer == "classical" for _, report in with_faces)
    without = await made(some(), await production(NOBODY, processors=BOTH), parts()[2])
    assert all(report == FrameReport(frame_enhancer="classical") for _, report in without)
