"""Identity assignment, solved for all faces at once: least total cost, one to one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gateway.arrays import F64, AnyFloat


def recognise(distances: AnyFloat, farthest: float) -> list[int | None]:
    """Return the face of a picture matched to each known person; None for no match.

    No face is two people. No match costs as much as the farthest match would, so that no one is
    pushed to a poor match to make room for another poor one.

    Args:
        distances: (P, N), of P people's descriptors to those of N faces.
        farthest: Distance up to which two descriptors may be one person.
    """
    people, faces = distances.shape
    if not people:
        return []
    nobody = np.nextafter(farthest, np.inf)
    costs = np.full((people, faces + people), nobody)
    # A match that is too far costs more than no match, and is never chosen.
    costs[:, :faces] = np.where(distances <= farthest, distances, 2 * nobody * people)
    return [column if column < faces else None for column in assign(costs)]


def assign(costs: F64) -> list[int]:
    """Return a column for each row of costs (N, M), N ≤ M, none twice, of the least sum.

    Rows come in one by one, each along the cheapest chain of moves that ends at a free column;
    prices of rows and columns keep all costs left over at zero or more (H. Kuhn, "The Hungarian
    method for the assignment problem", 1955).
    """
    rows, columns = costs.shape
    given = np.full(rows, -1)
    owner = np.full(columns, -1)
    row_prices, column_prices = np.zeros(rows), np.zeros(columns)
    for row in range(rows):
        left_over = costs - row_prices[:, None] - column_prices
        length, came_from, end = _cheapest_chain(left_over, row, owner)
        passed = (length < length[end]) & (owner >= 0)
        gained = length[end] - length[passed]
        row_prices[owner[passed]] += gained
        row_prices[row] += length[end]
        column_prices[passed] -= gained
        column = end
        while True:
            taker = int(came_from[column])
            owner[column], column, given[taker] = taker, int(given[taker]), column
            if taker == row:
                break
    return [int(column) for column in given]


def _cheapest_chain(
    left_over: F64, row: int, owner: NDArray[np.int_]
) -> tuple[F64, NDArray[np.int_], int]:
    """Return how far each column (M,) is from a row, from which row, and the free one reached."""
    columns = left_over.shape[1]
    length = np.full(columns, np.inf)
    came_from = np.full(columns, -1)
    settled = np.zeros(columns, bool)
    at, so_far = row, 0.0
    while True:
        through = so_far + left_over[at]
        shorter = ~settled & (through < length)
        length[shorter], came_from[shorter] = through[shorter], at
        column = int(np.where(settled, np.inf, length).argmin())
        settled[column], so_far = True, float(length[column])
        if owner[column] < 0:
            return np.where(settled, length, np.inf), came_from, column
        at = int(owner[column])
