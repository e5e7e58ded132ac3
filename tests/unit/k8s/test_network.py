"""What NetworkPolicies mean, by small ones."""

import pytest

from tools.manifests.manifests import Manifests, matches, quantity, whole
from tools.manifests.network import Arrow, permitted

POD = {"app.kubernetes.io/component": "gateway"}
ALL = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
WEB = Arrow("clients", "gateway", "http")
OUT = Arrow("gateway", "internet", "https")


def pods():
    template = {
        "metadata": {"labels": POD},
        "spec": {"containers": [{"ports": [{"name": "http", "containerPort": 8000}]}]},
    }
    return {
        "kind": "Deployment",
        "metadata": {"name": "gateway"},
        "spec": {"template": template},
    }


def reached(*specs):
    policies = [
        {"kind": "NetworkPolicy", "metadata": {"name": str(i)}, "spec": spec}
        for i, spec in enumerate(specs)
    ]
    return permitted(Manifests("test", [pods(), *policies]))


def test_without_policies_all_is_permitted_and_with_the_empty_one_nothing():
    assert {WEB, OUT} <= reached()
    assert reached(ALL) == set()


def test_policies_add_up():
    web = {"podSelector": {"matchLabels": POD}, "ingress": [{"ports": [{"port": "http"}]}]}
    out = {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"ports": [{"port": 443}]}]}
    assert {arrow.end for arrow in reached(ALL, web)} == {"gateway"}
    assert OUT in reached(ALL, out)
    assert reached(ALL, web, out) == reached(ALL, web) | reached(ALL, out)


def test_a_policy_of_other_pods_says_nothing_of_these():
    other = {"podSelector": {"matchLabels": {"app.kubernetes.io/component": "x"}}, "ingress": []}
    assert reached(other) == reached()


def test_without_types_egress_is_restricted_only_where_it_is_mentioned():
    ingress = {"podSelector": {}, "ingress": []}
    assert OUT in reached(ingress)
    assert WEB not in reached(ingress)
    assert OUT not in reached({**ingress, "egress": []})


@pytest.mark.parametrize(
    ("peer", "port", "lets"),
    [
        ({"ipBlock": {"cidr": "0.0.0.0/0"}}, {"port": 443}, True),
        ({"ipBlock": {"cidr": "203.0.113.0/24"}}, {"port": 443}, True),
        ({"ipBlock": {"cidr": "203.0.113.0/24", "except": ["203.0.113.7/32"]}}, {}, False),
        ({"ipBlock": {"cidr": "10.0.0.0/8"}}, {"port": 443}, False),
        ({"namespaceSelector": {}}, {"port": 443}, False),
        ({"ipBlock": {"cidr": "0.0.0.0/0"}}, {"port": 442}, False),
        ({"ipBlock": {"cidr": "0.0.0.0/0"}}, {"port": 400, "endPort": 500}, True),
        ({"ipBlock": {"cidr": "0.0.0.0/0"}}, {"port": 443, "protocol": "UDP"}, False),
    ],
)
def test_addresses_and_ports(peer, port, lets):
    egress = {"podSelector": {}, "policyTypes": ["Egress"]}
    rule = {"to": [peer], "ports": [port]}
    assert (OUT in reached({**egress, "egress": [rule]})) is lets


@pytest.mark.parametrize(
    ("peer", "lets"),
    [
        ({"namespaceSelector": {"matchLabels": {"semblant/access": "clients"}}}, True),
        ({"namespaceSelector": {"matchLabels": {"semblant/access": "other"}}}, False),
        ({"namespaceSelector": {}, "podSelector": {"matchLabels": {"a": "b"}}}, False),
        ({"podSelector": {}}, False),  # pods of the policy's own namespace only
    ],
)
def test_namespaces(peer, lets):
    spec = {"podSelector": {}, "ingress": [{"from": [peer]}]}
    assert (WEB in reached(spec)) is lets


def test_selectors():
    labels = {"a": "1"}
    assert matches({}, labels)
    assert not matches(None, labels)

    def rule(operator, *values):
        return {"matchExpressions": [{"key": "a", "operator": operator, "values": list(values)}]}

    assert matches(rule("In", "1", "2"), labels)
    assert not matches(rule("NotIn", "1"), labels)
    assert matches(rule("Exists"), labels)
    assert not matches(rule("DoesNotExist"), labels)
    with pytest.raises(ValueError, match="Near"):
        matches(rule("Near"), labels)


def test_quantities():
    assert quantity("500m") == 0.5
    assert quantity("3Gi") == 3 * 2**30
    assert quantity("2G") == 2e9
    assert quantity(4) == 4
    assert whole("1500m") == 2
