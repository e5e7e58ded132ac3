"""High dynamic range brought to BT.709."""

import numpy as np
import pytest

from gateway.imaging.color.tone_mapping import (
    SDR,
    WHITE,
    hlg_light,
    pq_light,
    pq_signal,
    rolled_off,
    tone_cube,
    tone_map,
)
from gateway.imaging.geometry.warp import Region
from gateway.imaging.video.planes import Coding, Planes, rgb_of
from tests.tolerances import AFFINE, TONE_LEVELS

HDR10 = Coding(10, False, "bt2020")


def mapped(rgb, transfer="pq", steps=(1, 1), peak=1000.0) -> np.ndarray:
    """Return what becomes of an HDR picture: signals 0–1 (H, W, 3) to levels (H, W, 3)."""
    change, offset = HDR10.code_from_rgb()
    codes = np.rint(255 * np.asarray(rgb) @ change.T + offset).astype(np.uint16)
    y, u, v = (np.ascontiguousarray(codes[..., k]) for k in range(3))
    chroma = tuple(np.ascontiguousarray(c[:: steps[0], :: steps[1]]) for c in (u, v))
    source = Planes(y, chroma, y.shape, steps, HDR10)
    target = Planes(
        np.zeros(y.shape, np.uint8),
        tuple(np.zeros(c.shape, np.uint8) for c in chroma),
        y.shape,
        steps,
        SDR,
    )
    tone_map(source, tone_cube(HDR10, transfer, peak), target)
    return rgb_of(target, Region(0, 0, y.shape[1], y.shape[0]))


def test_pq_is_its_own_inverse_and_has_its_known_points():
    signal = np.linspace(0.01, 1, 100)
    assert pq_signal(pq_light(signal)) == pytest.approx(signal, abs=AFFINE)
    assert pq_light(np.array([1.0]))[0] == pytest.approx(10000)
    assert pq_signal(np.array([100.0, 203.0])) == pytest.approx([0.508, 0.5807], abs=1e-4)


def test_hlg_has_its_known_points():
    grey = np.array([0.0, 0.75, 1.0])[:, None].repeat(3, 1)
    assert hlg_light(grey)[:, 0] == pytest.approx([0, 203, 1000], abs=1)


@pytest.mark.parametrize("peak", [203.0, 600.0, 1000.0, 4000.0, 10000.0])
def test_highlights_are_rolled_off_and_the_rest_stays(peak):
    signal = np.linspace(0, 1, 501)
    curve = rolled_off(signal, peak)
    assert (np.diff(curve) >= -AFFINE).all()
    assert (curve <= signal + AFFINE).all()
    assert pq_light(curve).max() == pytest.approx(WHITE, rel=1e-6)
    dark = pq_light(signal) < 5
    assert curve[dark] == pytest.approx(signal[dark], abs=AFFINE)


@pytest.mark.parametrize("transfer", ["pq", "hlg"])
@pytest.mark.parametrize("steps", [(1, 1), (2, 2), (1, 2)])
def test_grey_stays_grey_and_in_its_order(transfer, steps):
    ramp = np.linspace(0, 1, 64)[None, :, None].repeat(4, 0).repeat(3, 2)
    levels = mapped(ramp, transfer, steps).astype(int)
    assert np.abs(levels - levels.mean(-1, keepdims=True)).max() <= 1.5
    assert (np.diff(levels[0, :, 1]) >= 0).all()
    assert levels[0, 0, 1] <= 1
    assert levels[0, -1, 1] >= 254


def test_the_cube_is_near_what_it_samples():
    rng = np.random.default_rng(0)
    grey = 0.2 + 0.25 * rng.random((40, 40, 1))
    signal = grey + 0.14 * (rng.random((40, 40, 3)) - 0.5)
    light = pq_light(signal)
    brightest = light.max(-1, keepdims=True)
    light *= pq_light(rolled_off(pq_signal(brightest), 1000)) / brightest
    to_709 = np.array(
        [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]]
    )
    wanted = 255 * np.clip(light @ to_709.T / WHITE, 0, 1) ** (1 / 2.4)
    inside = (light @ to_709.T > 1).all(-1)
    error = np.abs(mapped(signal) - wanted)[inside]
    assert error.mean() < 1
    assert np.percentile(error, 99) <= TONE_LEVELS


def test_every_size_is_mapped_to_its_border():
    for height, width in ((1, 1), (7, 9), (2, 5)):
        bright = mapped(np.full((height, width, 3), 0.55), steps=(2, 2))
        assert bright.min() > 150
