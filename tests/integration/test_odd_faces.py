"""Swaps with faces that are painted, covered or cut off: there is a result, or a reason."""

import numpy as np
import pytest

from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.errors import NoFaceInSource, NoFaceInTarget
from gateway.inference.local import LocalInference
from gateway.paths import PROJECT_ROOT
from gateway.pipeline.options.swap import SwapOptions
from gateway.pipeline.selection.models import ModelSelector
from gateway.pipeline.timings import Timings
from gateway.pipeline.toolkit import Toolkit
from tests.integration.odd_pictures import ODD
from tests.integration.portraits import portrait

pytestmark = pytest.mark.models

PAIRS = (("astronaut", "hopper"), ("hopper", "astronaut"))
COVERS = ("mask", "bars", "eye patch")
SAME, OTHER = 14, 60
"""Levels up to which a pixel is the same, and from which on it is something else."""


@pytest.fixture
async def swap():
    """Return what swaps a source's face into a target, (H, W, 3) each."""
    inference, compute = LocalInference(PROJECT_ROOT / "model_repository"), Compute()
    fuser = Toolkit.of(ModelSelector(inference, compute)).image_fuser()

    async def swapped(source: np.ndarray, target: np.ndarray) -> np.ndarray:
        options, deadline = SwapOptions(), Deadline.after(60)
        made = await fuser.swap([source], target, options, deadline=deadline, timings=Timings())
        return made.image

    yield swapped
    await inference.close()
    compute.close()


@pytest.mark.parametrize("kind", ODD)
async def test_there_is_a_result_or_a_reason(swap, kind):
    for name, other in PAIRS:
        for pair, refusal in (
            ((ODD[kind](name), portrait(other)), NoFaceInSource),
            ((portrait(other), ODD[kind](name)), NoFaceInTarget),
        ):
            try:
                made = await swap(*pair)
            except refusal:
                continue
            assert made.shape == pair[1].shape
            assert (made != pair[1]).any()


@pytest.mark.parametrize("kind", COVERS)
async def test_what_is_before_the_target_stays(swap, kind):
    for name, other in PAIRS:
        target = ODD[kind](name)
        made = await swap(portrait(other), target)
        before = (target != portrait(name)).any(2)
        same = np.abs(made.astype(int) - target).max(2)[before] <= SAME
        assert same.mean() > 0.9


@pytest.mark.parametrize("kind", COVERS)
async def test_what_is_before_the_source_is_not_carried_over(swap, kind):
    for name, other in PAIRS:
        target = portrait(other)
        bare, made = await swap(portrait(name), target), await swap(ODD[kind](name), target)
        changed = (bare != target).any(2)
        off = np.abs(made.astype(int) - bare).max(2)[changed] > OTHER
        assert off.mean() < 0.08
