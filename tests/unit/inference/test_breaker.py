"""Breakers and budgets: laws of when calls are let through."""

import pytest

from gateway.inference.breaker import FAILURES, LONGEST_S, SHORTEST_S, Breaker, RetryBudget


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def opened() -> tuple[Breaker, Clock]:
    clock = Clock()
    breaker = Breaker(clock)
    told = [breaker.failed() for _ in range(FAILURES)]
    assert told == [False] * (FAILURES - 1) + [True]
    return breaker, clock


def test_it_opens_after_failures_in_a_row_only():
    breaker = Breaker(Clock())
    for _ in range(10):
        for _ in range(FAILURES - 1):
            breaker.failed()
        assert not breaker.is_open
        breaker.succeeded()
    for _ in range(FAILURES):
        breaker.failed()
    assert breaker.is_open


def test_when_its_time_is_up_one_call_is_tried():
    breaker, clock = opened()
    clock.now += SHORTEST_S
    assert not breaker.is_open
    breaker.begin()
    assert breaker.is_open
    breaker.succeeded()
    assert not breaker.is_open


def test_a_trial_that_says_nothing_leaves_room_for_another():
    breaker, clock = opened()
    clock.now += SHORTEST_S
    breaker.begin()
    breaker.left()
    assert not breaker.is_open


def test_it_stays_open_twice_as_long_each_time_up_to_a_limit():
    breaker, clock = opened()
    expected = SHORTEST_S
    for _ in range(10):
        clock.now = breaker.open_until
        assert not breaker.is_open
        breaker.begin()
        breaker.failed()
        expected = min(2 * expected, LONGEST_S)
        assert breaker.open_until - clock.now == pytest.approx(expected)


@pytest.mark.parametrize("share", [0.0, 0.05, 0.1, 0.5])
def test_a_budget_lets_no_more_than_its_share_through(share):
    budget, calls, most = RetryBudget(share, most=10.0), 5000, 10
    made = 0
    for _ in range(calls):
        budget.earn()
        made += budget.spend()
    assert made <= share * calls + most
    assert made >= share * calls - 1
