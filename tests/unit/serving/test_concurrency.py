"""The limit of requests: it falls while they wait for one another, rises while they do not."""

import pytest

from gateway.serving.concurrency import INTERVAL_S, AdaptiveLimit

LEAST, MOST, TARGET_S = 2, 16, 0.01


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def limit_and_clock(target_s=TARGET_S):
    clock = Clock()
    return AdaptiveLimit(LEAST, MOST, target_s, clock), clock


def passes(limit, clock, delay_s, *, running=None, intervals=1, refused=False):
    for _ in range(intervals):
        for _ in range(10):
            limit.waited(delay_s)
        if refused:
            limit.refused()
        clock.now += INTERVAL_S
        limit.ended(limit.now if running is None else running)


def test_it_begins_at_the_most_and_stays_where_nothing_waits():
    limit, clock = limit_and_clock()
    passes(limit, clock, TARGET_S / 2, intervals=50)
    assert limit.now == MOST


def test_it_falls_while_work_waits_and_never_below_the_least():
    limit, clock = limit_and_clock()
    seen = []
    for _ in range(40):
        passes(limit, clock, 10 * TARGET_S)
        seen.append(limit.now)
    assert seen == sorted(seen, reverse=True)
    assert seen[-1] == LEAST


def test_it_rises_again_but_only_as_far_as_it_is_used():
    limit, clock = limit_and_clock()
    passes(limit, clock, 10 * TARGET_S, intervals=40)
    passes(limit, clock, 0.0, running=1, intervals=40)
    assert limit.now == LEAST
    passes(limit, clock, 0.0, intervals=200)
    assert limit.now == MOST


def test_a_full_queue_of_the_server_lowers_it():
    limit, clock = limit_and_clock()
    passes(limit, clock, 0.0, refused=True)
    assert limit.now < MOST


@pytest.mark.parametrize("capacity", [3, 5, 9])
def test_it_finds_what_a_machine_can_do(capacity):
    """Of a machine whose work waits as soon as there is more of it than it can do."""
    limit, clock = limit_and_clock()
    seen = []
    for n in range(400):
        passes(limit, clock, 10 * TARGET_S if limit.now > capacity else 0.0)
        if n > 200:
            seen.append(limit.now)
    assert capacity * 0.8 - 1 <= min(seen)
    assert max(seen) <= capacity + 1


def test_without_a_target_it_stays():
    limit, clock = limit_and_clock(0)
    passes(limit, clock, 10.0, intervals=20, refused=True)
    assert limit.now == MOST
