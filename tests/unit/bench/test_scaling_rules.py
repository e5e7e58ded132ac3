"""Autoscalers against cases worked out by hand, and against what k8s says."""

import pytest

from bench.simulate import manifests
from bench.simulate.scaling import SYNC_S, Autoscaler, Metric, Policy, Rule, Rules, wanted

FREE = Rules(0.0, ())
VALUE = Metric("m", "Value", 10)


def scaler(least=1, most=100, up=FREE, down=FREE, metrics=(VALUE,), **more):
    return Autoscaler(Rule(least, most, metrics, up, down, **more))


def decided(one, values, current, every_s=SYNC_S):
    """Return the numbers of pods that follow from values, one each 15 seconds."""
    found = []
    for n, value in enumerate(values):
        current = one.decide(n * every_s, current, current, {"m": value})
        found.append(current)
    return found


@pytest.mark.parametrize(
    ("metric", "value", "current", "ready", "pods"),
    [
        (VALUE, 10.9, 4, 4, 4),  # within a tenth
        (VALUE, 9.1, 4, 4, 4),
        (VALUE, 11.1, 4, 4, 5),  # ceil(4 · 1.11)
        (VALUE, 20, 4, 2, 4),  # of those that are ready
        (VALUE, 2.5, 4, 4, 1),
        (Metric("m", "AverageValue", 8), 33, 4, 4, 4),  # 1.03 a pod
        (Metric("m", "AverageValue", 8), 41, 4, 4, 6),  # ceil(41 / 8)
        (Metric("m", "Utilization", 80), 120, 4, 4, 6),
        (Metric("m", "Utilization", 80), 120, 4, 3, 5),  # the fourth is taken to be idle
        (Metric("m", "Utilization", 80), 100, 4, 3, 4),  # which undoes what was asked for
    ],
)
def test_what_a_metric_asks_for(metric, value, current, ready, pods):
    assert wanted(metric, value, current, ready) == pods


def test_the_metric_that_asks_for_most_counts_and_bounds_hold():
    one = scaler(most=7, metrics=(VALUE, Metric("n", "Value", 1)))
    assert one.decide(0, 4, 4, {"m": 10, "n": 1.5}) == 6
    assert one.decide(15, 4, 4, {"m": 10, "n": 9}) == 7


def test_nothing_shrinks_while_a_metric_cannot_be_read():
    one = scaler(metrics=(VALUE, Metric("n", "Value", 1)))
    assert one.decide(0, 4, 4, {"m": 1, "n": None}) == 4
    assert one.decide(15, 4, 4, {"m": 20, "n": None}) == 8
    assert one.decide(30, 8, 8, {"m": None, "n": None}) == 8


def test_growth_follows_the_least_of_its_window():
    one = scaler(up=Rules(30, ()))
    # Once is not enough; after thirty seconds of the same it is believed.
    assert decided(one, [10, 20, 20, 20, 20], 4) == [4, 4, 8, 8, 16]


def test_shrinking_follows_the_most_of_its_window():
    one = scaler(down=Rules(60, ()))
    assert decided(one, [10, 5, 5, 5, 5], 8) == [8, 8, 8, 8, 4]


def test_pods_within_a_period():
    one = scaler(up=Rules(0, (Policy("Pods", 1, 60),)))
    assert decided(one, [100] * 9, 1) == [2, 2, 2, 2, 3, 3, 3, 3, 4]


def test_hundredths_within_a_period_and_the_policy_that_allows_most():
    one = scaler(up=Rules(0, (Policy("Percent", 100, 30), Policy("Pods", 4, 30))))
    assert decided(one, [100] * 5, 1) == [5, 5, 10, 10, 20]


def test_shrinking_by_policies():
    one = scaler(down=Rules(0, (Policy("Percent", 50, 60),)))
    assert decided(one, [0.1] * 6, 20) == [10, 10, 10, 10, 5, 5]


def keda(polling_s=SYNC_S, **more):
    metrics = (Metric("m", "AverageValue", 2),)
    return scaler(least=0, most=8, metrics=metrics, polling_s=polling_s, **more)


def test_keda_goes_from_zero_and_back_after_its_cooldown():
    one = keda(cooldown_s=60)
    assert decided(one, [0, 1, 9, 9], 0) == [0, 1, 5, 5]
    after = [one.decide(60 + 15 * n, 1, 1, {"m": 0}) for n in range(5)]
    assert after == [1, 1, 1, 0, 0]


def test_keda_keeps_a_pod_for_what_is_no_more_than_activation():
    assert decided(keda(activation=3.0), [2, 3, 4], 0) == [0, 0, 1]


def test_keda_looks_at_its_interval_only():
    assert decided(keda(polling_s=60), [0, 9, 9, 9, 9, 9], 0) == [0, 0, 0, 0, 1, 5]


def test_what_is_read_is_what_k8s_says():
    by_hpa, by_keda = (read("triton") for read in (manifests.by_hpa, manifests.by_keda))
    assert by_hpa.up == by_keda.up == Rules(30, (Policy("Pods", 1, 60), Policy("Percent", 100, 60)))
    assert (
        [one.target for one in by_hpa.metrics] == [one.target for one in by_keda.metrics] == [8, 1]
    )
    assert manifests.by_keda("worker").least == 0
    assert manifests.by_hpa("worker").least == 1
    gateway = manifests.by_hpa("gateway")
    assert [one.target for one in gateway.metrics] == [0.7, 0.7, 80]
    assert manifests.pod("gateway").cores == 4
    assert manifests.settings("a100")["SEMBLANT_MODEL_PROFILE"] == "a100"


@pytest.mark.parametrize(
    ("text", "number"), [("700m", 0.7), ("2", 2), ("3k", 3000), ("1Mi", 2**20)]
)
def test_quantities(text, number):
    assert manifests.quantity(text) == number
