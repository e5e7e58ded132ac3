"""The fake is as disobedient as it is told to be."""

import asyncio

import numpy as np
import pytest

from gateway.deadline import Deadline
from gateway.errors import DeadlineExceeded, InferenceFailed, InferenceOverloaded
from gateway.inference.contracts import ModelContract, TensorSpec
from gateway.testing import FakeInference, FakeModel

SPEC = TensorSpec("x", np.dtype(np.float32), (-1, 2))
X = {"x": np.ones((1, 2), np.float32)}


def fake(**options):
    contract = ModelContract("m", 2, (SPEC,), (SPEC,))
    return FakeInference([FakeModel(contract, dict, **options)])


async def test_it_fails_as_often_as_told():
    made = fake(failures=[InferenceFailed("once")])
    with pytest.raises(InferenceFailed, match="once"):
        await made.infer("m", X, deadline=Deadline.after(1))
    assert (await made.infer("m", X, deadline=Deadline.after(1)))["x"].shape == (1, 2)


async def test_it_is_slow():
    with pytest.raises(DeadlineExceeded):
        await fake(delay_s=60).infer("m", X, deadline=Deadline.after(0.01))


async def test_it_holds_calls_back_and_refuses_more_than_its_queue_takes():
    made = fake(max_queue=1)
    made.hold()
    first = asyncio.ensure_future(made.infer("m", X, deadline=Deadline.after(10)))
    await asyncio.sleep(0)
    with pytest.raises(InferenceOverloaded):
        await made.infer("m", X, deadline=Deadline.after(1))
    made.release()
    assert (await first)["x"].shape == (1, 2)


async def test_it_records_the_batches_it_ran():
    made = fake()
    await made.infer("m", {"x": np.ones((5, 2), np.float32)}, deadline=Deadline.after(1))
    assert made.models["m"].batches == [2, 2, 1]
