"""Swaps of real faces into pictures of kinds that people have: without colour, upside down."""

import json

import numpy as np
import pytest
from PIL import Image

from gateway.imaging.monochrome import hue_line
from gateway.serving.services import build_services, running
from gateway.settings import Settings
from tests.integration.portraits import paths, portrait
from tests.unit.http.app import client, opened, saved

pytestmark = pytest.mark.models

SETTINGS = Settings(backend="local", shutdown_grace_s=0, job_execution="disabled")
SEPIA = np.array([1.07, 0.97, 0.76])


async def swapped(target: np.ndarray, **options) -> tuple[np.ndarray, str]:
    """Return the result of a swap, and its warnings."""
    services = build_services(SETTINGS)
    form = {"source": paths()["astronaut"].read_bytes(), "target": saved(target)}
    async with running(services), client(services) as http:
        data = {"options": json.dumps(options)}
        answer = await http.post("/v1/swaps", files=form, data=data)
    assert answer.status_code == 200, answer.text
    pixels = np.asarray(opened(answer.content).convert("RGB"))
    return pixels, answer.headers["x-semblant-warnings"]


def grey() -> np.ndarray:
    return np.asarray(Image.fromarray(portrait("hopper")).convert("L").convert("RGB"))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"expression": "source"},
        {"color": "statistics"},
        {"color": "histogram"},
        {"color": "none", "blend": "feather"},
    ],
    ids=str,
)
async def test_a_picture_without_color_has_none_afterwards(options):
    made, _ = await swapped(grey(), **options)
    assert (made != grey()).any()
    assert np.ptp(made, axis=2).max() == 0


@pytest.mark.parametrize("options", [{"expression": "source"}, {"color": "none"}], ids=str)
async def test_sepia_keeps_its_hue(options):
    sepia = np.clip(np.rint(grey() * SEPIA), 0, 255).astype(np.uint8)
    made, _ = await swapped(sepia, **options)
    changed = (made != sepia).any(2)
    departure = np.abs(hue_line(sepia).brought(made).astype(int) - made)[changed]
    assert changed.any()
    assert departure.max() <= 2


@pytest.mark.parametrize("quarters", [1, 2, 3])
async def test_a_picture_that_nobody_turned_comes_out_as_if_it_had_been(quarters):
    upright, _ = await swapped(portrait("hopper"))
    target = np.ascontiguousarray(np.rot90(portrait("hopper"), quarters))
    made, warnings = await swapped(target)
    assert "orientation_uncertain" not in warnings
    changed = (upright != portrait("hopper")).any(2)
    difference = np.abs(np.rot90(made, -quarters).astype(int) - upright)[changed]
    assert difference.mean() < 6
