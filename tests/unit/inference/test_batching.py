"""Splitting a batch and joining the answers."""

import asyncio

import numpy as np
import pytest

from gateway.errors import InferenceFailed, ModelOutOfMemory
from gateway.inference.batching import run_in_pieces
from gateway.inference.contracts import ModelContract


def contract(limit):
    return ModelContract("m", limit, (), ())


@pytest.mark.parametrize(("rows", "pieces"), [(1, [1]), (4, [4]), (5, [4, 1]), (12, [4, 4, 4])])
async def test_pieces_keep_their_order(rows, pieces):
    seen = []

    async def run(inputs, count):
        seen.append(count)
        for _ in range(10 - 2 * len(seen)):  # later pieces are ready first
            await asyncio.sleep(0)
        return {"y": inputs["x"] * 2}

    x = np.arange(rows)
    outputs = await run_in_pieces(contract(4), {"x": x}, rows, run)
    assert seen == pieces
    np.testing.assert_array_equal(outputs["y"], x * 2)


async def test_without_batching_nothing_is_split():
    async def run(inputs, count):
        return {"y": inputs["x"]}

    x = np.arange(9)
    assert (await run_in_pieces(contract(0), {"x": x}, 9, run))["y"] is x


@pytest.mark.parametrize("end", ["failure", "cancellation"])
async def test_the_other_pieces_do_not_go_on_alone(end):
    ended = []

    async def run(inputs, count):
        if inputs["x"][0] == 0 and end == "failure":
            raise InferenceFailed("first piece")
        try:
            await asyncio.Event().wait()  # for ever
        finally:
            ended.append(count)

    task = asyncio.ensure_future(run_in_pieces(contract(2), {"x": np.arange(4)}, 4, run))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    if end == "cancellation":
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    else:
        with pytest.raises(InferenceFailed):
            await task
    assert ended == ([2] if end == "failure" else [2, 2])


@pytest.mark.parametrize("most", [1, 3, 8])
async def test_what_memory_does_not_suffice_for_is_halved(most):
    seen = []

    async def run(inputs, count):
        seen.append(count)
        if count > most:
            raise ModelOutOfMemory("m: full")
        return {"y": inputs["x"] * 2}

    x = np.arange(13)
    outputs = await run_in_pieces(contract(8), {"x": x}, 13, run)
    np.testing.assert_array_equal(outputs["y"], x * 2)
    assert max(n for n in seen if n <= most) >= most // 2
    assert sum(n for n in seen if n <= most) == 13


async def test_memory_that_does_not_suffice_for_one_row_is_told_with_the_models_name():
    async def run(inputs, count):
        raise ModelOutOfMemory("m: full")

    with pytest.raises(ModelOutOfMemory, match="m: full"):
        await run_in_pieces(contract(8), {"x": np.arange(8)}, 8, run)
