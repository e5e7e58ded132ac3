"""Who is whom: the least total, one to one, and nobody by force."""

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from gateway.faces.assignment import assign, recognise


@pytest.mark.parametrize("rows", range(1, 8))
@pytest.mark.parametrize("more", [0, 1, 5])
def test_no_assignment_costs_less(rows, more):
    rng = np.random.default_rng(rows * 10 + more)
    for costs in (
        rng.random((rows, rows + more)),
        rng.integers(0, 3, (rows, rows + more)).astype(float),  # many ties
        -rng.random((rows, rows + more)),
    ):
        given = assign(costs)
        assert len(set(given)) == rows
        best = costs[linear_sum_assignment(costs)].sum()
        assert costs[range(rows), given].sum() == pytest.approx(best)


def test_of_nobody_there_is_nothing_to_assign():
    assert assign(np.zeros((0, 3))) == []
    assert recognise(np.zeros((0, 3)), 0.6) == []
    assert recognise(np.zeros((2, 0)), 0.6) == [None, None]


@pytest.mark.parametrize(
    ("distances", "found"),
    [
        ([[0.1, 0.4], [0.2, 0.3]], [0, 1]),
        ([[0.3, 0.2], [0.2, 0.5]], [1, 0]),
        ([[0.2, 0.3], [0.1, 0.5]], [1, 0]),  # both look like the first face
        ([[0.2, 0.7], [0.3, 0.9]], [0, None]),
        ([[0.7], [0.61]], [None, None]),
        ([[0.6]], [0]),
        # Two poor matches are no better than a good one and nobody.
        ([[0.1, 0.59], [0.58, 0.9]], [0, None]),
    ],
)
def test_each_gets_the_best_match_that_is_left(distances, found):
    assert recognise(np.array(distances), 0.6) == found


def test_the_order_of_people_does_not_matter():
    distances = np.random.default_rng(1).random((5, 6))
    found = recognise(distances, 0.6)
    back = recognise(distances[::-1], 0.6)
    assert back == found[::-1]
