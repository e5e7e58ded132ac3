"""Admission on paper: nobody is lost, and the same seed tells the same."""

from dataclasses import replace

import numpy as np
import pytest
import simpy

from bench.simulate.arrivals import Bursts, Curve, poisson
from bench.simulate.calibrate import Machine, piece_s, predicted
from bench.simulate.gateways import Permits, SimulatedGateway
from bench.simulate.stations import Sharing, cores

PERMITS = Permits(most=4, least=2, queue=3, target_s=0.0, threads=2)


def served(permits=PERMITS, rate=5.0, until=None):
    env = simpy.Environment()
    shared, gateway = Sharing(env, cores(2)), SimulatedGateway(env, permits)
    running = []

    def work():
        running.append(gateway.running)
        yield shared.work(1.0)

    def arrivals():
        at = 0.0
        for one in poisson(rate, 60, np.random.default_rng(0)):
            yield env.timeout(one - at)
            at = one
            env.process(gateway.request(work))

    env.process(arrivals())
    env.run(until)
    return gateway, running


@pytest.mark.parametrize("until", [7.0, 30.0, None])
def test_whoever_came_was_answered_or_refused_or_is_there(until):
    gateway, running = served(until=until)
    seen = gateway.seen
    assert seen.arrived == seen.refused + len(seen.latencies_s) + seen.in_flight
    assert seen.in_flight == gateway.running + gateway.waiting
    assert seen.refused > 0
    assert max(running) <= PERMITS.most
    assert (seen.in_flight == 0) == (until is None)


def test_whoever_could_not_be_answered_in_time_is_refused_and_others_are_in_time():
    more = replace(PERMITS, queue=9)
    gateway, _ = served(replace(more, deadline_s=4.0))
    patient, _ = served(more)
    assert gateway.seen.refused > patient.seen.refused
    assert max(gateway.seen.latencies_s) < 4.0 < max(patient.seen.latencies_s)


def test_fewer_are_worked_on_where_pieces_of_work_wait():
    waiting = Permits(most=8, least=2, queue=9, target_s=0.005, threads=2, piece_s=0.01)
    gateway, _ = served(waiting)
    assert 2 <= gateway.limit.now < 5


def test_the_limit_settles_where_pieces_of_work_wait_as_long_as_they_may():
    each_s = piece_s(limit=4, busy=0.75, threads=2, target_s=0.005)
    assert (4 * 0.75 - 2) / 2 * each_s == pytest.approx(0.005)


def test_the_same_seed_tells_the_same():
    machine = Machine({1: 7.0, 2: 9.0, 4: 10.0}, [130.0, 140.0, 155.0], PERMITS)
    at_s = poisson(6.0, 30, np.random.default_rng(0))
    assert predicted(machine, at_s, 1) == predicted(machine, at_s, 1)
    assert predicted(machine, at_s, 1) != predicted(machine, at_s, 2)


def test_arrivals_come_at_their_rate_and_in_bursts():
    bursts = Bursts(factor=5, apart_s=200, long_s=50)
    rng = np.random.default_rng(0)
    factor = bursts.factors(200_000, rng)
    counts = np.array([rng.poisson(20.0 * factor(at_s)) for at_s in range(0, 200_000, 10)])
    assert counts.mean() == pytest.approx(20.0 * bursts.mean_factor, rel=0.1)
    assert counts.var() / counts.mean() > 3  # 1 of a Poisson process


def test_a_day_has_its_hours():
    curve = Curve(tuple(float(hour) for hour in range(24)), (1.0, 0.5))
    assert curve.share(6.5 * 3600) == 6
    assert curve.share(7 * 3600) == 6.5
    assert curve.share(86400 + 6.5 * 3600) == 3
