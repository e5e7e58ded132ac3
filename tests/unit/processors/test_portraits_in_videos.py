"""Which portraits give a face does not flip from frame to frame."""

import numpy as np

from gateway.processors.base import Patch, Portrait
from gateway.processors.portraits import Choice, choose
from tests.unit.pipeline.people import SHAPE, face_of

PICTURE = np.full((*SHAPE, 3), 128, np.uint8)
PORTRAITS = [Portrait(PICTURE, face_of(yaw_deg=-10)), Portrait(PICTURE, face_of(yaw_deg=10))]


def test_the_one_before_stays_unless_another_is_clearly_nearer():
    for yaw_deg, last, base in ((1, 0, 0), (-1, 1, 1), (14, 0, 1), (-14, 1, 0)):
        face = face_of(yaw_deg=yaw_deg)
        assert choose(PICTURE, face, PORTRAITS, Choice(last)).base == base


def test_in_a_picture_the_nearest_counts():
    assert [choose(PICTURE, face_of(yaw_deg=y), PORTRAITS).base for y in (-2, 2)] == [0, 1]


def test_patches_stay_likewise():
    smiling = face_of(None, {"mouthSmileLeft": 1.0, "mouthSmileRight": 1.0, "jawOpen": 0.5})
    portraits = [Portrait(PICTURE, face_of()), Portrait(PICTURE, smiling)]
    last = Choice(0, {Patch.MOUTH: 1})
    shares = [n / 20 for n in range(21)]
    faces = [face_of(None, {"mouthSmileLeft": s, "mouthSmileRight": s}) for s in shares]
    fresh = [choose(PICTURE, face, portraits) for face in faces]
    held = [choose(PICTURE, face, portraits, last) for face in faces]
    mouths = [[c.base == 1 or Patch.MOUTH in c.patches for c in run] for run in (fresh, held)]
    assert sum(mouths[0]) < sum(mouths[1])
