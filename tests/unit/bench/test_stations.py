"""Queues against closed forms (L. Kleinrock, Queueing Systems, 1975), batches against rules."""

import itertools
import math

import numpy as np
import pytest
import simpy

from bench.simulate.stations import Batcher, Network, Sharing, cores

RATE, SERVICE_S, COUNT = 0.7, 1.0, 60_000
WITHIN = 0.06
"""How far the mean of so many waits may be from the closed form: three of its standard errors."""


def waits(servers, service, rate=RATE, count=COUNT, seed=1):
    """Return what Poisson arrivals wait at a network of so many instances."""
    env, rng, found = simpy.Environment(), np.random.default_rng(seed), []
    network = Network(SERVICE_S, 0.0, instances=servers)
    batcher = Batcher(env, network, lambda _: env.timeout(service(rng)))

    def asked():
        answer = yield batcher.ask()
        found.append(answer.waited_s)

    def arrivals():
        for _ in range(count):
            yield env.timeout(rng.exponential(1 / (rate * servers)))
            env.process(asked())

    env.process(arrivals())
    env.run()
    return found


def exponential(rng):
    return rng.exponential(SERVICE_S)


def erlang_c(servers, load):
    """Return the share of arrivals that wait, M/M/c."""
    work = servers * load
    last = work**servers / math.factorial(servers) / (1 - load)
    return last / (sum(work**n / math.factorial(n) for n in range(servers)) + last)


@pytest.mark.parametrize("servers", [1, 3])
def test_waits_are_those_of_mmc(servers):
    expected = erlang_c(servers, RATE) * SERVICE_S / (servers * (1 - RATE))
    assert np.mean(waits(servers, exponential)) == pytest.approx(expected, rel=WITHIN)


def test_waits_are_half_as_long_where_service_takes_always_as_long():
    expected = RATE * SERVICE_S / (2 * (1 - RATE))
    assert np.mean(waits(1, lambda rng: SERVICE_S)) == pytest.approx(expected, rel=WITHIN)


@pytest.mark.parametrize("service", [exponential, lambda rng: SERVICE_S])
def test_sharing_takes_as_long_whatever_is_shared(service):
    """M/G/1-PS: the mean depends on the mean of the work alone."""
    env, rng, found = simpy.Environment(), np.random.default_rng(1), []
    shared = Sharing(env, cores(1))

    def one():
        came = env.now
        yield shared.work(service(rng))
        found.append(env.now - came)

    def arrivals():
        for _ in range(COUNT):
            yield env.timeout(rng.exponential(1 / RATE))
            env.process(one())

    env.process(arrivals())
    env.run()
    assert np.mean(found) == pytest.approx(SERVICE_S / (1 - RATE), rel=WITHIN)


def test_cores_are_not_shared_before_they_are_short():
    env = simpy.Environment()
    shared = Sharing(env, cores(2))
    ends = [shared.work(1.0) for _ in range(2)]
    env.run(until=env.all_of(ends))
    assert env.now == 1.0
    ends = [shared.work(1.0) for _ in range(4)]
    env.run(until=env.all_of(ends))
    assert env.now == pytest.approx(3.0)
    assert shared.done_s == pytest.approx(6.0)


def batched(asked, **settings):
    """Return the rows of batches, and when each of the requests was answered."""
    env = simpy.Environment()
    batcher = Batcher(env, Network(1.0, 0.0, **settings))
    answers = []

    def one(at, priority):
        yield env.timeout(at)
        answer = yield batcher.ask(priority)
        answers.append((priority, env.now, answer.refused))

    for at, priority in asked:
        env.process(one(at, priority))
    env.run()
    return batcher, answers


def test_batches_are_never_larger_than_they_may_be_and_nothing_is_lost():
    asked = [(0.01 * n, 1 + n % 3) for n in range(100)]
    batcher, answers = batched(asked, most_rows=8)
    assert max(batcher.batches) == 8
    assert sum(batcher.batches) == len(answers) == 100
    assert batcher.pending == 0


def test_a_batch_is_waited_for_until_it_is_preferred_and_no_longer_than_said():
    _, answers = batched([(0.0, 1)], most_rows=8, delay_s=0.5)
    assert answers == [(1, 1.5, False)]
    _, answers = batched([(0.0, 1), (0.25, 1)], most_rows=8, delay_s=0.5, preferred=(2,))
    assert answers == [(1, 1.25, False)] * 2


def test_whoever_goes_first_goes_first():
    _, answers = batched([(0.0, 2), (0.1, 3), (0.2, 2), (0.3, 1)], most_rows=1)
    assert [priority for priority, _, _ in answers] == [2, 1, 2, 3]


def test_full_queues_refuse():
    _, answers = batched([(0.0, 1)] * 4, places=(1, 1, 1))
    assert sorted(refused for _, _, refused in answers) == [False, False, True, True]


@pytest.mark.parametrize("instances", [1, 2])
def test_as_many_batches_are_computed_at_once_as_there_are_instances(instances):
    _, answers = batched([(0.0, 1)] * 4, most_rows=1, instances=instances)
    times = [at for _, at, _ in answers]
    assert [len(list(group)) for _, group in itertools.groupby(times)] == [instances] * (
        4 // instances
    )
