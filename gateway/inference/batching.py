"""Cutting a batch that is larger than a model takes, and joining the answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gateway.inference.contracts import ModelContract
from gateway.inference.protocol import Tensors

Outputs = dict[str, NDArray[Any]]
Run = Callable[[Tensors, int], Awaitable[Outputs]]
"""Runs one batch the model takes, given the inputs and their number of rows."""


async def run_in_pieces(contract: ModelContract, inputs: Tensors, rows: int, run: Run) -> Outputs:
    """Run a batch of any size, in pieces of at most `max_batch_size`, at the same time.

    When one piece fails, the others are cancelled and its error is raised.
    """
    limit = contract.max_batch_size
    if limit == 0 or rows <= limit:
        return await run(inputs, rows)
    tasks = [
        asyncio.ensure_future(
            run(
                {name: array[start : start + limit] for name, array in inputs.items()},
                min(limit, rows - start),
            )
        )
        for start in range(0, rows, limit)
    ]
    try:
        pieces = await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        # Their errors are of no interest any more, but they must have ended.
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
    return {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}
