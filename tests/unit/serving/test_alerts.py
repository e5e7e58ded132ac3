"""The alerts, against the metrics there are."""

import re

import pytest

from gateway.serving.admission import Admission
from gateway.serving.metrics import Metrics
from tests.unit.structure.tree import ROOT

FILE = ROOT / "k8s" / "alerts" / "semblant-quality.yaml"
KEYS = ("expr", "for", "severity", "summary", "description")


def value(block: str, key: str) -> str:
    """Return a value of a rule: the rest of its line, or what is indented below it."""
    found = re.search(
        rf"^(?P<indent> +){key}: (?:>-\n(?P<folded>(?:(?P=indent)  .*\n)+)|(?P<plain>.+)\n)",
        block,
        re.MULTILINE,
    )
    assert found, f"{key} is missing:\n{block}"
    return " ".join((found["folded"] or found["plain"]).split())


def rules() -> dict[str, dict[str, str]]:
    text = FILE.read_text(encoding="utf-8")
    head, *blocks = re.split(r"^ {6}- alert: ", text, flags=re.MULTILINE)
    assert re.search(r"^groups:\n  - name: \S+\n(?:    \w+: \S+\n)?    rules:\n$", head, re.M)
    told = [(block.partition("\n")[0], block) for block in blocks]
    assert len(dict(told)) == len(told)
    return {name: {key: value(block, key) for key in KEYS} for name, block in told}


RULES = pytest.mark.parametrize(("name", "rule"), rules().items())


def served() -> set[str]:
    """Return every name that a fresh service's metrics have, without a single request."""
    metrics = Metrics(Admission(1, 0))
    names = set()
    for family in metrics.registry.collect():
        if family.type == "histogram":
            names |= {f"{family.name}_{end}" for end in ("bucket", "count", "sum")}
        else:
            names.add(family.name + ("_total" if family.type == "counter" else ""))
    return names


@RULES
def test_an_alert_asks_for_metrics_that_there_are(name, rule):
    asked = set(re.findall(r"\bsemblant_\w+", rule["expr"]))
    assert asked
    assert asked <= served()
    assert set(re.findall(r"\bsemblant_\w+", rule["description"])) <= served()


@RULES
def test_an_alert_is_complete(name, rule):
    assert re.fullmatch(r"Semblant[A-Z]\w+", name)
    assert re.fullmatch(r"\d+[smh]", rule["for"])
    assert rule["severity"] in ("info", "warning", "critical")
    assert rule["summary"].endswith(".")
    assert rule["description"].endswith(".")
    for opening, closing in ("()", "[]", "{}"):
        assert rule["expr"].count(opening) == rule["expr"].count(closing)


def test_what_makes_results_bad_is_watched():
    watched = " ".join(rule["expr"] for rule in rules().values())
    for figure in ("below_threshold", "ring_delta_e", "seam_ratio", "retried"):
        assert f"semblant_quality_{figure}" in watched


def test_no_tab_and_no_colon_that_yaml_would_take_for_a_key():
    for line in FILE.read_text(encoding="utf-8").splitlines():
        assert "\t" not in line
        plain = re.fullmatch(r" +(?:summary|severity|for|expr): (?!>-)(.+)", line)
        assert plain is None or ": " not in plain[1]
