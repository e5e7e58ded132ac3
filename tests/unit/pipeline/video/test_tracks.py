"""People followed through a video: who is who, who is lost, who comes back."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.faces.detect import DetectOptions
from gateway.faces.face import FaceWarning, HeadPose
from gateway.pipeline.video.face_tracking import FrameCrop, around
from gateway.pipeline.video.tracks import FaceTracker
from tests.unit.pipeline.people import face_of, person
from tests.unit.pipeline.video.frames import SHAPE, Eyes, video_of

ANN, BOB = person(0), person(4)


async def tracked(video, eyes=None, *, min_face_px=20.0, options=None):
    """Return for every frame who was seen, and whether a shot began."""
    eyes = eyes or Eyes(video)
    tracker = FaceTracker(
        eyes, Compute(inline=True), options or DetectOptions(), min_face_px=min_face_px
    )
    out = []
    for n, picture in enumerate(video):
        eyes.at(n)
        out.append(await tracker.step(picture, deadline=Deadline.after(5)))
    return out


def numbers(steps):
    return [[s.track for s in seen] for seen, _ in steps]


async def test_a_known_face_needs_detectors_only_now_and_then():
    video = video_of([[face_of(at=(150 + n, 120))] for n in range(31)])
    eyes = Eyes(video)
    assert numbers(await tracked(video, eyes)) == [[0]] * 31
    assert eyes.detections == 4
    assert eyes.looks == 31


async def test_faces_are_told_in_pixels_of_the_frame_with_the_part_that_holds_them():
    video = video_of([[face_of(at=(150 + 2 * n, 110))] for n in range(5)])
    for n, (seen, _) in enumerate(await tracked(video)):
        (sighting,) = seen
        assert np.allclose(sighting.face.landmarks, video[n].faces[0].landmarks, atol=1e-3)
        x0, y0, x1, y1 = sighting.face.box_xyxy
        region = sighting.view.region
        assert region.x0 <= x0
        assert region.y0 <= y0
        assert x1 < region.x1
        assert y1 < region.y1
        assert np.array_equal(sighting.view.pixels, region.of(video[n].image))


async def test_who_comes_is_found_within_a_third_of_a_second():
    small = face_of(scale_px=20, at=(60, 60))
    video = video_of([[face_of(at=(200, 120))] + [small] * (n >= 3) for n in range(15)])
    steps = numbers(await tracked(video))
    assert steps[2] == [0]
    assert steps[10] == [0, 1]


async def test_faces_below_the_limit_are_left_alone():
    video = video_of([[face_of(scale_px=20)]] * 3)
    assert numbers(await tracked(video, min_face_px=60)) == [[], [], []]


@pytest.mark.parametrize("blind", [range(4, 12), [5], [3, 6, 9]])
async def test_what_no_network_sees_for_a_moment_is_carried_by_the_pixels(blind):
    video = video_of([[face_of()]] * 20)
    steps = await tracked(video, Eyes(video, blind=blind))
    assert numbers(steps) == [[0]] * 20
    assert [n for n, (seen, _) in enumerate(steps) if seen[0].interpolated] == list(blind)


async def test_a_carried_face_goes_where_the_picture_goes():
    still = video_of([[]])[0].image
    behind = [np.roll(still, 2 * n, axis=1) for n in range(9)]
    video = video_of([[face_of(at=(120 + 2 * n, 120))] for n in range(9)], background=behind)
    steps = await tracked(video, Eyes(video, blind=[4, 5, 6]))
    for n in (4, 5, 6):
        face = steps[n][0][0].face
        assert np.allclose(face.landmarks[:, :2], video[n].faces[0].landmarks[:, :2], atol=1.5)
        assert face.fit.translation[0, 0] == pytest.approx(120 + 2 * n, abs=2)


async def test_nobody_is_carried_for_longer_than_half_a_second():
    video = video_of([[face_of()]] * 40)
    steps = numbers(await tracked(video, Eyes(video, blind=range(5, 40))))
    assert steps[5 + 13] == [0]
    assert steps[5 + 16] == []


async def test_nobody_is_carried_over_what_is_another_picture():
    rng = np.random.default_rng(4)
    still = video_of([[]])[0].image
    gone = np.repeat(rng.integers(60, 200, (60, 320, 3), dtype=np.uint8), 4, axis=0)
    video = video_of([[face_of()]] * 3 + [[]] * 3, background=[still] * 3 + [gone] * 3)
    assert numbers(await tracked(video))[3:] == [[], [], []]


async def test_who_comes_back_soon_is_who_was_lost():
    ann, still = face_of(ANN), video_of([[]])[0].image
    rng = np.random.default_rng(4)
    hidden = np.repeat(rng.integers(60, 200, (60, 320, 3), dtype=np.uint8), 4, axis=0)
    frames = [[ann]] * 6 + [[]] * 8 + [[face_of(ANN, at=(170, 125))]] * 3
    behind = [still] * 6 + [hidden] * 8 + [still] * 3
    # The same light on both, so that hiding is no cut.
    video = video_of(frames, background=behind)
    steps = await tracked(video)
    assert steps[-1][0][0].track == (1 if any(cut for _, cut in steps[1:]) else 0)


async def test_a_cut_forgets_everybody():
    warm = np.full((*SHAPE, 3), (150, 110, 80), np.uint8)
    cold = np.full((*SHAPE, 3), (60, 100, 160), np.uint8)
    video = video_of([[face_of(ANN)]] * 8, background=[warm] * 4 + [cold] * 4)
    steps = await tracked(video)
    assert [cut for _, cut in steps] == [True] + [False] * 3 + [True] + [False] * 3
    assert numbers(steps) == [[0]] * 4 + [[1]] * 4


async def test_who_pass_each_other_keep_their_numbers():
    frames = [
        [
            face_of(ANN, at=(90 + 6 * n, 120), scale_px=40),
            face_of(BOB, at=(230 - 6 * n, 124), scale_px=38),
        ]
        for n in range(24)
    ]
    video = video_of(frames)
    steps = await tracked(video, options=DetectOptions(thorough=True))
    first = {s.track: s.face.centre_xy[0] for s in steps[8][0]}
    last = {s.track: s.face.centre_xy[0] for s in steps[-1][0]}
    left = min(first, key=first.get)
    assert last.keys() >= {left}
    assert last[left] == max(last.values())


async def test_how_hard_to_look_is_passed_on():
    video = video_of([[face_of()]] * 3)
    eyes = Eyes(video)
    await tracked(video, eyes, options=DetectOptions(precise=True))
    assert all(eyes.precise)


def test_the_part_around_a_face_holds_the_crop_it_is_looked_for_in():
    region, reduction = around(face_of(at=(160, 120)), SHAPE)
    assert region.shape[0] > 1.4 * 50
    assert reduction == 1
    assert around(face_of(at=(-900, 120)), SHAPE)[0] is None


@pytest.mark.parametrize("scale_px", [130, 200, 400, 900])
def test_large_faces_are_looked_at_coarsely(scale_px):
    face, shape = face_of(scale_px=scale_px, at=(2001, 1503)), (3000, 4000)
    region, reduction = around(face, shape)
    assert reduction > 1
    assert max(region.shape) / reduction >= 250
    assert not any(n % (2 * reduction) for n in (region.x0, region.y0, *region.shape))
    view = FrameCrop(region, reduction, np.zeros((1, 1, 3), np.uint8))
    again = view.outside(view.inside(face))
    assert np.allclose(again.landmarks, face.landmarks, atol=1e-2)


def test_times_are_exact():
    assert video_of([[]] * 3)[2].time_s == Fraction(1, 15)


class Asked(Eyes):
    """Remembers how it was asked to look, and doubts what it sees."""

    def __init__(self, video, *, doubtful=False) -> None:
        super().__init__(video)
        self.asked, self.doubtful = [], doubtful

    async def detect(self, image, *, deadline, options):
        self.asked.append((options.angles, options.roll))
        return await super().detect(image, deadline=deadline, options=options)

    async def look_at(self, image, found, *, deadline, options):
        faces = await super().look_at(image, found, deadline=deadline, options=options)
        told = (FaceWarning.ORIENTATION_UNCERTAIN,) if self.doubtful else ()
        return [replace(face, warnings=(*face.warnings, *told)) for face in faces]


async def test_which_way_up_a_shot_is_is_decided_once():
    upside_down = replace(face_of(), pose=HeadPose(0.0, 0.0, 178.0))
    video = video_of([[upside_down]] * 25)
    eyes = Asked(video)
    await tracked(video, eyes)
    assert eyes.asked == [((), None), ((180,), 178.0), ((180,), 178.0)]
    eyes = Asked(video_of([[face_of()]] * 25))
    await tracked(eyes.video, eyes)
    assert [angles for angles, _ in eyes.asked] == [()] * 3


async def test_a_doubt_is_told_once_and_decides_nothing():
    video = video_of([[face_of()]] * 25)
    eyes = Asked(video, doubtful=True)
    steps = await tracked(video, eyes)
    doubts = [FaceWarning.ORIENTATION_UNCERTAIN in seen[0].face.warnings for seen, _ in steps]
    assert doubts == [True] + [False] * 24
    assert [roll for _, roll in eyes.asked] == [None] * 3
