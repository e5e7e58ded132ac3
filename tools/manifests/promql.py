"""The PromQL of rules, autoscalers and dashboards, against the metrics there are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache

import promql_parser
import yaml
from prometheus_client import CollectorRegistry

from gateway.serving.admission import Admission
from gateway.serving.metrics import Metrics
from tools.manifests.combinations import FOLDER
from tools.manifests.manifests import Manifests
from tools.manifests.render import Object

TRITON = frozenset(
    (
        "nv_cpu_memory_used_bytes",
        "nv_cpu_utilization",
        "nv_energy_consumption",
        "nv_gpu_memory_total_bytes",
        "nv_gpu_memory_used_bytes",
        "nv_gpu_power_usage",
        "nv_gpu_utilization",
        "nv_inference_compute_infer_duration_us",
        "nv_inference_compute_input_duration_us",
        "nv_inference_compute_output_duration_us",
        "nv_inference_count",
        "nv_inference_exec_count",
        "nv_inference_pending_request_count",
        "nv_inference_queue_duration_us",
        "nv_inference_request_duration_us",
        "nv_inference_request_failure",
        "nv_inference_request_success",
    )
)
"""Metrics of Triton, as its documentation lists them."""
PROMETHEUS = frozenset(("up",))
ALERTS = FOLDER / "alerts"
DASHBOARDS = FOLDER / "components" / "monitoring" / "dashboards"


@cache
def served() -> frozenset[str]:
    """Return the names of all series that a gateway or worker has."""
    metrics = Metrics(Admission(1, 0))
    metrics.streams(Admission(1, 0))
    return frozenset(_series(metrics.registry))


def _series(registry: CollectorRegistry) -> Iterator[str]:
    for family in registry.collect():
        match family.type:
            case "histogram":
                yield from (f"{family.name}_{end}" for end in ("bucket", "count", "sum"))
            case "counter":
                yield f"{family.name}_total"
            case _:
                yield family.name


@cache
def recorded() -> frozenset[str]:
    """Return the names of the series that our rules record."""
    return frozenset(
        rule["record"]
        for path in sorted(ALERTS.glob("*.yaml"))
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
        for rule in group["rules"]
        if "record" in rule
    )


def selected(query: str) -> set[str]:
    """Return the names of the series that a query asks for.

    Raises:
        ValueError: it is no PromQL.
    """
    return {selector.name or "" for selector in _selectors(query)}


def matchers(query: str) -> list[promql_parser.Matcher]:
    """Return the conditions on labels in a query.

    Raises:
        ValueError: it is no PromQL.
    """
    return [matcher for selector in _selectors(query) for matcher in selector.matchers.matchers]


def _selectors(query: str) -> list[promql_parser.VectorSelector]:
    found: list[promql_parser.VectorSelector] = []

    def visit(node: promql_parser.Expr) -> bool:
        if isinstance(node, promql_parser.VectorSelector):
            found.append(node)
        return True

    promql_parser.walk(promql_parser.parse(query), visit)
    return found


def wrong(query: str) -> Iterator[str]:
    """Yield why a query cannot be answered: it is none, or asks for series that do not exist."""
    try:
        names = selected(query)
    except ValueError as error:
        yield f"{error}: {query}"
        return
    for name in sorted(names - served() - recorded() - TRITON - PROMETHEUS):
        yield f"no metric is called {name!r}: {query}"


def queries(manifests: Manifests) -> Iterator[tuple[str, str]]:
    """Yield the queries of a rendering, each with the place where it is."""
    for rules in manifests.of("PrometheusRule"):
        for group in rules["spec"]["groups"]:
            for rule in group["rules"]:
                yield f"PrometheusRule/{rule.get('alert') or rule['record']}", rule["expr"]
    for scaled in manifests.of("ScaledObject"):
        for trigger in scaled["spec"]["triggers"]:
            if trigger["type"] == "prometheus":
                place = f"ScaledObject/{scaled['metadata']['name']}/{trigger['name']}"
                yield place, trigger["metadata"]["query"]
    for config in manifests.of("ConfigMap"):
        for name, text in config.get("data", {}).items():
            if name.endswith(".json"):
                yield from ((f"dashboard {name}", query) for query in of_dashboard(text))


def of_dashboard(text: str) -> Iterator[str]:
    """Yield the queries of a dashboard, with Grafana's own variables replaced."""
    dashboard: Object = json.loads(text)
    for panel in dashboard["panels"]:
        for target in panel.get("targets", ()):
            yield str(target["expr"]).replace("$__rate_interval", "5m")
