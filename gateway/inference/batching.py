"""Cutting a batch that is larger than a model takes, and joining the answers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gateway.errors import ModelOutOfMemory
from gateway.inference.contracts import ModelContract
from gateway.inference.protocol import Tensors

log = logging.getLogger(__name__)

Outputs = dict[str, NDArray[Any]]
Run = Callable[[Tensors, int], Awaitable[Outputs]]
"""Runs one batch the model takes, given the inputs and their number of rows."""


async def run_in_pieces(contract: ModelContract, inputs: Tensors, rows: int, run: Run) -> Outputs:
    """Run a batch of any size, in pieces of at most `max_batch_size`, at the same time.

    A piece that memory does not suffice for is halved, and again, down to single rows. When one
    piece fails, the others are cancelled and its error is raised.

    Raises:
        ModelOutOfMemory: it does not suffice for a single row either.
    """
    limit = contract.max_batch_size
    if limit == 0:
        return await run(inputs, rows)
    if rows <= limit:
        return await _halving(inputs, rows, run)
    tasks = [
        asyncio.ensure_future(
            _halving(_rows(inputs, start, start + limit), min(limit, rows - start), run)
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
    return _joined(pieces)


async def _halving(inputs: Tensors, rows: int, run: Run) -> Outputs:
    """Run a batch, or its halves one after the other if memory does not suffice for it."""
    try:
        return await run(inputs, rows)
    except ModelOutOfMemory as error:
        if rows == 1:
            raise
        log.warning("%s Trying %d rows in halves.", error.detail, rows)
    half = rows // 2
    first = await _halving(_rows(inputs, 0, half), half, run)
    return _joined([first, await _halving(_rows(inputs, half, rows), rows - half, run)])


def _rows(inputs: Tensors, start: int, stop: int) -> Outputs:
    return {name: array[start:stop] for name, array in inputs.items()}


def _joined(pieces: Sequence[Outputs]) -> Outputs:
    return {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}
