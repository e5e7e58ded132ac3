"""Which entry of a library fits, and which expressions differ most."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.faces.morphable.expression import NAMES, distances, from_names
from gateway.faces.morphable.library import HYSTERESIS, find_best_match, most_diverse

LIBRARY = np.stack([from_names({name: 0.7}) for name in NAMES])


def between(a: int, b: int, share: float) -> np.ndarray:
    """Return an expression on the way from one entry to another one."""
    return LIBRARY[a] + share * (LIBRARY[b] - LIBRARY[a])


def clusters(count: int, each: int) -> np.ndarray:
    """Return `each` expressions around each of the first `count` entries."""
    rng = np.random.default_rng(0)
    spread = 0.01 * rng.normal(size=(count, each, LIBRARY.shape[1]))
    return (LIBRARY[:count, None] + spread).reshape(count * each, -1)


# Matching


@pytest.mark.parametrize("index", [0, 5, len(NAMES) - 1])
def test_what_is_in_the_library_is_found_at_once(index):
    match = find_best_match(LIBRARY, LIBRARY[index])
    assert (match.index, match.distance) == (index, 0)


@given(st.integers(0, 99))
def test_the_nearest_wins_and_the_distance_is_its_own(seed):
    asked = LIBRARY[0] + 0.3 * np.random.default_rng(seed).normal(size=LIBRARY.shape[1])
    apart, match = distances(LIBRARY, asked), find_best_match(LIBRARY, asked)
    assert match.distance == apart.min() == apart[match.index]


def test_the_last_one_stays_while_it_is_nearly_as_good():
    almost, clearly = between(5, 9, 0.48), between(5, 9, 0.4)
    for asked in (almost, clearly):
        assert find_best_match(LIBRARY, asked).index == 5
    near = find_best_match(LIBRARY, almost, last=9)
    assert near.index == 9
    assert near.distance == distances(LIBRARY, almost)[9]
    assert near.distance <= (1 + HYSTERESIS) * find_best_match(LIBRARY, almost).distance
    assert find_best_match(LIBRARY, clearly, last=9).index == 5


def test_an_exact_hit_wins_over_the_last_one():
    assert find_best_match(LIBRARY, LIBRARY[5], last=9).index == 5
    assert find_best_match(LIBRARY, LIBRARY[5], last=5).index == 5


def test_one_entry_always_fits_and_none_never():
    assert find_best_match(LIBRARY[:1], LIBRARY[9]).index == 0
    with pytest.raises(ValueError, match="empty"):
        find_best_match(LIBRARY[:0], LIBRARY[9])


# Choosing


@pytest.mark.parametrize("count", [1, 2, 5])
def test_every_cluster_is_met_before_any_twice(count):
    chosen = most_diverse(clusters(5, 8), count)
    assert len({place // 8 for place in chosen}) == len(chosen) == count


@given(st.integers(0, 99), st.integers(1, 30))
def test_none_is_chosen_twice_and_more_begin_with_fewer(seed, count):
    expressions = np.random.default_rng(seed).normal(size=(20, LIBRARY.shape[1]))
    chosen = most_diverse(expressions, count)
    assert len(set(chosen)) == len(chosen) == min(count, 20)
    assert most_diverse(expressions, 40)[:count] == chosen


def test_each_is_the_farthest_from_those_before():
    chosen = most_diverse(LIBRARY, 6)
    for n in range(1, 6):
        gap = np.min([distances(LIBRARY, LIBRARY[i]) for i in chosen[:n]], axis=0)
        assert gap[chosen[n]] == pytest.approx(gap.max())


def test_the_first_is_the_most_ordinary():
    expressions = np.concatenate([LIBRARY[:5], LIBRARY[:5].mean(0, keepdims=True)])
    assert most_diverse(expressions, 1) == [5]


def test_equals_count_once():
    assert most_diverse(LIBRARY[[3] * 6], 4) == [0]
    assert sorted(most_diverse(LIBRARY[[3, 3, 8, 8]], 4)) in ([0, 2], [0, 3], [1, 2], [1, 3])


def test_none_of_none():
    assert most_diverse(LIBRARY[:0], 3) == most_diverse(LIBRARY, 0) == []
