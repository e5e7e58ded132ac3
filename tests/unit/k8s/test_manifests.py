"""Every overlay with every set of components keeps to schemas and policies."""

import pytest
import yaml

from gateway.errors import ERROR_TABLE
from tests.unit.k8s.renderings import rendered
from tools.manifests import promql
from tools.manifests.combinations import (
    APART,
    COMPONENTS,
    FOLDER,
    OVERLAYS,
    UNFIT,
    Combination,
    combinations,
)
from tools.manifests.manifests import Manifests
from tools.manifests.policies import POLICIES
from tools.manifests.policies.references import documented_secrets
from tools.manifests.render import NotRendered, build, objects, render
from tools.manifests.schemas import invalid
from tools.manifests.written import written

EACH = pytest.mark.parametrize("combination", combinations(), ids=str)


@EACH
def test_policies_are_kept(combination):
    manifests = rendered(combination.overlay, *combination.components)
    found = [(name, problem) for name, each in POLICIES.items() for problem in each(manifests)]
    assert found == []


def test_all_objects_are_valid():
    everything = [
        each
        for combination in combinations()
        for each in rendered(combination.overlay, *combination.components).objects
    ]
    assert list(invalid(everything)) == []


def test_what_is_in_the_folders_is_rendered():
    assert {path.name for path in (FOLDER / "overlays").iterdir()} == set(OVERLAYS)
    assert {path.name for path in (FOLDER / "components").iterdir()} == set(COMPONENTS)
    together = {pair for each in combinations() for pair in pairs(each.components)}
    apart = {frozenset(pair) for pair in APART}
    assert together == {pair for pair in pairs(COMPONENTS) if pair not in apart}
    assert set(UNFIT) <= set(OVERLAYS)


def pairs(names):
    return {frozenset((a, b)) for a in names for b in names if a < b}


def test_what_cannot_be_rendered_says_why():
    rendered("cpu")  # skips without kubectl
    with pytest.raises(NotRendered, match="nowhere"):
        render(Combination("nowhere"))


@pytest.mark.parametrize("path", written(), ids=lambda path: path.name)
def test_files_that_follow_from_others_are_current(path):
    assert path.read_text(encoding="utf-8") == written()[path], "run `make manifests`"


def test_the_documented_kustomization_is_an_installation_in_a_namespace_of_any_name():
    rendered("cpu")  # skips without kubectl
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    example = text.split("```yaml\n")[1].split("```")[0]
    told = yaml.safe_load(example.replace("…", "0" * 64))
    for name in ("resources", "components"):
        told[name] = [path.removeprefix("semblant/k8s/") for path in told[name]]
    manifests = Manifests("own", objects(build(told | {"namespace": "faces"}, FOLDER)))
    found = [(name, problem) for name, each in POLICIES.items() for problem in each(manifests)]
    assert found == []
    assert manifests.names("Namespace") == {"faces"}
    assert "https://semblant.example.com" in str(manifests.objects)
    images = {c["image"] for w in manifests.workloads() for c in w.all_containers}
    assert all(image.startswith("registry.example.com/semblant/") for image in images)


def test_documented_secrets_are_used():
    used = str(rendered("cpu", "keda").objects)
    assert documented_secrets().keys() == {
        "semblant-database",
        "semblant-object-store",
        "semblant-object-store-credentials",
        "semblant-trust",
        "semblant-webhooks",
    }
    assert all(f"'{name}'" in used for name in documented_secrets())


def test_alerts_name_codes_that_errors_have():
    manifests = rendered("cpu", "monitoring")
    asked = {
        matcher.value
        for _, query in promql.queries(manifests)
        for matcher in promql.matchers(query)
        if matcher.name == "code"
    }
    assert asked
    assert asked <= ERROR_TABLE.keys()


def rules():
    files = sorted((FOLDER / "alerts").glob("*.yaml"))
    groups = [group for file in files for group in yaml.safe_load(file.read_text())["groups"]]
    return [rule for group in groups for rule in group["rules"]]


@pytest.mark.parametrize(
    "alert", [rule for rule in rules() if "alert" in rule], ids=lambda rule: rule["alert"]
)
def test_an_alert_says_how_bad_it_is_and_what_it_means(alert):
    assert alert["alert"].startswith("Semblant")
    assert alert["labels"]["severity"] in ("info", "warning", "critical")
    assert all(alert["annotations"][name].endswith(".") for name in ("summary", "description"))


def test_the_adapter_gives_what_autoscalers_ask_for():
    values = yaml.safe_load((FOLDER / "components/hpa/prometheus-adapter.yaml").read_text())
    given = {rule["name"]["as"]: rule for rule in values["rules"]["external"]}
    asked = {
        metric["external"]["metric"]["name"]
        for each in rendered("cpu", "hpa").of("HorizontalPodAutoscaler")
        for metric in each["spec"]["metrics"]
        if metric["type"] == "External"
    }
    assert asked == given.keys()
    for rule in given.values():
        assert promql.selected(rule["metricsQuery"]) == {rule["seriesQuery"]}
        assert rule["seriesQuery"] in promql.recorded()


def test_both_ways_of_autoscaling_ask_the_same():
    recorded = {rule["expr"] for rule in rules() if "record" in rule}
    asked = {
        query
        for place, query in promql.queries(rendered("cpu", "keda"))
        if place.startswith("ScaledObject")
    }
    assert asked
    assert asked <= recorded


def test_one_rendering_has_the_objects_of_its_components():
    manifests = rendered("a100", *[n for n in COMPONENTS if n not in ("hpa", "gateway-api")])
    kinds = {each["kind"] for each in manifests.objects}
    assert kinds >= {"ScaledObject", "ServiceMonitor", "PrometheusRule", "Certificate", "Job"}
    values = [c["data"].get("SEMBLANT_JOBS_DATABASE_UPGRADE") for c in manifests.of("ConfigMap")]
    assert "manual" in values
