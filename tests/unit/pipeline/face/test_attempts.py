from typing import get_args

import numpy as np
import pytest

from gateway.errors import QualityBelowThreshold
from gateway.imaging.blend.fuse import BlendMode, ColorMode
from gateway.imaging.geometry.warp import Region
from gateway.pipeline.face.attempts import BLENDS, COLORS, Trial, best_of, require_quality, trials
from gateway.pipeline.face.canvas import UndoCanvas
from gateway.pipeline.face.quality import Figures
from gateway.pipeline.options.groups import QualityLimits

ASKED = Trial("none", "poisson")
PICTURE = np.full((8, 8, 3), 100, np.uint8)
WHERE = Region(2, 2, 6, 6)


def figures(**known) -> Figures:
    plain = {
        "outside_psnr_db": float("inf"),
        "outside_ssim": 1.0,
        "seam_ratio": 1.0,
        "ring_delta_e": 2.0,
        "target_ring_delta_e": 2.0,
        "sharpness_ratio": 1.0,
    }
    return Figures(**{**plain, **known})


async def attempted(*seams: float, limits=None, **others):
    """Attempt as often as there are seams to be seen; each attempt paints its own number."""
    canvas, met = UndoCanvas(PICTURE), []

    async def make(trial):
        met.append(canvas.image.copy())
        canvas.paint(WHERE, np.full((*WHERE.shape, 3), len(met), np.uint8))
        return len(met), figures(seam_ratio=seams[len(met) - 1], **others)

    settings = trials(ASKED, retry=True)[: len(seams)]
    limits = limits or QualityLimits(max_seam_ratio=1.5)
    return await best_of(canvas, settings, limits, make), canvas, met, settings


def test_the_last_try_cannot_go_wrong():
    assert set(COLORS) < set(get_args(ColorMode))
    assert set(BLENDS) < set(get_args(BlendMode))
    assert (COLORS[-1], BLENDS[-1]) == ("none", "feather")


def test_what_was_asked_for_is_tried_first_and_nothing_twice():
    for color in COLORS:
        for blend in BLENDS:
            asked = Trial(color, blend)
            tried = trials(asked, retry=True)
            assert tried[0] == asked
            assert len(tried) == len(set(tried)) == len(COLORS) * len(BLENDS)
    assert trials(ASKED, retry=False) == [ASKED]


async def test_good_enough_at_once_is_all():
    best, canvas, met, _ = await attempted(1.2, 1.0)
    assert (best.made, best.number, best.trial, len(met)) == (1, 1, ASKED, 1)
    assert (WHERE.of(canvas.image) == 1).all()


async def test_it_ends_with_the_first_that_is_good_enough():
    best, canvas, _, settings = await attempted(3.0, 2.0, 1.4, 1.0)
    assert (best.made, best.number, best.trial, best.short) == (3, 3, settings[2], {})
    assert (WHERE.of(canvas.image) == 3).all()


async def test_of_those_that_are_not_the_best_is_kept():
    best, canvas, _, settings = await attempted(3.0, 1.8, 2.0, 2.5)
    assert (best.made, best.number, best.trial) == (2, 4, settings[1])
    assert best.short == {"seam_ratio": pytest.approx(0.2)}
    assert (WHERE.of(canvas.image) == 2).all()


async def test_of_equals_the_first_is_kept():
    best, *_ = await attempted(2.0, 2.0, 2.0)
    assert best.made == 1


async def test_every_attempt_begins_with_the_untouched_picture():
    _, _, met, _ = await attempted(3.0, 2.0, 2.5)
    assert len(met) == 3
    assert all((before == PICTURE).all() for before in met)


async def test_what_fusion_cannot_change_is_not_tried_again():
    limits = QualityLimits(max_pose_error_deg=1)
    best, _, met, _ = await attempted(1.0, 1.0, limits=limits, pose_error_deg=4.0, found=True)
    assert len(met) == 1
    assert best.short == {"pose_error_deg": 3}


async def test_the_error_tells_the_best_attempt_and_what_was_asked():
    limits = QualityLimits(max_seam_ratio=1.5, min_sharpness_ratio=0.5)
    best, *_ = await attempted(3.0, 2.0, limits=limits)
    with pytest.raises(QualityBelowThreshold, match=r"Face 2 .*seam_ratio") as raised:
        require_quality(best, limits, 2)
    told = raised.value.extra
    assert told["figures"]["seam_ratio"] == 2
    assert told["figures"]["outside_psnr_db"] is None  # JSON knows no infinity
    assert told["asked"] == {"max_seam_ratio": 1.5, "min_sharpness_ratio": 0.5}
    assert (told["attempts"], told["color"], told["below"]) == (2, best.trial.color, ["seam_ratio"])


async def test_what_is_good_enough_is_no_error():
    limits = QualityLimits(max_seam_ratio=1.5)
    best, *_ = await attempted(1.5, limits=limits)
    assert not best.short
    require_quality(best, limits, 0)
    short, *_ = await attempted(1.51, limits=limits)
    with pytest.raises(QualityBelowThreshold):
        require_quality(short, limits, 0)
