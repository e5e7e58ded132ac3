"""Finer crops than a network takes: every k-th pixel makes a row of its own."""

from __future__ import annotations

import numpy as np

from gateway.arrays import U8


def interleaved(crops: U8, times: int) -> U8:
    """Return crops (N, B, B, 3) as N·k² rows (…, S, S, 3).

    Row i·k + j of a crop has its every k-th pixel from row i and column j on.

    Args:
        crops: The crops that are too large.
        times: k = B / S.
    """
    number, side = len(crops), crops.shape[1] // times
    split = crops.reshape(number, side, times, side, times, 3)
    return np.ascontiguousarray(split.transpose(0, 2, 4, 1, 3, 5)).reshape(-1, side, side, 3)


def deinterleaved(rows: U8, times: int) -> U8:
    """Undo `interleaved`: return N·k² rows (…, S, S, 3) as crops (N, B, B, 3)."""
    side = rows.shape[1]
    split = rows.reshape(-1, times, times, side, side, 3)
    whole = np.ascontiguousarray(split.transpose(0, 3, 1, 4, 2, 5))
    return whole.reshape(-1, times * side, times * side, 3)
