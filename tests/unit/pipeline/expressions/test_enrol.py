"""Libraries of expressions from pictures and videos."""

import numpy as np
import pytest

from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.errors import FaceNotReliable, NoFaceInSource
from gateway.faces.morphable.expression import named
from gateway.pipeline.expressions.enrol import CROP_PX, Enroller, Skipped, make_entry
from gateway.pipeline.expressions.track import ExpressionTracker
from gateway.pipeline.timings import Timings
from tests.unit.pipeline.expressions.test_track import video
from tests.unit.pipeline.people import SHAPE, Analyser, face_of, person

ANN = person(1)
REST, SMILE = face_of(ANN), face_of(ANN, {"mouthSmileLeft": 0.9, "mouthSmileRight": 0.9})
OPEN, BLINK = (
    face_of(ANN, {"jawOpen": 0.9}),
    face_of(ANN, {"eyeBlinkLeft": 1, "eyeBlinkRight": 1}),
)
TURNED, NONE, TINY = face_of(yaw_deg=50), face_of(noise=0.3), face_of(scale_px=5)


def picture(height=SHAPE[0], width=SHAPE[1]) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


async def enrolled(*finds, pictures=None, frames=0, count=24):
    """Enrol; `finds` are the faces of the pictures, then of the video's frames."""
    pictures = len(finds) - frames if pictures is None else pictures
    analyser, compute = Analyser(*finds), Compute(inline=True)
    enroller = Enroller(analyser, ExpressionTracker(analyser, compute), compute)
    return await enroller.enrol(
        [picture()] * pictures,
        video(frames),
        count=count,
        deadline=Deadline.after(5),
        timings=Timings(),
    )


async def test_every_picture_gives_the_expression_of_its_largest_usable_face():
    result = await enrolled([REST], [SMILE, OPEN], [NONE, TURNED, BLINK])
    expected = [REST, SMILE, BLINK]
    assert [e.reliability for e in result.entries] == [face.reliability for face in expected]
    for entry, face in zip(result.entries, expected, strict=True):
        assert (entry.expression == face.expression).all()
    assert result.skipped == ()


async def test_what_gives_none_is_told_with_its_reason():
    result = await enrolled([], [TURNED], [NONE], [TINY], [REST])
    reasons = ["no_face", "profile", "unreliable", "small"]
    assert result.skipped == tuple(Skipped("frame", n, r) for n, r in enumerate(reasons))
    assert len(result.entries) == 1


@pytest.mark.parametrize(("finds", "error"), [([], NoFaceInSource), ([TURNED], FaceNotReliable)])
@pytest.mark.parametrize("frames", [0, 2])
async def test_nothing_usable_is_an_error(finds, error, frames):
    with pytest.raises(error):
        await enrolled(finds, finds, frames=frames)


async def test_those_that_differ_most_are_kept_in_their_order():
    alike = [face_of(ANN, {"jawOpen": 0.9}, noise=0.001, seed=n) for n in range(6)]
    result = await enrolled([OPEN], *([face] for face in alike), [SMILE], [BLINK], count=3)
    strongest = [max(named(e.expression).items(), key=lambda i: i[1])[0] for e in result.entries]
    assert len(strongest) == 3
    assert strongest[0] == "jawOpen"
    assert strongest[1].startswith("mouthSmile")
    assert strongest[2].startswith("eyeBlink")
    assert {skipped.reason for skipped in result.skipped} == {"alike"}
    assert len(result.skipped) == 6


async def test_a_video_gives_what_differs_and_tells_only_what_is_no_use():
    faces = [[face_of(ANN, {"jawOpen": (n % 4) / 4})] for n in range(30)]
    faces[7], faces[9] = [], [TURNED]
    result = await enrolled(*faces, frames=30, count=4)
    assert len(result.entries) == 4
    assert result.skipped == (Skipped("video", 7, "no_face"), Skipped("video", 9, "profile"))


async def test_pictures_come_before_the_video():
    result = await enrolled([SMILE], [], [REST], [], frames=2)
    assert [e.reliability for e in result.entries] == [SMILE.reliability, REST.reliability]
    assert result.skipped == (Skipped("frame", 1, "no_face"), Skipped("video", 1, "no_face"))


# The crop


def test_a_crop_holds_the_face_and_a_little_around_it():
    image = picture()
    entry = make_entry(image, REST)
    box = REST.box_xyxy
    low, high = entry.landmarks[:468, :2].min(0), entry.landmarks[:468, :2].max(0)
    assert high - low == pytest.approx(box[2:] - box[:2], abs=1e-3)
    height, width = entry.crop.shape[:2]
    assert max(height, width) == pytest.approx(1.6 * (high - low).max(), abs=3)
    x, y = np.rint(entry.landmarks[1, :2]).astype(int)
    here, there = entry.crop[y, x], image[tuple(np.rint(REST.landmarks[1, 1::-1]).astype(int))]
    assert (here == there).all()
    assert entry.landmarks.dtype == entry.expression.dtype == np.float32


def test_a_large_face_is_shrunk_with_its_landmarks():
    face = face_of(scale_px=400, at=(900, 800))
    image = picture(1600, 1800)
    entry = make_entry(image, face)
    assert max(entry.crop.shape[:2]) == CROP_PX
    factor = np.ptp(face.landmarks[:, 0]) / np.ptp(entry.landmarks[:, 0])
    assert factor > 1.5
    for axis in (1, 2):
        scaled = np.ptp(face.landmarks[:, axis]) / factor
        assert np.ptp(entry.landmarks[:, axis]) == pytest.approx(scaled, rel=0.01)
    inside = (entry.landmarks[:, :2] > 0) & (entry.landmarks[:, :2] < CROP_PX)
    assert inside.all()


def test_a_face_at_the_border_has_a_smaller_crop():
    entry = make_entry(picture(), face_of(at=(20, 120)))
    assert entry.crop.shape[1] < entry.crop.shape[0]
