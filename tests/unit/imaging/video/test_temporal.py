"""What goes over from frame to frame: noise is evened out, changes are followed, faces move."""

from dataclasses import replace

import numpy as np
import pytest

from gateway.imaging.blend.composite import Correction
from gateway.imaging.blend.fuse import FrameTransition, fuse, fuse_frame
from gateway.imaging.color.transfer import LabStatistics
from gateway.imaging.enhance.sharpness import CaptureTexture
from gateway.imaging.masks.matte import Matte
from gateway.imaging.video.temporal import (
    CORRECTED_EVERY_S,
    MEASURED_EVERY_S,
    TemporalState,
    carried_correction,
    steadied_colors,
    steadied_correction,
    steadied_textures,
)

HERE = np.eye(2, 3)
DT = 1 / 30
RNG = np.random.default_rng(11)


def correction(offset: float, gain: float = 1.0, shape=(12, 10), reduction=4) -> Correction:
    planes = np.empty((*shape, 6), np.float32)
    planes[..., :3], planes[..., 3:] = gain, offset
    return Correction(planes, reduction)


def moment(**what) -> TemporalState:
    known = {
        "cube": None,
        "skins": None,
        "textures": None,
        "correction": None,
        "face_from_region": HERE,
    }
    return TemporalState(**(known | what))


def test_noise_of_the_correction_shrinks():
    state, seen, out = None, [], []
    for _ in range(60):
        now = correction(10 + RNG.normal(0, 0.5))
        seen.append(float(now.planes[0, 0, 5]))
        if state is not None:
            now = steadied_correction(now, state, HERE, DT)
        state = moment(correction=now)
        out.append(float(now.planes[0, 0, 5]))
    assert np.std(np.diff(out[20:])) < 0.4 * np.std(np.diff(seen[20:]))
    assert np.mean(out[20:]) == pytest.approx(10, abs=0.3)


def test_a_lamp_that_is_switched_on_is_followed_at_once():
    before = moment(correction=correction(0))
    assert np.allclose(steadied_correction(correction(30), before, HERE, DT).planes[..., 3:], 30)
    brighter = steadied_correction(correction(0, 1.3), before, HERE, DT)
    assert np.allclose(brighter.planes[..., :3], 1.3)


def test_long_ago_counts_little():
    before = moment(correction=correction(2))
    soon, late = (
        float(steadied_correction(correction(0), before, HERE, dt).planes[0, 0, 4])
        for dt in (DT, 1.0)
    )
    assert late < 0.02 < 1 < soon


def test_light_moves_along_with_the_face():
    planes = correction(0).planes
    planes[..., 3:] = 5 * np.arange(10, dtype=np.float32)[None, :, None]
    before = moment(correction=Correction(planes, 4))
    # The face is 8 pixels, two cells, further right in its region than it was.
    there = np.array([[1, 0, -8.0], [0, 1, 0]])
    moved = carried_correction(before, there, (12, 10), 4)
    assert np.allclose(moved.planes[:, 2:, 3:], planes[:, :-2, 3:], atol=1e-3)


def test_a_finer_grid_shows_the_same_places():
    planes = correction(0).planes
    planes[..., 3:] = np.arange(12, dtype=np.float32)[:, None, None]
    moved = carried_correction(moment(correction=Correction(planes, 4)), HERE, (24, 20), 2)
    assert np.allclose(moved.planes[4:20, 4, 3], (np.arange(4, 20) + 0.5) / 2 - 0.5, atol=1e-3)


def test_without_anything_before_nothing_is_carried():
    assert carried_correction(moment(), HERE, (4, 4), 2) is None
    now = correction(3)
    assert steadied_correction(now, moment(), HERE, DT) is now


def skins(level: float):
    one = LabStatistics(np.full(3, level), np.full(3, 2.0))
    return one, one


def test_colors_drift_and_jump():
    grid = np.zeros((13, 13, 13, 3), np.float32)
    before = moment(cube=grid, skins=skins(50))
    cube, both = steadied_colors(grid + 2, skins(52), before, 0.12)
    assert 0.2 < float(cube.mean()) < 0.8
    assert 50 < float(both[0].mean[0]) < 51
    cube, both = steadied_colors(grid + 40, skins(70), before, 0.12)
    assert float(cube.mean()) == 40
    assert float(both[1].mean[0]) == 70


def test_colors_that_are_not_known_are_not_mixed():
    grid = np.ones((13, 13, 13, 3), np.float32)
    cube, both = steadied_colors(grid, skins(40), moment(), DT)
    assert cube is grid
    assert both is not None
    assert steadied_colors(None, None, moment(cube=grid, skins=skins(1)), DT) == (None, None)


def test_textures_go_between():
    old, new = CaptureTexture(2.0, 4.0, 6.0), CaptureTexture(1.0, 2.0, 3.0)
    one, other = steadied_textures(
        (new, replace(new, blur_px=None)), moment(textures=(old, old)), 0.1
    )
    assert 1 < one.blur_px < 2
    assert 2 < one.grain < 4
    assert 3 < one.detail < 6
    assert other.blur_px is None


# All together

SIDE = 96


def frame(seed: int):
    """Return a target, a source and a matte (SIDE, SIDE) whose grain is another in each frame."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:SIDE, :SIDE]
    inside = (x - 48) ** 2 + (y - 48) ** 2 < 36**2
    base = np.dstack([170 + x / 8, 120 + x / 8, 95 + y / 8])
    target = np.clip(base + rng.normal(0, 6, base.shape), 0, 255).astype(np.uint8)
    source = np.clip(0.8 * base + 10, 0, 255).astype(np.uint8)
    matte = Matte(inside.astype(np.float32), inside, np.ones_like(inside), inside)
    return target, source, matte


def test_a_picture_is_a_video_of_one_frame():
    target, source, matte = frame(0)
    pixels, found = fuse_frame(target, source, matte, FrameTransition(HERE), unit_px=40)
    assert np.array_equal(pixels, fuse(target, source, matte, unit_px=40))
    assert found.age_s == found.corrected_s == 0


def test_outside_the_mask_nothing_changes_in_any_frame():
    state = None
    for n in range(6):
        target, source, matte = frame(n)
        pixels, state = fuse_frame(
            target, source, matte, FrameTransition(HERE, state, DT), unit_px=40
        )
        assert np.array_equal(pixels[matte.mask == 0], target[matte.mask == 0])


@pytest.mark.parametrize("texture", [False, True])
def test_skin_is_calmer_than_without_memory(texture):
    def means(remembering: bool):
        state, out = None, []
        for n in range(24):
            target, source, matte = frame(n)
            passage = FrameTransition(HERE, state if remembering else None, DT)
            pixels, state = fuse_frame(target, source, matte, passage, unit_px=40, texture=texture)
            out.append(pixels[matte.skin].mean(0))
        return np.abs(np.diff(out[8:], axis=0)).mean()

    assert means(True) < 0.7 * means(False)


def test_what_is_told_of_a_face_is_measured_now_and_then():
    state, ages, corrected = None, [], []
    for n in range(12):
        target, source, matte = frame(n)
        _, state = fuse_frame(target, source, matte, FrameTransition(HERE, state, DT), unit_px=40)
        ages.append(state.age_s)
        corrected.append(state.corrected_s)
    assert 0 < max(ages) < MEASURED_EVERY_S
    assert 0 < max(corrected) < CORRECTED_EVERY_S
    assert ages.count(0) == 3
    assert corrected.count(0) == 6


@pytest.mark.parametrize("color", ["none", "statistics", "histogram", "adaptive"])
@pytest.mark.parametrize("blend", ["feather", "poisson", "mixed"])
def test_every_way_of_fusing_goes_on_from_frame_to_frame(color, blend):
    state = None
    for n in range(3):
        target, source, matte = frame(n)
        passage = FrameTransition(HERE, state, DT)
        pixels, state = fuse_frame(
            target, source, matte, passage, unit_px=40, color=color, blend=blend
        )
    alone = fuse(target, source, matte, unit_px=40, color=color, blend=blend)
    assert np.abs(pixels.astype(int) - alone).mean() < 3
